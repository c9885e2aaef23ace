//! `campanile config`: what takes effect, where it comes from, and never a secret.

use crate::rig::{Ended, Run, SECRET};
use std::{fs, path::Path};

const HASH: &str = "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730";

/// A folder with a file, a secret in a file, and keys.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("secret"), format!("{SECRET}\n")).unwrap();
    let file = format!(
        "listen = '0.0.0.0:80'\n\n[sse]\nheartbeat_seconds = 20\nbuffer_frames = 7\n[cors]\norigins = ['https://a.example']\n\
         [api]\nkeys = ['shop:{HASH}']\n[types.\"invoices.approved\"]\nseverity = 'success'\n"
    );
    fs::write(folder.path().join("campanile.toml"), file).unwrap();
    folder
}

fn config(folder: &Path, more: &[&str]) -> Ended {
    Run::in_folder(folder, ["config", "--config", "campanile.toml"].iter().chain(more))
        .env("CAMPANILE_AUTH__JWT_SECRET_FILE", "secret")
        .env("CAMPANILE_SSE__HEARTBEAT_SECONDS", "15")
        .end()
}

/// The line that is about a key, without the spaces that align it.
fn line(ended: &Ended, key: &str) -> String {
    let about = |line: &&str| line.trim_start_matches("# ").split(' ').next() == Some(key);
    let line = ended.stdout.lines().find(about).unwrap_or_else(|| panic!("no {key}: {}", ended.stdout));
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn each_value_is_shown_with_its_origin() {
    let folder = folder();
    let ended = config(folder.path(), &[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    for (key, expected) in [
        ("listen", "listen = \"0.0.0.0:80\" # campanile.toml, line 1"),
        ("admin_listen", "admin_listen = \"127.0.0.1:9090\" # default"),
        ("base_path", "# base_path # not set"),
        ("allowed_hosts", "allowed_hosts = [] # default"),
        ("auth.jwt_secret", "auth.jwt_secret = \"***\" # CAMPANILE_AUTH__JWT_SECRET_FILE, secret"),
        ("auth.issuer", "# auth.issuer # not set"),
        ("api.keys", "api.keys = [\"shop:***\"] # campanile.toml, line 9"),
        ("cors.origins", "cors.origins = [\"https://a.example\"] # campanile.toml, line 7"),
        ("store.url", "store.url = \"sqlite://campanile.db\" # default"),
        ("sse.heartbeat_seconds", "sse.heartbeat_seconds = 15 # CAMPANILE_SSE__HEARTBEAT_SECONDS"),
        ("sse.buffer_frames", "sse.buffer_frames = 7 # campanile.toml, line 5"),
        (
            "types.\"invoices.approved\".severity",
            "types.\"invoices.approved\".severity = \"success\" # campanile.toml, line 11",
        ),
        ("types.\"invoices.approved\".channels", "types.\"invoices.approved\".channels = [\"inApp\"] # default"),
    ] {
        assert_eq!(line(&ended, key), expected);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing was made");
}

#[test]
fn what_it_prints_is_a_configuration_but_for_the_secrets() {
    let folder = folder();
    let first = config(folder.path(), &[]);
    let printed = first.stdout.replace("\"***\"", &format!("\"{SECRET}\"")).replace(":***", &format!(":{HASH}"));
    fs::write(folder.path().join("printed.toml"), printed).unwrap();
    let second = Run::in_folder(folder.path(), ["config", "--config", "printed.toml"]).end();
    assert_eq!((second.code, second.stderr.as_str()), (Some(0), ""));
    let values = |ended: &Ended| -> Vec<String> {
        ended.stdout.lines().map(|line| line.split("  #").next().unwrap().to_owned()).collect()
    };
    assert_eq!(values(&first), values(&second));
}

#[test]
fn programs_get_one_object() {
    let folder = folder();
    let ended = config(folder.path(), &["--json"]);
    let object: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let origin = |key: &str| object[key]["origin"].clone();
    assert_eq!(object["sse.heartbeat_seconds"]["value"], 15);
    assert_eq!(origin("sse.heartbeat_seconds")["variable"], "CAMPANILE_SSE__HEARTBEAT_SECONDS");
    assert_eq!(origin("listen"), serde_json::json!({"source": "file", "file": "campanile.toml", "line": 1}));
    assert_eq!(origin("auth.jwt_secret")["source"], "secret-file");
    assert_eq!(
        (&object["auth.jwt_secret"]["value"], &object["auth.jwt_secret"]["secret"]),
        (&"***".into(), &true.into())
    );
    assert!(object["auth.issuer"]["value"].is_null(), "{object}");
    assert_eq!(origin("auth.issuer")["source"], "default");
    assert_eq!(object["allowed_hosts"]["value"], serde_json::json!([]));
}

#[test]
fn no_secret_and_not_its_length_is_shown() {
    let masked = |secret: &str| {
        let ended = Run::new(["config"]).env("CAMPANILE_AUTH__JWT_SECRET", secret).end();
        let object = Run::new(["config", "--json"]).env("CAMPANILE_AUTH__JWT_SECRET", secret).end();
        assert!(!(ended.stdout.clone() + &object.stdout).contains(secret));
        (ended.stdout, object.stdout)
    };
    assert_eq!(masked(SECRET), masked(&SECRET.repeat(3)));
    let folder = folder();
    for more in [&[][..], &["--json"]] {
        let ended = config(folder.path(), more);
        assert!(!ended.stdout.contains(HASH) && !ended.stdout.contains(SECRET), "{}", ended.stdout);
    }
    // There may be a key in a URL.
    let url = "https://id.example/keys?api_key=hidden";
    let ended = Run::new(["config"]).env("CAMPANILE_AUTH__JWKS_URL", url).end();
    assert!(line(&ended, "auth.jwks_url").contains("https://id.example/keys\""), "{}", ended.stdout);
    assert!(!ended.stdout.contains("hidden"), "{}", ended.stdout);
}

#[test]
fn mistakes_are_those_of_serve() {
    let both = |command: &str| {
        let ended = Run::new([command]).env("CAMPANILE_SSE__BUFFER_FRAMES", "0").env("CAMPANILE_TLS__CERT", "a").end();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""));
        ended.stderr
    };
    assert_eq!(both("config"), both("serve"));
    assert!(both("config").contains("tls.cert (CAMPANILE_TLS__CERT): not in this build"), "{}", both("config"));
}

#[test]
fn the_reference_lists_every_key() {
    let ended = Run::new(["config", "--reference"]).end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(ended.stdout, include_str!("../../../../docs/configuration.md"));
}

#[test]
fn a_reader_that_has_gone_is_no_mistake() {
    let folder = folder();
    let run = Run::in_folder(folder.path(), ["config", "--reference"]);
    let ended = run.end_unread();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}
