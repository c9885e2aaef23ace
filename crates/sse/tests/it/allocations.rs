//! How often memory is asked for. The counting allocator counts by thread, so that other tests do not matter.

use allocation_counter::measure;
use campanile_sse::{Comment, Event, EventId, EventName, Item, Limits, Parser, Retry, encode};

fn allocations(job: impl FnOnce()) -> u64 {
    measure(job).count_total
}

/// Events of every kind: named, of many lines, empty, large, not UTF-8.
fn stream() -> Vec<u8> {
    let (id, name) = (EventId::parse("7f3a91c2-41").unwrap(), EventName::parse("notification").unwrap());
    let (long, lines) = ("x".repeat(40_000), "line\n".repeat(500));
    let mut bytes = Vec::new();
    for data in ["small", "größe 通知", "", &long, &lines] {
        Event::new().id(&id).name(&name).data(data).encode(&mut bytes);
        Event::new().data(data).encode(&mut bytes);
    }
    Event::new().retry(Retry::MIN).comment(&Comment::from_static("here")).encode(&mut bytes);
    bytes
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

#[test]
fn encoding_into_a_buffer_that_is_large_enough_allocates_nothing() {
    let name = EventName::parse("notification").unwrap();
    let data = "one\ntwo\r\nthree";
    let mut buf = Vec::with_capacity(20_000);
    let count = allocations(|| {
        for seq in 0..100 {
            let id = EventId::format(format_args!("{:08x}-{seq}", 0x7f3a_91c2)).unwrap();
            Event::new().id(&id).name(&name).data(data).retry(Retry::MIN).encode(&mut buf);
            buf.extend_from_slice(encode::HEARTBEAT);
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn an_event_in_a_buffer_of_its_own_is_one_allocation() {
    let event = Event::new().data(r#"{"n":1}"#);
    assert_eq!(allocations(|| drop(event.to_vec())), 1);
}

/// Reads `stream` in chunks of `size`, and gives the number of events.
fn read(parser: &mut Parser, stream: &[u8], size: usize) -> usize {
    let mut events = 0;
    for mut chunk in stream.chunks(size) {
        while let Some(item) = parser.next_item(&mut chunk).unwrap() {
            events += usize::from(matches!(item, Item::Event(_)));
        }
    }
    events
}

#[test]
fn a_parser_that_has_its_buffers_allocates_nothing_more() {
    let stream = stream();
    for size in [1, 7, 1000, 16 * 1024, stream.len()] {
        let mut parser = Parser::new(Limits::default());
        assert_eq!(read(&mut parser, &stream, size), 10);
        // Buffers take turns, so each has to have seen the largest event.
        for _ in 0..3 {
            read(&mut parser, &stream, size);
        }
        let count = allocations(|| assert_eq!(read(&mut parser, &stream, size), 10));
        assert_eq!(count, 0, "in chunks of {size}");
    }
}

#[test]
fn a_parser_needs_no_buffer_for_events_of_one_line_that_lie_in_one_chunk() {
    let stream = b"id: 7\ndata: hello\n\n".repeat(100);
    let mut parser = Parser::new(Limits::default());
    let count = allocations(|| assert_eq!(read(&mut parser, &stream, stream.len()), 100));
    assert_eq!(count, 2, "the id, and the id before");
}

#[cfg(feature = "stream")]
#[test]
fn an_event_of_a_stream_allocates_its_own_texts_only() {
    use futures_util::{FutureExt, StreamExt, stream};

    let bytes = bytes::Bytes::from(b"id: 7\nevent: n\ndata: hello\n\n".repeat(100));
    let mut events = campanile_sse::EventStream::new(stream::iter([Ok::<_, ()>(bytes)]), Limits::default());
    for _ in 0..2 {
        StreamExt::next(&mut events).now_or_never().unwrap();
    }
    let count = allocations(|| {
        let event = StreamExt::next(&mut events).now_or_never().unwrap().unwrap().unwrap();
        assert_eq!((&*event.name, &*event.data, &*event.last_event_id), ("n", "hello", "7"));
    });
    assert_eq!(count, 3);
}

#[cfg(feature = "axum")]
#[test]
fn a_frame_of_a_response_is_one_allocation_however_many_events_it_holds() {
    use axum::response::IntoResponse;
    use futures_util::{FutureExt, stream};
    use http_body_util::BodyExt;

    for events in [1, 100] {
        let frame = || {
            let response = campanile_sse::ServerSentEvents::new(stream::iter(0..events)).into_response();
            let mut body = response.into_body();
            allocations(|| assert!(body.frame().now_or_never().is_some_and(|frame| frame.is_some())))
        };
        // The first on a thread makes the buffer that they are written in.
        frame();
        assert_eq!(frame(), 1, "{events}");
    }
}
