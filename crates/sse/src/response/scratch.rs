//! A buffer to write frames in before their size is known.

use std::cell::Cell;

use bytes::Bytes;

/// What a thread keeps. Anything larger was for one large frame and is given back.
const KEEP: usize = 64 * 1024;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// What `write` writes, in an allocation of exactly its size. So a frame costs one allocation however it grows, and a stream that is
/// idle holds none.
pub(super) fn written<R>(write: impl FnOnce(&mut Vec<u8>) -> R) -> (Bytes, R) {
    let mut buf = SCRATCH.take();
    buf.clear();
    let result = write(&mut buf);
    let bytes = Bytes::copy_from_slice(&buf);
    buf.shrink_to(KEEP);
    SCRATCH.set(buf);
    (bytes, result)
}
