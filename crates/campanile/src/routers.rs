//! What an application mounts. Every router goes into a router with any state, and needs none.

use crate::Campanile;
use axum::Router;

impl Campanile {
    /// The users' routes: the stream, the inbox, its log by long poll, tickets. Nest it, usually under `/notifications`, behind whatever
    /// middleware knows your users.
    ///
    /// ```
    /// # use campanile::{Campanile, MemoryStore};
    /// #[derive(Clone)]
    /// struct MyState;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let campanile = Campanile::builder().store(MemoryStore::default()).jwt_secret([7; 32]).build().await?;
    /// let app: axum::Router<MyState> = axum::Router::new().nest("/notifications", campanile.router());
    /// let app: axum::Router = app.merge(campanile.ops_router()).with_state(MyState);
    /// # drop(app); Ok(()) }
    /// ```
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.http.user_router()
    }

    /// The routes for other applications: publishing and signals over HTTP, topics, connections, revocations. Nest it, usually under `/api`.
    /// It asks for API keys ([`Builder::api_keys`](crate::Builder::api_keys)) or for tokens with a scope.
    ///
    /// ```
    /// # fn example(campanile: campanile::Campanile) -> axum::Router {
    /// axum::Router::new().nest("/api", campanile.api_router())
    /// # }
    /// ```
    pub fn api_router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.http.api_router()
    }

    /// `/health/live` and `/health/ready`; merge it.
    ///
    /// ```
    /// # fn example(campanile: campanile::Campanile) -> axum::Router {
    /// axum::Router::new().merge(campanile.ops_router())
    /// # }
    /// ```
    pub fn ops_router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.http.ops_router()
    }

    /// A page with the bell and the inbox of whoever is signed in: as [`Builder::authenticate`](crate::Builder::authenticate) finds out from the
    /// browser's cookies; without it, as a token in the cookie says, or one that is given on the page. Nest it anywhere; `notifications` is the path
    /// at which [`Campanile::router`] is. It keeps nothing, asks nobody but this server, and shows nothing of itself: leave it in, or leave it out.
    ///
    /// ```
    /// # async fn example(campanile: campanile::Campanile) -> axum::Router {
    /// axum::Router::new()
    ///     .nest("/notifications", campanile.router())
    ///     .nest("/bell", campanile.demo_router("/notifications"))
    /// # }
    /// ```
    pub fn demo_router<S: Clone + Send + Sync + 'static>(&self, notifications: &str) -> Router<S> {
        self.http.demo_router(notifications)
    }

    /// `/metrics`: the engine's, the store's, and those of the connections that [`Campanile::serve`] serves. Merge it into a router that only the
    /// operator reaches, or set [`HttpOptions::admin_keys`](crate::HttpOptions::admin_keys).
    ///
    /// ```
    /// # fn example(campanile: campanile::Campanile) -> axum::Router {
    /// axum::Router::new().merge(campanile.metrics_router()) // of the listener that only the operator reaches
    /// # }
    /// ```
    pub fn metrics_router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.http.metrics_router()
    }

    /// Lets routes answer for these hosts only, in lower case and without ports; none: for all. A page of another site that points its own name at your address
    /// (DNS rebinding) is told 421.
    ///
    /// ```
    /// # fn example(campanile: campanile::Campanile, app: axum::Router) -> axum::Router {
    /// campanile.for_hosts(app, ["app.example", "localhost"])
    /// # }
    /// ```
    pub fn for_hosts<S: Clone + Send + Sync + 'static>(
        &self,
        routes: Router<S>,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Router<S> {
        self.http.for_hosts(routes, names)
    }

    /// `/openapi.json`, which answers this document: [`openapi::document`](crate::openapi::document), or your own with ours in it. Merge it.
    ///
    /// ```
    /// # fn example(campanile: campanile::Campanile) -> axum::Router {
    /// let document = campanile::openapi::document(""); // the path before /notifications and /api
    /// axum::Router::new().merge(campanile.openapi_router(&document))
    /// # }
    /// ```
    #[cfg(feature = "utoipa")]
    pub fn openapi_router<S: Clone + Send + Sync + 'static>(&self, document: &utoipa::openapi::OpenApi) -> Router<S> {
        self.http.openapi_router(document)
    }
}
