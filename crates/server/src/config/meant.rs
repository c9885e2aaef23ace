//! The configuration as meant: every value has its type and has been checked.

use campanile_core::{Definitions, RetentionOptions, SseOptions};
use campanile_http::{Algorithm, ApiKey, JwksUrl};
use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

/// Something that must not be shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself: for the one who needs it, not for a log.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where notifications are kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum StoreUrl {
    /// In a SQLite file.
    Sqlite(PathBuf),
    /// In memory, gone at exit.
    Memory,
}

impl fmt::Display for StoreUrl {
    /// As it is written in `store.url`; there is no password in what this build has.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Memory => f.write_str("memory:"),
        }
    }
}

/// A file with public keys, and what they are for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct KeyFile {
    pub(crate) path: PathBuf,
    pub(crate) algorithms: Vec<Algorithm>,
}

/// How users prove who they are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Auth {
    pub(crate) jwt_secret: Option<Secret>,
    pub(crate) public_key_file: Option<KeyFile>,
    pub(crate) jwks_file: Option<KeyFile>,
    pub(crate) jwks_url: Option<JwksUrl>,
    /// Empty: those that there are keys for.
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) issuer: Option<String>,
    pub(crate) audience: Option<String>,
    pub(crate) leeway: Duration,
    pub(crate) user_claims: Vec<String>,
    pub(crate) tenant_claim: Option<String>,
    pub(crate) cookie: String,
}

impl Auth {
    /// Whether tokens may be signed for public keys.
    pub(crate) fn has_public_keys(&self) -> bool {
        self.public_key_file.is_some() || self.jwks_file.is_some() || self.jwks_url.is_some()
    }

    /// Whether any token can be accepted.
    pub(crate) fn takes_tokens(&self) -> bool {
        self.jwt_secret.is_some() || self.has_public_keys()
    }

    /// Whether an algorithm is not ruled out.
    pub(crate) fn allows(&self, algorithm: Algorithm) -> bool {
        self.algorithms.is_empty() || self.algorithms.contains(&algorithm)
    }
}

/// How the process stops.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Drain {
    /// How long new streams are still taken after readiness failed.
    pub(crate) delay: Duration,
    /// Over how long open streams are ended.
    pub(crate) window: Duration,
}

/// How much one request may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Limits {
    pub(crate) body_bytes: usize,
    pub(crate) users_per_publish: usize,
    pub(crate) connects_per_minute: u32,
    pub(crate) changes_per_minute: u32,
}

/// A configuration without mistakes.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) admin_listen: SocketAddr,
    /// Empty, or a path without a `/` at its end.
    pub(crate) base_path: String,
    /// Lower case, without ports; empty: all.
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) auth: Auth,
    pub(crate) api_keys: Vec<ApiKey>,
    pub(crate) admin_keys: Vec<ApiKey>,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) store: StoreUrl,
    pub(crate) sse: SseOptions,
    pub(crate) write_timeout: Duration,
    /// Whether streams over HTTP/1.1 are written past the HTTP library.
    pub(crate) direct: bool,
    pub(crate) drain: Drain,
    pub(crate) limits: Limits,
    pub(crate) definitions: Definitions,
    pub(crate) retention: RetentionOptions,
}
