//! Where a notification leads.

use std::fmt;

/// A link that a page may follow: an `http` or `https` URL, or a path on the page's own origin.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(transparent)]
pub struct Link(Box<str>);

/// Why a text is no link: it could run script, leave the origin unnoticed, or be read differently by a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Neither an http(s) URL nor a path with a single leading slash.
    #[error("must be an http(s) URL or a path beginning with one \"/\"")]
    Form,
    /// A control character or a space: browsers strip some of them before they read the URL.
    #[error("must not contain spaces or control characters")]
    Control,
    /// Longer than 2,048 bytes.
    #[error("must be at most 2048 bytes")]
    TooLong,
}

/// The longest link, in bytes; longer ones break in proxies and mail clients.
const MAX_LINK_BYTES: usize = 2048;

impl Link {
    /// Takes an http(s) URL or a path beginning with exactly one `/` (and not `/\`, which browsers read as `//`).
    ///
    /// # Errors
    ///
    /// [`LinkError`] says which rule is broken.
    pub fn new(text: &str) -> Result<Self, LinkError> {
        if text.len() > MAX_LINK_BYTES {
            return Err(LinkError::TooLong);
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(LinkError::Control);
        }
        if is_local_path(text) || is_web_url(text) { Ok(Self(text.into())) } else { Err(LinkError::Form) }
    }

    /// The link as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_local_path(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'))
}

fn is_web_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    web && !host.is_empty()
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_urls_and_local_paths_are_links() {
        for good in ["/", "/invoices/42", "https://example.com", "HTTP://example.com/a?b#c", "/a//b"] {
            assert!(Link::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "invoices",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://",
            "https:///x",
            "ftp://x/",
        ] {
            assert_eq!(Link::new(bad), Err(LinkError::Form), "{bad}");
        }
        for bad in ["/a\nb", "java\tscript:x", "/a\u{0}", " /a", "/a b", "/\u{85}"] {
            assert_eq!(Link::new(bad), Err(LinkError::Control), "{bad:?}");
        }
        assert_eq!(Link::new(&format!("/{}", "a".repeat(2048))), Err(LinkError::TooLong));
    }
}
