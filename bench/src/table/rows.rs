//! The rows, and what Campanile must reach in each.

use super::{
    results::{Results, Who},
    trials::Size,
};
use crate::servers::Rival;

macro_rules! rows {
    ($($row:ident: $title:literal,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Row { $($row,)* }

        impl Row {
            pub(crate) const ALL: &[Self] = &[$(Self::$row,)*];

            pub(crate) fn title(self) -> &'static str {
                match self { $(Self::$row => $title,)* }
            }
        }
    };
}

rows! {
    IdleKib: "memory per idle stream (process), streams of as many users, KiB",
    IdleKib1: "the same, KiB",
    IdleKib5: "the same, KiB",
    IdleKib15: "the same, KiB",
    IdleKernel: "the kernel's objects of its sockets beside it (both sides), KiB",
    IdleCpu: "CPU with idle streams, heartbeats included, % of a core",
    CrowdRate: "one user's many streams, notifications as fast as 8 publishers go: deliveries/s",
    CrowdCpu: "server CPU per delivery there, µs",
    SignalRate: "one signal to many users, one stream each, saturated: deliveries/s",
    PacedCpu: "50 broadcasts/s to one user's many streams: CPU per delivery, µs",
    PacedP99: "p99 publish → client socket there, ms",
    Singles64: "synced publishes/s to single users with an open stream, 64 publishers",
    Singles8: "synced publishes/s to single users with an open stream, 8 publishers (rivals: memory only)",
    Batches: "synced publishes/s by batches of 1,000",
    RateP50: "p50 publish → client socket at 3,000/s, synced (rivals: memory only), ms",
    RateP99: "p99 there, ms",
    OneP50: "p50 of one publisher alone, publish → 202, synced (rivals: memory only), ms",
    StormSeconds: "all streams reconnect at once, each 10 behind: until all have everything, s",
    StallsAbsent: "p99 of one user's streams, 50 broadcasts/s, ms",
    StallsPresent: "the same beside 10 % more streams that read nothing, ms",
    MixedP99: "all at once (a crowd, single users, stalled readers, streams that come and go): p99, ms",
}

impl Row {
    /// Where memory is looked at, one after the other.
    pub(crate) const IDLE: [Self; 4] = [Self::IdleKib1, Self::IdleKib5, Self::IdleKib, Self::IdleKib15];

    /// How many streams that read are open.
    pub(crate) fn streams(self, size: Size) -> usize {
        match self {
            Self::IdleKib | Self::IdleKernel | Self::IdleCpu => size.idle,
            Self::IdleKib1 => size.idle / 10,
            Self::IdleKib5 => size.idle / 2,
            Self::IdleKib15 => size.idle + size.idle / 2,
            Self::StormSeconds => size.storm,
            _ => size.streams,
        }
    }

    /// What must be reached, in words, and whether it is.
    pub(crate) fn bar(self, results: &Results) -> Option<(String, bool)> {
        let most = |bar: f64, unit: &str| (format!("≤ {bar} {unit}"), bar, true);
        let least = |bar: f64, words: &str| (format!("≥ {words}"), bar, false);
        let (words, bar, is_most) = match self {
            Self::IdleKib | Self::IdleKib1 | Self::IdleKib5 | Self::IdleKib15 => most(1.5, ""),
            Self::IdleCpu => most(0.5, ""),
            Self::CrowdRate => least(4e6, "4 M"),
            Self::CrowdCpu => most(0.15, ""),
            Self::SignalRate => least(1.5e6, "1.5 M"),
            Self::PacedCpu => {
                let raw = results.median(Self::PacedCpu, Who::Rival(Rival::Raw))?;
                ("≤ 1.15 × raw".into(), 1.15 * raw, true)
            }
            Self::Singles64 => least(12_000.0, "12,000"),
            Self::Singles8 => least(8_000.0, "8,000"),
            Self::Batches => least(40_000.0, "40,000"),
            Self::RateP99 => most(3.0, ""),
            Self::StormSeconds => most(3.0, ""),
            Self::StallsPresent => {
                let absent = results.median(Self::StallsAbsent, Who::Campanile)?;
                ("within 10 % or 0.3 ms".into(), (absent * 1.1).max(absent + 0.3), true)
            }
            _ => return None,
        };
        let ours = results.median(self, Who::Campanile)?;
        Some((words.trim_end().to_owned(), if is_most { ours <= bar } else { ours >= bar }))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{results::Measured, trials::Trial},
        *,
    };

    fn met(figures: &[(Row, Who, f64)], row: Row) -> Option<bool> {
        let mut results = Results::default();
        for &(row, who, value) in figures {
            results.note(who, Trial::Idle, Ok(Measured { figures: vec![(row, value)], flaw: None }));
        }
        row.bar(&results).map(|(_, met)| met)
    }

    #[test]
    fn a_bar_is_met_on_its_right_side_only() {
        let ours = |row, value| met(&[(row, Who::Campanile, value)], row);
        assert_eq!(ours(Row::IdleKib, 1.5), Some(true));
        assert_eq!(ours(Row::IdleKib, 1.51), Some(false));
        assert_eq!(ours(Row::CrowdRate, 4e6), Some(true));
        assert_eq!(ours(Row::CrowdRate, 3.9e6), Some(false));
        assert_eq!(ours(Row::MixedP99, 1.0), None);
    }

    #[test]
    fn some_bars_are_relative() {
        let raw = (Row::PacedCpu, Who::Rival(Rival::Raw), 7.0);
        let paced = |value| met(&[raw, (Row::PacedCpu, Who::Campanile, value)], Row::PacedCpu);
        assert_eq!((paced(8.0), paced(8.1)), (Some(true), Some(false)));
        assert_eq!(met(&[(Row::PacedCpu, Who::Campanile, 8.0)], Row::PacedCpu), None);
        let stalls = |with| {
            let figures = [(Row::StallsAbsent, Who::Campanile, 1.0), (Row::StallsPresent, Who::Campanile, with)];
            met(&figures, Row::StallsPresent)
        };
        assert_eq!((stalls(1.3), stalls(1.31)), (Some(true), Some(false)));
    }
}
