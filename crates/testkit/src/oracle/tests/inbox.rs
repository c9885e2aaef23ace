//! Faults planted into what was said of an inbox, and into what became of its marks.

use super::{arrived, client, counts, ready};
use crate::oracle::{Asked, Mark, Oracle, PageQuery, Told, Verdict, ViolationKind, ViolationKind as Kind};
use serde_json::{Value, json};

/// An entry of a log, and the counts after it.
#[derive(Clone)]
struct Step(Entry, (u64, u64));

#[derive(Clone)]
enum Entry {
    Arrived(&'static str),
    Updated(Vec<&'static str>, Value),
    UpTo(u64, Value),
}
use Entry::{Arrived, UpTo, Updated};

fn id(mark: &str) -> String {
    format!("id-{mark}")
}

impl Entry {
    fn bytes(&self, seq: u64) -> String {
        let data = match self {
            Arrived(mark) => return arrived(seq, mark),
            Updated(marks, state) => json!({"notificationIds": ids(marks), "state": state}),
            UpTo(up_to, state) => json!({"upTo": up_to, "state": state}),
        };
        format!("id: e-{seq}\nevent: updated\ndata: {data}\n\n")
    }
}

fn ids(marks: &[&str]) -> Vec<String> {
    marks.iter().map(|mark| id(mark)).collect()
}

fn asked(marks: &[&str], word: &str, value: bool) -> Asked {
    Asked::Ids { ids: ids(marks), state: [(word.into(), value)].into() }
}

fn done(since: u64, asked: Asked) -> Mark {
    Mark { since, asked, told: Told::Done }
}

/// Three arrive; `a` is read, `b` archived, all seen, `a` deleted, and all that is left read.
fn story() -> Vec<Step> {
    let arrive = |mark, n| Step(Arrived(mark), (n, n));
    vec![
        arrive("a", 1),
        arrive("b", 2),
        arrive("c", 3),
        Step(Updated(vec!["a"], json!({"read": true})), (2, 2)),
        Step(Updated(vec!["b"], json!({"archived": true})), (1, 1)),
        Step(UpTo(3, json!({"seen": true})), (1, 0)),
        Step(Updated(vec!["a"], json!({"removed": true})), (1, 0)),
        Step(UpTo(7, json!({"read": true})), (0, 0)),
    ]
}

fn marks() -> Vec<Mark> {
    vec![
        done(3, asked(&["a"], "read", true)),
        done(4, asked(&["b"], "archived", true)),
        done(5, Asked::UpTo { up_to: Some(3), state: [("seen".into(), true)].into() }),
        done(6, asked(&["a"], "removed", true)),
        done(7, Asked::UpTo { up_to: None, state: [("read".into(), true)].into() }),
    ]
}

fn oracle(marks: Vec<Mark>) -> Oracle {
    let mut oracle = Oracle::default();
    for mark in ["a", "b", "c"] {
        oracle.acknowledged("u", 0, mark, &id(mark));
    }
    marks.into_iter().for_each(|mark| oracle.marked("u", mark));
    oracle
}

fn body(story: &[Step]) -> Vec<u8> {
    let mut body = ready("fresh", 0, (0, 0));
    for (Step(entry, after), seq) in story.iter().zip(1..) {
        body += &entry.bytes(seq);
        body += &counts(*after, seq);
    }
    body.into_bytes()
}

fn judge(oracle: &Oracle, story: &[Step]) -> Result<Verdict, ViolationKind> {
    oracle.judge(&[client(vec![(None, body(story))])]).map_err(|violation| violation.kind)
}

/// The story without one of its steps.
fn without(number: usize) -> Vec<Step> {
    let mut story = story();
    story.remove(number);
    story
}

fn lost<T: std::fmt::Debug>(judged: &Result<T, ViolationKind>, what: &str) {
    assert!(matches!(judged, Err(Kind::Lost { mark }) if mark.contains(what)), "{judged:?}");
}

fn unasked<T: std::fmt::Debug>(judged: &Result<T, ViolationKind>, at: u64) {
    assert!(matches!(judged, Err(Kind::Unasked { seq, .. }) if *seq == at), "{judged:?}");
}

#[test]
fn a_story_without_a_fault_passes() {
    let verdict = judge(&oracle(marks()), &story()).unwrap();
    assert_eq!((verdict.marks, verdict.counts, verdict.removed, verdict.expired), (5, 9, 1, 0));
}

#[test]
fn an_arrival_may_be_told_as_a_removal_to_those_who_come_after_it() {
    let mut late = story();
    late[0].0 = Updated(vec!["a"], json!({"removed": true}));
    assert!(judge(&oracle(marks()), &late).is_ok(), "nobody saw it arrive, and its marks are in the log all the same");
    for pair in [[story(), late.clone()], [late, story()]] {
        let clients = pair.map(|story| client(vec![(None, body(&story))]));
        assert!(oracle(marks()).judge(&clients).is_ok());
    }
}

#[test]
fn a_lost_mark_is_found() {
    lost(&judge(&oracle(marks()[..1].to_vec()), &story()[..3]), "id-a");
    let mut lost_read = without(3);
    lost_read[3].1 = (2, 2);
    let mut shifted = marks();
    shifted[1..].iter_mut().for_each(|mark| mark.since -= 1);
    lost(&judge(&oracle(shifted), &lost_read), "id-a");
    lost(&judge(&oracle(marks()[..3].to_vec()), &story()[..5]), "seen");
}

#[test]
fn a_mark_that_comes_too_late_is_a_lost_one() {
    let mut marks = marks()[..2].to_vec();
    marks[1].since = 3;
    marks.push(Mark { since: 4, asked: asked(&["a"], "read", true), told: Told::Nothing });
    let late = [&story()[..3], &[Step(Updated(vec!["b"], json!({"archived": true})), (2, 2))], &story()[3..4]].concat();
    lost(&judge(&oracle(marks), &late), "id-a");
}

#[test]
fn an_unanswered_mark_may_have_happened_or_not() {
    for unanswered in 0..5 {
        let mut marks = marks();
        marks[unanswered].told = Told::Nothing;
        assert!(judge(&oracle(marks), &story()).is_ok(), "{unanswered}");
    }
    let again = Mark { since: 4, asked: asked(&["a"], "read", false), told: Told::Nothing };
    let marks = vec![marks().remove(0), again.clone(), done(4, asked(&["a"], "read", true))];
    assert!(
        judge(&oracle(marks.clone()), &story()[..4]).is_ok(),
        "the second did not happen, so the third did nothing"
    );
    let both = [Step(Updated(vec!["a"], json!({"read": false})), (3, 2)), Step(story()[3].0.clone(), (2, 2))];
    assert!(judge(&oracle(marks.clone()), &[&story()[..4], &both].concat()).is_ok());
    lost(&judge(&oracle(marks), &[&story()[..4], &both[..1]].concat()), "id-a");
}

#[test]
fn a_repeated_entry_is_found() {
    for step in [3, 4, 5, 6, 7] {
        let mut twice = story();
        twice.insert(step, twice[step].clone());
        let judged = judge(&oracle(marks()), &twice);
        assert!(matches!(judged, Err(Kind::Idle { .. } | Kind::Unasked { .. })), "{step}: {judged:?}");
    }
    let excused = [story(), vec![story()[6].clone()]].concat();
    let mut oracle = oracle(marks());
    oracle.withdrawn("u", "id-a", true);
    let judged = judge(&oracle, &excused);
    assert!(matches!(judged, Err(Kind::Idle { seq: 9, .. })), "{judged:?}");
}

#[test]
fn an_entry_that_nobody_asked_for_is_found() {
    unasked(&judge(&oracle(vec![]), &story()), 4);
    unasked(&judge(&oracle(marks()[..3].to_vec()), &story()), 7);
    let mut other = story();
    other[3].0 = Updated(vec!["c"], json!({"read": true}));
    unasked(&judge(&oracle(marks()), &other), 4);
    let foreign = [&story()[..3], &[Step(Updated(vec!["z"], json!({"read": true})), (3, 3))]].concat();
    unasked(&judge(&oracle(vec![]), &foreign), 4);
}

#[test]
fn a_wrong_count_is_found_wherever_it_is_told() {
    for step in 0..8 {
        for wrong in [(9, story()[step].1.1), (story()[step].1.0, 9)] {
            let mut told = story();
            told[step].1 = wrong;
            let version = step as u64 + 1;
            let expected = Kind::WrongCounts {
                version,
                told: (wrong.0.try_into().unwrap(), wrong.1.try_into().unwrap()),
                folded: (story()[step].1.0.try_into().unwrap(), story()[step].1.1.try_into().unwrap()),
            };
            assert_eq!(judge(&oracle(marks()), &told), Err(expected));
        }
    }
    let mut answered = oracle(marks());
    answered.counted("u", &json!({"unread": 1, "unseen": 1, "version": 5}));
    assert!(judge(&answered, &story()).is_ok());
    answered.counted("u", &json!({"unread": 1, "unseen": 0, "version": 5}));
    assert_eq!(judge(&answered, &story()), Err(Kind::WrongCounts { version: 5, told: (1, 0), folded: (1, 1) }));
}

#[test]
fn a_wrong_count_of_ready_is_found_with_its_place() {
    let again = ready("exact", 8, (0, 1));
    let connections = vec![(None, body(&story())), (Some("e-8"), again.into_bytes())];
    let violation = oracle(marks()).judge(&[client(connections)]).unwrap_err();
    assert_eq!((violation.client, violation.connection, violation.offset), (Some(0), Some(1), Some(0)));
    assert_eq!(violation.kind, Kind::WrongCounts { version: 8, told: (0, 1), folded: (0, 0) });
}

#[test]
fn what_is_told_of_a_place_beyond_the_log_is_found() {
    let mut oracle = oracle(marks());
    oracle.counted("u", &json!({"unread": 0, "unseen": 0, "version": 9}));
    assert_eq!(judge(&oracle, &story()), Err(Kind::Beyond { version: 9, head: 8 }));
}

/// An item of a page: its mark, seq, and whether it is read, seen and archived.
fn item(mark: &str, seq: u64, read: bool, seen: bool, archived: bool) -> Value {
    let at = |set: bool| if set { json!("2026-01-01T00:00:00.000Z") } else { Value::Null };
    json!({"notificationId": id(mark), "seq": seq, "read": read, "readAt": at(read), "seenAt": at(seen), "archivedAt": at(archived)})
}

/// The story, with a page at seq 6: `c` is unread and seen, `b` archived, `a` read; then one of `version`.
fn listed(version: u64, limit: usize, items: &[Value], more: bool) -> Result<Verdict, ViolationKind> {
    let mut oracle = oracle(marks());
    let (unread, unseen) = story()[usize::try_from(version).unwrap() - 1].1;
    let counts = json!({"unread": unread, "unseen": unseen, "version": version});
    let next = if more { json!("p") } else { Value::Null };
    let query = PageQuery { archived: false, before: None, limit };
    oracle.listed("u", query, &json!({"items": items, "nextCursor": next, "counts": counts}));
    judge(&oracle, &story())
}

#[test]
fn a_page_is_what_the_log_folds_to() {
    let (a, c) = (item("a", 1, true, true, false), item("c", 3, false, true, false));
    assert_eq!(listed(6, 10, &[c.clone(), a.clone()], false).map(|verdict| verdict.pages), Ok(1));
    assert!(listed(6, 1, std::slice::from_ref(&c), true).is_ok());
    assert!(listed(6, 2, &[c.clone(), a.clone()], false).is_ok());
    assert!(listed(7, 10, std::slice::from_ref(&c), false).is_ok());
    let resurrected = Err(Kind::Resurrected { version: 7, id: id("a") });
    assert_eq!(listed(7, 10, &[c.clone(), a.clone()], false), resurrected);
    let vanished = |mark| Err(Kind::Vanished { version: 6, id: id(mark) });
    assert_eq!(listed(6, 10, std::slice::from_ref(&c), false), vanished("a"));
    assert_eq!(listed(6, 10, std::slice::from_ref(&a), false), vanished("c"));
    for wrong in [item("c", 3, false, false, false), item("c", 3, true, true, false), item("c", 2, false, true, false)]
    {
        let judged = listed(6, 10, &[wrong, a.clone()], false);
        assert!(matches!(judged, Err(Kind::WrongItem { version: 6, .. })), "{judged:?}");
    }
    assert!(matches!(listed(6, 10, &[a.clone(), c.clone()], false), Err(Kind::WrongItem { .. })), "the wrong order");
    assert_eq!(listed(6, 10, &[c.clone(), a.clone()], true), Err(Kind::WrongPage { version: 6 }));
    assert_eq!(listed(6, 1, &[c], false), Err(Kind::WrongPage { version: 6 }));
}

#[test]
fn what_was_withdrawn_or_is_too_old_goes_and_does_not_come_back() {
    let mut withdrawn = oracle(marks()[..3].to_vec());
    withdrawn.withdrawn("u", "id-a", true);
    assert!(judge(&withdrawn, &story()[..7]).is_ok());
    assert_eq!(judge(&withdrawn, &story()[..6]), Err(Kind::Stays { id: id("a") }));
    let mut unanswered = oracle(marks()[..3].to_vec());
    unanswered.withdrawn("u", "id-a", false);
    assert!(judge(&unanswered, &story()[..7]).is_ok());
    assert!(judge(&unanswered, &story()[..6]).is_ok());
    let mut old = oracle(marks()[..3].to_vec());
    old.old("u", "id-a");
    assert_eq!(judge(&old, &story()[..7]).map(|verdict| verdict.expired), Ok(1));
    assert_eq!(judge(&old, &story()[..6]), Err(Kind::Stays { id: id("a") }));
    let together = [&story()[..6], &[Step(Updated(vec!["a", "c"], json!({"removed": true})), (0, 0))]].concat();
    unasked(&judge(&old, &together), 7);
    old.old("u", "id-c");
    assert!(judge(&old, &together).is_ok());
}

#[test]
fn what_an_answer_says_must_be_so() {
    let not_found = Mark { told: Told::NotFound, ..marks().remove(0) };
    lost(&judge(&oracle(vec![not_found.clone()]), &story()[..3]), "NotFound");
    let gone = Mark { since: 7, ..not_found };
    let deleted = [marks()[..4].to_vec(), vec![gone]].concat();
    assert!(judge(&oracle(deleted), &story()[..7]).is_ok());
    let bulk = |changed, absent: &[&str]| Mark {
        since: 3,
        asked: asked(&["a", "z"], "read", true),
        told: Told::Changed { changed, not_found: ids(absent).into_iter().collect() },
    };
    assert!(judge(&oracle(vec![bulk(1, &["z"])]), &story()[..4]).is_ok());
    unasked(&judge(&oracle(vec![bulk(2, &["z"])]), &story()[..4]), 4);
    unasked(&judge(&oracle(vec![bulk(1, &[])]), &story()[..4]), 4);
    assert!(judge(&oracle(vec![bulk(1, &["z"]), Mark { since: 4, ..bulk(0, &["z"]) }]), &story()[..4]).is_ok());
}

#[test]
fn two_clients_that_are_told_different_stories_are_found() {
    let mut other = story();
    other[3].0 = Updated(vec!["c"], json!({"read": true}));
    let clients = [story(), other].map(|story| client(vec![(None, body(&story))]));
    let violation = oracle(marks()).judge(&clients).unwrap_err();
    assert!(matches!((violation.client, &violation.kind), (Some(1), Kind::Differs { seq: 4, .. })), "{violation}");
}

#[test]
fn an_event_that_is_no_entry_is_malformed() {
    for data in [
        r#"{"notificationIds":[],"state":{"read":true}}"#,
        r#"{"notificationIds":["id-a"],"state":{}}"#,
        r#"{"notificationIds":["id-a"],"state":{"new":true}}"#,
        r#"{"notificationIds":["id-a"],"upTo":3,"state":{"read":true}}"#,
        r#"{"upTo":3}"#,
    ] {
        let bytes = [body(&story()[..3]), format!("id: e-4\nevent: updated\ndata: {data}\n\n").into_bytes()].concat();
        let violation = oracle(vec![]).judge(&[client(vec![(None, bytes)])]).unwrap_err();
        assert!(matches!(violation.kind, Kind::Malformed(_)), "{violation}");
    }
}
