//! The examples, by the schemas beside them.

use super::SPEC;
use serde_json::Value;

/// Every media type of the document, with the place where it stands.
fn media_types<'a>(value: &'a Value, place: &str, found: &mut Vec<(String, &'a Value)>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (format!("{place}/{name}"), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (format!("{place}/{at}"), value)).collect(),
        _ => return,
    };
    for (place, child) in children {
        if place.contains("/content/") && (child.get("schema").is_some() || child.get("itemSchema").is_some()) {
            found.push((place.clone(), child));
        }
        media_types(child, &place, found);
    }
}

#[test]
fn every_example_is_what_the_schema_beside_it_says() {
    let mut found = Vec::new();
    media_types(SPEC.document(), "", &mut found);
    let mut judged = 0;
    for (place, media) in found {
        if let Some(example) = media.get("example") {
            SPEC.judge_value(&media["schema"], example).unwrap_or_else(|why| panic!("{place}: {why}"));
            judged += 1;
        }
        let Some(text) = media["examples"]["example"]["serializedValue"].as_str() else { continue };
        judged += 1;
        if place.contains("event-stream") {
            assert_eq!(SPEC.judge_stream(text).unwrap(), ["ready", "notification", "counts"]);
            continue;
        }
        for line in text.lines() {
            let value = serde_json::from_str(line).unwrap();
            SPEC.judge_value(&media["itemSchema"], &value).unwrap_or_else(|why| panic!("{place}: {why}"));
        }
    }
    assert!(judged > 50, "{judged}");
}

#[test]
fn every_success_with_a_body_has_an_example() {
    for operation in SPEC.operations() {
        let success = ["200", "201", "202"].iter().find_map(|status| operation.value["responses"].get(status));
        let contents = success.and_then(|response| response["content"].as_object()).into_iter().flatten();
        for (form, media) in contents.filter(|(form, _)| !form.contains("text/plain") && !form.contains("openmetrics"))
        {
            let has = media.get("example").is_some() || media.get("examples").is_some();
            assert!(has || operation.path == "/openapi.json", "{} {}: {form}", operation.method, operation.path);
        }
    }
}
