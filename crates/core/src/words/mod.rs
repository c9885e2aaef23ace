//! The words: values that cannot hold what the contract forbids. Pure: no I/O, no clock.

mod audience;
mod change;
mod draft;
mod ids;
mod json;
mod link;
mod notification;
mod position;
mod severity;
mod signal;
mod time;
mod who;

pub use audience::Audience;
pub use change::{Change, Counts, Entry, Mark, MarkTarget, StateChange, UpToState};
pub use draft::{AudienceDraft, Draft, DraftLimits, EntityRef, Fault, Parsed};
pub use ids::{ConnectionId, NotificationId, UnknownId};
pub use json::{Json, JsonError};
pub use link::{Link, LinkError};
pub use notification::{
    Notification, NotificationBody, NotificationDetails, NotificationParts, TypeName, TypeNameError,
};
pub use position::{Cursor, Epoch, Seq};
pub use severity::{Severity, UnknownSeverity};
pub use signal::{Signal, SignalDraft, SignalName};
pub use time::{Clock, ManualClock, SystemClock, Timestamp};
pub use who::{Recipient, Tenant, Topic, UserId, WhoError};
