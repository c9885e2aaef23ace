//! What is encoded is what is parsed, and no value writes a line of another field.

use crate::{event_stream, reference};
use campanile_sse::{Comment, Event, EventId, EventName, Item, Retry};

/// The parts of an event, of which any may be missing.
#[derive(Default)]
struct Parts<'a> {
    comment: Option<Comment>,
    retry: Option<Retry>,
    id: Option<EventId>,
    name: Option<EventName>,
    data: Option<&'a str>,
}

/// Text, in which U+001E ends a part and U+001F an event. Parts: data, name, id, comment, retry.
pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (mut stream, mut expected, mut fields, mut last_id) = (Vec::new(), Vec::new(), Vec::new(), String::new());
    for event in text.split('\u{1f}') {
        let parts = parts(event);
        let before = stream.len();
        let event = parts.event();
        event.encode(&mut stream);
        assert_eq!(stream.len() - before, event.encoded_len());
        parts.expect(&mut expected, &mut fields, &mut last_id);
    }
    assert!(!stream.contains(&b'\r'));
    let heard = reference::read(&stream);
    assert_eq!(heard.items, expected);
    assert_eq!(heard.last_id, last_id);
    assert_eq!(heard.fields, fields);
    event_stream::run(&stream);
}

fn parts(event: &str) -> Parts<'_> {
    let mut parts = event.split('\u{1e}').map(|part| Some(part).filter(|part| !part.is_empty()));
    let mut next = || parts.next().flatten();
    Parts {
        data: next().map(|data| data.strip_prefix('\u{1d}').unwrap_or(data)),
        name: next().and_then(name),
        id: next().and_then(id),
        comment: next().and_then(comment),
        retry: next().and_then(|text| Retry::from_millis(text.parse().ok()?).ok()),
    }
}

/// The wire's rules, said once more.
fn name(text: &str) -> Option<EventName> {
    let name = EventName::parse(text).ok()?;
    assert!(!text.is_empty() && !text.chars().any(char::is_control), "{text:?} is a name");
    assert_eq!(name.as_str(), text);
    Some(name)
}

fn id(text: &str) -> Option<EventId> {
    let id = EventId::parse(text).ok();
    assert_eq!(id.is_some(), text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic()), "{text:?}");
    id
}

fn comment(text: &str) -> Option<Comment> {
    let comment = Comment::parse(text).ok();
    assert!(comment.is_none() || !text.contains(['\r', '\n']), "{text:?} is a comment");
    comment
}

impl Parts<'_> {
    fn event(&self) -> Event<'_> {
        let event = Event::new();
        let event = self.comment.as_ref().map_or(event, |comment| event.comment(comment));
        let event = self.retry.map_or(event, |retry| event.retry(retry));
        let event = self.id.as_ref().map_or(event, |id| event.id(id));
        let event = self.name.as_ref().map_or(event, |name| event.name(name));
        self.data.map_or(event, |data| event.data(data))
    }

    /// What a receiver must hear, from the meaning of the parts alone.
    fn expect(&self, items: &mut Vec<Item<'static>>, fields: &mut Vec<Option<String>>, last_id: &mut String) {
        items.extend(self.comment.as_ref().map(|comment| Item::Comment(comment.to_string().into())));
        items.extend(self.retry.map(|retry| Item::Retry(retry.as_duration())));
        if let Some(id) = &self.id {
            *last_id = id.to_string();
        }
        let data = self.data.map(|data| data.replace("\r\n", "\n").replace('\r', "\n"));
        let lines = data.as_ref().map_or(0, |data| data.split('\n').count());
        items.extend(data.map(|data| {
            let name = self.name.as_ref().map_or_else(|| "message".to_owned(), ToString::to_string);
            let (name, data, last_event_id) = (name.into(), data.into(), last_id.clone().into());
            Item::Event(campanile_sse::Dispatch { name, data, last_event_id })
        }));
        let given = [(self.comment.is_some(), ""), (self.retry.is_some(), "retry"), (self.id.is_some(), "id")];
        fields.extend(given.into_iter().filter(|(given, _)| *given).map(|(_, name)| Some(name.to_owned())));
        fields.extend(self.name.as_ref().map(|_| Some("event".to_owned())));
        fields.extend((0..lines).map(|_| Some("data".to_owned())));
        fields.push(None);
    }
}
