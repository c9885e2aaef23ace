//! Our own server, as it is shipped, with a fresh store.

use super::{Server, pad};
use crate::client::{
    target::{Message, Target, Urls},
    template::{Template, Url},
};
use campanile_testkit::TestNode;
use std::path::Path;
use tokio::runtime::Runtime;

pub(crate) struct Campanile {
    target: Target,
    // Killed when it is dropped.
    node: TestNode,
}

/// What is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Notifications, stored and synced.
    Notifications,
    /// The same, so many in one request.
    Batches(usize),
    /// Signals, to open streams only.
    Signals,
}

/// What is raised for a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Raised {
    Nothing,
    /// How many streams one user may have and how often they may come: limits that would end a run.
    Limits,
    /// The ring too, so that it holds all that publishers send while readers are slow.
    LimitsAndRing,
}

const LIMITS: &[(&str, &str)] = &[
    ("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", "100000"),
    ("CAMPANILE_LIMITS__CONNECTS_PER_MINUTE", "1000000"),
    ("CAMPANILE_LIMITS__CHANGES_PER_MINUTE", "1000000"),
    ("CAMPANILE_LOG", "error,campanile::process=info"),
];

const RING: &[(&str, &str)] =
    &[("CAMPANILE_SSE__BUFFER_FRAMES", "1000000"), ("CAMPANILE_SSE__BUFFER_BYTES", "536870912")];

impl Raised {
    fn variables(self) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
        let (limits, ring) = match self {
            Self::Nothing => (&[][..], &[][..]),
            Self::Limits => (LIMITS, &[][..]),
            Self::LimitsAndRing => (LIMITS, RING),
        };
        limits.iter().chain(ring)
    }
}

impl Campanile {
    /// With its defaults, but for what is raised.
    pub(crate) fn start(runtime: &Runtime, binary: &Path, asked: Asked, raised: Raised) -> Result<Self, String> {
        let mut builder = TestNode::builder(binary);
        for (name, value) in raised.variables() {
            builder = builder.env(name, value);
        }
        let mut node = runtime.block_on(builder.start());
        node.allow_open_streams();
        let target = target(&node, asked)?;
        Ok(Self { target, node })
    }

    pub(crate) fn node(&self) -> &TestNode {
        &self.node
    }
}

fn target(node: &TestNode, asked: Asked) -> Result<Target, String> {
    let base = format!("http://{}", node.address());
    let key = format!("Authorization: Bearer {}", node.api_key());
    let headers = [key, "Content-Type: application/json".to_owned()];
    let urls = Urls {
        stream: &format!("{base}/notifications/stream"),
        stream_headers: &["Authorization: Bearer {token}".to_owned()],
        publish: &format!("{base}/api/notifications"),
        publish_headers: &headers,
        body: r#"{"type":"b","to":{"users":{users}},"title":"{stamp}"}"#,
    };
    let target = Target {
        process: Some(node.process_id()),
        ready: Some("ready".to_owned()),
        secret: Some(node.secret().to_vec()),
        ..urls.target()?
    };
    let publish = match asked {
        Asked::Notifications => target.publish,
        Asked::Batches(size) => Message {
            head: Url::parse(&format!("{base}/api/notifications/batch"))?.head("POST", &headers),
            batch: Some((size, r#""status":202"#.to_owned())),
            ..target.publish
        },
        Asked::Signals => Message {
            head: Url::parse(&format!("{base}/api/signals"))?.head("POST", &headers),
            body: Template::of(r#"{"to":{"users":{users}},"event":"tick","data":"{stamp}{pad}"}"#),
            pad: pad("event: tick\ndata: \"\"\n\n".len()),
            batch: None,
        },
    };
    Ok(Target { publish, ..target })
}

impl Server for Campanile {
    fn target(&self) -> &Target {
        &self.target
    }
}
