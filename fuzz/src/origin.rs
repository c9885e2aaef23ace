//! Whose page asks, and whom it asks: what is let through must be the same host to a browser's reading of both.

use crate::head;
use campanile_http::{LOCALHOST, fuzzing};
use http::{HeaderMap, Method, Version, header, request::Parts};
use url::{Origin, Url};

const LISTED: &str = "https://app.example";

/// A request's head; its first line of all may be an origin to be listed, too.
pub(crate) fn run(data: &[u8]) {
    let first = data.split(|byte| *byte == b'\n').next().unwrap_or_default();
    listed(&String::from_utf8_lossy(first));
    let Some((parts, _)) = head::request(data) else { return };
    let (count, readable) = fuzzing::cookies_count(&[LISTED.into()], &parts).expect("a good origin");
    assert_eq!(readable, only(&parts.headers, &header::ORIGIN) == Some(LISTED), "an answer to be read");
    if count {
        assert!(is_trusted(&parts), "{:?}", parts.headers);
    }
    host(&parts);
}

/// An origin that can be listed is the one that a browser would send.
fn listed(text: &str) {
    let parts = http::Request::new(()).into_parts().0;
    if fuzzing::cookies_count(&[text.into()], &parts).is_some() {
        assert!(text.starts_with("http://") || text.starts_with("https://"), "{text:?}");
        assert!(!text.contains(['*', ' ', '@', '?', '#']) && text.matches('/').count() == 2, "{text:?}");
    }
}

fn only<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().filter(|_| values.next().is_none())?;
    first.to_str().ok()
}

/// The rule of the contract, by a browser's reading of origins.
fn is_trusted(parts: &Parts) -> bool {
    let site = parts.headers.get("sec-fetch-site");
    if site.is_some_and(|site| site.as_bytes().eq_ignore_ascii_case(b"cross-site")) {
        return false;
    }
    if !parts.headers.contains_key(header::ORIGIN) {
        return site.is_some() || [Method::GET, Method::HEAD, Method::OPTIONS].contains(&parts.method);
    }
    let Some(origin) = only(&parts.headers, &header::ORIGIN) else { return false };
    origin == LISTED || is_own(origin, parts)
}

/// Whether the page is of the host that was asked, as a browser would write both.
fn is_own(origin: &str, parts: &Parts) -> bool {
    let asked = match parts.uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => only(&parts.headers, &header::HOST),
    };
    let (Some(asked), Some((scheme, written))) = (asked, origin.split_once("://")) else { return false };
    let (page, own) = (Url::parse(origin), Url::parse(&format!("{scheme}://{asked}")));
    match (page.map(|url| url.origin()), own.map(|url| url.origin())) {
        (Ok(page @ Origin::Tuple(..)), Ok(own)) => page == own,
        // What no browser would send may count for itself alone.
        _ => written.eq_ignore_ascii_case(asked),
    }
}

/// A host that is answered under the names of this machine is this machine to a browser.
fn host(parts: &Parts) {
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let Some(host) = fuzzing::local_host(version, &parts.uri, &parts.headers) else { continue };
        let url = Url::parse(&format!("http://{host}/")).ok();
        let name = url.as_ref().and_then(Url::host_str);
        assert!(name.is_none() || name.is_some_and(|name| LOCALHOST.contains(&name)), "{host:?} is {name:?}");
    }
}
