//! The description in OpenAPI 3.2.

use campanile_sse::{LastEventId, ServerSentEvents, Undocumented};
use futures_util::stream;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{OpenApi, ToSchema};

use super::frames;

#[derive(Serialize, ToSchema)]
struct Tick {
    n: u64,
    place: Place,
}

#[derive(Serialize, ToSchema)]
struct Place {
    name: String,
}

fn stream() -> ServerSentEvents<Tick> {
    ServerSentEvents::new(stream::iter([Tick { n: 7, place: Place { name: "x".to_owned() } }]))
}

#[utoipa::path(get, path = "/ticks", params(LastEventId), responses(ServerSentEvents<Tick>))]
async fn ticks(_last: LastEventId) -> ServerSentEvents<Tick> {
    stream()
}

#[utoipa::path(get, path = "/hidden", responses(Undocumented<ServerSentEvents<Tick>>))]
async fn hidden() -> Undocumented<ServerSentEvents<Tick>> {
    Undocumented(stream())
}

#[derive(OpenApi)]
#[openapi(version = "3.2.0", paths(ticks, hidden), components(schemas(Tick)))]
struct Api;

fn operation(path: &str) -> Value {
    serde_json::to_value(Api::openapi()).unwrap()["paths"][path]["get"].take()
}

#[test]
fn a_stream_is_described_by_its_items() {
    let expected = json!({
        "type": "object",
        "required": ["data"],
        "properties": {
            "data": {
                "type": "string",
                "description": "The value as JSON.",
                "contentMediaType": "application/json",
                "contentSchema": {
                    "type": "object",
                    "required": ["n", "place"],
                    "properties": {
                        "n": { "type": "integer", "format": "int64", "minimum": 0 },
                        "place": { "$ref": "#/components/schemas/Place" },
                    },
                },
            },
            "event": { "type": "string", "description": "The name to listen for; `message` if it is absent." },
            "id": { "type": "string", "description": "The position behind the event, to be sent as `Last-Event-ID`." },
            "retry": {
                "type": "integer",
                "description": "The reconnection time from now on, in milliseconds.",
                "minimum": 500,
            },
        },
    });
    let responses = operation("/ticks")["responses"].take();
    assert_eq!(
        responses,
        json!({
            "200": { "description": "A stream of events.", "content": { "text/event-stream": { "itemSchema": expected } } },
        })
    );
}

#[test]
fn the_document_is_of_the_version_that_knows_items_and_holds_what_they_refer_to() {
    let document = serde_json::to_value(Api::openapi()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.2."), "{}", document["openapi"]);
    assert_eq!(document["components"]["schemas"]["Place"]["required"], json!(["name"]));
}

#[test]
fn the_last_event_id_is_described_as_it_is_looked_for() {
    let parameters = operation("/ticks")["parameters"].take();
    let found: Vec<_> =
        parameters.as_array().unwrap().iter().map(|one| (&one["in"], &one["name"], &one["required"])).collect();
    let expected = [("header", "Last-Event-ID"), ("query", "lastEventId"), ("query", "last_event_id")]
        .map(|(place, name)| (json!(place), json!(name)));
    assert_eq!(found.len(), 3);
    for ((place, name, required), expected) in found.into_iter().zip(expected) {
        assert_eq!((place, name, required), (&expected.0, &expected.1, &json!(false)));
    }
}

#[tokio::test]
async fn what_stays_out_of_the_document_answers_all_the_same() {
    assert_eq!(operation("/hidden")["responses"], json!({}));
    let Undocumented(response) = hidden().await;
    assert_eq!(frames(response).await, ["data: {\"n\":7,\"place\":{\"name\":\"x\"}}\n\n"]);
    let described = ticks(LastEventId::default()).await;
    assert_eq!(frames(described).await.len(), 1);
}
