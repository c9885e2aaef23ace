//! From bytes to events.

use std::convert::Infallible;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use campanile_sse::{EventStream, Item, Limits, Parser};
use eventsource_stream::Eventsource;
use futures_util::{Stream, stream};
use sse_stream::SseByteStream;

use crate::corpus;
use crate::turns::{Contender, Row, contender};

/// As they come off a socket.
const CHUNK: usize = 16 * 1024;

pub(crate) fn rows() -> Vec<Row> {
    let row = |name, events: usize, bytes: Vec<u8>, size: usize| Row {
        name,
        events,
        bytes: bytes.len(),
        contenders: contenders(&bytes, size),
    };
    vec![
        row("parse small events", 1000, corpus::stream(&corpus::small()), CHUNK),
        row("parse small events of data alone", 1000, corpus::data_only(&corpus::small()), CHUNK),
        row("parse small events, CRLF", 1000, crlf(&corpus::stream(&corpus::small())), CHUNK),
        row("parse large events", 20, corpus::stream(&corpus::large()), CHUNK),
        row("parse large events of many scripts", 20, corpus::stream(&corpus::large_unicode()), CHUNK),
        row("parse large events, each in one chunk", 20, corpus::stream(&corpus::large()), 128 * CHUNK),
        row("parse events of many lines", 20, corpus::stream(&corpus::lines()), CHUNK),
        row("parse small events byte by byte", 1000, corpus::stream(&corpus::small()), 1),
        row("parse small events in chunks of 100", 1000, corpus::stream(&corpus::small()), 100),
    ]
}

fn crlf(stream: &[u8]) -> Vec<u8> {
    String::from_utf8(stream.to_vec()).unwrap().replace('\n', "\r\n").into_bytes()
}

type Chunks = Vec<Result<Bytes, Infallible>>;

fn contenders(bytes: &[u8], size: usize) -> Vec<Contender> {
    let whole = Bytes::copy_from_slice(bytes);
    let chunks: Chunks =
        (0..bytes.len()).step_by(size).map(|at| Ok(whole.slice(at..bytes.len().min(at + size)))).collect();
    let (one, two, three) = (chunks.clone(), chunks.clone(), chunks.clone());
    vec![
        ours(chunks),
        contender("campanile-sse `EventStream`", move || {
            drain(EventStream::new(stream::iter(one.iter().cloned()), Limits::default()))
        }),
        contender("eventsource-stream 0.2", move || drain(stream::iter(two.iter().cloned()).eventsource())),
        contender("sse-stream 0.3", move || drain(SseByteStream::new(stream::iter(three.iter().cloned())))),
    ]
}

fn ours(chunks: Chunks) -> Contender {
    contender("campanile-sse `Parser`", move || {
        let (mut parser, mut events) = (Parser::new(Limits::default()), 0);
        for chunk in &chunks {
            let mut input = &chunk.as_ref().unwrap()[..];
            while let Some(item) = parser.next_item(&mut input).unwrap() {
                events += usize::from(matches!(item, Item::Event(_)));
                black_box(item);
            }
        }
        events
    })
}

/// The number of events in a stream that is always ready.
fn drain<T>(stream: impl Stream<Item = T>) -> usize {
    let (mut stream, mut context) = (pin!(stream), Context::from_waker(Waker::noop()));
    let mut events = 0;
    while let Poll::Ready(Some(event)) = stream.as_mut().poll_next(&mut context) {
        black_box(event);
        events += 1;
    }
    events
}
