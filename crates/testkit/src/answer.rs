//! A whole answer.

use crate::Head;
use serde_json::Value;

/// An answer that has come to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its head.
    pub head: Head,
    /// Its body, decoded from its framing.
    pub body: Vec<u8>,
}

impl Answer {
    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.head.status()
    }

    /// The value of a header.
    ///
    /// # Panics
    ///
    /// If it comes twice.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.get(name)
    }

    /// The body as text.
    ///
    /// # Panics
    ///
    /// If it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body in UTF-8")
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// If it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in the body of\n{self}"))
    }

    /// The same answer, which must have this status.
    ///
    /// # Panics
    ///
    /// With the whole answer, if it has another one.
    #[must_use]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status(), status, "\n{self}");
        self
    }

    /// A problem (RFC 9457) with this status: checks its form, and answers its members.
    ///
    /// # Panics
    ///
    /// If the answer is anything else.
    #[must_use]
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status(), status, "\n{self}");
        assert_eq!(self.field("content-type"), Some("application/problem+json"), "\n{self}");
        let problem = self.json();
        assert_eq!(problem["status"], status, "\n{self}");
        for member in ["type", "title", "detail", "code"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "no {member}:\n{self}");
        }
        let more = problem.as_object().expect("an object").len() - 5;
        let faults = problem["errors"].as_array().map_or(0, Vec::len);
        assert!(more == usize::from(faults > 0), "members that no problem has:\n{self}");
        assert_eq!(self.field("x-content-type-options"), Some("nosniff"), "\n{self}");
        problem
    }

    /// The JSON pointers of a 422, sorted.
    ///
    /// # Panics
    ///
    /// If the answer is anything else, or a fault has no words.
    #[must_use]
    pub fn pointers(&self) -> Vec<String> {
        let problem = self.problem(422);
        let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("no errors:\n{self}"));
        let pointer = |error: &Value| {
            assert!(error["detail"].as_str().is_some_and(|text| !text.is_empty()), "a fault without words:\n{self}");
            error["pointer"].as_str().unwrap_or_else(|| panic!("a fault without a place:\n{self}")).to_owned()
        };
        let mut pointers: Vec<_> = errors.iter().map(pointer).collect();
        pointers.sort();
        pointers
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", String::from_utf8_lossy(self.head.raw()), String::from_utf8_lossy(&self.body))
    }
}
