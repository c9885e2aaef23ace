//! The configuration's variables: `CAMPANILE_`, the path in capitals, levels joined by `__`.

use super::{
    Form, Key, Mistakes, Origin, keys, suggest,
    written::{Raw, Written},
};
use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    io::Read,
    path::Path,
};

const PREFIX: &str = "CAMPANILE_";

/// Ours, but no keys: the log's filter, the file of `--config`, what the commands that speak to a server take, and what test rigs keep.
const NOT_KEYS: [&str; 6] =
    ["CAMPANILE_LOG", "CAMPANILE_CONFIG", "CAMPANILE_URL", "CAMPANILE_API_KEY", "CAMPANILE_TOKEN", "CAMPANILE_BIN"];

/// The longest file that a `…_FILE` variable may name. It is a secret, not a disk.
const MAX_SECRET_FILE: u64 = 1 << 20;

/// Reads all variables of ours into `written`.
pub(super) fn read(variables: &[(OsString, OsString)], written: &mut Written, mistakes: &mut Mistakes) {
    let mut set: HashMap<&'static str, String> = HashMap::new();
    for (name, value) in ours(variables) {
        let origin = Origin::Variable(name.to_owned());
        let Some((key, from_file)) = key_of(name) else {
            let (path, reason) = unknown(name);
            mistakes.add(path, Some(&origin), reason);
            continue;
        };
        if let Some(other) = set.insert(key.name, name.to_owned()) {
            mistakes.add(key.name, Some(&origin), format!("contradicts {other}: set one of the two"));
        }
        match text(value, from_file) {
            Ok(text) if from_file => {
                let file = Origin::SecretFile(name.to_owned(), value.into());
                written.put(key, loose(key, from_file, text), file);
            }
            Ok(text) => written.put(key, loose(key, from_file, text), origin),
            Err(reason) => mistakes.add(key.name, Some(&origin), reason),
        }
    }
}

/// Our variables in a fixed order, so that messages do not depend on the environment's.
fn ours(variables: &[(OsString, OsString)]) -> Vec<(&str, &OsStr)> {
    let named = variables.iter().filter_map(|(name, value)| Some((name.to_str()?, value.as_os_str())));
    let mut ours: Vec<_> = named
        .filter(|(name, value)| name.starts_with(PREFIX) && !NOT_KEYS.contains(name) && !is_service_link(name, value))
        .collect();
    ours.sort_unstable();
    ours
}

/// The key that a variable sets, and whether its value is in a file.
fn key_of(name: &str) -> Option<(&'static Key, bool)> {
    let find = |name: &str| keys::ALL.iter().copied().find(|key| key.variable() == name);
    let in_file = || find(name.strip_suffix("_FILE")?).filter(|key| key.form.is_secret());
    find(name).map(|key| (key, false)).or_else(|| Some((in_file()?, true)))
}

fn text(value: &OsStr, from_file: bool) -> Result<String, String> {
    let text = value.to_str().ok_or("is not UTF-8")?;
    if !from_file {
        return Ok(text.to_owned());
    }
    secret_file(Path::new(text)).map_err(|error| format!("{text} cannot be read: {error}"))
}

/// Reads a file with a secret, without the line end that editors and `echo` put at its end.
pub(crate) fn secret_file(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(MAX_SECRET_FILE).read_to_string(&mut text)?;
    let kept = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(kept);
    Ok(text)
}

/// A list in a file has one a line: commas would work too, but nobody writes them there.
fn loose(key: &Key, from_file: bool, text: String) -> Raw {
    match (key.form, from_file) {
        (Form::SecretList, true) => Raw::Loose(text.lines().collect::<Vec<_>>().join(",")),
        _ => Raw::Loose(text),
    }
}

/// The path that was tried, and why it is none.
fn unknown(name: &str) -> (String, String) {
    let path = name.strip_prefix(PREFIX).unwrap_or(name).replace("__", ".").to_lowercase();
    if path.starts_with("types.") {
        return (path, "types can only be described in the file: their names are not capitals".into());
    }
    let meant = suggest::key(&path).and_then(keys::find).map(Key::variable);
    let reason = suggest::unknown("key", meant.as_deref());
    (path, reason)
}

/// Kubernetes sets variables in every container for a Service named `campanile`, such as `CAMPANILE_SERVICE_HOST` and
/// `CAMPANILE_PORT_8080_TCP_ADDR`. They are nobody's mistake.
fn is_service_link(name: &str, value: &OsStr) -> bool {
    let port = |(_, rest): (&str, &str)| rest.starts_with(|c: char| c.is_ascii_digit());
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || (name.ends_with("_PORT") && value.to_str().is_some_and(|value| value.contains("://")))
        || name.rsplit_once("_PORT_").is_some_and(port)
        || name.split_once("_PORT_").is_some_and(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_links_of_an_orchestrator_are_no_keys() {
        for (name, value) in [
            ("CAMPANILE_SERVICE_HOST", "10.0.0.1"),
            ("CAMPANILE_ADMIN_SERVICE_PORT_HTTP", "80"),
            ("CAMPANILE_PORT", "tcp://10.0.0.1:80"),
            ("CAMPANILE_PORT_80_TCP", "tcp://10.0.0.1:80"),
            ("CAMPANILE_PORT_80_TCP_PORT", "80"),
        ] {
            assert!(is_service_link(name, OsStr::new(value)), "{name}");
        }
        for key in keys::ALL {
            assert!(!is_service_link(&key.variable(), OsStr::new("8080")), "{}", key.name);
        }
    }
}
