//! `types."NAME"`: what is known of notification types.

use super::{
    keys,
    reader::{self, Reader},
    suggest,
    written::{Entry, TypeEntry},
};
use campanile_core::{Definition, Definitions, IN_APP, SSE, Severity, TypeName, TypesPolicy};

/// The channels that exist in this build. A slip in one of their names is a mistake; any other name is a channel that nobody has registered,
/// which the engine warns of, at its start and with each notification.
const CHANNELS: [&str; 2] = [IN_APP, SSE];

pub(super) fn definitions(reader: &Reader) -> Definitions {
    let policy = match reader.text(keys::TYPES_POLICY).as_deref() {
        Some("strict") => TypesPolicy::Strict,
        _ => TypesPolicy::Open,
    };
    let types = reader.written().types.iter().filter_map(|(name, entry)| definition(reader, name, entry)).collect();
    let definitions = Definitions { policy, types };
    if policy == TypesPolicy::Strict && reader.written().types.is_empty() {
        reader.wrong(
            keys::TYPES_POLICY,
            "is strict, but no type is described under `types`: every publish would be refused",
        );
    }
    definitions
}

fn definition(reader: &Reader, name: &str, entry: &TypeEntry) -> Option<(TypeName, Definition)> {
    let path = format!("types.{name:?}");
    let type_name =
        TypeName::new(name).map_err(|why| reader.wrong_at(path.clone(), &entry.origin, why.to_string())).ok();
    let field = Field { reader, path: &path, entry };
    let mut definition = Definition {
        display_name: field.read("display_name", |entry| reader::text(entry).map(str::to_owned)),
        group: field.read("group", |entry| reader::text(entry).map(str::to_owned)),
        ..Definition::default()
    };
    if let Some(severity) = field.read("severity", severity) {
        definition.severity = severity;
    }
    if let Some(channels) = field.read("channels", channels) {
        definition.channels = channels;
    }
    Some((type_name?, definition))
}

struct Field<'a> {
    reader: &'a Reader,
    path: &'a str,
    entry: &'a TypeEntry,
}

impl Field<'_> {
    fn read<T>(&self, name: &str, parse: impl Fn(&Entry) -> Result<T, String>) -> Option<T> {
        let entry = self.entry.fields.get(name)?;
        let wrong = |reason: String| self.reader.wrong_at(format!("{}.{name}", self.path), &entry.origin, reason);
        parse(entry).map_err(wrong).ok()
    }
}

fn severity(entry: &Entry) -> Result<Severity, String> {
    reader::text(entry)?.parse().map_err(|_| "must be info, success, warning, error or fatal".into())
}

fn channels(entry: &Entry) -> Result<Vec<String>, String> {
    let names = reader::texts(entry)?;
    if names.is_empty() {
        return Err("must name a channel, or its notifications would go nowhere".into());
    }
    let others = names.iter().filter(|name| !CHANNELS.contains(&name.as_str()));
    match others.filter_map(|name| Some((name, suggest::closest(name, CHANNELS.into_iter())?))).next() {
        Some((slip, meant)) => Err(suggest::unknown(&format!("channel {slip:?}"), Some(meant))),
        None => Ok(names),
    }
}
