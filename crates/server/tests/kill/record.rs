//! What happened, counted.

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// Counts for the record.
#[derive(Debug, Default)]
pub(crate) struct Record {
    kills: AtomicUsize,
    connections: AtomicUsize,
    refused: AtomicUsize,
    cuts: AtomicUsize,
    own_cuts: AtomicUsize,
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
    /// A stream was opened.
    opened => connections;
    /// A stream could not be opened: nobody listened, or the answer did not come.
    refused => refused;
    /// A stream was cut by the server's death.
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
        write!(f, "{} kills{}", count(&self.kills), of("streams", &streams))?;
        write!(f, "{}{}", of("publishes", &publishes), of("changes of inboxes", &marks))
    }
}
