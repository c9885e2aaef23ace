//! The draft: from options, or as a whole from standard input.

use crate::{cli, config::Mistakes, failure::Failure};
use serde::Serialize;
use serde_json::{
    json,
    value::{RawValue, Value},
};
use std::io::Read;

/// What a server takes at the most by default is far less; this only bounds the memory.
const MAX_BYTES: u64 = 64 << 20;

#[derive(Serialize)]
struct Draft<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    to: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a str>,
}

/// The body of the request.
///
/// # Errors
///
/// Every mistake of the command line, or that something cannot be read.
pub(super) fn body(options: &cli::Publish) -> Result<Vec<u8>, Failure> {
    if options.kind == "-" { whole(options) } else { of_options(options) }
}

fn of_options(options: &cli::Publish) -> Result<Vec<u8>, Failure> {
    let mut mistakes = Mistakes::default();
    let data =
        options.data.as_deref().and_then(|data| data_of(data).map_err(|why| mistakes.add("--data", None, why)).ok());
    let to = audience(options).unwrap_or_else(|| {
        mistakes.add("--user", None, "say who gets it: --user (as often as needed), --topic or --everyone");
        Value::Null
    });
    let draft = Draft {
        kind: &options.kind,
        to,
        severity: options.severity.as_deref(),
        title: options.title.as_deref(),
        body: options.body.as_deref(),
        link: options.link.as_deref(),
        data,
        tenant: options.tenant.as_deref(),
    };
    mistakes.or_ok(())?;
    serde_json::to_vec(&draft).map_err(|error| Failure::Runtime(format!("cannot write the draft: {error}")))
}

fn audience(options: &cli::Publish) -> Option<Value> {
    match (&options.user[..], &options.topic, options.everyone) {
        ([], None, false) => None,
        ([], Some(topic), _) => Some(json!({"topic": topic})),
        ([], None, true) => Some(json!({"everyone": true})),
        (users, ..) => Some(json!({"users": users})),
    }
}

/// JSON as it was given, or the content of the file behind `@`: numbers keep their digits.
fn data_of(given: &str) -> Result<Box<RawValue>, String> {
    let text = match given.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).map_err(|error| format!("{file} cannot be read: {error}"))?,
        None => given.to_owned(),
    };
    serde_json::from_str(&text).map_err(|error| format!("must be JSON, or @FILE with JSON in it: {error}"))
}

fn whole(options: &cli::Publish) -> Result<Vec<u8>, Failure> {
    let mut mistakes = Mistakes::default();
    for option in options.of_a_draft() {
        mistakes.add(option, None, "has no effect with `-`: write it into the draft");
    }
    mistakes.or_ok(())?;
    let mut text = String::new();
    let read = std::io::stdin().lock().take(MAX_BYTES).read_to_string(&mut text);
    read.map_err(|error| Failure::Runtime(format!("cannot read the draft from standard input: {error}")))?;
    match serde_json::from_str::<&RawValue>(&text) {
        Ok(_) => Ok(text.into_bytes()),
        Err(error) => Err(Mistakes::one("-", None, format!("standard input is not JSON: {error}")).into()),
    }
}
