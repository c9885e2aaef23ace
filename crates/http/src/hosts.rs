//! Which `Host` names are answered. A page of another site can point its own name at an address in your network and then read the
//! answers (DNS rebinding): its requests carry that name, and so can be told from honest ones.

use crate::{Code, Http, Problem};
use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Uri, Version, header::HOST, uri::Authority};
use std::sync::Arc;

/// The names of this machine for itself.
pub const LOCALHOST: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Host names that are answered, in lower case and without ports.
#[derive(Clone, Debug)]
pub(crate) struct Hosts(Arc<[String]>);

impl Hosts {
    /// These names; none: all.
    pub(crate) fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    pub(crate) fn answers(&self, host: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|name| name.eq_ignore_ascii_case(without_port(host)))
    }
}

impl Http {
    /// Lets routes answer for these hosts only, in lower case and without ports; none: for all. Whoever names no host, or another one, is told
    /// so. For the outermost router of a server.
    pub fn for_hosts<S: Clone + Send + Sync + 'static>(
        &self,
        routes: Router<S>,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Router<S> {
        routes.layer(middleware::from_fn_with_state((Hosts::new(names), self.clone()), check))
    }
}

/// Middleware around everything: 400 for a request that does not say whom it is meant for (RFC 9112 section 3.2), 421 for one meant
/// for somebody else.
async fn check(State((hosts, http)): State<(Hosts, Http)>, request: Request, next: Next) -> Response {
    let mut refusal = match host(request.version(), request.uri(), request.headers()) {
        Some(host) if hosts.answers(host) => return next.run(request).await,
        Some(_) => misdirected().into_response(),
        None => Problem::new(Code::NoHost, "A request names exactly one host.").into_response(),
    };
    http.complete(request.headers(), &mut refusal);
    refusal
}

fn misdirected() -> Problem {
    Problem::new(Code::Misdirected, "This server does not answer for the host that the request names.")
}

/// The one host that a request names. HTTP/2 has it in the URI, and a header that says something else makes the request malformed (RFC 9113
/// section 8.3.1); in HTTP/1.1 a host in the URI makes the header meaningless (RFC 9112 section 3.2.2). Two headers contradict each other.
pub(crate) fn host<'a>(version: Version, uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let mut named = headers.get_all(HOST).iter();
    let (named, another) = (named.next(), named.next());
    let authority = uri.authority().map(Authority::as_str);
    let differ =
        |(named, authority): (&HeaderValue, &str)| !named.as_bytes().eq_ignore_ascii_case(authority.as_bytes());
    let contradicted = version > Version::HTTP_11 && named.zip(authority).is_some_and(differ);
    if another.is_some() || contradicted {
        return None;
    }
    authority.or_else(|| named?.to_str().ok())
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_capitals_do_not_matter_but_names_do() {
        let hosts = Hosts::new(LOCALHOST);
        for good in ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:8080", "[::1]"] {
            assert!(hosts.answers(good), "{good}");
        }
        for bad in [
            "evil.example",
            "localhost.evil.example:8080",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "localhost:80:80",
            "user@localhost",
            "",
        ] {
            assert!(!hosts.answers(bad), "{bad}");
        }
        assert!(Hosts::new([""; 0]).answers("anything.example"));
    }

    #[test]
    fn a_request_names_exactly_one_host() {
        let headers = |values: &[&'static str]| -> HeaderMap {
            values.iter().map(|value| (HOST, http::HeaderValue::from_static(value))).collect()
        };
        let (relative, absolute) = (Uri::from_static("/x"), Uri::from_static("http://b.example:8080/x"));
        for (version, uri, named, expected) in [
            (Version::HTTP_11, &relative, &["a.example"][..], Some("a.example")),
            (Version::HTTP_11, &absolute, &[], Some("b.example:8080")),
            (Version::HTTP_11, &absolute, &["a.example"], Some("b.example:8080")),
            (Version::HTTP_2, &absolute, &[], Some("b.example:8080")),
            (Version::HTTP_2, &absolute, &["B.example:8080"], Some("b.example:8080")),
            (Version::HTTP_2, &absolute, &["a.example"], None),
            (Version::HTTP_2, &relative, &["a.example"], Some("a.example")),
            (Version::HTTP_11, &relative, &[], None),
            (Version::HTTP_11, &relative, &[""], Some("")),
            (Version::HTTP_11, &relative, &["a.example", "b.example"], None),
            (Version::HTTP_11, &absolute, &["b.example:8080", "b.example:8080"], None),
        ] {
            assert_eq!(host(version, uri, &headers(named)), expected, "{version:?} {uri} {named:?}");
        }
    }
}
