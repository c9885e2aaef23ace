//! Frames: events as bytes, ready for the wire, all of them one-line JSON.

mod digits;
#[cfg(feature = "utoipa")]
pub mod schema;

use crate::{
    Change, ConnectionId, Counts, Cursor, EndReason, HeartbeatForm, NotificationId, ResetReason, Resume, Seq,
    StateChange, Timestamp,
};
use bytes::Bytes;
use campanile_sse::{EventName, Retry, encode};
use serde::Serialize;
use std::time::Duration;

const READY: EventName = EventName::from_static("ready");
const NOTIFICATION: EventName = EventName::from_static("notification");
const UPDATED: EventName = EventName::from_static("updated");
const COUNTS: EventName = EventName::from_static("counts");
const GAP: EventName = EventName::from_static("gap");
const RECONNECT: EventName = EventName::from_static("reconnect");
const EXPIRING: EventName = EventName::from_static("expiring");

/// The `event:` and `data:` lines of an event and its blank line: made once, shared by every stream that writes it. A stream puts its
/// own `id:` line before it.
pub type Frame = Bytes;

/// The frame of a named event.
pub(crate) fn event(name: &EventName, data: &str) -> Frame {
    let mut buf = Vec::with_capacity(name.as_str().len() + data.len() + 20);
    write_event(&mut buf, name, data);
    buf.into()
}

fn write_event(buf: &mut Vec<u8>, name: &EventName, data: &str) {
    encode::event_line(buf, name);
    encode::data_lines(buf, data);
    encode::end(buf);
}

/// Values of this module's own types always serialise; if one ever did not, `null` on the wire is better than a dead process.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| {
        tracing::error!(%error, "an event could not be serialised");
        "null".into()
    })
}

/// The frame of a notification's body.
pub(crate) fn notification(body: &str) -> Frame {
    event(&NOTIFICATION, body)
}

/// The data of `updated`.
#[derive(Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(untagged)]
enum Updated<'a> {
    /// These notifications.
    #[serde(rename_all = "camelCase")]
    Some {
        notification_ids: &'a [NotificationId],
        /// What is true of them now.
        state: StateChange,
    },
    /// Everything up to a place in the log.
    #[serde(rename_all = "camelCase")]
    UpTo {
        up_to: Seq,
        /// What is true of it now: read (archived ones are skipped) or seen.
        state: StateChange,
    },
}

/// The frame of a log entry: the one that was announced and the one that is replayed are the same bytes.
pub(crate) fn change(change: &Change) -> Frame {
    match change {
        Change::Arrived(notification) => self::notification(&notification.body),
        _ => event(&UPDATED, &change_data(change)),
    }
}

/// The data of a log entry's event.
pub(crate) fn change_data(change: &Change) -> String {
    match change {
        Change::Arrived(notification) => notification.body.to_string(),
        Change::Gone(id) => json(&Updated::Some { notification_ids: &[*id], state: StateChange::REMOVED }),
        Change::Updated { ids, state } => json(&Updated::Some { notification_ids: ids, state: *state }),
        Change::UpTo { up_to, state } => json(&Updated::UpTo { up_to: *up_to, state: state.change() }),
    }
}

/// Puts a logged event on the wire: its position, then its frame.
pub(crate) fn stamp(buf: &mut Vec<u8>, cursor: Cursor, frame: &[u8]) {
    id_line(buf, cursor);
    buf.extend_from_slice(frame);
}

fn id_line(buf: &mut Vec<u8>, cursor: Cursor) {
    buf.extend_from_slice(b"id: ");
    digits::hexadecimal(buf, cursor.epoch.0);
    buf.push(b'-');
    digits::decimal(buf, cursor.seq.0);
    buf.push(b'\n');
}

/// The counts, true at `version`.
pub(crate) fn counts(buf: &mut Vec<u8>, counts: Counts, version: Seq) {
    encode::event_line(buf, &COUNTS);
    buf.extend_from_slice(br#"data: {"unread":"#);
    digits::decimal(buf, counts.unread);
    buf.extend_from_slice(br#","unseen":"#);
    digits::decimal(buf, counts.unseen);
    buf.extend_from_slice(br#","version":"#);
    digits::decimal(buf, version.0);
    buf.extend_from_slice(b"}\n\n");
}

/// What is said at the beginning of a stream.
#[derive(Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ready<'a> {
    pub connection_id: ConnectionId,
    pub user: &'a str,
    pub resume: Resume,
    /// There if `resume` is `reset`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "utoipa", schema(nullable = false))]
    pub reset_reason: Option<ResetReason>,
    /// The position that the stream continues after.
    pub cursor: Cursor,
    /// True at their `version`, which may be ahead of `cursor`.
    pub counts: VersionedCounts,
    /// Nothing is silent for longer, but for what the way here adds.
    pub heartbeat_seconds: u64,
}

/// Counts with the place in the log where they are true.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema), schema(as = Counts))]
pub struct VersionedCounts {
    /// Not read and not archived.
    pub unread: u64,
    /// Newer than the last time the user looked, not read and not archived.
    pub unseen: u64,
    /// The place in the log.
    pub version: Seq,
}

impl VersionedCounts {
    /// The counts at a place.
    #[must_use]
    pub fn at(counts: Counts, version: Seq) -> Self {
        Self { unread: counts.unread, unseen: counts.unseen, version }
    }
}

/// The first bytes of a stream: a `retry:` line of 1–5 s, then `ready` at the position the stream continues after.
pub(crate) fn greeting(ready: &Ready<'_>) -> Vec<u8> {
    let mut buf = Vec::with_capacity(384);
    encode::retry_line(&mut buf, jittered(1000..5000));
    encode::event_line(&mut buf, &READY);
    id_line(&mut buf, ready.cursor);
    encode::data_lines(&mut buf, &json(ready));
    encode::end(&mut buf);
    buf
}

/// The data of `gap`: so many events without an id were dropped before the next event.
#[derive(Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
struct Gap {
    dropped: u64,
    reason: GapReason,
}

/// Why events were dropped.
#[derive(Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
enum GapReason {
    Overflow,
}

/// So many events without an id were dropped here.
pub(crate) fn gap(buf: &mut Vec<u8>, dropped: u64) {
    write_event(buf, &GAP, &json(&Gap { dropped, reason: GapReason::Overflow }));
}

/// The data of `expiring`.
#[derive(Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct Expiring {
    /// When the credentials end, and the stream with them.
    expires_at: Timestamp,
}

/// The token ends soon.
pub(crate) fn expiring(expires_at: Timestamp) -> Frame {
    event(&EXPIRING, &json(&Expiring { expires_at }))
}

/// A sign of life.
pub(crate) fn heartbeat(form: HeartbeatForm) -> Frame {
    Bytes::from_static(match form {
        HeartbeatForm::Event => encode::HEARTBEAT,
        HeartbeatForm::Comment => encode::COMMENT_HEARTBEAT,
    })
}

/// The data of `reconnect`, the last event of a stream.
#[derive(Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
struct Reconnect {
    reason: EndReason,
    /// When to come back, in milliseconds; the same as the `retry` of the event.
    retry_ms: u32,
}

/// The last event of a stream: why it ends, and when to come back.
pub(crate) fn reconnect(reason: EndReason, retry: Retry) -> Frame {
    let mut buf = Vec::with_capacity(96);
    encode::retry_line(&mut buf, retry);
    write_event(&mut buf, &RECONNECT, &json(&Reconnect { reason, retry_ms: retry.as_millis() }));
    buf.into()
}

/// The whole body of a stream that is refused to a plain `EventSource`, which would give up for good on any status but 200: come
/// back in 5–60 s.
#[must_use]
pub fn refusal(reason: EndReason) -> Bytes {
    reconnect(reason, jittered(5_000..60_000))
}

/// A reconnection time drawn from a range of milliseconds, so that those who leave together do not come back together.
pub(crate) fn jittered(millis: std::ops::Range<u64>) -> Retry {
    Retry::clamped(Duration::from_millis(fastrand::u64(millis)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Epoch, UpToState};

    #[test]
    fn the_frames_are_the_contracts_bytes() {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(text(&heartbeat(HeartbeatForm::Event)), "event: __heartbeat__\ndata:\n\n");
        let up_to = Change::UpTo { up_to: Seq(41), state: UpToState::Read };
        assert_eq!(text(&change(&up_to)), "event: updated\ndata: {\"upTo\":41,\"state\":{\"read\":true}}\n\n");
        let gone = Change::Gone(NotificationId::from_bytes([1; 16]));
        assert_eq!(
            text(&change(&gone)),
            "event: updated\ndata: {\"notificationIds\":[\"01010101-0101-0101-0101-010101010101\"],\"state\":{\"removed\":true}}\n\n"
        );
        let mut buf = Vec::new();
        counts(&mut buf, Counts { unread: 4, unseen: 2 }, Seq(42));
        gap(&mut buf, 12);
        stamp(&mut buf, Cursor { epoch: Epoch(0x7f3a), seq: Seq(41) }, b"event: x\n\n");
        assert_eq!(
            text(&buf),
            concat!(
                "event: counts\ndata: {\"unread\":4,\"unseen\":2,\"version\":42}\n\n",
                "event: gap\ndata: {\"dropped\":12,\"reason\":\"overflow\"}\n\n",
                "id: 0000000000007f3a-41\nevent: x\n\n"
            )
        );
    }

    #[test]
    fn a_reconnect_says_the_same_time_twice() {
        let frame = reconnect(EndReason::Draining, Retry::clamped(Duration::from_millis(1830)));
        assert_eq!(&frame[..], b"retry: 1830\nevent: reconnect\ndata: {\"reason\":\"draining\",\"retryMs\":1830}\n\n");
    }
}
