//! What is encoded is what is parsed.

use std::borrow::Cow;

use campanile_sse::{Dispatch, Item, Limits};
use proptest::prelude::*;

use crate::arbitrary::{self, Parts};
use crate::reader::{cut, read};

/// What a receiver must hear of `events`, from the meaning of the parts alone.
fn expected(events: &[Parts]) -> (Vec<Item<'static>>, String) {
    let mut items = Vec::new();
    let mut last_id = String::new();
    for parts in events {
        items.extend(parts.comment.iter().map(|comment| Item::Comment(comment.to_string().into())));
        items.extend(parts.retry.map(|retry| Item::Retry(retry.as_duration())));
        if let Some(id) = &parts.id {
            last_id = id.to_string();
        }
        items.extend(parts.data.as_ref().map(|data| {
            Item::Event(Dispatch {
                name: parts.name.as_ref().map_or(Cow::Borrowed("message"), |name| name.to_string().into()),
                data: data.replace("\r\n", "\n").replace('\r', "\n").into(),
                last_event_id: last_id.clone().into(),
            })
        }));
    }
    (items, last_id)
}

proptest! {
    #[test]
    fn parsing_what_was_encoded_gives_it_back_in_any_chunks(
        events in proptest::collection::vec(arbitrary::parts(), 0..6),
        cuts in arbitrary::cuts(),
    ) {
        let mut stream = Vec::new();
        for parts in &events {
            let before = stream.len();
            parts.event().encode(&mut stream);
            prop_assert_eq!(stream.len() - before, parts.event().encoded_len());
        }
        let heard = read(Limits::default(), cut(&stream, &cuts));
        let (items, last_id) = expected(&events);
        prop_assert_eq!(heard.items, items.into_iter().map(Ok).collect::<Vec<_>>());
        prop_assert_eq!(heard.last_event_id, last_id);
    }

    #[test]
    fn nothing_encoded_holds_a_cr_or_a_line_of_another_field(parts in arbitrary::parts()) {
        let encoded = parts.event().to_vec();
        prop_assert!(!encoded.contains(&b'\r'));
        let text = String::from_utf8(encoded).unwrap();
        let mut kinds: Vec<_> = text.lines().map(|line| line.split(':').next().unwrap()).collect();
        kinds.dedup();
        let given = [
            parts.comment.as_ref().map(|_| ""),
            parts.retry.map(|_| "retry"),
            parts.id.map(|_| "id"),
            parts.name.as_ref().map(|_| "event"),
            parts.data.as_ref().map(|_| "data"),
            Some(""),
        ];
        let mut given: Vec<_> = given.into_iter().flatten().collect();
        given.dedup();
        prop_assert_eq!(kinds, given, "a comment and the blank line both begin with nothing");
    }
}
