//! Who is asking: tokens that are given, renewed, made, and over.

use super::{blocking, builder, ended, tail_in, titles};
use crate::rig::Run;
use campanile_testkit::{TestNode, token};
use serde_json::json;
use std::fs;

/// A token that ends in so many seconds.
fn short_lived(node: &TestNode, seconds: i64) -> String {
    node.sign(json!({"sub": "u", "exp": token::now() + seconds}))
}

#[tokio::test]
async fn when_the_token_ends_it_says_so_and_how_to_go_on() {
    let node =
        builder().env("CAMPANILE_AUTH__LEEWAY_SECONDS", 0).env("CAMPANILE_SSE__EXPIRING_SECONDS", 1).start().await;
    let token = short_lived(&node, 3);
    let run = tail_in(node.folder(), &node, &["--user", "u", "--token", &token, "--json", "--event", "notification"]);
    let running = blocking(run.begin(), |running| drop(running.told("listening as u"))).await;
    node.notify("u", "1").await;
    let (code, printed, said) = ended(running).await;
    assert_eq!((code, titles(&printed)), (Some(77), vec!["1".to_owned()]), "{said:?}");
    let said = said.join("\n");
    for part in [
        "the token ends at 20",
        "the server ends the stream: expired",
        "to go on from here: --after ",
        "answers 401 credentials-invalid: ",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains(&token), "{said}");
}

#[tokio::test]
async fn a_token_in_a_file_is_read_again_for_each_connection() {
    let node = builder().env("CAMPANILE_AUTH__LEEWAY_SECONDS", 0).start().await;
    let file = node.folder().join("token");
    fs::write(&file, short_lived(&node, 2)).unwrap();
    let run =
        tail_in(node.folder(), &node, &["--token-file", "token", "--json", "--event", "notification", "--count", "2"]);
    let running = blocking(run.begin(), |running| drop(running.told("listening as u"))).await;
    node.notify("u", "1").await;
    fs::write(&file, node.token("u") + "\n").unwrap();
    let running = blocking(running, |running| drop(running.told("the server ends the stream: expired"))).await;
    node.notify("u", "2").await;
    let (code, printed, said) = ended(running).await;
    assert_eq!((code, titles(&printed)), (Some(0), vec!["1".to_owned(), "2".into()]), "{said:?}");
}

#[tokio::test]
async fn the_token_is_taken_from_the_strongest_place() {
    let node = builder().start().await;
    let (good, bad) = (node.token("u"), node.sign(json!({"sub": "u", "exp": 1})));
    fs::write(node.folder().join("good"), &good).unwrap();
    fs::write(node.folder().join("secret"), node.secret()).unwrap();
    let ready = ["--event", "ready", "--count", "1"];
    let code = |arguments: &[&str], variables: &[(&str, &str)]| {
        let arguments: Vec<_> = arguments.iter().chain(&ready).copied().collect();
        let run = tail_in(node.folder(), &node, &arguments);
        ended(variables.iter().fold(run, |run, (name, value)| run.env(name, value)).begin())
    };
    let other = "another-secret-of-the-tests-and-of-nobody-else";
    assert_eq!(code(&["--token", &good], &[("CAMPANILE_TOKEN", &bad)]).await.0, Some(0));
    assert_eq!(code(&["--token-file", "good"], &[("CAMPANILE_TOKEN", &bad)]).await.0, Some(0));
    assert_eq!(code(&["--user", "u", "--secret-file", "secret"], &[("CAMPANILE_TOKEN", &bad)]).await.0, Some(0));
    assert_eq!(
        code(&["--user", "u"], &[("CAMPANILE_TOKEN", &good), ("CAMPANILE_AUTH__JWT_SECRET", other)]).await.0,
        Some(0)
    );
    assert_eq!(code(&["--user", "u"], &[("CAMPANILE_AUTH__JWT_SECRET", other)]).await.0, Some(77));
    let (missing, _, said) = code(&["--user", "u"], &[]).await;
    assert_eq!(missing, Some(64));
    assert!(said[0].contains("there is no secret to sign with"), "{said:?}");
    let (missing, _, said) = code(&["--token-file", "none"], &[]).await;
    assert_eq!(missing, Some(64));
    assert!(said[0].contains("--token-file: none cannot be read"), "{said:?}");
}

#[tokio::test]
async fn somebody_elses_token_does_not_pass_for_the_users() {
    let node = builder().start().await;
    let run = tail_in(node.folder(), &node, &["--user", "alice", "--token", &node.token("bob")]);
    let (code, printed, said) = ended(run.begin()).await;
    assert_eq!((code, printed.len()), (Some(77), 0));
    assert!(said[0].contains("the token is for bob, not for alice"), "{said:?}");
}

#[tokio::test]
async fn a_wrong_place_is_told_with_what_to_do() {
    let node = builder().start().await;
    let nowhere = format!("http://{}/live", node.address());
    let (code, _, said) =
        ended(tail_in(node.folder(), &node, &["--token", &node.token("u"), "--url", &nowhere]).begin()).await;
    assert_eq!(code, Some(65), "{said:?}");
    assert!(said[0].contains("answers 404 not-found: ") && said[0].contains("base_path included?"), "{said:?}");
}

#[test]
fn beside_dev_nothing_but_the_user_and_the_address_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Run::in_folder(folder.path(), ["dev", "--listen", "127.0.0.1:0"]).start();
    let url = format!("http://{}", server.public);
    let tail = ["tail", "--user", "alice", "--url", &url, "--event", "notification", "--count", "1"];
    let running = Run::in_folder(folder.path(), tail).begin();
    running.told("listening as alice: 0 unread, 0 unseen");
    let published = Run::in_folder(folder.path(), ["publish", "hello", "--user", "alice", "--url", &url]).end();
    assert_eq!(published.code, Some(0), "{}", published.stderr);
    assert!(running.line().ends_with("  info  hello"));
    assert_eq!(running.ended().0, Some(0));
}
