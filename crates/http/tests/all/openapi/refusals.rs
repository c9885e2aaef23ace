//! Every refusal that has to do with the request itself.

use super::{
    SPEC,
    call::{Call, Scene, Who},
    documented, id, provoke,
};
use crate::support::{scoped, token};
use axum::body::Body;
use bytes::Bytes;
use campanile_core::{Engine, store::MemoryStore};
use campanile_http::HttpOptions;
use futures_util::stream;
use std::{collections::BTreeSet, sync::Arc};

#[tokio::test(start_paused = true)]
async fn credentials_that_are_missing_or_bad_are_401() {
    for headers in [vec![], vec![("authorization".to_owned(), "Bearer nonsense".to_owned())]] {
        provoke(401, async |scene, call| {
            let call = Call { headers: headers.clone(), ..call };
            Some(scene.judge(&call).await.status.as_u16())
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn foreign_origins_and_missing_scopes_are_403() {
    provoke(403, async |scene, mut call| {
        match call.who {
            Who::User => {
                let cookie = format!("campanile_token={}", token("u1"));
                call.headers = vec![("cookie".into(), cookie), ("origin".into(), "https://evil.example".into())];
            }
            Who::Application => call.bearer(&scoped("other")),
            Who::Anybody | Who::Administrator => {}
        }
        Some(scene.judge(&call).await.status.as_u16())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn foreign_tenants_are_403_where_a_tenant_is_named() {
    for operation in SPEC.operations() {
        let scene = Scene::new().await;
        let mut call = Call::of(&operation, &scene);
        if call.parameters.contains(&"tenant".to_owned()) {
            call.bearer(&scoped("notifications:admin"));
            call.query.push(("tenant".into(), "acme".into()));
            let answer = scene.judge(&call).await;
            let batch = id(&operation) == "publishBatch";
            assert_eq!(answer.status, if batch { 200 } else { 403 }, "{}", operation.path);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_parsed_is_400() {
    provoke(400, async |scene, mut call| {
        if call.takes_body {
            call.body = Some(("application/json".into(), "{".into()));
        } else {
            // What is no text where a name must be.
            call.path = call.path.replace("/topics/t/", "/topics/%FF/");
        }
        Some(scene.judge(&call).await.status.as_u16())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_404() {
    provoke(404, async |scene, mut call| {
        let parts: Vec<_> = call.path.split('/').map(|part| if part.len() == 36 { "nothing" } else { part }).collect();
        call.path = parts.join("/");
        Some(scene.judge(&call).await.status.as_u16())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_accept_that_rules_streams_out_is_406() {
    provoke(406, async |scene, mut call| {
        call.headers.push(("accept".into(), "application/json".into()));
        Some(scene.judge(&call).await.status.as_u16())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_408() {
    let mut seen = BTreeSet::new();
    for operation in SPEC.operations() {
        let scene = Scene::new().await;
        let call = Call::of(&operation, &scene);
        if call.takes_body {
            // As whoever serves gives it up.
            let late = || Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::TimedOut));
            let late = Body::from_stream(stream::iter([late()]));
            let answer = scene.app.call(http::Request::from_parts(call.request().into_parts().0, late)).await;
            answer.problem(408, "body-timeout");
            seen.insert(id(&operation));
        }
    }
    assert_eq!(seen, documented("408"));
}

#[tokio::test(start_paused = true)]
async fn a_cursor_of_another_log_and_a_publish_under_way_are_409() {
    let cursor = "0000000000000001-1";
    let mut seen = BTreeSet::new();
    for operation in SPEC.operations() {
        let scene = Scene::over_a_held_store().await;
        let mut call = Call::of(&operation, &scene);
        match id(&operation) {
            "listInbox" => call.query.push(("cursor".into(), format!("p{cursor}"))),
            "markAllRead" | "markSeen" => {
                call.body = Some(("application/json".into(), format!(r#"{{"upTo":"{cursor}"}}"#)));
            }
            "publish" => call.headers.push(("idempotency-key".into(), "k".into())),
            _ => continue,
        }
        let first = scene.app.send(call.request());
        let second = async {
            let answer = scene.judge(&call).await;
            scene.store.iter().for_each(|store| store.let_go());
            answer
        };
        let (_, second) = tokio::join!(first, second);
        assert_eq!(second.status, 409, "{second}");
        seen.insert(id(&operation));
    }
    assert_eq!(seen, documented("409"));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_too_large_is_413() {
    provoke(413, async |scene, mut call| {
        if call.takes_body {
            call.body = Some(("application/json".into(), " ".repeat(5 << 20)));
        }
        Some(scene.judge(&call).await.status.as_u16())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_body_of_another_media_type_is_415() {
    provoke(415, async |scene, mut call| {
        if call.takes_body {
            call.body = Some(("text/plain".into(), "{}".into()));
        }
        Some(scene.judge(&call).await.status.as_u16())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_valid_is_422() {
    provoke(422, async |scene, mut call| {
        if call.takes_body {
            call.body = Some(("application/json".into(), r#"{"unheard-of":1}"#.into()));
        } else if call.who == Who::Application {
            call.query.push(("tenant".into(), String::new()));
        } else {
            call.query.push(("limit".into(), "0".into()));
        }
        Some(scene.judge(&call).await.status.as_u16())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_used_for_another_body_is_422() {
    let scene = Scene::new().await;
    let operation = SPEC.operations().find(|found| id(found) == "publish").unwrap();
    let mut call = Call::of(&operation, &scene);
    call.headers.push(("idempotency-key".into(), "k".into()));
    assert_eq!(scene.judge(&call).await.status, 202);
    let other = call.body.as_ref().map(|(form, text)| (form.clone(), format!(" {text}")));
    let answer = scene.judge(&Call { body: other, ..call }).await;
    answer.problem(422, "idempotency-key-reused");
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_too_often_is_told_429() {
    let mut seen = BTreeSet::new();
    for operation in SPEC.operations() {
        let options = HttpOptions { connects_per_minute: 1, changes_per_minute: 1, ..HttpOptions::default() };
        let scene = Scene::with(Engine::builder(Arc::new(MemoryStore::default())), options).await;
        let call = Call::of(&operation, &scene);
        let times = if id(&operation) == "issueTicket" { 1001 } else { 2 };
        for _ in 0..times {
            if scene.judge(&call).await.status == 429 {
                seen.insert(id(&operation));
            }
        }
    }
    assert_eq!(seen, documented("429"));
}
