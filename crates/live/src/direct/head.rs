//! The head of a response, as hyper would have written it.

use http::{HeaderValue, Version, header::DATE, response::Parts};
use std::time::SystemTime;

/// The bytes of a head, with `Date`, in the version that the peer speaks.
#[expect(clippy::disallowed_methods, reason = "`Date` is the wall clock's, as hyper's is")]
pub(crate) fn bytes(parts: &mut Parts, peer: Version) -> Vec<u8> {
    if !parts.headers.contains_key(DATE)
        && let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(SystemTime::now()))
    {
        parts.headers.insert(DATE, date);
    }
    let version: &[u8] = if peer == Version::HTTP_10 { b"HTTP/1.0 " } else { b"HTTP/1.1 " };
    let reason = parts.status.canonical_reason().unwrap_or_default();
    let mut head = [version, parts.status.as_str().as_bytes(), b" ", reason.as_bytes(), b"\r\n"].concat();
    for (name, value) in &parts.headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Response;

    fn head(peer: Version) -> String {
        let response = Response::builder().header("x-a", "b").header("date", "then").version(Version::HTTP_10).body(());
        let mut parts = response.expect("a response").into_parts().0;
        String::from_utf8(bytes(&mut parts, peer)).expect("ASCII")
    }

    #[test]
    fn a_head_is_in_its_peers_version() {
        assert_eq!(head(Version::HTTP_11), "HTTP/1.1 200 OK\r\nx-a: b\r\ndate: then\r\n\r\n");
        assert_eq!(head(Version::HTTP_10), "HTTP/1.0 200 OK\r\nx-a: b\r\ndate: then\r\n\r\n");
    }

    #[test]
    fn a_head_has_a_date() {
        let mut parts = Response::new(()).into_parts().0;
        assert!(String::from_utf8_lossy(&bytes(&mut parts, Version::HTTP_11)).contains("\r\ndate: "));
    }
}
