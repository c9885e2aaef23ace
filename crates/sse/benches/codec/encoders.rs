//! From events to bytes.

use std::hint::black_box;
use std::rc::Rc;

use bytes::Bytes;
use campanile_sse::{Event, EventId, EventName};

use crate::corpus::{self, Given};
use crate::turns::{Contender, Row, contender};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row("encode small events", corpus::small()),
        row("encode large events", corpus::large()),
        row("encode events of many lines", corpus::lines()),
    ]
}

fn row(name: &'static str, events: Vec<Given>) -> Row {
    let bytes = corpus::stream(&events).len();
    let count = events.len();
    let events = Rc::new(events);
    Row {
        name,
        events: count,
        bytes,
        contenders: vec![ours(&events), ours_owned(&events), axum(&events), sse_stream(&events)],
    }
}

/// Ids and names are checked when they are made, here before. The others check, or trust, each time.
fn checked(events: &[Given]) -> Vec<(EventId, EventName, String)> {
    let with = |event: &Given| {
        let (id, name) = corpus::parts(event);
        (id, name, event.data.clone())
    };
    events.iter().map(with).collect()
}

fn ours(events: &[Given]) -> Contender {
    let events = checked(events);
    let mut buf = Vec::new();
    contender("campanile-sse, into one buffer", move || {
        for (id, name, data) in &events {
            buf.clear();
            Event::new().id(id).name(name).data(data).encode(&mut buf);
            black_box(&buf);
        }
        events.len()
    })
}

fn ours_owned(events: &[Given]) -> Contender {
    let events = checked(events);
    contender("campanile-sse, a buffer for each", move || {
        for (id, name, data) in &events {
            black_box(Bytes::from(Event::new().id(id).name(name).data(data).to_vec()));
        }
        events.len()
    })
}

/// It encodes while it is built. There is no way to the bytes but through a response, which would only add to it.
fn axum(events: &Rc<Vec<Given>>) -> Contender {
    let events = Rc::clone(events);
    contender("axum 0.8 `Event`, built", move || {
        for event in &*events {
            let built = axum::response::sse::Event::default().id(&event.id).event(event.name).data(&event.data);
            drop(black_box(built));
        }
        events.len()
    })
}

fn sse_stream(events: &Rc<Vec<Given>>) -> Contender {
    let events = Rc::clone(events);
    contender("sse-stream 0.3 `Sse`", move || {
        for event in &*events {
            let event = sse_stream::Sse::default().id(&*event.id).event(event.name).data(&*event.data);
            black_box(Bytes::try_from(event).unwrap());
        }
        events.len()
    })
}
