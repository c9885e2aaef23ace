//! Positions: of streams, by header and by query, and the cursors of pages.

use crate::head;
use campanile_core::{Cursor, UserId};
use campanile_http::fuzzing;
use campanile_sse::LastEventId;
use http::request::Parts;

/// A request's head. Everything in it is a position or none, and never an error.
pub(crate) fn run(data: &[u8]) {
    cursor(data);
    name(data);
    let Some((parts, _)) = head::request(data) else { return };
    let found = LastEventId::of(&parts);
    assert_eq!(found.as_bytes(), expected(&parts).as_deref());
    if let Some(found) = found.as_bytes() {
        cursor(found);
    }
    let sent = |id: &[u8]| id.len() <= 64 && id.iter().all(u8::is_ascii_graphic);
    assert_eq!(found.id().is_some(), found.as_bytes().is_some_and(sent));
}

/// Only what this server writes is a cursor.
fn cursor(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).ok();
    let written = text.and_then(|text| {
        let (epoch, seq) = text.split_once('-')?;
        let hexadecimal = epoch.len() == 16 && epoch.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let plain = seq.bytes().all(|b| b.is_ascii_digit()) && (seq == "0" || !seq.starts_with('0'));
        let (epoch, seq) = (u64::from_str_radix(epoch, 16).ok()?, seq.parse::<u64>().ok()?);
        // Twenty digits are beyond what a store can count.
        (hexadecimal && plain && seq < 10_000_000_000_000_000_000).then_some((epoch, seq))
    });
    let parsed = Cursor::parse(bytes);
    assert_eq!(parsed.map(|cursor| (cursor.epoch.0, cursor.seq.0)), written, "{text:?}");
    if let Some(parsed) = parsed {
        assert_eq!(parsed.to_string().as_bytes(), bytes);
    }
}

/// Every name is found again by its cursor, and no other text leads to it.
fn name(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(user) = UserId::new(text) {
        let cursor = fuzzing::name_cursor(&user);
        let read = fuzzing::names(Some(&format!("cursor={cursor}"))).map(|(_, after)| after);
        assert_eq!(read.ok().flatten(), Some(user));
    }
}

/// The first header, else the first `lastEventId`, else the first `last_event_id`: the first of them that is not empty.
fn expected(parts: &Parts) -> Option<Vec<u8>> {
    let header = parts.headers.get("last-event-id").map(|value| value.as_bytes().to_vec());
    let pairs = fuzzing::pairs(parts.uri.query().unwrap_or_default());
    let parameter =
        |name: &str| pairs.iter().find(|(found, _)| found == name.as_bytes()).map(|(_, value)| value.clone());
    let candidates = [header, parameter("lastEventId"), parameter("last_event_id")];
    candidates.into_iter().flatten().find(|position| !position.is_empty())
}
