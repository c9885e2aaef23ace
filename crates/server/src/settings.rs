//! `campanile config`.

use crate::{
    cli,
    config::{self, Origin, Setting, Sources, Value},
    failure::Failure,
    output,
};
use serde_json::{Map, json};
use std::{ffi::OsString, fmt::Write};

/// Where the origins begin, unless a value is longer.
const COLUMN: usize = 50;

/// Shows what takes effect.
///
/// # Errors
///
/// The configuration has mistakes.
pub(crate) fn run(options: cli::Config, variables: Vec<(OsString, OsString)>) -> Result<(), Failure> {
    if options.reference {
        return output::print(config::reference());
    }
    let settings = config::load_settings(&Sources { file: options.config, variables, ..Sources::default() })?;
    output::print(if options.json { object(&settings) } else { file(&settings) })
}

/// As a configuration file, with the origins as comments.
fn file(settings: &[Setting]) -> String {
    settings.iter().fold(String::new(), |mut text, setting| {
        let (line, origin) = match &setting.value {
            Some(value) => (format!("{} = {}", setting.key, toml(value)), setting.origin.to_string()),
            None => (format!("# {}", setting.key), "not set".into()),
        };
        // Writing to a string cannot fail.
        _ = writeln!(text, "{line:<COLUMN$}  # {origin}");
        text
    })
}

fn toml(value: &Value) -> toml::Value {
    match value {
        Value::Text(text) => text.as_str().into(),
        Value::Whole(number) => i64::try_from(*number).unwrap_or(i64::MAX).into(),
        Value::List(items) => items.clone().into(),
    }
}

fn object(settings: &[Setting]) -> String {
    let member = |setting: &Setting| {
        let value = setting.value.as_ref().map(toml);
        let object = json!({"value": value, "secret": setting.secret, "origin": origin(&setting.origin)});
        (setting.key.clone(), object)
    };
    let object: Map<_, _> = settings.iter().map(member).collect();
    format!("{:#}\n", serde_json::Value::from(object))
}

fn origin(origin: &Origin) -> serde_json::Value {
    match origin {
        Origin::Default => json!({"source": "default"}),
        Origin::File(file, line) => json!({"source": "file", "file": file.to_string_lossy(), "line": line}),
        Origin::Variable(name) => json!({"source": "variable", "variable": name}),
        Origin::SecretFile(name, file) => {
            json!({"source": "secret-file", "variable": name, "file": file.to_string_lossy()})
        }
        Origin::Option(name) => json!({"source": "option", "option": name}),
    }
}
