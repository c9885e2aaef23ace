//! Section 5, `admin.keys`: for `/metrics` on the admin listener; needed unless that is on loopback.

use crate::support::builder;
use campanile_testkit::{Request, TestNode, token};

const KEY: &str = "a key of those who operate it";

async fn start(listen: &str) -> TestNode {
    let entry = format!("ops:{}", token::sha256_hex(KEY.as_bytes()));
    builder().env("CAMPANILE_ADMIN_LISTEN", listen).env("CAMPANILE_ADMIN__KEYS", entry).start().await
}

#[tokio::test]
async fn metrics_are_for_those_who_have_a_key() {
    let node = start("127.0.0.1:0").await;
    let to = node.admin_address();
    let missing = Request::get("/metrics").send(to).await;
    assert_eq!(missing.problem(401)["code"], "credentials-missing");
    assert_eq!(missing.field("www-authenticate"), Some(r#"Bearer realm="campanile""#));
    for wrong in ["", "nonsense", node.api_key(), &node.token("u"), &format!("{KEY} ")[1..]] {
        let refused = Request::get("/metrics").bearer(wrong).send(to).await;
        assert_eq!(refused.problem(401)["code"], "credentials-invalid", "{wrong}");
    }
    let by_bearer = Request::get("/metrics").bearer(KEY).send(to).await.expect(200);
    assert!(by_bearer.text().contains("campanile_connections"));
    let _ = Request::get("/metrics").field("X-Api-Key", KEY).send(to).await.expect(200);
    for health in ["/health/live", "/health/ready"] {
        let _ = Request::get(health).send(to).await.expect(200);
    }
    let cookie = Request::get("/metrics").cookie("campanile_token", &node.token("u")).send(to).await;
    assert_eq!(cookie.status(), 401, "cookies never count here");
}

#[tokio::test]
async fn an_operators_key_publishes_nothing() {
    let node = start("127.0.0.1:0").await;
    let draft = serde_json::json!({"type": "t", "to": {"users": ["u"]}});
    let refused = node.send(Request::post("/api/notifications").bearer(KEY).json(draft)).await;
    assert_eq!(refused.status(), 401);
}

#[tokio::test]
async fn outside_of_loopback_a_key_is_needed_and_any_name_is_answered() {
    let (code, said) = builder().env("CAMPANILE_ADMIN_LISTEN", "0.0.0.0:0").refused().await;
    assert_eq!(code, 64, "{said}");
    assert!(said.contains("admin_listen") && said.contains("admin.keys"), "{said}");
    let node = start("0.0.0.0:0").await;
    let port = node.admin_address().port();
    let to = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let metrics = || Request::get("/metrics").field("Host", format!("node-7.internal:{port}"));
    let _ = metrics().send(to).await.expect(401);
    let _ = metrics().bearer(KEY).send(to).await.expect(200);
}
