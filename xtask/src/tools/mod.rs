//! What suites need, installed when it is missing and we may; otherwise a sentence that says what to install.
//!
//! System packages come from `apt-get`; everything else goes into private folders (`.tools`, `node_modules`).

pub(crate) mod cargo_deny;
pub(crate) mod cargo_fuzz;
pub(crate) mod mdbook;
pub(crate) mod nchan;
pub(crate) mod node;
pub(crate) mod python;
pub(crate) mod system;

use std::fs;
use std::io;
use std::path::Path;

/// Whether `stamp` says that exactly `content` is installed. The stamp is a copy, so no two contents can be confused.
fn is_current(stamp: &Path, content: &[u8]) -> bool {
    fs::read(stamp).is_ok_and(|installed| installed == content)
}

/// Records that `content` is installed; written last, so that an interrupted installation is done again.
fn stamp(stamp: &Path, content: &[u8]) -> io::Result<()> {
    fs::write(stamp, content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_current_only_for_the_same_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stamp");
        assert!(!is_current(&path, b""));
        stamp(&path, b"a==1").unwrap();
        assert!(is_current(&path, b"a==1"));
        assert!(!is_current(&path, b"a==2"));
    }
}
