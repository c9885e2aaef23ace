//! Those who listen: sockets, and nothing that costs more than it must.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Load;

pub(crate) struct Clients {
    address: String,
    streams: Vec<TcpStream>,
}

impl Clients {
    /// Opens all streams, and waits until the server has settled.
    pub(crate) async fn connect(address: &str, count: usize) -> Self {
        let mut streams = Vec::with_capacity(count);
        for _ in 0..count {
            let mut stream = ask(address, "/").await;
            read_head(&mut stream).await;
            streams.push(stream);
        }
        settle().await;
        Self { address: address.to_owned(), streams }
    }

    /// Has the server publish, and waits until everybody has heard everything.
    pub(crate) async fn hear(&mut self, load: &Load) {
        let events = load.times * load.burst;
        let mut listening: JoinSet<_> = self.streams.drain(..).map(|stream| listen(stream, events)).collect();
        let Load { times, burst, every, .. } = load;
        let publishing = ask(&self.address, &format!("/publish?times={times}&burst={burst}&every={every}")).await;
        while let Some(stream) = listening.join_next().await {
            self.streams.push(stream.unwrap());
        }
        drop(publishing);
        settle().await;
    }
}

async fn settle() {
    tokio::time::sleep(Duration::from_millis(500)).await;
}

async fn ask(address: &str, target: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET {target} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    stream
}

async fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
}

/// Reads until the blank lines of `events` events have come. The lines of HTTP end with CRLF, so that they are not taken for one.
async fn listen(mut stream: TcpStream, events: usize) -> TcpStream {
    let (mut buf, mut heard, mut last) = (vec![0; 16 * 1024], 0, 0);
    while heard < events {
        let read = stream.read(&mut buf).await.unwrap();
        assert_ne!(read, 0, "the server has ended the stream");
        for &byte in &buf[..read] {
            heard += usize::from(byte == b'\n' && last == b'\n');
            last = byte;
        }
    }
    assert_eq!(heard, events);
    stream
}
