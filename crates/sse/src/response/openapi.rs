//! How streams are described in OpenAPI 3.2 (feature `utoipa`).

use std::collections::BTreeMap;

use axum_core::response::{IntoResponse, Response};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ContentBuilder, Object, ObjectBuilder, RefOr, Required, ResponseBuilder, Type};
use utoipa::{IntoParams, IntoResponses, ToSchema, openapi};

use super::last_event_id::PARAMETERS;
use super::{LastEventId, ServerSentEvents};
use crate::Retry;

/// Described as `text/event-stream` whose items are events as they are after parsing: `data` is text that holds a `T` as JSON.
///
/// `itemSchema` is new in OpenAPI 3.2: a document has to say that this is its version.
///
/// The schema of `T` itself is written where it is used. Types that it refers to are components, which a document needs as any others:
/// `components(schemas(T))` brings in all of them.
///
/// ```
/// use campanile_sse::{LastEventId, ServerSentEvents};
/// use utoipa::OpenApi;
///
/// #[derive(serde::Serialize, utoipa::ToSchema)]
/// struct Tick {
///     n: u64,
/// }
///
/// #[utoipa::path(get, path = "/ticks", params(LastEventId), responses(ServerSentEvents<Tick>))]
/// async fn ticks(_last: LastEventId) -> ServerSentEvents<Tick> {
///     ServerSentEvents::new(futures_util::stream::iter([Tick { n: 7 }]))
/// }
///
/// #[derive(OpenApi)]
/// #[openapi(version = "3.2.0", paths(ticks), components(schemas(Tick)))]
/// struct Api;
///
/// let document = serde_json::to_value(Api::openapi()).unwrap();
/// let content = &document["paths"]["/ticks"]["get"]["responses"]["200"]["content"];
/// let data = &content["text/event-stream"]["itemSchema"]["properties"]["data"];
/// assert_eq!(data["contentSchema"]["required"][0], "n");
/// ```
impl<T: ToSchema> IntoResponses for ServerSentEvents<T> {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        let content = ContentBuilder::new().item_schema(Some(event::<T>())).build();
        let response = ResponseBuilder::new().description("A stream of events.").content("text/event-stream", content);
        BTreeMap::from([("200".to_owned(), response.build().into())])
    }
}

/// An event as a receiver sees it, with a `T` in its data.
fn event<T: ToSchema>() -> ObjectBuilder {
    let data = text("The value as JSON.").content_media_type("application/json").content_schema(Some(T::schema()));
    let retry = Object::builder().schema_type(Type::Integer).minimum(Some(Retry::MIN.as_millis()));
    Object::builder()
        .schema_type(Type::Object)
        .property("data", data)
        .required("data")
        .property("event", text("The name to listen for; `message` if it is absent."))
        .property("id", text("The position behind the event, to be sent as `Last-Event-ID`."))
        .property("retry", retry.description(Some("The reconnection time from now on, in milliseconds.")))
}

fn text(description: &str) -> ObjectBuilder {
    Object::builder().schema_type(Type::String).description(Some(description))
}

/// Described as the header and the two query parameters that it looks for.
impl IntoParams for LastEventId {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let [query, other] = PARAMETERS;
        vec![
            parameter("Last-Event-ID", ParameterIn::Header, "The position behind which the stream is to go on."),
            parameter(query, ParameterIn::Query, "The same, for whoever cannot set headers. The header counts first."),
            parameter(other, ParameterIn::Query, "The same."),
        ]
    }
}

fn parameter(name: &str, place: ParameterIn, description: &str) -> Parameter {
    let parameter = ParameterBuilder::new().name(name).parameter_in(place).required(Required::False);
    parameter.description(Some(description)).schema(Some(Object::with_type(Type::String))).build()
}

/// A response that does not appear in an OpenAPI document (feature `utoipa`).
///
/// It answers as what it holds. Return it from a handler whose responses are described by its type, or name it in `responses(…)`.
///
/// ```
/// use campanile_sse::{ServerSentEvents, Undocumented};
///
/// async fn internal() -> Undocumented<ServerSentEvents<u64>> {
///     Undocumented(ServerSentEvents::new(futures_util::stream::iter(0..3)))
/// }
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Undocumented<R>(pub R);

impl<R: IntoResponse> IntoResponse for Undocumented<R> {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl<R> IntoResponses for Undocumented<R> {
    fn responses() -> BTreeMap<String, RefOr<openapi::Response>> {
        BTreeMap::new()
    }
}
