//! How the engine behaves. Every default is the contract's.

use std::time::Duration;

/// What is done with a user's connection beyond the limit.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub enum ConnectionLimitPolicy {
    /// The new one is refused with 429.
    #[default]
    RejectNewest,
    /// The oldest one ends with `evicted`.
    EvictOldest,
}

/// What a heartbeat looks like.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub enum HeartbeatForm {
    /// An event `__heartbeat__` with empty data: a page can hear it, and so notice its absence.
    #[default]
    Event,
    /// A comment line: keeps proxies from cutting, invisible to pages.
    Comment,
}

/// How streams behave.
///
/// ```
/// use campanile_core::{HeartbeatForm, SseOptions};
///
/// let options = SseOptions { heartbeat_form: HeartbeatForm::Comment, replay_limit: 100, ..SseOptions::default() };
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SseOptions {
    /// After how long a silence a heartbeat is written, less up to 10 % of jitter. Default 30 s.
    pub heartbeat: Duration,
    /// What it looks like.
    pub heartbeat_form: HeartbeatForm,
    /// Open streams of one user. Default 10.
    pub max_connections_per_user: usize,
    /// What is done with one more.
    pub connection_limit_policy: ConnectionLimitPolicy,
    /// Open streams of this node. Default: no limit.
    pub max_connections: Option<usize>,
    /// Frames that a user's ring holds for slow readers. Default 100.
    pub buffer_frames: usize,
    /// Bytes that a user's ring holds for slow readers. Default 256 KiB.
    pub buffer_bytes: usize,
    /// How far behind a position may be to be resumed exactly. Default 1,000 entries.
    pub replay_limit: u64,
    /// After how long a stream is ended so that it moves on, with 20 % of jitter. Default: never.
    pub max_lifetime: Option<Duration>,
    /// How long before the token's end a stream is told. Default 30 s.
    pub expiring: Duration,
    /// Log reads under way at once for streams that are behind. Default 8.
    pub max_refills: usize,
    /// Bytes that all rings, streams whose readers stall, and log reads of this node hold together. Beyond it the largest backlog goes first.
    /// Of a stream that is what its writer says that it keeps ([`Session`](crate::Session)); what a server keeps of an ordinary body is not
    /// known here, and not counted. Default 512 MiB.
    pub memory_budget_bytes: usize,
}

impl Default for SseOptions {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(30),
            heartbeat_form: HeartbeatForm::default(),
            max_connections_per_user: 10,
            connection_limit_policy: ConnectionLimitPolicy::default(),
            max_connections: None,
            buffer_frames: 100,
            buffer_bytes: 256 * 1024,
            replay_limit: 1000,
            max_lifetime: None,
            expiring: Duration::from_secs(30),
            max_refills: 8,
            memory_budget_bytes: 512 * 1024 * 1024,
        }
    }
}

/// How long things are kept.
///
/// ```
/// use campanile_core::RetentionOptions;
/// use std::time::Duration;
///
/// let options = RetentionOptions { log: Duration::from_secs(24 * 60 * 60), ..RetentionOptions::default() };
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RetentionOptions {
    /// How long a notification stays in the inbox. Default 90 days.
    pub inbox: Duration,
    /// A log entry is kept while it is among so many newest ones… Default 1,000.
    pub log_entries: u64,
    /// …and younger than this. Default 7 days.
    pub log: Duration,
    /// How often what is too old is looked for. Default one minute.
    pub sweep_every: Duration,
}

impl Default for RetentionOptions {
    fn default() -> Self {
        let day = Duration::from_secs(24 * 60 * 60);
        Self { inbox: 90 * day, log_entries: 1000, log: 7 * day, sweep_every: Duration::from_secs(60) }
    }
}
