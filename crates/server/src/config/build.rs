//! From written to meant: one function per section, and the rules between keys at the end.

use super::{
    Auth, Config, Drain, Key, Limits, Mistakes, Setting, Sources, credentials, keys, parse, reader::Reader, settings,
    types, written::Written,
};
use campanile_core::{ConnectionLimitPolicy, HeartbeatForm, RetentionOptions, SseOptions};
use std::{
    fmt::Display,
    net::{Ipv4Addr, SocketAddr},
};

/// Reads the whole configuration.
///
/// # Errors
///
/// Every mistake there is.
pub(crate) fn load(sources: &Sources) -> Result<Config, Mistakes> {
    let (reader, config) = read(sources)?;
    reader.into_mistakes().or_ok(config)
}

/// Reads the whole configuration, for somebody who wants to see what takes effect and where it comes from.
///
/// # Errors
///
/// Every mistake there is, as [`load`] says them.
pub(crate) fn load_settings(sources: &Sources) -> Result<Vec<Setting>, Mistakes> {
    let (reader, config) = read(sources)?;
    reader.check()?;
    Ok(settings::all(&reader, &config))
}

fn read(sources: &Sources) -> Result<(Reader, Config), Mistakes> {
    let reader = open(sources)?;
    let config = config(&reader);
    between(&reader, &config);
    reader.refuse_what_comes_later();
    Ok((reader, config))
}

/// Reads what concerns users' tokens, for somebody who only wants to make one: mistakes elsewhere do not matter.
///
/// # Errors
///
/// The mistakes under `auth`, or that the file is not TOML.
pub(crate) fn load_auth(sources: &Sources) -> Result<Auth, Mistakes> {
    let reader = open(sources)?;
    let auth = auth(&reader);
    let mut mistakes = reader.into_mistakes();
    mistakes.0.retain(|mistake| mistake.key.starts_with("auth."));
    mistakes.or_ok(auth)
}

fn open(sources: &Sources) -> Result<Reader, Mistakes> {
    let mut mistakes = Mistakes::default();
    let written = Written::read(sources, &mut mistakes)?;
    Ok(Reader::new(written, mistakes))
}

fn config(reader: &Reader) -> Config {
    Config {
        listen: address(reader, keys::LISTEN),
        admin_listen: address(reader, keys::ADMIN_LISTEN),
        base_path: reader.parsed(keys::BASE_PATH, parse::base_path).unwrap_or_default(),
        allowed_hosts: reader.list(keys::ALLOWED_HOSTS, parse::host),
        auth: auth(reader),
        api_keys: reader.list(keys::API_KEYS, parse::api_key),
        admin_keys: reader.list(keys::ADMIN_KEYS, parse::api_key),
        cors_origins: reader.list(keys::CORS_ORIGINS, parse::origin),
        store: reader.parsed(keys::STORE_URL, parse::store_url).unwrap_or(super::StoreUrl::Memory),
        sse: sse(reader),
        write_timeout: reader.seconds(keys::WRITE_TIMEOUT_SECONDS),
        direct: reader.text(keys::WRITE_PATH).as_deref() == Some("direct"),
        drain: Drain { delay: reader.seconds(keys::DRAIN_DELAY_SECONDS), window: reader.seconds(keys::DRAIN_SECONDS) },
        limits: Limits {
            body_bytes: reader.count(keys::BODY_BYTES),
            users_per_publish: reader.count(keys::USERS_PER_PUBLISH),
            connects_per_minute: reader.number(keys::CONNECTS_PER_MINUTE),
            changes_per_minute: reader.number(keys::CHANGES_PER_MINUTE),
        },
        definitions: types::definitions(reader),
        retention: retention(reader),
    }
}

fn address(reader: &Reader, key: &Key) -> SocketAddr {
    reader.parsed(key, parse::address).unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
}

fn auth(reader: &Reader) -> Auth {
    Auth {
        jwt_secret: reader.parsed(keys::JWT_SECRET, parse::jwt_secret),
        public_key_file: reader.parsed(keys::PUBLIC_KEY_FILE, parse::pem_file),
        jwks_file: reader.parsed(keys::JWKS_FILE, parse::jwks_file),
        jwks_url: reader.parsed(keys::JWKS_URL, parse::jwks_url),
        algorithms: reader.list(keys::ALGORITHMS, parse::algorithm),
        issuer: reader.text(keys::ISSUER),
        audience: reader.text(keys::AUDIENCE),
        leeway: reader.seconds(keys::LEEWAY_SECONDS),
        user_claims: reader.list(keys::USER_CLAIMS, parse::claim),
        tenant_claim: reader.text(keys::TENANT_CLAIM),
        cookie: reader.parsed(keys::COOKIE, parse::cookie).unwrap_or_default(),
    }
}

fn sse(reader: &Reader) -> SseOptions {
    let words = |key| reader.text(key).unwrap_or_default();
    SseOptions {
        heartbeat: reader.seconds(keys::HEARTBEAT_SECONDS),
        heartbeat_form: match words(keys::HEARTBEAT).as_str() {
            "comment" => HeartbeatForm::Comment,
            _ => HeartbeatForm::Event,
        },
        max_connections_per_user: reader.count(keys::MAX_CONNECTIONS_PER_USER),
        connection_limit_policy: match words(keys::CONNECTION_LIMIT_POLICY).as_str() {
            "evict-oldest" => ConnectionLimitPolicy::EvictOldest,
            _ => ConnectionLimitPolicy::RejectNewest,
        },
        max_connections: reader.whole_if_set(keys::MAX_CONNECTIONS).map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
        buffer_frames: reader.count(keys::BUFFER_FRAMES),
        buffer_bytes: reader.count(keys::BUFFER_BYTES),
        memory_budget_bytes: reader.count(keys::MEMORY_BUDGET_BYTES),
        replay_limit: reader.whole(keys::REPLAY_LIMIT),
        max_lifetime: reader.whole_if_set(keys::MAX_LIFETIME_SECONDS).map(std::time::Duration::from_secs),
        expiring: reader.seconds(keys::EXPIRING_SECONDS),
        ..SseOptions::default()
    }
}

fn retention(reader: &Reader) -> RetentionOptions {
    RetentionOptions {
        inbox: reader.days(keys::INBOX_DAYS),
        log_entries: reader.whole(keys::LOG_ENTRIES),
        log: reader.days(keys::LOG_DAYS),
        ..RetentionOptions::default()
    }
}

/// The rules that two keys make together.
fn between(reader: &Reader, config: &Config) {
    listeners(reader, config);
    credentials::between(reader, config);
    if config.auth.user_claims.is_empty() && !reader.is_wrong(keys::USER_CLAIMS) {
        reader.wrong(keys::USER_CLAIMS, "must name a claim");
    }
    never_reached(reader, keys::REPLAY_LIMIT, config.sse.replay_limit, keys::LOG_ENTRIES, config.retention.log_entries);
    if let Some(max) = config.sse.max_connections {
        let per_user = config.sse.max_connections_per_user;
        never_reached(reader, keys::MAX_CONNECTIONS_PER_USER, per_user, keys::MAX_CONNECTIONS, max);
    }
}

fn listeners(reader: &Reader, config: &Config) {
    if !config.admin_listen.ip().is_loopback() && config.admin_keys.is_empty() && !reader.is_wrong(keys::ADMIN_KEYS) {
        reader.wrong(
            keys::ADMIN_LISTEN,
            "must be on loopback, such as 127.0.0.1:9090, while there are no admin.keys: everybody could read the metrics",
        );
    }
    let same_address = config.listen.ip() == config.admin_listen.ip() || config.listen.ip().is_unspecified();
    if same_address && config.listen.port() == config.admin_listen.port() && config.listen.port() != 0 {
        reader.wrong(keys::ADMIN_LISTEN, format!("is taken by listen ({})", config.listen));
    }
}

/// A limit above another one that stops everybody before is a misunderstanding, if somebody wrote both.
fn never_reached<N: Ord + Copy + Display>(reader: &Reader, key: &Key, value: N, other: &Key, bound: N) {
    let stands = |key| reader.is_written(key) && !reader.is_wrong(key);
    if value > bound && stands(key) && stands(other) {
        reader.wrong(key, format!("is {value} and can never be reached, because {} is {bound}", other.name));
    }
}
