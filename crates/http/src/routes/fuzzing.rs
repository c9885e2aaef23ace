//! What the fuzz targets reach into: the readers of bodies and queries, each without the route around it.

use super::{batch, bulk, changes, draft::Asked, list, marks, paging::Paging, users::Revocation};
use crate::{Problem, body::Media};
use bytes::Bytes;
use campanile_core::{
    Cursor, Definitions, Draft, DraftLimits, MarkTarget, SignalDraft, Timestamp, UserId, store::InboxQuery,
};
use std::time::Duration;

/// A publish, and the tenant that its body names.
pub fn publish(body: &[u8]) -> Result<(Draft, Option<String>), Problem> {
    let asked = Asked::<Draft>::publish(body)?;
    let tenant = asked.tenant.clone();
    Ok((asked.valid(&DraftLimits::default(), &Definitions::default())?, tenant))
}

/// A publish among others, and its key.
pub fn item(body: &[u8]) -> Result<(Draft, Option<String>), Problem> {
    let mut asked = Asked::<Draft>::item(body)?;
    let key = asked.key.take();
    Ok((asked.valid(&DraftLimits::default(), &Definitions::default())?, key))
}

/// A signal, and the tenant that its body names.
pub fn signal(body: &[u8]) -> Result<(SignalDraft, Option<String>), Problem> {
    let asked = Asked::<SignalDraft>::signal(body)?;
    let tenant = asked.tenant.clone();
    Ok((asked.valid(&DraftLimits::default())?, tenant))
}

/// A change of several notifications.
pub fn bulk(body: &[u8]) -> Result<MarkTarget, Problem> {
    bulk::parse(body)
}

/// The text of the only member that a body may have, if it may have one.
pub fn only_member(body: &[u8], name: Option<&str>) -> Result<Option<String>, Problem> {
    marks::members(body, name).map(|member| member.map(|raw| raw.get().to_owned()))
}

/// A revocation, and the tenant that its body names.
pub fn revocation(body: &[u8]) -> Result<(Timestamp, Option<String>), Problem> {
    Revocation::parse(body).map(|asked| (asked.issued_before, asked.tenant))
}

/// The publishes of a batch, as lines or as an array.
pub fn batch(lines: bool, body: &Bytes) -> Result<Vec<Bytes>, Problem> {
    batch::split(if lines { Media::JsonLines } else { Media::Json }, body)
}

/// The query of a page of the inbox, and its cursor.
pub fn inbox(query: Option<&str>) -> Result<(InboxQuery, Option<Cursor>), Problem> {
    list::Asked::parse(query).map(|asked| (asked.query, asked.after))
}

/// The query of a piece of the log: position, limit, wait.
pub fn changes(query: Option<&str>) -> Result<(Option<Bytes>, usize, Duration), Problem> {
    changes::Asked::parse(query).map(|asked| (asked.after, asked.limit, asked.wait))
}

/// The query of a list by users' names: limit, and the name to begin after.
pub fn names(query: Option<&str>) -> Result<(usize, Option<UserId>), Problem> {
    Paging::<UserId>::by_name(query).map(|paging| (paging.limit, paging.after))
}

/// A name as a cursor.
#[must_use]
pub fn name_cursor(name: &UserId) -> String {
    super::paging::write_name(name)
}
