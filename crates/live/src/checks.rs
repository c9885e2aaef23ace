//! What hyper lets through and a request must not have.

use crate::{LiveOptions, Refusal};
use http::{HeaderValue, Version, header::HOST, request::Parts, uri::Authority};

/// Why this request is not for the application, if it is not.
pub(crate) fn refusal(parts: &Parts, options: &LiveOptions) -> Option<Refusal> {
    if parts.uri.path_and_query().map_or(0, |path| path.as_str().len()) > options.max_uri {
        return Some(Refusal::UriTooLong);
    }
    if head_bytes(parts) > options.max_head {
        return Some(Refusal::HeadTooLarge);
    }
    (!names_one_host(parts)).then_some(Refusal::NoHost)
}

/// The head's size, as HTTP/1.1 writes it.
fn head_bytes(parts: &Parts) -> usize {
    const LINE: usize = " HTTP/1.1\r\n\r\n".len();
    const FIELD: usize = ": \r\n".len();
    let path = parts.uri.path_and_query().map_or(1, |path| path.as_str().len());
    let fields: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + FIELD).sum();
    parts.method.as_str().len() + 1 + path + LINE + fields
}

/// RFC 9112, 3.2: exactly one `Host` in HTTP/1.1; before that it may be missing. RFC 9113, 8.3.1: `:authority`, or `Host`, or both the same.
fn names_one_host(parts: &Parts) -> bool {
    let mut named = parts.headers.get_all(HOST).iter();
    let (first, second) = (named.next(), named.next());
    if second.is_some() {
        return false;
    }
    match first {
        Some(host) if !is_host(host) => false,
        Some(host) if parts.version == Version::HTTP_2 => {
            parts.uri.authority().is_none_or(|named| named.as_str().as_bytes().eq_ignore_ascii_case(host.as_bytes()))
        }
        Some(_) => true,
        None => parts.version < Version::HTTP_11 || parts.version == Version::HTTP_2 && parts.uri.authority().is_some(),
    }
}

fn is_host(value: &HeaderValue) -> bool {
    // Of an authority, only the part with the user is not for `Host`.
    !value.as_bytes().contains(&b'@') && Authority::try_from(value.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn parts(version: Version, uri: &str, hosts: &[&str]) -> Parts {
        let mut request = Request::builder().version(version).uri(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        request.body(()).expect("a request").into_parts().0
    }

    #[test]
    fn one_host_and_a_good_one() {
        let judge = |version, uri, hosts| refusal(&parts(version, uri, hosts), &LiveOptions::default());
        let (one, two) = (Version::HTTP_11, Version::HTTP_2);
        for good in [&["a"][..], &["a.example:8080"], &["[::1]:80"], &["127.0.0.1"]] {
            assert_eq!(judge(one, "/", good), None, "{good:?}");
        }
        for bad in [&[][..], &["a", "a"], &["a", "b"], &[""], &["a b"], &["u@a"], &["a/b"]] {
            assert_eq!(judge(one, "/", bad), Some(Refusal::NoHost), "{bad:?}");
        }
        assert_eq!(judge(Version::HTTP_10, "/", &[]), None);
        assert_eq!(judge(Version::HTTP_10, "/", &["a", "b"]), Some(Refusal::NoHost));
        assert_eq!(judge(two, "http://a/", &[]), None);
        assert_eq!(judge(two, "http://a/", &["A"]), None);
        assert_eq!(judge(two, "http://a/", &["b"]), Some(Refusal::NoHost));
        assert_eq!(judge(two, "/", &["a"]), None);
        assert_eq!(judge(two, "/", &[]), Some(Refusal::NoHost));
    }

    #[test]
    fn sizes_are_counted_to_the_byte() {
        let mut options = LiveOptions { max_uri: 5, ..LiveOptions::default() };
        assert_eq!(refusal(&parts(Version::HTTP_11, "/?a=b", &["a"]), &options), None);
        assert_eq!(refusal(&parts(Version::HTTP_11, "/?a=bc", &["a"]), &options), Some(Refusal::UriTooLong));
        options.max_head = b"GET /?a=b HTTP/1.1\r\nhost: a\r\n\r\n".len();
        assert_eq!(refusal(&parts(Version::HTTP_11, "/?a=b", &["a"]), &options), None);
        assert_eq!(refusal(&parts(Version::HTTP_11, "/?a=b", &["ab"]), &options), Some(Refusal::HeadTooLarge));
    }
}
