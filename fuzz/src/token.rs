//! Tokens: nothing is taken that was not signed for the keys there are, and of what was signed only what the contract takes.

use crate::{HMAC_SECRET, NOW, members};
use campanile_core::{Identity, Timestamp};
use campanile_http::{Jwt, JwtOptions, KeySource, TokenFault};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Map, Value};
use std::{collections::HashSet, sync::LazyLock};
use tokio::runtime::{Builder, Runtime};

const NAME_IDENTIFIER: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";

/// Keys whose private halves are gone, and the only tokens that were ever signed by them.
const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/keys/public.pem");
const SIGNED: [&[u8]; 4] = [
    include_bytes!("../seeds/token/rs256"),
    include_bytes!("../seeds/token/es256"),
    include_bytes!("../seeds/token/eddsa"),
    include_bytes!("../seeds/token/hs256"),
];

struct Verifier {
    jwt: Jwt,
    runtime: Runtime,
}

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let keys = KeySource::pem_file(KEYS).expect("good keys");
    let jwt = Jwt::hs256(HMAC_SECRET, JwtOptions::default()).expect("a long secret").with_keys(keys);
    Verifier { jwt, runtime }
});

fn identity(token: &[u8]) -> Result<Identity, TokenFault> {
    VERIFIER.runtime.block_on(VERIFIER.jwt.identity(token, Timestamp::from_seconds(NOW)))
}

/// A token; or, on two lines, the header and the claims of one, which is then signed.
pub(crate) fn run(data: &[u8]) {
    match data.split(|byte| *byte == b'\n').collect::<Vec<_>>().as_slice() {
        [header, claims] => crafted(header, claims),
        _ => raw(data),
    }
}

/// What was signed is taken, and whatever is taken was signed: the same bytes, up to the last dot.
fn raw(token: &[u8]) {
    let taken = identity(token);
    if SIGNED.contains(&token) {
        assert!(taken.is_ok(), "a good token: {}", String::from_utf8_lossy(token));
    }
    if taken.is_ok() {
        let input = |token: &'static [u8]| signing_input(token).expect("a token");
        let known = SIGNED.into_iter().map(input).any(|known| Some(known) == signing_input(token));
        assert!(known, "a forged token: {:?}", String::from_utf8_lossy(token));
    }
}

fn signing_input(token: &[u8]) -> Option<&[u8]> {
    token.get(..token.iter().rposition(|byte| *byte == b'.')?)
}

fn crafted(header: &[u8], claims: &[u8]) {
    let input = format!("{}.{}", base64(header), base64(claims));
    let signed = |key: &[u8]| {
        let signature = crypto::sign(input.as_bytes(), &EncodingKey::from_secret(key), Algorithm::HS256);
        format!("{input}.{}", signature.expect("a signature"))
    };
    for key in [b"another secret, as long as the one", include_bytes!("../keys/public.pem").as_slice()] {
        assert!(identity(signed(key).as_bytes()).is_err(), "signed by a key that is none of ours");
    }
    assert!(identity(format!("{input}.").as_bytes()).is_err(), "not signed at all");
    let token = signed(HMAC_SECRET);
    let taken = identity(token.as_bytes());
    let user = user(claims).filter(|_| token.len() <= 8192);
    match (&taken, is_plain(header)) {
        (Ok(identity), _) => {
            assert_eq!(Some(identity.recipient.user.as_str()), user.as_deref());
            assert!(is_ours(header), "the header {:?}", String::from_utf8_lossy(header));
        }
        // A claim that is there twice is refused (RFC 7519, 4).
        (Err(fault), true) => assert!(user.is_none() || repeats(claims), "{fault}"),
        (Err(_), false) => {}
    }
}

/// The user of claims that the contract takes at [`NOW`], with 30 s of leeway.
fn user(claims: &[u8]) -> Option<String> {
    let claims: Map<String, Value> = serde_json::from_slice(claims).ok()?;
    let seconds = |name: &str| claims.get(name).map(|value| value.as_i64().filter(|seconds| *seconds >= 0));
    let before = |name: &str, most: i64| seconds(name).is_none_or(|value| value.is_some_and(|value| value <= most));
    let in_time = seconds("exp").flatten()? > NOW - 30 && before("nbf", NOW + 30) && before("iat", i64::MAX);
    let of_id_token = ["nonce", "at_hash", "c_hash"].iter().any(|name| claims.contains_key(*name));
    if !in_time || of_id_token || claims.get("typ").and_then(Value::as_str) == Some("ID") {
        return None;
    }
    let named = ["sub", NAME_IDENTIFIER].iter().filter_map(|name| claims.get(*name)).find(|value| !value.is_null())?;
    let user = named.as_str()?;
    let good = (1..=256).contains(&user.len()) && !user.chars().any(char::is_control);
    good.then(|| user.to_owned())
}

fn repeats(claims: &[u8]) -> bool {
    let names = members::names(claims).unwrap_or_default();
    names.iter().collect::<HashSet<_>>().len() < names.len()
}

/// A header that nothing could be wrong with.
fn is_plain(header: &[u8]) -> bool {
    [r#"{"alg":"HS256"}"#, r#"{"alg":"HS256","typ":"JWT"}"#].iter().any(|plain| plain.as_bytes() == header)
}

/// What every header must be that is taken with an HMAC.
fn is_ours(header: &[u8]) -> bool {
    let Ok(header) = serde_json::from_slice::<Map<String, Value>>(header) else { return false };
    let typ = header.get("typ").and_then(Value::as_str).map(str::to_ascii_lowercase);
    let typ = typ.as_deref().map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
    let strange = ["crit", "zip", "enc", "cty"];
    header.get("alg").and_then(Value::as_str) == Some("HS256")
        && typ.is_none_or(|typ| ["jwt", "at+jwt"].contains(&typ))
        && strange.iter().all(|name| header.get(*name).is_none_or(Value::is_null))
}

/// RFC 4648, 5, without padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let group = |chunk: &[u8]| {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        (0..=chunk.len()).map(|at| char::from(DIGITS[(bits >> (18 - 6 * at)) as usize & 63])).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}
