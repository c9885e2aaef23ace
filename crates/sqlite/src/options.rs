//! How a store is set up.

/// How a store is set up. The defaults suit a server; a small application may want fewer readers and less memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SqliteOptions {
    /// Threads that read, each with a connection of its own. Default 2.
    pub readers: usize,
    /// Writes that may wait; one more is answered [`Busy`](campanile_core::store::StoreError::Busy). Default 8,192.
    pub queue: usize,
    /// Reads that may wait; one more is answered [`Busy`](campanile_core::store::StoreError::Busy). Default 4,096.
    pub read_queue: usize,
    /// Writes in one transaction at the most. Default 1,024.
    pub batch: usize,
    /// Rows (recipients, roughly) that one transaction writes before it takes nothing more in: bounds how long a single publish waits for
    /// those of others. One write is never divided. Default 10,000.
    pub batch_rows: usize,
    /// Heads of logs that the writer keeps in memory, at about 250 bytes. Default 65,536.
    pub heads: usize,
    /// How long the write-ahead log may become, about, before the writer itself lends a hand in copying it into the database, in KiB.
    /// Default 65,536.
    pub wal_kib: u32,
    /// Page cache of the writer, in KiB. Default 32,768.
    pub writer_cache_kib: u32,
    /// Page cache of each reader, in KiB. Default 8,192.
    pub reader_cache_kib: u32,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            readers: 2,
            queue: 8192,
            read_queue: 4096,
            batch: 1024,
            batch_rows: 10_000,
            heads: 65_536,
            wal_kib: 64 * 1024,
            writer_cache_kib: 32 * 1024,
            reader_cache_kib: 8 * 1024,
        }
    }
}
