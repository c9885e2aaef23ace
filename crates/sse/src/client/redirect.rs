//! Following redirects, without taking credentials along to another origin.

use reqwest::header::{
    ACCEPT, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, USER_AGENT,
};
use reqwest::{Method, Response, StatusCode, Url};

use super::error::RedirectError;
use super::template::Template;

/// The header that carries the position; reqwest has no name for it.
pub(super) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What may go to another origin. A list of what may not would miss the next `X-Api-Key`.
const HARMLESS: [HeaderName; 6] = [ACCEPT, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_TYPE, LAST_EVENT_ID, USER_AGENT];

/// Where `answer` sends the client, if it does.
pub(super) fn target(answer: &Response) -> Option<Result<Url, RedirectError>> {
    matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308)
        .then(|| location(answer.url(), answer.headers()).ok_or(RedirectError::Location))
}

/// Turns the request, which was answered with `status`, into the one to `url`.
pub(super) fn follow(request: &mut Template, status: StatusCode, url: Url) {
    if becomes_get(&request.method, status) {
        request.method = Method::GET;
        request.body = None;
        request.headers.remove(CONTENT_TYPE);
    }
    if request.url.origin() != url.origin() {
        keep_harmless(&mut request.headers);
    }
    request.url = url;
}

fn location(base: &Url, headers: &HeaderMap) -> Option<Url> {
    let url = base.join(headers.get(LOCATION)?.to_str().ok()?).ok()?;
    let plain = url.username().is_empty() && url.password().is_none();
    (plain && matches!(url.scheme(), "http" | "https")).then_some(url)
}

/// As browsers do it (Fetch, HTTP-redirect fetch, step 12).
fn becomes_get(method: &Method, status: StatusCode) -> bool {
    match status.as_u16() {
        301 | 302 => method == Method::POST,
        303 => method != Method::GET && method != Method::HEAD,
        _ => false,
    }
}

fn keep_harmless(headers: &mut HeaderMap) {
    let others: Vec<_> = headers.keys().filter(|name| !HARMLESS.contains(name)).cloned().collect();
    for name in others {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::Request;
    use reqwest::header::{AUTHORIZATION, HeaderValue};

    const GIVEN: [&str; 7] =
        ["accept", "authorization", "cache-control", "cookie", "x-api-key", "last-event-id", "content-type"];

    fn request(method: Method) -> Template {
        let mut request = Request::new(method, "https://a.example/x".parse().unwrap());
        for name in GIVEN {
            request.headers_mut().insert(name, HeaderValue::from_static("v"));
        }
        *request.body_mut() = Some("body".into());
        Template::of(&request).unwrap()
    }

    fn followed(method: Method, status: u16, to: &str) -> Template {
        let mut request = request(method);
        follow(&mut request, StatusCode::from_u16(status).unwrap(), to.parse().unwrap());
        request
    }

    #[test]
    fn to_another_origin_only_harmless_headers_go() {
        for other in ["https://b.example/x", "http://a.example/x", "https://a.example:8443/x", "https://x.a.example/x"]
        {
            let request = followed(Method::GET, 307, other);
            let mut names: Vec<_> = request.headers.keys().map(HeaderName::as_str).collect();
            names.sort_unstable();
            assert_eq!(names, ["accept", "cache-control", "content-type", "last-event-id"], "{other}");
        }
    }

    #[test]
    fn within_the_origin_all_headers_go() {
        for same in ["https://a.example/y", "https://A.example:443/?q#f"] {
            let request = followed(Method::GET, 302, same);
            assert_eq!(request.headers.len(), GIVEN.len(), "{same}");
            assert!(request.headers.contains_key(AUTHORIZATION));
        }
    }

    #[test]
    fn what_was_dropped_does_not_come_back_on_the_way_home() {
        let mut request = followed(Method::GET, 307, "https://b.example/");
        follow(&mut request, StatusCode::FOUND, "https://a.example/".parse().unwrap());
        assert!(!request.headers.contains_key(AUTHORIZATION));
    }

    #[test]
    fn method_and_body_stay_unless_the_status_says_get() {
        for (method, status, to, body) in [
            (Method::POST, 301, Method::GET, false),
            (Method::POST, 302, Method::GET, false),
            (Method::POST, 303, Method::GET, false),
            (Method::POST, 307, Method::POST, true),
            (Method::POST, 308, Method::POST, true),
            (Method::PUT, 302, Method::PUT, true),
            (Method::PUT, 303, Method::GET, false),
            (Method::GET, 303, Method::GET, true),
        ] {
            let request = followed(method, status, "https://a.example/y");
            assert_eq!((&request.method, request.body.is_some()), (&to, body), "{status}");
            assert_eq!(request.headers.contains_key(CONTENT_TYPE), body, "{status}");
        }
    }

    #[test]
    fn a_location_is_joined_and_leads_to_http_without_a_user() {
        let base: Url = "https://a.example/x/y?z".parse().unwrap();
        let at = |value: &'static str| {
            let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(value))]);
            location(&base, &headers).map(String::from)
        };
        assert_eq!(at("/s").as_deref(), Some("https://a.example/s"));
        assert_eq!(at("s").as_deref(), Some("https://a.example/x/s"));
        assert_eq!(at("//b.example/s").as_deref(), Some("https://b.example/s"));
        assert_eq!(at("http://b.example:81/").as_deref(), Some("http://b.example:81/"));
        for bad in ["ftp://a.example/", "file:///etc/passwd", "javascript:x", "https://me@b.example/", "http://"] {
            assert_eq!(at(bad), None, "{bad}");
        }
        assert_eq!(location(&base, &HeaderMap::new()), None);
    }
}
