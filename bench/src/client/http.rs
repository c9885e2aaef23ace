//! As much of HTTP/1.1 as a client needs that measures: heads of answers, and bodies in chunks.

use std::ops::ControlFlow;

/// The head of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) body: Framing,
    /// Where the body begins.
    pub(crate) end: usize,
}

/// How a body is delimited.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Chunked,
    Length(usize),
    /// By the end of the connection.
    Close,
}

/// Larger heads are no answer to anything that is asked here.
const LARGEST: usize = 64 * 1024;

impl Head {
    /// Reads a head, if all of it is there.
    pub(crate) fn read(bytes: &[u8]) -> Result<Option<Self>, String> {
        let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
            return if bytes.len() > LARGEST { Err("an answer's head does not end".into()) } else { Ok(None) };
        };
        let text = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = text.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let status = first.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok());
        let status = status.ok_or_else(|| format!("no answer of HTTP/1.1: {first:?}"))?;
        let mut body = Framing::Close;
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("transfer-encoding") && value.eq_ignore_ascii_case("chunked") {
                body = Framing::Chunked;
            } else if name.eq_ignore_ascii_case("content-length") {
                body = Framing::Length(value.parse().map_err(|_| format!("Content-Length: {value}"))?);
            }
        }
        if status == 204 {
            body = Framing::Length(0);
        }
        Ok(Some(Self { status, body, end: end + 4 }))
    }
}

/// Takes a body out of its chunks (RFC 9112, 7.1), as they come.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    state: State,
    /// Of the chunk: what is still to come of it, or its size as far as it was read.
    size: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Size,
    Extension,
    Data,
    DataEnd,
    Trailer {
        empty: bool,
    },
    Done,
}

impl Chunks {
    /// Hands each piece of the body on.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], mut piece: impl FnMut(&[u8])) -> Result<(), String> {
        while let Some(&byte) = bytes.first() {
            if self.state == State::Data {
                let (data, rest) = bytes.split_at(self.size.min(bytes.len()));
                piece(data);
                self.size -= data.len();
                bytes = rest;
                if self.size == 0 {
                    self.state = State::DataEnd;
                }
                continue;
            }
            bytes = &bytes[1..];
            if self.line(byte)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn line(&mut self, byte: u8) -> Result<ControlFlow<()>, String> {
        self.state = match (self.state, byte) {
            (State::Size, b'\n') | (State::Extension, b'\n') if self.size == 0 => State::Trailer { empty: true },
            (State::Size | State::Extension, b'\n') => State::Data,
            (State::Size, b'\r') => State::Size,
            (State::Size, b';' | b' ') | (State::Extension, _) => State::Extension,
            (State::Size, digit) => {
                let value = char::from(digit).to_digit(16).ok_or("a chunk without a size")?;
                self.size = self
                    .size
                    .checked_mul(16)
                    .and_then(|size| size.checked_add(value as usize))
                    .ok_or("a vast chunk")?;
                State::Size
            }
            (State::DataEnd, b'\n') => State::Size,
            (State::DataEnd, _) => State::DataEnd,
            (State::Trailer { empty: true }, b'\n') => State::Done,
            (State::Trailer { .. }, b'\n') => State::Trailer { empty: true },
            (State::Trailer { empty }, byte) => State::Trailer { empty: empty && byte == b'\r' },
            (State::Data | State::Done, _) => return Ok(ControlFlow::Break(())),
        };
        Ok(ControlFlow::Continue(()))
    }

    /// Whether the last chunk has come.
    pub(crate) fn are_done(&self) -> bool {
        self.state == State::Done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_how_its_body_is_delimited() {
        let head = |text: &str| Head::read(text.as_bytes()).unwrap().unwrap();
        assert_eq!(head("HTTP/1.1 200 OK\r\n\r\nx"), Head { status: 200, body: Framing::Close, end: 19 });
        assert_eq!(head("HTTP/1.1 202 A\r\ncontent-LENGTH:  7\r\n\r\n").body, Framing::Length(7));
        assert_eq!(head("HTTP/1.1 200 A\r\nTransfer-Encoding: chunked\r\n\r\n").body, Framing::Chunked);
        assert_eq!(head("HTTP/1.1 204 No\r\n\r\n").body, Framing::Length(0));
        assert_eq!(Head::read(b"HTTP/1.1 200 OK\r\n"), Ok(None));
        assert!(Head::read(b"SSH-2.0\r\n\r\n").is_err());
    }

    #[test]
    fn a_body_is_the_same_however_its_chunks_are_cut() {
        let text = b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nA: b\r\n\r\n";
        for size in 1..=text.len() {
            let (mut chunks, mut body) = (Chunks::default(), Vec::new());
            for (at, part) in text.chunks(size).enumerate() {
                assert!(!chunks.are_done(), "done before piece {at} of {size}");
                chunks.feed(part, |piece| body.extend_from_slice(piece)).unwrap();
            }
            assert_eq!(body, b"hello world", "in pieces of {size}");
            assert!(chunks.are_done());
        }
    }

    #[test]
    fn what_is_no_chunk_is_told() {
        assert!(Chunks::default().feed(b"zz\r\n", |_| {}).is_err());
        assert!(Chunks::default().feed(b"fffffffffffffffff\r\n", |_| {}).is_err());
    }
}
