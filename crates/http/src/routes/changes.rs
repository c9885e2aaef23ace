//! `GET /changes`: the log as JSON, by long poll. For clients whose network holds streams up.

use super::json;
use crate::{Code, Http, Problem, query};
use axum::{
    extract::{Request, State},
    response::Response,
};
use bytes::Bytes;
use campanile_core::{
    Changes, Cursor, LoggedEvent, OpenRequest, ResetReason, Resume, Transport, frame::VersionedCounts,
};
use http::{Method, StatusCode};
use serde_json::value::RawValue;
use std::time::Duration;

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;
/// The longest wait, in seconds: proxies give up on an answer soon after.
const MAX_WAIT: usize = 60;

/// A piece of the log.
#[derive(serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema), schema(as = Changes))]
#[serde(rename_all = "camelCase")]
struct Piece {
    resume: Resume,
    /// Why it is `reset`; `null` otherwise.
    #[cfg_attr(feature = "utoipa", schema(required))]
    reset_reason: Option<ResetReason>,
    changes: Vec<Logged>,
    /// The position after them: what to ask with next.
    cursor: Cursor,
    /// Whether more follow at once.
    more: bool,
    counts: VersionedCounts,
}

/// An event of the log.
#[derive(serde::Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema), schema(as = LoggedChange))]
struct Logged {
    id: Cursor,
    /// `notification` or `updated`.
    event: &'static str,
    /// What the event on the stream says, with the same bytes.
    #[cfg_attr(feature = "utoipa", schema(value_type = campanile_core::frame::schema::LoggedData))]
    data: Box<RawValue>,
}

impl TryFrom<LoggedEvent> for Logged {
    type Error = serde_json::Error;

    fn try_from(event: LoggedEvent) -> Result<Self, serde_json::Error> {
        Ok(Self { id: event.cursor, event: event.event, data: RawValue::from_string(event.data)? })
    }
}

/// What is asked for.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Asked {
    pub(super) after: Option<Bytes>,
    pub(super) limit: usize,
    pub(super) wait: Duration,
}

impl Asked {
    pub(super) fn parse(query: Option<&str>) -> Result<Self, Problem> {
        let mut asked = Self { after: None, limit: DEFAULT_LIMIT, wait: Duration::ZERO };
        query::each(query, |name, value| {
            match name {
                // Anything may be asked for: what is no position is an unknown one.
                "after" => asked.after = Some(Bytes::copy_from_slice(value)).filter(|after| !after.is_empty()),
                "limit" => {
                    asked.limit = query::number(value, 1..=MAX_LIMIT).ok_or("must be a number from 1 to 1000")?;
                }
                "wait" => {
                    let seconds = query::number(value, 0..=MAX_WAIT).ok_or("must be a number from 0 to 60")?;
                    asked.wait = Duration::from_secs(seconds as u64);
                }
                _ => return Err(query::UNKNOWN),
            }
            Ok(())
        })?;
        Ok(asked)
    }
}

/// Answers what came after a position; with a wait, as soon as there is something.
pub(super) async fn read(State(http): State<Http>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let identity = http.user(&parts).await?;
    let (asked, who) = (Asked::parse(parts.uri.query())?, identity.recipient.clone());
    http.connect(&who)?;
    // Nobody waits for an answer without a body.
    let wait = if parts.method == Method::HEAD { Duration::ZERO } else { asked.wait };
    let request = OpenRequest { identity, position: asked.after, transport: Transport::LongPoll };
    let changes = http.engine().changes(request, asked.limit, wait).await.inspect_err(|_| http.unconnect(&who))?;
    Ok(json(StatusCode::OK, Piece::try_from(changes)?))
}

impl TryFrom<Changes> for Piece {
    type Error = Problem;

    fn try_from(changes: Changes) -> Result<Self, Problem> {
        let Changes { resume, changes, cursor, more, counts } = changes;
        let logged: Result<Vec<Logged>, _> = changes.into_iter().map(TryInto::try_into).collect();
        let changes = logged.map_err(|error| {
            tracing::error!(%error, "an entry of the log is no JSON");
            Problem::new(Code::Internal, "The log could not be written as JSON.")
        })?;
        Ok(Self { resume, reset_reason: resume.reset_reason(), changes, cursor, more, counts })
    }
}

/// How it is described.
#[cfg(feature = "utoipa")]
pub(super) mod about {
    use super::{DEFAULT_LIMIT, MAX_LIMIT, MAX_WAIT, Piece};
    use crate::openapi::{Operation, example, number, refusal, tags};
    use http::StatusCode;
    use serde_json::json;

    const ABOUT: &str = "The log as JSON, for networks that hold streams up. Ask next with `after` = `cursor`. With `wait`, an answer without \
        changes is held back until there is one; meanwhile it takes a place like a stream.";

    pub(in crate::routes) fn read() -> Operation {
        let [after, at] = example::CURSORS;
        let change = json!({"id": at, "event": "notification", "data": example::notification()});
        let piece = json!({
            "resume": "exact", "resetReason": null, "changes": [change], "cursor": at, "more": false, "counts": example::counts()
        });
        Operation::new(tags::STREAM, "readChanges", "Read the log, by long poll")
            .about(ABOUT)
            .of_user()
            .query::<String>(
                "after",
                &format!("The position to go on from, such as `{after}`; what is none of this log is `reset`"),
            )
            .query_of("limit", "The most changes", number(1, MAX_LIMIT, DEFAULT_LIMIT))
            .query_of("wait", "How many seconds to wait for a change", number(0, MAX_WAIT, 0))
            .answers::<Piece>(StatusCode::OK, "A piece of the log.", piece)
            .refuses(&[refusal::INVALID, refusal::TOO_MANY_CONNECTIONS, refusal::NO_PLACE])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(query: &str) -> Vec<String> {
        let faults = Asked::parse(Some(query)).map_or_else(|problem| problem.errors().to_vec(), |_| Vec::new());
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn any_position_is_taken_and_everything_else_has_bounds() {
        let asked = Asked::parse(Some("after=%FF&limit=1000&wait=60")).unwrap();
        let expected = Asked { after: Some(Bytes::from_static(&[0xff])), limit: 1000, wait: Duration::from_secs(60) };
        assert_eq!(asked, expected);
        assert_eq!(Asked::parse(Some("after=")).unwrap(), Asked::parse(None).unwrap());
        for bad in ["0", "1001", "-1", "+5", "1.5", "", "x", "%FF", "99999999999999999999"] {
            assert_eq!(faults(&format!("limit={bad}")), ["/query/limit"], "{bad}");
        }
        assert_eq!(faults("wait=61&since=1&limit=5&limit=5"), ["/query/wait", "/query/since", "/query/limit"]);
    }
}
