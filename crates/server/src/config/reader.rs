//! From what is written to single values: each key's form is checked here, and a value's own rules by the function handed in.

use super::{
    Form, Key, Mistakes, Origin, keys,
    written::{Entry, Raw, Written},
};
use std::{cell::RefCell, time::Duration};

/// Reads keys one by one. A mistake is noted and the default stands in, so that the others are found too.
pub(super) struct Reader {
    written: Written,
    mistakes: RefCell<Mistakes>,
}

/// A value whose form is right.
pub(crate) enum Value {
    Text(String),
    Whole(u64),
    List(Vec<String>),
}

impl Reader {
    pub(super) fn new(written: Written, mistakes: Mistakes) -> Self {
        Self { written, mistakes: RefCell::new(mistakes) }
    }

    pub(super) fn written(&self) -> &Written {
        &self.written
    }

    /// Everything that was found to be wrong.
    pub(super) fn into_mistakes(self) -> Mistakes {
        self.mistakes.into_inner()
    }

    /// Whether there is no mistake so far.
    pub(super) fn check(&self) -> Result<(), Mistakes> {
        self.mistakes.borrow().clone().or_ok(())
    }

    /// Notes a mistake of a key, with where it was written.
    pub(super) fn wrong(&self, key: &Key, reason: impl Into<String>) {
        let origin = self.written.entries.get(key.name).map(|entry| entry.origin.clone());
        self.mistakes.borrow_mut().add(key.name, origin.as_ref(), reason);
    }

    /// Notes a mistake of something that is no key of the table.
    pub(super) fn wrong_at(&self, path: String, origin: &Origin, reason: impl Into<String>) {
        self.mistakes.borrow_mut().add(path, Some(origin), reason);
    }

    /// Whether somebody wrote this key, rather than leaving it at its default.
    pub(super) fn is_written(&self, key: &Key) -> bool {
        self.written.entries.get(key.name).is_some_and(|entry| entry.origin != Origin::Default)
    }

    /// Whether a mistake of this key has been noted.
    pub(super) fn is_wrong(&self, key: &Key) -> bool {
        self.mistakes.borrow().0.iter().any(|mistake| mistake.key == key.name)
    }

    /// A number, or the default's. Keys without a default: [`Reader::whole_if_set`].
    pub(super) fn whole(&self, key: &Key) -> u64 {
        self.whole_if_set(key).unwrap_or_default()
    }

    pub(super) fn whole_if_set(&self, key: &Key) -> Option<u64> {
        match self.value(key) {
            Some(Value::Whole(number)) => Some(number),
            _ => None,
        }
    }

    /// A number that counts things in memory.
    pub(super) fn count(&self, key: &Key) -> usize {
        usize::try_from(self.whole(key)).unwrap_or(usize::MAX)
    }

    pub(super) fn number(&self, key: &Key) -> u32 {
        u32::try_from(self.whole(key)).unwrap_or(u32::MAX)
    }

    pub(super) fn seconds(&self, key: &Key) -> Duration {
        Duration::from_secs(self.whole(key))
    }

    pub(super) fn days(&self, key: &Key) -> Duration {
        Duration::from_secs(self.whole(key).saturating_mul(24 * 60 * 60))
    }

    /// A text that is not empty; `None` if it is not set.
    pub(super) fn text(&self, key: &Key) -> Option<String> {
        match self.value(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A text made into something by `parse`; of the default if that says no.
    pub(super) fn parsed<T>(&self, key: &Key, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        match parse(&self.text(key)?) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.wrong(key, reason);
                parse(key.default).ok()
            }
        }
    }

    /// A list, each item made into something by `parse`; the others are left out.
    pub(super) fn list<T>(&self, key: &Key, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let Some(Value::List(items)) = self.value(key) else { return Vec::new() };
        let keep = |(at, item): (usize, &String)| match parse(item) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.wrong(key, format!("item {}: {reason}", at + 1));
                None
            }
        };
        items.iter().enumerate().filter_map(keep).collect()
    }

    /// Where the value of a key comes from.
    pub(super) fn origin(&self, key: &Key) -> Origin {
        self.written.entries.get(key.name).map_or(Origin::Default, |entry| entry.origin.clone())
    }

    /// A value as written or by default, if its form is right; `None` if it is not set.
    pub(super) fn value(&self, key: &Key) -> Option<Value> {
        if let Some(entry) = self.written.entries.get(key.name) {
            match form(key, &entry.raw) {
                Ok(value) => return Some(value),
                Err(reason) => self.wrong(key, reason),
            }
        }
        (key.form.is_list() || !key.default.is_empty()).then(|| loose(key, key.default).ok()).flatten()
    }

    /// Refuses whatever is written and has no effect in this build.
    pub(super) fn refuse_what_comes_later(&self) {
        for key in keys::ALL.iter().filter(|key| !key.built && self.written.entries.contains_key(key.name)) {
            self.wrong(key, "not in this build");
        }
    }
}

/// A list of texts under `types."NAME"`, or what is wrong with it.
pub(super) fn texts(entry: &Entry) -> Result<Vec<String>, String> {
    match &entry.raw {
        Raw::List(items) => Ok(items.clone()),
        _ => Err(expected(Form::List)),
    }
}

/// A text under `types."NAME"`, or what is wrong with it.
pub(super) fn text(entry: &Entry) -> Result<&str, String> {
    match &entry.raw {
        Raw::String(text) if !text.is_empty() => Ok(text),
        _ => Err(expected(Form::Text)),
    }
}

fn form(key: &Key, raw: &Raw) -> Result<Value, String> {
    match (key.form, raw) {
        (_, Raw::Loose(text)) => loose(key, text),
        (Form::Text | Form::Secret | Form::OneOf(_), Raw::String(text)) => loose(key, text),
        (Form::Whole(from, to), Raw::Whole(number)) => {
            whole(number.and_then(|number| u64::try_from(number).ok()), from, to)
        }
        (Form::List | Form::SecretList, Raw::List(items)) => Ok(Value::List(items.clone())),
        (wanted, Raw::Other(is)) => Err(format!("{}, is {is}", expected(wanted))),
        (wanted, _) => Err(expected(wanted)),
    }
}

fn loose(key: &Key, text: &str) -> Result<Value, String> {
    match key.form {
        Form::Whole(from, to) => whole(text.trim().parse().ok(), from, to),
        Form::List | Form::SecretList => Ok(Value::List(items(text))),
        Form::OneOf(words) if !words.contains(&text) => Err(expected(key.form)),
        // No prefix in front is what an empty one says.
        _ if text.is_empty() && *key != *keys::BASE_PATH => Err("must not be empty".into()),
        _ => Ok(Value::Text(text.to_owned())),
    }
}

fn items(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn whole(number: Option<u64>, from: u64, to: u64) -> Result<Value, String> {
    number
        .filter(|number| (from..=to).contains(number))
        .map(Value::Whole)
        .ok_or_else(|| expected(Form::Whole(from, to)))
}

/// What a form wants, as a sentence.
fn expected(form: Form) -> String {
    match form {
        Form::Text | Form::Secret => "must be a text in quotes".into(),
        Form::Whole(from, to) => format!("must be a whole number from {from} to {to}"),
        Form::OneOf(words) => format!("must be {}", words.join(" or ")),
        Form::List | Form::SecretList => "must be a list of texts, such as [\"one\", \"two\"]".into(),
    }
}
