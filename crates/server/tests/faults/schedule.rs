//! What the kill test draws from its seed.

use crate::number;
use std::{fmt, time::Duration};

/// One life of the server, and its absence afterwards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    /// How long it runs before it is killed.
    pub(crate) up: Duration,
    /// How long it is away.
    pub(crate) down: Duration,
    /// Whether it is killed once more so soon after its start, perhaps during its recovery.
    pub(crate) stumble: Option<Duration>,
    /// Whether old notifications are put into its file meanwhile.
    pub(crate) old: bool,
}

/// Everything that is decided before it begins.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    pub(crate) seed: u64,
    pub(crate) rounds: Vec<Round>,
}

impl Schedule {
    /// The schedule that the environment asks for: seed and number of rounds.
    pub(crate) fn from_environment() -> Self {
        let seed = number("CAMPANILE_KILL_SEED").unwrap_or_else(|| fastrand::u64(..));
        let rounds =
            number("CAMPANILE_KILL_ROUNDS").map_or(8, |rounds| usize::try_from(rounds).expect("a small number"));
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut millis = |range| Duration::from_millis(rng.u64(range));
        let mut round = |number: usize| Round {
            up: millis(30..500),
            down: millis(0..60),
            stumble: Some(millis(0..100)).filter(|after| after.as_millis() < 40),
            old: millis(0..3).is_zero() || number == 0,
        };
        let rounds = (0..rounds).map(&mut round).collect();
        Self { seed, rounds }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CAMPANILE_KILL_SEED={} CAMPANILE_KILL_ROUNDS={}: ", self.seed, self.rounds.len())?;
        for Round { up, down, stumble, old } in &self.rounds {
            write!(f, "{}+{}", up.as_millis(), down.as_millis())?;
            if let Some(stumble) = stumble {
                write!(f, "+{}", stumble.as_millis())?;
            }
            f.write_str(if *old { "* " } else { " " })?;
        }
        f.write_str("(ms up + ms away + ms up once more; *: old notifications come)")
    }
}
