//! Where bearer tokens come from.

use std::error::Error;
use std::pin::Pin;

use reqwest::header::HeaderValue;

/// What a token is asked for.
///
/// ```
/// use campanile_sse::client::TokenFor;
///
/// fn may_come_from_the_cache(reason: TokenFor) -> bool {
///     reason != TokenFor::Refused
/// }
/// # assert!(may_come_from_the_cache(TokenFor::Attempt));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenFor {
    /// A new attempt. One that was kept is good if it is still valid.
    Attempt,
    /// The same attempt again: the server has just refused the token with 401. One that was kept is of no use.
    Refused,
}

/// Why there is no token. It is kept as the cause, and the attempt counts as failed.
///
/// ```
/// use campanile_sse::client::TokenError;
///
/// async fn token() -> Result<String, TokenError> {
///     std::env::var("TOKEN").map_err(|_| "TOKEN is not set".into())
/// }
/// ```
pub type TokenError = Box<dyn Error + Send + Sync>;

type Answer = Pin<Box<dyn Future<Output = Result<String, TokenError>> + Send>>;

/// The caller's function.
pub(super) struct Tokens(Box<dyn Fn(TokenFor) -> Answer + Send + Sync>);

impl Tokens {
    pub(super) fn new<F, A>(ask: F) -> Self
    where
        F: Fn(TokenFor) -> A + Send + Sync + 'static,
        A: Future<Output = Result<String, TokenError>> + Send + 'static,
    {
        Self(Box::new(move |reason| Box::pin(ask(reason))))
    }

    /// The value of `Authorization`. Marked as sensitive, so that no log shows it.
    pub(super) async fn authorization(&self, reason: TokenFor) -> Result<HeaderValue, TokenError> {
        let token = (self.0)(reason).await?;
        let mut value = HeaderValue::from_str(&format!("Bearer {}", token.trim()))?;
        value.set_sensitive(true);
        Ok(value)
    }
}
