//! Secrets that stand in the documentation. The documentation uses no others, and a server refuses to start with one of them:
//! what everybody can read protects nothing. A test reads the documentation and holds it to this list.

use sha2::{Digest, Sha256};

/// Secrets to sign tokens with.
const JWT_SECRETS: [&str; 1] = ["example-secret-from-the-documentation-do-not-use"];

/// API keys, as sent.
const API_KEYS: [&str; 1] = ["example-key-from-the-documentation-do-not-use"];

/// Whether a secret to sign tokens with is public. An API key used as one is no better.
pub(super) fn is_published_secret(secret: &str) -> bool {
    JWT_SECRETS.iter().chain(&API_KEYS).any(|published| *published == secret)
}

/// Whether the hash is of an API key that is public.
pub(super) fn is_published_key(sha256: &[u8; 32]) -> bool {
    API_KEYS.iter().chain(&JWT_SECRETS).any(|published| Sha256::digest(published).as_slice() == sha256)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};

    fn pages() -> Vec<PathBuf> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let crates = std::fs::read_dir(root.join("crates")).unwrap().map(|entry| entry.unwrap().path());
        let folders =
            [root.clone(), root.join("docs"), root.join("docs/guide/src"), root.join("spec")].into_iter().chain(crates);
        let files = folders.filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
        let pages: Vec<_> =
            files.map(|file| file.unwrap().path()).filter(|path| path.extension() == Some("md".as_ref())).collect();
        assert!(
            pages.iter().any(|page| page.ends_with("docs/guide/src/operations.md")),
            "the documentation was not found"
        );
        pages
    }

    /// What follows `marker` up to the end of the word or quote.
    fn words_after<'a>(text: &'a str, marker: &'a str) -> impl Iterator<Item = &'a str> {
        let word = |rest: &'a str| {
            rest.trim_start_matches([' ', '=', '"', '\'', '[']).split(['"', '\'', '\n', ' ', '`', ')']).next()
        };
        text.split(marker).skip(1).filter_map(word)
    }

    #[test]
    fn the_documentation_shows_only_secrets_that_are_refused() {
        for page in pages() {
            let text = std::fs::read_to_string(&page).unwrap();
            for marker in ["jwt_secret = \"", "jwt_secret(\"", "AUTH__JWT_SECRET="] {
                for secret in words_after(&text, marker).filter(|word| !word.is_empty() && !word.starts_with('$')) {
                    assert!(is_published_secret(secret), "{}: {secret}", page.display());
                }
            }
            for word in text.split(|c: char| !c.is_ascii_hexdigit()).filter(|word| word.len() == 64) {
                let key = super::super::parse::api_key(&format!("example:{word}"));
                assert!(key.is_err(), "{}: {word}", page.display());
            }
        }
    }
}
