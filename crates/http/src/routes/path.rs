//! The variable parts of a path, percent-decoded: a user or a topic in one may have any name that is valid elsewhere.

use crate::{Code, Problem};
use axum::extract::{RawPathParams, rejection::RawPathParamsRejection};
use campanile_core::{ConnectionId, Fault, NotificationId, Topic, UserId, WhoError};
use std::str::FromStr;

/// The variable parts, which may be no text at all.
pub(super) type Params = Result<RawPathParams, RawPathParamsRejection>;

/// The notification in the path; what cannot be an id is not there.
pub(super) fn notification_id(params: &Params) -> Result<NotificationId, Problem> {
    id(params)
}

/// The connection in the path; what cannot be an id is not there.
pub(super) fn connection_id(params: &Params) -> Result<ConnectionId, Problem> {
    id(params)
}

fn id<T: FromStr>(params: &Params) -> Result<T, Problem> {
    let params = params.as_ref().map_err(|_| Problem::not_found())?;
    let id = find(params, "notificationId").or_else(|| find(params, "id"));
    id.and_then(|id| id.parse().ok()).ok_or_else(Problem::not_found)
}

/// The user in the path.
pub(super) fn user(params: &Params) -> Result<UserId, Problem> {
    name(params, "user", |text| UserId::new(text))
}

/// The topic in the path.
pub(super) fn topic(params: &Params) -> Result<Topic, Problem> {
    name(params, "topic", |text| Topic::new(text))
}

fn name<T>(params: &Params, name: &str, parse: impl Fn(&str) -> Result<T, WhoError>) -> Result<T, Problem> {
    let no_text = |_| Problem::new(Code::Malformed, "The path is not UTF-8 when its escapes are decoded.");
    let text = find(params.as_ref().map_err(no_text)?, name).unwrap_or_default();
    parse(text).map_err(|why| vec![Fault::new(format!("/path/{name}"), why.to_string())].into())
}

fn find<'a>(params: &'a RawPathParams, name: &str) -> Option<&'a str> {
    params.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
}
