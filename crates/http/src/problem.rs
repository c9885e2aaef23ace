//! What goes wrong, as clients see it: one list of codes, one place that gives them their status (RFC 9457).

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use campanile_core::Fault;
use http::{HeaderName, HeaderValue, StatusCode, header};
use std::{borrow::Cow, time::Duration};

/// What `type` begins with; the code follows.
const TYPE_BASE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/errors.md#");

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident, $title:literal;)*) => {
        /// The stable codes of all problems. `docs/errors.md` explains each; a test holds that table to this list.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as it goes over the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The status that goes with it.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// A few words for a person, the same for every occurrence.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    /// The body could not be read as what it claims to be.
    Malformed = "malformed", BAD_REQUEST, "The request cannot be parsed";
    /// The request names no host, or more than one.
    NoHost = "no-host", BAD_REQUEST, "No host named";
    /// No credentials at all.
    CredentialsMissing = "credentials-missing", UNAUTHORIZED, "Credentials are required";
    /// Credentials that are not, or no longer, good.
    CredentialsInvalid = "credentials-invalid", UNAUTHORIZED, "The credentials are not valid";
    /// A good token that names no user.
    UserClaimMissing = "user-claim-missing", UNAUTHORIZED, "The token names no user";
    /// A good token that names no tenant where one is required.
    TenantClaimMissing = "tenant-claim-missing", UNAUTHORIZED, "The token names no tenant";
    /// A cookie used from a page of another origin.
    ForeignOrigin = "foreign-origin", FORBIDDEN, "The page's origin is not allowed";
    /// A good token without the scope this needs.
    InsufficientScope = "insufficient-scope", FORBIDDEN, "The token lacks a scope";
    /// A token used for another tenant than its own.
    ForeignTenant = "foreign-tenant", FORBIDDEN, "The token belongs to another tenant";
    /// No such route, or no such thing of this user.
    NotFound = "not-found", NOT_FOUND, "Not found";
    /// The route exists, the method does not.
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED, "The method is not allowed here";
    /// `Accept` rules out an event stream.
    NotAcceptable = "not-acceptable", NOT_ACCEPTABLE, "The answer would not be acceptable";
    /// The body did not arrive in time.
    BodyTimeout = "body-timeout", REQUEST_TIMEOUT, "The body took too long";
    /// A position of another life of the log.
    ForeignCursor = "foreign-cursor", CONFLICT, "The cursor belongs to another log";
    /// A publish with the same key is not answered yet.
    IdempotencyInProgress = "idempotency-in-progress", CONFLICT, "The same publish is under way";
    /// The body is too large.
    BodyTooLarge = "body-too-large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// The body is not JSON by its own account.
    UnsupportedMediaType = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The media type is not supported";
    /// The request is meant for a host that is not served here.
    Misdirected = "misdirected", MISDIRECTED_REQUEST, "Not served here";
    /// Parsed, and wrong; `errors` says where.
    Invalid = "invalid", UNPROCESSABLE_ENTITY, "The request is not valid";
    /// The key belongs to another body.
    IdempotencyKeyReused = "idempotency-key-reused", UNPROCESSABLE_ENTITY, "The idempotency key was used for another body";
    /// The user has as many streams as allowed.
    TooManyConnections = "too-many-connections", TOO_MANY_REQUESTS, "Too many connections";
    /// The user has as many unused tickets as allowed.
    TooManyTickets = "too-many-tickets", TOO_MANY_REQUESTS, "Too many tickets";
    /// The user has opened as many streams in a minute as allowed.
    TooManyConnects = "too-many-connects", TOO_MANY_REQUESTS, "Too many connects per minute";
    /// The user has made as many changes in a minute as allowed.
    TooManyChanges = "too-many-changes", TOO_MANY_REQUESTS, "Too many changes per minute";
    /// A fault of the server.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Internal error";
    /// The server is shutting down.
    Draining = "draining", SERVICE_UNAVAILABLE, "Shutting down";
    /// The node has as many streams, or tickets, as it takes.
    NodeFull = "node-full", SERVICE_UNAVAILABLE, "The node is full";
    /// The store's queue is full.
    StoreBusy = "store-busy", SERVICE_UNAVAILABLE, "The store is busy";
    /// The store is away.
    StoreUnavailable = "store-unavailable", SERVICE_UNAVAILABLE, "The store is unavailable";
    /// What decides about credentials is away.
    AuthUnavailable = "auth-unavailable", SERVICE_UNAVAILABLE, "Credentials cannot be checked";
}

/// An answer that says what is wrong: `application/problem+json` (RFC 9457).
///
/// `detail` is for a person and never repeats what the client sent.
#[derive(Clone, Debug)]
pub struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<Fault>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What is wrong (RFC 9457).
#[derive(serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema), schema(as = Problem))]
pub(crate) struct Wire<'a> {
    /// Where this code is explained.
    #[serde(rename = "type")]
    kind: String,
    /// The same for every occurrence of the code.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// For a person; never repeats what the client sent.
    detail: &'a str,
    code: Code,
    /// Every fault of a 422.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Fault],
}

impl Problem {
    /// A problem and what a person should know of it.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), headers: Vec::new() }
    }

    /// 422: everything that is wrong with a request.
    #[must_use]
    pub fn invalid(errors: Vec<Fault>) -> Self {
        Self { errors, ..Self::new(Code::Invalid, "The request was understood, but it is not valid.") }
    }

    /// 404 for a route or a thing that is not there (or is somebody else's: the answer is the same).
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is nothing here.")
    }

    /// 400 for a body that is no JSON; what the parser thinks stays inside.
    #[must_use]
    pub fn malformed() -> Self {
        Self::new(Code::Malformed, "The body is not valid JSON, or is nested too deeply.")
    }

    fn wire(&self) -> Wire<'_> {
        Wire {
            kind: format!("{TYPE_BASE}{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            code: self.code,
            errors: &self.errors,
        }
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The faults of a 422.
    #[must_use]
    pub fn errors(&self) -> &[Fault] {
        &self.errors
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Says when to come back, in whole seconds, at least one (RFC 9110, 10.2.3).
    #[must_use]
    pub fn retry_after(self, delay: Duration) -> Self {
        self.with_header(header::RETRY_AFTER, HeaderValue::from(delay.as_secs().max(1)))
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl serde::Serialize for Problem {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.wire().serialize(to)
    }
}

impl From<Vec<Fault>> for Problem {
    fn from(errors: Vec<Fault>) -> Self {
        Self::invalid(errors)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Strings and numbers always serialise; an empty body would still carry the right status.
        let mut response = Response::new(Body::from(serde_json::to_vec(&self).unwrap_or_default()));
        *response.status_mut() = self.code.status();
        response.headers_mut().extend(self.headers);
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response
    }
}
