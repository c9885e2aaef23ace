//! Reading a whole stream, in whatever chunks.

use std::time::Duration;

use campanile_sse::{Dispatch, Item, Limits, Overflow, Parser};

/// Everything a stream said, and what is left in force at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) items: Vec<Result<Item<'static>, Overflow>>,
    pub(crate) last_event_id: String,
}

impl Heard {
    pub(crate) fn dispatches(&self) -> impl Iterator<Item = &Dispatch<'static>> {
        self.items.iter().filter_map(|item| match item {
            Ok(Item::Event(event)) => Some(event),
            _ => None,
        })
    }

    pub(crate) fn reconnection_time(&self) -> Option<Duration> {
        self.items.iter().rev().find_map(|item| match item {
            Ok(Item::Retry(time)) => Some(*time),
            _ => None,
        })
    }
}

/// Reads `chunks` as one stream. After an overflow it reads on.
pub(crate) fn read<'c>(limits: Limits, chunks: impl IntoIterator<Item = &'c [u8]>) -> Heard {
    let mut parser = Parser::new(limits);
    let mut items = Vec::new();
    for mut chunk in chunks {
        while let Some(item) = parser.next_item(&mut chunk).transpose() {
            items.push(item.map(Item::into_owned));
        }
        assert!(chunk.is_empty(), "`None` means that all was read");
        assert!(parser.heap_bytes() <= limits.line + 2 * limits.event + 2 * limits.id);
    }
    Heard { items, last_event_id: parser.last_event_id().to_owned() }
}

/// Cuts `stream` at `cuts` (any numbers; taken modulo the length), which makes empty chunks too.
pub(crate) fn cut<'s>(stream: &'s [u8], cuts: &[usize]) -> Vec<&'s [u8]> {
    let mut at: Vec<_> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    at.sort_unstable();
    let ends = at.iter().copied().chain([stream.len()]);
    let starts = [0].into_iter().chain(at.iter().copied());
    starts.zip(ends).map(|(start, end)| &stream[start..end]).collect()
}
