//! Streams on which nothing comes but heartbeats: what they cost to hold.

use super::{of_as_many, per};
use crate::{
    client::{
        crowd::{self, Crowd, Manner},
        target::Target,
    },
    clock::{now, pause},
    process::{Meter, proportional_kib, socket_kib},
};
use std::time::Duration;

/// Memory with so many streams open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) streams: usize,
    /// The server's, beyond what it has without streams.
    pub(crate) kib_per_stream: Option<f64>,
    /// The kernel's objects of its sockets, on both sides, if the kernel tells.
    pub(crate) kernel_kib_per_stream: Option<f64>,
    /// What the server used while they were open, if that was asked for.
    pub(crate) percent_of_a_core: Option<f64>,
}

/// They come a few at a time, as people do: what hundreds of half-open ones take for a moment is not what an idle one costs.
const MANNER: Manner = Manner { threads: 1, opening: 16, parses: false, churn: None };

/// How long a server may take to settle.
const REST: Duration = Duration::from_millis(500);

/// Opens streams step by step, each of a user of its own; with `watched` of them the processor is watched for `window`.
pub(crate) fn run(target: &Target, steps: &[usize], watched: usize, window: Duration) -> Result<Vec<Step>, String> {
    crowd::fits(steps.iter().copied().max().unwrap_or(0))?;
    warm_up(target)?;
    let (before, kernel) = (memory(target)?, socket_kib());
    let (mut open, mut count, mut measured) = (Vec::new(), 0, Vec::new());
    for &streams in steps {
        open.push(Crowd::open(target, of_as_many(count..streams), MANNER)?);
        count = streams;
        pause(REST);
        let per_stream = |kib: u64| per(kib, per(count as u64, 1.0));
        let more = |now: Option<u64>, before| now.zip(before).map(|(now, before)| now.saturating_sub(before));
        let mut step = Step {
            streams,
            kib_per_stream: more(memory(target)?, before).map(per_stream),
            kernel_kib_per_stream: more(socket_kib(), kernel).map(per_stream),
            percent_of_a_core: None,
        };
        if streams == watched {
            let meter = Meter::start(target.process)?;
            pause(window);
            let usage = meter.until(now())?;
            step.percent_of_a_core = usage.processor.map(|used| 100.0 * used / usage.seconds);
        }
        measured.push(step);
    }
    for crowd in open {
        let received = crowd.close()?;
        if received.cut > 0 {
            return Err(format!("{} idle streams were cut", received.cut));
        }
    }
    Ok(measured)
}

/// Threads, pools and code are there before the first measured stream.
fn warm_up(target: &Target) -> Result<(), String> {
    const EARLY: usize = 900_000;
    Crowd::open(target, of_as_many(EARLY..EARLY + 50), Manner::default())?.close()?;
    pause(REST);
    Ok(())
}

fn memory(target: &Target) -> Result<Option<u64>, String> {
    target.process.map(proportional_kib).transpose()
}

impl Step {
    pub(crate) fn line(&self) -> String {
        let shown = |value: Option<f64>, unit: &str| value.map_or("-".to_owned(), |value| format!("{value:.2} {unit}"));
        format!(
            "{} streams: {} per stream in the server, {} in the kernel (both sides), {} while idle",
            self.streams,
            shown(self.kib_per_stream, "KiB"),
            shown(self.kernel_kib_per_stream, "KiB"),
            shown(self.percent_of_a_core, "% of a core"),
        )
    }
}
