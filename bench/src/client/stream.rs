//! One stream, without its socket: bytes go in, stamps come out.

use super::{
    http::{Chunks, Framing, Head},
    judge::Seen,
    stamp::{Scanner, Stamp},
};
use campanile_sse::{Item, Limits, Parser};

/// What a stream knows of itself, whatever connection it is on.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    /// Keeps reading events by the rules of the format, so that its position is known. Else they are only searched for stamps.
    pub(crate) parses: bool,
    /// The id of the last event, if there was one.
    pub(crate) position: Option<String>,
    pub(crate) seen: Seen,
    pub(crate) bytes: u64,
    state: State,
    chunks: Option<Chunks>,
}

#[derive(Debug)]
enum State {
    Head(Vec<u8>),
    /// Reads events: until it is ready, or always.
    Events {
        parser: Box<Parser>,
        ready: bool,
    },
    Raw(Scanner),
}

impl Default for State {
    fn default() -> Self {
        Self::Head(Vec::new())
    }
}

/// Who is told what came.
pub(crate) trait Listener {
    /// The stream misses nothing from now on.
    fn ready(&mut self);
    fn stamp(&mut self, stamp: Stamp);
}

impl Stream {
    pub(crate) fn of(parses: bool, position: Option<String>) -> Self {
        Self { parses, position, ..Self::default() }
    }

    /// A new connection: what was seen stays.
    pub(crate) fn restart(&mut self) {
        (self.state, self.chunks) = (State::default(), None);
    }

    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.state, State::Raw(_) | State::Events { ready: true, .. })
    }

    /// Whether its end was announced, and not that of a connection that broke.
    pub(crate) fn has_ended(&self) -> bool {
        self.chunks.as_ref().is_some_and(Chunks::are_done)
    }

    /// Takes what was read. `ready` is the event after which it misses nothing; without one, the head is enough.
    pub(crate) fn feed(&mut self, bytes: &[u8], ready: Option<&str>, to: &mut impl Listener) -> Result<(), String> {
        self.bytes += bytes.len() as u64;
        let State::Head(head) = &mut self.state else {
            return self.body(bytes, ready, to);
        };
        head.extend_from_slice(bytes);
        let Some(found) = Head::read(head)? else { return Ok(()) };
        if found.status != 200 {
            return Err(format!("a stream was refused: {}", String::from_utf8_lossy(head)));
        }
        let rest = head.split_off(found.end);
        self.chunks = (found.body == Framing::Chunked).then(Chunks::default);
        let parser = Box::new(Parser::new(Limits::default()));
        self.state = State::Events { parser, ready: false };
        if ready.is_none() {
            self.now_ready(to);
        }
        self.body(&rest, ready, to)
    }

    fn now_ready(&mut self, to: &mut impl Listener) {
        if let State::Events { ready, .. } = &mut self.state {
            *ready = true;
        }
        if !self.parses {
            self.state = State::Raw(Scanner::default());
        }
        to.ready();
    }

    fn body(&mut self, bytes: &[u8], ready: Option<&str>, to: &mut impl Listener) -> Result<(), String> {
        let Some(mut chunks) = self.chunks.take() else {
            return self.piece(bytes, ready, to);
        };
        let mut outcome = Ok(());
        let fed = chunks.feed(bytes, |piece| {
            if outcome.is_ok() {
                outcome = self.piece(piece, ready, to);
            }
        });
        self.chunks = Some(chunks);
        fed.and(outcome)
    }

    fn piece(&mut self, mut bytes: &[u8], ready: Option<&str>, to: &mut impl Listener) -> Result<(), String> {
        while let State::Events { parser, ready: is_ready } = &mut self.state {
            let Some(item) = parser.next_item(&mut bytes).map_err(|overflow| overflow.to_string())? else {
                return Ok(());
            };
            let Item::Event(event) = item else { continue };
            if !event.last_event_id.is_empty() && self.position.as_deref() != Some(&*event.last_event_id) {
                self.position = Some(event.last_event_id.into_owned());
            }
            let seen = &mut self.seen;
            Scanner::default().feed(event.data.as_bytes(), |stamp| note(stamp, seen, to));
            if !*is_ready && ready == Some(&*event.name) {
                self.now_ready(to);
            }
        }
        if let State::Raw(scanner) = &mut self.state {
            let seen = &mut self.seen;
            scanner.feed(bytes, |stamp| note(stamp, seen, to));
        }
        Ok(())
    }
}

fn note(stamp: Stamp, seen: &mut Seen, to: &mut impl Listener) {
    seen.note(stamp);
    to.stamp(stamp);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Heard {
        ready: usize,
        stamps: Vec<u32>,
    }

    impl Listener for Heard {
        fn ready(&mut self) {
            self.ready += 1;
        }
        fn stamp(&mut self, stamp: Stamp) {
            self.stamps.push(stamp.seq);
        }
    }

    fn stamp(seq: u32) -> String {
        let mut text = Vec::new();
        Stamp { lane: 0, seq, at: 0 }.write(&mut text);
        String::from_utf8(text).unwrap()
    }

    fn wire() -> String {
        let events: String =
            (1..=3).map(|seq| format!("id: e-{seq}\ndata: {{\"x\":\"{}\"}}\n\n", stamp(seq))).collect();
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: ready\nid: e-0\ndata: x\n\n{events}")
    }

    #[test]
    fn both_ways_of_reading_find_the_same_however_the_bytes_are_cut() {
        let wire = wire();
        for (size, parses) in (1..wire.len()).flat_map(|size| [(size, false), (size, true)]) {
            let (mut stream, mut heard) = (Stream::of(parses, None), Heard::default());
            for part in wire.as_bytes().chunks(size) {
                stream.feed(part, Some("ready"), &mut heard).unwrap();
            }
            assert_eq!((heard.ready, &heard.stamps[..]), (1, &[1, 2, 3][..]), "{size} {parses}");
            assert_eq!(stream.position.as_deref(), Some(if parses { "e-3" } else { "e-0" }));
            assert!(stream.seen.judge(|_| 3, 1).is_exact());
        }
    }

    #[test]
    fn a_stream_without_a_first_event_is_ready_with_its_head() {
        let (mut stream, mut heard) = (Stream::of(false, None), Heard::default());
        stream.feed(b"HTTP/1.1 200 OK\r\n", None, &mut heard).unwrap();
        assert!(!stream.is_ready());
        stream.feed(b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", None, &mut heard).unwrap();
        assert!(stream.is_ready() && stream.has_ended());
    }

    #[test]
    fn a_refusal_is_told() {
        let refused = Stream::of(false, None).feed(b"HTTP/1.1 429 No\r\n\r\n", None, &mut Heard::default());
        assert!(refused.unwrap_err().contains("429"));
    }

    #[test]
    fn a_resumed_stream_keeps_its_position_until_an_event_moves_it() {
        let mut stream = Stream::of(true, Some("e-7".to_owned()));
        stream.feed(b"HTTP/1.1 200 OK\r\n\r\nevent: ready\ndata: x\n\n", Some("ready"), &mut Heard::default()).unwrap();
        assert_eq!(stream.position.as_deref(), Some("e-7"));
    }
}
