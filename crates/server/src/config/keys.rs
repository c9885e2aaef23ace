//! Every configuration key, once: its form, its default, what it does, and why it is as it is.
//!
//! The defaults here are the ones that take effect: they are read from this table like a value from a file.

/// What a key takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// A string.
    Text,
    /// A string that is never shown, and may come from a file named by `…_FILE`.
    Secret,
    /// A whole number between the two, both included.
    Whole(u64, u64),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Strings: an array in the file, separated by commas in a variable.
    List,
    /// Like [`Form::List`], never shown, and may come from a file named by `…_FILE`, one a line.
    SecretList,
}

impl Form {
    /// Whether the value must not be shown and may be given as `…_FILE`.
    pub(crate) fn is_secret(self) -> bool {
        matches!(self, Self::Secret | Self::SecretList)
    }

    /// Whether several values are meant.
    pub(crate) fn is_list(self) -> bool {
        matches!(self, Self::List | Self::SecretList)
    }
}

/// One key.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Key {
    /// The path, levels joined by `.`.
    pub(crate) name: &'static str,
    /// What it takes.
    pub(crate) form: Form,
    /// The default, written as in a variable; empty: none.
    pub(crate) default: &'static str,
    /// What it does. The reference page is made from this.
    pub(crate) what: &'static str,
    /// Why it exists or why the default is what it is; for a limit, the abuse it stops.
    pub(crate) why: &'static str,
    /// Whether it has an effect in this build; otherwise setting it is a mistake.
    pub(crate) built: bool,
}

impl Key {
    /// The variable that sets it: `sse.heartbeat_seconds` is `CAMPANILE_SSE__HEARTBEAT_SECONDS`.
    pub(crate) fn variable(&self) -> String {
        format!("CAMPANILE_{}", self.name.replace('.', "__").to_uppercase())
    }
}

macro_rules! keys {
    (built { $($id:ident = $name:literal, $form:expr, $default:literal, $what:literal, $why:literal;)* }
     later { $($later:literal, $later_form:expr, $later_default:literal, $later_what:literal, $later_why:literal;)* }) => {
        $(pub(crate) const $id: &Key =
            &Key { name: $name, form: $form, default: $default, what: $what, why: $why, built: true };)*

        /// All keys, in the order of the reference.
        pub(crate) const ALL: &[&Key] = &[$($id,)* $(&Key {
            name: $later, form: $later_form, default: $later_default, what: $later_what, why: $later_why, built: false,
        },)*];
    };
}

const DAY: u64 = 24 * 60 * 60;
use Form::{List, OneOf, Secret, SecretList, Text, Whole};

keys! {
built {
    LISTEN = "listen", Text, "127.0.0.1:8080",
        "Address and port for users and applications; port 0 picks a free one.",
        "Loopback: nothing is reachable from outside until you say so.";
    ADMIN_LISTEN = "admin_listen", Text, "127.0.0.1:9090",
        "Address and port for health and metrics; other than loopback only with `admin.keys`.",
        "Metrics tell what your users do.";
    BASE_PATH = "base_path", Text, "",
        "A path in front of /notifications and /api, such as /live.",
        "For a reverse proxy that hands on one path only.";
    ALLOWED_HOSTS = "allowed_hosts", List, "",
        "Host names that are answered, ports aside; empty: all. `dev` answers localhost names only.",
        "DNS rebinding: another site's page reaches a server in your network under its own name.";
    JWT_SECRET = "auth.jwt_secret", Secret, "",
        "The secret that your application signs users' tokens with (HS256); at least 32 bytes.",
        "A shorter one can be guessed from a single token.";
    PUBLIC_KEY_FILE = "auth.public_key_file", Text, "",
        "A PEM file with the public keys that users' tokens are signed for (RSA for RS256, P-256 for ES256, Ed25519 for EdDSA); read \
         again when it changes.",
        "Whoever reads this server's files can make no tokens.";
    JWKS_FILE = "auth.jwks_file", Text, "",
        "The same as a key set (JWKS), whose keys have names; read again when it changes.",
        "A token's `kid` finds its key while old and new ones are in use.";
    JWKS_URL = "auth.jwks_url", Text, "",
        "The same from a URL: https, or http on loopback. Asked when the first token needs it, then every 10 minutes or as \
         `Cache-Control` says, and at most once a minute for an unknown `kid`.",
        "Your identity provider changes its keys when it wants to.";
    ALGORITHMS = "auth.algorithms", List, "",
        "The algorithms that are accepted, of HS256, RS256, ES256 and EdDSA; empty: those that there are keys for.",
        "A token never chooses how it is checked; this pins it even if somebody adds a key.";
    ISSUER = "auth.issuer", Text, "",
        "The `iss` that tokens must have; checked when set.",
        "Several systems may share a secret or a provider.";
    AUDIENCE = "auth.audience", Text, "",
        "The `aud` that tokens must name; checked when set.",
        "A token made for another service must not open a stream here: set it with every provider that others use, too.";
    LEEWAY_SECONDS = "auth.leeway_seconds", Whole(0, 300), "30",
        "By how much clocks may differ when a token's times are checked.",
        "Larger ones keep expired tokens alive.";
    USER_CLAIMS = "auth.user_claims", List,
        "sub,http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
        "The claims that may name the user; the first one present counts.",
        ".NET writes the long one where others write `sub`.";
    TENANT_CLAIM = "auth.tenant_claim", Text, "",
        "The claim that names the tenant. While not set, everybody is in the tenant `default`.",
        "Users of different tenants never meet, even under the same id.";
    COOKIE = "auth.cookie", Text, "campanile_token",
        "The cookie that may carry a user's token.",
        "A plain EventSource cannot send headers.";
    API_KEYS = "api.keys", SecretList, "",
        "The application's keys, each as name:SHA-256-of-the-key-in-hex.",
        "Hashes: this file gives nobody a key.";
    ADMIN_KEYS = "admin.keys", SecretList, "",
        "Keys for `/metrics` on the admin listener, in the same form; needed unless it is on loopback.",
        "An application's key should not read what operators read.";
    CORS_ORIGINS = "cors.origins", List, "",
        "Origins whose pages may call from a browser, exactly as browsers write them.",
        "Credentials go along, so never a wildcard.";
    STORE_URL = "store.url", Secret, "sqlite://campanile.db",
        "Where notifications are kept: sqlite://PATH, or memory: (gone at exit).",
        "A file needs nothing else installed.";
    HEARTBEAT_SECONDS = "sse.heartbeat_seconds", Whole(1, 3600), "30",
        "After how long a silence a stream gets a heartbeat.",
        "Proxies cut idle connections, many after 60 s.";
    HEARTBEAT = "sse.heartbeat", OneOf(&["event", "comment"]), "event",
        "What a heartbeat is: an event that pages can hear, or a comment that they cannot.",
        "A page that hears heartbeats notices when they stop.";
    MAX_CONNECTIONS_PER_USER = "sse.max_connections_per_user", Whole(1, 1_000_000), "10",
        "Streams that one user may have open.",
        "A page that opens streams in a loop takes only its own user's places.";
    CONNECTION_LIMIT_POLICY = "sse.connection_limit_policy", OneOf(&["reject-newest", "evict-oldest"]), "reject-newest",
        "What happens with one stream more: it is refused, or the oldest one ends.",
        "Evicting lets two tabs over the limit push each other out for ever.";
    MAX_CONNECTIONS = "sse.max_connections", Whole(1, 100_000_000), "",
        "Streams that this node may have open, all users together; not set: no limit.",
        "File descriptors and memory are finite; set it where you know yours.";
    BUFFER_FRAMES = "sse.buffer_frames", Whole(1, 1_000_000), "100",
        "Frames that one user's ring holds for slow readers.",
        "A reader that stalls costs no more than this; what is stored is read again from the store.";
    BUFFER_BYTES = "sse.buffer_bytes", Whole(1, 1 << 40), "262144",
        "Bytes that one user's ring holds for slow readers.",
        "A hundred large frames are more than a hundred small ones.";
    MEMORY_BUDGET_BYTES = "sse.memory_budget_bytes", Whole(1, 1 << 50), "536870912",
        "Bytes that all rings, stalled readers and log reads hold together; beyond it the largest backlog goes first.",
        "Many slow readers together are more than each alone. Rings are read again from the store, stalled readers are closed and resume. Up to \
         64 KiB and a piece of each stream over HTTP/2 or on the ordinary write path are not counted.";
    REPLAY_LIMIT = "sse.replay_limit", Whole(1, 1_000_000), "1000",
        "How many entries behind a position may be to be resumed exactly; further behind, the client re-reads the inbox.",
        "A replay of everything costs more than a page of the inbox.";
    WRITE_TIMEOUT_SECONDS = "sse.write_timeout_seconds", Whole(1, 3600), "60",
        "After how long a connection that accepts no byte is closed, and a stream of an HTTP/2 connection that accepts none is reset.",
        "A reader that stopped, or vanished without a word, holds a socket and a place; its client resumes.";
    WRITE_PATH = "sse.write_path", OneOf(&["direct", "ordinary"]), "direct",
        "Who writes streams over HTTP/1.1: this server itself, or the HTTP library as it writes everything else. Clients see no difference.",
        "The direct path costs a fraction; the ordinary one is there to compare, and in case of doubt.";
    MAX_LIFETIME_SECONDS = "sse.max_lifetime_seconds", Whole(1, 365 * DAY), "",
        "After how long a stream is asked to reconnect, with 20 % of jitter; not set: never.",
        "Spreads streams over nodes again after one was added.";
    DRAIN_DELAY_SECONDS = "sse.drain_delay_seconds", Whole(0, 3600), "0",
        "How long after the signal to stop new streams are still taken.",
        "Gives a load balancer time to see that readiness failed.";
    DRAIN_SECONDS = "sse.drain_seconds", Whole(0, 3600), "10",
        "The window over which open streams are asked to reconnect when the process stops; 0: all at once.",
        "Everybody reconnecting in the same second is a flood.";
    EXPIRING_SECONDS = "sse.expiring_seconds", Whole(1, DAY), "30",
        "How long before a token's end its stream is told.",
        "Time enough to fetch a new token.";
    BODY_BYTES = "limits.body_bytes", Whole(1024, 64 << 20), "65536",
        "The largest body of one request.",
        "Memory: a body is read before it can be judged.";
    USERS_PER_PUBLISH = "limits.users_per_publish", Whole(1, 1_000_000), "10000",
        "Users that one publish may name.",
        "One call is one transaction, and holds up the ones behind it.";
    CONNECTS_PER_MINUTE = "limits.connects_per_minute", Whole(1, 1_000_000), "600",
        "Streams and long polls that one user may open in a minute.",
        "A client that reconnects without a pause is a flood.";
    CHANGES_PER_MINUTE = "limits.changes_per_minute", Whole(1, 1_000_000), "600",
        "Changes that one user may make in a minute.",
        "Each one is a write and an event on all of the user's streams.";
    TYPES_POLICY = "types_policy", OneOf(&["open", "strict"]), "open",
        "Whether types that are not listed under `types` may be published.",
        "Strict turns a misspelt type into an error.";
    INBOX_DAYS = "retention.inbox_days", Whole(1, 36_500), "90",
        "How long a notification stays in the inbox.",
        "Nobody reads further back, and the file stays small.";
    LOG_ENTRIES = "retention.log_entries", Whole(1, 1_000_000), "1000",
        "A change is kept for replay while it is among so many newest of its user…",
        "As many as a stream may be behind.";
    LOG_DAYS = "retention.log_days", Whole(1, 36_500), "7",
        "…and younger than this.",
        "A laptop that was closed over a holiday still resumes.";
}
later {
    "tls.cert", Text, "", "The certificate, a PEM file.", "–";
    "tls.key", Secret, "", "Its key, a PEM file.", "–";
    "bus.url", Secret, "", "What carries announcements between nodes.", "–";
}
}

/// What may stand under `types."NAME"`.
pub(crate) const TYPE_FIELDS: &[&str] = &["display_name", "group", "severity", "channels"];

/// Finds a key by its path.
pub(crate) fn find(name: &str) -> Option<&'static Key> {
    ALL.iter().copied().find(|key| key.name == name)
}

/// Whether a path is a level above some key, such as `sse`.
pub(crate) fn is_section(path: &str) -> bool {
    ALL.iter().any(|key| key.name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            Config, load,
            tests::{SECRET_VARIABLE, from_variables},
        },
        *,
    };
    use campanile_core::{DraftLimits, Engine, OptionFaults, store::MemoryStore};
    use std::{collections::HashSet, sync::Arc};

    #[test]
    fn every_key_is_listed_once_and_explained() {
        let names: HashSet<_> = ALL.iter().map(|key| key.name).collect();
        assert_eq!(names.len(), ALL.len());
        for key in ALL {
            assert!(key.what.len() > 15 && !key.why.is_empty(), "{}", key.name);
            assert!(!key.built || key.why.len() > 15, "{}", key.name);
        }
    }

    #[test]
    fn variables_join_levels_by_two_underscores() {
        assert_eq!(HEARTBEAT_SECONDS.variable(), "CAMPANILE_SSE__HEARTBEAT_SECONDS");
        assert_eq!(ADMIN_LISTEN.variable(), "CAMPANILE_ADMIN_LISTEN");
    }

    #[test]
    fn the_least_of_every_number_makes_sense_to_the_engine() {
        let least = ALL.iter().filter(|key| key.built).filter_map(|key| match key.form {
            Form::Whole(least, _) => Some((key.variable(), least.to_string())),
            _ => None,
        });
        let least: Vec<_> = least.collect();
        let set = least.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([SECRET_VARIABLE]);
        let Config { sse, retention, limits, .. } = load(&from_variables(set)).unwrap();
        let limits = DraftLimits { users: limits.users_per_publish, ..DraftLimits::default() };
        let engine = Engine::builder(Arc::new(MemoryStore::default())).sse(sse).retention(retention).limits(limits);
        assert_eq!(engine.faults(), OptionFaults::default());
    }
}
