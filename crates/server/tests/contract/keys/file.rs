//! Keys from files, and files that change.

use super::{JWKS, PEM, Signer, by_key, claims, key, status, text};
use campanile_testkit::{NodeBuilder, PATIENCE, TestNode};
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const OWNERS: [[&str; 2]; 3] = [["rsa-a", "rsa-b"], ["p256-a", "p256-b"], ["ed25519-a", "ed25519-b"]];

/// A file that can be changed under a node.
struct KeyFile {
    path: PathBuf,
    _folder: TempDir,
}

impl KeyFile {
    fn holding(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = Self { path: folder.path().join("keys"), _folder: folder };
        file.holds(name);
        file
    }

    fn holds(&self, name: &str) {
        self.write(&text(name));
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.path, text).unwrap();
    }

    fn node(&self, variable: &str) -> NodeBuilder {
        by_key(variable, self.path.display())
    }
}

/// Waits until a token has this answer: a file is looked at every few seconds.
async fn becomes(node: &TestNode, token: &str, expected: u16) {
    let deadline = Instant::now() + PATIENCE;
    while status(node, token).await != expected {
        assert!(Instant::now() < deadline, "it does not become {expected}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn each_kind_of_key_is_read_from_pem_and_its_tokens_may_be_called_anything() {
    for [owner, stranger] in OWNERS {
        let node = by_key(PEM, key(&format!("{owner}.pub.pem")).display()).start().await;
        let signer = Signer::of(owner);
        for kid in [json!(owner), json!("any"), json!(null)] {
            let token = signer.sign_with(&signer.header_with("kid", kid), &claims());
            assert_eq!(status(&node, &token).await, 200, "{owner}");
        }
        assert_eq!(status(&node, &Signer::of(stranger).sign(&claims())).await, 401, "{stranger}");
    }
}

#[tokio::test]
async fn each_kind_of_key_is_read_from_a_set_by_its_name() {
    let node = by_key(JWKS, key("a.jwks.json").display()).start().await;
    for [owner, stranger] in OWNERS {
        assert_eq!(status(&node, &Signer::of(owner).sign(&claims())).await, 200, "{owner}");
        assert_eq!(status(&node, &Signer::of(stranger).sign(&claims())).await, 401, "{stranger}");
        let signer = Signer::of(owner);
        let nameless = signer.sign_with(&signer.header_with("kid", json!(null)), &claims());
        assert_eq!(status(&node, &nameless).await, 200, "{owner}, whose token names no key");
    }
}

#[tokio::test]
async fn several_keys_in_one_pem_file_are_old_and_new_ones() {
    let file = KeyFile::holding("rsa-a.pub.pem");
    file.write(&[text("rsa-a.pub.pem"), text("rsa-b.pub.pem"), text("ed25519-a.pub.pem")].concat());
    let node = file.node(PEM).start().await;
    for owner in ["rsa-a", "rsa-b", "ed25519-a"] {
        assert_eq!(status(&node, &Signer::of(owner).sign(&claims())).await, 200, "{owner}");
    }
    assert_eq!(status(&node, &Signer::of("p256-a").sign(&claims())).await, 401);
}

#[tokio::test]
async fn a_new_key_is_known_at_once_and_an_old_one_is_forgotten_soon() {
    let file = KeyFile::holding("a.jwks.json");
    let node = file.node(JWKS).start().await;
    let (old, new) = (Signer::of("p256-a").sign(&claims()), Signer::of("p256-b").sign(&claims()));
    assert_eq!((status(&node, &old).await, status(&node, &new).await), (200, 401));
    tokio::time::sleep(Duration::from_millis(1100)).await; // Unknown keys have it looked at once a second.
    file.holds("b.jwks.json");
    assert_eq!(status(&node, &new).await, 200, "it names a key that is not known: the file is looked at");
    assert_eq!(status(&node, &old).await, 401);
}

#[tokio::test]
async fn a_key_that_was_taken_out_is_forgotten_without_anybody_asking_for_another() {
    let file = KeyFile::holding("p256-a.pub.pem");
    let node = file.node(PEM).start().await;
    let token = Signer::of("p256-a").sign(&claims());
    assert_eq!(status(&node, &token).await, 200);
    file.holds("p256-b.pub.pem");
    becomes(&node, &token, 401).await;
    assert_eq!(status(&node, &Signer::of("p256-b").sign(&claims())).await, 200);
}

/// Row "key rotated mid-stream": an open stream lives on until its token's end; what is opened next needs a key of now.
#[tokio::test]
async fn a_stream_outlives_the_key_that_opened_it() {
    let file = KeyFile::holding("a.jwks.json");
    let node = file.node(JWKS).start().await;
    let old = Signer::of("ed25519-a").sign(&claims());
    let mut stream = node.anonymous_stream().bearer(&old).open().await;
    stream.ready().await;
    file.holds("b.jwks.json");
    becomes(&node, &old, 401).await;
    node.notify("u", "after the rotation").await;
    assert_eq!(stream.until("notification").await.json()["title"], "after the rotation");
    assert_eq!(status(&node, &Signer::of("ed25519-b").sign(&claims())).await, 200);
}

#[tokio::test]
async fn a_broken_file_changes_nothing_but_the_log() {
    let file = KeyFile::holding("a.jwks.json");
    let node = file.node(JWKS).start().await;
    let token = Signer::of("rsa-a").sign(&claims());
    assert_eq!(status(&node, &token).await, 200);
    file.write("{\"keys\": [");
    let line = node.logged("the broken file", |line| line.contains("keys for tokens cannot be read")).await;
    assert!(line.contains("the old ones are kept") && line.contains("is not a key set"), "{line}");
    assert_eq!(status(&node, &token).await, 200);
    let unknown = node.anonymous_stream().bearer(&Signer::of("rsa-b").sign(&claims())).refused().await;
    assert_eq!(unknown.problem(503)["code"], "auth-unavailable", "its key may be in what cannot be read");
    std::fs::remove_file(&file.path).unwrap();
    node.logged("the missing file", |line| line.contains("cannot be read: No such file")).await;
    assert_eq!(status(&node, &token).await, 200);
    file.holds("b.jwks.json");
    becomes(&node, &Signer::of("rsa-b").sign(&claims()), 200).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_used_stops_the_start_with_its_name() {
    for (variable, name, why) in [
        (PEM, "rsa-a.pem", "is a private key"),
        (PEM, "small-rsa.pub.pem", "is an RSA key of 1024 bits"),
        (PEM, "p384.pub.pem", "is of a kind that is not taken"),
        (PEM, "certificate.pem", "is a certificate"),
        (PEM, "nowhere.pem", "cannot be read"),
        (JWKS, "rsa-a.pub.pem", "is not a key set"),
    ] {
        let (code, said) = by_key(variable, key(name).display()).refused().await;
        assert_eq!(code, 64, "{said}");
        assert!(said.contains(why) && said.contains(name), "{name}: {said}");
    }
}

#[tokio::test]
async fn a_set_may_hold_keys_that_are_not_for_us() {
    let mut set: Value = serde_json::from_str(&text("a.jwks.json")).unwrap();
    let keys = set["keys"].as_array_mut().unwrap();
    let mut for_encryption = keys[0].clone();
    for_encryption["use"] = json!("enc");
    for_encryption["kid"] = json!("rsa-b");
    let shared =
        json!({"kty": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "kid": "shared", "alg": "HS256"});
    keys.insert(0, for_encryption);
    keys.insert(0, shared);
    keys.insert(0, json!({"kty": "newer"}));
    let file = KeyFile::holding("a.jwks.json");
    file.write(&set.to_string());
    let node = file.node(JWKS).start().await;
    assert_eq!(status(&node, &Signer::of("rsa-a").sign(&claims())).await, 200);
    let signer = Signer::of("rsa-a");
    let by_encryption_key = signer.sign_with(&signer.header_with("kid", json!("rsa-b")), &claims());
    assert_eq!(status(&node, &by_encryption_key).await, 401);
    let header = json!({"alg": "HS256", "typ": "JWT", "kid": "shared"});
    let by_shared = campanile_testkit::token::assemble(&header, claims().to_string().as_bytes(), &[0; 32]);
    assert_eq!(status(&node, &by_shared).await, 401);
}
