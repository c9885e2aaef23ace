//! A node: the real binary, as a process of its own.

mod builder;
mod logs;
mod metrics;
mod process;
mod sockets;

pub use builder::NodeBuilder;
pub use sockets::Sockets;

use crate::{Answer, PATIENCE, Request, StreamRequest, token};
use process::Process;
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    path::Path,
    process::ExitStatus,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A running node with a folder, a secret and an API key of its own.
///
/// Dropping it kills the process, and fails the test if the node's log tells of a panic, or if the node still counts streams although
/// their readers are gone (see [`TestNode::allow_open_streams`]).
#[derive(Debug)]
pub struct TestNode {
    builder: NodeBuilder,
    folder: TempDir,
    process: Process,
    check_streams: bool,
}

impl TestNode {
    /// Prepares a node of this binary, usually `env!("CARGO_BIN_EXE_campanile")`.
    pub fn builder(binary: impl AsRef<Path>) -> NodeBuilder {
        NodeBuilder::new(binary.as_ref())
    }

    async fn start(builder: NodeBuilder) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let process = Process::start(&builder, folder.path()).await;
        Self { builder, folder, process, check_streams: true }
    }

    /// Where users and applications connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.process.addresses.main
    }

    /// Where operators connect.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        self.process.addresses.admin
    }

    /// The process's id.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// The node's folder: its working directory, with its database.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The lines of its log so far.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.process.logs.lines()
    }

    /// Waits for a line of its log.
    ///
    /// # Panics
    ///
    /// If it does not come.
    pub async fn logged(&self, what: &str, found: impl Fn(&str) -> bool) -> String {
        self.process.logs.wait_for(what, found).await
    }

    /// Kills it (SIGKILL): no destructor runs, no buffer is flushed.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Sets a variable for the processes that follow this one.
    pub fn set_env(&mut self, name: &str, value: &str) {
        self.builder.variables.insert(name.into(), value.into());
    }

    /// Starts it again on the same folder: on the same address if it was built with [`NodeBuilder::fixed_address`].
    pub async fn restart(&mut self) {
        self.kill();
        self.process.logs.assert_no_panic();
        self.process = Process::start(&self.builder, self.folder.path()).await;
    }

    /// Lets a second process follow the first on the same folder, started while that one is still there, and waits until the first has left
    /// in order and the second listens. Both need the same [`Sockets`], and a database that only one can have.
    ///
    /// # Panics
    ///
    /// If the first fails, or the second does not wait for it.
    pub async fn hand_over(&mut self) {
        let mut next = Process::spawn(&self.builder, self.folder.path());
        next.logs.wait_for("that it waits", |line| line.contains("waiting for the predecessor")).await;
        self.terminate();
        assert!(self.ended().await.success());
        self.process.logs.assert_no_panic();
        next.listens().await;
        self.process = next;
    }

    /// Starts it again and kills it after a time, wherever it is by then: perhaps in the middle of its recovery.
    pub async fn stumble(&mut self, after: Duration) {
        self.kill();
        self.process.logs.assert_no_panic();
        self.process = Process::spawn(&self.builder, self.folder.path());
        tokio::time::sleep(after).await;
        self.kill();
    }

    /// Asks it to end (SIGTERM), and does not wait.
    pub fn terminate(&self) {
        self.process.signal(rustix::process::Signal::TERM);
    }

    /// Asks it to end (SIGINT), and does not wait.
    pub fn interrupt(&self) {
        self.process.signal(rustix::process::Signal::INT);
    }

    /// Waits until the process has ended.
    ///
    /// # Panics
    ///
    /// If it does not within [`PATIENCE`].
    pub async fn ended(&mut self) -> ExitStatus {
        self.process.ended().await
    }

    /// The user's API key, good for publishing and signals.
    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.builder.api_key
    }

    /// The secret that tokens are signed with.
    #[must_use]
    pub fn secret(&self) -> &[u8] {
        self.builder.secret.as_bytes()
    }

    /// A token of this user, good for an hour.
    #[must_use]
    pub fn token(&self, user: &str) -> String {
        self.sign(json!({"sub": user, "exp": token::now() + 3600}))
    }

    /// A token with exactly these claims.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "reads as `node.sign(json!({…}))`")]
    pub fn sign(&self, claims: Value) -> String {
        token::sign(self.secret(), &claims)
    }

    /// A request for a stream of this user.
    pub fn stream(&self, user: &str) -> StreamRequest {
        self.anonymous_stream().bearer(&self.token(user))
    }

    /// A request for a stream without credentials.
    pub fn anonymous_stream(&self) -> StreamRequest {
        StreamRequest::new(self.address())
    }

    /// Sends a request.
    pub async fn send(&self, request: Request) -> Answer {
        request.send(self.address()).await
    }

    /// Sends a request as a user.
    pub async fn send_as(&self, user: &str, request: Request) -> Answer {
        self.send(request.bearer(&self.token(user))).await
    }

    /// `GET` as a user.
    pub async fn get_as(&self, user: &str, target: &str) -> Answer {
        self.send_as(user, Request::get(target)).await
    }

    /// `POST` as a user, without a body.
    pub async fn post_as(&self, user: &str, target: &str) -> Answer {
        self.send_as(user, Request::post(target)).await
    }

    /// `POST` of JSON with the API key.
    pub async fn post_api(&self, target: &str, body: Value) -> Answer {
        self.send(Request::post(target).bearer(self.api_key()).json(body)).await
    }

    /// Publishes, which must succeed, and answers the notification's id.
    ///
    /// # Panics
    ///
    /// If it is refused.
    pub async fn publish(&self, draft: Value) -> String {
        let accepted = self.post_api("/api/notifications", draft).await.expect(202).json();
        accepted["notificationId"].as_str().expect("an id").to_owned()
    }

    /// Publishes something to a user, with a title, and answers its id.
    pub async fn notify(&self, user: &str, title: &str) -> String {
        self.publish(json!({"type": "test", "to": {"users": [user]}, "title": title})).await
    }

    /// Sends a signal, which must succeed, and answers how many connections it reached.
    ///
    /// # Panics
    ///
    /// If it is refused.
    pub async fn signal(&self, signal: Value) -> u64 {
        let accepted = self.post_api("/api/signals", signal).await.expect(202).json();
        accepted["connections"].as_u64().expect("a number")
    }

    /// The text of `/metrics`.
    pub async fn metrics(&self) -> String {
        Request::get("/metrics").send(self.admin_address()).await.expect(200).text().to_owned()
    }

    /// The sum of a metric's values over all labels that hold `labels` (such as `reason="evicted"`; empty: all). 0 if there is none.
    pub async fn metric(&self, name: &str, labels: &str) -> f64 {
        metrics::sum(&self.metrics().await, name, labels)
    }

    /// Waits until a metric has a value.
    ///
    /// # Panics
    ///
    /// If it does not get it.
    pub async fn metric_becomes(&self, name: &str, labels: &str, value: f64) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now = self.metric(name, labels).await;
            if (now - value).abs() < 0.5 {
                return;
            }
            assert!(Instant::now() < deadline, "{name}{{{labels}}} is {now} and does not become {value}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Waits until the node counts so many open streams.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub async fn has_streams(&self, count: u32) {
        self.metric_becomes(metrics::CONNECTIONS, "", f64::from(count)).await;
    }

    /// Does not check at the end whether the node still counts streams: for tests whose readers outlive the node.
    pub fn allow_open_streams(&mut self) {
        self.check_streams = false;
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        let leaked = match self.check_streams && !std::thread::panicking() && self.process.is_running() {
            true => metrics::leaked(self.admin_address()),
            false => None,
        };
        self.process.kill();
        if std::thread::panicking() {
            self.process.logs.show();
            return;
        }
        self.process.logs.assert_no_panic();
        assert!(leaked.is_none(), "the node still counts {leaked:?} streams whose readers are gone");
    }
}
