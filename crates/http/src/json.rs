//! Request bodies as their sender wrote them: members in order, duplicates seen, values verbatim. All faults are gathered.

use crate::Problem;
use campanile_core::{Fault, Json};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::{collections::HashSet, fmt};

/// The text of a body that is strict JSON. What is wrong with it otherwise stays inside.
pub(crate) fn text(body: &[u8]) -> Result<&str, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::malformed())?;
    Json::parse(text).map_err(|_| Problem::malformed())?;
    Ok(text)
}

/// An object's members that were not looked at yet.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    pointer: String,
    members: Vec<(String, &'a RawValue)>,
}

/// Any value but an object.
const NO_OBJECT: &str = "must be an object";

impl<'a> Object<'a> {
    /// The object in a text that [`text`] has checked. Anything but an object is a fault, and so is every member that is there twice.
    pub(crate) fn parse(text: &'a str, pointer: impl Into<String>, faults: &mut Vec<Fault>) -> Option<Self> {
        let pointer = pointer.into();
        let Ok(Members(members)) = serde_json::from_str(text) else {
            faults.push(Fault::new(pointer, NO_OBJECT));
            return None;
        };
        let mut object = Self { pointer, members: Vec::with_capacity(members.len().min(16)) };
        let (mut seen, mut told) = (HashSet::new(), HashSet::new());
        for (name, value) in members {
            if seen.insert(name.clone()) {
                object.members.push((name, value));
            } else if told.insert(name.clone()) {
                faults.push(Fault::new(object.at(&name), "must be there once only"));
            }
        }
        Some(object)
    }

    /// The pointer of a member (RFC 6901).
    pub(crate) fn at(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1"))
    }

    /// Whether a member is there. `null` is as good as absent.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(found, value)| found == name && value.get() != "null")
    }

    /// Takes a member out. `null` is as good as absent.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        let at = self.members.iter().position(|(found, _)| found == name)?;
        let (_, value) = self.members.remove(at);
        Some(value).filter(|value| value.get() != "null")
    }

    /// Takes a string out.
    pub(crate) fn string(&mut self, name: &str, faults: &mut Vec<Fault>) -> Option<String> {
        self.typed(name, "must be a string", faults)
    }

    /// Takes a string out that must be there; an empty one stands in for it.
    pub(crate) fn required(&mut self, name: &str, faults: &mut Vec<Fault>) -> String {
        if !self.has(name) {
            faults.push(Fault::new(self.at(name), "is required"));
        }
        self.string(name, faults).unwrap_or_default()
    }

    /// Takes a boolean out.
    pub(crate) fn boolean(&mut self, name: &str, faults: &mut Vec<Fault>) -> Option<bool> {
        self.typed(name, "must be true or false", faults)
    }

    /// Takes an object out.
    pub(crate) fn object(&mut self, name: &str, faults: &mut Vec<Fault>) -> Option<Object<'a>> {
        let value = self.take(name)?;
        Object::parse(value.get(), self.at(name), faults)
    }

    /// Takes an array of strings out; what is none becomes an empty one, so that the others keep their places.
    pub(crate) fn strings(&mut self, name: &str, faults: &mut Vec<Fault>) -> Option<Vec<String>> {
        let items: Vec<&RawValue> = self.typed(name, "must be an array of strings", faults)?;
        let pointer = self.at(name);
        let mut string = |(at, item): (usize, &RawValue)| {
            serde_json::from_str(item.get()).unwrap_or_else(|_| {
                faults.push(Fault::new(format!("{pointer}/{at}"), "must be a string"));
                String::new()
            })
        };
        Some(items.into_iter().enumerate().map(&mut string).collect())
    }

    fn typed<T: Deserialize<'a>>(&mut self, name: &str, detail: &'static str, faults: &mut Vec<Fault>) -> Option<T> {
        let value = self.take(name)?;
        let typed = serde_json::from_str(value.get());
        typed.map_err(|_| faults.push(Fault::new(self.at(name), detail))).ok()
    }

    /// Whatever was not taken is not known here.
    pub(crate) fn finish(self, faults: &mut Vec<Fault>) {
        faults.extend(self.members.iter().map(|(name, _)| Fault::new(self.at(name), "is not known here")));
    }
}

/// Adds the faults of a later step, but not about what an earlier one has refused already.
pub(crate) fn merge(faults: &mut Vec<Fault>, later: Vec<Fault>) {
    let told: HashSet<String> = faults.iter().map(|fault| fault.pointer.clone()).collect();
    let is_told = |pointer: &str| {
        let mut prefix = pointer;
        loop {
            if told.contains(prefix) {
                return true;
            }
            match prefix.rsplit_once('/') {
                Some((parent, _)) if !parent.is_empty() => prefix = parent,
                _ => return false,
            }
        }
    };
    faults.extend(later.into_iter().filter(|fault| !is_told(&fault.pointer)));
}

/// All members of an object, in their order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(faults: &[Fault]) -> Vec<&str> {
        faults.iter().map(|fault| fault.pointer.as_str()).collect()
    }

    #[test]
    fn what_cannot_be_parsed_is_told_without_the_parsers_words() {
        let deep = format!("{}{}", "[".repeat(128), "]".repeat(128));
        for bad in
            [&b""[..], b"{", b"{} x", b"\xff", br#"{"a":1e400}"#, br#""\ud800""#, deep.as_bytes(), b"\xef\xbb\xbf{}"]
        {
            assert_eq!(text(bad).unwrap_err().code(), crate::Code::Malformed);
        }
    }

    #[test]
    fn unknown_and_repeated_members_are_faults_with_their_place() {
        let mut faults = Vec::new();
        let mut object =
            Object::parse(r#"{"a":1,"b":"x","a":2,"a":3,"c/d~e":null,"f":[1,"y"],"g":7,"":0}"#, "/to", &mut faults)
                .unwrap();
        assert_eq!(object.string("b", &mut faults).as_deref(), Some("x"));
        assert_eq!(object.strings("f", &mut faults), Some(vec![String::new(), "y".into()]));
        assert_eq!(object.string("g", &mut faults), None);
        object.finish(&mut faults);
        assert_eq!(pointers(&faults), ["/to/a", "/to/f/0", "/to/g", "/to/a", "/to/c~1d~0e", "/to/"]);
    }

    #[test]
    fn null_is_as_good_as_absent() {
        let mut faults = Vec::new();
        let mut object = Object::parse(r#"{"a":null,"b":null}"#, "", &mut faults).unwrap();
        assert_eq!((object.string("a", &mut faults), object.boolean("b", &mut faults)), (None, None));
        object.finish(&mut faults);
        assert!(faults.is_empty());
    }

    #[test]
    fn what_is_no_object_is_a_fault() {
        for text in ["[]", "1", "\"x\"", "null", "true"] {
            let mut faults = Vec::new();
            assert!(Object::parse(text, "", &mut faults).is_none());
            assert_eq!(pointers(&faults), [""]);
        }
    }

    #[test]
    fn a_later_step_does_not_repeat_what_is_told() {
        let fault = |pointer: &str| Fault::new(pointer, "x");
        let mut faults = vec![fault("/to"), fault("/users/1"), fault("/t")];
        merge(&mut faults, ["/to/users", "/users/1", "/users/10", "/type", "/to"].map(fault).to_vec());
        assert_eq!(pointers(&faults), ["/to", "/users/1", "/t", "/users/10", "/type"]);
    }
}
