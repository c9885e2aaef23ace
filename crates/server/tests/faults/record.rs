//! What happened, counted.

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// Counts for the record.
#[derive(Debug, Default)]
pub(crate) struct Record {
    kills: AtomicUsize,
    drains: AtomicUsize,
    begins: AtomicUsize,
    connections: AtomicUsize,
    refused: AtomicUsize,
    cuts: AtomicUsize,
    own_cuts: AtomicUsize,
    stalls: AtomicUsize,
    hangs: AtomicUsize,
    slow: AtomicUsize,
    tears: AtomicUsize,
    stocks: AtomicUsize,
    overflows: AtomicUsize,
    sheds: AtomicUsize,
    refills: AtomicUsize,
    timeouts: AtomicUsize,
    acknowledged: AtomicUsize,
    unanswered: AtomicUsize,
    unsent: AtomicUsize,
    withdrawn: AtomicUsize,
    marked: AtomicUsize,
    unmarked: AtomicUsize,
    planted: AtomicUsize,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident => $field:ident;)*) => {
        impl Record {
            $($(#[$doc])* pub(crate) fn $name(&self) {
                self.$field.fetch_add(1, Relaxed);
            })*
        }
    };
}

events! {
    /// The server was killed.
    killed => kills;
    /// The server ended in order.
    drained => drains;
    /// The server began another life.
    begun => begins;
    /// A client stopped reading.
    stalled => stalls;
    /// A way to the server hung.
    hung => hangs;
    /// A way to the server was slow.
    slowed => slow;
    /// All connections of a way were cut.
    torn => tears;
    /// A stream was opened.
    opened => connections;
    /// A stream could not be opened: nobody listened, or the answer did not come.
    refused => refused;
    /// A stream was cut: by the server's death, by the network, or for not reading.
    cut => cuts;
    /// A client left by itself.
    left => own_cuts;
    /// A publish was acknowledged.
    acknowledged => acknowledged;
    /// A publish was sent, and no answer came.
    unanswered => unanswered;
    /// A publish could not be sent: nobody listened.
    unsent => unsent;
    /// A withdrawal was acknowledged.
    withdrawn => withdrawn;
    /// A change of an inbox was answered.
    marked => marked;
    /// A change of an inbox was sent, and no answer came.
    unmarked => unmarked;
    /// An old notification was put into the file while the server was away.
    planted => planted;
}

impl Record {
    /// Adds what a server has counted by the end of its life.
    pub(crate) fn counted(&self, [overflows, sheds, refills, timeouts]: [f64; 4]) {
        self.stocks.fetch_add(1, Relaxed);
        let totals = [&self.overflows, &self.sheds, &self.refills, &self.timeouts];
        for (total, value) in totals.into_iter().zip([overflows, sheds, refills, timeouts]) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
            total.fetch_add(value as usize, Relaxed);
        }
    }

    /// Frames that a ring dropped before every stream had them.
    pub(crate) fn overflows(&self) -> usize {
        self.overflows.load(Relaxed)
    }

    /// How often memory ran short, and what waited for a slow reader was given up.
    pub(crate) fn sheds(&self) -> usize {
        self.sheds.load(Relaxed)
    }

    /// How often the server has begun another life.
    pub(crate) fn begins(&self) -> usize {
        self.begins.load(Relaxed)
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |count: &AtomicUsize| count.load(Relaxed);
        let of = |name: &str, counts: &[(&AtomicUsize, &str)]| {
            let counts = counts.iter().map(|(number, what)| format!("{} {what}", count(number)));
            format!("; {name}: {}", counts.collect::<Vec<_>>().join(", "))
        };
        let streams =
            [(&self.connections, "opened"), (&self.cuts, "cut"), (&self.own_cuts, "left"), (&self.refused, "refused")];
        let publishes = [
            (&self.acknowledged, "acknowledged"),
            (&self.unanswered, "unanswered"),
            (&self.unsent, "not sent"),
            (&self.withdrawn, "withdrawn"),
            (&self.planted, "old"),
        ];
        let marks = [(&self.marked, "answered"), (&self.unmarked, "unanswered")];
        write!(f, "{} kills, {} drains{}", count(&self.kills), count(&self.drains), of("streams", &streams))?;
        write!(f, "{}{}", of("publishes", &publishes), of("changes of inboxes", &marks))?;
        let network = [(&self.hangs, "hung"), (&self.slow, "slow"), (&self.tears, "cut")];
        write!(f, "; {} readers stalled{}", count(&self.stalls), of("ways", &network))?;
        if count(&self.stocks) == 0 {
            return Ok(());
        }
        let server = [
            (&self.overflows, "frames dropped from rings"),
            (&self.sheds, "backlogs shed"),
            (&self.refills, "reads of logs"),
            (&self.timeouts, "sockets that took nothing"),
        ];
        write!(f, "{}", of("the server counted", &server))
    }
}
