//! The server that is measured, as its clients know it: how a stream is opened, and how something is published.

use super::template::{Fill, Template, Url};
use std::{net::SocketAddr, ops::Range};

#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// Its process: what it and its children use is measured. None: only what clients see is.
    pub(crate) process: Option<u32>,
    pub(crate) stream: Template,
    /// The event after which a stream misses nothing; none: its head is enough.
    pub(crate) ready: Option<String>,
    pub(crate) publish: Message,
    /// What tokens are signed with.
    pub(crate) secret: Option<Vec<u8>>,
}

/// How something is published.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) head: Template,
    pub(crate) body: Template,
    /// Filler for `{pad}`.
    pub(crate) pad: usize,
    /// So many bodies in one request, as an array; each is then answered by this text in the answer.
    pub(crate) batch: Option<(usize, String)>,
}

impl Target {
    /// The request that opens a stream of `user`, after `position` if there is one.
    pub(crate) fn stream_request(&self, user: usize, position: Option<&str>) -> Vec<u8> {
        let mut request = Vec::new();
        let fill = Fill { users: user..user + 1, stamp: None, pad: 0, secret: self.secret.as_deref() };
        self.stream.fill(&fill, &mut request);
        request.extend_from_slice(b"Accept: text/event-stream\r\n");
        if let Some(position) = position {
            request.extend_from_slice(format!("Last-Event-ID: {position}\r\n").as_bytes());
        }
        request.extend_from_slice(b"\r\n");
        request
    }
}

impl Message {
    /// How many messages go into one request.
    pub(crate) fn per_request(&self) -> usize {
        self.batch.as_ref().map_or(1, |(size, _)| *size)
    }

    /// Writes a request with as many messages; `next` says to whom each goes, and its stamp.
    pub(crate) fn request(
        &self,
        mut next: impl FnMut() -> (Range<usize>, super::stamp::Stamp),
        scratch: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) {
        scratch.clear();
        let mut users = 0..0;
        for at in 0..self.per_request() {
            if self.batch.is_some() {
                scratch.push(if at == 0 { b'[' } else { b',' });
            }
            let (to, stamp) = next();
            users = to.clone();
            self.body.fill(&Fill { users: to, stamp: Some(stamp), pad: self.pad, secret: None }, scratch);
        }
        if self.batch.is_some() {
            scratch.push(b']');
        }
        self.head.fill(&Fill { users, stamp: None, pad: 0, secret: None }, out);
        out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", scratch.len()).as_bytes());
        out.extend_from_slice(scratch);
    }

    /// Whether an answer says that everything was taken.
    pub(crate) fn is_taken(&self, status: u16, body: &[u8]) -> bool {
        (200..300).contains(&status)
            && self.batch.as_ref().is_none_or(|(size, mark)| memchr::memmem::find_iter(body, mark).count() == *size)
    }
}

/// A target from its URLs, for servers that somebody else has started.
pub(crate) struct Urls<'a> {
    pub(crate) stream: &'a str,
    pub(crate) stream_headers: &'a [String],
    pub(crate) publish: &'a str,
    pub(crate) publish_headers: &'a [String],
    pub(crate) body: &'a str,
}

impl Urls<'_> {
    pub(crate) fn target(&self) -> Result<Target, String> {
        let (stream, publish) = (Url::parse(self.stream)?, Url::parse(self.publish)?);
        if stream.address != publish.address {
            return Err("streams and publishes must go to one address".into());
        }
        let body = Template::of(self.body);
        if !body.is_stamped() {
            return Err("the body has no {stamp}: nothing could be counted".into());
        }
        Ok(Target {
            address: stream.address,
            process: None,
            stream: stream.head("GET", self.stream_headers),
            ready: None,
            publish: Message { head: publish.head("POST", self.publish_headers), body, pad: 0, batch: None },
            secret: None,
        })
    }
}
