//! `campanile publish`: what it sends, what it prints, and what it says when it did not work.

use crate::{
    http,
    rig::{Ended, Run, SECRET, Server},
};
use campanile_testkit::token::sha256_hex;
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    thread,
};

const KEY: &str = "the-key-of-these-tests";

fn serve() -> Server {
    server_with(&[])
}

fn server_with(more: &[(&str, &str)]) -> Server {
    let run = Run::serve().env("CAMPANILE_API__KEYS", format!("shop:{}", sha256_hex(KEY.as_bytes())));
    more.iter().fold(run, |run, (name, value)| run.env(name, value)).start()
}

fn publish(server: &Server, arguments: &[&str]) -> Run {
    Run::new(["publish"].iter().chain(arguments))
        .env("CAMPANILE_URL", format!("http://{}", server.public))
        .env("CAMPANILE_API_KEY", KEY)
}

fn items(server: &Server, user: &str) -> Vec<Value> {
    let authorization = format!("Authorization: Bearer {}", http::token(SECRET, user));
    let page = http::request(&server.public, "GET /notifications", &[&authorization], "").json();
    page["items"].as_array().unwrap().clone()
}

/// Its one sentence, with what it lists below.
fn said(ended: &Ended) -> &str {
    ended.stderr.strip_prefix("campanile: ").unwrap_or_else(|| panic!("{ended:?}"))
}

#[test]
fn every_option_arrives_and_the_id_is_printed() {
    let server = serve();
    let folder = tempfile::tempdir().unwrap();
    let data = r#"{"exact":1.10,"large":123456789012345678901234567890}"#;
    fs::write(folder.path().join("data.json"), data).unwrap();
    let at = format!("@{}", folder.path().join("data.json").display());
    let texts =
        ["--title", "Invoice 42 approved", "--body", "By bob", "--link", "/invoices/42", "--severity", "success"];
    for given in [data, &at] {
        let users = ["invoices.approved", "--user", "alice", "--user", "bob", "--data", given];
        let arguments: Vec<_> = users.iter().chain(&texts).copied().collect();
        let ended = publish(&server, &arguments).end();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), "published to 2 recipients\n"));
        for user in ["alice", "bob"] {
            let item = &items(&server, user)[0];
            assert_eq!(item["notificationId"], ended.stdout.trim_end());
            assert_eq!(
                (&item["notificationTypeName"], &item["severity"]),
                (&"invoices.approved".into(), &"success".into())
            );
            assert_eq!((&item["title"], &item["body"]), (&"Invoice 42 approved".into(), &"By bob".into()));
            assert_eq!(item["link"], "/invoices/42");
        }
    }
    let authorization = format!("Authorization: Bearer {}", http::token(SECRET, "alice"));
    let raw = http::request(&server.public, "GET /notifications", &[&authorization], "").body;
    assert_eq!(raw.matches(data).count(), 2, "the numbers keep their digits: {raw}");
}

#[test]
fn topics_and_everybody_are_reached_and_nobody_is_told() {
    let server = serve();
    for user in ["alice", "bob"] {
        assert!(items(&server, user).is_empty());
    }
    let ended = publish(&server, &["a.b", "--everyone"]).end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), "published to 2 recipients\n"));
    let key = format!("X-Api-Key: {KEY}");
    assert_eq!(http::request(&server.public, "PUT /api/topics/news/members/alice", &[&key], "").status, 204);
    let ended = publish(&server, &["a.b", "--topic", "news"]).end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), "published to 1 recipient\n"));
    let ended = publish(&server, &["a.b", "--topic", "empty"]).end();
    assert_eq!(ended.code, Some(0));
    assert!(ended.stderr.starts_with("published to nobody"), "{}", ended.stderr);
    assert_eq!((items(&server, "alice").len(), items(&server, "bob").len()), (2, 1));
}

#[test]
fn a_whole_draft_comes_from_standard_input() {
    let server = serve();
    let draft = r#"{"type":"a.b","to":{"users":["u1","u2"],"except":["u2"]},"actorId":"u9","data":[1.0]}"#;
    let ended = publish(&server, &["-", "--json"]).stdin(draft).end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&answer["recipients"], &answer["replayed"]), (&1.into(), &false.into()));
    assert_eq!((items(&server, "u1")[0]["actorId"].as_str(), ended.stdout.lines().count()), (Some("u9"), 1));

    let ended = publish(&server, &["-", "--user", "u1", "--title", "x"]).stdin(draft).end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""));
    assert!(
        said(&ended).contains("--user: has no effect with `-`") && said(&ended).contains("--title: "),
        "{}",
        ended.stderr
    );
    let ended = publish(&server, &["-"]).stdin("{\"type\": }").end();
    assert_eq!(ended.code, Some(64));
    assert!(
        said(&ended).contains("standard input is not JSON: expected value at line 1 column 10"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_repetition_with_an_idempotency_key_publishes_nothing() {
    let server = serve();
    let arguments = ["a.b", "--user", "u1", "--idempotency-key", "report-7"];
    let (first, again) = (publish(&server, &arguments).end(), publish(&server, &arguments).end());
    assert_eq!((again.code, &again.stdout), (Some(0), &first.stdout));
    assert_eq!(again.stderr, "was published before, with this idempotency key, to 1 recipient\n");
    assert_eq!(items(&server, "u1").len(), 1);
    let other = publish(&server, &["a.c", "--user", "u1", "--idempotency-key", "report-7"]).end();
    assert_eq!((other.code, other.stdout.as_str()), (Some(65), ""));
    assert!(said(&other).contains("422 idempotency-key-reused"), "{}", other.stderr);
}

#[test]
fn every_fault_of_a_draft_is_listed_with_its_pointer() {
    let server = serve();
    let faulty = ["two words", "--user", "", "--title", &"x".repeat(201), "--link", "javascript:alert(1)"];
    let ended = publish(&server, &faulty).end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(65), ""));
    let mut lines = said(&ended).lines();
    let first =
        format!("http://{} answers 422 invalid: The request was understood, but it is not valid.", server.public);
    assert_eq!(lines.next(), Some(first.as_str()));
    for pointer in ["/type", "/to/users/0", "/title", "/link"] {
        assert!(said(&ended).contains(&format!("\n  {pointer}: ")), "{pointer}: {}", ended.stderr);
    }
    assert!(lines.last().unwrap().ends_with("/docs/errors.md#invalid"), "{}", ended.stderr);

    // Programs get the problem itself.
    let arguments: Vec<_> = faulty.iter().chain(&["--json"]).copied().collect();
    let ended = publish(&server, &arguments).end();
    let problem: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (ended.code, &problem["status"], problem["errors"].as_array().unwrap().len()),
        (Some(65), &422.into(), 4)
    );
}

#[test]
fn a_bad_key_is_77_and_never_shown() {
    let server = serve();
    let wrong = "a-key-that-nobody-configured";
    let ended = publish(&server, &["a.b", "--user", "u1", "--key", wrong]).end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(77), ""));
    assert!(said(&ended).contains("answers 401 credentials-invalid: "), "{}", ended.stderr);
    assert!(!ended.stderr.contains(wrong), "{}", ended.stderr);
    let ended = publish(&server, &["a.b", "--user", "u1", "--key", &http::token(SECRET, "u1")]).end();
    assert_eq!(ended.code, Some(77));
    assert!(said(&ended).contains("answers 403 insufficient-scope: "), "{}", ended.stderr);
}

#[test]
fn the_key_is_taken_from_the_strongest_place() {
    let server = serve();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key"), format!("{KEY}\n")).unwrap();
    let publish = |arguments: &[&str], variable: Option<&str>| {
        let url = format!("http://{}", server.public);
        let run =
            Run::in_folder(folder.path(), ["publish", "a.b", "--user", "u1", "--url", &url].iter().chain(arguments));
        variable.into_iter().fold(run, |run, key| run.env("CAMPANILE_API_KEY", key)).end()
    };
    assert_eq!(publish(&["--key", KEY], Some("other")).code, Some(0));
    assert_eq!(publish(&["--key-file", "key"], Some("other")).code, Some(0));
    assert_eq!(publish(&[], Some(KEY)).code, Some(0));
    for (arguments, sentence) in [
        (&[][..], "there is no key: use --key-file, CAMPANILE_API_KEY or --key, or start `campanile dev` here"),
        (&["--key-file", "none"], "--key-file: none cannot be read"),
        (&["--key", "two words"], "must be visible ASCII"),
        (&["--key", KEY, "--key-file", "key"], "cannot be used with"),
    ] {
        let ended = publish(arguments, None);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""));
        assert!(ended.stderr.contains(sentence), "{}", ended.stderr);
    }
}

#[test]
fn beside_dev_nothing_but_the_address_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Run::in_folder(folder.path(), ["dev", "--listen", "127.0.0.1:0"]).start();
    let url = format!("http://{}", server.public);
    let ended = Run::in_folder(folder.path(), ["publish", "hello", "--user", "alice", "--url", &url]).end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), "published to 1 recipient\n"));
    // Its key goes to no other machine.
    let elsewhere = ["publish", "hello", "--user", "alice", "--url", "http://192.0.2.1"];
    let ended = Run::in_folder(folder.path(), elsewhere).end();
    assert_eq!(ended.code, Some(64));
    assert!(ended.stderr.contains("there is no key"), "{}", ended.stderr);
}

#[test]
fn mistakes_of_the_command_line_are_all_listed_before_anything_is_sent() {
    let ended = Run::new(["publish", "a.b", "--data", "{", "--url", "http://127.0.0.1:1"]).end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""));
    let expected = "the command line has 2 mistakes:
  --data: must be JSON, or @FILE with JSON in it: EOF while parsing an object at line 1 column 1
  --user: say who gets it: --user (as often as needed), --topic or --everyone\n";
    assert_eq!(said(&ended), expected);
    for (arguments, hint) in [
        (&["a.b", "--user", "u", "--everyone"][..], "cannot be used with"),
        (&["a.b", "--user", "u", "--severity", "loud"], "info, success, warning, error, fatal"),
        (&["a.b", "--user", "u", "--url", "127.0.0.1:8080"], "must be"),
        (&["a.b", "--user", "u", "--data", "@none"], "none cannot be read"),
        (&["a.b", "--user", "u", "--idempotency-key", "a b"], "must be 1 to 255 visible ASCII characters"),
        (&[], "<TYPE>"),
    ] {
        let ended = Run::new(["publish"].iter().chain(arguments)).env("CAMPANILE_API_KEY", KEY).end();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""), "{arguments:?}");
        assert!(ended.stderr.contains(hint), "{arguments:?}: {}", ended.stderr);
    }
}

#[test]
fn a_server_that_is_not_there_is_69_with_what_to_do() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ended = Run::new(["publish", "a.b", "--user", "u", "--key", KEY, "--url", &format!("http://{free}")]).end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(69), ""));
    let why = "Connection refused (os error 111); is the server running, and is --url (or CAMPANILE_URL) right?";
    assert_eq!(said(&ended), format!("cannot reach http://{free}: {why}\n"));
    // A proxy of the environment cannot know what this machine's own address means.
    let run = Run::new(["publish", "a.b", "--user", "u", "--key", KEY, "--url", &format!("http://{free}")]);
    let ended = run.env("http_proxy", "http://192.0.2.1:3128").end();
    assert!(said(&ended).contains("Connection refused"), "{}", ended.stderr);
}

/// Answers one request with these bytes and closes.
fn answering(bytes: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let _ = socket.read(&mut request).unwrap();
        socket.write_all(bytes.as_bytes()).unwrap();
    });
    address
}

#[test]
fn something_else_that_answers_is_told_apart() {
    for (bytes, code, sentence) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 1, "answers 200 OK, and not as Campanile does; is --url"),
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            1,
            "answers 404 Not Found, and not as Campanile does; is --url",
        ),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", 69, "is the server behind it running?"),
        (
            "HTTP/1.1 301 Moved\r\nLocation: https://b.example/\r\nContent-Length: 0\r\n\r\n",
            1,
            "sends elsewhere, to https://b.example/;",
        ),
        ("", 69, "it may have done it all the same"),
        ("HTTP/1.1 202 Accepted\r\nContent-Length: 50\r\n\r\n{", 69, "it may have done it all the same"),
    ] {
        let ended = Run::new(["publish", "a.b", "--user", "u", "--key", KEY, "--url", &answering(bytes)]).end();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(code), ""), "{bytes:?}: {}", ended.stderr);
        assert!(said(&ended).contains(sentence), "{bytes:?}: {}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{bytes:?}: {}", ended.stderr);
    }
}

#[test]
fn a_server_that_cannot_now_says_when() {
    let busy = json!({"type": "https://a.example/errors#store-busy", "title": "Busy", "status": 503, "detail": "Too much.", "code": "store-busy"});
    let answer =
        format!("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: {}\r\n\r\n{busy}", busy.to_string().len());
    let address = answering(answer.leak());
    let ended = Run::new(["publish", "a.b", "--user", "u", "--key", KEY, "--url", &address]).end();
    assert_eq!(ended.code, Some(69));
    let expected = format!(
        "{address} answers 503 store-busy: Too much. Try again in 7 s.\n  https://a.example/errors#store-busy\n"
    );
    assert_eq!(said(&ended), expected);
}

#[test]
fn the_base_path_and_the_tenant_are_part_of_it() {
    let server = server_with(&[("CAMPANILE_BASE_PATH", "/live"), ("CAMPANILE_AUTH__TENANT_CLAIM", "org")]);
    let url = format!("http://{}/live/", server.public);
    let ended = publish(&server, &["a.b", "--user", "u1", "--tenant", "acme", "--url", &url]).end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), "published to 1 recipient\n"));
    let token = Run::new(["token", "--user", "u1", "--tenant", "acme"])
        .env("CAMPANILE_AUTH__JWT_SECRET", SECRET)
        .env("CAMPANILE_AUTH__TENANT_CLAIM", "org")
        .end();
    let authorization = format!("Authorization: Bearer {}", token.stdout.trim());
    let page = http::request(&server.public, "GET /live/notifications", &[&authorization], "").json();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    let without = publish(&server, &["a.b", "--user", "u1"]).end();
    assert_eq!(
        (without.code, said(&without).contains("answers 404 not-found")),
        (Some(65), true),
        "{}",
        without.stderr
    );
}
