//! Query strings: as another decoder reads them, and as the routes do.

use campanile_core::{Fault, store::InboxStatus};
use campanile_http::{Code, Problem, fuzzing};
use std::collections::HashSet;
use url::form_urlencoded;

/// Any text is a query.
pub(crate) fn run(data: &[u8]) {
    let query = String::from_utf8_lossy(data);
    let lossy = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let pairs: Vec<_> = fuzzing::pairs(&query).into_iter().map(|(name, value)| (lossy(name), lossy(value))).collect();
    let theirs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    assert_eq!(pairs, theirs);
    inbox(&query, &pairs);
    changes(&query, &pairs);
    names(&query, &pairs);
}

/// Refused with a place for each fault, or everything in it is once there and has its meaning.
fn judged<T>(read: Result<T, Problem>, pairs: &[(String, String)], known: &[&str]) -> Option<T> {
    let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    let distinct: HashSet<_> = names.iter().collect();
    let fine = names.iter().all(|name| known.contains(name)) && distinct.len() == names.len();
    match read {
        Ok(read) => {
            assert!(fine, "{names:?}");
            Some(read)
        }
        Err(problem) => {
            assert_eq!(problem.code(), Code::Invalid);
            assert!(!problem.errors().is_empty());
            problem.errors().iter().for_each(|fault| assert!(is_about(fault, &names), "{fault:?}"));
            None
        }
    }
}

fn is_about(fault: &Fault, names: &[&str]) -> bool {
    let name = fault.pointer.strip_prefix("/query/").map(|name| name.replace("~1", "/").replace("~0", "~"));
    name.is_some_and(|name| names.contains(&name.as_str()))
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

fn inbox(query: &str, pairs: &[(String, String)]) {
    let known = ["limit", "cursor", "status", "type", "severity"];
    let Some((inbox, after)) = judged(fuzzing::inbox(Some(query)), pairs, &known) else { return };
    assert!((1..=100).contains(&inbox.limit));
    assert_eq!(inbox.before, after.map(|after| after.seq));
    assert_eq!(after.map(|after| format!("p{after}")).as_deref(), value(pairs, "cursor"));
    assert_eq!(inbox.type_name.as_ref().map(|name| name.as_str()), value(pairs, "type"));
    assert_eq!(inbox.severity.map(|severity| severity.as_str()), value(pairs, "severity"));
    let status = match inbox.status {
        InboxStatus::All => "all",
        InboxStatus::Unread => "unread",
        InboxStatus::Read => "read",
        InboxStatus::Archived => "archived",
    };
    assert_eq!(status, value(pairs, "status").unwrap_or("all"));
}

fn changes(query: &str, pairs: &[(String, String)]) {
    let Some((after, limit, wait)) = judged(fuzzing::changes(Some(query)), pairs, &["after", "limit", "wait"]) else {
        return;
    };
    assert!((1..=1000).contains(&limit) && wait.as_secs() <= 60);
    assert_eq!(wait.as_secs(), value(pairs, "wait").map_or(0, |wait| wait.parse().expect("a number")));
    assert_eq!(limit, value(pairs, "limit").map_or(100, |limit| limit.parse().expect("a number")));
    let asked = after.map(|after| String::from_utf8_lossy(&after).into_owned());
    assert_eq!(asked.unwrap_or_default(), value(pairs, "after").unwrap_or_default());
}

fn names(query: &str, pairs: &[(String, String)]) {
    let Some((limit, after)) = judged(fuzzing::names(Some(query)), pairs, &["limit", "cursor", "tenant"]) else {
        return;
    };
    assert!((1..=1000).contains(&limit));
    assert_eq!(after.is_some(), value(pairs, "cursor").is_some());
}
