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
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, connections, refused, cuts, own_cuts, acknowledged, unanswered, unsent } = self;
        let count = |count: &AtomicUsize| count.load(Relaxed);
        write!(
            f,
            "{} kills; streams: {} opened, {} cut, {} left, {} refused; publishes: {} acknowledged, {} unanswered, {} not sent",
            count(kills),
            count(connections),
            count(cuts),
            count(own_cuts),
            count(refused),
            count(acknowledged),
            count(unanswered),
            count(unsent)
        )
    }
}
