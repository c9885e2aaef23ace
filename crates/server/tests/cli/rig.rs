//! Runs the binary: in a folder of its own, with no variables but the test's, and never longer than the test.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read, Write},
    os::fd::OwnedFd,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A secret that is long enough and in no documentation.
pub(crate) const SECRET: &str = "a-secret-of-the-tests-and-of-nobody-else";

/// How long anything may take before a test fails. Generous: the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// A command in the making.
pub(crate) struct Run {
    command: Command,
    folder: Option<TempDir>,
    output: Option<OwnedFd>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// With these arguments, in a new empty folder.
    pub(crate) fn new<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut run = Self::in_folder(folder.path(), arguments);
        run.folder = Some(folder);
        run
    }

    /// With these arguments, in a folder of the test's.
    pub(crate) fn in_folder<S: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = S>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_campanile"));
        command.args(arguments).env_clear().current_dir(folder).stdin(Stdio::null());
        Self { command, folder: None, output: None }
    }

    /// `serve` in memory on free ports, with [`SECRET`].
    pub(crate) fn serve() -> Self {
        Self::new(["serve"])
            .env("CAMPANILE_AUTH__JWT_SECRET", SECRET)
            .env("CAMPANILE_STORE__URL", "memory:")
            .env("CAMPANILE_LISTEN", "127.0.0.1:0")
            .env("CAMPANILE_ADMIN_LISTEN", "127.0.0.1:0")
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Gives it this to read on standard input.
    pub(crate) fn stdin(mut self, text: &str) -> Self {
        let (reader, mut writer) = std::io::pipe().unwrap();
        // It fits into a pipe's buffer.
        writer.write_all(text.as_bytes()).unwrap();
        self.command.stdin(reader);
        self
    }

    /// Runs it to its end.
    pub(crate) fn end(mut self) -> Ended {
        let child = self.spawn();
        self.ended(child)
    }

    /// Runs it to its end with nobody to read what it prints.
    pub(crate) fn end_unread(mut self) -> Ended {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = self.command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        self.ended(child)
    }

    fn ended(&self, mut child: Child) -> Ended {
        let stdout = child.stdout.take().map(whole);
        let Ok(stderr) = whole(child.stderr.take().unwrap()).recv_timeout(PATIENCE) else {
            _ = child.kill();
            panic!("{:?} does not end", self.command.get_args());
        };
        let stdout = stdout.map(|text| text.recv_timeout(PATIENCE).unwrap()).unwrap_or_default();
        Ended { code: child.wait().unwrap().code(), stdout, stderr }
    }

    /// Starts something that goes on for a while.
    pub(crate) fn begin(mut self) -> Running {
        let mut child = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, stderr) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Running { child, stdout, stderr, _folder: self.folder }
    }

    /// Hands it what a shell moves to the descriptors from 3 on, as `3<&0`, from where these two are: its input and its output.
    pub(crate) fn inherit(mut self, moves: &str, [input, output]: [OwnedFd; 2]) -> Self {
        let count = moves.split(' ').count();
        let script =
            format!("exec {moves} 0</dev/null 1>/dev/null; export LISTEN_PID=$$ LISTEN_FDS={count}; exec \"$@\"");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, "sh"]).arg(self.command.get_program()).args(self.command.get_args());
        let variables = self.command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        shell.env_clear().envs(variables).stdin(input);
        self.command.get_current_dir().map(|folder| shell.current_dir(folder));
        self.output = Some(output);
        self.command = shell;
        self
    }

    fn spawn(&mut self) -> Child {
        let stdout = self.output.take().map_or_else(Stdio::piped, Stdio::from);
        self.command.stdout(stdout).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts a server and waits until it listens.
    pub(crate) fn start(self) -> Server {
        let mut server = self.boot();
        server.listens();
        server
    }

    /// Starts a server.
    pub(crate) fn boot(mut self) -> Server {
        let started = Instant::now();
        let mut child = self.spawn();
        let log = lines(child.stderr.take().unwrap());
        let stdout = child.stdout.take().map_or_else(|| channel().1, lines);
        Server { child, log, stdout, started, public: String::new(), admin: String::new(), _folder: self.folder }
    }
}

fn whole(mut from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut text = String::new();
        from.read_to_string(&mut text).map(|_| sender.send(text))
    });
    receiver
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || BufReader::new(from).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    receiver
}

/// A command that goes on for a while; killed when dropped.
pub(crate) struct Running {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
    _folder: Option<TempDir>,
}

impl Running {
    /// The next line of its standard output.
    pub(crate) fn line(&self) -> String {
        self.stdout.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it prints no more; it says {:?}", self.said()))
    }

    /// Waits until it has said this to people; gives the line.
    pub(crate) fn told(&self, what: &str) -> String {
        let mut said = Vec::new();
        loop {
            let line = self.stderr.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{what:?} is not told: {said:?}"));
            if line.contains(what) {
                return line;
            }
            said.push(line);
        }
    }

    fn said(&self) -> Vec<String> {
        self.stderr.try_iter().collect()
    }

    pub(crate) fn interrupt(&self) {
        let sent = Command::new("sh").args(["-c", &format!("kill -INT {}", self.child.id())]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end: the exit code, and what it has printed and said since it was last asked.
    pub(crate) fn ended(mut self) -> (Option<i32>, Vec<String>, Vec<String>) {
        let until = Instant::now() + PATIENCE;
        let rest = |from: &Receiver<String>| {
            let left = || until.saturating_duration_since(Instant::now());
            std::iter::from_fn(|| from.recv_timeout(left()).ok()).collect::<Vec<_>>()
        };
        let (printed, said) = (rest(&self.stdout), rest(&self.stderr));
        assert!(Instant::now() < until, "it does not end: {printed:?} {said:?}");
        (self.child.wait().unwrap().code(), printed, said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    log: Receiver<String>,
    stdout: Receiver<String>,
    pub(crate) started: Instant,
    /// IP and port of the public listener.
    pub(crate) public: String,
    /// IP and port of the admin listener.
    pub(crate) admin: String,
    _folder: Option<TempDir>,
}

impl Server {
    /// Waits until it says where it listens.
    pub(crate) fn listens(&mut self) {
        let listening = self.wait_for("listening");
        let address = |name: &str| listening[name].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        (self.public, self.admin) = (address("public"), address("admin"));
    }

    /// Waits for a log line with this message. The log is JSON: standard error is no terminal here.
    pub(crate) fn wait_for(&mut self, message: &str) -> serde_json::Value {
        loop {
            let line = self.log.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no log line says {message:?}"));
            let entry: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
            if entry["message"] == message {
                return entry;
            }
        }
    }

    /// What it has printed to standard output up to a line that begins with this, included.
    pub(crate) fn printed_until(&mut self, last: &str) -> String {
        let mut printed = String::new();
        loop {
            let line =
                self.stdout.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("nothing printed begins with {last:?}"));
            printed = printed + &line + "\n";
            if line.starts_with(last) {
                return printed;
            }
        }
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end; gives the exit code.
    pub(crate) fn wait(mut self) -> Option<i32> {
        let until = Instant::now() + PATIENCE;
        // Its standard error ends with it.
        while self.log.recv_timeout(until.saturating_duration_since(Instant::now())).is_ok() {}
        assert!(Instant::now() < until, "the server did not end");
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
