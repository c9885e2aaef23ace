//! Keys that change while the process runs. One task per place reads it again, by the clock and when a token names a key that is not
//! known; everybody else sees the newest good state. A place that turns bad changes nothing but the log.

use super::{Algorithm, KeySet, KeysError};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};

/// How many requests may wait for one reading; more wait for their turn to wait.
const QUEUE: usize = 64;

/// A place that can be read.
pub(super) trait Load: Send + 'static {
    /// Reads it, if it may have changed.
    fn load(&mut self) -> BoxFuture<'_, Result<Loaded, KeysError>>;
}

/// What a reading found.
#[derive(Debug)]
pub(super) enum Loaded {
    /// What was there before.
    Same,
    /// Keys, and for how long they are good by their own account.
    New(KeySet, Option<Duration>),
}

/// How often a place is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// By the clock, unless the keys say otherwise.
    pub(super) regular: Duration,
    /// What the keys may say: within these.
    pub(super) bounds: (Duration, Duration),
    /// By the clock after it failed.
    pub(super) after_failure: Duration,
    /// At most once in this time because of unknown keys: anybody can make those up.
    pub(super) on_unknown: Duration,
    /// At most once in this time while there was nothing yet.
    pub(super) while_empty: Duration,
}

/// What is known of a place.
#[derive(Clone, Default, Debug)]
pub(super) struct Known {
    /// The newest good keys; none if there never were any.
    pub(super) keys: Option<Arc<KeySet>>,
    /// Whether the newest reading failed, so that there may be keys that are not known.
    pub(super) failed: bool,
}

/// A token names a key that is not known.
struct Unknown {
    algorithm: Algorithm,
    name: Option<String>,
    done: oneshot::Sender<()>,
}

/// A place with its task, which begins with the first question.
pub(super) struct Watched {
    known: watch::Receiver<Known>,
    unknown: mpsc::Sender<Unknown>,
    idle: Mutex<Option<Task>>,
}

impl Watched {
    /// `first` is what a reading at start has found.
    pub(super) fn new(place: String, pace: Pace, load: impl Load, first: Option<KeySet>) -> Self {
        let (publish, known) = watch::channel(Known { keys: first.map(Arc::new), failed: false });
        let (unknown, questions) = mpsc::channel(QUEUE);
        let task = Task { place, pace, load: Box::new(load), publish, questions, told: None, read: None, asked: None };
        Self { known, unknown, idle: Mutex::new(Some(task)) }
    }

    /// What is known now.
    pub(super) fn known(&self) -> Known {
        self.known.borrow().clone()
    }

    /// Begins to read by the clock. Later calls do nothing.
    pub(super) fn start(&self) {
        if let Some(task) = self.idle.lock().take() {
            tokio::spawn(task.run());
        }
    }

    /// Reads the place for a token whose key is not known, unless that was done a moment ago.
    ///
    /// Cancel safety: the reading goes on without whoever asked.
    pub(super) async fn look_again(&self, algorithm: Algorithm, name: Option<&str>) {
        self.start();
        let (done, answer) = oneshot::channel();
        let question = Unknown { algorithm, name: name.map(str::to_owned), done };
        // The task only ends with its runtime; then there is nothing to wait for.
        if self.unknown.send(question).await.is_ok() {
            _ = answer.await;
        }
    }
}

impl Unknown {
    fn is_answered_by(&self, keys: &KeySet) -> bool {
        keys.expects(self.algorithm, self.name.as_deref())
    }
}

struct Task {
    place: String,
    pace: Pace,
    load: Box<dyn Load>,
    publish: watch::Sender<Known>,
    questions: mpsc::Receiver<Unknown>,
    /// The failure that the log was told of.
    told: Option<String>,
    /// When it was last read.
    read: Option<Instant>,
    /// When it was last read because of an unknown key.
    asked: Option<Instant>,
}

impl Task {
    /// Until nobody can ask any more.
    async fn run(mut self) {
        let mut next = Instant::now() + self.pace.regular;
        loop {
            tokio::select! {
                question = self.questions.recv() => match question {
                    Some(question) => next = self.answer(question).await.unwrap_or(next),
                    None => return,
                },
                () = sleep_until(next) => next = self.read().await,
            }
        }
    }

    /// Reads it for a question, unless it is none any more or comes too soon; says when to read it again, if it was read.
    async fn answer(&mut self, question: Unknown) -> Option<Instant> {
        let next = if self.may_read_for(&question) { Some(self.read_for(&question).await) } else { None };
        // Whoever asked may be gone.
        _ = question.done.send(());
        next
    }

    fn may_read_for(&self, question: &Unknown) -> bool {
        let passed = |since: Option<Instant>, wait| since.is_none_or(|since| since.elapsed() >= wait);
        match self.keys() {
            Some(keys) => !question.is_answered_by(&keys) && passed(self.asked, self.pace.on_unknown),
            None => passed(self.read, self.pace.while_empty),
        }
    }

    async fn read_for(&mut self, question: &Unknown) -> Instant {
        let was_empty = self.keys().is_none();
        let next = self.read().await;
        // A first reading that found the key was not because of an unknown one: whoever comes next may ask.
        if !was_empty || self.keys().is_some_and(|keys| !question.is_answered_by(&keys)) {
            self.asked = self.read;
        }
        next
    }

    /// Reads once, and says when to read again.
    async fn read(&mut self) -> Instant {
        let found = self.load.load().await;
        let now = Instant::now();
        self.read = Some(now);
        now + self.take(found)
    }

    /// Makes known what was found, and says for how long that is good.
    fn take(&mut self, found: Result<Loaded, KeysError>) -> Duration {
        match found {
            Ok(Loaded::Same) => self.pace.regular,
            Ok(Loaded::New(keys, good_for)) => {
                tracing::info!(from = self.place, keys = keys.len(), "keys for tokens are read");
                self.told = None;
                self.publish.send_replace(Known { keys: Some(Arc::new(keys)), failed: false });
                let (least, most) = self.pace.bounds;
                good_for.map_or(self.pace.regular, |wanted| wanted.clamp(least, most))
            }
            Err(error) => {
                self.publish.send_modify(|known| known.failed = true);
                self.tell(error.to_string());
                self.pace.after_failure
            }
        }
    }

    fn keys(&self) -> Option<Arc<KeySet>> {
        self.publish.borrow().keys.clone()
    }

    /// Once per fault, however often it is met.
    fn tell(&mut self, fault: String) {
        if self.told.as_ref() != Some(&fault) {
            let kept = if self.keys().is_some() { "the old ones are kept" } else { "there are none yet" };
            tracing::warn!(from = self.place, fault, "keys for tokens cannot be read; {kept}");
            self.told = Some(fault);
        }
    }
}
