//! Publishers on connections that are kept: in a closed loop (each waits for its answer and goes on), or at a rate, come what may.
//!
//! At a rate, a message carries the time at which it was due. If the server holds it up, or this program is late, that counts as latency: a
//! server that stalls cannot hide it by being asked less (coordinated omission). How late this program itself was is told beside it.

use super::{
    connection::{Key, Waiting, connect, unless_blocked},
    histogram::Histogram,
    http::{Chunks, Framing, Head},
    stamp::Stamp,
    target::{Message, Target},
};
use crate::clock::{Nanos, SECOND, nanos, now};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use std::{
    collections::VecDeque,
    io::{Read, Write},
    net::TcpStream,
    ops::Range,
    os::fd::OwnedFd,
    time::Duration,
};

/// What some publishers do.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) connections: usize,
    /// Requests a second, all of them together; none: as fast as answers come.
    pub(crate) rate: Option<f64>,
    pub(crate) targets: Targets,
    /// Not more requests than this.
    pub(crate) most: u64,
}

/// To whom they publish: each message to one target, which is so many users.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Targets {
    pub(crate) first_user: usize,
    pub(crate) count: usize,
    pub(crate) users: usize,
    /// In random order; else one after the other.
    pub(crate) random: bool,
}

impl Plan {
    /// Each waits for its answer and goes on.
    pub(crate) fn loop_of(connections: usize, targets: Targets) -> Self {
        Self { connections, rate: None, targets, most: u64::MAX }
    }

    /// So many requests a second, over as many connections as are needed at a time.
    pub(crate) fn rate_of(rate: f64, connections: usize, targets: Targets) -> Self {
        Self { connections, rate: Some(rate), targets, most: u64::MAX }
    }
}

impl Targets {
    /// All to one user.
    pub(crate) fn one(user: usize) -> Self {
        Self { first_user: user, count: 1, users: 1, random: false }
    }

    /// Each to one of so many users.
    pub(crate) fn singles(first_user: usize, count: usize) -> Self {
        Self { first_user, count, users: 1, random: true }
    }

    /// Each to as many users at once.
    pub(crate) fn groups(count: usize, users: usize) -> Self {
        Self { first_user: 0, count, users, random: false }
    }

    fn users_of(&self, target: usize) -> Range<usize> {
        let first = self.first_user + target * self.users;
        first..first + self.users
    }

    fn target_of(&self, user: usize) -> Option<usize> {
        let target = user.checked_sub(self.first_user)? / self.users;
        (target < self.count).then_some(target)
    }
}

/// What was sent, and how it went.
#[derive(Default)]
pub(crate) struct Sent {
    lanes: Vec<Lane>,
    /// Messages that were taken.
    pub(crate) taken: u64,
    /// Requests that were not, and what the first of them was answered.
    pub(crate) refused: u64,
    pub(crate) refusal: Option<String>,
    /// From when a request was due to its answer.
    pub(crate) answer: Histogram,
    /// By how much this program was late, when a connection was free.
    pub(crate) pacing: Histogram,
    /// Due before the end, and never sent, because no connection was free.
    pub(crate) unsent: u64,
    pub(crate) from: Nanos,
    pub(crate) to: Nanos,
}

struct Lane {
    targets: Targets,
    counts: Vec<u32>,
    /// Whose turn it is.
    next: usize,
}

impl Lane {
    /// Counts one more message; its target, and the how-manieth it is there.
    fn next(&mut self, random: &mut fastrand::Rng) -> (usize, u32) {
        let target = if self.targets.random { random.usize(0..self.targets.count) } else { self.next };
        self.next = (target + 1) % self.targets.count;
        self.counts[target] += 1;
        (target, self.counts[target])
    }
}

impl Sent {
    pub(crate) fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// How many messages of a lane went to a user.
    pub(crate) fn to(&self, lane: usize, user: usize) -> u32 {
        self.lanes
            .get(lane)
            .and_then(|lane| lane.targets.target_of(user).map(|target| lane.counts[target]))
            .unwrap_or(0)
    }

    /// How many messages went to a user.
    pub(crate) fn to_user(&self, user: usize) -> u64 {
        (0..self.lanes.len()).map(|lane| u64::from(self.to(lane, user))).sum()
    }
}

struct Connection {
    socket: TcpStream,
    plan: usize,
    lane: usize,
    out: Vec<u8>,
    written: usize,
    input: Vec<u8>,
    /// When the request that is under way was due.
    due: Option<Nanos>,
    free_since: Nanos,
}

struct Run<'a> {
    target: &'a Target,
    plans: &'a [Plan],
    connections: Vec<Connection>,
    /// The free ones of each plan, longest first.
    free: Vec<VecDeque<usize>>,
    /// Requests so far, by plan.
    done: Vec<u64>,
    sent: Sent,
    random: fastrand::Rng,
    scratch: Vec<u8>,
    from: Nanos,
    end: Nanos,
}

const TIMER: Key = Key::MAX;

/// How long answers may take after the end.
const PATIENCE: Nanos = 10 * SECOND;

/// Runs the plans together for a while, on this thread.
pub(crate) fn publish(target: &Target, plans: &[Plan], span: Duration) -> Result<Sent, String> {
    let mut waiting = Waiting::new()?;
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK).map_err(|error| error.to_string())?;
    waiting.add(&timer, TIMER)?;
    let mut run = Run::new(target, plans, &waiting)?;
    run.from = now();
    run.end = run.from + nanos(span);
    run.sent.from = run.from;
    let mut keys = Vec::new();
    loop {
        run.send_what_is_due()?;
        let at = now();
        if run.is_over(at) {
            break;
        }
        if at > run.end + PATIENCE {
            return Err("publishes are not answered".into());
        }
        run.set(&timer)?;
        waiting.wait(50, &mut keys)?;
        for &(key, _) in keys.iter().filter(|(key, _)| *key != TIMER) {
            run.turn(usize::try_from(key).unwrap_or(usize::MAX))?;
        }
    }
    run.sent.to = now();
    run.count_unsent();
    Ok(run.sent)
}

impl<'a> Run<'a> {
    fn new(target: &'a Target, plans: &'a [Plan], waiting: &Waiting) -> Result<Self, String> {
        let (mut connections, mut free, mut sent) = (Vec::new(), Vec::new(), Sent::default());
        for (plan, Plan { connections: count, targets, .. }) in plans.iter().enumerate() {
            free.push((connections.len()..connections.len() + count).collect());
            for _ in 0..*count {
                let (socket, lane) = (connect(target.address, None)?, connections.len());
                waiting.add(&socket, lane as Key)?;
                let (out, input) = (Vec::new(), Vec::new());
                connections.push(Connection { socket, plan, lane, out, written: 0, input, due: None, free_since: 0 });
                sent.lanes.push(Lane { targets: *targets, counts: vec![0; targets.count], next: 0 });
            }
        }
        let done = vec![0; plans.len()];
        let random = fastrand::Rng::with_seed(1);
        Ok(Self { target, plans, connections, free, done, sent, random, scratch: Vec::new(), from: 0, end: 0 })
    }

    /// When the next request of a plan is due, if any more is.
    fn due(&self, plan: usize) -> Option<Nanos> {
        let (Plan { rate, most, .. }, done) = (&self.plans[plan], self.done[plan]);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a run is short"
        )]
        let due = rate.map_or(self.from, |rate| self.from + (done as f64 * SECOND as f64 / rate) as Nanos);
        (done < *most && due < self.end).then_some(due)
    }

    fn send_what_is_due(&mut self) -> Result<(), String> {
        for plan in 0..self.plans.len() {
            while let Some(due) = self.due(plan) {
                let at = now();
                if due > at || (at >= self.end && !self.is_late_itself(plan)) {
                    break;
                }
                let Some(connection) = self.free[plan].pop_front() else { break };
                self.done[plan] += 1;
                self.send(connection, due, at)?;
            }
        }
        Ok(())
    }

    /// Whether a connection was free for what is due by the clock: then this program woke up too late for it, and the server may not get away with that.
    fn is_late_itself(&self, plan: usize) -> bool {
        let free = self.free[plan].front().map(|connection| self.connections[*connection].free_since);
        self.plans[plan].rate.is_some() && free.is_some_and(|since| since < self.end)
    }

    fn send(&mut self, connection: usize, due: Nanos, at: Nanos) -> Result<(), String> {
        let Self { target, plans, connections, sent, random, scratch, .. } = self;
        let connection = &mut connections[connection];
        let plan = &plans[connection.plan];
        let due = if plan.rate.is_some() {
            sent.pacing.record(at - due.max(connection.free_since).min(at));
            due
        } else {
            at
        };
        let (lane, name) = (&mut sent.lanes[connection.lane], u32::try_from(connection.lane).unwrap_or(u32::MAX));
        let next = || {
            let (target, seq) = lane.next(random);
            (plan.targets.users_of(target), Stamp { lane: name, seq, at: due })
        };
        connection.out.clear();
        connection.written = 0;
        target.publish.request(next, scratch, &mut connection.out);
        connection.due = Some(due);
        connection.write()
    }

    /// Writes what is left of a request, and reads an answer.
    fn turn(&mut self, at: usize) -> Result<(), String> {
        let Some(connection) = self.connections.get_mut(at) else { return Ok(()) };
        connection.write()?;
        let Some((status, body)) = connection.answer()? else { return Ok(()) };
        let answered = now();
        let Some(due) = connection.due.take() else { return Err("an answer to nothing".into()) };
        connection.free_since = answered;
        self.free[connection.plan].push_back(at);
        self.sent.answer.record(answered.saturating_sub(due));
        let message: &Message = &self.target.publish;
        if message.is_taken(status, &body) {
            self.sent.taken += message.per_request() as u64;
        } else {
            self.sent.refused += 1;
            let text = || format!("{status} {}", String::from_utf8_lossy(&body[..body.len().min(400)]));
            self.sent.refusal.get_or_insert_with(text);
        }
        Ok(())
    }

    fn is_over(&self, at: Nanos) -> bool {
        let idle = self.connections.iter().all(|connection| connection.due.is_none());
        idle && (at >= self.end || (0..self.plans.len()).all(|plan| self.due(plan).is_none()))
    }

    /// Wakes this thread when the next request is due.
    fn set(&self, timer: &OwnedFd) -> Result<(), String> {
        let waiting = (0..self.plans.len()).filter(|plan| !self.free[*plan].is_empty());
        let Some(next) = waiting.filter_map(|plan| self.due(plan)).min() else { return Ok(()) };
        let part = |nanos: Nanos| i64::try_from(nanos).unwrap_or(i64::MAX);
        let it_value = Timespec { tv_sec: part(next / SECOND), tv_nsec: part(next % SECOND) };
        let time = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value };
        timerfd_settime(timer, TimerfdTimerFlags::ABSTIME, &time).map(|_| ()).map_err(|error| error.to_string())
    }

    fn count_unsent(&mut self) {
        for plan in 0..self.plans.len() {
            if self.plans[plan].rate.is_some() {
                while self.due(plan).is_some() {
                    (self.done[plan], self.sent.unsent) = (self.done[plan] + 1, self.sent.unsent + 1);
                }
            }
        }
    }
}

impl Connection {
    fn write(&mut self) -> Result<(), String> {
        while self.written < self.out.len() {
            let written = unless_blocked(self.socket.write(&self.out[self.written..]));
            match written.map_err(|error| format!("a publisher's connection: {error}"))? {
                Some(count) => self.written += count,
                None => break,
            }
        }
        Ok(())
    }

    /// Status and body of an answer, if all of it has come.
    fn answer(&mut self) -> Result<Option<(u16, Vec<u8>)>, String> {
        let mut buffer = [0; 16 * 1024];
        loop {
            let count = unless_blocked(self.socket.read(&mut buffer));
            match count.map_err(|error| format!("a publisher's connection: {error}"))? {
                None => break,
                Some(0) => return Err("the server has closed a publisher's connection".into()),
                Some(count) => self.input.extend_from_slice(&buffer[..count]),
            }
        }
        let Some(head) = Head::read(&self.input)? else { return Ok(None) };
        let Some(body) = whole(&head.body, &self.input[head.end..])? else { return Ok(None) };
        self.input.clear();
        Ok(Some((head.status, body)))
    }
}

fn whole(framing: &Framing, input: &[u8]) -> Result<Option<Vec<u8>>, String> {
    match framing {
        Framing::Length(length) => Ok(input.get(..*length).map(<[u8]>::to_vec)),
        Framing::Chunked => {
            let (mut chunks, mut body) = (Chunks::default(), Vec::new());
            chunks.feed(input, |piece| body.extend_from_slice(piece))?;
            Ok(chunks.are_done().then_some(body))
        }
        Framing::Close => Err("an answer to a publish that only ends with its connection".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::target::Urls, *};

    /// Wakes up after the end of a run of 50 ms, in which 5 messages were due; how many it sends then, and how many it says it could not.
    fn woken_late(plan: Plan, free_since: fn(Nanos) -> Nanos) -> (u64, u64) {
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", server.local_addr().unwrap());
        let urls = Urls { stream: &url, stream_headers: &[], publish: &url, publish_headers: &[], body: "{stamp}" };
        let (target, plans, waiting) = (urls.target().unwrap(), [plan], Waiting::new().unwrap());
        let mut run = Run::new(&target, &plans, &waiting).unwrap();
        run.end = now() - 1;
        run.from = run.end - SECOND / 20;
        let since = free_since(run.end);
        run.connections.iter_mut().for_each(|connection| connection.free_since = since);
        run.send_what_is_due().unwrap();
        run.count_unsent();
        (run.connections.iter().filter(|connection| connection.due.is_some()).count() as u64, run.sent.unsent)
    }

    #[test]
    fn what_was_due_is_sent_although_this_program_was_late() {
        let paced = |connections| Plan::rate_of(100.0, connections, Targets::one(0));
        assert_eq!(woken_late(paced(8), |end| end - 1), (5, 0));
        assert_eq!(woken_late(paced(2), |end| end - 1), (2, 3));
        assert_eq!(woken_late(paced(8), |end| end), (0, 5), "the server held all of them up");
        assert_eq!(
            woken_late(Plan::loop_of(8, Targets::one(0)), |end| end - 1),
            (0, 0),
            "nothing is due after the end"
        );
    }
}
