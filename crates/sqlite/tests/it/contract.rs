//! The contract of the port, over a file.

use campanile_sqlite::Sqlite;
use std::sync::Arc;

campanile_core::store_contract!({
    let folder = tempfile::tempdir().unwrap();
    (Arc::new(Sqlite::open(folder.path().join("contract.db")).unwrap()), folder)
});
