//! Standard output, where only data goes; what is said to people goes to standard error.

use crate::failure::Failure;
use std::io::{self, ErrorKind, Write};

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
