//! Keys that make a repeated publish answer what the first one did.

use campanile_core::{Fault, PublishKey};
use http::HeaderMap;
use sha2::{Digest, Sha256};

const HEADER: &str = "idempotency-key";
/// The longest key.
const MAX_CHARS: usize = 255;
const RULE: &str = "must be 1 to 255 visible ASCII characters";

/// Whether a text can be a key.
fn is_key(bytes: &[u8]) -> bool {
    (1..=MAX_CHARS).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
}

/// The key in a request's head.
pub(crate) fn in_head(headers: &HeaderMap) -> Result<Option<String>, Vec<Fault>> {
    let fault = |detail| vec![Fault::new(format!("/header/{HEADER}"), detail)];
    let mut keys = headers.get_all(HEADER).iter();
    match (keys.next(), keys.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(fault("must be there once only")),
        (Some(key), None) => {
            let text = key.to_str().ok().filter(|text| is_key(text.as_bytes()));
            text.map(|text| Some(text.to_owned())).ok_or_else(|| fault(RULE))
        }
    }
}

/// Refuses a key in the head of a request whose parts have their own.
pub(crate) fn none_in_head(headers: &HeaderMap) -> Result<(), Vec<Fault>> {
    if headers.contains_key(HEADER) {
        return Err(vec![Fault::new(format!("/header/{HEADER}"), "is not taken here; each item may have its own")]);
    }
    Ok(())
}

/// A key in a body.
pub(crate) fn in_body(key: String, pointer: String, faults: &mut Vec<Fault>) -> Option<String> {
    if is_key(key.as_bytes()) {
        return Some(key);
    }
    faults.push(Fault::new(pointer, RULE));
    None
}

/// A key with what it stands for: the credential that used it and the exact body.
pub(crate) fn bind(key: String, credential: String, body: &[u8]) -> PublishKey {
    PublishKey { credential, key, digest: Sha256::digest(body).into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        values.iter().map(|v| (http::HeaderName::from_static(HEADER), HeaderValue::from_bytes(v).unwrap())).collect()
    }

    #[test]
    fn a_key_is_visible_ascii_of_a_bounded_length() {
        let long = [b'x'; 256];
        for good in [&b"k"[..], b"!~", b"\"quoted\"", &long[..255]] {
            let text = String::from_utf8(good.to_vec()).unwrap();
            assert_eq!(in_head(&headers(&[good])), Ok(Some(text)));
        }
        for bad in [&b""[..], b"two words", b"a\tb", "é".as_bytes(), b"\xff", &long] {
            let faults = in_head(&headers(&[bad])).unwrap_err();
            assert_eq!(faults.first().map(|fault| fault.pointer.as_str()), Some("/header/idempotency-key"), "{bad:?}");
        }
        assert_eq!(in_head(&headers(&[])), Ok(None));
        assert!(in_head(&headers(&[b"k", b"k"])).is_err());
        assert!(none_in_head(&headers(&[b"k"])).is_err());
    }
}
