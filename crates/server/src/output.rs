//! Standard output, where only data goes; what is said to people goes to standard error.

use crate::failure::Failure;
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};
use std::{
    io::{self, ErrorKind, Write},
    thread,
};
use tokio::sync::oneshot;

/// Prints at once.
///
/// # Errors
///
/// [`Failure::NobodyReads`] if whoever read this has gone, such as `head`; otherwise why it cannot be written.
pub(crate) fn print(data: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    output.write_all(data.as_ref()).and_then(|()| output.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::NobodyReads,
        _ => Failure::Runtime(format!("cannot write to standard output: {error}; is its disk full?")),
    })
}

/// Tells people something, on standard error.
pub(crate) fn tell(sentence: &str) {
    // Nobody is left to tell if standard error is gone.
    _ = writeln!(io::stderr().lock(), "{sentence}");
}

/// Learns when whoever reads standard output has gone, so that nothing goes on for nobody. What is no pipe, socket or terminal never tells.
pub(crate) fn watch_reader() -> oneshot::Receiver<()> {
    let (gone, watch) = oneshot::channel();
    // A thread of its own: it waits for as long as the process lives.
    thread::spawn(move || {
        let output = io::stdout();
        // Nothing is asked for: an error is told in any case, and that is what a pipe without a reader has.
        let wait = || poll(&mut [PollFd::new(&output, PollFlags::empty())], None);
        match std::iter::repeat_with(wait).find(|told| *told != Err(Errno::INTR)) {
            // Nobody may be waiting any more.
            Some(Ok(_)) => drop(gone.send(())),
            // Not dropped, for that would be told, too.
            _ => std::mem::forget(gone),
        }
    });
    watch
}
