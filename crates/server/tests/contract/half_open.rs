//! SSE-RULES 2.1: a half-open peer. A network namespace and a link that goes down: no FIN, no RST, nothing. Needs the program `ip` and root.

use crate::support::builder;
use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const OURS: &str = "10.214.1.1";

/// A namespace at the other end of a link, named after this process.
struct Network {
    name: String,
    ours: String,
    theirs: String,
}

fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split(' ')).output();
    let output = output.unwrap_or_else(|error| panic!("cannot run `ip` ({error}): this test needs iproute2 and root"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`ip {arguments}` failed: {said} (this test needs root)");
}

impl Network {
    fn new() -> Self {
        let id = std::process::id();
        let network = Self { name: format!("cs{id}"), ours: format!("cs{id}a"), theirs: format!("cs{id}b") };
        let Self { name, ours, theirs } = &network;
        ip(&format!("netns add {name}"));
        ip(&format!("link add {ours} type veth peer name {theirs} netns {name}"));
        ip(&format!("addr add {OURS}/24 dev {ours}"));
        ip(&format!("link set {ours} up"));
        ip(&format!("-n {name} addr add 10.214.1.2/24 dev {theirs}"));
        ip(&format!("-n {name} link set {theirs} up"));
        network
    }

    /// A client on the other side that sends this and reads for ever.
    fn client(&self, to: std::net::SocketAddr, request: &str) -> Client {
        let script =
            format!("exec 3<>/dev/tcp/{}/{}; printf '{request}' >&3; exec cat <&3 >/dev/null", to.ip(), to.port());
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

#[tokio::test]
async fn a_peer_that_vanished_is_gone_one_write_timeout_after_a_heartbeat() {
    let network = Network::new();
    let node = builder()
        .env("CAMPANILE_LISTEN", format!("{OURS}:0"))
        .env("CAMPANILE_SSE__HEARTBEAT_SECONDS", 1)
        .env("CAMPANILE_SSE__WRITE_TIMEOUT_SECONDS", 2)
        .start()
        .await;
    let request =
        format!(r"GET /notifications/stream HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n\r\n", node.token("u"));
    let _client = network.client(node.address(), &request);
    node.has_streams(1).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    node.has_streams(1).await;
    ip(&format!("-n {} link set {} down", network.name, network.theirs));
    let cut = Instant::now();
    node.has_streams(0).await;
    let gone = cut.elapsed();
    assert!((Duration::from_millis(1000)..Duration::from_secs(8)).contains(&gone), "{gone:?}");
}
