//! The request that is sent again and again.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, CACHE_CONTROL, HeaderMap, HeaderValue};
use reqwest::{Method, Request, Url, Version};

use super::error::RequestError;

/// Longer than any process lives. Not everybody adds `Duration::MAX` to a time without a panic.
const FOR_EVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// A request that can be made any number of times.
#[derive(Clone)]
pub(super) struct Template {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    timeout: Duration,
    version: Version,
}

impl Template {
    /// Takes `request` as it is, and adds what a stream needs where the request says nothing about it.
    pub(super) fn of(request: &Request) -> Result<Self, RequestError> {
        let mut headers = request.headers().clone();
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("text/event-stream"));
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        Ok(Self {
            method: request.method().clone(),
            url: request.url().clone(),
            headers,
            body: body(request)?,
            // What a client allows for whole answers is not meant for one that never ends. Silence has a limit of its own.
            timeout: request.timeout().copied().unwrap_or(FOR_EVER),
            version: request.version(),
        })
    }

    pub(super) fn request(&self) -> Request {
        let mut request = Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = self.headers.clone();
        *request.body_mut() = self.body.clone().map(Into::into);
        *request.timeout_mut() = Some(self.timeout);
        *request.version_mut() = self.version;
        request
    }
}

fn body(request: &Request) -> Result<Option<Bytes>, RequestError> {
    let Some(body) = request.body() else { return Ok(None) };
    let bytes = body.as_bytes().ok_or(RequestError::Body)?;
    Ok(Some(Bytes::copy_from_slice(bytes)))
}
