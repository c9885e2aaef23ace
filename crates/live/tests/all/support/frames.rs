//! HTTP/2 as frames (RFC 9113), so that a test can send what no client would.

use super::{Wire, soon};
use std::net::SocketAddr;

pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const RST_STREAM: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const PING: u8 = 6;
    pub(crate) const GOAWAY: u8 = 7;
    pub(crate) const WINDOW_UPDATE: u8 = 8;
    pub(crate) const CONTINUATION: u8 = 9;
}

pub(crate) mod flags {
    pub(crate) const NONE: u8 = 0;
    pub(crate) const ACK: u8 = 1;
    pub(crate) const END_STREAM: u8 = 1;
    pub(crate) const END_HEADERS: u8 = 4;
}

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A frame that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// The error code of RST_STREAM and GOAWAY.
    pub(crate) fn error(&self) -> u32 {
        let at = if self.kind == kind::GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }

    pub(crate) fn is(&self, kind: u8, stream: u32) -> bool {
        self.kind == kind && self.stream == stream
    }

    pub(crate) fn ends_stream(&self) -> bool {
        matches!(self.kind, kind::DATA | kind::HEADERS) && self.flags & flags::END_STREAM != 0
    }
}

/// The bytes of a frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A header block (RFC 7541): a request's four fields, without Huffman and without the table.
pub(crate) fn request_block(method: &str, path: &str) -> Vec<u8> {
    let mut block = vec![0x86];
    for (index, value) in [(2, method), (4, path), (1, "a")] {
        // Indexed name, literal value, not to be kept.
        block.push(index);
        literal(&mut block, value.as_bytes());
    }
    block
}

/// A field that is not in the table.
pub(crate) fn field(name: &str, value: &[u8]) -> Vec<u8> {
    let mut block = vec![0];
    literal(&mut block, name.as_bytes());
    literal(&mut block, value);
    block
}

fn literal(block: &mut Vec<u8>, value: &[u8]) {
    // An integer with a prefix of seven bits (RFC 7541, 5.1).
    match value.len() {
        short @ 0..127 => block.push(u8::try_from(short).unwrap()),
        long => {
            block.push(127);
            let mut rest = long - 127;
            while rest >= 128 {
                block.push(u8::try_from(rest % 128 + 128).unwrap());
                rest /= 128;
            }
            block.push(u8::try_from(rest).unwrap());
        }
    }
    block.extend(value);
}

/// An HTTP/2 client.
pub(crate) struct H2 {
    pub(crate) wire: Wire,
    next: u32,
}

impl H2 {
    /// Connects with prior knowledge and the protocol's own settings.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::with_settings(address, &[]).await
    }

    /// The same, with settings.
    pub(crate) async fn with_settings(address: SocketAddr, settings: &[(u16, u32)]) -> Self {
        let mut wire = Wire::connect(address).await;
        let payload: Vec<u8> =
            settings.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()).collect();
        wire.send([PREFACE, &frame(kind::SETTINGS, flags::NONE, 0, &payload)].concat()).await;
        let mut h2 = Self { wire, next: 1 };
        h2.until("settings", |frame| frame.kind == kind::SETTINGS && frame.flags == flags::ACK).await;
        h2
    }

    pub(crate) async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.wire.send(frame(kind, flags, stream, payload)).await;
    }

    /// Sends a request without a body and gives its stream.
    pub(crate) async fn get(&mut self, path: &str) -> u32 {
        self.request("GET", path, flags::END_STREAM).await
    }

    /// Sends a request's head and gives its stream.
    pub(crate) async fn request(&mut self, method: &str, path: &str, end: u8) -> u32 {
        let stream = self.take_stream();
        self.send(kind::HEADERS, flags::END_HEADERS | end, stream, &request_block(method, path)).await;
        stream
    }

    pub(crate) fn take_stream(&mut self) -> u32 {
        self.next += 2;
        self.next - 2
    }

    /// The next frame, if there is one before the end. SETTINGS and PING are answered.
    pub(crate) async fn next_frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.parse() {
                self.answer(&frame).await;
                return Some(frame);
            }
            if !matches!(soon("a frame", self.wire.read_some()).await, Ok(1..)) {
                return None;
            }
        }
    }

    async fn answer(&mut self, frame: &Frame) {
        if matches!(frame.kind, kind::SETTINGS | kind::PING) && frame.flags & flags::ACK == 0 {
            let payload = if frame.kind == kind::PING { &frame.payload[..] } else { &[] };
            let bytes = self::frame(frame.kind, flags::ACK, 0, payload);
            // The peer may be gone already; what it said before is still worth reading.
            _ = tokio::io::AsyncWriteExt::write_all(&mut self.wire.socket, &bytes).await;
        }
    }

    fn parse(&mut self) -> Option<Frame> {
        let head = self.wire.read.get(..9)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let payload = self.wire.read.get(9..9 + length)?.to_vec();
        let stream = u32::from_be_bytes(head[5..9].try_into().unwrap());
        let frame = Frame { kind: head[3], flags: head[4], stream, payload };
        self.wire.read.drain(..9 + length);
        Some(frame)
    }

    /// Reads up to the frame that is wanted.
    pub(crate) async fn until(&mut self, what: &str, wanted: impl Fn(&Frame) -> bool) -> Frame {
        let mut seen = Vec::new();
        while let Some(frame) = self.next_frame().await {
            if wanted(&frame) {
                return frame;
            }
            seen.push((frame.kind, frame.flags, frame.stream));
        }
        panic!("the end instead of {what} after {seen:?}")
    }

    /// Reads to the end and gives the GOAWAY before it.
    pub(crate) async fn goaway(&mut self) -> Option<Frame> {
        let mut last = None;
        while let Some(frame) = self.next_frame().await {
            if frame.kind == kind::GOAWAY {
                last = Some(frame);
            }
        }
        last
    }

    /// Opens a stream and reads its first event.
    pub(crate) async fn stream(&mut self) -> u32 {
        let stream = self.get("/stream").await;
        self.data(stream, "data: first\n\n").await;
        stream
    }

    /// Reads a stream until this has come.
    pub(crate) async fn data(&mut self, stream: u32, wanted: &str) -> String {
        let mut text = String::new();
        while !text.contains(wanted) {
            let frame = self.until(wanted, |frame| frame.is(kind::DATA, stream)).await;
            text.push_str(&String::from_utf8_lossy(&frame.payload));
        }
        text
    }
}
