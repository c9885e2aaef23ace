//! The rules that keys about credentials make together: something must be accepted, and nothing may be configured in vain.

use super::{Config, Key, keys, meant::KeyFile, reader::Reader};
use campanile_http::{Algorithm, ApiKey};

/// Where the keys for tokens come from.
const TOKEN_KEYS: [&Key; 4] = [keys::JWT_SECRET, keys::PUBLIC_KEY_FILE, keys::JWKS_FILE, keys::JWKS_URL];
const PUBLIC_KEYS: [&Key; 3] = [keys::PUBLIC_KEY_FILE, keys::JWKS_FILE, keys::JWKS_URL];
/// What says something about tokens.
const ABOUT_TOKENS: [&Key; 4] = [keys::ALGORITHMS, keys::ISSUER, keys::AUDIENCE, keys::TENANT_CLAIM];

/// Notes what contradicts, and what is missing.
pub(super) fn between(reader: &Reader, config: &Config) {
    let tokens_unclear = TOKEN_KEYS.into_iter().any(|key| reader.is_wrong(key));
    if !tokens_unclear && !config.auth.takes_tokens() {
        without_tokens(reader, config);
    } else if !tokens_unclear && !reader.is_wrong(keys::ALGORITHMS) {
        algorithms(reader, config);
    }
    unique(reader, keys::API_KEYS, &config.api_keys);
    unique(reader, keys::ADMIN_KEYS, &config.admin_keys);
}

fn without_tokens(reader: &Reader, config: &Config) {
    if config.api_keys.is_empty() && !reader.is_wrong(keys::API_KEYS) {
        reader.wrong(
            keys::JWT_SECRET,
            "no credentials are configured: set auth.jwt_secret (the secret that your application signs users' tokens with), or \
             auth.public_key_file, auth.jwks_file or auth.jwks_url (the keys of whoever signs them), and api.keys; \
             `campanile dev` makes what it needs by itself",
        );
    }
    for key in ABOUT_TOKENS.into_iter().filter(|key| reader.is_written(key)) {
        reader.wrong(key, "has no effect without auth.jwt_secret or public keys");
    }
}

/// What is listed needs a key, and a key needs to be listed.
fn algorithms(reader: &Reader, config: &Config) {
    let auth = &config.auth;
    for algorithm in &auth.algorithms {
        match algorithm.is_by_public_key() {
            true if !auth.has_public_keys() => reader.wrong(
                keys::ALGORITHMS,
                format!("lists {algorithm}, which needs auth.public_key_file, auth.jwks_file or auth.jwks_url"),
            ),
            false if auth.jwt_secret.is_none() => {
                reader.wrong(keys::ALGORITHMS, format!("lists {algorithm}, which needs auth.jwt_secret"));
            }
            _ => {}
        }
    }
    if !auth.allows(Algorithm::Hs256) && reader.is_written(keys::JWT_SECRET) {
        reader.wrong(keys::JWT_SECRET, "has no effect: auth.algorithms does not list HS256");
    }
    let none_allowed = !Algorithm::ALL.into_iter().any(|any| any.is_by_public_key() && auth.allows(any));
    for key in PUBLIC_KEYS.into_iter().filter(|key| none_allowed && reader.is_written(key)) {
        reader.wrong(key, "has no effect: auth.algorithms lists none of RS256, ES256 and EdDSA");
    }
    if !none_allowed {
        file(reader, config, keys::PUBLIC_KEY_FILE, auth.public_key_file.as_ref());
        file(reader, config, keys::JWKS_FILE, auth.jwks_file.as_ref());
    }
}

/// A file whose keys are all ruled out is a misunderstanding.
fn file(reader: &Reader, config: &Config, key: &Key, file: Option<&KeyFile>) {
    let Some(file) = file else { return };
    if !file.algorithms.iter().any(|algorithm| config.auth.allows(*algorithm)) {
        let names: Vec<_> = file.algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
        reader.wrong(key, format!("has keys for {} only, which auth.algorithms does not list", names.join(" and ")));
    }
}

fn unique(reader: &Reader, key: &Key, listed: &[ApiKey]) {
    ApiKey::clashes(listed).into_iter().for_each(|clash| reader.wrong(key, clash));
}

#[cfg(test)]
mod tests {
    use super::super::{
        Config, load,
        tests::{SECRET_VARIABLE, from_variables, hash, mistakes},
    };
    use campanile_http::Algorithm;

    const PEM: (&str, &str) = ("CAMPANILE_AUTH__PUBLIC_KEY_FILE", "../http/tests/keys/rsa-a.pub.pem");
    const JWKS: (&str, &str) = ("CAMPANILE_AUTH__JWKS_FILE", "../http/tests/keys/a.jwks.json");
    const URL: (&str, &str) = ("CAMPANILE_AUTH__JWKS_URL", "https://id.example/keys");

    fn algorithms(names: &'static str) -> (&'static str, &'static str) {
        ("CAMPANILE_AUTH__ALGORITHMS", names)
    }

    fn good<const N: usize>(set: [(&str, &str); N]) -> Config {
        load(&from_variables(set)).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    /// What is wrong, without the variables' names.
    fn wrong<const N: usize>(set: [(&str, &str); N]) -> Vec<String> {
        let short = |mistake: String| {
            let (key, reason) = mistake.split_once(": ").unwrap();
            format!("{}: {reason}", key.split(' ').next().unwrap())
        };
        mistakes(&from_variables(set)).into_iter().map(short).collect()
    }

    #[test]
    fn any_key_for_tokens_is_enough_and_all_of_them_go_together() {
        assert_eq!(good([PEM]).auth.public_key_file.unwrap().algorithms, [Algorithm::Rs256]);
        assert_eq!(good([JWKS]).auth.jwks_file.unwrap().algorithms.len(), 3);
        assert_eq!(good([URL]).auth.jwks_url.unwrap().to_string(), URL.1);
        let all = good([SECRET_VARIABLE, PEM, JWKS, URL, algorithms("HS256, RS256,ES256,EdDSA")]);
        assert_eq!(all.auth.algorithms, Algorithm::ALL);
        assert!(good([PEM, JWKS, URL, SECRET_VARIABLE]).auth.algorithms.is_empty());
        assert!(good([PEM, ("CAMPANILE_AUTH__AUDIENCE", "bell")]).auth.audience.is_some());
    }

    #[test]
    fn an_algorithm_needs_a_key_and_a_key_its_algorithm() {
        let needs = "needs auth.public_key_file, auth.jwks_file or auth.jwks_url";
        for (found, expected) in [
            (
                wrong([SECRET_VARIABLE, algorithms("RS256")]),
                vec![
                    format!("auth.algorithms: lists RS256, which {needs}"),
                    "auth.jwt_secret: has no effect: auth.algorithms does not list HS256".into(),
                ],
            ),
            (
                wrong([PEM, algorithms("HS256")]),
                vec![
                    "auth.algorithms: lists HS256, which needs auth.jwt_secret".into(),
                    "auth.public_key_file: has no effect: auth.algorithms lists none of RS256, ES256 and EdDSA".into(),
                ],
            ),
            (
                wrong([PEM, algorithms("ES256")]),
                vec!["auth.public_key_file: has keys for RS256 only, which auth.algorithms does not list".into()],
            ),
            (
                wrong([SECRET_VARIABLE, URL, algorithms("HS256")]),
                vec!["auth.jwks_url: has no effect: auth.algorithms lists none of RS256, ES256 and EdDSA".into()],
            ),
            (
                wrong([JWKS, algorithms("RS512,none")]),
                vec![
                    "auth.algorithms: item 1: must be HS256, RS256, ES256 or EdDSA".into(),
                    "auth.algorithms: item 2: must be HS256, RS256, ES256 or EdDSA".into(),
                ],
            ),
            (
                wrong([("CAMPANILE_API__KEYS", &format!("shop:{}", hash("a"))), algorithms("HS256")]),
                vec!["auth.algorithms: has no effect without auth.jwt_secret or public keys".into()],
            ),
        ] {
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn files_and_urls_that_cannot_work_say_why() {
        let file = |name: &str| wrong([("CAMPANILE_AUTH__PUBLIC_KEY_FILE", name)]).concat();
        assert!(
            file("nowhere.pem").starts_with("auth.public_key_file: nowhere.pem cannot be read: No such file"),
            "{}",
            file("nowhere.pem")
        );
        assert!(file(".").contains("cannot be read: it is not a file"), "{}", file("."));
        assert!(
            file("../http/tests/keys/p256-a.pem").contains("key 1 is a private key"),
            "{}",
            file("../http/tests/keys/p256-a.pem")
        );
        assert!(file(JWKS.1).contains("has no public key in PEM"), "{}", file(JWKS.1));
        let set = wrong([("CAMPANILE_AUTH__JWKS_FILE", PEM.1)]).concat();
        assert!(set.contains("is not a key set"), "{set}");
        for url in ["http://id.example/keys", "https://169.254.169.254/", "id.example", "https://me:hidden@id.example/"]
        {
            let found = wrong([("CAMPANILE_AUTH__JWKS_URL", url)]).concat();
            assert!(found.starts_with("auth.jwks_url: ") && !found.contains("hidden"), "{found}");
        }
    }

    #[test]
    fn a_public_key_is_no_secret() {
        let key = std::fs::read_to_string(PEM.1).unwrap();
        let found = wrong([("CAMPANILE_AUTH__JWT_SECRET", &key)]);
        assert_eq!(
            found,
            [
                "auth.jwt_secret: is a key in PEM and not a secret: a public key belongs into a file for auth.public_key_file"
            ]
        );
    }

    #[test]
    fn the_admin_listener_leaves_loopback_with_keys_only() {
        let outside = ("CAMPANILE_ADMIN_LISTEN", "0.0.0.0:9090");
        let key = format!("ops:{}", hash("a"));
        assert_eq!(
            wrong([SECRET_VARIABLE, outside]),
            [
                "admin_listen: must be on loopback, such as 127.0.0.1:9090, while there are no admin.keys: everybody could read the metrics",
            ]
        );
        assert_eq!(good([SECRET_VARIABLE, outside, ("CAMPANILE_ADMIN__KEYS", &key)]).admin_keys[0].name(), "ops");
        assert_eq!(good([SECRET_VARIABLE, ("CAMPANILE_ADMIN__KEYS", &key)]).admin_keys.len(), 1);
        let twice = format!("{key},{key}");
        assert_eq!(
            wrong([SECRET_VARIABLE, ("CAMPANILE_ADMIN__KEYS", &twice)]),
            ["admin.keys: two keys are called ops", "admin.keys: ops is the same key as another one",]
        );
        assert_eq!(
            wrong([SECRET_VARIABLE, outside, ("CAMPANILE_ADMIN__KEYS", "ops:00")]),
            ["admin.keys: item 1: must end with 64 hexadecimal digits, the SHA-256 of the key",]
        );
    }
}
