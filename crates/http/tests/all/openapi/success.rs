//! Every operation succeeds as it says, with its own examples.

use super::{
    SPEC,
    call::{Call, Scene},
    id,
};
use campanile_testkit::Operation;

fn success(operation: &Operation<'_>) -> u16 {
    let statuses = operation.value["responses"].as_object().unwrap().keys();
    let successes: Vec<u16> = statuses.filter(|status| status.starts_with('2')).map(|s| s.parse().unwrap()).collect();
    let [only] = successes[..] else { panic!("{}: {successes:?}", operation.path) };
    only
}

#[tokio::test(start_paused = true)]
async fn every_operation_succeeds_with_its_own_examples() {
    for operation in SPEC.operations() {
        for body in bodies(&operation) {
            let scene = Scene::new().await;
            let call = Call { body, ..Call::of(&operation, &scene) };
            let answer = scene.judge(&call).await;
            assert_eq!(answer.status, success(&operation), "{}: {answer}", id(&operation));
        }
    }
}

/// The examples of its body; none, too, where it may be left out.
fn bodies(operation: &Operation<'_>) -> Vec<Option<(String, String)>> {
    let examples = Call::bodies(operation.value).into_iter().map(Some);
    let none = operation.value["requestBody"]["required"] != true;
    examples.chain(none.then_some(None)).collect()
}

#[tokio::test(start_paused = true)]
async fn every_query_parameter_that_is_described_is_known() {
    for operation in SPEC.operations() {
        let parameters = operation.value["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["in"] == "query") {
            let scene = Scene::new().await;
            let mut call = Call::of(&operation, &scene);
            call.query.push((parameter["name"].as_str().unwrap().to_owned(), "%00".into()));
            // What it means is refused, never that it is there.
            let answer = scene.judge(&call).await;
            let told = String::from_utf8_lossy(&answer.body).into_owned();
            assert!(!told.contains("is not known here"), "{}: {told}", operation.path);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_lists_hold_is_as_described() {
    let scene = Scene::new().await;
    scene.app.user("u1", "POST", "/notifications/read-all").await;
    scene
        .app
        .call(
            crate::support::as_key()
                .method("PUT")
                .uri("/api/topics/t/members/u1")
                .body(axum::body::Body::empty())
                .unwrap(),
        )
        .await;
    for (operation, query, holds) in [
        ("listInbox", "limit=1", "\"readAt\":\"2"),
        ("listConnections", "user=u1", "\"transport\":\"http/1.1\""),
        ("listRecipients", "limit=1", "\"user\":\"u1\""),
        ("listMembers", "", "{\"user\":\"u1\"}"),
        ("readChanges", "after=", "\"resume\":\"fresh\""),
        ("readChanges", "after=x", "\"resetReason\":\"unknown\""),
        ("readPublish", "", "\"read\":1"),
    ] {
        let operation = SPEC.operations().find(|found| id(found) == operation).unwrap();
        let mut call = Call::of(&operation, &scene);
        call.query =
            query.split('&').filter_map(|pair| pair.split_once('=')).map(|(n, v)| (n.into(), v.into())).collect();
        let answer = scene.judge(&call).await;
        assert!(String::from_utf8_lossy(&answer.body).contains(holds), "{answer}");
    }
}
