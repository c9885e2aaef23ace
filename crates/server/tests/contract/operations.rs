//! Section 4: health, metrics, hosts.

use crate::support::{builder, draft, start, start_with};
use campanile_testkit::{Request, TestNode, soon};
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test]
async fn health_is_told_on_both_listeners_without_credentials() {
    let node = start().await;
    for address in [node.address(), node.admin_address()] {
        for path in ["/health/live", "/health/ready"] {
            let _ = Request::get(path).send(address).await.expect(200);
        }
    }
}

#[tokio::test]
async fn metrics_are_on_the_admin_listener_only() {
    let node = start().await;
    assert!(node.metrics().await.lines().any(|line| line == "campanile_connections 0"));
    let _ = Request::get("/metrics").bearer(node.api_key()).send(node.address()).await.problem(404);
    for path in ["/notifications", "/api/notifications"] {
        let _ = Request::get(path).bearer(node.api_key()).send(node.admin_address()).await.problem(404);
    }
}

/// The text format of Prometheus, where every sample has a type; OpenMetrics for whoever names it.
#[tokio::test]
async fn metrics_are_the_text_of_prometheus() {
    let node = start().await;
    let answer = Request::get("/metrics").send(node.admin_address()).await.expect(200);
    assert_eq!(answer.field("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let types: Vec<_> = answer.text().lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let typed = |sample: &str| {
        types.iter().filter_map(|line| line.split_once(' ')).any(|(name, kind)| match kind {
            "histogram" => sample.strip_prefix(name).is_some_and(|rest| ["_bucket", "_sum", "_count"].contains(&rest)),
            _ => sample == name,
        })
    };
    let mut samples = answer.text().lines().filter(|line| !line.starts_with('#'));
    assert!(samples.clone().count() > 20, "{answer}");
    samples.all(|line| {
        let name = line.split(['{', ' ']).next().unwrap();
        assert!(typed(name) && line.rsplit_once(' ').unwrap().1.parse::<f64>().is_ok(), "{line}");
        true
    });
    let asked = Request::get("/metrics").field("Accept", "application/openmetrics-text; version=1.0.0");
    let open_metrics = asked.send(node.admin_address()).await.expect(200);
    assert!(open_metrics.text().ends_with("# EOF\n"), "{open_metrics}");
    let head = Request::new("HEAD", "/metrics").send(node.admin_address()).await.expect(200);
    assert!(head.body.is_empty(), "{head}");
}

/// Without a key the admin listener is for this machine, and a page that points its own name at it gets nothing.
#[tokio::test]
async fn the_admin_listener_answers_the_names_of_this_machine_only() {
    let node = start().await;
    let get = |host: &str, path: &str| Request::get(path).field("Host", host);
    let port = node.admin_address().port();
    for path in ["/metrics", "/health/ready"] {
        for good in ["localhost".into(), format!("127.0.0.1:{port}"), format!("[::1]:{port}")] {
            let _ = get(&good, path).send(node.admin_address()).await.expect(200);
        }
        for bad in ["evil.example".into(), format!("localhost.evil.example:{port}"), "10.0.0.1".into()] {
            let bad: String = bad;
            let _ = get(&bad, path).send(node.admin_address()).await.problem(421);
        }
    }
}

#[tokio::test]
async fn health_is_answered_to_head_and_not_kept() {
    let node = start().await;
    for path in ["/health/live", "/health/ready"] {
        let head = node.send(Request::new("HEAD", path)).await.expect(200);
        assert!(head.body.is_empty(), "{head}");
        let get = node.send(Request::get(path)).await.expect(200);
        assert_eq!(
            (get.field("cache-control"), get.field("content-type")),
            (Some("no-store"), Some("application/json"))
        );
        let _ = node.send(Request::post(path)).await.problem(405);
    }
}

#[tokio::test]
async fn metrics_count_what_happened() {
    let node = start_with("SSE__MAX_CONNECTIONS_PER_USER", 1).await;
    let mut stream = node.stream("u").open().await;
    stream.ready().await;
    let _ = node.stream("u").refused().await;
    for _ in 0..3 {
        node.publish(draft(&["u"])).await;
        stream.until("notification").await;
    }
    node.metric_becomes("campanile_connections", "", 1.0).await;
    let metric = async |name: &str, labels: &str| node.metric(name, labels).await;
    assert!((metric("campanile_connects", "outcome=\"fresh\"").await - 1.0).abs() < 0.1);
    assert!((metric("campanile_connects", "").await - 2.0).abs() < 0.1);
    assert!(metric("campanile_events_written", "").await >= 4.0);
    assert!(metric("campanile_written_bytes", "").await >= stream.body().len() as f64);
    for histogram in [
        "campanile_publish_seconds",
        "campanile_publish_to_write_seconds",
        "campanile_store_commit_seconds",
        "campanile_store_batch_size",
    ] {
        assert!(metric(&format!("{histogram}_count"), "").await >= 3.0, "{histogram}:\n{}", node.metrics().await);
    }
    // What did not happen is 0, and can be watched from the start; memory_budget.rs makes it happen.
    let text = node.metrics().await;
    for counter in ["refills_total{outcome=\"read\"}", "gaps_total", "dropped_frames_total{kind=\"live\"}"] {
        assert!(text.lines().any(|line| line == format!("campanile_{counter} 0")), "{counter}:\n{text}");
    }
    drop(stream);
    node.metric_becomes("campanile_stream_ends", "", 1.0).await;
}

#[tokio::test]
async fn only_listed_hosts_are_answered() {
    let node = start_with("ALLOWED_HOSTS", "push.example,localhost").await;
    let get = |host: &str| Request::get("/health/live").field("Host", host);
    for good in ["push.example", "PUSH.EXAMPLE:443", "localhost:8080"] {
        let _ = node.send(get(good)).await.expect(200);
    }
    for bad in ["evil.example", "push.example.evil.com", "127.0.0.1", "xpush.example"] {
        let refused = node.send(get(bad)).await.expect(421);
        assert_eq!((refused.field("x-content-type-options"), refused.field("vary")), (Some("nosniff"), Some("Origin")));
    }
    let empty = node.send(get("")).await.status();
    assert!([400, 421].contains(&empty), "{empty}");
    let stream = node.stream("u").field("Host", "evil.example").open().await;
    assert_eq!(stream.status(), 421);
}

#[tokio::test]
async fn a_base_path_stands_before_everything_of_users_and_applications() {
    let node = start_with("BASE_PATH", "/live").await;
    let publish = Request::post("/live/api/notifications").bearer(node.api_key()).json(draft(&["u"]));
    let answer = node.send(publish).await.expect(202);
    assert!(answer.field("location").is_some_and(|place| place.starts_with("/live/api/notifications/")), "{answer}");
    let page = node.get_as("u", "/live/notifications").await.expect(200).json();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    let _ = node.get_as("u", "/notifications").await.problem(404);
    let stream = Request::get("/live/notifications/stream").bearer(&node.token("u"));
    let mut stream = campanile_testkit::StreamRequest::of(stream, node.address()).open().await;
    stream.ready().await;
}

#[tokio::test]
async fn a_node_answers_soon_after_its_start() {
    let from = Instant::now();
    let node = builder().start().await;
    let _ = node.send(Request::get("/health/ready")).await.expect(200);
    assert!(from.elapsed() < Duration::from_secs(2), "{:?}", from.elapsed());
}

#[tokio::test]
async fn a_stream_goes_on_while_its_node_answers_others() {
    let node = start().await;
    let mut stream = node.stream("u").open().await;
    stream.ready().await;
    busy(&node).await;
    node.notify("u", "x").await;
    stream.expect("notification").await;
}

async fn busy(node: &TestNode) {
    for _ in 0..50 {
        let request = Request::get("/notifications").bearer(&node.token("v"));
        let _ = soon("an answer", request.send(node.address())).await.expect(200);
        node.signal(json!({"to": {"users": ["v"]}, "event": "x"})).await;
    }
}

#[tokio::test]
async fn both_listeners_answer_the_document_of_the_api() {
    let node = start().await;
    let kept = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/openapi.json")).unwrap();
    for address in [node.address(), node.admin_address()] {
        let answer = Request::get("/openapi.json").send(address).await.expect(200);
        assert_eq!(answer.field("content-type"), Some("application/json"), "{address}");
        assert_eq!(answer.text(), kept, "{address}");
    }
}
