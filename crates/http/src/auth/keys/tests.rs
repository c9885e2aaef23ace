//! Reading keys.

use super::{
    file::{Format, KeyFile},
    jwks, pem,
    watch::Loaded,
    *,
};
use proptest::prelude::*;
use serde_json::{Value, json};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/", $name))
    };
}

const PUBLIC: [(&str, Algorithm); 3] = [
    (fixture!("rsa-a.pub.pem"), Algorithm::Rs256),
    (fixture!("p256-a.pub.pem"), Algorithm::Es256),
    (fixture!("ed25519-a.pub.pem"), Algorithm::EdDsa),
];

fn a_set() -> Value {
    serde_json::from_str(fixture!("a.jwks.json")).unwrap()
}

/// The first key of the set, with a member changed.
fn rsa_with(member: &str, value: Value) -> Value {
    let mut key = a_set()["keys"][0].clone();
    key[member] = value;
    key
}

/// Reads a set; what was passed over comes along.
fn read(set: &Value) -> (Result<KeySet, KeysError>, Vec<(usize, KeyFault)>) {
    let mut passed_over = Vec::new();
    let found = jwks::read(&set.to_string(), |number, fault| passed_over.push((number, fault)));
    (found, passed_over)
}

fn fault_of(key: &Value) -> KeyFault {
    let (found, passed_over) = read(&json!({"keys": [key]}));
    assert!(matches!(found, Err(KeysError::NoneUsable)), "{found:?}");
    passed_over[0].1
}

#[test]
fn tokens_signed_by_another_implementation_are_opened_by_their_own_key_only() {
    let tokens: Value = serde_json::from_str(fixture!("signed-elsewhere.json")).unwrap();
    let sets = [
        jwks::read(fixture!("a.jwks.json"), |_, _| ()).unwrap(),
        pem::read(&PUBLIC.map(|(pem, _)| pem).concat()).unwrap(),
    ];
    for set in &sets {
        for ours in Algorithm::ALL.into_iter().filter(|algorithm| algorithm.is_by_public_key()) {
            let key = set.to_try(ours, None).next().unwrap();
            for theirs in Algorithm::ALL.into_iter().filter(|algorithm| algorithm.is_by_public_key()) {
                let opened = key.open(tokens[theirs.as_str()].as_str().unwrap().as_bytes());
                assert_eq!(opened.is_some(), ours == theirs, "{ours} {theirs}");
            }
        }
    }
}

/// RFC 7515, A.3.
#[test]
fn the_token_of_the_standard_is_opened() {
    let key = json!({"kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let set = read(&json!({"keys": [key]})).0.unwrap();
    let opened = set.to_try(Algorithm::Es256, None).next().unwrap().open(token.as_bytes()).unwrap();
    assert_eq!(opened["iss"], "joe");
}

#[test]
fn public_keys_are_read_from_pem_with_text_around_them() {
    for (text, algorithm) in PUBLIC {
        let set = pem::read(&format!("Our key:\r\n{}\nand no more.", text.replace('\n', "\r\n"))).unwrap();
        assert_eq!((set.algorithms(), set.len()), (vec![algorithm], 1));
        assert!(set.named(algorithm, "").is_none());
    }
    assert_eq!(pem::read(fixture!("rsa-a.pkcs1.pem")).unwrap().algorithms(), [Algorithm::Rs256]);
    assert_eq!(pem::read(&PUBLIC.map(|(pem, _)| pem).concat()).unwrap().len(), 3);
}

#[test]
fn what_is_no_public_key_in_pem_says_what_it_is() {
    let cut = PUBLIC[0].0.replacen("MII", "MI", 1);
    for (bad, why) in [
        (fixture!("rsa-a.pem"), KeyFault::Private),
        (fixture!("p256-a.pem"), KeyFault::Private),
        (fixture!("certificate.pem"), KeyFault::Certificate),
        (fixture!("small-rsa.pub.pem"), KeyFault::RsaSize(1024)),
        (fixture!("p384.pub.pem"), KeyFault::Kind),
        ("-----BEGIN NOTHING-----\n-----END NOTHING-----\n", KeyFault::Kind),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", KeyFault::Damaged),
        ("-----BEGIN PUBLIC KEY-----\nMCow", KeyFault::Damaged),
        (&cut, KeyFault::Damaged),
    ] {
        let error = pem::read(&format!("{}{bad}", PUBLIC[2].0)).unwrap_err();
        assert!(matches!(error, KeysError::Key { number: 2, fault } if fault == why), "{error:?}");
    }
    for none in ["", "ssh-rsa AAAA", fixture!("a.jwks.json")] {
        assert!(matches!(pem::read(none), Err(KeysError::NotPem)));
    }
    assert!(matches!(pem::read(&PUBLIC[2].0.repeat(101)), Err(KeysError::TooMany)));
}

#[test]
fn a_set_gives_its_keys_by_algorithm_and_name() {
    let set = jwks::read(fixture!("a.jwks.json"), |_, fault| panic!("{fault}")).unwrap();
    assert_eq!(set.algorithms(), [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa]);
    assert!(set.named(Algorithm::Rs256, "rsa-a").is_some());
    for unknown in ["p256-a", "RSA-A", "rsa-a ", "", "../rsa-a"] {
        assert!(set.named(Algorithm::Rs256, unknown).is_none(), "{unknown}");
    }
    assert_eq!(set.to_try(Algorithm::Rs256, Some("other")).count(), 0, "a name that is not here is nobody's");
    assert_eq!(set.to_try(Algorithm::Rs256, None).count(), 1);
    assert_eq!(set.to_try(Algorithm::Hs256, None).count(), 0);
}

#[test]
fn keys_of_a_set_that_are_not_for_us_are_passed_over() {
    let plain = |mut key: Value| {
        for member in ["alg", "use", "kid"] {
            key.as_object_mut().unwrap().remove(member);
        }
        key
    };
    let keys = a_set()["keys"].as_array().unwrap().clone();
    let (found, passed_over) = read(&json!({"keys": [
        {"kty": "oct", "k": "AAAA", "kid": "rsa-a"},
        {"kty": "new"},
        plain(keys[0].clone()),
        {"kty": "OKP", "crv": "Ed25519", "alg": "Ed25519", "x": keys[2]["x"], "key_ops": ["verify"]},
        5,
    ], "other": true}));
    assert_eq!(found.unwrap().len(), 2);
    assert_eq!(passed_over, [(1, KeyFault::Secret), (2, KeyFault::Kind), (5, KeyFault::Damaged)]);
    assert_eq!(fault_of(&rsa_with("use", json!("enc"))), KeyFault::Purpose);
    assert_eq!(fault_of(&rsa_with("alg", json!("RS512"))), KeyFault::Purpose);
    assert_eq!(fault_of(&rsa_with("alg", json!("HS256"))), KeyFault::Purpose);
    assert_eq!(fault_of(&rsa_with("key_ops", json!(["encrypt"]))), KeyFault::Purpose);
    assert_eq!(fault_of(&rsa_with("d", json!("AAAA"))), KeyFault::Private);
    assert_eq!(fault_of(&rsa_with("kid", json!("k".repeat(257)))), KeyFault::Damaged);
    assert_eq!(fault_of(&rsa_with("kid", json!(5))), KeyFault::Damaged);
    assert_eq!(fault_of(&rsa_with("n", json!("AQAB"))), KeyFault::RsaSize(17));
    assert_eq!(fault_of(&rsa_with("n", json!("_".repeat(1000)))), KeyFault::RsaSize(6000));
    for weak in ["AQ", "Ag", "AAAA", "AQAA", "____________"] {
        assert_eq!(fault_of(&rsa_with("e", json!(weak))), KeyFault::RsaExponent, "{weak}");
    }
    for broken in ["A", "+/==", ""] {
        assert!(
            matches!(fault_of(&rsa_with("n", json!(broken))), KeyFault::Damaged | KeyFault::RsaSize(0)),
            "{broken}"
        );
    }
}

#[test]
fn points_that_are_on_no_curve_are_damaged() {
    let keys = a_set()["keys"].as_array().unwrap().clone();
    for x in ["", "AAAA", "____________________________________________", keys[1]["y"].as_str().unwrap()] {
        let mut key = keys[1].clone();
        key["x"] = json!(x);
        assert_eq!(fault_of(&key), KeyFault::Damaged, "{x}");
    }
    // Of 33 bytes, the library would take 32.
    for x in ["", "AAAA", &"A".repeat(44)] {
        let mut key = keys[2].clone();
        key["x"] = json!(x);
        assert_eq!(fault_of(&key), KeyFault::Damaged, "{x}");
    }
}

#[test]
fn two_keys_that_no_token_could_tell_apart_are_one() {
    let key = a_set()["keys"][0].clone();
    let (found, passed_over) = read(&json!({"keys": [key, key]}));
    assert_eq!((found.unwrap().len(), passed_over), (1, vec![(2, KeyFault::Twice)]));
}

#[test]
fn what_is_no_set_says_so() {
    let none = |text: &str| jwks::read(text, |_, _| ()).unwrap_err();
    for bad in ["", "{}", "[]", "{\"keys\":{}}", "{\"keys\":[", "{\"keys\":[],\"keys\":[]}", PUBLIC[0].0] {
        assert!(matches!(none(bad), KeysError::NotJwks), "{bad}");
    }
    assert!(matches!(none("{\"keys\":[]}"), KeysError::NoneUsable));
    assert!(matches!(none(&json!({"keys": vec![0; 101]}).to_string()), KeysError::TooMany));
    assert!(matches!(
        none(&format!("{{\"keys\":[{}1{}]}}", "[".repeat(10_000), "]".repeat(10_000))),
        KeysError::NoneUsable
    ));
}

/// A text with some of its characters exchanged.
fn spoilt(text: &'static str) -> impl Strategy<Value = String> {
    prop::collection::vec((0..text.len(), any::<u8>()), 1..8).prop_map(move |changes| {
        let mut bytes = text.as_bytes().to_vec();
        changes.into_iter().for_each(|(at, byte)| bytes[at] = byte);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_in_a_file_makes_reading_it_fall_over(text in ".{0,300}", pem_file in spoilt(PUBLIC[1].0), set in spoilt(fixture!("a.jwks.json"))) {
        for text in [text, pem_file, set] {
            // What is still a key can be asked, whatever it has become.
            for keys in [pem::read(&text), jwks::read(&text, |_, _| ())].into_iter().flatten() {
                for algorithm in keys.algorithms() {
                    prop_assert!(keys.to_try(algorithm, None).all(|key| key.open(b"e30.e30.AAAA").is_none()));
                }
            }
        }
    }
}

#[test]
fn a_file_is_read_when_it_has_changed_and_only_then() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    let mut file = KeyFile::new(path.clone(), Format::Pem);
    assert!(matches!(file.read_if_changed(), Err(KeysError::Read(_))));
    std::fs::write(&path, PUBLIC[0].0).unwrap();
    assert!(matches!(file.read_if_changed(), Ok(Loaded::New(..))));
    assert!(matches!(file.read_if_changed(), Ok(Loaded::Same)));
    std::fs::write(&path, "half a").unwrap();
    assert!(matches!(file.read_if_changed(), Err(KeysError::NotPem)));
    assert!(matches!(file.read_if_changed(), Ok(Loaded::Same)), "the same fault is not met twice");
    std::fs::write(&path, PUBLIC[1].0).unwrap();
    assert!(matches!(file.read_if_changed(), Ok(Loaded::New(keys, None)) if keys.algorithms() == [Algorithm::Es256]));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(file.read_if_changed(), Err(KeysError::Read(_))));
    std::fs::write(&path, PUBLIC[1].0).unwrap();
    assert!(matches!(file.read_if_changed(), Ok(Loaded::New(..))), "a file that was away is a new one");
    std::fs::write(&path, vec![b'-'; 300 * 1024]).unwrap();
    assert!(matches!(file.read_if_changed(), Err(KeysError::TooLarge)));
    std::fs::write(&path, b"\xff\xfe").unwrap();
    assert!(matches!(file.read_if_changed(), Err(KeysError::NotText)));
    assert!(matches!(KeyFile::new(folder.path().into(), Format::Jwks).read_if_changed(), Err(KeysError::Read(_))));
}
