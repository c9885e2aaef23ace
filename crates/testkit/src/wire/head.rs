//! The head of an answer.

use std::io;

/// The head of an answer, and the bytes it came as.
#[derive(Clone, Debug)]
pub struct Head {
    raw: Vec<u8>,
    status: u16,
    fields: Vec<(String, String)>,
}

impl Head {
    /// Reads a head that ends with an empty line.
    ///
    /// # Errors
    ///
    /// `InvalidData` if it is no head of HTTP/1: the status line, the colons, the line ends.
    pub(crate) fn parse(raw: Vec<u8>) -> io::Result<Self> {
        let text = String::from_utf8_lossy(&raw).into_owned();
        let invalid = || io::Error::new(io::ErrorKind::InvalidData, format!("no head of an answer: {text:?}"));
        let mut lines = text.strip_suffix("\r\n\r\n").ok_or_else(invalid)?.split("\r\n");
        let status = lines.next().and_then(status).ok_or_else(invalid)?;
        let fields: Option<_> = lines.map(field).collect();
        Ok(Self { raw, status, fields: fields.ok_or_else(invalid)? })
    }

    /// A head that came over HTTP/2, where it has no bytes of its own: it gets those of HTTP/1.1.
    pub(crate) fn of_http2(status: u16, fields: &http::HeaderMap) -> Self {
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let lines: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        Self { raw: format!("HTTP/2 {status}\r\n{lines}\r\n").into_bytes(), status, fields }
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The bytes, up to and including the empty line.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// All values of a field, in their order; names are compared without case.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let name = name.to_owned();
        let same = move |field: &&(String, String)| field.0.eq_ignore_ascii_case(&name);
        self.fields.iter().filter(same).map(|(_, value)| value.as_str())
    }

    /// The value of a field that must not come twice.
    ///
    /// # Panics
    ///
    /// If it comes twice.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut all = self.all(name);
        let first = all.next();
        assert!(all.next().is_none(), "{name} comes twice:\n{}", String::from_utf8_lossy(&self.raw));
        first
    }

    /// The fields without `Date`, as `name: value` in lower case names, sorted: to compare whole heads.
    #[must_use]
    pub fn sorted(&self) -> Vec<String> {
        let undated = self.fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("date"));
        let mut lines: Vec<_> = undated.map(|(name, value)| format!("{}: {value}", name.to_lowercase())).collect();
        lines.sort();
        lines
    }
}

fn status(line: &str) -> Option<u16> {
    let rest = line.strip_prefix("HTTP/1.1 ").or_else(|| line.strip_prefix("HTTP/1.0 "))?;
    rest.get(..3)?.parse().ok()
}

fn field(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
    is_name.then(|| (name.to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_and_what_is_none_is_refused() {
        let head = Head::parse(b"HTTP/1.1 200 OK\r\nVary: a\r\nvary:b \r\nDate: x\r\nA: 1\r\n\r\n".to_vec()).unwrap();
        assert_eq!((head.status(), head.get("a"), head.get("b")), (200, Some("1"), None));
        assert_eq!(head.all("VARY").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(head.sorted(), ["a: 1", "vary: a", "vary: b"]);
        for bad in
            ["HTTP/2 200\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\n\n"]
        {
            assert!(Head::parse(bad.into()).is_err(), "{bad:?}");
        }
    }
}
