//! Section 1, 503, and section 4, readiness: what a node says while its store takes nothing, and that nothing is lost over it.
//!
//! The store is taken away really, by the system's own limit on the size of files: every write of the node fails, and none before.

use crate::support::{draft, open, polite_refusal, position, retry_after};
use campanile_testkit::{PATIENCE, Request, TestNode};
use serde_json::json;
use std::{fs, os::unix::fs::PermissionsExt, process::Command, time::Instant};
use tempfile::TempDir;

/// A node whose store can be taken away.
struct Fragile {
    node: TestNode,
    _script: TempDir,
}

impl Fragile {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("campanile");
        // The limit's signal is ignored, so that writing beyond it is an error like that of a full disk.
        let text = format!("#!/bin/sh\ntrap '' XFSZ\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_campanile"));
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        let node = TestNode::builder(&script).start().await;
        Self { node, _script: folder }
    }

    fn limit(&self, soft: &str) {
        let pid = self.node.process_id().to_string();
        let done = Command::new("prlimit").args([&format!("--fsize={soft}:"), "--pid", &pid]).status();
        assert!(done.expect("prlimit is needed for this test: install the package util-linux").success());
    }

    async fn is_ready(&self) -> bool {
        self.node.send(Request::get("/health/ready")).await.status() == 200
    }

    async fn goes_away(&self) {
        self.limit("0");
        self.becomes(false).await;
    }

    async fn comes_back(&self) {
        self.limit("unlimited");
        self.becomes(true).await;
    }

    async fn becomes(&self, ready: bool) {
        let deadline = Instant::now() + PATIENCE;
        while self.is_ready().await != ready {
            assert!(Instant::now() < deadline, "it does not become {ready}");
        }
    }
}

#[tokio::test]
async fn readiness_fails_on_both_listeners_and_liveness_does_not() {
    let fragile = Fragile::start().await;
    fragile.goes_away().await;
    let node = &fragile.node;
    for address in [node.address(), node.admin_address()] {
        let unready = Request::get("/health/ready").send(address).await;
        assert_eq!(unready.problem(503)["code"], "store-unavailable");
        assert!(retry_after(&unready) >= 1);
        let _ = Request::new("HEAD", "/health/ready").send(address).await.expect(503);
        let _ = Request::get("/health/live").send(address).await.expect(200);
    }
    fragile.comes_back().await;
}

#[tokio::test]
async fn a_stream_that_needs_the_store_is_503_and_a_plain_event_source_is_told_to_come_back() {
    let fragile = Fragile::start().await;
    fragile.goes_away().await;
    let node = &fragile.node;
    let refused = node.stream("never seen before").refused().await;
    let _ = refused.problem(503);
    assert!(retry_after(&refused) >= 1);
    polite_refusal(node.stream("never seen before").query("eventsource", "1").open().await, "busy").await;
    node.has_streams(0).await;
    fragile.comes_back().await;
    let _ = open(node, "never seen before").await;
}

#[tokio::test]
async fn nothing_is_accepted_that_is_not_stored_and_open_streams_go_on_afterwards() {
    let fragile = Fragile::start().await;
    let node = &fragile.node;
    let mut stream = open(node, "u").await;
    node.notify("u", "before").await;
    assert_eq!(stream.expect("notification").await.seq(), 1);
    stream.expect("counts").await;
    fragile.goes_away().await;
    for _ in 0..5 {
        let refused = node.post_api("/api/notifications", draft(&["u"])).await;
        let _ = refused.problem(503);
        assert!(retry_after(&refused) >= 1);
    }
    node.signal(json!({"to": {"users": ["u"]}, "event": "needs-no-store"})).await;
    stream.expect("needs-no-store").await;
    fragile.comes_back().await;
    node.notify("u", "after").await;
    let after = stream.expect("notification").await;
    assert_eq!((after.seq(), &after.json()["title"]), (2, &json!("after")));
    assert!(position(node, "u").await.ends_with("-2"));
}
