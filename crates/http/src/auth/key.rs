//! API keys: known by their SHA-256 only.

use sha2::{Digest, Sha256};
use std::collections::HashSet;
use subtle::ConstantTimeEq;

/// A key of the application's API: a name for the log, and the SHA-256 of the secret. The secret itself is nowhere.
///
/// ```
/// use campanile_http::ApiKey;
///
/// let key = ApiKey::of_secret("billing", "drawn-at-random");
/// assert_eq!(key.name(), "billing");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    name: String,
    sha256: [u8; 32],
}

/// Why a text describes no API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    /// The name is missing.
    #[error("must have the form name:sha256-of-the-key-in-hex")]
    Form,
    /// The part after the colon is no SHA-256.
    #[error("must end with 64 hexadecimal digits, the SHA-256 of the key")]
    Digest,
}

impl std::fmt::Debug for ApiKey {
    /// The name only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ApiKey").field(&self.name).finish()
    }
}

impl ApiKey {
    /// Makes the entry for a secret, for instance one that was just drawn.
    #[must_use]
    pub fn of_secret(name: impl Into<String>, secret: &str) -> Self {
        Self { name: name.into(), sha256: digest(secret.as_bytes()) }
    }

    /// Reads `name:sha256-of-the-key-in-hex`.
    ///
    /// # Errors
    ///
    /// [`ApiKeyError`] says what is missing; it never holds the input.
    pub fn parse(text: &str) -> Result<Self, ApiKeyError> {
        let (name, hex) = text.rsplit_once(':').filter(|(name, _)| !name.is_empty()).ok_or(ApiKeyError::Form)?;
        Ok(Self { name: name.into(), sha256: from_hex(hex).ok_or(ApiKeyError::Digest)? })
    }

    /// The name, for the log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The SHA-256 of the secret.
    #[must_use]
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// What is wrong with these keys as a list: a name, or a key, that is there twice.
    #[must_use]
    pub fn clashes(keys: &[Self]) -> Vec<String> {
        let (mut names, mut digests, mut clashes) = (HashSet::new(), HashSet::new(), Vec::new());
        for key in keys {
            if !names.insert(&key.name) {
                clashes.push(format!("two keys are called {}", key.name));
            }
            if !digests.insert(key.sha256) {
                clashes.push(format!("{} is the same key as another one", key.name));
            }
        }
        clashes
    }

    pub(crate) fn matches(&self, digest: &[u8; 32]) -> bool {
        self.sha256.ct_eq(digest).into()
    }
}

/// The SHA-256 of a secret.
pub(crate) fn digest(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.trim().as_bytes();
    let mut bytes = [0; 32];
    if digits.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = u8::try_from(char::from(*high).to_digit(16)? * 16 + char::from(*low).to_digit(16)?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_digest_only() {
        let hex = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"; // SHA-256 of "secret"
        let key = ApiKey::parse(&format!("billing:{hex}")).unwrap();
        assert_eq!(key, ApiKey::of_secret("billing", "secret"));
        assert!(key.matches(&digest(b"secret")));
        assert!(!key.matches(&digest(b"Secret")));
        assert_eq!(format!("{key:?}"), r#"ApiKey("billing")"#);
    }

    #[test]
    fn a_list_has_each_name_and_each_key_once() {
        let [shop, till, again] =
            [("shop", "a"), ("till", "a"), ("shop", "b")].map(|(name, secret)| ApiKey::of_secret(name, secret));
        assert!(ApiKey::clashes(std::slice::from_ref(&shop)).is_empty());
        let clashes = ApiKey::clashes(&[shop, till, again]);
        assert_eq!(clashes, ["till is the same key as another one", "two keys are called shop"]);
    }

    #[test]
    fn what_is_no_key_entry_is_refused() {
        assert_eq!(ApiKey::parse("secret"), Err(ApiKeyError::Form));
        assert_eq!(ApiKey::parse(":00"), Err(ApiKeyError::Form));
        for bad in ["a:", "a:00", "a:zz", &format!("a:{}", "é".repeat(32)), &format!("a:{}", "g".repeat(64))] {
            assert_eq!(ApiKey::parse(bad), Err(ApiKeyError::Digest), "{bad}");
        }
    }
}
