//! Section 3: publishes that happen once.

use crate::support::{builder, counts, items, open, scoped, start};
use campanile_testkit::{Answer, Request, TestNode, token};
use serde_json::{Value, json};

const BODY: &str = r#"{"type":"t","to":{"users":["u","v"]},"title":"once"}"#;

fn request(bearer: &str, key: impl AsRef<[u8]>, body: &str) -> Request {
    Request::post("/api/notifications").bearer(bearer).field("Idempotency-Key", key).body("application/json", body)
}

async fn publish(node: &TestNode, key: &str, body: &str) -> Answer {
    node.send(request(node.api_key(), key, body)).await
}

/// A second key, with the sum that the configuration wants.
fn with_another_key(node: campanile_testkit::NodeBuilder) -> (campanile_testkit::NodeBuilder, [String; 2]) {
    let keys = [token::random_hex(24), token::random_hex(24)];
    let of = |name: &str, key: &str| format!("{name}:{}", token::sha256_hex(key.as_bytes()));
    let list = format!("{},{}", of("one", &keys[0]), of("two", &keys[1]));
    (node.env("CAMPANILE_API__KEYS", list), keys)
}

#[tokio::test]
async fn the_same_key_and_body_give_the_first_answer_again() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    let first = publish(&node, "k", BODY).await.expect(202);
    let id = first.json()["notificationId"].clone();
    assert_eq!(first.json(), json!({"notificationId": id, "recipients": 2, "replayed": false}));
    for _ in 0..3 {
        let again = publish(&node, "k", BODY).await.expect(202);
        assert_eq!(again.json(), json!({"notificationId": id, "recipients": 2, "replayed": true}));
        assert_eq!(again.field("location"), first.field("location"));
    }
    let other = publish(&node, "another key", BODY).await;
    assert_eq!(other.pointers(), ["/header/idempotency-key"], "a space is not visible");
    assert_eq!(publish(&node, "another-key", BODY).await.expect(202).json()["replayed"], false);
    assert_eq!((items(&node, "u", "").await.len(), counts(&node, "v").await), (2, (2, 2, 2)));
    for seq in [1, 2] {
        assert_eq!(stream.until("notification").await.seq(), seq);
    }
}

#[tokio::test]
async fn the_same_key_for_any_other_bytes_is_422() {
    let node = start().await;
    let _ = publish(&node, "k", BODY).await.expect(202);
    for other in [
        r#"{"type":"t","to":{"users":["u","v"]},"title":"twice"}"#.to_owned(),
        BODY.replace(',', ", "),
        format!("{BODY}\n"),
        r#"{"to":{"users":["u","v"]},"type":"t","title":"once"}"#.into(),
    ] {
        let refused = publish(&node, "k", &other).await;
        assert_eq!(refused.problem(422)["code"], "idempotency-key-reused", "{other}");
    }
    assert_eq!(counts(&node, "u").await, (1, 1, 1));
    assert_eq!(publish(&node, "k", BODY).await.expect(202).json()["replayed"], true);
}

#[tokio::test]
async fn refusals_are_not_stored() {
    let node = start().await;
    let _ = publish(&node, "k", r#"{"type":"t","to":{"users":[]}}"#).await.problem(422);
    let _ = publish(&node, "k", "{").await.problem(400);
    let text = Request::post("/api/notifications").bearer(node.api_key()).field("Idempotency-Key", "k");
    let _ = node.send(text.body("text/plain", BODY)).await.problem(415);
    let _ = node.send(request("nonsense", "k", BODY)).await.problem(401);
    assert_eq!(publish(&node, "k", BODY).await.expect(202).json()["replayed"], false);
}

#[tokio::test]
async fn a_key_is_remembered_over_a_kill() {
    let mut node = builder().start().await;
    let first = publish(&node, "k", BODY).await.expect(202).json();
    node.restart().await;
    let again = publish(&node, "k", BODY).await.expect(202).json();
    assert_eq!((&again["notificationId"], &again["replayed"]), (&first["notificationId"], &json!(true)));
    assert_eq!(publish(&node, "k", r#"{"type":"t","to":{"users":["u"]}}"#).await.status(), 422);
    assert_eq!(counts(&node, "u").await, (1, 1, 1));
}

#[tokio::test]
async fn a_key_belongs_to_its_tenant_and_its_credential() {
    let (node, keys) = with_another_key(builder());
    let node = node.start().await;
    let token = |issuer: &str, user: &str| {
        let exp = token::now() + 600;
        node.sign(json!({"iss": issuer, "sub": user, "exp": exp, "scope": "notifications:publish"}))
    };
    let in_acme = request(&keys[0], "k", BODY).query("tenant", "acme");
    for request in [
        request(&keys[0], "k", BODY),
        request(&keys[1], "k", BODY),
        in_acme,
        request(&token("a", "app"), "k", BODY),
        request(&token("a", "other"), "k", BODY),
        request(&token("b", "app"), "k", BODY),
    ] {
        for replayed in [false, true] {
            assert_eq!(node.send(request.clone()).await.expect(202).json()["replayed"], replayed);
        }
    }
    let renewed = json!({"iss": "a", "sub": "app", "exp": token::now() + 900, "scope": "notifications:admin"});
    let renewed = node.send(request(&node.sign(renewed), "k", BODY)).await.expect(202);
    assert_eq!(renewed.json()["replayed"], true, "a renewed token is the same credential");
    let in_header = Request::post("/api/notifications").field("X-Api-Key", &keys[0]).field("Idempotency-Key", "k");
    let in_header = node.send(in_header.body("application/json", BODY)).await.expect(202);
    assert_eq!(in_header.json()["replayed"], true, "and so is a key in its other header");
    assert_eq!(counts(&node, "u").await, (5, 5, 5));
}

#[tokio::test]
async fn the_tenant_in_the_body_counts_as_well() {
    let node = start().await;
    let body = |tenant: &str| format!(r#"{{"type":"t","to":{{"users":["u"]}},"tenant":"{tenant}"}}"#);
    for tenant in ["acme", "default", "other"] {
        assert_eq!(publish(&node, "k", &body(tenant)).await.expect(202).json()["replayed"], false, "{tenant}");
    }
    assert_eq!(publish(&node, "k", &body("acme")).await.expect(202).json()["replayed"], true);
}

#[tokio::test]
async fn a_key_is_1_to_255_visible_ascii_characters_and_there_once() {
    let node = start().await;
    for good in ["k", "!~", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", &"x".repeat(255)] {
        let _ = publish(&node, good, BODY).await.expect(202);
    }
    for bad in [&b""[..], b"two words", b"a\tb", "é".as_bytes(), b"\xff", &[b'x'; 256]] {
        let refused = node.send(request(node.api_key(), bad, BODY)).await;
        assert_eq!(refused.pointers(), ["/header/idempotency-key"], "{bad:?}");
    }
    let twice = request(node.api_key(), "a", BODY).field("Idempotency-Key", "a");
    assert_eq!(node.send(twice).await.pointers(), ["/header/idempotency-key"]);
    let in_body = json!({"type": "t", "to": {"users": ["u"]}, "idempotencyKey": "k"});
    assert_eq!(node.post_api("/api/notifications", in_body).await.pointers(), ["/idempotencyKey"]);
}

#[tokio::test]
async fn of_many_at_once_one_publishes_and_the_others_learn_its_answer_or_wait() {
    let node = start().await;
    for round in 0..5 {
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (address, request) = (node.address(), request(node.api_key(), format!("round-{round}"), BODY));
            all.spawn(async move { request.send(address).await });
        }
        let answers = all.join_all().await;
        let (accepted, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status() == 202);
        for answer in refused {
            assert_eq!(answer.problem(409)["code"], "idempotency-in-progress");
            assert!(answer.field("retry-after").is_some_and(|value| value.parse::<u32>().is_ok()), "{answer}");
        }
        let accepted: Vec<Value> = accepted.iter().map(Answer::json).collect();
        assert_eq!(accepted.iter().filter(|answer| answer["replayed"] == false).count(), 1, "{accepted:?}");
        assert!(accepted.iter().all(|answer| answer["notificationId"] == accepted[0]["notificationId"]));
    }
    assert_eq!(counts(&node, "u").await, (5, 5, 5));
}

#[tokio::test]
async fn a_retry_after_a_lost_answer_publishes_nothing_more() {
    let node = start().await;
    let wire = request(node.api_key(), "k", BODY).encode(node.address());
    for _ in 0..5 {
        let mut socket = campanile_testkit::Socket::connect(node.address(), None).await.unwrap();
        socket.send(&wire).await.unwrap();
        drop(socket); // Nobody hears the answer.
    }
    let answer = campanile_testkit::soon("an answer that is not 409", async {
        loop {
            let answer = publish(&node, "k", BODY).await;
            if answer.status() != 409 {
                return answer;
            }
        }
    });
    let _ = answer.await.expect(202);
    assert_eq!(counts(&node, "u").await, (1, 1, 1));
}
#[tokio::test]
async fn a_type_that_is_live_only_is_shown_once_for_a_key() {
    let node = builder().config("[types.ticker]\nchannels = [\"sse\"]\n").start().await;
    let mut stream = open(&node, "u").await;
    let body = r#"{"type":"ticker","to":{"users":["u"]},"title":"1"}"#;
    let first = publish(&node, "k", body).await.expect(202).json();
    let again = publish(&node, "k", body).await.expect(202).json();
    assert_eq!((&again["notificationId"], &again["replayed"]), (&first["notificationId"], &json!(true)));
    let refused = publish(&node, "k", &body.replace('1', "2")).await;
    assert_eq!(refused.problem(422)["code"], "idempotency-key-reused");
    let admin = scoped(&node, "a", "notifications:admin");
    assert_eq!(node.send(request(&admin, "k", body)).await.expect(202).json()["replayed"], false, "another's key");
    node.signal(json!({"to": {"users": ["u"]}, "event": "end"})).await;
    for name in ["notification", "notification", "end"] {
        stream.expect(name).await;
    }
}
