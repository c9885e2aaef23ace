//! The client's side: streams that note when something arrives, and publishers on connections kept alive.

use campanile_sse::{Item, Limits, Parser};
use std::{net::SocketAddr, time::Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Opens a stream and reads its head and its first event.
pub(crate) async fn open_stream(to: SocketAddr, token: &str) -> Result<TcpStream, String> {
    let mut socket = connect(to).await?;
    let request = format!(
        "GET /notifications/stream HTTP/1.1\r\nHost: {to}\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    let mut head = Vec::new();
    while !contains(&head, b"event: ready") || !head.ends_with(b"\n\n") {
        if socket.read_buf(&mut head).await.map_err(|error| error.to_string())? == 0 {
            return Err(format!("a stream was refused: {}", String::from_utf8_lossy(&head)));
        }
    }
    Ok(socket)
}

async fn connect(to: SocketAddr) -> Result<TcpStream, String> {
    let socket = TcpStream::connect(to).await.map_err(|error| format!("{to}: {error}"))?;
    socket.set_nodelay(true).map_err(|error| error.to_string())?;
    Ok(socket)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// What one stream received: the seqs in order, and how long each notification took from its publish, in microseconds.
#[derive(Default)]
pub(crate) struct Received {
    pub(crate) seqs: Vec<u64>,
    pub(crate) micros: Vec<u64>,
}

/// Reads a stream to its end. The title of each notification is the time of its publish, in nanoseconds since `epoch`.
pub(crate) async fn read_stream(mut socket: TcpStream, epoch: Instant) -> Received {
    let mut received = Received::default();
    let mut parser = Parser::new(Limits::default());
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = socket.read(&mut buffer).await {
        let now = epoch.elapsed();
        let mut input = &buffer[..length];
        while let Ok(Some(item)) = parser.next_item(&mut input) {
            let Item::Event(event) = item else { continue };
            if event.name != "notification" {
                continue;
            }
            let sent = number_after(&event.data, "\"title\":\"").unwrap_or_default();
            let seq = event.last_event_id.rsplit('-').next().and_then(|seq| seq.parse().ok()).unwrap_or_default();
            received.seqs.push(seq);
            received.micros.push(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX).saturating_sub(sent) / 1000);
        }
    }
    received
}

fn number_after(text: &str, mark: &str) -> Option<u64> {
    let rest = &text[text.find(mark)? + mark.len()..];
    rest[..rest.find('"')?].parse().ok()
}

/// A publisher's connection.
pub(crate) struct Publisher {
    socket: TcpStream,
    to: SocketAddr,
    key: String,
    answer: Vec<u8>,
}

impl Publisher {
    pub(crate) async fn connect(to: SocketAddr, key: &str) -> Result<Self, String> {
        Ok(Self { socket: connect(to).await?, to, key: key.to_owned(), answer: Vec::new() })
    }

    /// Publishes to some users and waits for the 202.
    pub(crate) async fn publish_to(&mut self, users: &[impl AsRef<str>], title: u128) -> Result<(), String> {
        let users: Vec<_> = users.iter().map(|user| format!("\"{}\"", user.as_ref())).collect();
        let users = users.join(",");
        let body = format!(
            r#"{{"type":"bench.tick","to":{{"users":[{users}]}},"title":"{title}","body":"Something happened that you should know of","link":"/things/42"}}"#
        );
        let request = format!(
            "POST /api/notifications HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.to,
            self.key,
            body.len()
        );
        self.socket.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
        self.read_answer().await
    }

    async fn read_answer(&mut self) -> Result<(), String> {
        self.answer.clear();
        loop {
            if self.socket.read_buf(&mut self.answer).await.map_err(|error| error.to_string())? == 0 {
                return Err("the server closed a publisher's connection".into());
            }
            if let Some(end) = self.answer.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.answer[..end]).to_ascii_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
                if self.answer.len() >= end + 4 + length.unwrap_or(0) {
                    break;
                }
            }
        }
        if self.answer.starts_with(b"HTTP/1.1 202") {
            Ok(())
        } else {
            Err(format!("a publish was answered: {}", String::from_utf8_lossy(&self.answer)))
        }
    }
}
