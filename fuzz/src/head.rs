//! Heads of requests, from text that a person can write: `METHOD target`, then `name: value` on each line.

use http::{HeaderMap, HeaderName, HeaderValue, Request, request::Parts};

/// The lines of a head, without their ends.
fn lines(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Fields as an HTTP parser would let them through: other names and values are passed over.
pub(crate) fn fields(data: &[u8]) -> HeaderMap {
    let field = |line: &[u8]| {
        let at = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (line.get(..at)?, line.get(at + 1..)?.trim_ascii());
        Some((HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?))
    };
    lines(data).filter_map(field).collect()
}

/// Values of one field, one a line.
pub(crate) fn values(name: &HeaderName, data: &[u8]) -> HeaderMap {
    let value = |line: &[u8]| HeaderValue::from_bytes(line.trim_ascii()).ok();
    lines(data).filter_map(value).map(|value| (name.clone(), value)).collect()
}

/// A request's head and what follows its blank line; `None` if it would never come past an HTTP parser.
pub(crate) fn request(data: &[u8]) -> Option<(Parts, &[u8])> {
    let end = data.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = data.split_at(end.map_or(data.len(), |at| at + 2));
    let (line, rest) = head.split_at(head.iter().position(|byte| *byte == b'\n').unwrap_or(head.len()));
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let at = line.iter().position(|byte| *byte == b' ')?;
    let request = Request::builder().method(line.get(..at)?).uri(line.get(at + 1..)?).body(()).ok()?;
    let mut parts = request.into_parts().0;
    parts.headers = fields(rest);
    Some((parts, body))
}
