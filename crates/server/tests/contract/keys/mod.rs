//! Tokens signed for public keys (SSE-RULES 2.5, PROTOCOL 5): from a PEM file, from a key set, from a URL. Signed here by another
//! implementation than the one that checks them.

mod file;
mod forged;
mod provider;
mod signer;
mod url;

use crate::support::builder;
use campanile_testkit::{NodeBuilder, TestNode, token};
use serde_json::{Value, json};
use signer::Signer;
use std::path::PathBuf;

const PEM: &str = "CAMPANILE_AUTH__PUBLIC_KEY_FILE";
const JWKS: &str = "CAMPANILE_AUTH__JWKS_FILE";
const URL: &str = "CAMPANILE_AUTH__JWKS_URL";

/// A key of the crate that checks tokens.
fn key(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../http/tests/keys")).join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(key(name)).unwrap()
}

/// A node that takes no shared secret.
fn by_key(variable: &str, value: impl ToString) -> NodeBuilder {
    builder().without("CAMPANILE_AUTH__JWT_SECRET").env(variable, value)
}

fn claims() -> Value {
    json!({"sub": "u", "exp": token::now() + 3600})
}

/// The status that a token gets.
async fn status(node: &TestNode, token: &str) -> u16 {
    node.anonymous_stream().bearer(token).open().await.status()
}
