//! A process of its own that uses the store: `examples/child.rs`.

use std::{
    io::{BufRead, BufReader, Lines},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

/// Where the program is: beside this test's own.
pub(crate) fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("examples").join("child");
    assert!(program.exists(), "{} is missing: build the examples (`cargo test` does)", program.display());
    program
}

/// A running child, killed when the test is over.
pub(crate) struct Running {
    pub(crate) process: Child,
    pub(crate) lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    pub(crate) fn work(what: &str, database: &Path, more: &[&str]) -> Self {
        Self::start(Command::new(program()).arg(what).arg(database).args(more))
    }

    pub(crate) fn line(&mut self) -> String {
        self.lines.next().expect("the child says something more").unwrap()
    }

    /// Kills it and answers what it had said and nobody had read yet.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.lines.by_ref().map(Result::unwrap).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
