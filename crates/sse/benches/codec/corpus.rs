//! The events that all contenders handle.

use campanile_sse::{Event, EventId, EventName};

/// An event as an application has it.
pub(crate) struct Given {
    pub(crate) id: String,
    pub(crate) name: &'static str,
    pub(crate) data: String,
}

fn events(count: usize, data: impl Fn(usize) -> String) -> Vec<Given> {
    (0..count).map(|n| Given { id: format!("7f3a91c2-{n}"), name: "notification", data: data(n) }).collect()
}

/// JSON of about 100 bytes.
pub(crate) fn small() -> Vec<Given> {
    events(1000, |n| {
        format!(
            r#"{{"id":{n},"type":"invoices.approved","title":"Invoice {n} approved","link":"/invoices/{n}","read":false}}"#
        )
    })
}

/// One line of 64 KiB.
pub(crate) fn large() -> Vec<Given> {
    events(20, |n| format!("{n}").repeat(64 * 1024).chars().take(64 * 1024).collect())
}

/// One line of 64 KiB in which every character is two or three bytes.
pub(crate) fn large_unicode() -> Vec<Given> {
    events(20, |_| "größe 通知 ".repeat(64 * 1024 / 20))
}

/// 1,000 lines of 60 bytes.
pub(crate) fn lines() -> Vec<Given> {
    events(20, |n| vec![format!("{n:02} {}", "x".repeat(57)); 1000].join("\n"))
}

pub(crate) fn stream(events: &[Given]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for event in events {
        let (id, name) = parts(event);
        Event::new().id(&id).name(&name).data(&event.data).encode(&mut bytes);
    }
    bytes
}

/// Without id and name, as most streams are that are read by programs.
pub(crate) fn data_only(events: &[Given]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for event in events {
        Event::new().data(&event.data).encode(&mut bytes);
    }
    bytes
}

pub(crate) fn parts(event: &Given) -> (EventId, EventName) {
    (EventId::parse(&event.id).unwrap(), EventName::parse(event.name).unwrap())
}
