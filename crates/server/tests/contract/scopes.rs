//! Section 3: who may publish.

use crate::support::{draft, items, start, start_with};
use campanile_testkit::{Answer, Request, TestNode, token};
use serde_json::{Value, json};

fn scoped(node: &TestNode, scope: &str) -> String {
    crate::support::scoped(node, "app", scope)
}

async fn publish_by(node: &TestNode, token: &str) -> Answer {
    node.send(Request::post("/api/notifications").bearer(token).json(draft(&["u"]))).await
}

#[tokio::test]
async fn a_key_is_taken_in_either_header() {
    let node = start().await;
    let request = || Request::post("/api/notifications").json(draft(&["u"]));
    let _ = node.send(request().bearer(node.api_key())).await.expect(202);
    let _ = node.send(request().field("X-Api-Key", node.api_key())).await.expect(202);
    let wrong = "0".repeat(node.api_key().len());
    for bad in [wrong.as_str(), "", &node.api_key()[1..], "test"] {
        let _ = node.send(request().bearer(bad)).await.problem(401);
        let _ = node.send(request().field("X-Api-Key", bad)).await.problem(401);
    }
    let answer = node.send(request()).await;
    let _ = answer.problem(401);
    assert!(answer.field("www-authenticate").is_some(), "{answer}");
}

#[tokio::test]
async fn a_token_needs_the_scope() {
    let node = start().await;
    for good in ["notifications:publish", "notifications:admin", "openid notifications:publish email"] {
        let _ = publish_by(&node, &scoped(&node, good)).await.expect(202);
    }
    for bad in [
        "",
        "notifications",
        "notifications:publishing",
        "xnotifications:publish",
        "notifications:publish,x",
        "NOTIFICATIONS:PUBLISH",
    ] {
        let answer = publish_by(&node, &scoped(&node, bad)).await;
        let _ = answer.problem(403);
        assert!(answer.field("www-authenticate").is_some_and(|value| value.contains("insufficient_scope")), "{answer}");
    }
    let _ = publish_by(&node, &node.token("u")).await.problem(403);
    let _ = publish_by(&node, &token::sign(b"another secret of more than 32 bytes", &json!({"sub": "a"})))
        .await
        .problem(401);
}

#[tokio::test]
async fn cookies_and_tickets_never_count_here() {
    let node = start().await;
    let token = scoped(&node, "notifications:admin");
    let ticket = node.send(Request::post("/notifications/stream/tickets").bearer(&token)).await.expect(201).json();
    let own = format!("http://{}", node.address());
    let request = Request::post("/api/notifications").json(draft(&["u"])).field("Origin", own);
    let _ = node.send(request.clone().cookie("campanile_token", &token)).await.problem(401);
    let _ = node.send(request.query("ticket", ticket["ticket"].as_str().unwrap())).await.problem(401);
}

#[tokio::test]
async fn a_key_acts_on_the_tenant_it_names() {
    let node = start_with("AUTH__TENANT_CLAIM", "org").await;
    let in_body = json!({"type": "t", "tenant": "acme", "to": {"users": ["u"]}, "title": "body"});
    node.publish(in_body).await;
    let in_query = json!({"type": "t", "to": {"users": ["u"]}, "title": "query"});
    let _ = node.post_api("/api/notifications?tenant=acme", in_query).await.expect(202);
    node.publish(draft(&["u"])).await;
    let of = |org: &str| node.sign(json!({"sub": "u", "org": org, "exp": token::now() + 600}));
    let titles = async |org: &str| {
        let page = node.send(Request::get("/notifications").bearer(&of(org))).await.expect(200).json();
        crate::support::each(page["items"].as_array().unwrap(), "title")
    };
    assert_eq!(titles("acme").await, ["query", "body"]);
    assert_eq!(titles("default").await, [Value::Null]);
    for bad in ["", "a\nb"] {
        let draft = json!({"type": "t", "tenant": bad, "to": {"users": ["u"]}});
        assert_eq!(node.post_api("/api/notifications", draft).await.pointers(), ["/tenant"]);
    }
}

#[tokio::test]
async fn a_token_is_fixed_to_its_own_tenant() {
    let node = start_with("AUTH__TENANT_CLAIM", "org").await;
    let token =
        node.sign(json!({"sub": "a", "org": "acme", "exp": token::now() + 600, "scope": "notifications:publish"}));
    let publish = |target: &str, tenant: Option<&str>| {
        let mut draft = draft(&["u"]);
        if let Some(tenant) = tenant {
            draft["tenant"] = json!(tenant);
        }
        let request = Request::post(target).bearer(&token).json(draft);
        node.send(request)
    };
    for (target, tenant, status) in [
        ("/api/notifications", None, 202),
        ("/api/notifications", Some("acme"), 202),
        ("/api/notifications?tenant=acme", None, 202),
        ("/api/notifications", Some("other"), 403),
        ("/api/notifications?tenant=other", None, 403),
        ("/api/notifications?tenant=default", None, 403),
    ] {
        assert_eq!(publish(target, tenant).await.status(), status, "{target} {tenant:?}");
    }
}

#[tokio::test]
async fn a_key_is_no_users_credential() {
    let node = start().await;
    let _ = node.send(Request::get("/notifications").bearer(node.api_key())).await.problem(401);
    let _ = node.send(Request::get("/notifications").field("X-Api-Key", node.api_key())).await.problem(401);
    assert!(items(&node, "test", "").await.is_empty());
}
