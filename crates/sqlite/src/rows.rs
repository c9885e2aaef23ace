//! How words are written in columns.

use campanile_core::{
    Change, Epoch, Notification, NotificationId, Recipient, Seq, Severity, StateChange, Tenant, Timestamp, TypeName,
    UpToState, UserId,
};
use rusqlite::{Row, types::Type};
use std::sync::Arc;

/// A seq as SQLite's integer. No log reaches the end of these; a client may still name a place beyond.
pub(crate) fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// An integer that is never negative in a sound database.
pub(crate) fn unsigned(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    let n: i64 = row.get(at)?;
    u64::try_from(n).map_err(|why| rusqlite::Error::FromSqlConversionFailure(at, Type::Integer, Box::new(why)))
}

pub(crate) fn time(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(at)?.map(Timestamp::from_millis))
}

/// A user's name.
pub(crate) fn user_id(row: &Row<'_>, at: usize) -> rusqlite::Result<UserId> {
    UserId::new(row.get_ref(at)?.as_str()?).map_err(|_| damaged(at, "no user's name"))
}

/// A user and the tenant, each by name.
pub(crate) fn recipient(row: &Row<'_>, tenant: usize, user: usize) -> rusqlite::Result<Recipient> {
    let name = Tenant::new(row.get_ref(tenant)?.as_str()?).map_err(|_| damaged(tenant, "no tenant's name"))?;
    Ok(Recipient::new(name, user_id(row, user)?))
}

/// How many, as SQLite's integer.
pub(crate) fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// How many there are by a sound database.
pub(crate) fn size(row: &Row<'_>, at: usize) -> rusqlite::Result<usize> {
    let n: i64 = row.get(at)?;
    usize::try_from(n).map_err(|why| rusqlite::Error::FromSqlConversionFailure(at, Type::Integer, Box::new(why)))
}

fn damaged(at: usize, what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(at, Type::Blob, what.into())
}

/// Which life of a log: the store's and the log's own, mixed so that a new generation makes every epoch a new one.
pub(crate) fn epoch(of_log: i64, generation: u64) -> Epoch {
    // The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a permutation, so two logs of one generation never collide.
    let mut x = of_log.cast_unsigned() ^ generation;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    Epoch(x ^ (x >> 31))
}

pub(crate) fn severity_code(severity: Severity) -> i64 {
    match severity {
        Severity::Info => 0,
        Severity::Success => 1,
        Severity::Warning => 2,
        Severity::Error => 3,
        Severity::Fatal => 4,
    }
}

/// The columns of a notification, in the order in which [`notification`] reads them.
macro_rules! notification_columns {
    () => {
        "n.id, n.occurred_at, n.severity, n.type, n.body"
    };
}
pub(crate) use notification_columns;

/// Reads a notification from its columns, beginning at `at`.
pub(crate) fn notification(row: &Row<'_>, at: usize, tenant: &Tenant) -> rusqlite::Result<Arc<Notification>> {
    let id = NotificationId::from_bytes(row.get(at)?);
    let code: i64 = row.get(at + 2)?;
    let severity = Severity::ALL.into_iter().find(|severity| severity_code(*severity) == code);
    let severity = severity.ok_or_else(|| damaged(at + 2, "no severity"))?;
    let type_name = TypeName::new(row.get_ref(at + 3)?.as_str()?).map_err(|_| damaged(at + 3, "no type's name"))?;
    let occurred_at = Timestamp::from_millis(row.get(at + 1)?);
    let body = row.get_ref(at + 4)?.as_str()?.into();
    Ok(Arc::new(Notification { id, tenant: tenant.clone(), type_name, severity, occurred_at, body }))
}

const GONE: i64 = 0;
const UPDATED: i64 = 1;
const READ_UP_TO: i64 = 2;
const SEEN_UP_TO: i64 = 3;

/// An entry that is not an arrival, as it is stored.
pub(crate) struct ChangeColumns {
    pub(crate) kind: i64,
    pub(crate) value: i64,
    pub(crate) ids: Option<Vec<u8>>,
}

impl ChangeColumns {
    /// The columns of a change; `None` for an arrival, which the inbox row is.
    pub(crate) fn of(change: &Change) -> Option<Self> {
        match change {
            Change::Arrived(_) => None,
            Change::Gone(id) => Some(Self { kind: GONE, value: 0, ids: Some(id.to_bytes().to_vec()) }),
            Change::Updated { ids, state } => {
                let ids = ids.iter().flat_map(|id| id.to_bytes()).collect();
                Some(Self { kind: UPDATED, value: state_code(*state), ids: Some(ids) })
            }
            Change::UpTo { up_to, state } => {
                let kind = if *state == UpToState::Read { READ_UP_TO } else { SEEN_UP_TO };
                Some(Self { kind, value: int(up_to.0), ids: None })
            }
        }
    }
}

/// Reads a change from `kind`, `value`, `ids`, beginning at `at`.
pub(crate) fn change(row: &Row<'_>, at: usize) -> rusqlite::Result<Change> {
    match row.get(at)? {
        GONE => Ok(Change::Gone(NotificationId::from_bytes(row.get(at + 2)?))),
        UPDATED => Ok(Change::Updated { ids: ids(row, at + 2)?, state: state_of(row.get(at + 1)?) }),
        READ_UP_TO => Ok(Change::UpTo { up_to: Seq(unsigned(row, at + 1)?), state: UpToState::Read }),
        SEEN_UP_TO => Ok(Change::UpTo { up_to: Seq(unsigned(row, at + 1)?), state: UpToState::Seen }),
        _ => Err(damaged(at, "no kind of change")),
    }
}

fn ids(row: &Row<'_>, at: usize) -> rusqlite::Result<Vec<NotificationId>> {
    let (ids, rest) = row.get_ref(at)?.as_blob()?.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(damaged(at, "no list of ids"));
    }
    Ok(ids.iter().map(|id| NotificationId::from_bytes(*id)).collect())
}

/// Four values in two bits each: 0 says nothing, 1 false, 2 true.
fn state_code(state: StateChange) -> i64 {
    let code = |value: Option<bool>| value.map_or(0, |value| if value { 2 } else { 1 });
    code(state.read) | code(state.archived) << 2 | code(state.removed) << 4 | code(state.seen) << 6
}

fn state_of(code: i64) -> StateChange {
    let value = |bits: i64| match bits & 3 {
        1 => Some(false),
        2 => Some(true),
        _ => None,
    };
    StateChange { read: value(code), archived: value(code >> 2), removed: value(code >> 4), seen: value(code >> 6) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_survive_their_columns() {
        let values = [None, Some(false), Some(true)];
        for (n, read) in values.iter().enumerate() {
            let (archived, removed) = (values[(n + 1) % 3], values[(n + 2) % 3]);
            let state = StateChange { read: *read, seen: archived, archived, removed };
            assert_eq!(state_of(state_code(state)), state);
        }
    }

    #[test]
    fn a_new_generation_makes_every_epoch_a_new_one() {
        let epochs = |generation| (0..1000).map(move |of_log| epoch(of_log, generation).0);
        let mut all: Vec<u64> = epochs(1).chain(epochs(u64::MAX)).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 2000);
    }
}
