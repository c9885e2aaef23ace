//! `POST /notifications/bulk`.

use crate::{
    stream_wire::Wire,
    support::{Answer, App},
};
use serde_json::{Value, json};

const PATH: &str = "/notifications/bulk";

async fn bulk(app: &App, ids: &[&str], state: Value) -> Answer {
    app.user_json("u1", "POST", PATH, &json!({"notificationIds": ids, "state": state}).to_string()).await
}

async fn counts(app: &App) -> (u64, u64, u64) {
    let counts = app.user("u1", "GET", "/notifications/counts").await.json();
    let number = |name: &str| counts[name].as_u64().unwrap();
    (number("unread"), number("unseen"), number("version"))
}

#[tokio::test]
async fn several_change_together_in_one_entry() {
    let app = App::new();
    let mut wire = Wire::open(app.listen().await, "u1", "", "").await;
    wire.until("event: ready").await;
    let (a, b, c) = (app.publish("u1", "a").await, app.publish("u1", "b").await, app.publish("u1", "c").await);
    let foreign = app.publish("u2", "d").await;
    let unknown = "00000000-0000-7000-8000-000000000000";
    let answer = bulk(&app, &[&a, &foreign, &b, unknown, &a], json!({"read": true})).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({"changed": 2, "notFound": [foreign, unknown]})));
    assert_eq!(counts(&app).await, (1, 1, 4));
    let expected = format!(r#"data: {{"notificationIds":["{a}","{b}"],"state":{{"read":true}}}}"#);
    let told = wire.until(r#""version":4}"#).await;
    assert_eq!(told.matches("event: updated").count(), 1);
    assert!(told.contains(&expected), "{told}");
    let again = bulk(&app, &[&b, &c], json!({"read": true})).await.json();
    assert_eq!(again, json!({"changed": 1, "notFound": []}), "those that change");
    assert_eq!(bulk(&app, &[&a], json!({"read": true})).await.json()["changed"], 0);
    assert_eq!(counts(&app).await, (0, 0, 5), "nothing changed, so nothing is logged");
    assert_eq!(app.user("u2", "GET", "/notifications/counts").await.json()["unread"], 1);
}

#[tokio::test]
async fn every_word_of_the_state_can_be_set() {
    let app = App::new();
    let (a, b) = (app.publish("u1", "a").await, app.publish("u1", "b").await);
    let ids = [a.as_str(), b.as_str()];
    for (state, expected) in [
        (json!({"seen": true}), (2, 0, 3)),
        (json!({"seen": true}), (2, 0, 3)),
        (json!({"archived": true}), (0, 0, 4)),
        (json!({"archived": false, "read": true}), (0, 0, 5)),
        (json!({"read": false, "seen": null}), (2, 0, 6)),
        (json!({"removed": true}), (0, 0, 7)),
    ] {
        assert_eq!(bulk(&app, &ids, state.clone()).await.status, 200);
        assert_eq!(counts(&app).await, expected, "{state}");
    }
    assert_eq!(bulk(&app, &ids, json!({"read": true})).await.json(), json!({"changed": 0, "notFound": ids}));
}

#[tokio::test]
async fn up_to_100_change_in_one_call() {
    let app = App::new();
    let mut ids = Vec::new();
    for n in 0..101 {
        ids.push(app.publish("u1", &n.to_string()).await);
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(bulk(&app, &ids, json!({"read": true})).await.pointers(), ["/notificationIds"]);
    assert_eq!(bulk(&app, &[], json!({"read": true})).await.pointers(), ["/notificationIds"]);
    assert_eq!(bulk(&app, &ids[..100], json!({"read": true})).await.json()["changed"], 100);
    assert_eq!(counts(&app).await, (1, 1, 102));
}

#[tokio::test]
async fn every_fault_is_listed_with_its_place() {
    let app = App::new();
    let id = "00000000-0000-7000-8000-000000000000";
    for (body, pointers) in [
        (r"{}".to_owned(), &["/notificationIds", "/state"][..]),
        (r#"{"notificationIds":null,"state":null}"#.into(), &["/notificationIds", "/state"]),
        (r#"{"notificationIds":"x","state":"read"}"#.into(), &["/notificationIds", "/state"]),
        (
            format!(r#"{{"notificationIds":["{id}","nonsense",7,""],"state":{{"read":true}},"all":true}}"#),
            &["/notificationIds/2", "/notificationIds/1", "/notificationIds/3", "/all"],
        ),
        (format!(r#"{{"notificationIds":["{id}"],"state":{{}}}}"#), &["/state"]),
        (format!(r#"{{"notificationIds":["{id}"],"state":{{"read":null}}}}"#), &["/state"]),
        (
            format!(r#"{{"notificationIds":["{id}"],"state":{{"read":"yes","seen":false,"removed":false,"x":1}}}}"#),
            &["/state/read", "/state/seen", "/state/removed", "/state/x"],
        ),
        ("[]".into(), &[""]),
    ] {
        assert_eq!(app.user_json("u1", "POST", PATH, &body).await.pointers(), pointers, "{body}");
    }
    for body in ["", "{", r#"{"notificationIds":["\ud800"]}"#] {
        app.user_json("u1", "POST", PATH, body).await.problem(400, "malformed");
    }
    app.user("nobody", "GET", PATH).await.problem(405, "method-not-allowed");
}
