//! The document against what is really served: every operation with every status that it documents is provoked, and each answer is judged
//! by the document. Requests are made from the document itself, examples included.

mod call;
mod examples;
mod later;
mod refusals;
mod success;

use crate::support::App;
use call::{Call, Scene};
use campanile_http::openapi;
use campanile_testkit::{Operation, Spec};
use std::{collections::BTreeSet, sync::LazyLock};

static SPEC: LazyLock<Spec> = LazyLock::new(|| Spec::read(&openapi::to_text(&openapi::document(""))));

/// What only the server's own layers answer, to any request; its tests have it.
const OF_THE_SERVER: [&str; 2] = ["#/components/responses/NoHost", "#/components/responses/Misdirected"];

/// The operations that document a status, by their ids.
fn documented(status: &str) -> BTreeSet<&'static str> {
    let has = |operation: &Operation<'_>| {
        let response = &operation.value["responses"][status];
        !response.is_null() && !response["$ref"].as_str().is_some_and(|name| OF_THE_SERVER.contains(&name))
    };
    SPEC.operations().filter(has).map(|operation| id(&operation)).collect()
}

fn id(operation: &Operation<'static>) -> &'static str {
    operation.value["operationId"].as_str().unwrap()
}

/// Makes a call of each operation, and checks that those that answer with a status are exactly those that document it.
async fn provoke(status: u16, call: impl AsyncFn(Scene, Call) -> Option<u16>) {
    let mut seen = BTreeSet::new();
    for operation in SPEC.operations() {
        let scene = Scene::new().await;
        let made = Call::of(&operation, &scene);
        if call(scene, made).await == Some(status) {
            seen.insert(id(&operation));
        }
    }
    assert_eq!(seen, documented(&status.to_string()), "{status}: what was seen, and what is documented");
}

#[test]
fn every_status_of_the_document_has_a_test() {
    let provoked = [
        "200", "201", "202", "204", "400", "401", "403", "404", "406", "408", "409", "413", "415", "421", "422", "429",
        "500", "503",
    ];
    let responses = SPEC.operations().filter_map(|operation| operation.value["responses"].as_object());
    let documented: BTreeSet<_> = responses.flatten().map(|(status, _)| status.as_str()).collect();
    assert_eq!(documented, BTreeSet::from(provoked));
}

#[test]
fn operations_have_names_of_their_own() {
    let names: Vec<_> = SPEC.operations().map(|operation| id(&operation)).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[tokio::test]
async fn a_path_has_no_method_beside_those_that_are_described() {
    let app = App::new();
    let paths: BTreeSet<_> = SPEC.operations().map(|operation| operation.path).collect();
    for path in paths {
        let answer = app.call(http::Request::patch(path).body(axum::body::Body::empty()).unwrap()).await;
        answer.problem(405, "method-not-allowed");
        let allowed: BTreeSet<&str> = answer.header("allow").unwrap().split(',').collect();
        let described = SPEC.operations().filter(|operation| operation.path == path).map(|operation| operation.method);
        let mut described: BTreeSet<&str> = described.collect();
        if described.contains("GET") {
            described.insert("HEAD");
        }
        assert_eq!(allowed, described, "{path}");
    }
}

#[test]
fn a_part_of_the_document_is_true_where_its_router_is_nested() {
    let whole = openapi::document("/base");
    let part = openapi::user("/base/notifications");
    assert!(part.paths.paths.contains_key("/base/notifications/{notificationId}/read"));
    assert!(part.paths.paths.iter().all(|(path, item)| whole.paths.paths.get(path) == Some(item)));
    let schemas = part.components.unwrap().schemas;
    assert!(!schemas.contains_key("Recipient"), "a part holds what it needs and no more");
    assert!(schemas.contains_key("StreamEvent"));
    for text in [openapi::to_text(&openapi::api("/x")), openapi::to_text(&openapi::ops())] {
        let spec = Spec::read(&text);
        let references = text.split("\"$ref\": \"").skip(1).filter_map(|rest| rest.split('"').next());
        for reference in references {
            assert!(spec.document().pointer(&reference[1..]).is_some(), "{reference} leads nowhere");
        }
    }
}
