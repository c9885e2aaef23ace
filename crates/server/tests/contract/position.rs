//! Section 1, position, and SSE-RULES 2.2: where a stream continues.

use crate::support::{builder, notify_many, position, start, start_with};
use campanile_testkit::{Ready, Request, SseReader, StreamRequest, TestNode};
use serde_json::{Value, json};

async fn open(request: StreamRequest) -> (SseReader, Ready) {
    let mut stream = request.open().await;
    let ready = stream.ready().await;
    (stream, ready)
}

/// The titles of the next notifications.
async fn titles(stream: &mut SseReader, count: usize) -> Vec<String> {
    let mut titles = Vec::new();
    while titles.len() < count {
        titles.push(stream.until("notification").await.json()["title"].as_str().unwrap().to_owned());
    }
    titles
}

/// A node with a user `u` that has five notifications, and the positions before the first one and after each.
async fn five() -> (TestNode, Vec<String>) {
    let node = start().await;
    let mut positions = vec![position(&node, "u").await];
    for title in 1..=5 {
        node.notify("u", &title.to_string()).await;
        positions.push(position(&node, "u").await);
    }
    (node, positions)
}

#[tokio::test]
async fn without_a_position_a_stream_is_fresh_and_live_from_now() {
    let (node, positions) = five().await;
    let (mut stream, ready) = open(node.stream("u")).await;
    assert_eq!((ready.resume.as_str(), &ready.cursor, ready.reset_reason), ("fresh", &positions[5], None));
    node.notify("u", "6").await;
    assert_eq!(titles(&mut stream, 1).await, ["6"]);
}

#[tokio::test]
async fn a_position_is_continued_exactly_once_and_in_order() {
    let (node, positions) = five().await;
    for (after, position) in positions.iter().enumerate() {
        let (mut stream, ready) = open(node.stream("u").position(position)).await;
        assert_eq!((ready.resume.as_str(), &ready.cursor), ("exact", position));
        assert_eq!(ready.json["counts"]["version"], 5, "counts are those of the head, ahead of the cursor");
        let expected: Vec<_> = (after + 1..=5).map(|title| title.to_string()).collect();
        assert_eq!(titles(&mut stream, 5 - after).await, expected);
    }
}

#[tokio::test]
async fn replayed_and_live_events_join_without_a_seam() {
    let (node, positions) = five().await;
    let (mut stream, _) = open(node.stream("u").position(&positions[2])).await;
    notify_many(&node, "u", 6..=8).await;
    let mut seqs = Vec::new();
    while seqs.len() < 6 {
        seqs.push(stream.until("notification").await.seq());
    }
    assert_eq!(seqs, [3, 4, 5, 6, 7, 8]);
}

#[tokio::test]
async fn the_first_header_counts_even_if_it_is_malformed() {
    let (node, positions) = five().await;
    let (_, ready) = open(node.stream("u").position(&positions[1]).position(&positions[3])).await;
    assert_eq!(ready.cursor, positions[1]);
    let (_, ready) = open(node.stream("u").position("nonsense").position(&positions[3])).await;
    assert_eq!(ready.reset_reason.as_deref(), Some("unknown"));
}

#[tokio::test]
async fn the_header_wins_over_the_parameters_and_an_empty_one_falls_through() {
    let (node, positions) = five().await;
    let stream = || node.stream("u");
    let (one, two, three) = (&positions[1], &positions[2], &positions[3]);
    let cases = [
        (stream().position(one).query("lastEventId", two).query("last_event_id", three), Some(one)),
        (stream().query("last_event_id", three).query("lastEventId", two), Some(two)),
        (stream().query("last_event_id", three), Some(three)),
        (stream().position("").query("lastEventId", two), Some(two)),
        (stream().position("").query("lastEventId", "").query("last_event_id", three), Some(three)),
        (stream().position("").query("lastEventId", ""), None),
    ];
    for (request, expected) in cases {
        let (_, ready) = open(request.clone()).await;
        let found = (ready.resume.as_str(), &ready.cursor);
        assert_eq!(found, expected.map_or(("fresh", &positions[5]), |position| ("exact", position)), "{request:?}");
    }
    let (_, ready) = open(stream().position("nonsense").query("lastEventId", two)).await;
    assert_eq!(ready.resume, "reset", "a malformed header does not fall through");
}

/// Positions that nobody was ever given, as bytes.
fn unknown_positions(own: &str) -> Vec<Vec<u8>> {
    let (epoch, seq) = own.rsplit_once('-').unwrap();
    let seq: u64 = seq.parse().unwrap();
    let mut bad: Vec<Vec<u8>> = [
        format!("{epoch}-{}", seq + 1),
        format!("{epoch}-0{seq}"),
        format!("{epoch}-+{seq}"),
        format!("{epoch}--{seq}"),
        format!("{epoch}-{seq}-"),
        format!("{epoch}-{seq}.0"),
        format!("{epoch}-18446744073709551615"),
        format!("{epoch}-18446744073709551616"),
        format!("{epoch}-"),
        format!("{}-{seq}", epoch.to_uppercase() + "A"),
        format!("00{epoch}-{seq}"),
        format!("{epoch} -{seq}"),
        epoch.to_owned(),
        "-1".into(),
        "0".into(),
        "18446744073709551615".into(),
        "earliest".into(),
        "../".into(),
        "' OR 1=1 --".into(),
        "a%0aid: 9".into(),
        "…".into(),
        "x".repeat(8 * 1024),
        format!("{own}{}", "0".repeat(70)),
    ]
    .map(String::into_bytes)
    .to_vec();
    bad.push(vec![0xff, 0xfe]);
    bad.push([own.as_bytes(), &[0xff]].concat());
    bad
}

#[tokio::test]
async fn anything_that_is_no_position_of_this_user_is_unknown_and_never_an_error() {
    let (node, positions) = five().await;
    for bad in unknown_positions(&positions[5]) {
        for request in [node.stream("u").position(&bad), node.stream("u").query("lastEventId", &bad)] {
            let (stream, ready) = open(request).await;
            let shown = String::from_utf8_lossy(&bad);
            let told = (ready.resume.as_str(), ready.reset_reason.as_deref(), &ready.cursor);
            assert_eq!(told, ("reset", Some("unknown"), &positions[5]), "{}", &shown[..shown.len().min(40)]);
            let ours = bad.len() < 8 || positions[5].as_bytes().starts_with(&bad);
            assert!(ours || !stream.body().windows(bad.len()).any(|part| part == bad), "echoed: {stream}");
        }
    }
}

#[tokio::test]
async fn a_line_end_in_a_parameter_is_an_unknown_position_and_never_comes_back() {
    let (node, positions) = five().await;
    for bad in ["a\nid: 9", "a\r\n\r\nevent: x", "a\rdata: x", "\n\n", "a\0b", "\u{1}"] {
        let (stream, ready) = open(node.stream("u").query("lastEventId", bad)).await;
        assert_eq!((ready.resume.as_str(), &ready.cursor), ("reset", &positions[5]), "{bad:?}");
        let lines: Vec<_> = stream.body().split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        assert_eq!(lines.len(), 6, "retry, event, id, data, blank: {stream}");
    }
}

#[tokio::test]
async fn bytes_that_no_header_may_hold_are_400() {
    let node = start().await;
    for bad in [&b"a\x01"[..], b"a\x7f", b"a\0b", b"a\rb"] {
        let status = node.stream("u").http1().position(bad).try_open().await.map(|stream| stream.status());
        assert!(matches!(status, Ok(400)), "{bad:?}: {status:?}");
    }
}

#[tokio::test]
async fn a_position_ahead_of_the_head_is_unknown_until_the_head_is_there() {
    let (node, positions) = five().await;
    let ahead = positions[5].replace("-5", "-6");
    let (_, ready) = open(node.stream("u").position(&ahead)).await;
    assert_eq!(ready.reset_reason.as_deref(), Some("unknown"));
    node.notify("u", "6").await;
    let (_, ready) = open(node.stream("u").position(&ahead)).await;
    assert_eq!(ready.resume, "exact");
}

#[tokio::test]
async fn another_users_position_tells_nothing_of_that_user() {
    let (node, positions) = five().await;
    let (mut stream, ready) = open(node.stream("other").position(&positions[2])).await;
    assert_eq!((ready.resume.as_str(), ready.reset_reason.as_deref()), ("reset", Some("unknown")));
    assert_eq!((ready.seq(), ready.json["counts"]["unread"].as_u64()), (0, Some(0)));
    node.notify("other", "mine").await;
    assert_eq!(titles(&mut stream, 1).await, ["mine"]);
}

#[tokio::test]
async fn a_position_further_behind_than_the_replay_limit_is_too_far() {
    let node = start_with("SSE__REPLAY_LIMIT", 3).await;
    let before = position(&node, "u").await;
    node.notify("u", "1").await;
    let after_one = position(&node, "u").await;
    notify_many(&node, "u", 2..=4).await;
    let (_, ready) = open(node.stream("u").position(&before)).await;
    assert_eq!((ready.resume.as_str(), ready.reset_reason.as_deref(), ready.seq()), ("reset", Some("too-far"), 4));
    let (mut stream, ready) = open(node.stream("u").position(&after_one)).await;
    assert_eq!(ready.resume, "exact", "at most the limit behind is not too far");
    assert_eq!(titles(&mut stream, 3).await, ["2", "3", "4"]);
}

#[tokio::test]
async fn a_position_older_than_the_oldest_kept_entry_less_one_is_expired() {
    let node = start_with("RETENTION__LOG_ENTRIES", 3).await;
    let before = position(&node, "u").await;
    notify_many(&node, "u", 1..=5).await;
    let at = |seq: u64| before.replace("-0", &format!("-{seq}"));
    for (seq, expected) in [(0, Some("expired")), (1, Some("expired")), (2, None), (4, None), (5, None)] {
        let (mut stream, ready) = open(node.stream("u").position(at(seq))).await;
        assert_eq!(ready.reset_reason.as_deref(), expected, "{seq}");
        if seq == 2 {
            assert_eq!(titles(&mut stream, 3).await, ["3", "4", "5"]);
        }
    }
}

/// The defaults: a thousand entries behind and no more, which is also how many are kept.
#[tokio::test]
async fn by_default_a_thousand_entries_are_replayed_and_not_one_more() {
    let node = start().await;
    let begin = position(&node, "u").await;
    let publishes = |from: u32, to: u32| json!((from..=to).map(|n| titled(&n.to_string())).collect::<Vec<_>>());
    let _ = node.post_api("/api/notifications/batch", publishes(1, 1000)).await.expect(200);
    let (mut stream, ready) = open(node.stream("u").position(&begin)).await;
    assert_eq!((ready.resume.as_str(), &ready.cursor), ("exact", &begin));
    for seq in 1..=1000 {
        let event = stream.until("notification").await;
        assert_eq!((event.seq(), &event.json()["title"]), (seq, &json!(seq.to_string())));
    }
    let _ = node.post_api("/api/notifications/batch", publishes(1001, 1001)).await.expect(200);
    let (_, ready) = open(node.stream("u").position(&begin)).await;
    assert_eq!((ready.resume.as_str(), ready.seq()), ("reset", 1001));
    assert!(["expired", "too-far"].contains(&ready.reset_reason.as_deref().unwrap()), "{ready:?}");
}

fn titled(title: &str) -> Value {
    json!({"type": "t", "to": {"users": ["u"]}, "title": title})
}

/// Row "8 KB, 300 KB".
#[tokio::test]
async fn a_position_of_any_length_is_unknown() {
    let (node, positions) = five().await;
    for size in [65, 1000, 1025, 8 * 1024, 30_000, 100_000, 300_000] {
        let (_, ready) = open(node.stream("u").position("7".repeat(size))).await;
        assert_eq!((ready.reset_reason.as_deref(), &ready.cursor), (Some("unknown"), &positions[5]), "{size}");
    }
    let (_, ready) = open(node.stream("u")).await;
    assert_eq!(ready.resume, "fresh", "the node is well");
}

#[tokio::test]
async fn only_the_first_header_is_looked_at_even_if_it_is_empty() {
    let (node, positions) = five().await;
    let (one, two) = (&positions[1], &positions[2]);
    let (_, ready) = open(node.stream("u").position("").position(one)).await;
    assert_eq!(ready.resume, "fresh", "the second header is none");
    let (_, ready) = open(node.stream("u").position("").position(one).query("lastEventId", two)).await;
    assert_eq!(&ready.cursor, two);
    let (_, ready) = open(node.stream("u").query("lastEventId", one).query("lastEventId", two)).await;
    assert_eq!(&ready.cursor, one, "so with parameters");
    let (_, ready) = open(node.stream("u").query("lastEventId", "nonsense").query("last_event_id", two)).await;
    assert_eq!(ready.reset_reason.as_deref(), Some("unknown"), "a malformed one does not fall through");
}

/// Names of headers have no case, names of parameters do; HTTP takes the spaces around a value away.
#[tokio::test]
async fn a_position_is_found_however_http_may_write_it() {
    let (node, positions) = five().await;
    let one = &positions[1];
    let percent = one.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let target = format!("/notifications/stream?lastEventId={percent}");
    let encoded = StreamRequest::of(Request::get(target).bearer(&node.token("u")), node.address());
    for request in [
        node.stream("u").field("last-event-id", one),
        node.stream("u").field("LAST-EVENT-ID", one),
        node.stream("u").http1().position(format!(" {one}\t ")),
        encoded,
    ] {
        assert_eq!(open(request).await.1.cursor, *one);
    }
    for name in ["lasteventid", "LastEventId", "last-event-id", "lastEventID", "Last-Event-ID"] {
        assert_eq!(open(node.stream("u").query(name, one)).await.1.resume, "fresh", "{name}");
    }
}

/// Bytes that are no text come to a log only as escapes, and every line of it stays JSON.
#[tokio::test]
async fn a_position_that_is_no_text_breaks_no_log() {
    let node = builder().env("CAMPANILE_LOG", "trace").start().await;
    for bad in
        [&b"\xff\xfe"[..], b"\xc0\xaf", b"\xed\xa0\x80", "\u{85}\u{2028}".as_bytes(), b"\x80\x1b[2J"[..1].as_ref()]
    {
        let (_, ready) = open(node.stream("u").position(bad)).await;
        assert_eq!(ready.reset_reason.as_deref(), Some("unknown"), "{bad:?}");
        let (_, ready) = open(node.stream("u").query("lastEventId", bad)).await;
        assert_eq!(ready.reset_reason.as_deref(), Some("unknown"), "{bad:?}");
    }
    node.has_streams(0).await;
    for line in node.log() {
        let parsed: Result<Value, _> = serde_json::from_str(&line);
        assert!(parsed.is_ok(), "{line:?}");
    }
}

#[tokio::test]
async fn a_reset_goes_on_live_from_now() {
    let (node, positions) = five().await;
    let (mut stream, ready) = open(node.stream("u").position("nonsense")).await;
    assert_eq!(ready.cursor, positions[5]);
    node.notify("u", "6").await;
    let next = stream.until("notification").await;
    assert_eq!((next.seq(), &next.json()["title"]), (6, &"6".into()));
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_replay_loses_nothing() {
    let (node, positions) = five().await;
    let (stream, ready) = open(node.stream("u").position(&positions[1])).await;
    assert_eq!(stream.last_event_id(), positions[1], "the id of ready is the position it continues after");
    stream.reset();
    let (mut again, _) = open(node.stream("u").position(&ready.cursor)).await;
    assert_eq!(titles(&mut again, 4).await, ["2", "3", "4", "5"]);
}

#[tokio::test]
async fn a_new_store_knows_no_position_of_the_old_one() {
    let mut node = builder().in_memory().start().await;
    node.notify("u", "1").await;
    let old = position(&node, "u").await;
    node.restart().await;
    node.notify("u", "1").await;
    let (_, ready) = open(node.stream("u").position(&old)).await;
    assert_eq!(ready.reset_reason.as_deref(), Some("unknown"), "the same seq, in another life of the store");
}
