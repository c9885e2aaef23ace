//! Refusals: the codes that one status can stand for, and the responses that they are described as.

use crate::{Code, Problem, problem::Wire};
use http::StatusCode;
use std::borrow::Cow;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        AllOfBuilder, ContentBuilder, Object, Ref, RefOr, Response, ResponseBuilder, Schema, Type,
        header::HeaderBuilder,
    },
};

/// What an operation answers with one status when it refuses: a response of this name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    pub(crate) name: &'static str,
    about: &'static str,
    /// All of one status.
    codes: &'static [Code],
}

macro_rules! refusals {
    ($($name:ident = $component:ident [$($code:ident),*], $about:literal;)*) => {
        $(pub(crate) const $name: Refusal =
            Refusal { name: stringify!($component), about: $about, codes: &[$(Code::$code),*] };)*

        #[cfg(test)]
        const ALL: &[Refusal] = &[$($name),*];
    };
}

refusals! {
    NO_HOST = NoHost [NoHost], "The request names no host, or more than one.";
    BAD_REQUEST = BadRequest [Malformed, NoHost], "The request cannot be parsed.";
    UNAUTHORIZED = Unauthorized [CredentialsMissing, CredentialsInvalid, UserClaimMissing, TenantClaimMissing],
        "No credentials, or none that are good; or a token without a claim that is needed.";
    KEY_REQUIRED = KeyRequired [CredentialsMissing, CredentialsInvalid],
        "There are administrator's keys, and the request has none of them.";
    FOREIGN_ORIGIN = ForeignOrigin [ForeignOrigin], "A cookie that was sent from a page of a foreign origin.";
    INSUFFICIENT_SCOPE = InsufficientScope [InsufficientScope], "The token lacks the scope.";
    FORBIDDEN = Forbidden [InsufficientScope, ForeignTenant], "The token lacks the scope, or belongs to another tenant.";
    NOT_FOUND = NotFound [NotFound], "It does not exist, or is somebody else's.";
    NOT_ACCEPTABLE = NotAcceptable [NotAcceptable], "`Accept` rules out `text/event-stream`.";
    BODY_TIMEOUT = BodyTimeout [BodyTimeout], "The body did not arrive in time.";
    FOREIGN_CURSOR = ForeignCursor [ForeignCursor], "The cursor belongs to another life of the inbox: read it anew.";
    IN_PROGRESS = InProgress [IdempotencyInProgress], "A publish with the same idempotency key is under way.";
    BODY_TOO_LARGE = BodyTooLarge [BodyTooLarge], "The body is larger than this server takes.";
    UNSUPPORTED_MEDIA_TYPE = UnsupportedMediaType [UnsupportedMediaType],
        "The body is not declared as JSON in UTF-8, or is compressed.";
    MISDIRECTED = Misdirected [Misdirected], "The server does not answer for the host that the request names.";
    INVALID = Invalid [Invalid], "The request was parsed, and is not valid: `errors` names every fault.";
    INVALID_PUBLISH = InvalidPublish [Invalid, IdempotencyKeyReused],
        "The request was parsed, and is not valid; or the idempotency key was used for another body.";
    TOO_MANY_CONNECTIONS = TooManyConnections [TooManyConnections, TooManyConnects],
        "The user has as many streams as allowed, or opens them too often.";
    TOO_MANY_TICKETS = TooManyTickets [TooManyTickets], "The user has as many unused tickets as allowed.";
    TOO_MANY_CHANGES = TooManyChanges [TooManyChanges], "The user asks for changes too often.";
    INTERNAL = Internal [Internal], "A fault of the server.";
    UNAVAILABLE = Unavailable [StoreBusy, StoreUnavailable, AuthUnavailable],
        "The store is busy or away, or credentials cannot be checked now.";
    NO_TICKET = NoTicket [NodeFull, StoreBusy, StoreUnavailable, AuthUnavailable],
        "The node has as many unused tickets as it takes; the store is busy or away, or credentials cannot be checked now.";
    NO_PLACE = NoPlace [Draining, NodeFull, StoreBusy, StoreUnavailable, AuthUnavailable],
        "The node shuts down or is full; the store is busy or away, or credentials cannot be checked now.";
    NOT_READY = NotReady [Draining, StoreBusy, StoreUnavailable], "The node shuts down, or its store is busy or away.";
}

impl Refusal {
    pub(crate) fn status(&self) -> StatusCode {
        self.codes.first().map_or(StatusCode::INTERNAL_SERVER_ERROR, |code| code.status())
    }

    /// The response that its name stands for.
    pub(crate) fn response(&self) -> Response {
        let codes =
            Object::builder().schema_type(Type::String).enum_values(Some(self.codes.iter().map(|code| code.as_str())));
        let status = Object::builder().schema_type(Type::Integer).enum_values(Some([self.status().as_u16()]));
        let narrower = Object::builder().property("code", codes).property("status", status);
        let schema = AllOfBuilder::new().item(Ref::from_schema_name(Problem::name())).item(narrower);
        let example = self.codes.first().and_then(|code| serde_json::to_value(Problem::new(*code, self.about)).ok());
        let content = ContentBuilder::new().schema(Some(schema)).example(example).build();
        let response = ResponseBuilder::new().description(self.about).content("application/problem+json", content);
        self.with_headers(response).build()
    }

    fn with_headers(&self, response: ResponseBuilder) -> ResponseBuilder {
        match self.status() {
            StatusCode::UNAUTHORIZED => response.header(
                "WWW-Authenticate",
                HeaderBuilder::new()
                    .schema(Some(String::schema()))
                    .description(Some("A challenge (RFC 6750)."))
                    .build(),
            ),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => response.header(
                "Retry-After",
                HeaderBuilder::new()
                    .schema(Some(Object::builder().schema_type(Type::Integer).minimum(Some(1))))
                    .description(Some("When to come back, in seconds."))
                    .build(),
            ),
            _ => response,
        }
    }
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let line = |code: &Self| format!("\n- `{}` ({}): {}", code.as_str(), code.status().as_u16(), code.title());
        let lines: String = Self::ALL.iter().map(line).collect();
        Object::builder()
            .schema_type(Type::String)
            .description(Some(format!("What is wrong, for programs. Codes do not change; new ones may come.\n{lines}")))
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .into()
    }
}

impl ToSchema for Code {}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        Wire::schema()
    }
}

impl ToSchema for Problem {
    fn name() -> Cow<'static, str> {
        Wire::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Wire::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_refusal_has_codes_of_one_status_and_a_name_of_its_own() {
        for refusal in ALL {
            assert!(refusal.codes.iter().all(|code| code.status() == refusal.status()), "{}", refusal.name);
        }
        assert_eq!(ALL.iter().map(|refusal| refusal.name).collect::<HashSet<_>>().len(), ALL.len());
    }

    #[test]
    fn every_code_that_an_operation_can_answer_is_part_of_a_refusal() {
        // A wrong method is no operation.
        for code in Code::ALL.iter().filter(|code| **code != Code::MethodNotAllowed) {
            assert!(ALL.iter().any(|refusal| refusal.codes.contains(code)), "{code:?}");
        }
    }
}
