//! Why the process ends early, as its user sees it.

use crate::config::Mistakes;
use std::{
    fmt,
    io::{self, Write},
    process::ExitCode,
};

/// `EX_USAGE` of sysexits: whoever started this has something to correct.
const MISTAKE: u8 = 64;

/// Why a server did not do what it was asked for: what a script can decide by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    /// What was sent is wrong, and will be the next time (`EX_DATAERR`).
    Wrong = 65,
    /// There is no server, or it cannot now: the same may work later (`EX_UNAVAILABLE`).
    Away = 69,
    /// The credentials are not good for this (`EX_NOPERM`).
    Forbidden = 77,
}

/// Why the process ends early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The configuration is wrong; all that is wrong with it.
    Configuration(Mistakes),
    /// Something did not work: one sentence with what, where, and what to do.
    Runtime(String),
    /// The same: another process has what this one needs.
    Taken(String),
    /// A server did not do it.
    Refused(Refusal, String),
    /// Whoever read the output has gone. That is no mistake, and nothing to speak of.
    NobodyReads,
}

impl From<Mistakes> for Failure {
    fn from(mistakes: Mistakes) -> Self {
        Self::Configuration(mistakes)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(mistakes) => mistakes.fmt(f),
            Self::Runtime(sentence) | Self::Taken(sentence) | Self::Refused(_, sentence) => f.write_str(sentence),
            Self::NobodyReads => f.write_str("nobody reads the output any more"),
        }
    }
}

impl Failure {
    /// Tells the user, and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        let code = match self {
            Self::Configuration(_) => ExitCode::from(MISTAKE),
            Self::Runtime(_) | Self::Taken(_) => ExitCode::FAILURE,
            Self::Refused(refusal, _) => ExitCode::from(*refusal as u8),
            Self::NobodyReads => return ExitCode::SUCCESS,
        };
        // Nobody is left to tell if standard error is gone.
        _ = writeln!(io::stderr().lock(), "campanile: {self}");
        code
    }
}

/// Shows what the command line's parser has to say: help is a success, a mistake is a mistake.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    _ = error.print();
    if error.use_stderr() { ExitCode::from(MISTAKE) } else { ExitCode::SUCCESS }
}
