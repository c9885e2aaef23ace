//! The words of the engine: what they refuse, and what a browser would make of what they take.

use campanile_core::{Json, Link, NotificationId, Severity, SignalName, Tenant, Topic, TypeName, UserId};
use serde_json::Value;
use url::Url;

/// Some of the characters that nobody sees.
const HIDDEN: [char; 7] = ['\u{ad}', '\u{200b}', '\u{200e}', '\u{202e}', '\u{2060}', '\u{2066}', '\u{feff}'];

/// One text is tried as each word.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    who(text);
    names(text);
    id(text);
    link(text);
    json(text);
}

fn who(text: &str) {
    let good = (1..=256).contains(&text.len()) && !text.chars().any(char::is_control);
    UserId::new(text).into_iter().for_each(|id| assert_eq!(id.as_str(), text));
    assert_eq!((UserId::new(text).is_ok(), Tenant::new(text).is_ok()), (good, good));
    if Topic::new(text).is_ok() {
        let blank = |c: char| c.is_whitespace() && c != ' ';
        assert!(
            good && !text.contains(HIDDEN) && !text.contains('*') && !text.chars().any(blank),
            "{text:?} is a topic"
        );
    } else if text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*') {
        assert!(!good, "{text:?} is no topic");
    }
}

/// A name never breaks a line, and never hides anything in one.
fn names(text: &str) {
    let visible = |most: usize| {
        (1..=most).contains(&text.chars().count()) && !text.chars().any(|c| c.is_control() || c.is_whitespace())
    };
    if let Ok(name) = TypeName::new(text) {
        assert!(visible(128) && !text.contains(HIDDEN), "{text:?} is a type's name");
        assert_eq!(name.as_str(), text);
    }
    if let Ok(name) = SignalName::new(text) {
        let stream = ["ready", "notification", "updated", "counts", "gap", "reconnect", "expiring", "__heartbeat__"];
        assert!(visible(64) && !text.contains(HIDDEN), "{text:?} is a signal's name");
        assert!(!stream.contains(&text) && !["open", "error", "message"].contains(&text), "{text:?} is the stream's");
        assert_eq!(name.as_event_name().as_str(), text);
    }
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        assert_eq!(TypeName::new(text).is_ok(), visible(128), "{text:?}");
    }
    assert_eq!(text.parse::<Severity>().is_ok(), ["info", "success", "warning", "error", "fatal"].contains(&text));
}

/// Eight, four, four, four and twelve hexadecimal digits.
fn id(text: &str) {
    let groups: Vec<_> = text.split('-').map(str::len).collect();
    let digits = text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    let id = text.parse::<NotificationId>().ok();
    assert_eq!(id.is_some(), digits && groups == [8, 4, 4, 4, 12], "{text:?}");
    if let Some(id) = id {
        assert_eq!(id.to_string(), text.to_ascii_lowercase());
        assert_eq!(NotificationId::from_bytes(id.to_bytes()), id);
    }
}

/// Wherever a browser goes by a link, it goes there by http(s), and by a path it stays where it is.
fn link(text: &str) {
    let Ok(link) = Link::new(text) else { return };
    assert_eq!(link.as_str(), text);
    let base = Url::parse("https://app.example/inbox/").expect("a URL");
    let Ok(reached) = base.join(text) else { return };
    assert!(matches!(reached.scheme(), "http" | "https"), "{text:?} is {reached}");
    if text.starts_with('/') {
        assert_eq!(reached.origin(), base.origin(), "{text:?} is {reached}");
    }
}

/// The same value, on one line, without white space between its tokens; and taken exactly if others can read it.
fn json(text: &str) {
    let value = serde_json::from_str::<Value>(text);
    let Ok(json) = Json::parse(text) else {
        assert!(value.is_err(), "{text:?} is refused");
        return;
    };
    assert_eq!(value.ok(), serde_json::from_str(json.as_str()).ok(), "{text:?}");
    assert!(!json.as_str().contains(|c: char| c < ' '), "{text:?}");
    assert_eq!(Json::parse(json.as_str()), Ok(json.clone()), "{text:?}");
    let tokens = |text: &str| text.chars().filter(|c| !c.is_ascii_whitespace()).collect::<String>();
    assert_eq!(tokens(json.as_str()), tokens(text));
}
