//! What is printed, and what is told.

use super::{blocking, builder, ended, json, tail, tail_in, titles, two_lines};
use crate::rig::Run;
use serde_json::{Value, json};

#[tokio::test]
async fn people_get_a_line_for_each_event_and_nothing_else_on_standard_output() {
    let node = builder().start().await;
    let running = tail(&node, &["--count", "5"]).await;
    let id = node
        .publish(json!({"type": "a.b", "to": {"users": ["u"]}, "title": "Tower\u{1b}[2J", "body": "B", "link": "/x"}))
        .await;
    let (running, [notification, counts]) = two_lines(running).await;
    assert!(notification.starts_with("notification  20"), "{notification}");
    assert!(notification.ends_with("Z  info  a.b  Tower\\u{1b}[2J: B  /x"), "{notification}");
    assert_eq!(counts, "counts        1 unread, 1 unseen");
    let _ = node.post_as("u", &format!("/notifications/{id}/read")).await.expect(204);
    let (running, changed) = two_lines(running).await;
    assert_eq!(changed, [format!("updated       read: {id}"), "counts        0 unread, 0 unseen".into()]);
    node.signal(json!({"to": {"users": ["u"]}, "event": "order.status", "data": {"n": 1}})).await;
    let (code, printed, said) = ended(running).await;
    assert_eq!((code, printed), (Some(0), vec!["order.status  {\"n\":1}".to_owned()]));
    assert!(said.is_empty(), "{said:?}");
}

#[tokio::test]
async fn programs_get_an_object_on_each_line() {
    let node = builder().start().await;
    let running = tail(&node, &["--json", "--count", "3"]).await;
    let id =
        node.publish(json!({"type": "a.b", "to": {"users": ["u"]}, "title": "one\ntwo", "data": {"k": "v"}})).await;
    let (running, lines) = two_lines(running).await;
    let [notification, counts] = lines.map(|line| json(&line));
    assert_eq!((&notification["event"], &notification["data"]["notificationId"]), (&"notification".into(), &id.into()));
    assert_eq!(notification["data"]["title"], "one\ntwo");
    assert_eq!(notification["data"]["data"], json!({"k": "v"}));
    assert!(notification["id"].as_str().unwrap().ends_with("-1"), "{notification}");
    assert_eq!(
        (&counts["event"], &counts["id"], &counts["data"]["unread"]),
        (&"counts".into(), &Value::Null, &1.into())
    );
    node.signal(json!({"to": {"users": ["u"]}, "event": "order.status", "data": 7})).await;
    let (code, printed, _) = ended(running).await;
    assert_eq!(code, Some(0));
    assert_eq!(printed, ["{\"event\":\"order.status\",\"id\":null,\"data\":7}"]);
}

#[tokio::test]
async fn only_what_was_asked_for_is_shown_and_counted() {
    let node = builder().start().await;
    let running = tail(&node, &["--json", "--event", "notification", "--event", "tick", "--count", "3"]).await;
    node.notify("u", "1").await;
    node.signal(json!({"to": {"users": ["u"]}, "event": "tock"})).await;
    node.signal(json!({"to": {"users": ["u"]}, "event": "tick"})).await;
    node.notify("u", "2").await;
    let (code, printed, _) = ended(running).await;
    let names: Vec<_> = printed.iter().map(|line| json(line)["event"].clone()).collect();
    assert_eq!((code, names), (Some(0), vec!["notification".into(), "tick".into(), "notification".into()]));

    // What is about the connection, too.
    let (code, printed, _) = ended(tail(&node, &["--json", "--event", "ready", "--count", "1"]).await).await;
    let ready = json(&printed[0]);
    assert_eq!((code, &ready["data"]["resume"], &ready["id"]), (Some(0), &"fresh".into(), &ready["data"]["cursor"]));
}

#[tokio::test]
async fn a_position_is_continued_and_one_of_no_use_is_told() {
    let node = builder().start().await;
    let start =
        node.get_as("u", "/notifications").await.expect(200).json()["streamCursor"].as_str().unwrap().to_owned();
    for title in ["1", "2", "3"] {
        node.notify("u", title).await;
    }
    let running = tail(&node, &["--json", "--event", "notification", "--after", &start, "--count", "3"]).await;
    assert_eq!(titles(&ended(running).await.1), ["1", "2", "3"]);

    let running = tail(&node, &["--after", "0000000000000000-1"]).await;
    blocking(running, |running| {
        let told = running.told("of no use");
        assert!(told.contains("(unknown)") && told.contains("in the inbox"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn an_interrupt_is_an_end_and_tells_how_to_go_on() {
    let node = builder().start().await;
    let running = tail(&node, &["--json", "--event", "notification"]).await;
    node.notify("u", "1").await;
    let running = blocking(running, |running| assert_eq!(titles(&[running.line()]), ["1"])).await;
    running.interrupt();
    let (code, printed, said) = ended(running).await;
    assert_eq!((code, printed.len()), (Some(0), 0));
    let after = said.last().unwrap().strip_prefix("to go on from here: --after ").unwrap().to_owned();
    node.notify("u", "2").await;
    let running = tail(&node, &["--json", "--event", "notification", "--after", &after, "--count", "1"]).await;
    assert_eq!(titles(&ended(running).await.1), ["2"]);
}

#[tokio::test]
async fn it_does_not_go_on_for_nobody() {
    let node = builder().start().await;
    let run = tail_in(node.folder(), &node, &["--token", &node.token("u"), "--event", "nothing-ever"]);
    // Nothing is printed, and so nothing fails: it has to look by itself.
    let ended = tokio::task::spawn_blocking(|| run.end_unread()).await.unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[test]
fn mistakes_of_the_command_line_are_64() {
    for (arguments, hint) in [
        (&[][..], "--user: say whose stream it is, or give a token"),
        (&["--user", "u", "--count", "0"], "--count"),
        (&["--user", "u", "--url", "nowhere"], "must be a URL"),
        (&["--user", "a\nb", "--tenant", ""], "--tenant: "),
    ] {
        let ended = Run::new(["tail"].iter().chain(arguments)).end();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(hint), "{arguments:?}: {}", ended.stderr);
    }
}
