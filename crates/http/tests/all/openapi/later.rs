//! Refusals that have nothing to do with the request: whoever asks later may find it otherwise.

use super::{
    SPEC,
    call::{Call, Scene, Who},
    documented, id,
};
use std::{collections::BTreeSet, time::Duration};

#[tokio::test(start_paused = true)]
async fn without_its_store_everything_that_needs_it_is_503() {
    let mut seen = BTreeSet::new();
    for operation in SPEC.operations() {
        let scene = Scene::untouched();
        let mut call = Call::of(&operation, &scene);
        if call.who == Who::Application {
            call.as_a_user_with_scopes();
        }
        scene.app.http.engine().store().close().await;
        if scene.judge(&call).await.status == 503 {
            seen.insert(id(&operation));
        }
    }
    assert_eq!(seen, documented("503"));
}

#[tokio::test(start_paused = true)]
async fn while_it_drains_a_node_opens_nothing() {
    let mut seen = BTreeSet::new();
    for operation in SPEC.operations() {
        let scene = Scene::new().await;
        let mut call = Call::of(&operation, &scene);
        call.query
            .extend([("wait".to_owned(), "1".to_owned())].into_iter().filter(|_| id(&operation) == "readChanges"));
        scene.app.http.engine().drain(Duration::from_secs(1));
        if scene.judge(&call).await.status == 503 {
            seen.insert(id(&operation));
        }
    }
    assert_eq!(seen, BTreeSet::from(["isReady", "openStream", "openStreamHead", "readChanges"]));
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_server_is_500_and_costs_nothing_but_its_request() {
    let mut seen = BTreeSet::new();
    for operation in SPEC.operations() {
        let scene = Scene::untouched();
        let mut call = Call::of(&operation, &scene);
        if call.who == Who::Application {
            call.as_a_user_with_scopes();
        }
        scene.store.as_ref().unwrap().break_down();
        if scene.judge(&call).await.status == 500 {
            seen.insert(id(&operation));
        }
    }
    // These three ask nobody.
    seen.extend(["isLive", "readDocument", "readMetrics"]);
    assert_eq!(seen, documented("500"));
}
