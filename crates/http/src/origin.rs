//! Which pages may ask: the allow-list of cross-origin requests, and the rule for credentials that browsers send by themselves.

use crate::{Code, Problem};
use http::{HeaderMap, HeaderValue, Method, header, request::Parts};

/// Whether a text is an origin as browsers send it: `https://host` or `https://host:port` in lower case, without a path and without the port that
/// goes without saying.
#[must_use]
pub fn is_origin(text: &str) -> bool {
    let host = |host: &str| !host.is_empty() && host.bytes().all(is_host_byte) && !host.ends_with(default_port(text));
    authority(text).is_some_and(host)
}

/// The origins whose pages may read answers and use cookies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origins {
    allowed: Vec<HeaderValue>,
}

impl Origins {
    /// Takes exact origins, as browsers write them: no `*`, no `null`, no path. What is none is nobody's.
    pub(crate) fn new(origins: &[String]) -> Self {
        let origins = origins.iter().filter(|origin| is_origin(origin));
        Self { allowed: origins.filter_map(|origin| HeaderValue::from_str(origin).ok()).collect() }
    }

    /// The request's origin, if its pages may read the answer.
    pub(crate) fn allowed(&self, headers: &HeaderMap) -> Option<&HeaderValue> {
        let origin = only(headers, &header::ORIGIN)?;
        self.allowed.iter().find(|allowed| *allowed == origin)
    }

    /// Whether credentials that a browser sent by itself may count: not if the page that asks is a foreign one, and for unsafe methods
    /// only if the browser says whose page it is.
    pub(crate) fn check_ambient(&self, parts: &Parts) -> Result<(), Problem> {
        let site = parts.headers.get("sec-fetch-site");
        let known = site.is_some() || parts.headers.contains_key(header::ORIGIN);
        let cross_site = site.is_some_and(|site| site.as_bytes().eq_ignore_ascii_case(b"cross-site"));
        let foreign = parts.headers.contains_key(header::ORIGIN)
            && self.allowed(&parts.headers).is_none()
            && !same_host(parts).unwrap_or(false);
        if foreign || cross_site {
            return Err(refused("Cookies do not count for pages of this origin."));
        }
        if !known && !is_safe(&parts.method) {
            return Err(refused("With a cookie, a changing request must say its origin."));
        }
        Ok(())
    }
}

fn refused(detail: &'static str) -> Problem {
    Problem::new(Code::ForeignOrigin, detail)
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// The value of a header that must not be there twice.
fn only<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// Whether the page's origin is the host that was asked. The scheme is not compared: behind a proxy that ends TLS it is not known.
fn same_host(parts: &Parts) -> Option<bool> {
    let origin = only(&parts.headers, &header::ORIGIN)?.to_str().ok()?;
    // A host in the URI is the one that was asked: HTTP/2 has it there, and in HTTP/1.1 it overrules the header.
    let asked = match parts.uri.authority() {
        Some(authority) => authority.as_str(),
        None => only(&parts.headers, &header::HOST)?.to_str().ok()?,
    };
    let port = default_port(origin);
    let bare = |host: &str| host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase();
    Some(bare(authority(origin)?) == bare(asked))
}

fn default_port(origin: &str) -> &'static str {
    if origin.starts_with("https:") { ":443" } else { ":80" }
}

/// What follows the scheme of an http(s) origin.
fn authority(origin: &str) -> Option<&str> {
    origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"))
}

/// Browsers write hosts in lower case; brackets and colons belong to IPv6 addresses and ports.
fn is_host_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b':' | b'[' | b']')
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn origins() -> Origins {
        Origins::new(&["https://app.example".into()])
    }

    fn check(method: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().method(method).uri("/").header("host", "push.example:8080");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        origins().check_ambient(&request.body(()).unwrap().into_parts().0).is_ok()
    }

    #[test]
    fn cookies_count_for_the_own_host_and_listed_origins() {
        for origin in ["http://push.example:8080", "https://PUSH.example:8080", "https://app.example"] {
            assert!(check("POST", &[("origin", origin)]), "{origin}");
        }
        assert!(check("GET", &[]));
        assert!(check("GET", &[("sec-fetch-site", "same-origin")]));
        assert!(check("POST", &[("sec-fetch-site", "same-origin")]));
    }

    #[test]
    fn cookies_do_not_count_for_anybody_else() {
        for origin in [
            "null",
            "https://push.example",
            "https://evil.example",
            "https://app.example.evil.example",
            "https://app.example:8443",
            "http://app.example",
            "push.example:8080",
            "",
        ] {
            assert!(!check("GET", &[("origin", origin)]), "{origin}");
        }
        assert!(!check("GET", &[("sec-fetch-site", "cross-site")]));
        assert!(!check("GET", &[("origin", "https://app.example"), ("sec-fetch-site", "cross-site")]));
        assert!(!check("GET", &[("origin", "https://app.example"), ("origin", "https://app.example")]));
        for method in ["POST", "DELETE", "PUT"] {
            assert!(!check(method, &[]), "{method}");
        }
    }

    #[test]
    fn default_ports_may_be_written_or_not() {
        for (origin, host) in [
            ("https://a.example", "a.example:443"),
            ("http://a.example:80", "a.example"),
            ("http://[::1]:8080", "[::1]:8080"),
        ] {
            let request = Request::get("/").header("host", host).header("origin", origin).body(()).unwrap();
            assert!(origins().check_ambient(&request.into_parts().0).is_ok(), "{origin} {host}");
        }
    }

    #[test]
    fn the_host_that_was_asked_is_the_uris_before_the_headers() {
        let request = |origin: &str| {
            let request = Request::get("http://push.example/").header("host", "evil.example").header("origin", origin);
            origins().check_ambient(&request.body(()).unwrap().into_parts().0).is_ok()
        };
        assert!(request("https://push.example") && !request("https://evil.example"));
    }

    #[test]
    fn only_exact_origins_can_be_listed() {
        for bad in [
            "*",
            "null",
            "",
            "app.example",
            "https://",
            "https://a.example/",
            "https://A.example",
            "ftp://a",
            "https://*.a",
            "https://a.example:443",
            "http://a.example:80",
        ] {
            assert!(!is_origin(bad) && Origins::new(&[bad.into()]).allowed.is_empty(), "{bad}");
        }
        for good in ["https://a.example", "https://a.example:80", "http://localhost:3000", "http://[::1]:3000"] {
            assert!(is_origin(good) && Origins::new(&[good.into()]).allowed == [good], "{good}");
        }
    }
}
