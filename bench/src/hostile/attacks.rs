//! What hostile and honest clients send.

use crate::client::template::user_name;
use campanile_testkit::{TestNode, token};
use serde_json::json;

/// One request, and what becomes of its connection.
pub(super) struct Attack {
    pub(super) bytes: Vec<u8>,
    pub(super) then: Then,
}

/// What the client does once it has sent it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// Waits for the answer and goes on with the connection.
    Next,
    /// Waits for the answer and the connection's end.
    End,
    /// Leaves the connection open, half a request sent, for a while.
    Hang,
    /// Resets it.
    Reset,
}

fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").into_bytes()
}

fn post(path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

/// Requests whose answers leave the connection open: most of the load.
pub(super) fn kept(node: &TestNode) -> Vec<Attack> {
    let (honest, key) = (bearer(&node.token("visitor")), bearer(node.api_key()));
    let none = token::unsigned(
        &json!({"alg": "none"}),
        json!({"sub": "visitor", "exp": 9_999_999_999_i64}).to_string().as_bytes(),
    );
    let forged = token::sign(
        b"not the secret of this server, but as long",
        &json!({"sub": "visitor", "exp": 9_999_999_999_i64}),
    );
    // To somebody who reads: if it were taken, their position would tell.
    let injection = format!(r#"{{"type":"a\nid: 9","to":{{"users":["{}"]}},"title":"x"}}"#, user_name(0));
    let deep = [&b"["[..]; 4000].concat();
    let attacks = [
        get("/notifications/counts", &honest),
        get("/notifications?limit=5", &honest),
        get("/health/live", ""),
        get("/notifications/counts", &bearer(&format!("{none}."))),
        get("/notifications/counts", &bearer(&forged)),
        get("/notifications/counts", &bearer("..")),
        get("/notifications/stream", ""),
        get("/notifications/stream", "Accept: text/html\r\n"),
        get("/notifications?limit=-1&status=%00", &honest),
        get("/notifications/%2e%2e%2f%2e%2e%2fetc/passwd", &honest),
        get("/../../etc/passwd", ""),
        post("/api/notifications", &key, injection.as_bytes()),
        post("/api/notifications", &key, &deep),
        post("/api/notifications", &key, b"{\"type\":\"\xff\xfe\"}"),
        post("/api/notifications", &key, br#"{"type":"t","to":{}}"#),
        post("/api/notifications", "", br#"{"type":"t","to":{"everyone":true}}"#),
        post("/api/signals", &key, br#"{"to":{"users":["nobody"]},"event":"__heartbeat__"}"#),
        post("/notifications/read-all", "Cookie: campanile_token=x\r\nOrigin: https://evil.example\r\n", b"{}"),
        post("/notifications/bulk", &honest, br#"{"notificationIds":[],"state":{}}"#),
        b"OPTIONS /notifications/stream HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\nAccess-Control-Request-Method: GET\r\n\r\n".to_vec(),
        b"BREW /notifications HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".to_vec(),
    ];
    attacks.into_iter().map(|bytes| Attack { bytes, then: Then::Next }).collect()
}

/// Requests that cost a connection each.
pub(super) fn closing(node: &TestNode) -> Vec<Attack> {
    let (honest, key) = (bearer(&node.token("visitor")), bearer(node.api_key()));
    let end = [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nHost: a\r\n folded: yes\r\n\r\n".to_vec(),
        format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(70_000)).into_bytes(),
        get("/notifications/counts", &"X-Flood: aaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(300)),
        post("/api/notifications", &key, &vec![b'x'; 100_000]),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
    ];
    let hang = [
        b"G".to_vec(),
        get("/notifications/counts", &honest)[..40].to_vec(),
        b"PRI * HTTP/2.0\r\n".to_vec(),
        b"POST /api/notifications HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{".to_vec(),
    ];
    let reset = [
        get("/notifications/stream", &honest),
        get("/notifications/stream?lastEventId=%0aid:%209", &honest),
        get("/notifications/stream", &format!("{honest}Last-Event-ID: {}\r\n", "9".repeat(2000))),
        get("/notifications/changes?wait=60", &honest),
        Vec::new(),
    ];
    let with = |then| move |bytes| Attack { bytes, then };
    let end = end.into_iter().map(with(Then::End));
    end.chain(hang.into_iter().map(with(Then::Hang))).chain(reset.into_iter().map(with(Then::Reset))).collect()
}
