//! One suite at work: runs its programs one after the other and keeps their output in its log file.
//!
//! Programs write straight into the file: a process that outlives its parent can then never block the reading, and
//! what was written before a hang is there to read.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::{family, repo};

/// A program that takes longer hangs: it is killed and counts as failed. The slowest, a first compile of everything on two cores,
/// takes a third of this.
const TIME_LIMIT: Duration = Duration::from_secs(40 * 60);
const POLL: Duration = Duration::from_millis(20);

/// Why a suite could not do its work, in a sentence that says what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Obstacle(String);

impl Obstacle {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<io::Error> for Obstacle {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// How a program ended, and all that it wrote on stdout and stderr, in the order in which it wrote it.
pub(crate) struct Finished {
    pub(crate) success: bool,
    pub(crate) text: String,
}

/// A suite's log and the way to run programs into it.
pub(crate) struct Job {
    log: File,
    path: PathBuf,
    echo: Option<Echo>,
    limit: Duration,
    /// Whether missing tools may be installed.
    pub(crate) may_install: bool,
}

impl Job {
    /// Starts an empty log at `path`. With `verbose`, everything that goes into it is shown as it comes.
    pub(crate) fn new(path: &Path, verbose: bool, may_install: bool) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, "")?;
        let log = OpenOptions::new().append(true).open(path)?;
        let echo = if verbose { Some(Echo::new(path)?) } else { None };
        Ok(Self { log, path: path.to_path_buf(), echo, limit: TIME_LIMIT, may_install })
    }

    /// Gives each program this long before it counts as hanging, if that is longer than usual.
    pub(crate) fn wait_for(&mut self, limit: Duration) {
        self.limit = self.limit.max(limit);
    }

    /// Writes a sentence of our own into the log.
    pub(crate) fn note(&mut self, sentence: impl fmt::Display) -> io::Result<()> {
        writeln!(self.log, "{sentence}")?;
        self.echo()
    }

    /// Runs a program from the root of the working copy (unless it names a folder) until it ends or its time is up.
    ///
    /// # Errors
    ///
    /// When it cannot be started at all; a program that fails is no error here.
    pub(crate) fn run(&mut self, command: &mut Command) -> Result<Finished, Obstacle> {
        self.note(format_args!("$ {}", shown(command)))?;
        let start = self.log.metadata()?.len();
        if command.get_current_dir().is_none() {
            command.current_dir(repo::root());
        }
        without_our_own_surroundings(command);
        command.stdin(Stdio::null()).stdout(self.log.try_clone()?).stderr(self.log.try_clone()?);
        let mut child =
            command.spawn().map_err(|error| Obstacle::new(format!("{} does not start: {error}", shown(command))))?;
        let verdict = self.wait(&mut child)?;
        let text = text_from(&self.path, start)?;
        match &verdict {
            Ok(()) => self.echo()?,
            Err(remark) => self.note(format_args!("({remark})"))?,
        }
        Ok(Finished { success: verdict.is_ok(), text })
    }

    /// As [`run`](Self::run), where going on without success makes no sense.
    pub(crate) fn must(&mut self, command: &mut Command) -> Result<Finished, Obstacle> {
        let finished = self.run(command)?;
        if finished.success {
            return Ok(finished);
        }
        Err(Obstacle::new(format!("{} failed", shown(command))))
    }

    /// Waits; the inner error says how a program failed.
    fn wait(&mut self, child: &mut Child) -> io::Result<Result<(), String>> {
        let started = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(if status.success() { Ok(()) } else { Err(status.to_string()) });
            }
            if started.elapsed() > self.limit {
                family::end(child);
                return Ok(Err(format!("killed: still running after {} s", self.limit.as_secs())));
            }
            self.echo()?;
            pause();
        }
    }

    fn echo(&mut self) -> io::Result<()> {
        match &mut self.echo {
            Some(echo) => echo.catch_up(),
            None => Ok(()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "no async here: one thread that waits for one program")]
fn pause() {
    std::thread::sleep(POLL);
}

/// `cargo run` tells us about the crate `xtask` in the environment. Some build scripts ask to be run again when these variables change,
/// so programs must not inherit them, or everything would be compiled anew each time.
fn without_our_own_surroundings(command: &mut Command) {
    const OURS: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"];
    for (name, _) in std::env::vars_os() {
        if OURS.iter().any(|ours| name.to_string_lossy().starts_with(ours)) {
            command.env_remove(name);
        }
    }
    command.env("CARGO_TERM_COLOR", "never").env("NO_COLOR", "1");
}

/// A command as one would type it.
fn shown(command: &Command) -> String {
    let root = repo::root();
    let short = |part: &std::ffi::OsStr| {
        let path = Path::new(part);
        path.strip_prefix(&root).unwrap_or(path).display().to_string()
    };
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(short).collect::<Vec<_>>().join(" ")
}

fn text_from(path: &Path, start: u64) -> io::Result<String> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Shows whole lines of a growing file.
struct Echo {
    file: File,
    rest: Vec<u8>,
}

impl Echo {
    fn new(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, rest: Vec::new() })
    }

    fn catch_up(&mut self) -> io::Result<()> {
        self.file.read_to_end(&mut self.rest)?;
        if let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') {
            let lines: Vec<u8> = self.rest.drain(..=end).collect();
            print!("{}", indented(&String::from_utf8_lossy(&lines)));
        }
        Ok(())
    }
}

/// Marks output of programs, so that no line of theirs can be taken for our last one.
pub(crate) fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  | {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(limit: Duration) -> (tempfile::TempDir, Job) {
        let folder = tempfile::tempdir().unwrap();
        let mut job = Job::new(&folder.path().join("deep/x.log"), false, false).unwrap();
        job.limit = limit;
        (folder, job)
    }

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn output_and_errors_come_back_in_the_order_in_which_they_were_written() {
        let (_folder, mut job) = job(TIME_LIMIT);
        job.run(&mut sh("echo earlier")).unwrap();
        let finished = job.run(&mut sh("echo a; echo b >&2; echo c")).unwrap();
        assert!(finished.success);
        assert_eq!(finished.text, "a\nb\nc\n");
    }

    #[test]
    fn a_failing_program_is_not_an_error_unless_it_must_succeed() {
        let (_folder, mut job) = job(TIME_LIMIT);
        assert!(!job.run(&mut sh("exit 3")).unwrap().success);
        assert!(job.must(&mut sh("exit 3")).is_err());
        assert!(job.run(&mut Command::new("no-such-program-anywhere")).is_err());
    }

    #[test]
    fn a_program_that_hangs_is_killed_and_has_failed() {
        let (_folder, mut job) = job(Duration::ZERO);
        let started = Instant::now();
        let finished = job.run(&mut sh("sleep 60; echo never")).unwrap();
        assert!(!finished.success);
        let log = fs::read_to_string(&job.path).unwrap();
        assert!(log.contains("(killed: still running"), "{log}");
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_process_left_behind_does_not_hold_us_up() {
        let (_folder, mut job) = job(TIME_LIMIT);
        let started = Instant::now();
        assert!(job.run(&mut sh("sleep 40 & echo done")).unwrap().success);
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn bytes_that_are_no_text_are_kept_readable() {
        let (_folder, mut job) = job(TIME_LIMIT);
        let finished = job.run(&mut sh(r"printf 'a\377b'")).unwrap();
        assert_eq!(finished.text, "a\u{FFFD}b");
    }

    #[test]
    fn output_of_programs_can_not_be_taken_for_our_last_line() {
        assert_eq!(indented("5 passed, 0 failed\nx"), "  | 5 passed, 0 failed\n  | x\n");
    }
}
