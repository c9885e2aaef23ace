//! Signing tokens with private keys.

use super::text;
use campanile_testkit::token;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};

/// Somebody with a private key.
pub(super) struct Signer {
    algorithm: &'static str,
    name: &'static str,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    /// The owner of one of the keys for tests, such as `rsa-a`, which is also its `kid`.
    pub(super) fn of(name: &'static str) -> Self {
        let der = der(&text(&format!("{name}.pem")));
        let (algorithm, pair) = match name.split('-').next().unwrap() {
            "rsa" => ("RS256", Pair::Rsa(RsaKeyPair::from_der(&der).unwrap())),
            "p256" => ("ES256", Pair::P256(p256(&der))),
            _ => ("EdDSA", Pair::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).unwrap())),
        };
        Self { algorithm, name, pair }
    }

    pub(super) fn algorithm(&self) -> &'static str {
        self.algorithm
    }

    /// A token as a provider makes it.
    pub(super) fn sign(&self, claims: &Value) -> String {
        self.sign_with(&self.header(), claims)
    }

    /// The header of such a token.
    pub(super) fn header(&self) -> Value {
        json!({"alg": self.algorithm, "typ": "JWT", "kid": self.name})
    }

    /// The header, with a member set or, by null, left out.
    pub(super) fn header_with(&self, member: &str, value: Value) -> Value {
        let mut header = self.header();
        match value {
            Value::Null => _ = header.as_object_mut().unwrap().remove(member),
            value => header[member] = value,
        }
        header
    }

    /// A token with any header; the signature is by this key whatever it says.
    pub(super) fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let signed = token::unsigned(header, claims.to_string().as_bytes());
        let signature = self.signature(signed.as_bytes());
        format!("{signed}.{}", token::base64url(&signature))
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
            Pair::P256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}

fn p256(der: &[u8]) -> EcdsaKeyPair {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &SystemRandom::new()).unwrap()
}

/// What stands between the lines of a PEM file.
pub(super) fn der(pem: &str) -> Vec<u8> {
    let digits: Vec<u32> =
        pem.lines().filter(|line| !line.starts_with('-')).flat_map(str::chars).filter_map(digit).collect();
    let bytes = |four: &[u32]| {
        let number = four.iter().fold(0, |sum, digit| sum << 6 | digit) << (6 * (4 - four.len()));
        number.to_be_bytes()[1..four.len()].to_vec()
    };
    digits.chunks(4).flat_map(bytes).collect()
}

fn digit(c: char) -> Option<u32> {
    let alphabet = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']);
    alphabet.zip(0..).find_map(|(known, value)| (known == c).then_some(value))
}
