//! SSE-RULES "Transport, HTTP/1.1": half-open peer. Two network namespaces and a link that goes down: no FIN, no RST, nothing.
//!
//! Needs the program `ip` and the right to make namespaces (as root); without them these tests fail and say so.

use crate::support::{Live, brief, soon};
use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A namespace at the other end of a link.
struct Network {
    name: String,
    ours: String,
    theirs: String,
}

fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split(' ')).output();
    let output = output.unwrap_or_else(|error| {
        panic!("cannot run `ip` ({error}): these tests need the package iproute2 and root's right to make network namespaces")
    });
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "`ip {arguments}` failed: {said} (these tests need root's right to make network namespaces)"
    );
}

impl Network {
    /// The `n`th test's own: 10.213.n.1 here, 10.213.n.2 there.
    fn new(n: u8) -> Self {
        let id = std::process::id();
        let network =
            Self { name: format!("cmpl{id}n{n}"), ours: format!("cm{id}a{n}"), theirs: format!("cm{id}b{n}") };
        let Self { name, ours, theirs } = &network;
        ip(&format!("netns add {name}"));
        ip(&format!("link add {ours} type veth peer name {theirs} netns {name}"));
        ip(&format!("addr add 10.213.{n}.1/24 dev {ours}"));
        ip(&format!("link set {ours} up"));
        ip(&format!("-n {name} addr add 10.213.{n}.2/24 dev {theirs}"));
        ip(&format!("-n {name} link set {theirs} up"));
        network
    }

    /// From now on nothing arrives, in either direction.
    fn cut(&self) {
        ip(&format!("-n {} link set {} down", self.name, self.theirs));
    }

    /// A client on the other side that sends this and then reads for ever, or never.
    fn client(&self, live: &Live, request: &str, reads: bool) -> Client {
        let (host, port) = (live.address.ip(), live.address.port());
        let then = if reads { "exec cat <&3 >/dev/null" } else { "exec sleep 1000" };
        let script = format!("exec 3<>/dev/tcp/{host}/{port}; printf '{request}' >&3; {then}");
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, "bash", "-c", &script]);
        Client(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // A leftover of a test that failed early is not worth another failure.
        for arguments in [["netns", "del", &self.name], ["link", "del", &self.ours]] {
            _ = Command::new("ip").args(arguments).output();
        }
    }
}

struct Client(Child);

impl Drop for Client {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

const STREAM: &str = r"GET /stream HTTP/1.1\r\nhost: a\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn half_open_peer_is_gone_one_write_timeout_after_the_next_heartbeat() {
    let network = Network::new(1);
    let live = Live::start_at("10.213.1.1:0", brief(|options| options.write_timeout = Duration::from_secs(3)));
    let _client = network.client(&live, STREAM, true);
    live.app.open(1).await;
    network.cut();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let heartbeat = Instant::now();
    live.app.send("event: __heartbeat__\ndata:\n\n");
    live.app.open(0).await;
    let gone = heartbeat.elapsed();
    assert!((Duration::from_millis(2_500)..Duration::from_secs(6)).contains(&gone), "{gone:?}");
    live.all_closed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_open_peer_to_whom_nothing_is_sent_is_found_by_keep_alive() {
    let network = Network::new(2);
    let live = Live::start_at(
        "10.213.2.1:0",
        brief(|options| {
            options.keep_alive = Duration::from_secs(1);
            options.write_timeout = Duration::from_secs(3);
        }),
    );
    let _client = network.client(&live, STREAM, true);
    live.app.open(1).await;
    let cut = Instant::now();
    network.cut();
    live.app.open(0).await;
    assert!(cut.elapsed() < Duration::from_secs(7), "{:?}", cut.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_whose_window_is_closed_has_the_same_time_and_no_less() {
    let network = Network::new(3);
    let live = Live::start_at("10.213.3.1:0", brief(|options| options.write_timeout = Duration::from_secs(3)));
    let start = Instant::now();
    let _client = network.client(&live, r"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n", false);
    live.app.open(1).await;
    live.app.open(0).await;
    assert!((Duration::from_millis(2_900)..Duration::from_secs(8)).contains(&start.elapsed()), "{:?}", start.elapsed());
    soon("the connection's end", live.all_closed()).await;
}
