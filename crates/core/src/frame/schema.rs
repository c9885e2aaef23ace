//! What the events of a stream look like in an OpenAPI document: each parsed, as a reader of the event-stream format hands it on, its
//! `data` still being text.

use super::{
    COUNTS, EXPIRING, Expiring, GAP, Gap, NOTIFICATION, READY, RECONNECT, Ready, Reconnect, UPDATED, Updated,
    VersionedCounts,
};
use crate::{Cursor, NotificationBody, SignalName};
use campanile_sse::{EventName, encode::HEARTBEAT_NAME};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{Object, ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, Type, schema::AdditionalProperties},
};

type Schemas = Vec<(String, RefOr<Schema>)>;

/// Any event of a stream.
#[derive(Debug)]
pub struct StreamEvent;

impl PartialSchema for StreamEvent {
    fn schema() -> RefOr<Schema> {
        let refs = events().into_iter().map(|event| Ref::from_schema_name(event.name));
        let any = refs.fold(OneOfBuilder::new(), OneOfBuilder::item);
        any.description(Some("An event of a stream, by its name.")).into()
    }
}

impl ToSchema for StreamEvent {
    fn schemas(schemas: &mut Schemas) {
        for event in events() {
            schemas.push((event.name.into(), event.schema.into()));
            (event.data)(schemas);
        }
    }
}

/// The data of an entry of the log.
#[derive(Debug)]
pub struct LoggedData;

impl PartialSchema for LoggedData {
    fn schema() -> RefOr<Schema> {
        let either = [NotificationBody::name(), Updated::name()].map(Ref::from_schema_name);
        either.into_iter().fold(OneOfBuilder::new(), OneOfBuilder::item).into()
    }
}

impl ToSchema for LoggedData {
    fn schemas(schemas: &mut Schemas) {
        with_own::<NotificationBody<'_>>(schemas);
        with_own::<Updated<'_>>(schemas);
    }
}

struct Event {
    name: &'static str,
    schema: ObjectBuilder,
    /// Adds the schemas that its data consists of.
    data: fn(&mut Schemas),
}

fn events() -> [Event; 9] {
    [
        event::<Ready<'_>>("ReadyEvent", READY, "Always the first: how the stream continues.").id(true).retry(),
        event::<NotificationBody<'_>>(
            "NotificationEvent",
            NOTIFICATION,
            "A notification arrived. Without an `id` if its type is live only.",
        )
        .id(false),
        event::<Updated<'_>>("UpdatedEvent", UPDATED, "The state of notifications changed, anywhere.").id(true),
        event::<VersionedCounts>(
            "CountsEvent",
            COUNTS,
            "The counts after a batch of the above. Keep those with the newest version; `ready` starts anew.",
        ),
        event::<Gap>("GapEvent", GAP, "Events without an `id` were dropped: this reader was too slow."),
        event::<Reconnect>("ReconnectEvent", RECONNECT, "Always the last: why the stream ends.").retry(),
        event::<Expiring>("ExpiringEvent", EXPIRING, "The credentials end soon."),
        heartbeat(),
        signal(),
    ]
}

impl Event {
    /// With a position, always or sometimes.
    fn id(self, always: bool) -> Self {
        let schema = self.schema.property("id", Ref::from_schema_name(Cursor::name()));
        Self { schema: if always { schema.required("id") } else { schema }, ..self }
    }

    /// With a `retry:` line of its own.
    fn retry(self) -> Self {
        Self { schema: self.schema.property("retry", u32::schema()).required("retry"), ..self }
    }
}

/// An event whose data is JSON.
#[expect(clippy::needless_pass_by_value, reason = "the names are constants")]
fn event<T: ToSchema>(name: &'static str, event: EventName, description: &str) -> Event {
    let data = json().content_schema(Some(Ref::from_schema_name(T::name())));
    Event { name, schema: named(one_of([event.as_str()]), data, description), data: with_own::<T> }
}

fn heartbeat() -> Event {
    let description = "A sign of life when nothing else was written for a while. Its data is empty.";
    let schema = named(one_of([HEARTBEAT_NAME.as_str()]), one_of([""]), description);
    Event { name: "HeartbeatEvent", schema, data: |_| {} }
}

fn signal() -> Event {
    let description = "A signal: any other name, and any JSON. Live only, never replayed.";
    let schema = named(Ref::from_schema_name(SignalName::name()), json(), description);
    Event { name: "SignalEvent", schema, data: with_own::<SignalName> }
}

fn json() -> ObjectBuilder {
    Object::builder().schema_type(Type::String).content_media_type("application/json")
}

fn named(event: impl Into<RefOr<Schema>>, data: impl Into<RefOr<Schema>>, description: &str) -> ObjectBuilder {
    let named = Object::builder().schema_type(Type::Object).description(Some(description));
    let named = named.property("event", event).required("event").property("data", data).required("data");
    named.additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

fn one_of<const N: usize>(texts: [&str; N]) -> ObjectBuilder {
    Object::builder().schema_type(Type::String).enum_values(Some(texts))
}

fn with_own<T: ToSchema>(schemas: &mut Schemas) {
    schemas.push((T::name().into(), T::schema()));
    T::schemas(schemas);
}
