//! The parser of event streams against a reference that has the whole stream at once and reads it as the standard is written.

use crate::{chunks, reference};
use campanile_sse::{Item, Limits, Overflow, Parser};

/// So small that the fuzzer passes each of them.
const SMALL: Limits = Limits { line: 24, event: 20, id: 5 };

/// Any bytes are a stream.
pub(crate) fn run(data: &[u8]) {
    let expected = reference::read(data);
    for chunks in [vec![data], chunks::one_by_one(data), chunks::drawn(data)] {
        let heard = read(Limits::default(), &chunks);
        assert_eq!(heard.overflows, [], "within the limits");
        assert_eq!(heard.items, expected.items);
        assert_eq!(heard.last_id, expected.last_id);
    }
    with_small_limits(data, &expected);
}

/// Beyond its limits a parser loses whole events and nothing else, holds no more than it says, and does not depend on the chunks.
fn with_small_limits(data: &[u8], unlimited: &reference::Heard) {
    let whole = read(SMALL, &[data]);
    for chunks in [chunks::one_by_one(data), chunks::drawn(data)] {
        let heard = read(SMALL, &chunks);
        assert_eq!((&heard.items, &heard.last_id), (&whole.items, &whole.last_id));
        assert_eq!(heard.overflows, whole.overflows);
    }
    let mut rest = unlimited.items.iter();
    for item in &whole.items {
        assert!(rest.any(|known| like(known, item)), "{item:?} is not in the stream");
    }
    let events = |items: &[Item<'_>]| items.iter().filter(|item| matches!(item, Item::Event(_))).count();
    assert!(events(&unlimited.items) - events(&whole.items) <= whole.overflows.len(), "lost without a word");
    assert!(whole.most <= SMALL.line + 2 * SMALL.event + 2 * SMALL.id, "{} bytes held", whole.most);
}

/// An event keeps its name and data; its position may be older when one before it was lost.
fn like(a: &Item<'_>, b: &Item<'_>) -> bool {
    match (a, b) {
        (Item::Event(a), Item::Event(b)) => a.name == b.name && a.data == b.data,
        _ => a == b,
    }
}

struct Heard {
    items: Vec<Item<'static>>,
    overflows: Vec<Overflow>,
    last_id: String,
    /// The most bytes that it held between two chunks.
    most: usize,
}

fn read(limits: Limits, chunks: &[&[u8]]) -> Heard {
    let mut parser = Parser::new(limits);
    let (mut items, mut overflows, mut most) = (Vec::new(), Vec::new(), 0);
    for chunk in chunks {
        let mut rest = *chunk;
        loop {
            match parser.next_item(&mut rest) {
                Ok(Some(item)) => items.push(item.into_owned()),
                Ok(None) => break,
                Err(overflow) => overflows.push(overflow),
            }
        }
        assert!(rest.is_empty(), "a chunk is read to its end");
        most = most.max(parser.heap_bytes());
    }
    let last_id = parser.last_event_id().to_owned();
    assert_eq!(parser.restart().last_event_id(), last_id, "a restart keeps the position");
    Heard { items, overflows, last_id, most }
}
