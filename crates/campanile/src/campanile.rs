//! Campanile within an application: the engine's side of it.

use crate::{Builder, Publisher};
use campanile_core::Engine;

/// Campanile within an application. Cheap to clone; clones are the same.
///
/// ```
/// # async fn example() -> Result<(), campanile::BuildError> {
/// # let builder = campanile::Campanile::builder();
/// let campanile = builder.build().await?;
/// let same = campanile.clone();
/// # drop(same); Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Campanile {
    pub(crate) engine: Engine,
    #[cfg(feature = "axum")]
    pub(crate) http: campanile_http::Http,
    /// Of the connections that [`Campanile::serve`] serves.
    #[cfg(feature = "axum")]
    pub(crate) stats: std::sync::Arc<campanile_live::LiveStats>,
}

impl Campanile {
    /// Begins to put one together.
    ///
    /// ```
    /// use campanile::{Campanile, MemoryStore};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), campanile::BuildError> {
    /// let builder = Campanile::builder().store(MemoryStore::default());
    /// # #[cfg(feature = "axum")] let builder = builder.jwt_secret([7; 32]);
    /// let campanile = builder.build().await?;
    /// # drop(campanile); Ok(()) }
    /// ```
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// What code publishes with.
    ///
    /// ```
    /// # fn example(campanile: campanile::Campanile) {
    /// let (publisher, of_another_thread) = (campanile.publisher(), campanile.publisher());
    /// # drop((publisher, of_another_thread)); }
    /// ```
    #[must_use]
    pub fn publisher(&self) -> Publisher {
        Publisher::new(self.engine.clone())
    }

    /// The engine beneath.
    ///
    /// ```
    /// # fn example(campanile: campanile::Campanile) {
    /// println!("{} streams are open", campanile.engine().connections());
    /// # }
    /// ```
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Begins to leave, in the background and as [`ShutdownOptions`](crate::ShutdownOptions) say: readiness fails; after the delay new streams
    /// are refused, and the open ones are ended over the window, each with the word to come back. Everything else goes on. Once more does
    /// nothing.
    ///
    /// ```
    /// # async fn example(campanile: campanile::Campanile) {
    /// campanile.drain();
    /// campanile.drained().await; // no stream is open any more
    /// # }
    /// ```
    pub fn drain(&self) {
        self.engine.leave();
    }

    /// Ready when leaving has begun ([`Campanile::drain`], or the token of [`Builder::shutdown`]) and every stream has ended, or their window
    /// is over: what another server's graceful shutdown waits for. It asks for nothing by itself.
    ///
    /// ```
    /// # async fn example(campanile: campanile::Campanile) {
    /// tokio::select! {
    ///     () = campanile.drained() => println!("left in order"),
    ///     () = tokio::time::sleep(std::time::Duration::from_secs(60)) => println!("still here"),
    /// }
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Dropping it changes nothing.
    pub fn drained(&self) -> impl Future<Output = ()> + Send + use<> {
        self.engine.left()
    }

    /// Drains, waits for the streams to end, gives channels a moment for what waits in their queues, and closes the store. Publishes and
    /// requests fail from then on. After a drain that is over it takes no time; once more does nothing.
    ///
    /// ```
    /// # async fn example(campanile: campanile::Campanile) {
    /// campanile.shutdown().await;
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Dropped half-way, the drain goes on, and the store stays open.
    pub async fn shutdown(&self) {
        self.drain();
        self.drained().await;
        self.engine.shutdown().await;
    }
}
