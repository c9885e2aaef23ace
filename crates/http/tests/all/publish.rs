//! `POST /api/notifications`.

use crate::{
    stream_wire::Wire,
    support::{App, as_key},
};
use axum::body::Body;
use campanile_core::{Definition, Definitions, Engine, TypesPolicy, store::MemoryStore};
use campanile_http::HttpOptions;
use futures_util::stream;
use proptest::prelude::*;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;

const PATH: &str = "/api/notifications";

#[tokio::test]
async fn a_publish_is_answered_with_its_id_and_its_place() {
    let app = App::new();
    let body = r#"{"type":"invoices.approved","to":{"users":["u1","u2","u1"],"except":["u3"]},"severity":"success",
        "title":"Invoice approved","body":"B","link":"/invoices/42","data":{ "invoiceId": 42.10, "big":123456789012345678901234567890 },
        "relatedEntity":{"type":"invoice","id":"42"},"actorId":"u9","notifyActor":false}"#;
    let answer = app.api(PATH, body).await;
    assert_eq!(answer.status, 202, "{answer}");
    let id = answer.json()["notificationId"].as_str().unwrap().to_owned();
    assert_eq!(
        String::from_utf8_lossy(&answer.body),
        format!(r#"{{"notificationId":"{id}","recipients":2,"replayed":false}}"#)
    );
    assert_eq!(answer.header("location"), Some(format!("/api/notifications/{id}").as_str()));
    let item = app.user("u2", "GET", &format!("/notifications/{id}")).await;
    let text = String::from_utf8(item.body.to_vec()).unwrap();
    assert!(
        text.starts_with(&format!(
            r#"{{"notificationId":"{id}","notificationTypeName":"invoices.approved","severity":"success","title":"Invoice approved","body":"B","link":"/invoices/42","data":{{"invoiceId":42.10,"big":123456789012345678901234567890}},"relatedEntityType":"invoice","relatedEntityId":"42","actorId":"u9","occurredAt":""#
        )),
        "{text}"
    );
    assert!(text.ends_with(r#","seq":1,"read":false,"readAt":null,"seenAt":null,"archivedAt":null}"#), "{text}");
}

#[tokio::test]
async fn what_is_absent_and_what_is_null_are_the_same() {
    let app = App::new();
    let body = r#"{"type":"t","to":{"users":["u1"],"except":null,"topic":null},"severity":null,"title":null,"body":null,
        "link":null,"data":null,"relatedEntity":null,"actorId":null,"notifyActor":null,"tenant":null}"#;
    assert_eq!(app.api(PATH, body).await.status, 202);
    let items = app.user("u1", "GET", "/notifications").await.json()["items"].clone();
    for absent in ["title", "body", "link", "data", "relatedEntityType", "relatedEntityId", "actorId"] {
        assert!(items[0][absent].is_null(), "{absent}");
    }
    assert_eq!(items[0]["severity"], "info");
    for (null, pointer) in [(r#"{"type":null,"to":{"users":["u"]}}"#, "/type"), (r#"{"type":"t","to":null}"#, "/to")] {
        assert_eq!(app.api(PATH, null).await.pointers(), [pointer]);
    }
}

#[tokio::test]
async fn the_actor_is_left_out_unless_asked_for() {
    let app = App::new();
    for (body, recipients) in [
        (r#"{"type":"t","to":{"users":["u1","u9"]},"actorId":"u9"}"#, 1),
        (r#"{"type":"t","to":{"users":["u9"]},"actorId":"u9"}"#, 0),
        (r#"{"type":"t","to":{"users":["u1","u9"]},"actorId":"u9","notifyActor":true}"#, 2),
    ] {
        let answer = app.api(PATH, body).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["recipients"]), (202, &recipients.into()), "{body}");
    }
}

#[tokio::test]
async fn what_cannot_be_parsed_is_400_and_says_nothing_of_the_parser() {
    let app = App::new();
    let deep = |levels: usize| format!("{{\"data\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let bodies: Vec<Vec<u8>> = [
        &b""[..],
        b"{",
        b"nonsense",
        b"{\"type\":\"t\",}",
        b"{\"type\":\"t\"} x",
        b"{\"type\":\"t\"}{}",
        b"\xff\xfe",
        b"{\"title\":\"\xc3\x28\"}",
        br#"{"title":"\ud800"}"#,
        br#"{"data":1e400}"#,
        br#"{"data":"\ud800 in data"}"#,
        b"{\"title\":\"a\nb\"}",
        b"\xef\xbb\xbf{}",
    ]
    .into_iter()
    .map(<[u8]>::to_vec)
    .chain([deep(127).into_bytes(), deep(30_000).into_bytes()])
    .collect();
    for body in bodies {
        let answer = app.api(PATH, body.clone()).await;
        let problem = answer.problem(400, "malformed");
        let shown = String::from_utf8_lossy(&body).into_owned();
        assert_eq!(problem["detail"], "The body is not valid JSON, or is nested too deeply.", "{shown:?}");
        assert!(problem.get("errors").is_none());
    }
    let fine = format!(r#"{{"type":"t","to":{{"users":["u"]}},{}"#, deep(126).trim_start_matches('{'));
    assert_eq!(app.api(PATH, fine).await.status, 202, "126 levels within the envelope's own one");
}

#[tokio::test]
async fn every_fault_is_listed_with_its_place() {
    let app = App::new();
    let body = r#"{"type":"two words","to":{"users":["ok",7,"a\nb",""],"except":[null],"users":[],"who":1},"severity":"loud",
        "title":5,"link":"javascript:x","relatedEntity":{"type":"","nope":1},"notifyActor":"yes","surprise":1,
        "title":"twice","a/b~c":1,"actorId":""}"#;
    let mut pointers = app.api(PATH, body).await.pointers();
    pointers.sort();
    let mut expected = [
        "/type",
        "/to/users",
        "/to/users/1",
        "/to/except/0",
        "/to/who",
        "/severity",
        "/title",
        "/title",
        "/link",
        "/relatedEntity/type",
        "/relatedEntity/id",
        "/relatedEntity/nope",
        "/notifyActor",
        "/surprise",
        "/a~1b~0c",
        "/actorId",
    ];
    expected.sort_unstable();
    assert_eq!(pointers, expected);
}

#[tokio::test]
async fn nobody_never_means_everybody() {
    let app = App::new();
    for (body, pointer) in [
        (r#"{"type":"t"}"#, "/to"),
        (r#"{"type":"t","to":{}}"#, "/to"),
        (r#"{"type":"t","to":{"except":["u1"]}}"#, "/to"),
        (r#"{"type":"t","to":{"users":[]}}"#, "/to/users"),
        (r#"{"type":"t","to":{"users":null}}"#, "/to"),
        (r#"{"type":"t","to":{"users":"u1"}}"#, "/to/users"),
        (r#"{"type":"t","to":"u1"}"#, "/to"),
        (r#"{"type":"t","to":["u1"]}"#, "/to"),
        (r#"{"to":{"users":["u1"]}}"#, "/type"),
        (r#"{"type":7,"to":{"users":["u1"]}}"#, "/type"),
        ("[]", ""),
        ("null", ""),
        ("\"x\"", ""),
    ] {
        assert_eq!(app.api(PATH, body).await.pointers(), [pointer], "{body}");
    }
}

#[tokio::test]
async fn the_body_must_be_json_by_its_own_account() {
    let app = App::new();
    let body = r#"{"type":"t","to":{"users":["u1"]}}"#;
    for (content_type, status) in [
        (None, 415),
        (Some("text/plain"), 415),
        (Some("application/x-www-form-urlencoded"), 415),
        (Some("multipart/form-data"), 415),
        (Some("application/json; charset=latin1"), 415),
        (Some("application/json; charset=utf-8"), 202),
        (Some("APPLICATION/JSON"), 202),
    ] {
        let mut request = as_key().method("POST").uri(PATH);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = app.call(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status, status, "{content_type:?}");
    }
    let gzip =
        as_key().method("POST").uri(PATH).header("content-type", "application/json").header("content-encoding", "gzip");
    app.call(gzip.body(Body::from(body)).unwrap()).await.problem(415, "unsupported-media-type");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_413_with_or_without_a_length() {
    let app = App::new();
    let body = |bytes: usize| {
        let frame = r#"{"type":"t","to":{"users":["u1"]},"data":""}"#.len();
        format!(r#"{{"type":"t","to":{{"users":["u1"]}},"data":"{}"}}"#, "x".repeat(bytes - frame))
    };
    assert_eq!(app.api(PATH, body(65_536)).await.status, 202);
    app.api(PATH, body(65_537)).await.problem(413, "body-too-large");
    let chunks = stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 1000]));
    app.api(PATH, Body::from_stream(chunks)).await.problem(413, "body-too-large");
}

#[tokio::test]
async fn a_refusal_arrives_while_the_body_is_still_sent() {
    let address = App::new().listen().await;
    let key = crate::support::KEY;
    for (key, status) in [(key, 413), ("nonsense", 401)] {
        for framing in ["content-length: 8000000", "transfer-encoding: chunked"] {
            let head = format!(
                "POST {PATH} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n{framing}\r\n\r\n"
            );
            let mut wire = Wire::send(address, &head).await;
            let piece = [b' '; 0x8000];
            for _ in 0..100 {
                if framing.starts_with('t') {
                    wire.socket.write_all(b"8000\r\n").await.unwrap();
                }
                wire.socket.write_all(&piece).await.unwrap();
                if framing.starts_with('t') {
                    wire.socket.write_all(b"\r\n").await.unwrap();
                }
            }
            let answer = wire.until("\"code\":").await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{framing}: {answer}");
        }
    }
}

#[tokio::test]
async fn limits_of_the_words_are_faults() {
    let app = App::new();
    let long = |member: &str, chars: usize| {
        format!(r#"{{"type":"t","to":{{"users":["u1"]}},"{member}":"{}"}}"#, "é".repeat(chars))
    };
    for (member, chars) in [("title", 200), ("body", 4000)] {
        assert_eq!(app.api(PATH, long(member, chars)).await.status, 202);
        assert_eq!(app.api(PATH, long(member, chars + 1)).await.pointers(), [format!("/{member}")]);
    }
    let users: Vec<String> = (0..10_001).map(|n| format!("{n}")).collect();
    let many = serde_json::json!({"type": "t", "to": {"users": users}}).to_string();
    let app = App::with(
        Engine::builder(Arc::new(MemoryStore::default())),
        HttpOptions { body_bytes: 1 << 20, ..HttpOptions::default() },
    );
    assert_eq!(app.api(PATH, many).await.pointers(), ["/to/users"]);
}

#[tokio::test]
async fn links_that_could_run_or_leave_are_faults() {
    let app = App::new();
    for link in
        ["javascript:alert(1)", "//evil.example", "/\\\\evil.example", "data:text/html,x", "/a\\u0000b", " /a", ""]
    {
        let body = format!(r#"{{"type":"t","to":{{"users":["u1"]}},"link":"{link}"}}"#);
        assert_eq!(app.api(PATH, body).await.pointers(), ["/link"], "{link}");
    }
}

#[tokio::test]
async fn a_strict_server_takes_defined_types_only_and_their_severity() {
    let type_name = campanile_core::TypeName::new("known").unwrap();
    let definition = Definition { severity: campanile_core::Severity::Warning, ..Definition::default() };
    let definitions = Definitions { policy: TypesPolicy::Strict, types: [(type_name, definition)].into() };
    let engine = Engine::builder(Arc::new(MemoryStore::default())).definitions(definitions);
    let app = App::with(engine, HttpOptions::default());
    assert_eq!(app.api(PATH, r#"{"type":"unknown","to":{"users":["u1"]}}"#).await.pointers(), ["/type"]);
    assert_eq!(app.api(PATH, r#"{"type":"unknown","to":{"users":["u1"]},"x":1}"#).await.pointers(), ["/x", "/type"]);
    assert_eq!(app.api(PATH, r#"{"type":"known","to":{"users":["u1"]}}"#).await.status, 202);
    assert_eq!(app.user("u1", "GET", "/notifications").await.json()["items"][0]["severity"], "warning");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// No text in any member makes the server stumble, or comes back in an error.
    #[test]
    fn any_text_anywhere_is_an_answer(text in "\\PC{0,8}|[\\x00-\\x20\"\\\\]{0,8}", member in 0usize..9) {
        let members = ["type", "severity", "title", "body", "link", "actorId", "tenant", "notifyActor", "to"];
        let mut body = serde_json::json!({"type": "t", "to": {"users": ["u1"]}});
        body[members[member]] = text.clone().into();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(async { App::new().api(PATH, body.to_string()).await });
        prop_assert!([202, 422].contains(&answer.status.as_u16()), "{}", answer);
        if answer.status == 422 {
            let problem = answer.problem(422, "invalid");
            prop_assert_eq!(&problem["errors"][0]["pointer"], &format!("/{}", members[member]));
        }
    }
}
