//! Events out of chunks.

use bytes::Bytes;
use campanile_sse::{EventStream, EventStreamError, Limits};
use futures_util::{FutureExt, StreamExt, poll, stream};
use proptest::prelude::*;

use crate::arbitrary;
use crate::reader::{cut, read};

/// Everything `chunks` give: events, and the losses between them.
async fn given(chunks: Vec<&[u8]>, limits: Limits) -> (Vec<String>, String) {
    let chunks = chunks.into_iter().map(|chunk| Ok::<_, std::convert::Infallible>(chunk.to_vec()));
    let mut events = EventStream::new(stream::iter(chunks), limits);
    let mut given = Vec::new();
    while let Some(event) = events.next().await {
        given.push(match event {
            Ok(event) => format!("{event:?}"),
            Err(EventStreamError::Overflow(overflow)) => overflow.to_string(),
            Err(other) => panic!("{other}"),
        });
    }
    (given, events.last_event_id().to_owned())
}

proptest! {
    #[test]
    fn the_events_are_those_of_the_parser(stream in arbitrary::stream(), cuts in arbitrary::cuts()) {
        let limits = Limits { line: 30, event: 20, id: 5 };
        let heard = read(limits, [&stream[..]]);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (given, last) = runtime.block_on(given(cut(&stream, &cuts), limits));
        let expected: Vec<_> = heard.items.iter().filter_map(|item| match item {
            Ok(campanile_sse::Item::Event(event)) => Some(format!("{event:?}")),
            Ok(_) => None,
            Err(overflow) => Some(overflow.to_string()),
        }).collect();
        prop_assert_eq!(given, expected);
        prop_assert_eq!(last, heard.last_event_id);
    }
}

#[tokio::test]
async fn broken_bytes_end_the_stream_with_their_error() {
    let chunks = stream::iter([Ok("data: a\n\nda"), Err("broken"), Ok("ta: b\n\n")]);
    let events: Vec<_> = EventStream::new(chunks, Limits::default()).collect().await;
    let [Ok(event), Err(error)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((&*event.data, *error), ("a", EventStreamError::Bytes("broken")));
}

#[tokio::test]
async fn a_stream_resumed_keeps_its_position_and_begins_anew() {
    let chunks = stream::iter([Ok::<_, ()>("\u{FEFF}data: a\n\n")]);
    let mut events = EventStream::resume(chunks, Limits::default(), "7".to_owned());
    let event = events.next().await.unwrap().unwrap();
    assert_eq!((&*event.data, &*event.last_event_id), ("a", "7"));
}

/// A chunk may be a slice of a large buffer, and the next one may be long in coming.
#[tokio::test]
async fn a_chunk_is_given_back_before_the_next_one_is_waited_for() {
    for text in ["data: a\n\n", "data: a\n\ndata: unfinished", "data: a\n\n: a comment\n"] {
        let chunk = Bytes::from(text.to_owned());
        let chunks = stream::iter([Ok::<_, ()>(chunk.clone())]).chain(stream::pending());
        let mut events = EventStream::new(chunks, Limits::default());
        assert_eq!(events.next().await.unwrap().unwrap().data, "a");
        assert!(poll!(events.next().boxed()).is_pending());
        assert!(chunk.is_unique(), "{text:?} is held");
    }
}

#[tokio::test]
async fn long_events_are_given_away_as_they_were_sent_in_any_chunks() {
    let texts =
        ["x".repeat(3000), "größe 通知 😀 ".repeat(300), "one\n".repeat(1000), format!("{}\nshort", "y".repeat(700))];
    let mut wire = Vec::new();
    for text in &texts {
        campanile_sse::Event::new().data(text).encode(&mut wire);
    }
    for size in [1, 3, 100, 511, 512, 513, 4000, wire.len()] {
        let chunks: Vec<_> = wire.chunks(size).map(|chunk| Ok::<_, ()>(chunk.to_vec())).collect();
        let mut events = EventStream::new(futures_util::stream::iter(chunks), Limits::default());
        for text in &texts {
            assert_eq!(&*events.next().await.unwrap().unwrap().data, text, "in chunks of {size}");
        }
        assert!(events.next().await.is_none());
    }
}
