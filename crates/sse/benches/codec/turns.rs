//! Contenders that take turns.

use std::hint::black_box;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

const ROUNDS: usize = 41;
/// How long one contender works before it is another's turn.
const TURN: Duration = Duration::from_millis(10);

/// One kind of work, and who does it.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// How many events one run handles, and how many bytes of stream.
    pub(crate) events: usize,
    pub(crate) bytes: usize,
    pub(crate) contenders: Vec<Contender>,
}

pub(crate) struct Contender {
    pub(crate) name: &'static str,
    /// Handles all events once, and gives their number.
    pub(crate) run: Box<dyn FnMut() -> usize>,
}

pub(crate) fn contender(name: &'static str, run: impl FnMut() -> usize + 'static) -> Contender {
    Contender { name, run: Box::new(run) }
}

impl Row {
    pub(crate) fn run(mut self) {
        for contender in &mut self.contenders {
            assert_eq!((contender.run)(), self.events, "{} in {}", contender.name, self.name);
        }
        let mut times = vec![Vec::with_capacity(ROUNDS); self.contenders.len()];
        for _ in 0..ROUNDS {
            for (contender, times) in self.contenders.iter_mut().zip(&mut times) {
                times.push(turn(contender) / f64::from(u32::try_from(self.events).unwrap()));
            }
        }
        self.print(&mut times);
    }

    fn print(&self, times: &mut [Vec<f64>]) {
        println!("\n{}\n", self.name);
        println!("| | ns per event, median | fastest – slowest | MB/s |\n|---|--:|--:|--:|");
        for (contender, times) in self.contenders.iter().zip(times) {
            times.sort_by(f64::total_cmp);
            let (median, min, max) = (times[ROUNDS / 2], times[0], times[ROUNDS - 1]);
            let bytes = f64::from(u32::try_from(self.bytes / self.events).unwrap());
            println!("| {} | {median:.1} | {min:.1} – {max:.1} | {:.0} |", contender.name, bytes / median * 1000.0);
        }
    }
}

/// The nanoseconds of one run.
fn turn(contender: &mut Contender) -> f64 {
    let start = time();
    let mut runs = 0.0;
    while time() - start < TURN {
        black_box((contender.run)());
        runs += 1.0;
    }
    (time() - start).as_secs_f64() * 1e9 / runs
}

/// How long this thread has been on a processor: what others do to the machine counts less than by the clock on the wall.
fn time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}
