//! HTTP/2 as frames (RFC 9113), so that a test can send what no client would.

use campanile_testkit::{TestNode, soon};
use std::collections::HashMap;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const PING: u8 = 6;
pub(crate) const CONTINUATION: u8 = 9;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The bytes of a frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A field that is in no table (RFC 7541, 6.2.2).
pub(crate) fn field(name: &str, value: &[u8]) -> Vec<u8> {
    [&[0][..], &literal(name.as_bytes()), &literal(value)].concat()
}

/// A text, its length with a prefix of seven bits (RFC 7541, 5.1).
fn literal(text: &[u8]) -> Vec<u8> {
    let mut bytes = vec![u8::try_from(text.len().min(127)).unwrap()];
    if let Some(mut rest) = text.len().checked_sub(127) {
        while rest >= 128 {
            bytes.push(u8::try_from(rest % 128 + 128).unwrap());
            rest /= 128;
        }
        bytes.push(u8::try_from(rest).unwrap());
    }
    [&bytes[..], text].concat()
}

/// A request for a stream, as a header block.
pub(crate) fn stream_request(node: &TestNode, user: &str) -> Vec<u8> {
    // Indexed: GET, http. Then by indexed names: path and authority.
    let mut block = vec![0x82, 0x86];
    for (name, value) in [(4, "/notifications/stream".to_owned()), (1, node.address().to_string())] {
        block.push(name);
        block.extend(literal(value.as_bytes()));
    }
    block.extend(field("authorization", format!("Bearer {}", node.token(user)).as_bytes()));
    block
}

/// A connection that has said its preface.
pub(crate) async fn connect(node: &TestNode) -> TcpStream {
    let mut socket = TcpStream::connect(node.address()).await.unwrap();
    let hello = [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat();
    socket.write_all(&hello).await.unwrap();
    socket
}

/// What came, by kind: the streams of the frames; of RST_STREAM and GOAWAY the error.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) heads: usize,
    pub(crate) resets: HashMap<u32, u32>,
    pub(crate) goaway: Option<u32>,
}

impl Seen {
    fn take(&mut self, kind: u8, stream: u32, payload: &[u8]) {
        let error = |at: usize| u32::from_be_bytes(payload[at..at + 4].try_into().unwrap());
        match kind {
            HEADERS => self.heads += 1,
            RST_STREAM => drop(self.resets.insert(stream, error(0))),
            GOAWAY => self.goaway = Some(error(4)),
            _ => {}
        }
    }
}

/// Reads frames until there was enough, or the connection has ended.
pub(crate) async fn read(socket: &mut TcpStream, enough: impl Fn(&Seen) -> bool) -> Seen {
    let mut seen = Seen::default();
    soon("frames", async {
        let mut head = [0; 9];
        while !enough(&seen) && socket.read_exact(&mut head).await.is_ok() {
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            if socket.read_exact(&mut payload).await.is_err() {
                break;
            }
            seen.take(head[3], u32::from_be_bytes(head[5..9].try_into().unwrap()), &payload);
        }
    })
    .await;
    seen
}

/// Sends pieces until the server takes no more, or there are none.
pub(crate) async fn send_all(socket: &mut TcpStream, pieces: impl IntoIterator<Item = Vec<u8>>) {
    for piece in pieces {
        if soon("room to send", socket.write_all(&piece)).await.is_err() {
            return;
        }
    }
}
