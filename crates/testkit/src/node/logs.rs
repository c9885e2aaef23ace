//! What a node writes to its standard error.

use crate::PATIENCE;
use std::{
    io::{BufRead, BufReader, Read},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};
use tokio::sync::watch;

/// The lines of a process's log, read as they come.
#[derive(Debug)]
pub(super) struct Logs {
    lines: Arc<Mutex<Vec<String>>>,
    /// How many lines there are; closed when the log has ended.
    count: watch::Receiver<usize>,
    reader: Option<JoinHandle<()>>,
}

impl Logs {
    pub(super) fn of(from: impl Read + Send + 'static) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (told, count) = watch::channel(0);
        let to = Arc::clone(&lines);
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
                to.lock().unwrap_or_else(PoisonError::into_inner).push(String::from_utf8_lossy(&line).into_owned());
                told.send_modify(|count| *count += 1);
            }
        });
        Self { lines, count, reader: Some(reader) }
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for a line; if the log ends without it, or it does not come, the test fails with the whole log.
    pub(super) async fn wait_for(&self, what: &str, found: impl Fn(&str) -> bool) -> String {
        match tokio::time::timeout(PATIENCE, self.find(found)).await {
            Ok(Some(line)) => line,
            Ok(None) => panic!("the node ended without {what}:\n{}", self.lines().join("\n")),
            Err(_) => panic!("{what} is not logged:\n{}", self.lines().join("\n")),
        }
    }

    async fn find(&self, found: impl Fn(&str) -> bool) -> Option<String> {
        let mut count = self.count.clone();
        loop {
            count.mark_unchanged();
            if let Some(line) = self.lines().into_iter().find(|line| found(line)) {
                return Some(line);
            }
            count.changed().await.ok()?;
        }
    }

    /// Waits for the end of the log, which comes with the end of its process.
    pub(super) fn close(&mut self) {
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }

    pub(super) fn assert_no_panic(&self) {
        let lines = self.lines();
        let panicked = lines.iter().any(|line| line.contains("panicked at") || line.contains("stack overflow"));
        assert!(!panicked, "the node panicked:\n{}", lines.join("\n"));
    }

    /// Shows the log beside a test that has failed.
    #[expect(clippy::print_stderr, reason = "beside the message of the test that failed")]
    pub(super) fn show(&self) {
        const TAIL: usize = 60;
        let lines = self.lines();
        let tail = &lines[lines.len().saturating_sub(TAIL)..];
        eprintln!("--- the node's log, at last\n{}\n---", tail.join("\n"));
    }
}
