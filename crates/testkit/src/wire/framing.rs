//! Where a body ends.

use super::Head;
use std::io;

/// How a body is delimited (RFC 9112, 6.3).
#[derive(Debug)]
pub(super) enum Framing {
    /// By the end of the connection.
    Close,
    /// So many bytes are still to come.
    Length(usize),
    /// In chunks.
    Chunked(Chunk),
}

/// What comes next in a chunked body.
#[derive(Debug)]
pub(super) enum Chunk {
    Size,
    /// So many bytes of data, then a line end.
    Data(usize),
    LineEnd,
    Trailer,
    Done,
}

/// What could be taken from the bytes that are there.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Bytes(Vec<u8>),
    More,
    End,
}

impl Framing {
    pub(super) fn of(head: &Head) -> io::Result<Self> {
        if head.status() == 204 || head.status() == 304 {
            return Ok(Self::Length(0));
        }
        if let Some(coding) = head.get("transfer-encoding") {
            return if coding == "chunked" {
                Ok(Self::Chunked(Chunk::Size))
            } else {
                Err(invalid("an unknown transfer coding"))
            };
        }
        match head.get("content-length").map(str::parse) {
            Some(Ok(length)) => Ok(Self::Length(length)),
            Some(Err(_)) => Err(invalid("a length that is no number")),
            None => Ok(Self::Close),
        }
    }

    pub(super) fn take(&mut self, buffer: &mut Vec<u8>) -> io::Result<Piece> {
        match self {
            Self::Close if buffer.is_empty() => Ok(Piece::More),
            Self::Close => Ok(Piece::Bytes(std::mem::take(buffer))),
            Self::Length(0) => Ok(Piece::End),
            Self::Length(rest) => Ok(take_some(rest, buffer)),
            Self::Chunked(chunk) => chunk.take(buffer),
        }
    }

    /// Whether the body may end with the connection.
    pub(super) fn at_end_of_connection(&self) -> io::Result<()> {
        match self {
            Self::Close | Self::Length(0) | Self::Chunked(Chunk::Done) => Ok(()),
            Self::Length(_) | Self::Chunked(_) => {
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed within a body"))
            }
        }
    }
}

impl Chunk {
    fn take(&mut self, buffer: &mut Vec<u8>) -> io::Result<Piece> {
        loop {
            match self {
                Self::Done => return Ok(Piece::End),
                Self::Data(0) => *self = Self::LineEnd,
                Self::Data(rest) => return Ok(take_some(rest, buffer)),
                Self::Size | Self::LineEnd | Self::Trailer => {
                    let Some(line) = take_line(buffer) else { return Ok(Piece::More) };
                    *self = self.after(&line)?;
                }
            }
        }
    }

    fn after(&self, line: &[u8]) -> io::Result<Self> {
        match (self, line) {
            (Self::Size, line) => chunk_size(line).map(|size| if size == 0 { Self::Trailer } else { Self::Data(size) }),
            (Self::LineEnd, b"") => Ok(Self::Size),
            (Self::LineEnd, _) => Err(invalid("a chunk is longer than it said")),
            (Self::Trailer, b"") => Ok(Self::Done),
            _ => Ok(Self::Trailer),
        }
    }
}

fn take_some(rest: &mut usize, buffer: &mut Vec<u8>) -> Piece {
    let bytes: Vec<u8> = buffer.drain(..buffer.len().min(*rest)).collect();
    *rest -= bytes.len();
    if bytes.is_empty() { Piece::More } else { Piece::Bytes(bytes) }
}

fn take_line(buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = buffer.windows(2).position(|window| window == b"\r\n")?;
    let line = buffer.drain(..end + 2).take(end).collect();
    Some(line)
}

fn chunk_size(line: &[u8]) -> io::Result<usize> {
    let text = std::str::from_utf8(line).unwrap_or_default();
    let digits = text.split(';').next().unwrap_or_default();
    usize::from_str_radix(digits, 16).map_err(|_| invalid("a chunk without a size"))
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(mut framing: Framing, wire: &[u8]) -> (Vec<u8>, bool) {
        let (mut buffer, mut body) = (Vec::new(), Vec::new());
        for byte in wire {
            buffer.push(*byte);
            loop {
                match framing.take(&mut buffer).unwrap() {
                    Piece::Bytes(bytes) => body.extend(bytes),
                    Piece::More => break,
                    Piece::End => return (body, true),
                }
            }
        }
        (body, framing.at_end_of_connection().is_ok())
    }

    #[test]
    fn chunks_are_put_together_byte_by_byte() {
        let wire = b"5\r\nhello\r\n1;x=y\r\n \r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
        assert_eq!(decode(Framing::Chunked(Chunk::Size), wire), (b"hello 0123456789".to_vec(), true));
        assert_eq!(decode(Framing::Chunked(Chunk::Size), &wire[..12]), (b"hello".to_vec(), false));
    }

    #[test]
    fn a_length_and_a_close_end_where_they_say() {
        assert_eq!(decode(Framing::Length(3), b"abcdef"), (b"abc".to_vec(), true));
        assert_eq!(decode(Framing::Length(3), b"ab"), (b"ab".to_vec(), false));
        assert_eq!(decode(Framing::Close, b"abc"), (b"abc".to_vec(), true));
    }

    #[test]
    fn a_chunk_longer_than_it_said_is_an_error() {
        let mut framing = Framing::Chunked(Chunk::Size);
        let mut buffer = b"1\r\nab\r\n".to_vec();
        assert_eq!(framing.take(&mut buffer).unwrap(), Piece::Bytes(b"a".to_vec()));
        assert!(framing.take(&mut buffer).is_err());
    }
}
