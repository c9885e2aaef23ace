//! The judge judged: each kind of fault is planted into a run without one.

mod inbox;

use super::*;
use serde_json::json;

/// A body: `ready` at a position, then notifications as (seq, mark), all of them unread.
fn body(resume: &str, at: u64, notifications: &[(u64, &str)]) -> Vec<u8> {
    let mut body = ready(resume, at, (at, at));
    for (seq, mark) in notifications {
        body += &arrived(*seq, mark);
        body += &counts((*seq, *seq), *seq);
    }
    body.into_bytes()
}

fn ready(resume: &str, at: u64, (unread, unseen): (u64, u64)) -> String {
    let counts = json!({"unread": unread, "unseen": unseen, "version": at});
    let data = json!({"cursor": format!("e-{at}"), "resume": resume, "counts": counts});
    format!("retry: 1000\nevent: ready\nid: e-{at}\ndata: {data}\n\n")
}

fn arrived(seq: u64, mark: &str) -> String {
    let data = format!("{{\"notificationId\":\"id-{mark}\",\"data\":{{\"mark\":\"{mark}\"}}}}");
    format!("id: e-{seq}\nevent: notification\ndata: {data}\n\n")
}

fn counts((unread, unseen): (u64, u64), version: u64) -> String {
    format!("event: counts\ndata: {}\n\n", json!({"unread": unread, "unseen": unseen, "version": version}))
}

fn client(connections: Vec<(Option<&str>, Vec<u8>)>) -> Client {
    let connection = |(from, body): (Option<&str>, _)| Connection { resumed_from: from.map(Into::into), body };
    Client { user: "u".into(), connections: connections.into_iter().map(connection).collect() }
}

/// Two publishers; `x` had no answer.
fn oracle() -> Oracle {
    let mut oracle = Oracle::default();
    for (publisher, mark) in [(0, "a"), (1, "b"), (0, "c")] {
        oracle.acknowledged("u", publisher, mark, &format!("id-{mark}"));
    }
    oracle.unanswered("u", "x");
    oracle
}

fn judge(connections: Vec<(Option<&str>, Vec<u8>)>) -> Result<Verdict, ViolationKind> {
    oracle().judge(&[client(connections)]).map_err(|violation| violation.kind)
}

/// One connection from the start.
fn one(notifications: &[(u64, &str)]) -> Result<Verdict, ViolationKind> {
    judge(vec![(None, body("fresh", 0, notifications))])
}

#[test]
fn a_run_without_a_fault_passes_wherever_it_was_cut() {
    let first = body("fresh", 0, &[(1, "b"), (2, "a")]);
    let whole = first.len();
    for cut in [whole, whole - 1, whole - 20] {
        let second = body("exact", 2, &[(3, "x"), (4, "c")]);
        let verdict = judge(vec![(None, first[..cut].to_vec()), (Some("e-2"), second)]);
        let told = if cut == whole { 6 } else { 5 };
        let expected = Verdict {
            clients: 1,
            connections: 2,
            events: 4,
            acknowledged: 3,
            unanswered: 1,
            counts: told,
            ..Verdict::default()
        };
        assert_eq!(verdict, Ok(expected), "cut at {cut} of {whole}");
    }
    let within = body("fresh", 0, &[(1, "b"), (2, "a")])[..whole - 70].to_vec();
    let again = body("exact", 1, &[(2, "a"), (3, "c")]);
    assert!(judge(vec![(None, within), (Some("e-1"), again)]).is_ok(), "half an event counts for nothing");
    assert!(one(&[(1, "a"), (2, "c"), (3, "b")]).is_ok(), "publishers may overtake each other, and `x` may be lost");
    assert!(judge(vec![(None, vec![]), (None, body("fresh", 0, &[(1, "a"), (2, "b"), (3, "c")]))]).is_ok());
}

#[test]
fn a_planted_duplicate_is_found() {
    let again = one(&[(1, "a"), (2, "b"), (2, "b"), (3, "c")]);
    assert_eq!(again, Err(ViolationKind::Repeated { last: 2, seq: 2 }));
    let stored_twice = one(&[(1, "a"), (2, "b"), (3, "b"), (4, "c")]);
    assert_eq!(stored_twice, Err(ViolationKind::Twice { mark: "b".into(), first: 2, second: 3 }));
    let unanswered_twice = one(&[(1, "a"), (2, "x"), (3, "b"), (4, "x"), (5, "c")]);
    assert_eq!(unanswered_twice, Err(ViolationKind::Twice { mark: "x".into(), first: 2, second: 4 }));
}

#[test]
fn a_duplicate_over_a_reconnect_is_found() {
    let connections =
        vec![(None, body("fresh", 0, &[(1, "a"), (2, "b")])), (Some("e-2"), body("exact", 2, &[(2, "b"), (3, "c")]))];
    assert_eq!(judge(connections), Err(ViolationKind::Repeated { last: 2, seq: 2 }));
}

#[test]
fn a_planted_hole_is_found_with_its_place() {
    assert_eq!(one(&[(1, "a"), (3, "c"), (4, "b")]), Err(ViolationKind::Hole { expected: 2, seq: 3 }));
    assert_eq!(one(&[(1, "a"), (2, "b")]), Err(ViolationKind::Missing { mark: "c".into() }));
    let bytes = body("fresh", 0, &[(1, "a"), (3, "c")]);
    let violation = oracle().judge(&[client(vec![(None, bytes.clone())])]).unwrap_err();
    let place = violation.offset.map(|at| &bytes[at..at + 7]);
    assert_eq!((violation.client, violation.connection, place), (Some(0), Some(0), Some(&b"id: e-3"[..])));
    assert_eq!(
        violation.to_string(),
        format!(
            "client 0 of user u, connection 0, byte {}: seq 3 where 2 had to come, which is lost",
            bytes.len() - arrived(3, "c").len() - counts((3, 3), 3).len()
        )
    );
}

#[test]
fn a_hole_over_a_reconnect_is_found() {
    let connections =
        vec![(None, body("fresh", 0, &[(1, "a")])), (Some("e-1"), body("exact", 1, &[(3, "b"), (4, "c")]))];
    assert_eq!(judge(connections), Err(ViolationKind::Hole { expected: 2, seq: 3 }));
}

#[test]
fn a_planted_swap_is_found() {
    assert_eq!(one(&[(1, "a"), (3, "b"), (2, "c")]), Err(ViolationKind::Swapped { expected: 2, seq: 3 }));
    let (first, second) = (("a".into(), 3), ("c".into(), 1));
    assert_eq!(one(&[(1, "c"), (2, "b"), (3, "a")]), Err(ViolationKind::Reordered { first, second }));
}

#[test]
fn a_position_that_was_not_kept_is_found() {
    for (ready, at) in [("reset", 2), ("fresh", 2), ("exact", 1)] {
        let connections = vec![(None, body("fresh", 0, &[(1, "a"), (2, "b")])), (Some("e-2"), body(ready, at, &[]))];
        assert!(matches!(judge(connections), Err(ViolationKind::NotResumed { .. })), "{ready}");
    }
    let late = judge(vec![(None, body("fresh", 4, &[]))]);
    assert_eq!(late, Err(ViolationKind::Late { cursor: "e-4".into() }));
    let elsewhere = vec![(None, body("fresh", 0, &[(1, "a")])), (None, body("fresh", 1, &[]))];
    assert_eq!(judge(elsewhere), Err(ViolationKind::WrongPosition { was: "e-1".into(), asked: None }));
}

#[test]
fn what_was_never_sent_to_this_user_is_found() {
    assert_eq!(one(&[(1, "z")]), Err(ViolationKind::Foreign { mark: "z".into() }));
    let other = String::from_utf8(body("fresh", 0, &[(1, "a")])).unwrap().replace("id: e-1", "id: f-1");
    assert_eq!(judge(vec![(None, other.into())]), Err(ViolationKind::ForeignEpoch { id: "f-1".into() }));
    let without = String::from_utf8(body("fresh", 0, &[(1, "a")])).unwrap().replace("id: e-1\n", "");
    assert!(matches!(judge(vec![(None, without.into())]), Err(ViolationKind::Unmarked { .. })));
}

#[test]
fn one_mark_under_two_ids_is_found() {
    let first = client(vec![(None, body("fresh", 0, &[(1, "a"), (2, "b"), (3, "c")]))]);
    let bytes = String::from_utf8(first.connections[0].body.clone()).unwrap().replace("id-b", "id-other");
    let second = client(vec![(None, bytes.into())]);
    let violation = oracle().judge(&[first, second]).unwrap_err();
    assert_eq!(
        (violation.client, violation.kind),
        (Some(1), ViolationKind::TwoIds { mark: "b".into(), ids: ["id-b".into(), "id-other".into()] })
    );
}

#[test]
fn an_injected_line_is_found() {
    let injected =
        String::from_utf8(body("fresh", 0, &[(1, "a")])).unwrap().replace("\"mark\":\"a\"", "\"mark\":\"a\"\nid: e-9");
    assert!(matches!(judge(vec![(None, injected.into())]), Err(ViolationKind::Malformed(_))));
}
