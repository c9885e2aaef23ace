//! Reading one cookie (RFC 6265, 5.4), and what may be its name.

use http::{HeaderMap, header::COOKIE};

/// Whether a text can be a cookie's name (RFC 6265, 4.1.1): a token.
#[must_use]
pub fn is_cookie_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

/// The first cookie of this name that is not empty. HTTP/2 may send cookies in several headers.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|b| *b == b';'))
        .filter_map(|pair| {
            let at = pair.iter().position(|b| *b == b'=')?;
            let (found, value) = pair.split_at_checked(at)?;
            (found.trim_ascii() == name.as_bytes()).then(|| value.get(1..).unwrap_or_default().trim_ascii())
        })
        .find(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let headers: HeaderMap = ["a=1; xtoken=no;token= yes ", "token=later; b=2"]
            .into_iter()
            .map(|v| (COOKIE, HeaderValue::from_static(v)))
            .collect();
        assert_eq!(read(&headers, "token"), Some(&b"yes"[..]));
        assert_eq!(read(&headers, "b"), Some(&b"2"[..]));
        assert_eq!(read(&headers, "oken"), None);
        assert_eq!(read(&HeaderMap::new(), "token"), None);
    }
}
