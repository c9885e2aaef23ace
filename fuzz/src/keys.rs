//! Files and answers that keys for tokens are read from: public keys come out of them, and nothing else.

use campanile_http::{
    Algorithm,
    fuzzing::{self, Keys},
};
use serde_json::Value;
use std::collections::HashSet;

/// Any text is a key set or none.
pub(crate) fn jwks(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(keys) = fuzzing::jwks(text) else { return };
    plausible(&keys);
    let set: Value = serde_json::from_str(text).unwrap_or_default();
    let named: Vec<_> = keys.iter().filter(|(_, name)| name.is_some()).collect();
    assert_eq!(named.iter().collect::<HashSet<_>>().len(), named.len(), "two keys that no token can tell apart");
    assert!(named.iter().all(|(_, name)| name.as_ref().is_some_and(|name| name.len() <= 256)));
    // The reader of values is the stricter one about numbers: a set with a number beyond a double is no value.
    if let Some(entries) = set["keys"].as_array() {
        for algorithm in Algorithm::ALL {
            let read = keys.iter().filter(|(of, _)| *of == algorithm).count();
            assert!(read <= entries.iter().filter(|key| may_be(key, algorithm)).count(), "{algorithm}: {text}");
        }
    }
}

/// Whether an entry says that it is a public key for this algorithm.
fn may_be(key: &Value, algorithm: Algorithm) -> bool {
    let kind = (key["kty"].as_str(), key["crv"].as_str());
    let fits = match algorithm {
        Algorithm::Hs256 => false,
        Algorithm::Rs256 => kind.0 == Some("RSA"),
        Algorithm::Es256 => kind == (Some("EC"), Some("P-256")),
        Algorithm::EdDsa => kind == (Some("OKP"), Some("Ed25519")),
    };
    let meant = key["use"].as_str().is_none_or(|purpose| purpose == "sig");
    fits && meant && key["d"].is_null()
}

/// Any text is a file with keys or none; one bad key spoils it.
pub(crate) fn pem(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(keys) = fuzzing::pem(text) else { return };
    plausible(&keys);
    let begun: Vec<_> = text.lines().map(str::trim).filter(|line| line.starts_with("-----BEGIN ")).collect();
    assert_eq!(begun.len(), keys.len());
    assert!(begun.iter().all(|line| line.contains("PUBLIC KEY-----")), "{begun:?}");
    assert!(keys.iter().all(|(_, name)| name.is_none()));
}

fn plausible(keys: &Keys) {
    assert!((1..=100).contains(&keys.len()));
    assert!(keys.iter().all(|(algorithm, _)| algorithm.is_by_public_key()), "a secret in public");
}
