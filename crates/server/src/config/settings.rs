//! What takes effect, for people and programs to look at: every key's value and where it comes from. No secret gets in here, nor its length.

use super::{
    Config, Key, Origin, keys,
    reader::{Reader, Value},
    written::TypeEntry,
};
use campanile_core::{Definition, TypeName};
use campanile_http::ApiKey;

/// What stands for a secret.
const MASK: &str = "***";

/// One key as it takes effect.
pub(crate) struct Setting {
    /// The key's path; a type's name in it is in quotes.
    pub(crate) key: String,
    /// `None`: not set, and without a default.
    pub(crate) value: Option<Value>,
    /// Whether the value, or a part of it, is masked.
    pub(crate) secret: bool,
    pub(crate) origin: Origin,
}

/// All keys of this build, in the order of the reference, and then the types by name.
pub(super) fn all(reader: &Reader, config: &Config) -> Vec<Setting> {
    let keys = keys::ALL.iter().filter(|key| key.built).map(|key| setting(reader, config, key));
    let types = reader.written().types.iter().filter_map(|(name, entry)| {
        let definition = config.definitions.types.get(&TypeName::new(name).ok()?)?;
        Some(fields(name, entry, definition))
    });
    keys.chain(types.flatten()).collect()
}

fn setting(reader: &Reader, config: &Config, key: &Key) -> Setting {
    let value = reader.value(key).map(|value| shown(config, key, value));
    let secret = key.form.is_secret() && *key != *keys::STORE_URL;
    Setting { key: key.name.into(), value, secret, origin: reader.origin(key) }
}

/// Whatever may hold a secret is shown as the checked configuration has it, or not at all.
fn shown(config: &Config, key: &Key, value: Value) -> Value {
    let known = |known: &Key| *key == *known;
    match value {
        _ if known(keys::STORE_URL) => Value::Text(config.store.to_string()),
        _ if known(keys::API_KEYS) => names(&config.api_keys),
        _ if known(keys::ADMIN_KEYS) => names(&config.admin_keys),
        Value::Text(_) if known(keys::JWKS_URL) => {
            Value::Text(config.auth.jwks_url.as_ref().map(ToString::to_string).unwrap_or_default())
        }
        _ if key.form.is_secret() => Value::Text(MASK.into()),
        open => open,
    }
}

fn names(keys: &[ApiKey]) -> Value {
    Value::List(keys.iter().map(|key| format!("{}:{MASK}", key.name())).collect())
}

fn fields<'a>(name: &'a str, entry: &'a TypeEntry, definition: &Definition) -> impl Iterator<Item = Setting> + use<'a> {
    let text = |text: &Option<String>| text.clone().map(Value::Text);
    let fields = [
        ("display_name", text(&definition.display_name)),
        ("group", text(&definition.group)),
        ("severity", Some(Value::Text(definition.severity.as_str().into()))),
        ("channels", Some(Value::List(definition.channels.clone()))),
    ];
    fields.into_iter().map(move |(field, value)| Setting {
        key: format!("types.{}.{field}", toml::Value::from(name)),
        value,
        secret: false,
        origin: entry.fields.get(field).map_or(Origin::Default, |written| written.origin.clone()),
    })
}
