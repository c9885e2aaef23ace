//! Logs begin here.

use super::{Request, Work};
use crate::{error::Failure, heads::HeadRow};
use campanile_core::{Recipient, Tenant, store::Head};
use rusqlite::{OptionalExtension, params};

/// Makes sure that a user has a log.
pub(crate) struct Open(pub(crate) Recipient);

impl Request for Open {
    type Answer = Head;

    fn apply(&self, work: &mut Work<'_>) -> Result<Head, Failure> {
        Ok(work.head_or_new(&self.0)?.head)
    }
}

/// Writes as much as a publish does and means nothing: shows that the disk has room and takes what is synced to it.
pub(crate) struct Probe;

impl Request for Probe {
    type Answer = ();

    fn apply(&self, work: &mut Work<'_>) -> Result<(), Failure> {
        // Random, because SQLite writes no page whose bytes stay the same.
        work.execute("UPDATE campanile_meta SET probe = randomblob(32768)", [])?;
        Ok(())
    }
}

impl Work<'_> {
    /// A user's head; a user without a log gets one, with an epoch drawn at random.
    pub(super) fn head_or_new(&mut self, who: &Recipient) -> rusqlite::Result<HeadRow> {
        if let Some(row) = self.head(who)? {
            return Ok(row);
        }
        let epoch = random()?;
        let tenant = self.tenant(&who.tenant)?;
        let user = self.newest_user()? + 1;
        let sql = "INSERT INTO campanile_user (user, tenant, name) VALUES (?1, ?2, ?3)";
        self.execute(sql, params![user, tenant, who.user.as_str()])?;
        self.memory.users = Some(user);
        let sql = "INSERT INTO campanile_head (user, epoch) VALUES (?1, ?2)";
        self.execute(sql, params![user, epoch.cast_signed()])?;
        let row = HeadRow::load(self.conn, who, self.memory.generation)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        self.memory.heads.set(who, row);
        Ok(row)
    }

    /// The highest number that a user ever had: not even an erased one's is given again.
    fn newest_user(&self) -> rusqlite::Result<i64> {
        if let Some(user) = self.memory.users {
            return Ok(user);
        }
        let sql = "SELECT max(erased, coalesce((SELECT max(user) FROM campanile_user), 0)) FROM campanile_meta";
        self.conn.query_row(sql, [], |row| row.get(0))
    }

    /// A tenant's number; a new one gets the next.
    pub(super) fn tenant(&mut self, name: &Tenant) -> rusqlite::Result<i64> {
        if let Some(tenant) = self.memory.tenants.get(name) {
            return Ok(*tenant);
        }
        let mut found = self.conn.prepare_cached("SELECT tenant FROM campanile_tenant WHERE name = ?1")?;
        let tenant = match found.query_row([name.as_str()], |row| row.get(0)).optional()? {
            Some(tenant) => tenant,
            None => {
                self.execute("INSERT INTO campanile_tenant (name) VALUES (?1)", [name.as_str()])?;
                self.conn.last_insert_rowid()
            }
        };
        self.memory.tenants.insert(name.clone(), tenant);
        Ok(tenant)
    }
}

/// A random number; without one the transaction fails.
fn random() -> rusqlite::Result<u64> {
    getrandom::u64().map_err(|why| rusqlite::Error::ToSqlConversionFailure(why.to_string().into()))
}
