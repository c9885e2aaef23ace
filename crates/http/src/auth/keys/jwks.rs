//! Key sets (RFC 7517). What a set holds beside public keys for our algorithms is passed over, as the RFC asks for; a set with nothing
//! for us is no set.

use super::{Algorithm, Key, KeyFault, KeySet, KeysError, set::MAX_KEYS};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

/// The longest name of a key. Names are compared, not looked up, but they are logged.
const MAX_NAME_BYTES: usize = 256;

#[derive(Deserialize)]
struct Set<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    /// What only a private key has.
    d: Option<IgnoredAny>,
}

/// Reads the keys of a set that can be used; `passed_over` is told why the others cannot.
pub(super) fn read(text: &str, mut passed_over: impl FnMut(usize, KeyFault)) -> Result<KeySet, KeysError> {
    let set: Set<'_> = serde_json::from_str(text).map_err(|_| KeysError::NotJwks)?;
    if set.keys.len() > MAX_KEYS {
        return Err(KeysError::TooMany);
    }
    let mut keys: Vec<Key> = Vec::new();
    for (at, raw) in set.keys.iter().enumerate() {
        let taken = |key: &Key| key.name().is_some() && keys.iter().any(|other| same(other, key));
        match key(raw.get()) {
            Ok(key) if taken(&key) => passed_over(at + 1, KeyFault::Twice),
            Ok(key) => keys.push(key),
            Err(fault) => passed_over(at + 1, fault),
        }
    }
    if keys.is_empty() { Err(KeysError::NoneUsable) } else { Ok(KeySet::new(keys)) }
}

/// Two keys that a token could not tell apart.
fn same(a: &Key, b: &Key) -> bool {
    a.algorithm() == b.algorithm() && a.name() == b.name()
}

fn key(text: &str) -> Result<Key, KeyFault> {
    let jwk: Jwk = serde_json::from_str(text).map_err(|_| KeyFault::Damaged)?;
    if jwk.kid.as_ref().is_some_and(|name| name.len() > MAX_NAME_BYTES) {
        return Err(KeyFault::Damaged);
    }
    let key = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("oct", _) => return Err(KeyFault::Secret),
        _ if jwk.d.is_some() => return Err(KeyFault::Private),
        ("RSA", _) => jwk.for_signatures(Algorithm::Rs256).and_then(|()| jwk.rsa()),
        ("EC", Some("P-256")) => jwk.for_signatures(Algorithm::Es256).and_then(|()| jwk.p256()),
        ("OKP", Some("Ed25519")) => jwk.for_signatures(Algorithm::EdDsa).and_then(|()| jwk.ed25519()),
        _ => return Err(KeyFault::Kind),
    };
    Ok(key?.named(jwk.kid))
}

impl Jwk {
    /// A key says what it may be used for, or nothing.
    fn for_signatures(&self, algorithm: Algorithm) -> Result<(), KeyFault> {
        let names_it = |name: &str| name == algorithm.as_str() || (algorithm == Algorithm::EdDsa && name == "Ed25519");
        let fits = self.alg.as_deref().is_none_or(names_it)
            && self.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if fits { Ok(()) } else { Err(KeyFault::Purpose) }
    }

    fn rsa(&self) -> Result<Key, KeyFault> {
        Key::rsa(&bytes(self.n.as_ref())?, &bytes(self.e.as_ref())?)
    }

    fn p256(&self) -> Result<Key, KeyFault> {
        let (x, y) = (bytes(self.x.as_ref())?, bytes(self.y.as_ref())?);
        // Full length, leading zeros included (RFC 7518, 6.2.1.2).
        if x.len() != 32 || y.len() != 32 {
            return Err(KeyFault::Damaged);
        }
        Key::p256(&[&[4], x.as_slice(), y.as_slice()].concat())
    }

    fn ed25519(&self) -> Result<Key, KeyFault> {
        Key::ed25519(&bytes(self.x.as_ref())?)
    }
}

fn bytes(text: Option<&String>) -> Result<Vec<u8>, KeyFault> {
    URL_SAFE_NO_PAD.decode(text.ok_or(KeyFault::Damaged)?).map_err(|_| KeyFault::Damaged)
}
