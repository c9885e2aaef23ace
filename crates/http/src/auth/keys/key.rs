//! One key that tokens are checked with. Its algorithm belongs to it: what a token says never chooses another (RFC 8725, 3.1).

use super::Algorithm;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Map, Value};
use std::{collections::HashSet, fmt};

/// Sizes of RSA keys that are taken, in bits: below, they can be broken; above, one check costs too much.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;
/// The largest exponent that the library checks with.
const MAX_EXPONENT: u64 = (1 << 33) - 1;
const ED25519_BYTES: usize = 32;

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// It is the half that must not be here.
    #[error(
        "is a private key, and only public keys belong here (`openssl pkey -in FILE -pubout` writes the public half)"
    )]
    Private,
    /// It is a shared secret.
    #[error("is a shared secret, and only public keys belong here")]
    Secret,
    /// It is a certificate.
    #[error("is a certificate (`openssl x509 -in FILE -pubkey -noout` writes its public key)")]
    Certificate,
    /// It is an RSA key that is too small or too large.
    #[error("is an RSA key of {0} bits; 2048 to 4096 are taken")]
    RsaSize(usize),
    /// It is an RSA key with an exponent that makes no sense.
    #[error("is an RSA key with an exponent that is not taken")]
    RsaExponent,
    /// It is no RSA, P-256 or Ed25519 key.
    #[error("is of a kind that is not taken; RSA, P-256 and Ed25519 are")]
    Kind,
    /// It is meant for something else than checking signatures by our algorithms.
    #[error("is not meant for RS256, ES256 or EdDSA signatures")]
    Purpose,
    /// It has kind and name of one before it.
    #[error("has kind and name of a key before it")]
    Twice,
    /// It cannot be read as what it claims to be.
    #[error("is damaged")]
    Damaged,
}

/// A key, its algorithm, and its name if it has one.
#[derive(Clone)]
pub(crate) struct Key {
    algorithm: Algorithm,
    name: Option<Box<str>>,
    decoding: DecodingKey,
    validation: Validation,
}

impl fmt::Debug for Key {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("algorithm", &self.algorithm).field("name", &self.name).finish_non_exhaustive()
    }
}

impl Key {
    /// A shared secret.
    pub(crate) fn secret(secret: &[u8]) -> Self {
        Self::new(Algorithm::Hs256, DecodingKey::from_secret(secret))
    }

    /// An RSA key from its numbers, both big-endian.
    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyFault> {
        let (modulus, exponent) = (without_zeros(modulus), without_zeros(exponent));
        let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
        if !RSA_BITS.contains(&bits) {
            return Err(KeyFault::RsaSize(bits));
        }
        let value = exponent.iter().take(9).fold(0u128, |sum, byte| sum << 8 | u128::from(*byte));
        if !(3..=u128::from(MAX_EXPONENT)).contains(&value) || value % 2 == 0 {
            return Err(KeyFault::RsaExponent);
        }
        Ok(Self::new(Algorithm::Rs256, DecodingKey::from_rsa_raw_components(modulus, exponent)))
    }

    /// A key on P-256 from its point (SEC 1, 2.3.3).
    pub(super) fn p256(point: &[u8]) -> Result<Self, KeyFault> {
        Self::new(Algorithm::Es256, DecodingKey::from_ec_der(point)).checked()
    }

    /// An Ed25519 key from its 32 bytes.
    pub(super) fn ed25519(bytes: &[u8]) -> Result<Self, KeyFault> {
        // The library takes the first 32 bytes of whatever there is, and panics if there are less.
        if bytes.len() != ED25519_BYTES {
            return Err(KeyFault::Damaged);
        }
        Self::new(Algorithm::EdDsa, DecodingKey::from_ed_der(bytes)).checked()
    }

    fn new(algorithm: Algorithm, decoding: DecodingKey) -> Self {
        // The signature and its algorithm only: the claims are checked by our own rules.
        let mut validation = Validation::new(algorithm.of_library());
        validation.required_spec_claims = HashSet::new();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        Self { algorithm, name: None, decoding, validation }
    }

    /// Whether the point is on its curve: the library says so only when it is about to check a signature.
    fn checked(self) -> Result<Self, KeyFault> {
        let tried = jsonwebtoken::crypto::verify("", b"", &self.decoding, self.algorithm.of_library());
        if tried.is_ok() { Ok(self) } else { Err(KeyFault::Damaged) }
    }

    pub(super) fn named(mut self, name: Option<String>) -> Self {
        self.name = name.map(Into::into);
        self
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What a token says, if this key's owner signed it, by this key's algorithm.
    pub(crate) fn open(&self, token: &[u8]) -> Option<Map<String, Value>> {
        jsonwebtoken::decode(token, &self.decoding, &self.validation).ok().map(|opened| opened.claims)
    }
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}
