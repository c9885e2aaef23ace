//! Options that make no sense. An engine takes what it is given; whoever puts one together asks first, and says all of it at once.

use crate::{DraftLimits, IN_APP, RetentionOptions, SSE, SseOptions, channel::ChannelOptions};
use std::fmt::{self, Display};

/// One option that makes no sense, and why.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{option}: {why}")]
pub struct OptionFault {
    /// The option's name, such as `sse.heartbeat`.
    pub option: String,
    /// What is wrong with its value.
    pub why: String,
}

impl OptionFault {
    /// A fault of an option.
    #[must_use]
    pub fn new(option: impl Into<String>, why: impl Into<String>) -> Self {
        Self { option: option.into(), why: why.into() }
    }
}

/// All options that make no sense.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OptionFaults(pub Vec<OptionFault>);

impl Display for OptionFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.0.iter().enumerate() {
            write!(f, "{}{fault}", if n == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for OptionFaults {}

impl OptionFaults {
    /// Notes one.
    pub fn add(&mut self, option: impl Into<String>, why: impl Into<String>) {
        self.0.push(OptionFault::new(option, why));
    }

    /// Notes those of these options, of one section, that are nothing, where nothing makes no sense.
    pub fn zeros<const N: usize>(&mut self, section: &str, are_zero: [(&str, bool); N]) {
        for (option, _) in are_zero.into_iter().filter(|(_, is_zero)| *is_zero) {
            self.add(format!("{section}.{option}"), "must be more than zero");
        }
    }

    /// Notes a limit that stops nobody because another one is below it. One that is as it is by default says nothing about the other.
    fn never_reached<N: PartialOrd + fmt::Debug>(
        &mut self,
        (option, value, default): (&str, N, N),
        other: (&str, N, N),
    ) {
        let (other, bound, other_default) = other;
        if value > bound && value != default && bound != other_default {
            self.add(option, format!("is {value:?} and can never be reached, because {other} is {bound:?}"));
        }
    }

    /// These, and then those.
    #[must_use]
    pub fn and(mut self, those: Self) -> Self {
        self.0.extend(those.0);
        self
    }

    /// A value, if there is no fault.
    ///
    /// # Errors
    ///
    /// These.
    pub fn or_ok<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    pub(crate) fn sse(&mut self, options: &SseOptions) {
        let SseOptions { max_connections, max_connections_per_user, .. } = *options;
        self.zeros(
            "sse",
            [
                ("heartbeat", options.heartbeat.is_zero()),
                ("max_connections_per_user", max_connections_per_user == 0),
                ("max_connections", max_connections == Some(0)),
                ("buffer_frames", options.buffer_frames == 0),
                ("buffer_bytes", options.buffer_bytes == 0),
                ("replay_limit", options.replay_limit == 0),
                ("max_lifetime", options.max_lifetime.is_some_and(|time| time.is_zero())),
                ("expiring", options.expiring.is_zero()),
                ("max_refills", options.max_refills == 0),
                ("memory_budget_bytes", options.memory_budget_bytes == 0),
            ],
        );
        if let Some(most) = max_connections.filter(|most| *most > 0) {
            let default = SseOptions::default().max_connections_per_user;
            let per_user = ("sse.max_connections_per_user", max_connections_per_user, default);
            self.never_reached(per_user, ("sse.max_connections", most, usize::MAX));
        }
    }

    pub(crate) fn retention(&mut self, options: &RetentionOptions, sse: &SseOptions) {
        self.zeros(
            "retention",
            [
                ("inbox", options.inbox.is_zero()),
                ("log_entries", options.log_entries == 0),
                ("log", options.log.is_zero()),
                ("sweep_every", options.sweep_every.is_zero()),
            ],
        );
        let (default, sse_default) = (RetentionOptions::default(), SseOptions::default());
        let replayed = ("sse.replay_limit", sse.replay_limit, sse_default.replay_limit);
        self.never_reached(replayed, ("retention.log_entries", options.log_entries, default.log_entries));
    }

    pub(crate) fn limits(&mut self, limits: &DraftLimits) {
        self.zeros("limits", [("users", limits.users == 0)]);
    }

    pub(crate) fn channel(&mut self, name: &str, options: &ChannelOptions) {
        let section = format!("channel({name})");
        if [IN_APP, SSE].contains(&name) {
            self.add(&*section, "is the engine's own: another channel needs another name");
        }
        self.zeros(
            &section,
            [
                ("batch", options.batch == 0),
                ("queue", options.queue == 0),
                ("workers", options.workers == 0),
                ("timeout", options.timeout.is_zero()),
                ("attempts", options.attempts == 0),
            ],
        );
        let default = ChannelOptions::default();
        let wait = (&*format!("{section}.backoff"), options.backoff, default.backoff);
        self.never_reached(wait, (&*format!("{section}.max_backoff"), options.max_backoff, default.max_backoff));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn of(sse: &SseOptions, retention: &RetentionOptions) -> String {
        let mut faults = OptionFaults::default();
        faults.sse(sse);
        faults.retention(retention, sse);
        faults.to_string()
    }

    #[test]
    fn every_zero_that_makes_no_sense_is_said_at_once() {
        let sse = SseOptions {
            heartbeat: Duration::ZERO,
            max_connections_per_user: 0,
            max_connections: Some(0),
            buffer_frames: 0,
            buffer_bytes: 0,
            replay_limit: 0,
            max_lifetime: Some(Duration::ZERO),
            expiring: Duration::ZERO,
            max_refills: 0,
            memory_budget_bytes: 0,
            ..SseOptions::default()
        };
        let zero = Duration::ZERO;
        let retention = RetentionOptions { inbox: zero, log_entries: 0, log: zero, sweep_every: zero };
        let said = of(&sse, &retention);
        assert_eq!(said.matches(" must be more than zero").count(), 14, "{said}");
        assert!(
            said.starts_with("sse.heartbeat: must be more than zero; sse.max_connections_per_user: must"),
            "{said}"
        );
        let mut faults = OptionFaults::default();
        faults.limits(&DraftLimits { users: 0, title_chars: 0, body_chars: 0 });
        let nothing = ChannelOptions {
            batch: 0,
            queue: 0,
            workers: 0,
            timeout: zero,
            attempts: 0,
            backoff: zero,
            max_backoff: zero,
        };
        faults.channel("mail", &nothing);
        let options: Vec<_> = faults.0.iter().map(|fault| fault.option.as_str()).collect();
        let mail = ["batch", "queue", "workers", "timeout", "attempts"].map(|option| format!("channel(mail).{option}"));
        assert_eq!(options[0], "limits.users");
        assert_eq!(options[1..], mail);
    }

    #[test]
    fn a_limit_beyond_another_one_is_said_if_neither_is_the_default() {
        let default = RetentionOptions::default();
        assert_eq!(of(&SseOptions::default(), &default), "");
        let few = SseOptions { max_connections: Some(5), ..SseOptions::default() };
        assert_eq!(of(&few, &default), "", "the default of ten for each user was nobody's wish");
        let more = SseOptions { max_connections_per_user: 6, ..few };
        let said = "sse.max_connections_per_user: is 6 and can never be reached, because sse.max_connections is 5";
        assert_eq!(of(&more, &default), said);
        let far = SseOptions { replay_limit: 5_000, ..SseOptions::default() };
        assert_eq!(of(&far, &default), "");
        let short = RetentionOptions { log_entries: 500, ..default };
        assert_eq!(of(&SseOptions::default(), &short), "");
        assert!(of(&far, &short).starts_with("sse.replay_limit: is 5000 and can never be reached"));
        let mut faults = OptionFaults::default();
        let hour = Duration::from_secs(3600);
        faults.channel("mail", &ChannelOptions { backoff: hour, max_backoff: hour / 2, ..ChannelOptions::default() });
        assert_eq!(faults.0.len(), 1, "{faults}");
    }
}
