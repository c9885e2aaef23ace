//! What a route says of itself: an operation of the document, put together in a few words.

use super::refusal::{self, Refusal};
use crate::auth::SCOPE_ADMIN;
use http::StatusCode;
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::{
    ToSchema,
    openapi::{
        ArrayBuilder, Content, ContentBuilder, HeaderBuilder, Object, Ref, RefOr, Required, ResponseBuilder, Schema,
        SecurityRequirement, Type,
        path::{OperationBuilder, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
    },
};

pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

pub(super) const TOKEN: &str = "token";
pub(super) const COOKIE: &str = "cookie";
pub(super) const TICKET: &str = "ticket";
pub(super) const API_KEY: &str = "apiKey";
pub(super) const API_KEY_BEARER: &str = "apiKeyBearer";
pub(super) const ADMIN_KEY: &str = "adminKey";
pub(super) const ADMIN_KEY_BEARER: &str = "adminKeyBearer";

/// An operation in the making.
pub(crate) struct Operation {
    operation: OperationBuilder,
    schemas: Schemas,
    /// By status: a later refusal takes the place of an earlier one.
    refusals: BTreeMap<u16, Refusal>,
    /// Whether HEAD is described beside GET.
    head: bool,
}

/// An operation, and the components that it refers to.
pub(super) struct Described {
    pub(super) operation: utoipa::openapi::path::Operation,
    pub(super) schemas: Schemas,
    pub(super) refusals: Vec<Refusal>,
    pub(super) head: bool,
}

impl Operation {
    /// An operation under a tag, with an id and a summary.
    pub(crate) fn new(tag: &str, id: &str, summary: &str) -> Self {
        let operation = OperationBuilder::new().tag(tag).operation_id(Some(id)).summary(Some(summary));
        let operation = Self { operation, schemas: Vec::new(), refusals: BTreeMap::new(), head: false };
        operation.refuses(&[refusal::NO_HOST, refusal::MISDIRECTED, refusal::INTERNAL])
    }

    fn with(self, change: impl FnOnce(OperationBuilder) -> OperationBuilder) -> Self {
        Self { operation: change(self.operation), ..self }
    }

    /// More than the summary says.
    pub(crate) fn about(self, text: &str) -> Self {
        self.with(|operation| operation.description(Some(text)))
    }

    /// HEAD is worth a word beside GET.
    pub(crate) fn head_too(self) -> Self {
        Self { head: true, ..self }
    }

    /// For users.
    pub(crate) fn of_user(self) -> Self {
        let operation = self.with(|operation| operation.security(needs(TOKEN)).security(needs(COOKIE)));
        operation.refuses(&[refusal::UNAUTHORIZED, refusal::FOREIGN_ORIGIN, refusal::UNAVAILABLE])
    }

    /// For whoever has a ticket, too.
    pub(crate) fn or_ticket(self) -> Self {
        self.with(|operation| operation.security(needs(TICKET)))
    }

    /// For applications with this scope.
    pub(crate) fn of_application(self, scope: &str) -> Self {
        let scopes = if scope == SCOPE_ADMIN { vec![SCOPE_ADMIN] } else { vec![scope] };
        let token = SecurityRequirement::new(TOKEN, scopes);
        let operation =
            self.with(|operation| operation.security(needs(API_KEY_BEARER)).security(needs(API_KEY)).security(token));
        let refusals = [refusal::UNAUTHORIZED, refusal::FORBIDDEN, refusal::UNAVAILABLE];
        operation
            .refuses(&refusals)
            .query::<String>("tenant", "The tenant to act on; a token has its own. Default `default`")
    }

    /// For administrators, if there are keys for them.
    pub(crate) fn of_administrator(self) -> Self {
        let operation = self.with(|operation| {
            operation
                .security(SecurityRequirement::default())
                .security(needs(ADMIN_KEY_BEARER))
                .security(needs(ADMIN_KEY))
        });
        operation.refuses(&[refusal::KEY_REQUIRED])
    }

    /// Refuses with these, and not with others of their statuses.
    pub(crate) fn refuses(mut self, refusals: &[Refusal]) -> Self {
        self.refusals.extend(refusals.iter().map(|refusal| (refusal.status().as_u16(), *refusal)));
        self
    }

    /// A part of the path.
    pub(crate) fn path<T: ToSchema>(self, name: &str, about: &str) -> Self {
        self.typed_parameter::<T>(ParameterIn::Path, name, about)
    }

    /// A query parameter.
    pub(crate) fn query<T: ToSchema>(self, name: &str, about: &str) -> Self {
        self.typed_parameter::<T>(ParameterIn::Query, name, about)
    }

    /// A query parameter with a form of its own.
    pub(crate) fn query_of(self, name: &str, about: &str, schema: impl Into<RefOr<Schema>>) -> Self {
        self.parameter(ParameterIn::Query, name, about, schema.into())
    }

    /// A header that may be anything.
    pub(crate) fn header<T: ToSchema>(self, name: &str, about: &str) -> Self {
        self.typed_parameter::<T>(ParameterIn::Header, name, about)
    }

    /// A header with a form of its own.
    pub(crate) fn header_of(self, name: &str, about: &str, schema: impl Into<RefOr<Schema>>) -> Self {
        self.parameter(ParameterIn::Header, name, about, schema.into())
    }

    fn typed_parameter<T: ToSchema>(mut self, place: ParameterIn, name: &str, about: &str) -> Self {
        let schema = self.schema::<T>();
        self.parameter(place, name, about, schema)
    }

    fn parameter(self, place: ParameterIn, name: &str, about: &str, schema: RefOr<Schema>) -> Self {
        let required = if place == ParameterIn::Path { Required::True } else { Required::False };
        let parameter = ParameterBuilder::new().name(name).parameter_in(place).required(required);
        self.with(|operation| operation.parameter(parameter.description(Some(about)).schema(Some(schema))))
    }

    /// A JSON body, with an example.
    pub(crate) fn body<T: ToSchema>(mut self, about: &str, example: Value) -> Self {
        let content = self.content::<T>(Some(example));
        self.body_of(about, [("application/json", content)], Required::True)
    }

    /// A JSON body that may be left out.
    pub(crate) fn optional_body<T: ToSchema>(mut self, about: &str, example: Value) -> Self {
        let content = self.content::<T>(Some(example));
        self.body_of(about, [("application/json", content)], Required::False)
    }

    /// A body in one of several forms.
    pub(crate) fn body_of<const N: usize>(self, about: &str, forms: [(&str, Content); N], required: Required) -> Self {
        let body = RequestBodyBuilder::new().description(Some(about)).required(Some(required));
        let body = forms.into_iter().fold(body, |body, (media_type, content)| body.content(media_type, content));
        self.with(|operation| operation.request_body(Some(body.build()))).refuses(&[
            refusal::BAD_REQUEST,
            refusal::BODY_TIMEOUT,
            refusal::BODY_TOO_LARGE,
            refusal::UNSUPPORTED_MEDIA_TYPE,
            refusal::INVALID,
        ])
    }

    /// Answers JSON, with an example.
    pub(crate) fn answers<T: ToSchema>(mut self, status: StatusCode, about: &str, example: Value) -> Self {
        let content = self.content::<T>(Some(example));
        self.answers_with(status, ResponseBuilder::new().description(about).content("application/json", content))
    }

    /// Answers without a body.
    pub(crate) fn answers_nothing(self, status: StatusCode, about: &str) -> Self {
        self.answers_with(status, ResponseBuilder::new().description(about))
    }

    /// Answers something else.
    pub(crate) fn answers_with(self, status: StatusCode, response: ResponseBuilder) -> Self {
        self.with(|operation| operation.response(status.as_str(), response))
    }

    /// The content of a body with this schema.
    pub(crate) fn content<T: ToSchema>(&mut self, example: Option<Value>) -> Content {
        ContentBuilder::new().schema(Some(self.schema::<T>())).example(example).build()
    }

    /// The content of a body that is an array.
    pub(crate) fn array<T: ToSchema>(&mut self, most: usize, example: Value) -> Content {
        let array = ArrayBuilder::new().items(self.schema::<T>()).max_items(Some(most));
        ContentBuilder::new().schema(Some(array)).example(Some(example)).build()
    }

    /// The content of a body that is a sequence of such items, with an example as it goes over the wire.
    pub(crate) fn sequence<T: ToSchema>(&mut self, example: String) -> Content {
        let example = utoipa::openapi::example::ExampleBuilder::new().serialized_value(Some(example)).build();
        let items = ContentBuilder::new().item_schema(Some(self.schema::<T>()));
        items.examples_from_iter([("example", RefOr::T(example))]).build()
    }

    /// A reference to a type's schema, which becomes a component; a plain text is written out.
    fn schema<T: ToSchema>(&mut self) -> RefOr<Schema> {
        if T::name() == String::name() {
            return T::schema();
        }
        self.schemas.push((T::name().into(), T::schema()));
        T::schemas(&mut self.schemas);
        Ref::from_schema_name(T::name()).into()
    }

    pub(super) fn described(mut self) -> Described {
        let refusals: Vec<Refusal> = self.refusals.into_values().collect();
        for refusal in &refusals {
            let response = Ref::from_response_name(refusal.name);
            self.operation = self.operation.response(refusal.status().as_str(), response);
        }
        Described { operation: self.operation.build(), schemas: self.schemas, refusals, head: self.head }
    }
}

fn needs(scheme: &str) -> SecurityRequirement {
    SecurityRequirement::new(scheme, [""; 0])
}

/// A whole number within bounds.
pub(crate) fn number(least: usize, most: usize, usual: usize) -> Object {
    Object::builder()
        .schema_type(Type::Integer)
        .minimum(Some(least))
        .maximum(Some(most))
        .default(Some(usual.into()))
        .build()
}

/// One of some words.
pub(crate) fn one_of<const N: usize>(words: [&str; N]) -> Object {
    Object::builder().schema_type(Type::String).enum_values(Some(words)).build()
}

/// A key that makes a publish happen once.
pub(crate) fn idempotency_key() -> Object {
    Object::builder().schema_type(Type::String).pattern(Some("^[!-~]{1,255}$")).build()
}

/// A response with a header, which is text.
pub(crate) fn with_header(response: ResponseBuilder, name: &str, about: &str) -> ResponseBuilder {
    let header = HeaderBuilder::new().schema(Some(<String as utoipa::PartialSchema>::schema()));
    response.header(name, header.description(Some(about)).build())
}
