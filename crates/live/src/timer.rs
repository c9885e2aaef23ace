//! A timer that costs nothing until it is needed.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::time::{Instant, Sleep, sleep_until};

/// Wakes its task at a deadline that may move. A later deadline is only looked at when the timer fires, so moving it is free.
#[derive(Debug, Default)]
pub(crate) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Whether the deadline has passed; if not, the task is woken then.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> bool {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if deadline < sleep.deadline() {
            sleep.as_mut().reset(deadline);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if sleep.deadline() >= deadline {
                return true;
            }
            sleep.as_mut().reset(deadline);
        }
        false
    }

    /// The same, for what may have no deadline at the moment.
    pub(crate) fn poll_if(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        match deadline {
            Some(deadline) if self.poll(cx, deadline) => Poll::Ready(()),
            Some(_) => Poll::Pending,
            None => {
                self.forget_if_fired();
                Poll::Pending
            }
        }
    }

    /// Gives the timer back.
    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }

    fn forget_if_fired(&mut self) {
        if self.0.as_ref().is_some_and(|sleep| sleep.is_elapsed()) {
            self.0 = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::poll_fn, time::Duration};

    const SECOND: Duration = Duration::from_secs(1);

    /// When the alarm goes off, for deadlines that are set one after another.
    async fn goes_off(alarm: &mut Alarm, deadlines: &[Instant]) -> Instant {
        for deadline in deadlines {
            assert!(!poll_fn(|cx| Poll::Ready(alarm.poll(cx, *deadline))).await);
        }
        let last = *deadlines.last().expect("a deadline");
        poll_fn(|cx| alarm.poll_if(cx, Some(last))).await;
        Instant::now()
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_may_move_either_way() {
        let (start, mut alarm) = (Instant::now(), Alarm::default());
        for deadlines in [&[5][..], &[2, 9], &[9, 2], &[3, 1, 8, 4]] {
            let start_of_round = Instant::now();
            let deadlines: Vec<_> = deadlines.iter().map(|n| start_of_round + SECOND * *n).collect();
            let at = goes_off(&mut alarm, &deadlines).await;
            assert!(at >= deadlines[deadlines.len() - 1] && at < deadlines[deadlines.len() - 1] + SECOND, "{start:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_deadline_it_is_silent_and_gives_its_memory_back() {
        let mut alarm = Alarm::default();
        let soon = Instant::now() + SECOND;
        assert!(!poll_fn(|cx| Poll::Ready(alarm.poll(cx, soon))).await);
        tokio::time::sleep(SECOND * 2).await;
        // The timer was polled before it fired; a fired one is noticed by being polled, or by its own state.
        assert!(poll_fn(|cx| Poll::Ready(alarm.poll_if(cx, None))).await.is_pending());
        assert!(alarm.0.is_none());
    }
}
