//! JSON kept as it was given: tokens verbatim, white space between them removed.

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// A JSON text without line ends: numbers, strings and the order of members are as the sender wrote them.
///
/// ```
/// use campanile_core::Json;
///
/// assert_eq!(Json::parse("{ \"price\": 1.50 }")?.as_str(), r#"{"price":1.50}"#);
/// assert_eq!(Json::of(&[1, 2])?.as_str(), "[1,2]");
/// # Ok::<(), campanile_core::JsonError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Json(Box<str>);

/// The text is not JSON that other programs can read: bad syntax, a lone surrogate, a number beyond a double, or too deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not valid JSON")]
pub struct JsonError;

impl Json {
    /// Checks and takes a JSON text. Nesting is limited to 127 levels.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the text is not such JSON.
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        serde_json::from_str::<Strict>(text).map_err(|_| JsonError)?;
        Ok(Self(compact(text)))
    }

    /// Takes a raw value out of an already parsed document.
    ///
    /// # Errors
    ///
    /// [`JsonError`] as for [`Json::parse`]: a raw value is only skipped over, not checked, by the parser.
    pub fn from_raw(raw: &RawValue) -> Result<Self, JsonError> {
        Self::parse(raw.get())
    }

    /// What `value` serialises to.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the value cannot be JSON, for instance a map with keys that are no strings.
    pub fn of<T: serde::Serialize + ?Sized>(value: &T) -> Result<Self, JsonError> {
        serde_json::to_string(value).map(|text| Self(text.into())).map_err(|_| JsonError)
    }

    /// `null`.
    #[must_use]
    pub fn null() -> Self {
        Self("null".into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl serde::Serialize for Json {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(to)
    }
}

/// Removes white space outside of strings. The input must be valid JSON.
fn compact(text: &str) -> Box<str> {
    let mut out = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    for c in text.chars() {
        if in_string {
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            out.push(c);
        } else if !matches!(c, ' ' | '\t' | '\n' | '\r') {
            in_string = c == '"';
            out.push(c);
        }
    }
    out.into()
}

/// Reads any JSON and keeps nothing: serde_json checks depth, surrogates and the range of numbers only for what is really read.
struct Strict;

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(StrictVisitor)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Strict, E> {
        Ok(Strict)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Strict, A::Error> {
        while items.next_element::<Strict>()?.is_some() {}
        Ok(Strict)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Strict, A::Error> {
        while members.next_entry::<Strict, Strict>()?.is_some() {}
        Ok(Strict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tokens_stay_as_they_were_and_line_ends_go() {
        let json =
            Json::parse("{ \"a\" :\r\n [1.10, 1E2 ,\"x \\\" \\\\\"] , \"a\": null }\n").map(|j| j.0.into_string());
        assert_eq!(json.as_deref(), Ok(r#"{"a":[1.10,1E2,"x \" \\"],"a":null}"#));
    }

    #[test]
    fn what_other_programs_could_not_read_is_refused() {
        let deep = "[".repeat(1_000_000);
        for text in ["", "{", "1e400", r#""\ud800""#, r#"{"\udc00":1}"#, "\"a\nb\"", "nul", &deep] {
            assert!(Json::parse(text).is_err(), "{}", &text[..text.len().min(20)]);
        }
        assert!(Json::parse(&format!("{}{}", "[".repeat(127), "]".repeat(127))).is_ok());
        assert!(Json::parse(&format!("{}{}", "[".repeat(128), "]".repeat(128))).is_err());
    }

    proptest! {
        #[test]
        fn compacting_changes_no_value(text in r#"[\[\]{}",:0-9a\\ \n]{0,40}"#, value: Vec<(String, i64)>) {
            if let Ok(json) = Json::parse(&text) {
                let (before, after): (serde_json::Value, serde_json::Value) =
                    (serde_json::from_str(&text).unwrap(), serde_json::from_str(json.as_str()).unwrap());
                prop_assert_eq!(before, after);
            }
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let json = Json::parse(&pretty).unwrap();
            prop_assert_eq!(json.as_str(), serde_json::to_string(&value).unwrap());
        }
    }
}
