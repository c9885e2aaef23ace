//! The table of keys as an operator meets it: each key in the file and as a variable, its default, its bounds, its neighbours.

use crate::rig::{Run, SECRET};
use serde_json::{Value, json};
use std::fs;

const HASH: &str = "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730";
const OTHER: &str = "8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a";

/// The contract's defaults; `null` is none.
fn defaults() -> Value {
    let claims = ["sub", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"];
    json!({
        "listen": "127.0.0.1:8080", "admin_listen": "127.0.0.1:9090", "base_path": null, "allowed_hosts": [],
        "auth.public_key_file": null, "auth.jwks_file": null, "auth.jwks_url": null, "auth.algorithms": [],
        "auth.issuer": null, "auth.audience": null, "auth.leeway_seconds": 30,
        "auth.user_claims": claims, "auth.tenant_claim": null, "auth.cookie": "campanile_token",
        "api.keys": [], "admin.keys": [], "cors.origins": [], "store.url": "sqlite://campanile.db",
        "sse.heartbeat_seconds": 30, "sse.heartbeat": "event",
        "sse.max_connections_per_user": 10, "sse.connection_limit_policy": "reject-newest", "sse.max_connections": null,
        "sse.buffer_frames": 100, "sse.buffer_bytes": 262_144, "sse.replay_limit": 1000, "sse.write_timeout_seconds": 60,
        "sse.memory_budget_bytes": 536_870_912, "sse.write_path": "direct",
        "sse.max_lifetime_seconds": null, "sse.drain_delay_seconds": 0, "sse.drain_seconds": 10, "sse.expiring_seconds": 30,
        "limits.body_bytes": 65_536, "limits.users_per_publish": 10_000,
        "limits.connects_per_minute": 600, "limits.changes_per_minute": 600,
        "types_policy": "open", "retention.inbox_days": 90, "retention.log_entries": 1000, "retention.log_days": 7,
    })
}

/// Another value for each of them, and what is shown of it.
fn others() -> Vec<(&'static str, Value, Value)> {
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/../http/tests/keys");
    let (pem, jwks) = (json!(format!("{keys}/rsa-a.pub.pem")), json!(format!("{keys}/a.jwks.json")));
    let open = |key, value: Value| (key, value.clone(), value);
    vec![
        open("listen", json!("[::1]:0")),
        open("admin_listen", json!("127.0.0.1:0")),
        open("base_path", json!("/live")),
        open("allowed_hosts", json!(["a.example", "[::1]"])),
        ("auth.jwt_secret", json!(SECRET), json!("***")),
        open("auth.public_key_file", pem),
        open("auth.jwks_file", jwks),
        open("auth.jwks_url", json!("https://id.example/keys")),
        open("auth.algorithms", json!(["HS256", "RS256", "ES256", "EdDSA"])),
        open("auth.issuer", json!("shop")),
        open("auth.audience", json!("bell")),
        open("auth.leeway_seconds", json!(0)),
        open("auth.user_claims", json!(["uid", "sub"])),
        open("auth.tenant_claim", json!("org")),
        open("auth.cookie", json!("session")),
        ("api.keys", json!([format!("shop:{HASH}"), format!("desk:{OTHER}")]), json!(["shop:***", "desk:***"])),
        ("admin.keys", json!([format!("ops:{HASH}")]), json!(["ops:***"])),
        open("cors.origins", json!(["https://a.example", "http://localhost:3000"])),
        open("store.url", json!("memory:")),
        open("sse.heartbeat_seconds", json!(15)),
        open("sse.heartbeat", json!("comment")),
        open("sse.max_connections_per_user", json!(3)),
        open("sse.connection_limit_policy", json!("evict-oldest")),
        open("sse.max_connections", json!(1000)),
        open("sse.buffer_frames", json!(7)),
        open("sse.buffer_bytes", json!(4096)),
        open("sse.memory_budget_bytes", json!(1_048_576)),
        open("sse.replay_limit", json!(50)),
        open("sse.write_timeout_seconds", json!(20)),
        open("sse.write_path", json!("ordinary")),
        open("sse.max_lifetime_seconds", json!(3600)),
        open("sse.drain_delay_seconds", json!(5)),
        open("sse.drain_seconds", json!(0)),
        open("sse.expiring_seconds", json!(60)),
        open("limits.body_bytes", json!(131_072)),
        open("limits.users_per_publish", json!(100)),
        open("limits.connects_per_minute", json!(60)),
        open("limits.changes_per_minute", json!(61)),
        open("types_policy", json!("open")),
        open("retention.inbox_days", json!(30)),
        open("retention.log_entries", json!(500)),
        open("retention.log_days", json!(2)),
    ]
}

fn variable(key: &str) -> String {
    format!("CAMPANILE_{}", key.replace('.', "__").to_uppercase())
}

/// A value as it is written in a variable.
fn loose(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(loose).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn shown(run: Run) -> Value {
    let ended = run.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    serde_json::from_str(&ended.stdout).unwrap()
}

#[test]
fn the_defaults_are_the_contracts() {
    let shown = shown(Run::new(["config", "--json"]).env("CAMPANILE_AUTH__JWT_SECRET", SECRET));
    for (key, value) in defaults().as_object().unwrap() {
        assert_eq!((&shown[key]["value"], &shown[key]["origin"]["source"]), (value, &"default".into()), "{key}");
    }
}

#[test]
fn no_key_is_missing_in_these_tests() {
    let shown = shown(Run::new(["config", "--json"]).env("CAMPANILE_AUTH__JWT_SECRET", SECRET));
    let mut keys: Vec<_> = shown.as_object().unwrap().keys().cloned().collect();
    let mut known: Vec<_> = others().into_iter().map(|(key, ..)| key.to_owned()).collect();
    keys.sort();
    known.sort();
    assert_eq!(keys, known);
}

#[test]
fn every_key_can_stand_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    // JSON's strings, numbers and arrays are TOML's.
    let file: String = others().iter().map(|(key, value, _)| format!("{key} = {value}\n")).collect();
    fs::write(folder.path().join("campanile.toml"), file).unwrap();
    let shown = shown(Run::in_folder(folder.path(), ["config", "--json", "--config", "campanile.toml"]));
    for (at, (key, _, value)) in others().iter().enumerate() {
        let origin = json!({"source": "file", "file": "campanile.toml", "line": at + 1});
        assert_eq!((&shown[key]["value"], &shown[key]["origin"]), (value, &origin), "{key}");
    }
}

#[test]
fn every_key_can_be_set_by_its_variable() {
    let set = |run: Run, (key, value, _): &(&str, Value, Value)| run.env(&variable(key), loose(value));
    let shown = shown(others().iter().fold(Run::new(["config", "--json"]), set));
    for (key, _, value) in others() {
        let origin = json!({"source": "variable", "variable": variable(key)});
        assert_eq!((&shown[key]["value"], &shown[key]["origin"]), (&value, &origin), "{key}");
    }
}

#[test]
fn every_secret_can_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = [
        ("auth.jwt_secret", SECRET.to_owned()),
        ("api.keys", format!("shop:{HASH}\ndesk:{OTHER}")),
        ("admin.keys", format!("ops:{HASH}")),
        ("store.url", "memory:".into()),
    ];
    let set = |run: Run, (key, text): &(&str, String)| {
        fs::write(folder.path().join(key), format!("{text}\n")).unwrap();
        run.env(&format!("{}_FILE", variable(key)), key)
    };
    let shown = shown(secrets.iter().fold(Run::in_folder(folder.path(), ["config", "--json"]), set));
    for (key, _) in secrets {
        let name = format!("{}_FILE", variable(key));
        let origin = json!({"source": "secret-file", "variable": name, "file": key});
        let (_, _, value) = others().into_iter().find(|(other, ..)| *other == key).unwrap();
        assert_eq!((&shown[key]["value"], &shown[key]["origin"]), (&value, &origin), "{key}");
    }
    // Nothing else is read from a file.
    let ended = Run::new(["config"]).env("CAMPANILE_AUTH__JWT_SECRET", SECRET).env("CAMPANILE_LISTEN_FILE", "a").end();
    assert_eq!(ended.code, Some(64));
    assert!(ended.stderr.contains("listen_file (CAMPANILE_LISTEN_FILE): unknown key"), "{}", ended.stderr);
}

#[test]
fn numbers_that_make_no_sense_are_each_told_once() {
    let numbers: Vec<_> = others().into_iter().filter(|(_, value, _)| value.is_number()).map(|(key, ..)| key).collect();
    let may_be_zero = ["auth.leeway_seconds", "sse.drain_delay_seconds", "sse.drain_seconds"];
    assert!(numbers.len() >= 18, "{numbers:?}");
    for (text, spared) in [("0", &may_be_zero[..]), ("-1", &[]), ("1.5", &[]), ("99999999999999999999", &[]), ("", &[])]
    {
        let run = Run::new(["serve"]).env("CAMPANILE_AUTH__JWT_SECRET", SECRET);
        let ended = numbers.iter().fold(run, |run, key| run.env(&variable(key), text)).end();
        assert_eq!(ended.code, Some(64), "{}", ended.stderr);
        for key in &numbers {
            let sentence = format!("  {key} ({}): must be a whole number from ", variable(key));
            let expected = usize::from(!spared.contains(key));
            assert_eq!(ended.stderr.matches(&sentence).count(), expected, "{key} = {text:?}: {}", ended.stderr);
        }
        assert_eq!(ended.stderr.lines().count(), 1 + numbers.len() - spared.len(), "{text:?}: {}", ended.stderr);
    }
}

#[test]
fn keys_that_contradict_each_other_are_refused() {
    for (set, sentence) in [
        (&[("listen", "127.0.0.1:9090")][..], "admin_listen: is taken by listen"),
        (&[("admin_listen", "0.0.0.0:9090")], "admin_listen (CAMPANILE_ADMIN_LISTEN): must be on loopback"),
        (&[("types_policy", "strict")], "types_policy (CAMPANILE_TYPES_POLICY): is strict, but no type is described"),
        (
            &[("sse.replay_limit", "20"), ("retention.log_entries", "10")],
            "can never be reached, because retention.log_entries is 10",
        ),
        (
            &[("sse.max_connections", "5"), ("sse.max_connections_per_user", "6")],
            "can never be reached, because sse.max_connections is 5",
        ),
        (&[("auth.algorithms", "RS256")], "lists RS256, which needs auth.public_key_file"),
        (&[("api.keys", &format!("a:{HASH},b:{HASH}"))], "b is the same key as another one"),
        (&[("store.url", "postgres://me:hidden@db/x")], "postgres:// is not in this build"),
        (&[("bus.url", "redis://:hidden@cache")], "bus.url (CAMPANILE_BUS__URL): not in this build"),
    ] {
        let run = Run::new(["serve"]).env("CAMPANILE_AUTH__JWT_SECRET", SECRET);
        let ended = set.iter().fold(run, |run, (key, value)| run.env(&variable(key), value)).end();
        assert_eq!(ended.code, Some(64), "{set:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(sentence), "{set:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("hidden"), "{}", ended.stderr);
    }
}

#[test]
fn a_key_of_the_documentation_is_refused() {
    // SHA-256 of example-key-from-the-documentation-do-not-use.
    let hash = campanile_testkit::token::sha256_hex(b"example-key-from-the-documentation-do-not-use");
    for key in ["api.keys", "admin.keys"] {
        let run = Run::new(["serve"]).env("CAMPANILE_AUTH__JWT_SECRET", SECRET);
        let ended = run.env(&variable(key), format!("shop:{hash}")).end();
        assert_eq!(ended.code, Some(64), "{}", ended.stderr);
        assert!(ended.stderr.contains("shop is an example from the documentation"), "{}", ended.stderr);
    }
}
