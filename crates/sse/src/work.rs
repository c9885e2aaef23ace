//! Counting of work, so that a test can hold the parser to linear time without a clock. Nothing at all outside of tests.

#[cfg(test)]
thread_local! {
    static DONE: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Notes that `bytes` bytes were looked at or copied.
#[cfg(test)]
pub(crate) fn count(bytes: usize) {
    DONE.set(DONE.get() + bytes);
}

/// Notes that `bytes` bytes were looked at or copied.
#[cfg(not(test))]
#[inline(always)]
pub(crate) fn count(_bytes: usize) {}

/// The work done by `job` on this thread, in bytes.
#[cfg(test)]
pub(crate) fn of(job: impl FnOnce()) -> usize {
    let before = DONE.get();
    job();
    DONE.get() - before
}
