//! The configuration from outside: sources in, a configuration or all mistakes out.

use super::{mistake::Mistake, *};
use sha2::{Digest, Sha256};
use std::{collections::HashSet, ffi::OsString, path::PathBuf, time::Duration};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
pub(super) const SECRET_VARIABLE: (&str, &str) = ("CAMPANILE_AUTH__JWT_SECRET", SECRET);

fn variables<'a>(set: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<(OsString, OsString)> {
    set.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}

pub(super) fn from_variables<'a>(set: impl IntoIterator<Item = (&'a str, &'a str)>) -> Sources {
    Sources { variables: variables(set), ..Sources::default() }
}

/// A file that is removed with the folder that comes along.
fn from_file(text: &str) -> (Sources, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("campanile.toml");
    std::fs::write(&path, text).unwrap();
    (Sources { file: Some(path), variables: variables([SECRET_VARIABLE]), ..Sources::default() }, folder)
}

pub(super) fn mistakes(sources: &Sources) -> Vec<String> {
    let shown = |mistake: Mistake| {
        let at = match mistake.origin {
            Some(Origin::File(_, line)) => format!(" ({line})"),
            Some(Origin::Variable(name) | Origin::SecretFile(name, _)) => format!(" ({name})"),
            _ => String::new(),
        };
        format!("{}{at}: {}", mistake.key, mistake.reason)
    };
    load(sources).map(|_| Vec::new()).unwrap_or_else(|mistakes| mistakes.0.into_iter().map(shown).collect())
}

fn mistakes_in(file: &str) -> Vec<String> {
    mistakes(&from_file(file).0)
}

pub(super) fn hash(key: &str) -> String {
    Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_secret_is_all_that_is_needed_and_the_defaults_are_those_of_the_engine() {
    let config = load(&from_variables([SECRET_VARIABLE])).unwrap();
    assert_eq!(config.sse, campanile_core::SseOptions::default());
    assert_eq!(config.retention, campanile_core::RetentionOptions::default());
    assert_eq!(config.limits.users_per_publish, campanile_core::DraftLimits::default().users);
    assert_eq!(config.limits.body_bytes, 64 * 1024);
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.admin_listen.to_string(), "127.0.0.1:9090");
    assert_eq!(config.store, StoreUrl::Sqlite("campanile.db".into()));
    assert_eq!(config.auth.user_claims.len(), 2);
    assert_eq!(config.auth.cookie, "campanile_token");
    assert_eq!(config.drain, Drain { delay: Duration::ZERO, window: Duration::from_secs(10) });
    assert!(config.allowed_hosts.is_empty() && config.cors_origins.is_empty());
}

#[test]
fn every_key_can_be_set_by_a_variable() {
    let key = format!("shop:{},desk:{}", hash("a"), hash("b").to_uppercase());
    let config = load(&from_variables([
        SECRET_VARIABLE,
        ("CAMPANILE_LISTEN", "[::1]:0"),
        ("CAMPANILE_ADMIN_LISTEN", "127.0.0.1:0"),
        ("CAMPANILE_BASE_PATH", "/live/v1"),
        ("CAMPANILE_ALLOWED_HOSTS", "Campanile.example, [::1]"),
        ("CAMPANILE_AUTH__ISSUER", "shop"),
        ("CAMPANILE_AUTH__AUDIENCE", "bell"),
        ("CAMPANILE_AUTH__LEEWAY_SECONDS", "0"),
        ("CAMPANILE_AUTH__USER_CLAIMS", "uid"),
        ("CAMPANILE_AUTH__TENANT_CLAIM", "org"),
        ("CAMPANILE_AUTH__COOKIE", "session"),
        ("CAMPANILE_API__KEYS", &key),
        ("CAMPANILE_CORS__ORIGINS", "https://app.example,http://localhost:3000"),
        ("CAMPANILE_STORE__URL", "memory:"),
        ("CAMPANILE_SSE__HEARTBEAT_SECONDS", "15"),
        ("CAMPANILE_SSE__HEARTBEAT", "comment"),
        ("CAMPANILE_SSE__MAX_CONNECTIONS_PER_USER", "3"),
        ("CAMPANILE_SSE__CONNECTION_LIMIT_POLICY", "evict-oldest"),
        ("CAMPANILE_SSE__MAX_CONNECTIONS", "1000"),
        ("CAMPANILE_SSE__BUFFER_FRAMES", "7"),
        ("CAMPANILE_SSE__BUFFER_BYTES", "4096"),
        ("CAMPANILE_SSE__REPLAY_LIMIT", "50"),
        ("CAMPANILE_SSE__MAX_LIFETIME_SECONDS", "3600"),
        ("CAMPANILE_SSE__DRAIN_DELAY_SECONDS", "5"),
        ("CAMPANILE_SSE__DRAIN_SECONDS", "20"),
        ("CAMPANILE_SSE__EXPIRING_SECONDS", "60"),
        ("CAMPANILE_LIMITS__BODY_BYTES", "131072"),
        ("CAMPANILE_LIMITS__USERS_PER_PUBLISH", "100"),
        ("CAMPANILE_TYPES_POLICY", "open"),
        ("CAMPANILE_RETENTION__INBOX_DAYS", "30"),
        ("CAMPANILE_RETENTION__LOG_ENTRIES", "500"),
        ("CAMPANILE_RETENTION__LOG_DAYS", "2"),
    ]))
    .unwrap();
    assert_eq!((config.listen.to_string().as_str(), config.base_path.as_str()), ("[::1]:0", "/live/v1"));
    assert_eq!(config.allowed_hosts, ["campanile.example", "[::1]"]);
    assert_eq!(config.auth.user_claims, ["uid"]);
    assert_eq!(config.auth.tenant_claim.as_deref(), Some("org"));
    assert_eq!(config.api_keys.iter().map(campanile_http::ApiKey::name).collect::<Vec<_>>(), ["shop", "desk"]);
    assert_eq!(config.api_keys[1].sha256().as_slice(), Sha256::digest("b").as_slice());
    assert_eq!(config.cors_origins, ["https://app.example", "http://localhost:3000"]);
    assert_eq!(config.store, StoreUrl::Memory);
    assert_eq!(config.sse.max_connections, Some(1000));
    assert_eq!(config.sse.max_lifetime, Some(Duration::from_secs(3600)));
    assert_eq!(config.sse.heartbeat_form, campanile_core::HeartbeatForm::Comment);
    assert_eq!(config.sse.connection_limit_policy, campanile_core::ConnectionLimitPolicy::EvictOldest);
    assert_eq!((config.sse.buffer_frames, config.sse.buffer_bytes, config.sse.replay_limit), (7, 4096, 50));
    assert_eq!(config.drain, Drain { delay: Duration::from_secs(5), window: Duration::from_secs(20) });
    assert_eq!((config.limits.body_bytes, config.limits.users_per_publish), (131_072, 100));
    let days = |count: u64| Duration::from_secs(count * 86_400);
    let rest = campanile_core::RetentionOptions::default();
    assert_eq!(
        config.retention,
        campanile_core::RetentionOptions { inbox: days(30), log_entries: 500, log: days(2), ..rest }
    );
}

#[test]
fn the_command_line_wins_over_variables_over_the_file_over_what_the_command_prefers() {
    let (mut sources, _folder) =
        from_file("listen = '127.0.0.1:1'\n[sse]\nheartbeat_seconds = 1\nbuffer_frames = 1\ndrain_seconds = 1");
    sources.preferred = vec![(keys::DRAIN_SECONDS, "4".into()), (keys::REPLAY_LIMIT, "4".into())];
    sources.variables.extend(variables([("CAMPANILE_LISTEN", "127.0.0.1:2"), ("CAMPANILE_SSE__BUFFER_FRAMES", "2")]));
    sources.options = vec![(keys::LISTEN, "--listen", "127.0.0.1:3".into())];
    let config = load(&sources).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!((config.sse.buffer_frames, config.sse.heartbeat), (2, Duration::from_secs(1)));
    assert_eq!((config.drain.window, config.sse.replay_limit), (Duration::from_secs(1), 4));
}

#[test]
fn all_mistakes_of_all_sources_are_reported_at_once() {
    let (mut sources, _folder) = from_file(concat!(
        "listen = 'localhost:8080'\n",
        "colour = 'red'\n",
        "[sse]\n",
        "hartbeat_seconds = 5\n",
        "buffer_frames = 0\n",
        "replay_limit = -1\n",
        "heartbeat = 'loud'\n",
        "[tls]\n",
        "cert = 'a.pem'\n",
    ));
    sources.variables.extend(variables([
        ("CAMPANILE_SSE__DRAIN_SECONDS", "soon"),
        ("CAMPANILE_SSE_HEARTBEAT_SECONDS", "5"),
        ("CAMPANILE_BUS__URL", "redis://cache"),
    ]));
    assert_eq!(
        mistakes(&sources).into_iter().collect::<HashSet<_>>(),
        [
            "listen (1): must be an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080",
            "colour (2): unknown key",
            "sse.hartbeat_seconds (4): unknown key; did you mean sse.heartbeat_seconds?",
            "sse.buffer_frames (5): must be a whole number from 1 to 1000000",
            "sse.replay_limit (6): must be a whole number from 1 to 1000000",
            "sse.heartbeat (7): must be event or comment",
            "tls.cert (9): not in this build",
            "sse.drain_seconds (CAMPANILE_SSE__DRAIN_SECONDS): must be a whole number from 0 to 3600",
            "sse_heartbeat_seconds (CAMPANILE_SSE_HEARTBEAT_SECONDS): unknown key; did you mean CAMPANILE_SSE__HEARTBEAT_SECONDS?",
            "bus.url (CAMPANILE_BUS__URL): not in this build",
        ]
        .into_iter()
        .map(String::from)
        .collect()
    );
}

#[test]
fn no_credentials_are_refused() {
    let found = mistakes(&Sources::default());
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("auth.jwt_secret: no credentials are configured"), "{found:?}");
}

#[test]
fn short_and_published_secrets_are_refused_without_being_shown() {
    let published_key = hash("example-key-from-the-documentation-do-not-use");
    let found = mistakes(&from_variables([
        ("CAMPANILE_AUTH__JWT_SECRET", "example-secret-from-the-documentation-do-not-use"),
        ("CAMPANILE_API__KEYS", &format!("shop:{published_key}")),
    ]));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|mistake| mistake.contains("from the documentation")), "{found:?}");
    assert!(!found.concat().contains("do-not-use"), "{found:?}");

    let found = mistakes(&from_variables([("CAMPANILE_AUTH__JWT_SECRET", "thirty-one-bytes-are-not-enough")]));
    assert_eq!(
        found,
        ["auth.jwt_secret (CAMPANILE_AUTH__JWT_SECRET): has 31 bytes and needs at least 32; \
          `openssl rand -hex 32` makes a good one"]
    );
}

#[test]
fn secrets_may_come_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let secret = write("secret", &format!("{SECRET}\n"));
    let api_keys = write("keys", &format!("shop:{}\ndesk:{}\n", hash("a"), hash("b")));
    let config = load(&from_variables([
        ("CAMPANILE_AUTH__JWT_SECRET_FILE", &*secret),
        ("CAMPANILE_API__KEYS_FILE", &*api_keys),
    ]))
    .unwrap();
    assert_eq!(config.auth.jwt_secret, Some(Secret::new(SECRET)));
    assert_eq!(config.api_keys.len(), 2);

    let found = mistakes(&from_variables([SECRET_VARIABLE, ("CAMPANILE_AUTH__JWT_SECRET_FILE", &*secret)]));
    assert_eq!(
        found,
        [
            "auth.jwt_secret (CAMPANILE_AUTH__JWT_SECRET_FILE): contradicts CAMPANILE_AUTH__JWT_SECRET: set one of the two"
        ]
    );
    let found = mistakes(&from_variables([("CAMPANILE_AUTH__JWT_SECRET_FILE", "no-such-file")]));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("no-such-file cannot be read"), "{found:?}");
    // Only secrets come from files.
    let found = mistakes(&from_variables([SECRET_VARIABLE, ("CAMPANILE_LISTEN_FILE", &*secret)]));
    assert!(found[0].starts_with("listen_file (CAMPANILE_LISTEN_FILE): unknown key"), "{found:?}");
}

#[test]
fn a_broken_file_is_reported_by_line_and_shows_nothing_of_it() {
    let found = mistakes_in("[auth]\njwt_secret = \"topsecret\nlisten = = 5\n");
    assert!(!found.is_empty());
    assert!(found.iter().all(|mistake| mistake.contains("is not TOML")), "{found:?}");
    assert!(found[0].contains("line 2 "), "{found:?}");
    assert!(!found.concat().contains("topsecret"), "{found:?}");

    let missing = Sources { file: Some(PathBuf::from("nowhere.toml")), ..Sources::default() };
    let found = mistakes(&missing);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("nowhere.toml: cannot be read: "), "{found:?}");
}

#[test]
fn values_of_the_wrong_form_say_what_is_wanted() {
    assert_eq!(
        mistakes_in(
            "types_policy = true\n[sse]\nheartbeat_seconds = \"5\"\n[cors]\norigins = 'https://a.example'\n[api]\nkeys = [1]\n"
        ),
        [
            "types_policy (1): must be open or strict, is true or false",
            "sse.heartbeat_seconds (3): must be a whole number from 1 to 3600",
            "cors.origins (5): must be a list of texts, such as [\"one\", \"two\"]",
            "api.keys (7): must be a list of texts, such as [\"one\", \"two\"], is an array of other things than strings",
        ]
    );
    assert_eq!(mistakes_in("sse = 5"), ["sse (1): is a section and takes no value of its own"]);
    assert_eq!(mistakes_in("types = 5"), ["types (1): is a section and takes no value of its own"]);
    assert_eq!(mistakes_in("\"sse.heartbeat_seconds\" = 5").len(), 1);
}

#[test]
fn values_with_rules_of_their_own_are_held_to_them() {
    for (file, key) in [
        ("base_path = 'live'", "base_path"),
        ("base_path = '/live/'", "base_path"),
        ("base_path = '/a/../b'", "base_path"),
        ("allowed_hosts = ['https://a.example']", "allowed_hosts"),
        ("allowed_hosts = ['a.example:80']", "allowed_hosts"),
        ("[cors]\norigins = ['*']", "cors.origins"),
        ("[cors]\norigins = ['null']", "cors.origins"),
        ("[cors]\norigins = ['https://a.example/']", "cors.origins"),
        ("[cors]\norigins = ['https://a.example:443']", "cors.origins"),
        ("[auth]\ncookie = 'a b'", "auth.cookie"),
        ("[auth]\nissuer = ''", "auth.issuer"),
        ("[auth]\nuser_claims = []", "auth.user_claims"),
        ("[api]\nkeys = ['shop']", "api.keys"),
        ("[api]\nkeys = ['shop:beef']", "api.keys"),
        ("[store]\nurl = 'postgres://me:pw@host/db'", "store.url"),
        ("[store]\nurl = 'sqlite://'", "store.url"),
        ("[store]\nurl = 'campanile.db'", "store.url"),
        ("listen = '0.0.0.0'", "listen"),
    ] {
        let found = mistakes_in(file);
        assert_eq!(found.len(), 1, "{file}: {found:?}");
        assert!(found[0].starts_with(key), "{file}: {found:?}");
        assert!(!found[0].contains("pw"), "{found:?}");
    }
}

#[test]
fn contradictions_between_keys_are_refused() {
    for (file, key) in [
        ("admin_listen = '0.0.0.0:9090'", "admin_listen"),
        ("admin_listen = '127.0.0.1:8080'", "admin_listen"),
        ("listen = '0.0.0.0:9090'", "admin_listen"),
        ("types_policy = 'strict'", "types_policy"),
        ("[sse]\nreplay_limit = 20\n[retention]\nlog_entries = 10", "sse.replay_limit"),
        ("[sse]\nmax_connections = 5\nmax_connections_per_user = 6", "sse.max_connections_per_user"),
    ] {
        let found = mistakes_in(file);
        assert_eq!(found.len(), 1, "{file}: {found:?}");
        assert!(found[0].starts_with(key), "{file}: {found:?}");
    }
    // Only one of the two written: the other one's default contradicts nobody.
    assert!(mistakes_in("[retention]\nlog_entries = 10").is_empty());
    assert!(mistakes_in("listen = '127.0.0.1:0'\nadmin_listen = '127.0.0.1:0'").is_empty());

    let hash = hash("a");
    assert_eq!(
        mistakes_in(&format!("[api]\nkeys = ['shop:{hash}', 'shop:{hash}']")),
        ["api.keys (2): two keys are called shop", "api.keys (2): shop is the same key as another one"]
    );
    let mut no_secret = from_variables([("CAMPANILE_AUTH__ISSUER", "shop")]);
    no_secret.variables.push(("CAMPANILE_API__KEYS".into(), format!("shop:{hash}").into()));
    assert_eq!(
        mistakes(&no_secret),
        ["auth.issuer (CAMPANILE_AUTH__ISSUER): has no effect without auth.jwt_secret or public keys"]
    );
}

#[test]
fn types_are_described_under_quoted_names() {
    let (sources, _folder) = from_file(concat!(
        "types_policy = 'strict'\n",
        "[types.\"invoices.approved\"]\n",
        "display_name = 'Invoice approved'\n",
        "group = 'Invoices'\n",
        "severity = 'success'\n",
        "[types.ping]\n",
        "channels = ['sse']\n",
    ));
    let definitions = load(&sources).unwrap().definitions;
    let find =
        |name: &str| definitions.find(&campanile_core::TypeName::new(name).unwrap()).map(std::borrow::Cow::into_owned);
    let approved = find("invoices.approved").unwrap();
    assert_eq!(
        (approved.display_name.as_deref(), approved.group.as_deref()),
        (Some("Invoice approved"), Some("Invoices"))
    );
    assert_eq!((approved.severity, approved.channels), (campanile_core::Severity::Success, vec!["inApp".to_owned()]));
    assert_eq!(find("ping").unwrap().channels, ["sse"]);
    assert_eq!(find("other"), None);
}

#[test]
fn mistakes_in_types_are_reported_too() {
    assert_eq!(
        mistakes_in(concat!(
            "[types.\"two words\"]\n",
            "severity = 'loud'\n",
            "chanels = ['sse']\n",
            "[types.a]\n",
            "channels = []\n",
            "[types.b]\n",
            "channels = ['inapp']\n",
            "[types.invoices.approved]\n",
            "severity = 'info'\n",
        ))
        .into_iter()
        .filter(|mistake| !mistake.starts_with("types.\"two words\" (1)"))
        .collect::<Vec<_>>(),
        [
            "types.\"two words\".severity (2): must be info, success, warning, error or fatal",
            "types.\"two words\".chanels (3): unknown key; did you mean channels?",
            "types.\"a\".channels (5): must name a channel, or its notifications would go nowhere",
            "types.\"b\".channels (7): unknown channel \"inapp\"; did you mean inApp?",
            "types.\"invoices\".approved (8): a type's name with dots in it needs quotes, as in [types.\"invoices.approved\"]",
        ]
    );
    let found = mistakes(&from_variables([SECRET_VARIABLE, ("CAMPANILE_TYPES__INVOICE__SEVERITY", "info")]));
    assert!(found[0].contains("types can only be described in the file"), "{found:?}");
}

#[test]
fn other_peoples_variables_and_those_beside_the_configuration_are_left_alone() {
    let sources = from_variables([
        SECRET_VARIABLE,
        ("PATH", "/bin"),
        ("CAMPANILE_LOG", "debug"),
        ("CAMPANILE_API_KEY", "k"),
        ("CAMPANILE_SERVICE_HOST", "10.0.0.1"),
        ("CAMPANILE_PORT_8080_TCP_ADDR", "10.0.0.1"),
    ]);
    assert!(mistakes(&sources).is_empty());
}

#[test]
fn whoever_only_makes_tokens_is_not_bothered_with_the_rest() {
    let (mut sources, _folder) = from_file("colour = 'red'\n[auth]\nissuer = 'shop'\n[sse]\nbuffer_frames = 0\n");
    assert_eq!(load_auth(&sources).unwrap().issuer.as_deref(), Some("shop"));
    sources.variables = variables([("CAMPANILE_AUTH__JWT_SECRET", "short")]);
    assert_eq!(load_auth(&sources).unwrap_err().0.len(), 1);
}
