//! Which protocol a peer speaks: HTTP/2 begins with a preface (RFC 9113, 3.4), and everything else is HTTP/1.1's to answer or to refuse.

use crate::LiveOptions;
use bytes::{Bytes, BytesMut};
use std::io;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::{Instant, timeout_at},
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What is read at once. A whole request of a browser fits.
const FIRST_READ: usize = 2048;

/// How a connection has begun.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) protocol: Protocol,
    /// All that was read.
    pub(crate) bytes: Bytes,
    pub(crate) first_byte: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// Reads until the protocol is certain. Says whether anything had come, if not.
///
/// # Errors
///
/// The peer is gone, or said too little for too long (`TimedOut`).
pub(crate) async fn sniff<T: AsyncRead + Unpin>(transport: &mut T, options: &LiveOptions) -> io::Result<Begun> {
    let mut bytes = BytesMut::with_capacity(FIRST_READ);
    more(transport, &mut bytes, Instant::now() + options.head_timeout).await?;
    let first_byte = Instant::now();
    let protocol = loop {
        match protocol(&bytes) {
            Some(protocol) => break protocol,
            None => more(transport, &mut bytes, first_byte + options.head_timeout).await?,
        }
    };
    Ok(Begun { protocol, bytes: bytes.freeze(), first_byte })
}

async fn more<T: AsyncRead + Unpin>(transport: &mut T, bytes: &mut BytesMut, until: Instant) -> io::Result<()> {
    match timeout_at(until, transport.read_buf(bytes)).await {
        Ok(Ok(0)) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok(read) => read.map(|_| ()),
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// The protocol that begins like this, if that is certain.
fn protocol(bytes: &[u8]) -> Option<Protocol> {
    let common = bytes.iter().zip(PREFACE).take_while(|(a, b)| a == b).count();
    match common {
        all if all == PREFACE.len() => Some(Protocol::Http2),
        some if some == bytes.len() => None,
        _ => Some(Protocol::Http1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    async fn sniffed(pieces: &[&[u8]]) -> Begun {
        let (mut peer, mut here) = tokio::io::duplex(4096);
        let pieces: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.to_vec()).collect();
        let sender = tokio::spawn(async move {
            for piece in pieces {
                peer.write_all(&piece).await.expect("room");
                tokio::task::yield_now().await;
            }
            peer
        });
        let begun = sniff(&mut here, &LiveOptions::default()).await.expect("a protocol");
        drop(sender.await);
        begun
    }

    #[tokio::test]
    async fn protocols_are_told_apart_and_no_byte_is_lost() {
        let one_by_one: Vec<&[u8]> = PREFACE.chunks(1).collect();
        for (pieces, protocol) in [
            (one_by_one, Protocol::Http2),
            (vec![b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0".as_slice()], Protocol::Http2),
            (vec![b"GET / HTTP/1.1\r\n"], Protocol::Http1),
            (vec![b"P", b"OST"], Protocol::Http1),
            (vec![b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r", b"x"], Protocol::Http1),
            (vec![b"PRI * HTTP/1.1\r\n"], Protocol::Http1),
        ] {
            let begun = sniffed(&pieces).await;
            assert_eq!(begun.protocol, protocol, "{pieces:?}");
            assert!(pieces.concat().starts_with(&begun.bytes), "{pieces:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_preface_is_not_waited_for() {
        let start = Instant::now();
        let (mut peer, mut here) = tokio::io::duplex(64);
        peer.write_all(&PREFACE[..20]).await.expect("room");
        let error = sniff(&mut here, &LiveOptions::default()).await.expect_err("too little");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(start.elapsed() >= LiveOptions::default().head_timeout);
        drop(peer);
        let error = sniff(&mut here, &LiveOptions::default()).await.expect_err("nothing");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
