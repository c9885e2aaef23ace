//! Tokens, good ones and others. Signed here and not by the library the server checks them with: a mistake in it would cancel out.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The time now, in whole seconds since 1970.
#[must_use]
pub fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// A token with these claims, by HS256.
#[must_use]
pub fn sign(secret: &[u8], claims: &Value) -> String {
    assemble(&json!({"alg": "HS256", "typ": "JWT"}), claims.to_string().as_bytes(), secret)
}

/// A token with any header and any payload, signed by HS256 whatever the header says.
#[must_use]
pub fn assemble(header: &Value, payload: &[u8], secret: &[u8]) -> String {
    let signed = unsigned(header, payload);
    let signature = hmac_sha256(secret, signed.as_bytes());
    format!("{signed}.{}", base64url(&signature))
}

/// Header and payload without a signature, and without the dot before it.
#[must_use]
pub fn unsigned(header: &Value, payload: &[u8]) -> String {
    format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(payload))
}

/// HMAC (RFC 2104) with SHA-256.
#[must_use]
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pass = |pad: u8, message: &[u8]| -> [u8; 32] {
        let padded = block.map(|byte| byte ^ pad);
        Sha256::new().chain_update(padded).chain_update(message).finalize().into()
    };
    pass(0x5c, &pass(0x36, message))
}

/// Base 64 for URLs, without padding (RFC 4648, 5).
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let number = chunk.iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        let digits = (0..=chunk.len()).map(|at| char::from(ALPHABET[(number >> (18 - 6 * at)) as usize & 63]));
        text.extend(digits);
    }
    text
}

/// SHA-256 in hexadecimal, as API keys are configured.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// So many random bytes in hexadecimal: secrets that occur nowhere else.
#[must_use]
pub fn random_hex(bytes: usize) -> String {
    let random: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(bytes).collect();
    hex(&random)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test cases 2 and 6.
    #[test]
    fn the_mac_is_the_standards() {
        let two = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&two), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let six = hmac_sha256(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hex(&six), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    #[test]
    fn base64_is_the_url_safe_one_without_padding() {
        let encoded = ["", "f", "fo", "foo", "foob"].map(|text| base64url(text.as_bytes()));
        assert_eq!(encoded, ["", "Zg", "Zm8", "Zm9v", "Zm9vYg"]);
        assert_eq!(base64url(&[0xfb, 0xff, 0xfe]), "-__-");
    }

    /// The example of RFC 7515, appendix A.1, whose header has its members in this order.
    #[test]
    fn a_token_is_the_standards() {
        let key = b"\x03\x23\x35\x4b\x2b\x0f\xa5\xbc\x83\x7e\x06\x65\x77\x7b\xa6\x8f\x5a\xb3\x28\xe6\xf0\x54\xc9\x28\xa9\x0f\x84\xb2\xd2\x50\x2e\xbf\xd3\xfb\x5a\x92\xd2\x06\x47\xef\x96\x8a\xb4\xc3\x77\x62\x3d\x22\x3d\x2e\x21\x72\x05\x2e\x4f\x08\xc0\xcd\x9a\xf5\x67\xd0\x80\xa3";
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        assert_eq!(base64url(&hmac_sha256(key, signed.as_bytes())), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }
}
