//! A running example.

use campanile_testkit::{Answer, End, Request, SseReader, StreamRequest, soon};
use std::{net::SocketAddr, process::Stdio};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// The process, in a folder of its own; both go when this is dropped.
pub struct Example {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Example {
    /// Starts a program on a free port and reads from its first line where that is.
    pub async fn start(program: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        command.current_dir(folder.path()).env("LISTEN", "127.0.0.1:0").stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = soon("the address", lines.next_line()).await.unwrap().expect("it says where it listens");
        let address = line.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap().parse().unwrap();
        // Whatever else it says, it must not wait for us.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, address, _folder: folder }
    }

    pub async fn send(&self, request: Request) -> Answer {
        request.send(self.address).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path)).await
    }

    /// Sends a form, as a page of the example itself does.
    pub async fn submit(&self, path: &str, form: &str, cookie: Option<&str>) -> Answer {
        let request = Request::post(path).body("application/x-www-form-urlencoded", form);
        self.send(with_cookie(request, cookie)).await
    }

    pub async fn open(&self, request: Request) -> SseReader {
        StreamRequest::of(request.field("Accept", "text/event-stream"), self.address).open().await
    }

    /// Asks it to end, as Ctrl-C does.
    pub fn interrupt(&self) {
        let id = self.child.id().expect("it runs").to_string();
        let asked = std::process::Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(asked.success());
    }

    /// Asks it to end while this stream is open: the stream is told to come back, and then the process ends well.
    pub async fn leaves(self, mut stream: SseReader) {
        self.interrupt();
        assert_eq!(stream.until("reconnect").await.json()["reason"], "draining");
        assert_eq!(stream.to_end().await, End::Clean);
        assert!(self.ended().await);
    }

    /// Waits until it has ended; whether it says that all was well.
    pub async fn ended(mut self) -> bool {
        soon("the end of the process", self.child.wait()).await.unwrap().success()
    }
}

pub fn with_cookie(request: Request, cookie: Option<&str>) -> Request {
    match cookie.and_then(|cookie| cookie.split_once('=')) {
        Some((name, value)) => request.cookie(name, value),
        None => request,
    }
}
