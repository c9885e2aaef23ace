//! `campanile backup` and `campanile new-epoch`.

use clap::Args;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct Backup {
    /// The database file (or its sqlite:// URL); a server may be using it
    #[arg(long, value_name = "FILE")]
    pub(crate) store: PathBuf,
    /// Where the copy goes; there must be nothing by that name yet
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct NewEpoch {
    /// The database file (or its sqlite:// URL); no server may be using it
    #[arg(long, value_name = "FILE")]
    pub(crate) store: PathBuf,
}

pub(super) const ABOUT_BACKUP: &str = "\
Copy the database into another file, beside a running server.

The copy is one complete file, the state at one moment, synced to the disk, with the permissions of
the original. It can be served as it is. It is another life of the store: clients that come to it
with a position from the original are told to read their inbox again, and never take one log's
entries for the other's.";

pub(super) const AFTER_BACKUP: &str = concat!(
    "\
Examples:
  campanile backup --store campanile.db --to campanile-backup.db
  campanile backup --store /var/lib/campanile/campanile.db --to \"/backup/$(date +%F).db\"

Restoring: stop the server, put the copy where store.url says (without the -wal and -shm files of the
old one), start it.

",
    exit_codes!()
);

pub(super) const ABOUT_NEW_EPOCH: &str = "\
Begin another life of a database that was copied or restored by other means than `campanile backup`:
a copied file, a snapshot of a disk, a virtual machine set back.

Such a copy gives the numbers of entries again that clients have already seen, for other entries.
After this no position from before matches any more: clients are told to read their inbox again.
Nothing else changes.";

pub(super) const AFTER_NEW_EPOCH: &str = concat!(
    "\
Examples:
  systemctl stop campanile
  cp /backup/campanile.db /var/lib/campanile/campanile.db
  campanile new-epoch --store /var/lib/campanile/campanile.db
  systemctl start campanile

",
    exit_codes!()
);
