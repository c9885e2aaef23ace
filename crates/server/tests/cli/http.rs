//! HTTP as bytes: what is sent and what comes back, without a client that knows better.

use crate::rig::Run;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

/// How long an answer, or the next line of a stream, may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer, read to the end of its connection.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &&str| line.split(':').next().is_some_and(|found| found.eq_ignore_ascii_case(name));
        self.head.lines().skip(1).find(named).and_then(|line| line.split_once(": ")).map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }
}

pub(crate) fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends a request with these header lines; `Host`, `Connection` and `Content-Length` are added unless they are there.
pub(crate) fn request(address: &str, line: &str, headers: &[&str], body: &str) -> Answer {
    let mut stream = connect(address);
    stream.write_all(bytes(address, line, headers, body).as_bytes()).unwrap();
    answer(stream)
}

pub(crate) fn get(address: &str, path: &str) -> Answer {
    request(address, &format!("GET {path}"), &[], "")
}

/// A request as it goes over the wire.
pub(crate) fn bytes(address: &str, line: &str, headers: &[&str], body: &str) -> String {
    let mut head = format!("{line} HTTP/1.1\r\n");
    let host = format!("Host: {address}");
    let length = format!("Content-Length: {}", body.len());
    for header in [&host, "Connection: close", &length] {
        let name = header.split(':').next().unwrap();
        if !headers.iter().any(|given| given.starts_with(name)) {
            head = head + header + "\r\n";
        }
    }
    headers.iter().filter(|header| !header.ends_with(": -")).for_each(|header| head = format!("{head}{header}\r\n"));
    format!("{head}\r\n{body}")
}

/// Reads an answer to the end of its connection.
pub(crate) fn answer(mut stream: TcpStream) -> Answer {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// A token for a user, made by the program itself.
pub(crate) fn token(secret: &str, user: &str) -> String {
    let made = Run::new(["token", "--user", user]).env("CAMPANILE_AUTH__JWT_SECRET", secret).end();
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    made.stdout.trim().to_owned()
}

/// An open event stream.
pub(crate) struct Stream {
    reader: BufReader<TcpStream>,
}

/// One event: its fields as lines, in order.
pub(crate) type Event = Vec<String>;

impl Stream {
    /// Opens one with a bearer token, and reads past the head.
    pub(crate) fn open(address: &str, token: &str) -> Self {
        let mut stream = connect(address);
        let authorization = format!("Authorization: Bearer {token}");
        stream.write_all(bytes(address, "GET /notifications/stream", &[&authorization], "").as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 200 "), "{line}");
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).unwrap();
        }
        Self { reader }
    }

    /// The next event; `None` at a clean end. A reset fails the test.
    pub(crate) fn next(&mut self) -> Option<Event> {
        let mut event = Event::new();
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line).unwrap() == 0 {
                assert!(event.is_empty(), "the stream ended within an event: {event:?}");
                return None;
            }
            match line.trim_end_matches('\n') {
                "" if !event.is_empty() => return Some(event),
                "" => {}
                field => event.push(field.to_owned()),
            }
        }
    }
}
