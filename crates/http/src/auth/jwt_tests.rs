use super::*;
use futures_util::FutureExt;
use jsonwebtoken::{EncodingKey, encode};
use proptest::prelude::*;
use serde_json::json;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const NOW: i64 = 1_800_000_000;

fn now() -> Timestamp {
    Timestamp::from_seconds(NOW)
}

fn signed(header: &Header, claims: &Value) -> Vec<u8> {
    encode(header, claims, &EncodingKey::from_secret(SECRET)).unwrap().into_bytes()
}

fn token(claims: &Value) -> Vec<u8> {
    signed(&Header::default(), claims)
}

fn verifier(options: JwtOptions) -> Jwt {
    Jwt::hs256(SECRET, options).unwrap()
}

/// The answer for a token by a shared secret: there is never anything to wait for.
fn identity(verifier: &Jwt, token: &[u8]) -> Result<Identity, TokenFault> {
    verifier.identity(token, now()).now_or_never().unwrap()
}

fn application(verifier: &Jwt, token: &[u8]) -> Result<Token, TokenFault> {
    verifier.application(token, now()).now_or_never().unwrap()
}

fn user(claims: &Value) -> Result<String, TokenFault> {
    identity(&verifier(JwtOptions::default()), &token(claims)).map(|who| who.recipient.user.to_string())
}

#[test]
fn the_user_is_the_first_claim_of_the_list() {
    assert_eq!(user(&json!({"sub": "u1", "exp": NOW + 60})).as_deref(), Ok("u1"));
    assert_eq!(user(&json!({NAME_IDENTIFIER: "u2", "exp": NOW + 60})).as_deref(), Ok("u2"));
    assert_eq!(user(&json!({NAME_IDENTIFIER: "u2", "sub": "u1", "exp": NOW + 60})).as_deref(), Ok("u1"));
    assert_eq!(user(&json!({NAME_IDENTIFIER: "u2", "sub": null, "exp": NOW + 60})).as_deref(), Ok("u2"));
    for none in [json!({"exp": NOW + 60}), json!({"sub": "", "exp": NOW + 60})] {
        assert_eq!(user(&none), Err(TokenFault::NoUser));
    }
    assert!(user(&json!({"sub": ["u1"], NAME_IDENTIFIER: "u2", "exp": NOW + 60})).is_err());
    for bad in [json!(7), json!("a\nb"), json!("x".repeat(257))] {
        assert_eq!(user(&json!({"sub": bad, NAME_IDENTIFIER: "u2", "exp": NOW + 60})), Err(TokenFault::BadUser));
    }
}

#[test]
fn times_are_whole_seconds_with_thirty_of_leeway() {
    let ending = |exp: i64| {
        let claims = json!({"sub": "u1", "exp": exp});
        identity(&verifier(JwtOptions::default()), &token(&claims))
    };
    assert_eq!(ending(NOW - 29).unwrap().expires_at, Some(Timestamp::from_seconds(NOW - 29)));
    assert_eq!(ending(NOW - 30).unwrap_err(), TokenFault::Expired);
    for exp in [json!("9999999999"), json!(-1), json!(1e300), json!(9_999_999_999.5), json!(null), json!([1])] {
        assert_eq!(user(&json!({"sub": "u1", "exp": exp})), Err(TokenFault::Invalid), "{exp}");
    }
    assert_eq!(user(&json!({"sub": "u1"})), Err(TokenFault::Invalid));
    assert!(user(&json!({"sub": "u1", "exp": NOW + 60, "nbf": NOW + 30})).is_ok());
    for nbf in [json!(NOW + 31), json!("0"), json!(0.5), json!(null)] {
        assert_eq!(user(&json!({"sub": "u1", "exp": NOW + 60, "nbf": nbf})), Err(TokenFault::Invalid), "{nbf}");
    }
}

#[test]
fn when_a_token_was_issued_is_whole_seconds_too() {
    let issued = |iat: Value| {
        identity(&verifier(JwtOptions::default()), &token(&json!({"sub": "u1", "exp": NOW + 60, "iat": iat})))
            .map(|who| who.issued_at)
    };
    assert_eq!(issued(json!(NOW)), Ok(Some(Timestamp::from_seconds(NOW))));
    assert_eq!(issued(json!(0)), Ok(Some(Timestamp::from_seconds(0))));
    for bad in [json!(NOW.to_string()), json!(NOW as f64 + 0.5), json!(-1), json!(1e300), json!(null), json!([NOW])] {
        assert_eq!(issued(bad.clone()), Err(TokenFault::Invalid), "{bad}");
    }
    let without = token(&json!({"sub": "u1", "exp": NOW + 60}));
    assert_eq!(identity(&verifier(JwtOptions::default()), &without).unwrap().issued_at, None);
}

#[test]
fn id_tokens_and_tokens_within_tokens_open_nothing() {
    let verifier = verifier(JwtOptions::default());
    for (claim, value) in
        [("nonce", json!("n")), ("at_hash", json!("h")), ("c_hash", json!(null)), ("typ", json!("ID"))]
    {
        let mut claims = json!({"sub": "u1", "exp": NOW + 60});
        claims[claim] = value;
        assert_eq!(identity(&verifier, &token(&claims)).unwrap_err(), TokenFault::IdToken, "{claim}");
        assert_eq!(application(&verifier, &token(&claims)).unwrap_err(), TokenFault::IdToken, "{claim}");
    }
    let nested = Header { cty: Some("JWT".into()), ..Header::default() };
    let claims = json!({"sub": "u1", "exp": NOW + 60, "typ": "Bearer"});
    assert_eq!(identity(&verifier, &signed(&nested, &claims)).unwrap_err(), TokenFault::Invalid);
    assert!(identity(&verifier, &token(&claims)).is_ok());
}

#[test]
fn an_algorithm_that_is_not_listed_is_not_taken() {
    let claims = json!({"sub": "u1", "exp": NOW + 60});
    let listed = |algorithms: &[Algorithm]| {
        let verifier = verifier(JwtOptions::default()).with_algorithms(algorithms.iter().copied());
        identity(&verifier, &token(&claims)).is_ok()
    };
    assert!(listed(&[]) && listed(&[Algorithm::Hs256]));
    assert!(!listed(&[Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa]));
    let without_keys = Jwt::new(JwtOptions::default());
    assert_eq!(identity(&without_keys, &token(&claims)).unwrap_err(), TokenFault::Invalid);
}

#[test]
fn only_our_algorithm_our_secret_and_our_kind_of_token_count() {
    let verifier = verifier(JwtOptions::default());
    let claims = json!({"sub": "u1", "exp": NOW + 60});
    let refused = |token: &[u8]| assert_eq!(identity(&verifier, token).unwrap_err(), TokenFault::Invalid);
    refused(&signed(&Header::new(jsonwebtoken::Algorithm::HS384), &claims));
    refused(&encode(&Header::default(), &claims, &EncodingKey::from_secret(&[b'x'; 32])).unwrap().into_bytes());
    refused(&signed(&Header { crit: Some(vec!["exp".into()]), ..Header::default() }, &claims));
    refused(&signed(&Header { typ: Some("logout+jwt".into()), ..Header::default() }, &claims));
    for typ in [None, Some("jwt"), Some("at+jwt"), Some("application/AT+JWT")] {
        let header = Header { typ: typ.map(Into::into), ..Header::default() };
        assert!(identity(&verifier, &signed(&header, &claims)).is_ok(), "{typ:?}");
    }
    let good = String::from_utf8(token(&claims)).unwrap();
    let (signed_part, _) = good.rsplit_once('.').unwrap();
    refused(format!("{signed_part}.").as_bytes());
    let payload = signed_part.split_once('.').unwrap().1;
    for head in ["eyJhbGciOiJub25lIn0", "eyJhbGciOiJOb25lIn0", "eyJhbGciOiJuT25FIn0"] {
        refused(format!("{head}.{payload}.").as_bytes());
    }
    for junk in [&b""[..], b".", b"..", b"...", b"a.b.c", b"\xff.\xff.\xff", &[b'a'; MAX_TOKEN_BYTES + 1]] {
        refused(junk);
    }
    let large = json!({"sub": "u1", "exp": NOW + 60, "x": "x".repeat(MAX_TOKEN_BYTES)});
    refused(&token(&large));
}

#[test]
fn issuer_and_audience_are_checked_when_configured() {
    let verifier = verifier(JwtOptions {
        issuer: Some("https://id.example".into()),
        audience: Some("campanile".into()),
        ..JwtOptions::default()
    });
    let check = |iss: Value, aud: Value| {
        let claims = json!({"sub": "u1", "exp": NOW + 60, "iss": iss, "aud": aud});
        identity(&verifier, &token(&claims)).is_ok()
    };
    assert!(check(json!("https://id.example"), json!("campanile")));
    assert!(check(json!("https://id.example"), json!(["other", "campanile"])));
    assert!(!check(json!("https://id.example"), json!(["other"])));
    assert!(!check(json!("https://id.example"), json!(null)));
    assert!(!check(json!("https://evil.example"), json!("campanile")));
    assert!(!check(json!(null), json!("campanile")));
}

#[test]
fn a_configured_tenant_claim_is_required() {
    let verifier = verifier(JwtOptions { tenant_claim: Some("org".into()), ..JwtOptions::default() });
    let tenant = |org: Value| {
        let claims = json!({"sub": "u1", "exp": NOW + 60, "org": org});
        identity(&verifier, &token(&claims)).map(|who| who.recipient.tenant.to_string())
    };
    assert_eq!(tenant(json!("acme")).as_deref(), Ok("acme"));
    for bad in [json!(null), json!(""), json!(7), json!("a\0b")] {
        assert_eq!(tenant(bad), Err(TokenFault::NoTenant));
    }
}

#[test]
fn scopes_are_separated_by_spaces() {
    let verifier = verifier(JwtOptions::default());
    let scopes = |scope: Value| application(&verifier, &token(&json!({"exp": NOW + 60, "scope": scope})));
    assert!(scopes(json!("a notifications:publish b")).unwrap().has_scope("notifications:publish"));
    assert!(!scopes(json!("notifications:publisher")).unwrap().has_scope("notifications:publish"));
    assert!(!scopes(json!(null)).unwrap().has_scope("notifications:publish"));
    assert_eq!(scopes(json!(["notifications:publish"])).unwrap_err(), TokenFault::Invalid);
}

#[test]
fn a_short_secret_is_refused() {
    assert_eq!(Jwt::hs256(&SECRET[..31], JwtOptions::default()).unwrap_err(), SecretTooShort);
}

#[test]
fn a_minted_token_is_accepted() {
    use crate::auth::{TokenOptions, mint_token};
    let options = TokenOptions {
        user: Some("u1".into()),
        scope: Some("notifications:admin".into()),
        tenant: Some(("org".into(), "acme".into())),
        ..TokenOptions::default()
    };
    let minted = mint_token(SECRET, now(), &options).unwrap();
    let verifier = verifier(JwtOptions { tenant_claim: Some("org".into()), ..JwtOptions::default() });
    let who = identity(&verifier, minted.as_bytes()).unwrap();
    assert_eq!((who.recipient.user.as_str(), who.recipient.tenant.as_str()), ("u1", "acme"));
    assert_eq!(who.expires_at, Some(Timestamp::from_seconds(NOW + 3600)));
    assert!(application(&verifier, minted.as_bytes()).unwrap().has_scope("notifications:admin"));
}

proptest! {
    #[test]
    fn no_bytes_are_a_token_but_those_that_were_signed(junk in prop::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), byte: u8) {
        let verifier = verifier(JwtOptions::default());
        prop_assert!(identity(&verifier, &junk).is_err());
        let good = token(&json!({"sub": "u1", "exp": NOW + 60}));
        let mut changed = good.clone();
        changed[at.index(good.len())] = byte;
        prop_assert_eq!(identity(&verifier, &changed).is_ok(), changed == good);
        prop_assert!(identity(&verifier, &good[..at.index(good.len())]).is_err());
    }
}
