//! The servers that are measured: ours, and others' to compare.

mod campanile;
mod rivals;

pub(crate) use campanile::{Asked, Campanile, Raised};
pub(crate) use rivals::{Rival, Rivals};

use crate::client::{stamp, target::Target};

/// Frames are this long where the server lets us choose: `data: `, the stamp, filler, two ends of line.
const FRAME: usize = 200;

/// Filler for a frame that has so many bytes beside stamp and filler.
const fn pad(others: usize) -> usize {
    FRAME - stamp::LENGTH - others
}

/// A server that runs until it is dropped.
pub(crate) trait Server {
    fn target(&self) -> &Target;
}
