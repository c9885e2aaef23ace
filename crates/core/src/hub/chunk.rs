//! Bytes for one write, reused from stream to stream.

use crate::{Counts, Cursor, Seq, frame, frame::Frame};
use bytes::Bytes;
use tokio::time::Instant;

/// The bytes that a stream writes next: whole events.
///
/// One chunk serves many streams, one after the other. Streams of one user that stand at one place write the same bytes, ids included: so a
/// chunk remembers what it was encoded for, and the next such stream takes it as it is.
#[derive(Default, Debug)]
pub struct Chunk {
    bytes: Vec<u8>,
    /// Events in it.
    pub(super) events: u64,
    /// Whether one of them is a `gap`.
    pub(super) gap: bool,
    /// When the newest logged one of them was published.
    pub(super) published: Option<Instant>,
    encoded: Option<(Place, Place)>,
}

/// Where in a user's ring and log a stream stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// Which user, in this life of the process.
    pub(super) user: u64,
    /// The index of the ring up to which frames are there: another one is another ring.
    pub(super) next: u64,
    /// The first index that the stream has not written.
    pub(super) index: u64,
    /// The last entry of the log that it has written.
    pub(super) last: Seq,
}

impl Chunk {
    /// What to write.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes as a value of their own.
    pub(super) fn into_bytes(self) -> Bytes {
        self.bytes.into()
    }

    /// Where these bytes lead a stream from a place, if they were encoded for exactly that.
    pub(super) fn reuse(&mut self, place: Place) -> Option<Place> {
        let (_, to) = self.encoded.filter(|(from, _)| *from == place)?;
        // How long it took was observed when they were encoded.
        self.published = None;
        Some(to)
    }

    /// From now on another stream at the same place may take the bytes.
    pub(super) fn encoded(&mut self, from: Place, to: Place) {
        self.encoded = Some((from, to));
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        (self.events, self.gap, self.published, self.encoded) = (0, false, None, None);
    }

    /// Holds nothing but these events.
    pub(super) fn set(&mut self, bytes: &[u8], events: u64) {
        self.clear();
        self.bytes.extend_from_slice(bytes);
        self.events = events;
    }

    /// The events of another one after those that are here.
    pub(super) fn append(&mut self, other: &Self) {
        self.bytes.extend_from_slice(&other.bytes);
        self.events += other.events;
    }

    /// An event of the log at its position.
    pub(super) fn stamp(&mut self, cursor: Cursor, frame: &Frame) {
        frame::stamp(&mut self.bytes, cursor, frame);
        self.events += 1;
    }

    /// An event without an id.
    pub(super) fn live(&mut self, frame: &Frame) {
        self.bytes.extend_from_slice(frame);
        self.events += 1;
    }

    pub(super) fn counts(&mut self, counts: Counts, version: Seq) {
        frame::counts(&mut self.bytes, counts, version);
        self.events += 1;
    }

    /// Tells how many live events were dropped before what comes now, if there were any.
    pub(super) fn tell_gap(&mut self, dropped: u64) {
        if dropped > 0 {
            frame::gap(&mut self.bytes, dropped);
            self.events += 1;
            self.gap = true;
        }
    }
}
