//! The configuration file: TOML, whose lines are remembered for the sake of good messages.

use super::{
    Mistakes, Origin, keys, suggest,
    written::{Entry, Raw, TypeEntry, Written},
};
use std::{collections::BTreeMap, ops::Range, path::Path};
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

/// Reads a file into `written`; unknown names go to `mistakes`.
///
/// # Errors
///
/// The file cannot be read, or is not TOML.
pub(super) fn read(path: &Path, written: &mut Written, mistakes: &mut Mistakes) -> Result<(), Mistakes> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Mistakes::one(path.display().to_string(), None, format!("cannot be read: {error}")))?;
    let (table, errors) = DeTable::parse_recoverable(&text);
    let mut reader = Reader { path, text: &text, written, mistakes };
    if errors.is_empty() {
        reader.section("", table.get_ref());
        return Ok(());
    }
    let mut broken = Mistakes::default();
    let mut errors: Vec<_> =
        errors.into_iter().map(|error| (reader.line(&error.span().unwrap_or_default()), error)).collect();
    errors.sort_by_key(|(line, _)| *line);
    for (line, error) in errors {
        // Only the message: the full display shows the line, and there may be a secret in it.
        broken.add(path.display().to_string(), None, format!("line {line} is not TOML: {}", error.message()));
    }
    Err(broken)
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    written: &'a mut Written,
    mistakes: &'a mut Mistakes,
}

impl Reader<'_> {
    fn section(&mut self, path: &str, table: &DeTable<'_>) {
        for (name, value) in table.iter() {
            let at = if path.is_empty() { name.get_ref().to_string() } else { format!("{path}.{}", name.get_ref()) };
            self.value(&at, name, value);
        }
    }

    fn value(&mut self, at: &str, name: &Spanned<DeString<'_>>, value: &Spanned<DeValue<'_>>) {
        let origin = self.origin(&name.span());
        let dotted = name.get_ref().contains('.');
        match (keys::find(at).filter(|_| !dotted), value.get_ref()) {
            (Some(key), value) => self.written.put(key, raw(value), origin),
            (None, DeValue::Table(types)) if at == "types" => self.types(types),
            (None, DeValue::Table(table)) if keys::is_section(at) && !dotted => self.section(at, table),
            (None, _) if at == "types" || keys::is_section(at) => {
                self.mistakes.add(at, Some(&origin), "is a section and takes no value of its own");
            }
            (None, _) => self.mistakes.add(at, Some(&origin), suggest::unknown("key", suggest::key(at))),
        }
    }

    fn types(&mut self, types: &DeTable<'_>) {
        for (name, value) in types.iter() {
            let origin = self.origin(&name.span());
            let key = format!("types.{:?}", name.get_ref());
            if let DeValue::Table(table) = value.get_ref() {
                let fields = self.type_fields(&key, table);
                self.written.types.insert(name.get_ref().to_string(), TypeEntry { origin, fields });
            } else {
                let reason = "must be a section with display_name, group, severity or channels";
                self.mistakes.add(key, Some(&origin), reason);
            }
        }
    }

    fn type_fields(&mut self, key: &str, table: &DeTable<'_>) -> BTreeMap<&'static str, Entry> {
        let mut fields = BTreeMap::new();
        for (name, value) in table.iter() {
            let origin = self.origin(&name.span());
            match keys::TYPE_FIELDS.iter().find(|field| **field == name.get_ref()) {
                Some(field) => _ = fields.insert(*field, Entry { raw: raw(value.get_ref()), origin }),
                None => {
                    self.mistakes.add(format!("{key}.{}", name.get_ref()), Some(&origin), unknown_field(name, value));
                }
            }
        }
        fields
    }

    fn origin(&self, span: &Range<usize>) -> Origin {
        Origin::File(self.path.to_owned(), self.line(span))
    }

    fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

/// The commonest slip is a type's name with dots and without quotes: TOML nests it.
fn unknown_field(name: &Spanned<DeString<'_>>, value: &Spanned<DeValue<'_>>) -> String {
    if value.get_ref().is_table() {
        return "a type's name with dots in it needs quotes, as in [types.\"invoices.approved\"]".into();
    }
    suggest::unknown("key", suggest::closest(name.get_ref(), keys::TYPE_FIELDS.iter().copied()))
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::String(text.to_string()),
        DeValue::Integer(whole) => Raw::Whole(i64::from_str_radix(whole.as_str(), whole.radix()).ok()),
        DeValue::Array(items) => {
            let texts = items.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>().map_or(Raw::Other("an array of other things than strings"), Raw::List)
        }
        DeValue::Float(_) => Raw::Other("a number with a fraction"),
        DeValue::Boolean(_) => Raw::Other("true or false"),
        DeValue::Datetime(_) => Raw::Other("a date"),
        DeValue::Table(_) => Raw::Other("a section"),
    }
}
