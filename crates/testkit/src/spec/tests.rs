//! The judge, judged by planted faults.

use super::*;
use serde_json::json;

const ID: &str = "01a20806-3eb8-77d1-adb2-c674bcebbbf5";

fn spec() -> Spec {
    let thing = json!({
        "type": "object", "required": ["id"],
        "properties": {"id": {"type": "string", "format": "uuid"}, "data": {}, "in": {"$ref": "#/components/schemas/Inner"}}
    });
    let more = json!({"allOf": [{"$ref": "#/components/schemas/Thing"}, {"type": "object", "required": ["n"],
        "properties": {"n": {"type": "integer"}}}]});
    let pinged = json!({"type": "object", "required": ["event", "data"], "additionalProperties": false, "properties": {
        "event": {"enum": ["ping"]}, "retry": {"type": "integer"},
        "data": {"type": "string", "contentSchema": {"$ref": "#/components/schemas/Inner"}}}});
    let answers = json!({
        "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/More"}}}},
        "204": {},
        "429": {"$ref": "#/components/responses/Later"}
    });
    let stream =
        json!({"200": {"content": {"text/event-stream": {"itemSchema": {"$ref": "#/components/schemas/Pinged"}}}}});
    Spec::read(&json!({
        "paths": {
            "/things/{id}": {"get": {"responses": answers}},
            "/things/counts": {"post": {"responses": {"204": {}}}},
            "/notifications/stream": {"get": {"responses": stream}}
        },
        "components": {
            "schemas": {"Thing": thing, "More": more, "Pinged": pinged, "Problem": {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}},
                "Inner": {"type": "object", "properties": {"x": {"type": "integer"}}}},
            "responses": {"Later": {"headers": {"Retry-After": {}}, "content": {"application/problem+json": {"schema": {}}}}}
        }
    }).to_string())
}

fn judge(method: &str, path: &str, status: u16, fields: &[(&str, &str)], body: &Value) -> Result<(), String> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    spec().judge(method, path, &Seen { status, fields: fields.to_vec(), body: body.as_bytes() })
}

const JSON: &[(&str, &str)] = &[("Content-Type", "application/json")];

#[test]
fn what_is_as_described_passes() {
    let more = json!({"id": ID, "n": 1, "data": {"any": ["thing"]}, "in": {"x": 1}});
    assert_eq!(judge("GET", "/things/7", 200, JSON, &more), Ok(()));
    assert_eq!(judge("HEAD", "/things/7", 200, JSON, &Value::Null), Ok(()));
    assert_eq!(judge("GET", "/things/7", 204, &[], &Value::Null), Ok(()));
    assert_eq!(judge("POST", "/things/counts", 204, &[], &Value::Null), Ok(()));
    let later = [("retry-after", "1"), ("content-type", "application/problem+json")];
    assert_eq!(judge("GET", "/things/7", 429, &later, &json!({})), Ok(()));
    assert_eq!(judge("GET", "/nothing", 404, &[], &json!({"code": "x"})), Ok(()));
    assert_eq!(judge("PUT", "/things/7", 405, &[], &json!({"code": "x"})), Ok(()));
}

#[test]
fn whatever_is_not_as_described_is_a_fault() {
    let good = json!({"id": ID, "n": 1});
    for (what, faulty) in [
        ("an undocumented status", judge("GET", "/things/7", 418, JSON, &good)),
        ("an undocumented method", judge("PUT", "/things/7", 204, &[], &Value::Null)),
        ("an undocumented path", judge("GET", "/others", 200, JSON, &good)),
        ("a literal path that a variable one would fit", judge("POST", "/things/7", 204, &[], &Value::Null)),
        ("a missing member", judge("GET", "/things/7", 200, JSON, &json!({"id": ID}))),
        ("an unknown member", judge("GET", "/things/7", 200, JSON, &json!({"id": ID, "n": 1, "m": 2}))),
        (
            "an unknown member further in",
            judge("GET", "/things/7", 200, JSON, &json!({"id": ID, "n": 1, "in": {"y": 2}})),
        ),
        ("a wrong type", judge("GET", "/things/7", 200, JSON, &json!({"id": ID, "n": "1"}))),
        ("a wrong format", judge("GET", "/things/7", 200, JSON, &json!({"id": "7", "n": 1}))),
        ("another media type", judge("GET", "/things/7", 200, &[("Content-Type", "text/html")], &good)),
        ("no media type", judge("GET", "/things/7", 200, &[], &good)),
        ("a body where none is described", judge("GET", "/things/7", 204, JSON, &good)),
        (
            "a missing header",
            judge("GET", "/things/7", 429, &[("content-type", "application/problem+json")], &json!({})),
        ),
        ("no problem where there is no path", judge("GET", "/nothing", 404, &[], &json!({}))),
    ] {
        assert!(faulty.is_err(), "{what}");
    }
}

#[test]
fn events_are_judged_with_their_data() {
    let spec = spec();
    let names = spec.judge_stream(": hello\n\nretry: 10\nevent: ping\ndata: {\"x\":1}\n\nevent: ping\nda");
    assert_eq!(names, Ok(vec!["ping".to_owned()]));
    for bad in [
        "event: pong\ndata: {}\n\n",
        "event: ping\n\n",
        "event: ping\ndata: {\"x\":\"1\"}\n\n",
        "event: ping\nid: 7\ndata: {}\n\n",
    ] {
        assert!(spec.judge_stream(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_document_in_the_repository_is_valid_openapi() {
    let read = |file: &str| {
        let text = std::fs::read_to_string(format!("{}/../../spec/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let meta = jsonschema::options().should_validate_formats(true).build(&read("openapi-3.2/schema.json")).unwrap();
    let mut document = read("openapi.json");
    let faults = |document: &Value| meta.iter_errors(document).map(|fault| fault.to_string()).collect::<Vec<_>>();
    assert_eq!(faults(&document), [""; 0]);
    // It can say no: a status of four digits, and content that is none.
    document["paths"]["/health/live"]["get"]["responses"]["2000"] = json!({});
    document["components"]["responses"]["Invalid"]["content"] = json!(7);
    assert!(!faults(&document).is_empty());
}
