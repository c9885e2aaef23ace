//! Requests as they are written on the command line, with places for what differs from one to the next.

use super::stamp::Stamp;
use std::{fmt::Write, net::SocketAddr, ops::Range};

/// A text with places such as `{user}`. Other braces are themselves, so that JSON need not be escaped.
#[derive(Clone, Debug)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    User,
    Users,
    Stamp,
    Token,
    Pad,
}

/// The names of the places, and what stands in them:
/// the user; all users of the target, in JSON; the stamp; a token for the user; bytes that bring the message to its size.
const PLACES: [(&str, Piece); 5] = [
    ("{user}", Piece::User),
    ("{users}", Piece::Users),
    ("{stamp}", Piece::Stamp),
    ("{token}", Piece::Token),
    ("{pad}", Piece::Pad),
];

/// What is filled in.
#[derive(Clone, Debug)]
pub(crate) struct Fill<'a> {
    pub(crate) users: Range<usize>,
    pub(crate) stamp: Option<Stamp>,
    pub(crate) pad: usize,
    /// What tokens are signed with.
    pub(crate) secret: Option<&'a [u8]>,
}

impl Template {
    pub(crate) fn of(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((at, name, piece)) = next_place(rest) {
            pieces.extend([Piece::Text(rest[..at].to_owned()), piece]);
            rest = &rest[at + name.len()..];
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Self(pieces)
    }

    pub(crate) fn fill(&self, with: &Fill<'_>, out: &mut Vec<u8>) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::User => out.extend_from_slice(user_name(with.users.start).as_bytes()),
                Piece::Users => out.extend_from_slice(names(with.users.clone()).as_bytes()),
                Piece::Stamp => with.stamp.into_iter().for_each(|stamp| stamp.write(out)),
                Piece::Token => out.extend_from_slice(token(with).as_bytes()),
                Piece::Pad => out.resize(out.len() + with.pad, b'.'),
            }
        }
    }

    /// Whether a stamp is put into it: without one nothing can be counted.
    pub(crate) fn is_stamped(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Stamp))
    }
}

fn next_place(text: &str) -> Option<(usize, &'static str, Piece)> {
    let places = PLACES.into_iter().filter_map(|(name, piece)| Some((text.find(name)?, name, piece)));
    places.min_by_key(|(at, ..)| *at)
}

/// All names have one length, and so all frames.
pub(crate) fn user_name(user: usize) -> String {
    format!("user-{user:06}")
}

fn names(users: Range<usize>) -> String {
    let mut text = String::with_capacity(users.len() * 14 + 2);
    for user in users {
        text.push(if text.is_empty() { '[' } else { ',' });
        let _ = write!(text, "\"{}\"", user_name(user));
    }
    text.push(']');
    text
}

fn token(with: &Fill<'_>) -> String {
    let claims =
        serde_json::json!({"sub": user_name(with.users.start), "exp": campanile_testkit::token::now() + 86_400});
    with.secret.map(|secret| campanile_testkit::token::sign(secret, &claims)).unwrap_or_default()
}

/// A URL, as far as this client goes: `http://HOST:PORT/PATH`.
#[derive(Clone, Debug)]
pub(crate) struct Url {
    pub(crate) address: SocketAddr,
    host: String,
    path: String,
}

impl Url {
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix("http://").ok_or_else(|| format!("{url}: only http:// is spoken here"))?;
        let at = rest.find('/').unwrap_or(rest.len());
        let (host, path) = rest.split_at(at);
        let full = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        let addresses = std::net::ToSocketAddrs::to_socket_addrs(&full).map_err(|error| format!("{full}: {error}"))?;
        let address = addresses.into_iter().next().ok_or_else(|| format!("{full} has no address"))?;
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self { address, host: host.to_owned(), path: path.to_owned() })
    }

    /// The head of a request to it, up to its last header.
    pub(crate) fn head(&self, method: &str, headers: &[String]) -> Template {
        let mut head = format!("{method} {} HTTP/1.1\r\nHost: {}\r\n", self.path, self.host);
        headers.iter().for_each(|header| _ = write!(head, "{header}\r\n"));
        Template::of(&head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str, users: Range<usize>) -> String {
        let stamp = Some(Stamp { lane: 1, seq: 2, at: 3 });
        let mut out = Vec::new();
        Template::of(text).fill(&Fill { users, stamp, pad: 3, secret: None }, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn places_are_filled_and_other_braces_stay() {
        let json = r#"{"to":{"users":{users}},"title":"{stamp}{pad}","x":{user}}"#;
        let stamp = "~@00000001000000020000000000000003~";
        let users = r#"["user-000007","user-000008"]"#;
        assert_eq!(filled(json, 7..9), format!(r#"{{"to":{{"users":{users}}},"title":"{stamp}...","x":user-000007}}"#));
        assert!(Template::of(json).is_stamped() && !Template::of("{user}").is_stamped());
    }

    #[test]
    fn a_url_makes_the_head_of_a_request() {
        let url = Url::parse("http://127.0.0.1:8080/sub/{user}?a=b").unwrap();
        assert_eq!(url.address, "127.0.0.1:8080".parse().unwrap());
        let mut head = Vec::new();
        let fill = Fill { users: 1..2, stamp: None, pad: 0, secret: None };
        url.head("GET", &["A: b".to_owned()]).fill(&fill, &mut head);
        assert_eq!(head, b"GET /sub/user-000001?a=b HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nA: b\r\n");
        assert!(Url::parse("https://127.0.0.1/").is_err());
    }
}
