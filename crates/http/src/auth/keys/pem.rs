//! Public keys in PEM (RFC 7468): `PUBLIC KEY` of RSA, P-256 and Ed25519, and `RSA PUBLIC KEY`. Several in one file are fine: an old and a
//! new one while keys are changed.

use super::{Key, KeyFault, KeySet, KeysError, set::MAX_KEYS};
use pkcs1::RsaPublicKey;
use spki::{
    ObjectIdentifier, SubjectPublicKeyInfoRef,
    der::{Decode, Document},
};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Reads every key of a file; one that cannot be used spoils it.
pub(super) fn read(text: &str) -> Result<KeySet, KeysError> {
    let mut keys = Vec::new();
    for block in blocks(text) {
        if keys.len() == MAX_KEYS {
            return Err(KeysError::TooMany);
        }
        keys.push(key(&block).map_err(|fault| KeysError::Key { number: keys.len() + 1, fault })?);
    }
    if keys.is_empty() { Err(KeysError::NotPem) } else { Ok(KeySet::new(keys)) }
}

/// The parts between BEGIN and END lines, both included; other text is commentary (RFC 7468, 2).
fn blocks(text: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("-----BEGIN ") {
            inside = true;
            blocks.push(String::new());
        }
        if let (true, Some(block)) = (inside, blocks.last_mut()) {
            block.push_str(line);
            block.push('\n');
        }
        inside &= !line.starts_with("-----END ");
    }
    blocks
}

fn key(block: &str) -> Result<Key, KeyFault> {
    let label =
        block.strip_prefix("-----BEGIN ").and_then(|rest| rest.split_once("-----")).map_or("", |(label, _)| label);
    match label {
        "PUBLIC KEY" => info(&contents(block)?),
        "RSA PUBLIC KEY" => rsa(contents(block)?.as_bytes()),
        "CERTIFICATE" => Err(KeyFault::Certificate),
        label if label.ends_with("PRIVATE KEY") => Err(KeyFault::Private),
        _ => Err(KeyFault::Kind),
    }
}

fn contents(block: &str) -> Result<Document, KeyFault> {
    Document::from_pem(block).map(|(_, document)| document).map_err(|_| KeyFault::Damaged)
}

/// A key with its kind (RFC 5280, 4.1.2.7).
fn info(document: &Document) -> Result<Key, KeyFault> {
    let info: SubjectPublicKeyInfoRef<'_> = document.decode_msg().map_err(|_| KeyFault::Damaged)?;
    let bits = info.subject_public_key.as_bytes().ok_or(KeyFault::Damaged)?;
    match info.algorithm.oid {
        RSA => rsa(bits),
        EC if info.algorithm.parameters_oid() == Ok(P256) => Key::p256(bits),
        ED25519 => Key::ed25519(bits),
        _ => Err(KeyFault::Kind),
    }
}

fn rsa(der: &[u8]) -> Result<Key, KeyFault> {
    let key = RsaPublicKey::from_der(der).map_err(|_| KeyFault::Damaged)?;
    Key::rsa(key.modulus.as_bytes(), key.public_exponent.as_bytes())
}
