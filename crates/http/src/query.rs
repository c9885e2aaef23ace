//! Query strings, read as bytes: a position in one may be anything.

use crate::Problem;
use campanile_core::Fault;
use std::{borrow::Cow, collections::HashSet, ops::RangeInclusive};

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

/// The value of a parameter that must not be there twice.
pub(crate) fn only<'a>(query: Option<&'a str>, name: &str) -> Result<Option<Cow<'a, [u8]>>, Problem> {
    let mut values = pairs(query).filter(|(found, _)| found.as_ref() == name.as_bytes()).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(vec![Fault::new(format!("/query/{name}"), TWICE)].into()),
    }
}

/// Hands every parameter to `take`. Each one that it refuses is a fault (`/query/NAME`), and so is one that is there twice.
pub(crate) fn each(
    query: Option<&str>,
    mut take: impl FnMut(&str, &[u8]) -> Result<(), &'static str>,
) -> Result<(), Problem> {
    let (mut faults, mut seen) = (Vec::new(), HashSet::new());
    for (name, value) in pairs(query) {
        let name = String::from_utf8_lossy(&name).into_owned();
        let taken = take(&name, &value);
        let once = if seen.insert(name.clone()) { taken } else { Err(TWICE) };
        if let Err(detail) = once {
            faults.push(Fault::new(format!("/query/{}", name.replace('~', "~0").replace('/', "~1")), detail));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.into()) }
}

const TWICE: &str = "must be there once only";

/// What a parameter that nobody asked for is told.
pub(crate) const UNKNOWN: &str = "is not known here";

/// A value that is text.
pub(crate) fn text(value: &[u8]) -> Result<&str, &'static str> {
    std::str::from_utf8(value).map_err(|_| "must be UTF-8")
}

/// A decimal number within bounds, digits only.
pub(crate) fn number(value: &[u8], bounds: RangeInclusive<usize>) -> Option<usize> {
    // The parser would take a sign.
    let digits = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
    digits.parse().ok().filter(|number| bounds.contains(number))
}

/// A value as it stands in a query, percent-encoded.
pub(crate) fn encode(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    value.bytes().map(one).collect()
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
        fn every_text_survives_encoding(value: String) {
            let query = format!("a=b&x={}&c=d", encode(&value));
            prop_assert_eq!(first(Some(&query), "x").map(Cow::into_owned), Some(value.into_bytes()));
        }

        #[test]
        fn every_value_survives_encoding(value: Vec<u8>) {
            let encoded: String = value.iter().map(|b| format!("%{b:02X}")).collect();
            let query = format!("x={encoded}");
            prop_assert_eq!(first(Some(&query), "x").map(Cow::into_owned), Some(value));
        }
    }
}
