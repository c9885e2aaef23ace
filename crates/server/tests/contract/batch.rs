//! Section 3: many publishes in one request.

use crate::support::{builder, counts, draft, each, items, open, scoped, start, start_with};
use campanile_testkit::{Answer, Request, TestNode, token};
use serde_json::{Value, json};

const PATH: &str = "/api/notifications/batch";
const LINES: &str = "application/x-ndjson";

async fn array(node: &TestNode, publishes: Value) -> Answer {
    node.post_api(PATH, publishes).await
}

async fn post(node: &TestNode, media_type: &str, body: impl AsRef<[u8]>) -> Answer {
    node.send(Request::post(PATH).bearer(node.api_key()).body(media_type, body)).await
}

/// What became of each publish, as (status, the rest).
fn outcomes(answer: Answer) -> Vec<Value> {
    answer.expect(200).json().as_array().expect("an array").clone()
}

fn titled(title: &str) -> Value {
    json!({"type": "t", "to": {"users": ["u"]}, "title": title})
}

/// An answer without what differs from one to the next, checked to be as for a single publish.
fn checked(outcome: &Value) -> Value {
    let id = outcome["notificationId"].as_str().unwrap_or_else(|| panic!("{outcome}"));
    assert_eq!(&id[14..15], "7", "a UUIDv7: {outcome}");
    let members: Vec<_> = outcome.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["notificationId", "recipients", "replayed", "status"], "{outcome}");
    json!([outcome["status"], outcome["recipients"], outcome["replayed"]])
}

#[tokio::test]
async fn an_array_is_answered_by_an_array_in_its_order() {
    let node = start().await;
    let mut stream = open(&node, "u").await;
    let many = json!([titled("1"), {"type": "t", "to": {"users": ["u", "v"]}, "title": "2"}, titled("3")]);
    let answer = array(&node, many).await;
    assert_eq!(answer.field("content-type"), Some("application/json"), "{answer}");
    let outcomes = outcomes(answer);
    let expected = [json!([202, 1, false]), json!([202, 2, false]), json!([202, 1, false])];
    assert_eq!(outcomes.iter().map(checked).collect::<Vec<_>>(), expected);
    for (title, outcome) in ["1", "2", "3"].iter().zip(&outcomes) {
        let event = stream.until("notification").await.json();
        assert_eq!((&event["title"], &event["notificationId"]), (&json!(title), &outcome["notificationId"]));
    }
    assert_eq!(each(&items(&node, "u", "").await, "title"), ["3", "2", "1"]);
    assert_eq!(array(&node, json!([])).await.expect(200).text(), "[]");
}

#[tokio::test]
async fn lines_are_answered_by_lines_in_their_order() {
    let node = start().await;
    let body = format!("{}\n\r\n  \n{}\r\n{}", titled("1"), titled("2"), titled("3"));
    let answer = post(&node, LINES, body).await.expect(200);
    assert_eq!(answer.field("content-type"), Some(LINES), "{answer}");
    assert!(answer.text().ends_with("}\n"), "{answer}");
    let lines: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(checked).collect::<Vec<_>>(), vec![json!([202, 1, false]); 3]);
    assert_eq!(each(&items(&node, "u", "").await, "title"), ["3", "2", "1"]);
    for nothing in ["", "\n", " \n\r\n"] {
        assert_eq!(post(&node, LINES, nothing).await.expect(200).text(), "");
    }
}

#[tokio::test]
async fn one_bad_publish_does_not_spoil_the_rest() {
    let node = start().await;
    let many = json!([
        titled("1"),
        {"type": "a b", "to": {"users": []}, "title": "t".repeat(201)},
        7,
        {"type": "t", "to": {"users": ["u"]}, "unknown": 1},
        {"type": "t", "to": {"users": ["u"]}, "tenant": ""},
        titled("2"),
    ]);
    let outcomes = outcomes(array(&node, many).await);
    assert_eq!(each(&outcomes, "status"), [202, 422, 422, 422, 422, 202]);
    for (at, pointers) in
        [(1, &["/title", "/to/users", "/type"][..]), (2, &[""]), (3, &["/unknown"]), (4, &["/tenant"])]
    {
        let problem = &outcomes[at];
        let members: Vec<_> = problem.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["code", "detail", "errors", "status", "title", "type"], "{problem}");
        let mut told = each(problem["errors"].as_array().unwrap(), "pointer");
        told.sort_by_key(Value::to_string);
        assert_eq!(told, pointers, "its pointers begin at its publish: {problem}");
    }
    assert_eq!(each(&items(&node, "u", "").await, "title"), ["2", "1"]);
}

#[tokio::test]
async fn a_line_that_cannot_be_parsed_is_400_alone() {
    let node = start().await;
    let bad = [&b"{\"type\":"[..], b"nonsense", b"{} {}", br#"{"title":"\ud800"}"#, b"\xff", b"[1,]"];
    let mut body = titled("1").to_string().into_bytes();
    for line in bad {
        body.extend([b"\n", line].concat());
    }
    body.extend(format!("\n{}", titled("2")).into_bytes());
    let answer = post(&node, LINES, body).await.expect(200);
    let lines: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(each(&lines, "status"), [202, 400, 400, 400, 400, 400, 400, 202]);
    assert!(lines[1..7].iter().all(|line| line["code"] == "malformed"), "{answer}");
    assert_eq!(each(&items(&node, "u", "").await, "title"), ["2", "1"]);
}

#[tokio::test]
async fn an_item_of_an_array_that_nobody_could_read_is_400_alone() {
    let node = start().await;
    let deep = format!("{{\"data\":{}{}}}", "[".repeat(127), "]".repeat(127));
    let body = format!(r#"[{},{{"title":"\ud800"}},{{"data":1e400}},{deep},{}]"#, titled("1"), titled("2"));
    let outcomes = outcomes(post(&node, "application/json", body).await);
    assert_eq!(each(&outcomes, "status"), [202, 400, 400, 400, 202]);
    assert_eq!(each(&outcomes[1..4], "code"), ["malformed"; 3]);
    assert_eq!(each(&items(&node, "u", "").await, "title"), ["2", "1"]);
}

#[tokio::test]
async fn an_array_that_cannot_be_parsed_is_400_and_anything_else_422() {
    let node = start().await;
    let one = titled("1").to_string();
    for bad in ["", "[", &format!("[{one},]"), &format!("{one}\n{one}")] {
        let _ = post(&node, "application/json", bad).await.problem(400);
    }
    for bad in ["null", "{}", one.as_str(), "\"x\""] {
        assert_eq!(post(&node, "application/json", bad).await.pointers(), [""], "{bad}");
    }
    assert_eq!(counts(&node, "u").await, (0, 0, 0), "nothing of it was published");
}

#[tokio::test]
async fn a_batch_has_at_most_1000_publishes() {
    let node = start().await;
    let many = |count: usize| Value::from(vec![draft(&["u"]); count]);
    assert_eq!(array(&node, many(1001)).await.pointers(), [""]);
    let lines = format!("{}\n", draft(&["u"])).repeat(1001);
    assert_eq!(post(&node, LINES, lines).await.pointers(), [""]);
    assert_eq!(counts(&node, "u").await, (0, 0, 0), "nothing of it was done");
    let outcomes = outcomes(array(&node, many(1000)).await);
    assert_eq!(each(&outcomes, "status"), vec![json!(202); 1000]);
    assert_eq!(counts(&node, "u").await, (1000, 1000, 1000));
}

#[tokio::test]
async fn a_batch_names_at_most_10000_users() {
    let node = start().await;
    let users = |count: usize| (0..count).map(|user| user.to_string()).collect::<Vec<_>>();
    let to = |count: usize| json!({"type": "t", "to": {"users": users(count)}});
    assert_eq!(array(&node, json!([to(5000), to(5000), to(1)])).await.pointers(), [""]);
    assert_eq!(counts(&node, "0").await, (0, 0, 0), "nothing of it was done");
    let outcomes = outcomes(array(&node, json!([to(5000), to(4999), to(1)])).await);
    assert_eq!(each(&outcomes, "recipients"), [5000, 4999, 1]);
}

#[tokio::test]
async fn a_batch_has_at_most_4_mib_whatever_the_limit_of_a_single_one() {
    const MOST: usize = 4 * 1024 * 1024;
    let node = start().await;
    let padded = |length: usize| {
        let publish = format!("[{}", titled("1"));
        format!("{publish}{}]", " ".repeat(length - publish.len() - 1))
    };
    let _ = post(&node, "application/json", padded(MOST + 1)).await.problem(413);
    let _ = post(&node, LINES, "\n".repeat(MOST + 1)).await.problem(413);
    assert_eq!(each(&outcomes(post(&node, "application/json", padded(MOST)).await), "status"), [202]);
}

#[tokio::test]
async fn publishes_may_have_keys_of_their_own() {
    let node = start().await;
    let keyed = |key: &str, title: &str| {
        let mut publish = titled(title);
        publish["idempotencyKey"] = json!(key);
        publish
    };
    let many = json!([keyed("a", "1"), keyed("b", "2"), keyed("a", "1"), keyed("b", "another")]);
    let first = outcomes(array(&node, many.clone()).await);
    assert_eq!(each(&first, "status"), [202, 202, 202, 422]);
    assert_eq!((&first[0]["replayed"], &first[2]["replayed"]), (&json!(false), &json!(true)));
    assert_eq!(first[2]["notificationId"], first[0]["notificationId"]);
    assert_eq!(first[3]["code"], "idempotency-key-reused");
    let again = outcomes(array(&node, many).await);
    assert_eq!(each(&again[..3], "replayed"), [true, true, true]);
    assert_eq!(each(&again[..2], "notificationId"), each(&first[..2], "notificationId"));
    assert_eq!(each(&items(&node, "u", "").await, "title"), ["2", "1"]);
    let bad = json!([keyed("", "x"), keyed("two words", "x"), keyed("é", "x"), keyed(&"x".repeat(256), "x")]);
    for outcome in outcomes(array(&node, bad).await) {
        assert_eq!(each(outcome["errors"].as_array().unwrap(), "pointer"), ["/idempotencyKey"], "{outcome}");
    }
    let longest = outcomes(array(&node, json!([keyed(&"x".repeat(255), "3")])).await);
    assert_eq!(longest[0]["status"], 202);
}

#[tokio::test]
async fn a_key_for_the_whole_batch_is_refused_and_not_ignored() {
    let node = start().await;
    let request = Request::post(PATH).bearer(node.api_key()).field("Idempotency-Key", "k");
    assert_eq!(node.send(request.json(json!([titled("1")]))).await.pointers(), ["/header/idempotency-key"]);
    assert_eq!(counts(&node, "u").await, (0, 0, 0));
}

#[tokio::test]
async fn every_audience_can_be_in_a_batch() {
    let node = start().await;
    for user in ["u", "v"] {
        let _ = crate::support::call(&node, "PUT", &format!("/api/topics/news/members/{user}")).await.expect(204);
        items(&node, user, "").await;
    }
    let to = |to: Value| json!({"type": "t", "to": to});
    let many = json!([
        to(json!({"topic": "news"})),
        to(json!({"everyone": true})),
        to(json!({"topic": "none"})),
        to(json!({"topic": "news", "except": ["u"]}))
    ]);
    assert_eq!(each(&outcomes(array(&node, many).await), "recipients"), [2, 2, 0, 1]);
    assert_eq!((counts(&node, "u").await.0, counts(&node, "v").await.0), (2, 3));
}

#[tokio::test]
async fn each_publish_has_its_tenant_and_a_token_only_its_own() {
    let node = start_with("AUTH__TENANT_CLAIM", "org").await;
    let in_tenant = |tenant: &str| {
        let mut publish = titled(tenant);
        publish["tenant"] = json!(tenant);
        publish
    };
    let many = json!([in_tenant("acme"), in_tenant("other"), titled("default")]);
    assert_eq!(each(&outcomes(array(&node, many.clone()).await), "status"), [202, 202, 202]);
    let claims = json!({"sub": "a", "org": "acme", "exp": token::now() + 600, "scope": "notifications:publish"});
    let by_token = Request::post(PATH).bearer(&node.sign(claims)).json(many);
    let outcomes = outcomes(node.send(by_token).await);
    assert_eq!(each(&outcomes, "status"), [202, 403, 202]);
    assert_eq!(outcomes[1]["code"], "foreign-tenant");
    let of_acme = node.sign(json!({"sub": "u", "org": "acme", "exp": token::now() + 600}));
    let page = node.send(Request::get("/notifications").bearer(&of_acme)).await.expect(200).json();
    assert_eq!(each(page["items"].as_array().unwrap(), "title"), ["default", "acme", "acme"]);
}

#[tokio::test]
async fn a_batch_wants_credentials_and_one_of_its_two_media_types() {
    let node = start().await;
    let body = json!([titled("1")]).to_string();
    let by = |token: &str| Request::post(PATH).bearer(token).body("application/json", &body);
    let _ = node.send(Request::post(PATH).body("application/json", &body)).await.problem(401);
    let _ = node.send(by(&node.token("u"))).await.problem(403);
    let _ = node.send(by(&scoped(&node, "a", "notifications:publish"))).await.expect(200);
    for bad in ["text/plain", "application/x-www-form-urlencoded", "application/x-ndjson; charset=utf-16", ""] {
        let _ = post(&node, bad, &body).await.problem(415);
    }
    let _ = post(&node, "application/x-ndjson; charset=utf-8", &body).await.expect(200);
}

#[tokio::test]
async fn an_answered_batch_survives_a_kill() {
    let mut node = builder().start().await;
    let many: Vec<_> = (0..100).map(|title| titled(&title.to_string())).collect();
    let outcomes = outcomes(array(&node, json!(many)).await);
    node.restart().await;
    let mut ids = each(&items(&node, "u", "?limit=100").await, "notificationId");
    ids.reverse();
    assert_eq!(ids, each(&outcomes, "notificationId"));
}
