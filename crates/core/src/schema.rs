//! What the words that are text on the wire look like in an OpenAPI document. Values with members derive it.

use crate::{
    ConnectionId, Cursor, EndReason, Link, NotificationId, ResetReason, Resume, SignalName, Timestamp, Topic,
    Transport, TypeName, UserId,
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, Object, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

fn text(description: &str) -> ObjectBuilder {
    Object::builder().schema_type(Type::String).description(Some(description))
}

macro_rules! texts {
    ($($name:ident: $description:literal $(, $rule:ident($value:expr))*;)*) => {
        $(impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                text($description)$(.$rule(Some($value)))*.into()
            }
        }

        impl ToSchema for $name {})*
    };
}

texts! {
    NotificationId: "A notification's id, the same for all of its recipients: a UUIDv7.",
        format(SchemaFormat::Custom("uuid".into()));
    ConnectionId: "The id of an open stream, or of a long poll that waits.",
        format(SchemaFormat::Custom("uuid".into()));
    Timestamp: "A moment in UTC (RFC 3339), with milliseconds.", format(SchemaFormat::KnownFormat(KnownFormat::DateTime));
    Cursor: "A position in one user's log, and the `id` of its event. To be treated as opaque.",
        pattern("^[0-9a-f]{16}-(0|[1-9][0-9]{0,18})$");
    TypeName: "A notification type's name: visible characters without spaces.",
        min_length(1), max_length(128);
    SignalName: "A signal's name: visible characters without spaces, none of the stream's own names.",
        min_length(1), max_length(64), pattern(format!("^(?!({})$)\\S+$", Self::RESERVED.join("|")));
    UserId: "A user: 1 to 256 bytes without control characters.", min_length(1), max_length(256);
    Topic: "A topic: 1 to 256 bytes without control characters.", min_length(1), max_length(256);
    Link: "Where a notification leads: an http(s) URL, or a path with one leading slash. At most 2,048 bytes, without spaces or control characters.",
        max_length(2048), pattern(r"^(https?://|/(?![/\\]))");
    Resume: "How a stream continues what its client had. `fresh`: no position was given, live from now. `exact`: everything after the \
        position follows, in order, once. `reset`: the position cannot be continued, live from now; read the inbox again.",
        enum_values(["fresh", "exact", "reset"]);
    ResetReason: "Why a position cannot be continued. `unknown`: it is none of this log. `expired`: the log no longer goes back so far. \
        `too-far`: it is further behind than streams replay.",
        enum_values([Self::Unknown, Self::Expired, Self::TooFar].map(Self::as_str));
    EndReason: "Why a stream ends. `draining`: the node shuts down. `busy`: there is no place for it now. `lifetime`: it was open as long as \
        streams may be. `expired`: the credentials have ended. `behind`: the log no longer covers this reader, the next stream begins with \
        `reset`. `evicted`: it was cut, or made room for a newer one. `revoked`: the credentials were revoked, or the user was erased.",
        enum_values([Self::Draining, Self::Busy, Self::Lifetime, Self::Expired, Self::Behind, Self::Evicted, Self::Revoked]
            .map(Self::as_str));
    Transport: "What carries a stream.", enum_values([Self::Http1, Self::Http2, Self::LongPoll].map(Self::as_str));
}
