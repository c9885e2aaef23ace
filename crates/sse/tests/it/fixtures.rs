//! The golden streams in `spec/fixtures`: what each means was written down by hand from the standard.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use campanile_sse::Limits;
use serde::Deserialize;

use crate::reader::{Heard, read};

/// The form of a fixture's `.json`; spec/fixtures/README.md explains it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Expected {
    about: String,
    source: String,
    dispatches: Vec<ExpectedDispatch>,
    last_event_id: Text,
    #[serde(deserialize_with = "Option::deserialize")]
    reconnection_time: Option<u64>,
    /// What other clients do; their own checks read it.
    #[serde(default)]
    deviations: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExpectedDispatch {
    #[serde(rename = "type")]
    name: Text,
    data: Text,
    last_event_id: Text,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Plain(String),
    Long {
        repeat: String,
        times: usize,
        #[serde(default)]
        then: String,
    },
}

impl Text {
    fn get(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Long { repeat, times, then } => repeat.repeat(*times) + then,
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/fixtures")
}

fn names(extension: &str) -> BTreeSet<String> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|found| found == extension));
    files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

fn fixture(name: &str) -> (Vec<u8>, Expected) {
    let stream = fs::read(folder().join(name).with_extension("sse")).unwrap();
    let json = fs::read(folder().join(name).with_extension("json")).unwrap();
    (stream, serde_json::from_slice(&json).unwrap_or_else(|error| panic!("{name}: {error}")))
}

fn assert_heard(heard: &Heard, expected: &Expected, context: &str) {
    let dispatches: Vec<_> =
        heard.dispatches().map(|it| [&*it.name, &*it.data, &*it.last_event_id].map(str::to_owned)).collect();
    let wanted: Vec<_> =
        expected.dispatches.iter().map(|it| [it.name.get(), it.data.get(), it.last_event_id.get()]).collect();
    assert_eq!(dispatches, wanted, "{context}: dispatches");
    assert_eq!(heard.last_event_id, expected.last_event_id.get(), "{context}: last event id");
    let time = heard.reconnection_time().map(|time| time.as_millis());
    assert_eq!(time, expected.reconnection_time.map(u128::from), "{context}: reconnection time");
    assert!(heard.items.iter().all(Result::is_ok), "{context}: an overflow");
}

#[test]
fn every_fixture_is_read_as_the_standard_says_in_any_chunks() {
    for name in names("sse") {
        let (stream, expected) = fixture(&name);
        for size in [stream.len().max(1), 1, 2, 3, 5, 7, 4096] {
            let heard = read(Limits::default(), stream.chunks(size));
            assert_heard(&heard, &expected, &format!("{name} in chunks of {size}"));
        }
    }
}

#[test]
fn every_short_fixture_is_read_the_same_cut_at_any_one_place() {
    for name in names("sse") {
        let (stream, expected) = fixture(&name);
        for at in 0..=stream.len().min(1000) {
            let (before, after) = stream.split_at(at);
            let heard = read(Limits::default(), [before, &[], after]);
            assert_heard(&heard, &expected, &format!("{name} cut at {at}"));
        }
    }
}

#[test]
fn streams_and_expectations_come_in_pairs_and_say_what_they_are_about() {
    let streams = names("sse");
    assert_eq!(streams, names("json"));
    assert!(streams.len() >= 100, "only {} fixtures were found", streams.len());
    for name in streams {
        let (_, expected) = fixture(&name);
        assert!(!expected.about.is_empty() && !expected.source.is_empty(), "{name}");
        assert!(expected.deviations.iter().all(|deviation| deviation["client"].is_string()), "{name}");
    }
}
