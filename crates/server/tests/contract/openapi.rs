//! The document against the real binary: what its own layers answer to any request, and that each route is where the document says.

use crate::support::{start, start_with};
use campanile_testkit::{Answer, Request, Seen, Spec, TestNode};
use std::net::SocketAddr;

fn spec() -> Spec {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/openapi.json");
    Spec::read(&std::fs::read_to_string(kept).unwrap())
}

/// Sends, and has the document judge the answer.
async fn judged(spec: &Spec, method: &str, path: &str, request: Request, to: SocketAddr) -> Answer {
    let answer = request.send(to).await;
    let names = ["content-type", "retry-after", "www-authenticate", "location"];
    let fields = names.into_iter().filter_map(|name| Some((name, answer.field(name)?))).collect();
    let seen = Seen { status: answer.status(), fields, body: &answer.body };
    spec.judge(method, path, &seen).unwrap_or_else(|why| panic!("{why}\n{answer}"));
    answer
}

/// `/metrics` is on the administrator's listener alone.
fn listener(node: &TestNode, path: &str) -> SocketAddr {
    if path == "/metrics" { node.admin_address() } else { node.address() }
}

#[tokio::test]
async fn every_route_of_the_document_is_there_and_asks_for_credentials_where_it_says_so() {
    let (node, spec) = (start().await, spec());
    for operation in spec.operations() {
        let path = operation.path.replace(['{', '}'], "");
        let request = Request::new(operation.method, &path);
        let answer = judged(&spec, operation.method, &path, request, listener(&node, &path)).await;
        let expected = if operation.value.get("security").is_some() && path != "/metrics" { 401 } else { 200 };
        assert_eq!(answer.status(), expected, "{} {path}\n{answer}", operation.method);
    }
}

#[tokio::test]
async fn whatever_names_no_host_or_a_foreign_one_is_refused_as_described() {
    let (node, spec) = (start_with("ALLOWED_HOSTS", "push.example").await, spec());
    for operation in spec.operations() {
        let path = operation.path.replace(['{', '}'], "");
        for (host, status) in [("evil.example", 421), ("push.example\r\nHost: evil.example", 400)] {
            let request = Request::new(operation.method, &path).field("Host", host);
            let answer = judged(&spec, operation.method, &path, request, listener(&node, &path)).await;
            assert_eq!(answer.status(), status, "{} {path}: {host}\n{answer}", operation.method);
        }
    }
}
