//! Strategies for everything that can be encoded, and for bytes that look like a stream.

use campanile_sse::{Comment, Event, EventId, EventName, Retry};
use proptest::prelude::*;
use proptest::sample::Index;

/// The parts of an event, owned.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) comment: Option<Comment>,
    pub(crate) retry: Option<Retry>,
    pub(crate) id: Option<EventId>,
    pub(crate) name: Option<EventName>,
    pub(crate) data: Option<String>,
}

impl Parts {
    pub(crate) fn event(&self) -> Event<'_> {
        let mut event = Event::new();
        event = self.comment.as_ref().map_or(event, |comment| event.comment(comment));
        event = self.retry.map_or(event, |retry| event.retry(retry));
        event = self.id.as_ref().map_or(event, |id| event.id(id));
        event = self.name.as_ref().map_or(event, |name| event.name(name));
        self.data.as_deref().map_or(event, |data| event.data(data))
    }
}

pub(crate) fn parts() -> impl Strategy<Value = Parts> {
    use proptest::option::of;
    (of(comment()), of(retry()), of(id()), of(name()), of(text())).prop_map(|(comment, retry, id, name, data)| Parts {
        comment,
        retry,
        id,
        name,
        data,
    })
}

/// Any text at all, rich in what could go wrong: line ends, colons, spaces, NUL, BOM, field names.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => any::<char>().prop_map(String::from),
        2 => "[\r\n]{1,3}",
        2 => "[ :a\t\0\u{FEFF}\u{2028}\u{85}\u{b}]{1,3}",
        1 => "(data|event|id|retry): ?[0-9a-z]{0,3}",
        1 => "[ -~]{0,80}",
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn comment() -> impl Strategy<Value = Comment> {
    text().prop_map(|text| Comment::parse(&text.replace(['\r', '\n', '\0'], "")).unwrap())
}

fn retry() -> impl Strategy<Value = Retry> {
    (500..=3_600_000_u64).prop_map(|millis| Retry::from_millis(millis).unwrap())
}

fn id() -> impl Strategy<Value = EventId> {
    "[!-~]{1,64}".prop_map(|id| EventId::parse(&id).unwrap())
}

fn name() -> impl Strategy<Value = EventName> {
    let fit = text().prop_filter_map("not fit to be a name", |text| {
        let text: String = text.chars().filter(|&char| EventName::parse(&char.to_string()).is_ok()).collect();
        EventName::parse(&text).ok()
    });
    prop_oneof![fit, "[a-z._:]{1,20}".prop_map(|name| EventName::parse(&name).unwrap())]
}

/// Bytes that a hostile or broken peer might send: fragments of streams, fragments of characters, anything.
pub(crate) fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        2 => proptest::collection::vec(any::<u8>(), 0..6),
        4 => "[\r\n]{1,2}".prop_map(String::into_bytes),
        4 => "(data|event|id|retry|Data|x|)(: ?|)[0-9a\0 :]{0,4}".prop_map(String::into_bytes),
        2 => proptest::sample::select(vec![&b"\xEF\xBB\xBF"[..], b"\xE2\x82", b"\xC0\xAF", b"\xED\xA0\x80", b"\xF0\x9F\x98\x80"])
            .prop_map(<[u8]>::to_vec),
        1 => long(),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Of a line so long that a parser does not wait for its end.
fn long() -> impl Strategy<Value = Vec<u8>> {
    let period = prop_oneof!["\\PC{1,6}".prop_map(String::into_bytes), proptest::collection::vec(any::<u8>(), 1..6)];
    (period, 200..600_usize).prop_map(|(period, times)| [&b"data: "[..], &period.repeat(times)].concat())
}

pub(crate) fn cuts() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(any::<Index>().prop_map(|index| index.index(1 << 20)), 0..12)
}
