//! The application's own way to know its users.

use campanile_core::{BoxFuture, Identity, WhoError};
use http::request::Parts;

/// Why a request has no identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// It brought no credentials.
    #[error("no credentials")]
    Missing,
    /// It brought credentials that are not good.
    #[error("the credentials are not valid")]
    Invalid,
    /// Its credentials are good, but name no user.
    #[error("the credentials name no user")]
    NoUser,
    /// What decides is away: the client may try again.
    #[error("the credentials cannot be checked now")]
    Unavailable,
}

impl From<WhoError> for AuthError {
    /// They name somebody who cannot be a user.
    fn from(_: WhoError) -> Self {
        Self::Invalid
    }
}

/// An application's own way to know its users: the session of a framework, a header of a trusted proxy, …
///
/// It sees the head of the request with its extensions, as middleware left it. A request without an `Authorization` header is taken as
/// one with ambient credentials, as cookies are: the origin rules of cookies apply to it.
///
/// An `async fn` is one, and so is a closure that returns a future:
///
/// ```
/// use campanile_core::{Identity, UserId};
/// use campanile_http::{AuthError, Authenticate};
/// use http::request::Parts;
///
/// #[derive(Clone)]
/// struct Session { user: String } // what the application's own middleware leaves in the extensions
///
/// async fn my_sessions(parts: &Parts) -> Result<Identity, AuthError> {
///     let session = parts.extensions.get::<Session>().ok_or(AuthError::Missing)?;
///     Ok(Identity::of(UserId::new(&session.user)?))
/// }
/// # fn takes(_: impl Authenticate) {}
/// # takes(my_sessions);
/// ```
///
/// A type of your own says the same with `Box::pin(async move { … })`.
///
/// # Cancel safety
///
/// The future is dropped where the client goes away meanwhile: at any await, and nothing is told about it.
pub trait Authenticate: Send + Sync + 'static {
    /// The identity behind a request.
    ///
    /// # Errors
    ///
    /// [`AuthError`] decides the answer: 401, or 503 for [`AuthError::Unavailable`].
    fn authenticate<'a>(&'a self, parts: &'a Parts) -> BoxFuture<'a, Result<Identity, AuthError>>;
}

impl<F> Authenticate for F
where
    F: for<'a> Answers<'a> + Send + Sync + 'static,
{
    fn authenticate<'a>(&'a self, parts: &'a Parts) -> BoxFuture<'a, Result<Identity, AuthError>> {
        self.answer(parts)
    }
}

/// A function whose future may look at the request. (`AsyncFn` cannot say that its future is `Send`.)
pub trait Answers<'a> {
    /// Calls it.
    fn answer(&self, parts: &'a Parts) -> BoxFuture<'a, Result<Identity, AuthError>>;
}

impl<'a, F, T> Answers<'a> for F
where
    F: Fn(&'a Parts) -> T,
    T: Future<Output = Result<Identity, AuthError>> + Send + 'a,
{
    fn answer(&self, parts: &'a Parts) -> BoxFuture<'a, Result<Identity, AuthError>> {
        Box::pin(self(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_core::UserId;
    use http::Request;

    struct ByHeader(&'static str);

    impl Authenticate for ByHeader {
        fn authenticate<'a>(&'a self, parts: &'a Parts) -> BoxFuture<'a, Result<Identity, AuthError>> {
            Box::pin(async move {
                let value = parts.headers.get(self.0).ok_or(AuthError::Missing)?;
                Ok(Identity::of(UserId::new(value.to_str().map_err(|_| AuthError::Invalid)?)?))
            })
        }
    }

    async fn by_extension(parts: &Parts) -> Result<Identity, AuthError> {
        let user = parts.extensions.get::<&str>().ok_or(AuthError::NoUser)?;
        std::future::ready(()).await;
        Ok(Identity::of(UserId::new(user)?))
    }

    async fn user(way: &dyn Authenticate, request: http::request::Builder) -> Result<String, AuthError> {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        way.authenticate(&parts).await.map(|identity| identity.recipient.user.to_string())
    }

    #[tokio::test]
    async fn types_functions_and_closures_are_ways_to_know_users() {
        let known = String::from("u3");
        let by_closure = move |parts: &Parts| {
            let good = parts.headers.contains_key("x-user");
            let user = UserId::new(&known);
            async move { if good { Ok(Identity::of(user?)) } else { Err(AuthError::Missing) } }
        };
        let with_header = || Request::builder().header("x-user", "u1");
        assert_eq!(user(&ByHeader("x-user"), with_header()).await.as_deref(), Ok("u1"));
        assert_eq!(user(&ByHeader("x-user"), Request::builder()).await, Err(AuthError::Missing));
        assert_eq!(user(&by_extension, Request::builder().extension("u2")).await.as_deref(), Ok("u2"));
        assert_eq!(user(&by_extension, Request::builder().extension("")).await, Err(AuthError::Invalid));
        assert_eq!(user(&by_closure, with_header()).await.as_deref(), Ok("u3"));
    }
}
