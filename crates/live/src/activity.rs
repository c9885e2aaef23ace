//! What an HTTP/1.1 connection is doing, between those who know parts of it: its bytes ([`crate::io`]), its requests ([`crate::http1`]) and
//! whoever watches the clock.

use crate::{LiveOptions, Refusal};
use http::StatusCode;
use parking_lot::Mutex;
use tokio::time::Instant;

/// What is left of a request line once method, path and version are there: a limit for it as long as its end was not seen.
const LINE_SLACK: usize = 64;

/// One connection's state. The lock is never contended: all who hold it are polled by one task.
#[derive(Debug)]
pub(crate) struct Activity(Mutex<State>);

#[derive(Debug)]
struct State {
    phase: Phase,
    since: Instant,
    /// How much of the request line has come, until its end has.
    line: Option<usize>,
    request: Request,
    answer: Answer,
    /// The next bytes written are a status line whose version is to be 1.1.
    raise_version: bool,
    half_closed: bool,
    refusal: Option<Refusal>,
    /// An answer is handed over to its last byte, and not all of it is known to be written.
    owes: bool,
}

/// Where in the life of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Some of a head has come.
    Head,
    /// A request is being answered, or its answer being written.
    Serving,
    /// Nothing has come since the last answer.
    Idle,
}

#[derive(Clone, Copy, Debug)]
struct Request {
    /// Only asks: whoever closes does not want the answer.
    safe: bool,
    body_pending: bool,
    body_late: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    Awaited,
    Sending(Shape),
    /// Handed over to the last byte; some may wait to be written.
    Complete,
}

/// What is known of an answer from its head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shape {
    /// No request follows it on this connection.
    pub(crate) last: bool,
    /// It ends when it ends.
    pub(crate) endless: bool,
    /// It says HTTP/1.0, so that hyper leaves it undivided, to a peer that speaks 1.1.
    pub(crate) raise_version: bool,
}

/// What becomes of bytes that go out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outgoing {
    Pass,
    /// hyper's own refusal: it is remembered, and written in our words.
    Swallow,
    RaiseVersion,
}

impl Activity {
    /// A connection whose first byte has come.
    pub(crate) fn new(first_byte: Instant) -> Self {
        Self(Mutex::new(State {
            phase: Phase::Head,
            since: first_byte,
            line: Some(0),
            request: Request { safe: true, body_pending: false, body_late: false },
            answer: Answer::Complete,
            raise_version: false,
            half_closed: false,
            refusal: None,
            owes: false,
        }))
    }

    // The bytes.

    /// Takes note of what has come.
    ///
    /// # Errors
    ///
    /// The request line is too long already.
    pub(crate) fn received(&self, bytes: &[u8], options: &LiveOptions) -> Result<(), Refusal> {
        let state = &mut *self.0.lock();
        if state.phase == Phase::Idle {
            (state.phase, state.since, state.line) = (Phase::Head, Instant::now(), Some(0));
        }
        if state.phase != Phase::Head {
            return Ok(());
        }
        state.line = state.line.and_then(|before| line(before, bytes));
        if state.line.is_some_and(|length| length > options.max_uri + LINE_SLACK) {
            state.refusal = Some(Refusal::UriTooLong);
            return Err(Refusal::UriTooLong);
        }
        Ok(())
    }

    /// Whether what comes now is not for anybody: the last answer is under way, and the request has come whole (or nobody wants the rest).
    pub(crate) fn discards(&self) -> bool {
        let state = self.0.lock();
        let last = matches!(state.answer, Answer::Sending(Shape { last: true, .. }));
        state.phase == Phase::Serving && last && !state.request.body_pending
    }

    /// The peer sends nothing more. Whether it still wants the answer: one that is complete but for being written, or one to a request that
    /// changes something. To a question the answer is dropped at once, and so a stream or a long poll gives its place back.
    pub(crate) fn end_of_input(&self) -> bool {
        let state = &mut *self.0.lock();
        let wanted = match state.answer {
            Answer::Awaited => !state.request.safe && !state.request.body_pending,
            Answer::Sending(shape) => !shape.endless,
            Answer::Complete => true,
        };
        state.half_closed = true;
        state.phase == Phase::Serving && wanted
    }

    /// What to do with bytes that hyper wants to write, of which these are the first.
    pub(crate) fn sending(&self, bytes: &[u8]) -> Outgoing {
        let state = &mut *self.0.lock();
        if state.phase == Phase::Serving {
            return if std::mem::take(&mut state.raise_version) { Outgoing::RaiseVersion } else { Outgoing::Pass };
        }
        let status = bytes.get(9..12).and_then(|code| StatusCode::from_bytes(code).ok());
        state.refusal = status.map(Refusal::of);
        if status.is_some() { Outgoing::Swallow } else { Outgoing::Pass }
    }

    /// Everything that was to be written is.
    pub(crate) fn flushed(&self) {
        let state = &mut *self.0.lock();
        state.owes = false;
        if state.phase == Phase::Serving && state.answer == Answer::Complete {
            (state.phase, state.since) = (Phase::Idle, Instant::now());
        }
    }

    // The requests.

    /// A request's head has come.
    pub(crate) fn begin(&self, safe: bool, has_body: bool) {
        let state = &mut *self.0.lock();
        state.phase = Phase::Serving;
        state.request = Request { safe, body_pending: has_body, body_late: false };
        (state.answer, state.raise_version) = (Answer::Awaited, false);
    }

    /// The request's body has come whole, or nobody wants the rest.
    pub(crate) fn body_ended(&self) {
        self.0.lock().request.body_pending = false;
    }

    /// The request's body did not come in time.
    pub(crate) fn body_is_late(&self) {
        self.0.lock().request.body_late = true;
    }

    /// Whether that is so: no request can follow.
    pub(crate) fn is_body_late(&self) -> bool {
        self.0.lock().request.body_late
    }

    /// The answer's head is there.
    pub(crate) fn answered(&self, shape: Shape) {
        let state = &mut *self.0.lock();
        state.answer = Answer::Sending(shape);
        state.raise_version = shape.raise_version;
    }

    /// The answer is handed over to its last byte, or given up.
    pub(crate) fn answer_ended(&self) {
        let state = &mut *self.0.lock();
        (state.answer, state.owes) = (Answer::Complete, true);
    }

    /// Whether something of an earlier answer may still be unwritten.
    pub(crate) fn owes(&self) -> bool {
        self.0.lock().owes
    }

    /// Whether some of the request's body is still to come.
    pub(crate) fn is_body_pending(&self) -> bool {
        self.0.lock().request.body_pending
    }

    // The clock, and the end.

    /// Until when something must happen, if the server stops since `stopping`. While a request is answered, nothing must: the application
    /// has its own limits, and writing has its own clock.
    pub(crate) fn deadline(&self, options: &LiveOptions, stopping: Option<Instant>) -> Option<Instant> {
        let state = self.0.lock();
        match (state.phase, stopping) {
            (Phase::Head, _) => Some(state.since + options.head_timeout),
            (Phase::Idle, Some(stopping)) => Some(stopping.max(state.since) + options.last_call),
            (Phase::Idle, None) => Some(state.since + options.idle_timeout),
            (Phase::Serving, _) => None,
        }
    }

    /// Whether a head has begun to come and is not complete.
    pub(crate) fn in_head(&self) -> bool {
        self.0.lock().phase == Phase::Head
    }

    /// Whether the peer closed its side and has its answer.
    pub(crate) fn is_over(&self) -> bool {
        let state = self.0.lock();
        state.half_closed && state.phase == Phase::Idle
    }

    /// What was refused, if anything was.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.0.lock().refusal
    }
}

/// The length of a line with `before` bytes so far, if its end is not among these. Empty lines before it do not count.
fn line(before: usize, bytes: &[u8]) -> Option<usize> {
    let blank = if before == 0 { bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count() } else { 0 };
    let rest = &bytes[blank..];
    if rest.contains(&b'\n') { None } else { Some(before + rest.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const STREAM: Shape = Shape { last: true, endless: true, raise_version: true };
    const PLAIN: Shape = Shape { last: false, endless: false, raise_version: false };

    fn serving(safe: bool, has_body: bool) -> Activity {
        let activity = Activity::new(Instant::now());
        activity.begin(safe, has_body);
        activity
    }

    #[test]
    fn a_request_line_ends_with_its_line_feed() {
        assert_eq!(line(0, b"GET / HT"), Some(8));
        assert_eq!(line(8, b"TP/1.1\r"), Some(15));
        assert_eq!(line(15, b"\nhost: a"), None);
        assert_eq!(line(0, b"\r\n\r\nGET"), Some(3));
    }

    #[test]
    fn a_long_line_is_refused_before_its_end() {
        let (activity, options) =
            (Activity::new(Instant::now()), LiveOptions { max_uri: 10, ..LiveOptions::default() });
        assert_eq!(activity.received(&[b'a'; 74], &options), Ok(()));
        assert_eq!(activity.received(b"a", &options), Err(Refusal::UriTooLong));
        assert_eq!(activity.refusal(), Some(Refusal::UriTooLong));
    }

    #[test]
    fn input_is_discarded_once_the_last_answer_is_under_way() {
        let activity = serving(true, true);
        assert!(!activity.discards());
        activity.answered(STREAM);
        assert!(!activity.discards());
        activity.body_ended();
        assert!(activity.discards());
        activity.answered(PLAIN);
        assert!(!activity.discards());
    }

    #[test]
    fn whoever_closes_gets_what_was_changed_and_loses_what_was_asked() {
        assert!(serving(false, false).end_of_input());
        assert!(!serving(false, true).end_of_input());
        let asked = serving(true, false);
        assert!(!asked.end_of_input());
        asked.answered(STREAM);
        assert!(!asked.end_of_input());
        asked.answered(PLAIN);
        assert!(asked.end_of_input());
        assert!(!asked.is_over());
        asked.answer_ended();
        asked.flushed();
        assert!(asked.is_over());
        assert!(!asked.end_of_input());
    }

    #[test]
    fn only_what_hyper_says_by_itself_is_swallowed() {
        let activity = Activity::new(Instant::now());
        assert_eq!(activity.sending(b"HTTP/1.1 431 Request Header Fields Too Large\r\n"), Outgoing::Swallow);
        assert_eq!(activity.refusal(), Some(Refusal::HeadTooLarge));
        let activity = serving(true, false);
        assert_eq!(activity.sending(b"HTTP/1.1 431 "), Outgoing::Pass);
        activity.answered(STREAM);
        assert_eq!(activity.sending(b"HTTP/1.0 200 OK\r\n"), Outgoing::RaiseVersion);
        assert_eq!(activity.sending(b"HTTP/1.0 200 OK\r\n"), Outgoing::Pass);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_call_begins_with_the_end_of_an_answer_if_that_is_later() {
        let options = LiveOptions::default();
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let activity = serving(true, false);
        assert_eq!(activity.deadline(&options, Some(start)), None);
        tokio::time::advance(second * 5).await;
        activity.answered(PLAIN);
        activity.answer_ended();
        activity.flushed();
        assert_eq!(activity.deadline(&options, Some(start)), Some(start + second * 5 + options.last_call));
        assert_eq!(activity.deadline(&options, Some(start + second * 9)), Some(start + second * 9 + options.last_call));
    }

    #[tokio::test(start_paused = true)]
    async fn each_phase_has_its_deadline() {
        let options = LiveOptions::default();
        let start = Instant::now();
        let activity = Activity::new(start);
        let deadline = |activity: &Activity| activity.deadline(&options, None);
        assert_eq!(deadline(&activity), Some(start + options.head_timeout));
        activity.begin(true, false);
        assert_eq!(deadline(&activity), None);
        activity.answered(PLAIN);
        activity.answer_ended();
        assert_eq!(deadline(&activity), None);
        activity.flushed();
        assert_eq!(deadline(&activity), Some(start + options.idle_timeout));
        tokio::time::advance(options.head_timeout).await;
        activity.received(b"G", &options).expect("short");
        assert_eq!(deadline(&activity), Some(start + options.head_timeout * 2));
    }
}
