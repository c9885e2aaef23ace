//! The `Authorization` header (RFC 9110, 11.6.2; RFC 6750, 2.1).

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};

/// What the `Authorization` header holds.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Authorization<'a> {
    /// There is none.
    Absent,
    /// A bearer token.
    Bearer(&'a [u8]),
    /// Something else, or more than one: never a reason to look for other credentials.
    Unusable,
}

pub(crate) fn read(headers: &HeaderMap) -> Authorization<'_> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Authorization::Absent,
        (Some(only), None) => bearer(only).map_or(Authorization::Unusable, Authorization::Bearer),
        _ => Authorization::Unusable,
    }
}

fn bearer(value: &HeaderValue) -> Option<&[u8]> {
    const SCHEME: &[u8] = b"bearer ";
    let (scheme, token) = value.as_bytes().split_at_checked(SCHEME.len())?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(SCHEME) && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|v| (AUTHORIZATION, HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn one_bearer_token_in_any_case_is_usable() {
        for good in ["Bearer abc", "bearer abc", "BEARER   abc"] {
            assert_eq!(read(&headers(&[good])), Authorization::Bearer(b"abc"), "{good}");
        }
        assert_eq!(read(&headers(&[])), Authorization::Absent);
        for bad in [&["Basic abc"][..], &["Bearer"], &["Bearer "], &["abc"], &[""], &["Bearer a", "Bearer a"]] {
            assert_eq!(read(&headers(bad)), Authorization::Unusable, "{bad:?}");
        }
    }
}
