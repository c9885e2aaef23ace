//! Standard output, where only data goes; what is said to people goes to standard error.

use crate::failure::Failure;
use std::io::{self, ErrorKind, Write};

/// Prints at once.
///
/// # Errors
///
/// [`Failure::NobodyReads`] if whoever read this has gone, such as `head`; otherwise why it cannot be written.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::NobodyReads,
        _ => Failure::Runtime(format!("cannot write to standard output: {error}; is its disk full?")),
    })
}
