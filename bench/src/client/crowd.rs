//! Many streams: a few threads that read them, each with an epoll of its own. Reading costs one `read` for all that has come and a search for
//! stamps in it, so that the server is measured and not the client.

use super::{
    connection,
    histogram::Histogram,
    judge::{Seen, Verdict},
    publishers::Sent,
    reader::{Part, Reader},
    target::Target,
};
use crate::clock::{self, Nanos, now};
use std::{
    collections::BTreeMap,
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::Duration,
};

/// A stream that is to be opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seat {
    pub(crate) user: usize,
    /// Where it goes on from.
    pub(crate) position: Option<String>,
    /// Reads nothing after it is ready.
    pub(crate) stalls: bool,
}

/// How streams are held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) threads: usize,
    /// How many of one thread may be opening at a time.
    pub(crate) opening: usize,
    /// Events are read by the rules of the format, so that positions are known.
    pub(crate) parses: bool,
    /// How often one of them leaves without a word and comes back with its position.
    pub(crate) churn: Option<Duration>,
}

impl Default for Manner {
    fn default() -> Self {
        Self { threads: 1, opening: 256, parses: false, churn: None }
    }
}

/// What reading threads and the measuring one share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) ready: AtomicU64,
    pub(crate) delivered: AtomicU64,
    pub(crate) over: AtomicBool,
    failure: Mutex<Option<String>>,
}

impl Shared {
    fn failed(&self, why: String) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
    }

    fn check(&self) -> Result<(), String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone().map_or(Ok(()), Err)
    }
}

pub(crate) struct Crowd {
    threads: Vec<JoinHandle<Option<Part>>>,
    shared: Arc<Shared>,
    seats: u64,
}

/// How long streams may take to open, all together.
const OPENING: Duration = Duration::from_secs(60);

/// What is not delivered when nothing has come for so long is lost.
const PATIENCE: Nanos = 2 * clock::SECOND;

/// What a thread does; nothing to say at its end if it could not begin.
fn read(target: Target, seats: Vec<Seat>, manner: Manner, shared: Arc<Shared>) -> Option<Part> {
    let tell = Arc::clone(&shared);
    let mut reader = Reader::new(target, seats, manner, shared).map_err(|why| tell.failed(why)).ok()?;
    if let Err(why) = reader.run() {
        tell.failed(why);
    }
    Some(reader.part())
}

impl Crowd {
    /// Opens streams and waits until all are ready.
    pub(crate) fn open(target: &Target, seats: Vec<Seat>, manner: Manner) -> Result<Self, String> {
        let crowd = Self::start(target, seats, manner);
        let end = now() + clock::nanos(OPENING);
        while crowd.shared.ready.load(Relaxed) < crowd.seats {
            crowd.shared.check()?;
            if now() > end {
                let ready = crowd.shared.ready.load(Relaxed);
                return Err(format!("only {ready} of {} streams have opened", crowd.seats));
            }
            clock::pause(Duration::from_millis(1));
        }
        Ok(crowd)
    }

    /// Begins to open streams.
    pub(crate) fn start(target: &Target, seats: Vec<Seat>, manner: Manner) -> Self {
        let shared = Arc::new(Shared::default());
        let count = seats.len() as u64;
        let mut hands: Vec<Vec<Seat>> = vec![Vec::new(); manner.threads.max(1)];
        let threads = hands.len();
        seats.into_iter().enumerate().for_each(|(at, seat)| hands[at % threads].push(seat));
        let start = |seats: Vec<Seat>| {
            let (target, shared) = (target.clone(), Arc::clone(&shared));
            std::thread::spawn(move || read(target, seats, manner, shared))
        };
        let threads = hands.into_iter().map(start).collect();
        Self { threads, shared, seats: count }
    }

    pub(crate) fn delivered(&self) -> u64 {
        self.shared.delivered.load(Relaxed)
    }

    /// Waits until so much has been delivered, or nothing more comes; answers when the last of it came.
    pub(crate) fn wait_for(&self, deliveries: u64, longest: Duration) -> Result<Nanos, String> {
        let (mut seen, mut at) = (self.delivered(), now());
        let end = at + clock::nanos(longest);
        while seen < deliveries && now() < end.min(at + PATIENCE) {
            self.shared.check()?;
            clock::pause(Duration::from_micros(500));
            let delivered = self.delivered();
            if delivered != seen {
                (seen, at) = (delivered, now());
            }
        }
        Ok(at)
    }

    /// Closes all streams; what they have seen.
    pub(crate) fn close(mut self) -> Result<Received, String> {
        self.shared.over.store(true, Relaxed);
        let mut received = Received::default();
        for thread in mem::take(&mut self.threads) {
            let part = thread.join().map_err(|_| "a reading thread has panicked".to_owned())?;
            part.into_iter().for_each(|part| received.add(part));
        }
        self.shared.check()?;
        Ok(received)
    }

    /// Waits a moment for what comes too often, and judges.
    pub(crate) fn judged(self, sent: &Sent) -> Result<(Verdict, Received), String> {
        clock::pause(Duration::from_millis(30));
        let received = self.close()?;
        Ok((received.judge(sent), received))
    }
}

impl Drop for Crowd {
    /// One that was given up must not read on beside what is measured next.
    fn drop(&mut self) {
        self.shared.over.store(true, Relaxed);
    }
}

/// What streams have received.
#[derive(Default)]
pub(crate) struct Received {
    pub(crate) streams: Vec<OneReceived>,
    pub(crate) latency: Histogram,
    pub(crate) bytes: u64,
    pub(crate) cut: u64,
}

pub(crate) struct OneReceived {
    pub(crate) user: usize,
    pub(crate) position: Option<String>,
    pub(crate) seen: Seen,
    pub(crate) stalled: bool,
}

impl Received {
    fn add(&mut self, part: Part) {
        self.latency.add(&part.latency);
        self.bytes += part.bytes;
        self.cut += part.cut;
        self.streams.extend(part.streams);
    }

    fn judge(&self, sent: &Sent) -> Verdict {
        let mut all = Verdict { cut: self.cut, ..Verdict::default() };
        let mut orders = BTreeMap::new();
        for stream in self.streams.iter().filter(|stream| !stream.stalled) {
            let verdict = stream.seen.judge(|lane| sent.to(lane, stream.user), sent.lanes());
            all.add(&verdict);
            if verdict.is_exact() {
                let order = *orders.entry(stream.user).or_insert_with(|| stream.seen.order());
                all.disagreeing += u64::from(order != stream.seen.order());
            }
        }
        all
    }
}

/// Checks early whether this process may have so many sockets.
pub(crate) fn fits(streams: usize) -> Result<(), String> {
    let limit = connection::most_files();
    let wanted = streams as u64 + 200;
    if wanted > limit {
        Err(format!("{streams} streams need {wanted} open files, {limit} are allowed"))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::target::Urls, *};
    use std::net::TcpListener;

    #[test]
    fn a_crowd_that_is_given_up_reads_no_more() {
        // It listens and never answers.
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/{{user}}", server.local_addr().unwrap());
        let urls = Urls { stream: &url, stream_headers: &[], publish: &url, publish_headers: &[], body: "{stamp}" };
        let manner = Manner { threads: 2, ..Manner::default() };
        let crowd = Crowd::start(&urls.target().unwrap(), vec![Seat::default(); 4], manner);
        let threads = Arc::downgrade(&crowd.shared);
        drop(crowd);
        let end = now() + 10 * clock::SECOND;
        while threads.strong_count() > 0 {
            assert!(now() < end, "its threads go on");
            clock::pause(Duration::from_millis(1));
        }
    }
}
