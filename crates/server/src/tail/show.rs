//! Events as lines: for people, and for programs.

use campanile_sse::Dispatch;
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use std::fmt::Write;

/// One event on one line.
#[derive(Serialize)]
struct Line<'a> {
    event: &'a str,
    id: Option<&'a str>,
    data: Box<RawValue>,
}

/// For programs. `id` is the event's own; most have none.
pub(super) fn object(event: &Dispatch<'_>, id: Option<&str>) -> String {
    // Line ends in JSON are white space between tokens.
    let line = event.data.replace(['\r', '\n'], " ");
    let data = RawValue::from_string(line).or_else(|_| serde_json::value::to_raw_value(event.data.as_ref()));
    let line = data.and_then(|data| serde_json::to_string(&Line { event: &event.name, id, data }));
    // Text and numbers can always be written.
    line.unwrap_or_default() + "\n"
}

/// For people.
pub(super) fn sentence(event: &Dispatch<'_>) -> String {
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    let text = match event.name.as_ref() {
        "notification" => notification(&data),
        "updated" => updated(&data),
        "counts" => format!("{} unread, {} unseen", data["unread"], data["unseen"]),
        "gap" => format!("{} events were dropped here: too slow", data["dropped"]),
        _ => event.data.to_string(),
    };
    format!("{:<12}  {}\n", clean(&event.name), clean(&text))
}

/// What an event about the connection means, for people.
pub(super) fn news(event: &Dispatch<'_>) -> Option<String> {
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    let word = |name: &str| clean(data[name].as_str().unwrap_or("without a reason"));
    match event.name.as_ref() {
        "reconnect" => Some(format!("the server ends the stream: {}", word("reason"))),
        "expiring" => Some(format!("the token ends at {}", word("expiresAt"))),
        "gap" => Some(sentence(event).trim_end().to_owned()),
        _ => None,
    }
}

fn notification(data: &Value) -> String {
    let word = |name: &str| data[name].as_str().filter(|text| !text.is_empty());
    let words = [word("occurredAt"), word("severity"), word("notificationTypeName"), word("title")];
    let mut text = words.into_iter().flatten().collect::<Vec<_>>().join("  ");
    for (before, name) in [(": ", "body"), ("  ", "link")] {
        if let Some(more) = word(name) {
            text = text + before + more;
        }
    }
    if !data["data"].is_null() {
        // Writing to a string cannot fail.
        _ = write!(text, "  {}", data["data"]);
    }
    text
}

fn updated(data: &Value) -> String {
    let state = data["state"].as_object().into_iter().flatten();
    let words: Vec<_> =
        state.map(|(word, on)| if *on == false { format!("not {word}") } else { word.clone() }).collect();
    match data["notificationIds"].as_array() {
        Some(ids) => {
            format!("{}: {}", words.join(", "), ids.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "))
        }
        None => format!("{}: all up to {}", words.join(", "), data["upTo"]),
    }
}

/// Without what would move a terminal's cursor, change its colours, or turn text around.
pub(super) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' => {
                clean.extend(letter.escape_unicode());
            }
            _ if letter.is_control() => clean.extend(letter.escape_default()),
            _ => clean.push(letter),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event<'a>(name: &'a str, data: &'a str) -> Dispatch<'a> {
        Dispatch { name: name.into(), data: data.into(), last_event_id: "e-7".into() }
    }

    #[test]
    fn people_get_words() {
        for (name, data, line) in [
            (
                "notification",
                r#"{"occurredAt":"2026-01-01T00:00:00Z","severity":"info","notificationTypeName":"a.b","title":"T","body":"B","link":"/x","data":[1]}"#,
                "notification  2026-01-01T00:00:00Z  info  a.b  T: B  /x  [1]\n",
            ),
            (
                "notification",
                r#"{"severity":"info","notificationTypeName":"a.b","title":null,"data":null}"#,
                "notification  info  a.b\n",
            ),
            ("updated", r#"{"notificationIds":["n1","n2"],"state":{"read":true}}"#, "updated       read: n1 n2\n"),
            ("updated", r#"{"notificationIds":["n1"],"state":{"archived":false}}"#, "updated       not archived: n1\n"),
            ("updated", r#"{"upTo":41,"state":{"seen":true}}"#, "updated       seen: all up to 41\n"),
            ("counts", r#"{"unread":4,"unseen":2,"version":42}"#, "counts        4 unread, 2 unseen\n"),
            ("gap", r#"{"dropped":12,"reason":"overflow"}"#, "gap           12 events were dropped here: too slow\n"),
            ("order.status", r#"{"a": 1}"#, "order.status  {\"a\": 1}\n"),
        ] {
            assert_eq!(sentence(&event(name, data)), line);
        }
    }

    #[test]
    fn what_is_about_the_connection_is_told() {
        let told = |name, data| news(&event(name, data));
        let reason = r#"{"reason":"draining","retryMs":1830}"#;
        assert_eq!(told("reconnect", reason).as_deref(), Some("the server ends the stream: draining"));
        let end = r#"{"expiresAt":"2026-01-01T00:00:00Z"}"#;
        assert_eq!(told("expiring", end).as_deref(), Some("the token ends at 2026-01-01T00:00:00Z"));
        assert!(told("gap", r#"{"dropped":12}"#).is_some_and(|told| told.contains("12 events were dropped")));
        assert_eq!(told("notification", "{}"), None);
    }

    #[test]
    fn nothing_reaches_a_terminal_but_text() {
        let line = sentence(&event("a\u{1b}b", "\u{1b}[2J\r\nred\u{202e}\u{9b}\u{7f}"));
        assert_eq!(line, "a\\u{1b}b      \\u{1b}[2J\\r\\nred\\u{202e}\\u{9b}\\u{7f}\n");
    }

    #[test]
    fn programs_get_data_as_it_is_on_one_line() {
        assert_eq!(
            object(&event("n", "{\"a\":1.10,\n\"b\":1e400}"), Some("e-7")),
            "{\"event\":\"n\",\"id\":\"e-7\",\"data\":{\"a\":1.10, \"b\":1e400}}\n"
        );
        assert_eq!(object(&event("n", ""), None), "{\"event\":\"n\",\"id\":null,\"data\":\"\"}\n");
        assert_eq!(object(&event("n", "two\nlines"), None), "{\"event\":\"n\",\"id\":null,\"data\":\"two\\nlines\"}\n");
    }
}
