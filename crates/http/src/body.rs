//! Reading a request's body: of the right type and bounded in size. How long it may take is the server's affair, which knows how to end the
//! connection too; here a body that it gave up is answered with 408.

use crate::{Code, Problem};
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use http_body::Body as _;
use http_body_util::BodyExt;
use std::{error::Error, io};

/// What a body says it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Media {
    /// One JSON text.
    Json,
    /// A JSON text on each line.
    JsonLines,
}

/// What a body says it is, if that is text in UTF-8, uncompressed. A form of another page's making ends here.
pub(crate) fn media(headers: &HeaderMap) -> Option<Media> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let only = types.next().filter(|_| types.next().is_none())?;
    let plain = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    let mut parts = only.to_str().ok()?.split(';').map(str::trim);
    let media = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/json" => Media::Json,
        "application/x-ndjson" => Media::JsonLines,
        _ => return None,
    };
    (headers.get_all(CONTENT_ENCODING).iter().all(plain) && parts.all(is_fine)).then_some(media)
}

/// A parameter that does not make a text unreadable.
fn is_fine(parameter: &str) -> bool {
    match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    }
}

/// Refuses whatever is not declared as JSON.
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    const DETAIL: &str = "The Content-Type must be application/json, without a Content-Encoding.";
    let refused = || Problem::new(Code::UnsupportedMediaType, DETAIL);
    media(headers).filter(|media| *media == Media::Json).map(drop).ok_or_else(refused)
}

/// Reads a body of at most `limit` bytes. Stops there, whether a length was announced or not.
pub(crate) async fn read(mut body: Body, limit: usize) -> Result<Bytes, Problem> {
    if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| unreadable(&error))?;
        let Ok(data) = frame.into_data() else { continue };
        if read.len() + data.len() > limit {
            return Err(too_large());
        }
        read.extend_from_slice(&data);
    }
    Ok(read.freeze())
}

/// Why no more of a body came: whoever serves this gives a late one up with an [`io::Error`] among the sources.
fn unreadable(error: &axum::Error) -> Problem {
    let sources = std::iter::successors(Some(error as &(dyn Error + 'static)), |error| (*error).source());
    let mut kinds = sources.filter_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind);
    if kinds.any(|kind| kind == io::ErrorKind::TimedOut) {
        return Problem::new(Code::BodyTimeout, "The body did not arrive in time.");
    }
    Problem::new(Code::Malformed, "The body could not be read.")
}

fn too_large() -> Problem {
    Problem::new(Code::BodyTooLarge, "The body is larger than this server takes.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    const LIMIT: usize = 10;

    fn headers(name: &http::HeaderName, values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), http::HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_json_in_utf_8_is_json() {
        for good in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
            "application/json;",
        ] {
            assert!(require_json(&headers(&CONTENT_TYPE, &[good])).is_ok(), "{good}");
        }
        assert_eq!(media(&headers(&CONTENT_TYPE, &["application/x-ndjson; charset=utf-8"])), Some(Media::JsonLines));
        assert_eq!(media(&headers(&CONTENT_TYPE, &["application/x-ndjson; charset=utf-16"])), None);
        for bad in [
            &[][..],
            &[""],
            &["text/plain"],
            &["application/x-www-form-urlencoded"],
            &["multipart/form-data; boundary=application/json"],
            &["application/json; charset=iso-8859-1"],
            &["application/problem+json"],
            &["application/jsonx"],
            &["application/x-ndjson"],
            &["application/json", "text/plain"],
        ] {
            let problem = require_json(&headers(&CONTENT_TYPE, bad)).unwrap_err();
            assert_eq!(problem.code(), Code::UnsupportedMediaType, "{bad:?}");
        }
        let mut compressed = headers(&CONTENT_ENCODING, &["gzip"]);
        compressed.extend(headers(&CONTENT_TYPE, &["application/json"]));
        assert!(require_json(&compressed).is_err());
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_the_limit() {
        let chunks = |n: usize| Body::from_stream(stream::iter((0..n).map(|_| Ok::<_, std::io::Error>("12345"))));
        assert_eq!(read(chunks(2), LIMIT).await.unwrap(), "1234512345");
        assert_eq!(read(chunks(3), LIMIT).await.unwrap_err().code(), Code::BodyTooLarge);
        assert_eq!(read(Body::from("12345678901"), LIMIT).await.unwrap_err().code(), Code::BodyTooLarge);
        let endless = Body::from_stream(stream::repeat_with(|| Ok::<_, std::io::Error>("12345")));
        assert_eq!(read(endless, LIMIT).await.unwrap_err().code(), Code::BodyTooLarge);
    }

    #[tokio::test]
    async fn a_body_that_was_given_up_and_one_that_broke_are_told_apart() {
        let failing = |error: io::Error| Body::from_stream(stream::iter([Ok(Bytes::from("1")), Err(error)]));
        let late = io::Error::new(io::ErrorKind::TimedOut, "late");
        assert_eq!(read(failing(late), LIMIT).await.unwrap_err().code(), Code::BodyTimeout);
        assert_eq!(read(failing(io::Error::other("reset")), LIMIT).await.unwrap_err().code(), Code::Malformed);
    }
}
