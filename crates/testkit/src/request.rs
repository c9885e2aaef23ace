//! A request, built as bytes: nothing is checked, so that what is malformed can be sent too.

use crate::{Answer, Socket, soon};
use serde_json::Value;
use std::{io, net::SocketAddr};

/// A request on a connection of its own.
#[derive(Clone, Debug)]
#[must_use]
pub struct Request {
    method: String,
    target: Vec<u8>,
    fields: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
}

impl Request {
    /// A request with nothing but its first line.
    pub fn new(method: &str, target: impl AsRef<[u8]>) -> Self {
        Self { method: method.into(), target: target.as_ref().to_vec(), fields: Vec::new(), body: None }
    }

    /// `GET`.
    pub fn get(target: impl AsRef<[u8]>) -> Self {
        Self::new("GET", target)
    }

    /// `POST`, without a body until one is given.
    pub fn post(target: impl AsRef<[u8]>) -> Self {
        Self::new("POST", target)
    }

    /// The same request by another method.
    pub fn by(mut self, method: &str) -> Self {
        self.method = method.into();
        self
    }

    /// Adds a header; the same name may come twice.
    pub fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push((name.into(), value.as_ref().to_vec()));
        self
    }

    /// Adds a query parameter, percent-encoded.
    pub fn query(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.target.push(if self.target.contains(&b'?') { b'&' } else { b'?' });
        self.target.extend_from_slice(percent_encoded(name.as_bytes()).as_bytes());
        self.target.push(b'=');
        self.target.extend_from_slice(percent_encoded(value.as_ref()).as_bytes());
        self
    }

    /// Adds `Authorization: Bearer`.
    pub fn bearer(self, token: &str) -> Self {
        self.field("Authorization", format!("Bearer {token}"))
    }

    /// Adds a cookie header.
    pub fn cookie(self, name: &str, value: &str) -> Self {
        self.field("Cookie", format!("{name}={value}"))
    }

    /// Sets a body and its media type.
    pub fn body(mut self, media_type: &str, body: impl AsRef<[u8]>) -> Self {
        self.body = Some(body.as_ref().to_vec());
        self.field("Content-Type", media_type)
    }

    /// Sets a JSON body.
    #[expect(clippy::needless_pass_by_value, reason = "reads as `.json(json!({…}))`")]
    pub fn json(self, body: Value) -> Self {
        self.body("application/json", body.to_string())
    }

    fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field.eq_ignore_ascii_case(name))
    }

    /// The bytes. `Host`, `Content-Length` and `Connection: close` are added where they are not given.
    #[must_use]
    pub fn encode(&self, to: SocketAddr) -> Vec<u8> {
        let mut wire = [self.method.as_bytes(), b" ", &self.target, b" HTTP/1.1\r\n"].concat();
        let mut field = |name: &str, value: &[u8]| wire.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        if !self.has("host") {
            field("Host", to.to_string().as_bytes());
        }
        if !self.has("connection") {
            field("Connection", b"close");
        }
        if let (Some(body), false) = (&self.body, self.has("content-length") || self.has("transfer-encoding")) {
            field("Content-Length", body.len().to_string().as_bytes());
        }
        self.fields.iter().for_each(|(name, value)| field(name, value));
        wire.extend_from_slice(b"\r\n");
        wire.extend_from_slice(self.body.as_deref().unwrap_or_default());
        wire
    }

    /// The same for HTTP/2, without the fields that HTTP/2 has not (RFC 9113, 8.2.2) and without a body.
    pub(crate) fn http2(&self, to: SocketAddr) -> io::Result<http::Request<()>> {
        let uri = [format!("http://{to}").as_bytes(), &self.target].concat();
        let mut request = http::Request::builder().method(self.method.as_str()).uri(uri.as_slice());
        let forbidden = |name: &str| ["connection", "host"].iter().any(|field| name.eq_ignore_ascii_case(field));
        for (name, value) in self.fields.iter().filter(|(name, _)| !forbidden(name)) {
            request = request.header(name, value.as_slice());
        }
        request.body(()).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
    }

    /// Sends it and waits for the whole answer.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub async fn send(&self, to: SocketAddr) -> Answer {
        let what = || format!("{} {}", self.method, String::from_utf8_lossy(&self.target));
        let answer = soon(&what(), self.try_send(to)).await;
        answer.unwrap_or_else(|error| panic!("{}: {error}", what()))
    }

    /// Sends it and waits for the whole answer.
    ///
    /// # Errors
    ///
    /// Those of the connection; `UnexpectedEof` if it was closed before the answer's end.
    pub async fn try_send(&self, to: SocketAddr) -> io::Result<Answer> {
        let mut socket = Socket::connect(to, None).await?;
        // A server may answer and close before it has read a body it does not want.
        let sent = socket.send(&self.encode(to)).await;
        let head = match socket.head().await? {
            Some(head) => head,
            None => return Err(sent.err().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into())),
        };
        // The head of an answer to HEAD speaks of a body that does not come.
        let body = if self.method == "HEAD" { socket.raw_to_end().await? } else { socket.body().await? };
        Ok(Answer { head, body })
    }
}

fn percent_encoded(bytes: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let one = |byte: &u8| if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    bytes.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_is_the_bytes_it_was_built_from() {
        let to = SocketAddr::from(([127, 0, 0, 1], 80));
        let request = Request::post("/a").query("x y", b"\xff&").field("X", b"\xfe").json(json!({}));
        let wire = b"POST /a?x%20y=%FF%26 HTTP/1.1\r\nHost: 127.0.0.1:80\r\nConnection: close\r\nContent-Length: 2\r\n\
            X: \xfe\r\nContent-Type: application/json\r\n\r\n{}";
        assert_eq!(request.encode(to), wire);
        let given = Request::get("/").field("host", "a").field("connection", "b").encode(to);
        assert_eq!(given, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: b\r\n\r\n");
    }
}
