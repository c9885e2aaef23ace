//! What the accept loop counts.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        /// What a [`Server`](crate::Server) has counted so far. All are totals since its start, but for `open` and `direct_backlog`.
        #[derive(Debug, Default)]
        pub struct LiveStats { $($name: AtomicU64,)* }

        impl LiveStats {
            $($(#[$doc])* #[must_use] pub fn $name(&self) -> u64 { self.$name.load(Ordering::Relaxed) })*
        }

        #[derive(Clone, Copy)]
        #[allow(non_camel_case_types, reason = "each counts in the field of its name")]
        pub(crate) enum Count { $($name,)* }

        impl LiveStats {
            fn counter(&self, count: Count) -> &AtomicU64 {
                match count { $(Count::$name => &self.$name,)* }
            }
        }
    };
}

counters! {
    /// Connections that are open now.
    open;
    /// Connections accepted, the refused ones included.
    accepted;
    /// Connections refused because there were too many, in all or of one address.
    refused;
    /// Failures of `accept`, such as running out of file descriptors.
    accept_errors;
    /// Connections closed because a request's head, or the first byte, did not come in time.
    head_timeouts;
    /// Requests whose body did not come in time.
    body_timeouts;
    /// Connections closed because they had no request for too long.
    idle_closes;
    /// Connections reset because their peer accepted nothing for too long.
    write_timeouts;
    /// HTTP/2 streams reset because their peer accepted nothing for too long.
    stalled_streams;
    /// Event streams whose sockets were taken back from HTTP's machinery.
    direct_streams;
    /// Bytes held for streams whose sockets do not take them now.
    direct_backlog;
    /// Requests answered here instead of by the application: no request, too large, no host.
    bad_requests;
}

impl LiveStats {
    pub(crate) fn count(&self, what: Count) {
        self.counter(what).fetch_add(1, Ordering::Relaxed);
    }

    /// A stream's backlog has changed.
    pub(crate) fn backlog(&self, before: usize, after: usize) {
        if before != after {
            let held = self.counter(Count::direct_backlog);
            held.fetch_add(after as u64, Ordering::Relaxed);
            held.fetch_sub(before as u64, Ordering::Relaxed);
        }
    }

    pub(crate) fn uncount(&self, what: Count) {
        self.counter(what).fetch_sub(1, Ordering::Relaxed);
    }
}
