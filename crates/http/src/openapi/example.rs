//! Values for examples: always the same, so that the document is.

use serde_json::{Value, json};

/// A notification's id.
pub(crate) const ID: &str = "01a20806-3eb8-77d1-adb2-c674bcebbbf5";
/// A stream's id.
pub(crate) const CONNECTION: &str = "01a20806-8a01-7e3c-9d41-2f6f0c7d1a58";
/// A position, and the one after it.
pub(crate) const CURSORS: [&str; 2] = ["7f3a91c27f3a91c2-41", "7f3a91c27f3a91c2-42"];
/// A moment.
pub(crate) const MOMENT: &str = "2026-01-31T12:00:00.000Z";

/// What is published.
pub(crate) fn draft() -> Value {
    json!({
        "type": "invoices.approved",
        "to": {"users": ["u1", "u2"]},
        "severity": "success",
        "title": "Invoice approved",
        "link": "/invoices/42",
        "data": {"invoiceId": 42},
        "relatedEntity": {"type": "invoice", "id": "42"},
        "actorId": "u9"
    })
}

/// What becomes of it.
pub(crate) fn notification() -> Value {
    json!({
        "notificationId": ID,
        "notificationTypeName": "invoices.approved",
        "severity": "success",
        "title": "Invoice approved",
        "body": null,
        "link": "/invoices/42",
        "data": {"invoiceId": 42},
        "relatedEntityType": "invoice",
        "relatedEntityId": "42",
        "actorId": "u9",
        "occurredAt": MOMENT
    })
}

/// How it lies in an inbox.
pub(crate) fn item() -> Value {
    let mut item = notification();
    let state = json!({"seq": 42, "read": false, "readAt": null, "seenAt": null, "archivedAt": null});
    if let (Value::Object(item), Value::Object(state)) = (&mut item, state) {
        item.extend(state);
    }
    item
}

/// What a badge shows.
pub(crate) fn counts() -> Value {
    json!({"unread": 4, "unseen": 2, "version": 42})
}

/// The beginning of a stream: its first event, a notification, and the counts with it.
pub(crate) fn stream() -> String {
    let [before, at] = CURSORS;
    let ready = json!({
        "connectionId": CONNECTION,
        "user": "u1",
        "resume": "fresh",
        "cursor": before,
        "counts": {"unread": 3, "unseen": 1, "version": 41},
        "heartbeatSeconds": 30
    });
    format!(
        "retry: 1830\nevent: ready\nid: {before}\ndata: {ready}\n\n\
         id: {at}\nevent: notification\ndata: {}\n\nevent: counts\ndata: {}\n\n",
        notification(),
        counts()
    )
}

/// A value on a line.
pub(crate) fn line(value: &Value) -> String {
    format!("{value}\n")
}
