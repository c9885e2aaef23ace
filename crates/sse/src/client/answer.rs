//! What the head of an answer means.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Response, StatusCode};

use super::error::{EventSourceError, Failure, Interruption};

/// Takes an answer that is not a redirect for what it is.
pub(super) fn judge(answer: Response) -> Result<Response, Failure> {
    match answer.status() {
        StatusCode::OK => events(answer),
        StatusCode::NO_CONTENT => Err(Failure::Gone),
        status if is_passing(status) => {
            Err(Failure::Again(Interruption::Unavailable(status), retry_after(answer.headers())))
        }
        status => Err(Failure::Final(EventSourceError::Refused(status))),
    }
}

fn events(answer: Response) -> Result<Response, Failure> {
    let value = text(answer.headers(), CONTENT_TYPE).unwrap_or_default();
    let media = value.split(';').next().unwrap_or_default().trim();
    if media.eq_ignore_ascii_case("text/event-stream") {
        return Ok(answer);
    }
    Err(Failure::Final(EventSourceError::NotEvents(value.to_owned())))
}

/// Whether the same request may fare better later. 501 and 505 say that the server cannot do it, which does not pass.
fn is_passing(status: StatusCode) -> bool {
    match status.as_u16() {
        408 | 425 | 429 => true,
        501 | 505 => false,
        code => code >= 500,
    }
}

/// How long to stay away (RFC 9110, 10.2.3). A date is taken relative to the server's own `Date`: the clocks of the two may differ.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = text(headers, RETRY_AFTER)?;
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        return value.parse().ok().map(Duration::from_secs);
    }
    let at = httpdate::parse_http_date(value).ok()?;
    let now = httpdate::parse_http_date(text(headers, DATE)?).ok()?;
    at.duration_since(now).ok()
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let passing: Vec<u16> = (200..600).filter(|&code| is_passing(StatusCode::from_u16(code).unwrap())).collect();
        let (client, server): (Vec<u16>, Vec<u16>) = passing.iter().partition(|&&code| code < 500);
        assert_eq!(client, [408, 425, 429]);
        assert_eq!(server.len(), 98);
        assert!(!server.contains(&501) && !server.contains(&505));
    }

    fn after(value: &'static str, date: Option<&'static str>) -> Option<u64> {
        let mut headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]);
        headers.extend(date.map(|date| (DATE, HeaderValue::from_static(date))));
        retry_after(&headers).map(|time| time.as_secs())
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_by_the_servers_clock() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(after("120", None), Some(120));
        assert_eq!(after("0", None), Some(0));
        assert_eq!(after("Sun, 06 Nov 1994 08:50:37 GMT", date), Some(60));
        assert_eq!(after("Sun, 06 Nov 1994 08:50:37 GMT", None), None);
        assert_eq!(after("Sun, 06 Nov 1994 08:48:37 GMT", date), None, "a time that is over");
        for bad in ["", "-1", "+1", "1.5", "soon", "99999999999999999999"] {
            assert_eq!(after(bad, date), None, "{bad:?}");
        }
    }
}
