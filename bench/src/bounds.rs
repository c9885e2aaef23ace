//! What numbers on the command line may be: what would divide by nothing, or wait for ever, is refused before anything is started.

use clap::builder::RangedU64ValueParser;

/// At least one.
pub(crate) fn some<T: TryFrom<u64>>() -> RangedU64ValueParser<T> {
    RangedU64ValueParser::new().range(1..=1_000_000)
}

/// A time or a rate: more than nothing, and less than a day's seconds or a million a second.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    const MOST: f64 = 1e6;
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if number > 0.0 && number <= MOST { Ok(number) } else { Err(format!("must be more than 0, at most {MOST}")) }
}

/// The arguments of a command, as typed: its name, and then options.
#[cfg(test)]
pub(crate) fn parsed<A: clap::Args>(line: &str) -> Result<A, clap::Error> {
    let command = A::augment_args(clap::Command::new("bench"));
    A::from_arg_matches(&command.try_get_matches_from(line.split(' '))?)
}
