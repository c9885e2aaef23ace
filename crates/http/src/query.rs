//! Query strings, read as bytes: a position in one may be anything.

use std::borrow::Cow;

/// The pairs of a query, percent-decoded (`+` is a space), in their order. Broken escapes are taken literally.
pub(crate) fn pairs(query: Option<&str>) -> impl Iterator<Item = (Cow<'_, [u8]>, Cow<'_, [u8]>)> {
    query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

/// The first value of a parameter.
pub(crate) fn first<'a>(query: Option<&'a str>, name: &str) -> Option<Cow<'a, [u8]>> {
    pairs(query).find(|(found, _)| found.as_ref() == name.as_bytes()).map(|(_, value)| value)
}

fn decode(text: &str) -> Cow<'_, [u8]> {
    let bytes = text.as_bytes();
    if !bytes.iter().any(|b| matches!(b, b'%' | b'+')) {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        let (decoded, next) = match (byte, escaped(after)) {
            (b'%', Some(value)) => (value, after.get(2..).unwrap_or_default()),
            (b'+', _) => (b' ', after),
            _ => (byte, after),
        };
        out.push(decoded);
        rest = next;
    }
    Cow::Owned(out)
}

fn escaped(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| digits.get(at).and_then(|d| char::from(*d).to_digit(16));
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_bytes_and_the_first_one_counts() {
        let query = Some("a=1&b=%FF%fe&a=2&c&d=%zz%4&e=x+y%2B&=q&&%61b=3");
        let get = |name| first(query, name).map(Cow::into_owned);
        assert_eq!(get("a").as_deref(), Some(&b"1"[..]));
        assert_eq!(get("b").as_deref(), Some(&[0xff, 0xfe][..]));
        assert_eq!(get("c").as_deref(), Some(&b""[..]));
        assert_eq!(get("d").as_deref(), Some(&b"%zz%4"[..]));
        assert_eq!(get("e").as_deref(), Some(&b"x y+"[..]));
        assert_eq!(get("ab").as_deref(), Some(&b"3"[..]));
        assert_eq!(get("z"), None);
        assert_eq!(first(None, "a"), None);
    }

    proptest! {
        #[test]
        fn every_value_survives_encoding(value: Vec<u8>) {
            let encoded: String = value.iter().map(|b| format!("%{b:02X}")).collect();
            let query = format!("x={encoded}");
            prop_assert_eq!(first(Some(&query), "x").map(Cow::into_owned), Some(value));
        }
    }
}
