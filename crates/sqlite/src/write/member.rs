//! Who is in which topic, and whose credentials are revoked: known by name, because neither needs a log.

use super::{Request, Work};
use crate::error::Failure;
use campanile_core::{Recipient, Timestamp, Topic};
use rusqlite::{OptionalExtension, params};

/// Takes a user into a topic, or out of it.
pub(crate) struct SetMember {
    pub(crate) topic: Topic,
    pub(crate) who: Recipient,
    pub(crate) member: bool,
}

impl Request for SetMember {
    type Answer = ();

    fn apply(&self, work: &mut Work<'_>) -> Result<(), Failure> {
        let tenant = work.tenant(&self.who.tenant)?;
        let topic = work.topic(tenant, &self.topic)?;
        let name = self.who.user.as_str();
        match (self.member, topic) {
            (true, topic) => {
                let topic = topic.map_or_else(|| work.new_topic(tenant, &self.topic), Ok)?;
                work.execute(
                    "INSERT OR IGNORE INTO campanile_member (topic, name) VALUES (?1, ?2)",
                    params![topic, name],
                )?;
            }
            (false, Some(topic)) => work.leave(topic, name)?,
            (false, None) => {}
        }
        Ok(())
    }
}

/// Revokes a user's credentials that were issued before a moment.
pub(crate) struct Revoke {
    pub(crate) who: Recipient,
    pub(crate) issued_before: Timestamp,
}

impl Request for Revoke {
    type Answer = ();

    fn apply(&self, work: &mut Work<'_>) -> Result<(), Failure> {
        let tenant = work.tenant(&self.who.tenant)?;
        let sql = "INSERT INTO campanile_revocation (tenant, name, issued_before) VALUES (?1, ?2, ?3)
                   ON CONFLICT DO UPDATE SET issued_before = max(issued_before, excluded.issued_before)";
        work.execute(sql, params![tenant, self.who.user.as_str(), self.issued_before.as_millis()])?;
        Ok(())
    }
}

impl Work<'_> {
    fn topic(&self, tenant: i64, topic: &Topic) -> rusqlite::Result<Option<i64>> {
        let sql = "SELECT topic FROM campanile_topic WHERE tenant = ?1 AND name = ?2";
        self.conn.prepare_cached(sql)?.query_row(params![tenant, topic.as_str()], |row| row.get(0)).optional()
    }

    fn new_topic(&self, tenant: i64, topic: &Topic) -> rusqlite::Result<i64> {
        let sql = "INSERT INTO campanile_topic (tenant, name) VALUES (?1, ?2)";
        self.execute(sql, params![tenant, topic.as_str()])?;
        Ok(self.conn.last_insert_rowid())
    }

    /// Takes a user out of a topic; with the last member the topic goes.
    fn leave(&self, topic: i64, name: &str) -> rusqlite::Result<()> {
        self.execute("DELETE FROM campanile_member WHERE topic = ?1 AND name = ?2", params![topic, name])?;
        let sql = "DELETE FROM campanile_topic WHERE topic = ?1
                   AND NOT EXISTS (SELECT 1 FROM campanile_member WHERE topic = ?1)";
        self.execute(sql, [topic])?;
        Ok(())
    }

    /// Takes a user out of all topics of the tenant.
    pub(super) fn leave_all(&self, who: &Recipient) -> rusqlite::Result<()> {
        let mut found = self.conn.prepare_cached(
            "SELECT m.topic FROM campanile_member m
             CROSS JOIN campanile_topic p ON p.topic = m.topic
             CROSS JOIN campanile_tenant t ON t.tenant = p.tenant
             WHERE m.name = ?1 AND t.name = ?2",
        )?;
        let topics = found.query_map([who.user.as_str(), who.tenant.as_str()], |row| row.get(0))?;
        for topic in topics.collect::<rusqlite::Result<Vec<i64>>>()? {
            self.leave(topic, who.user.as_str())?;
        }
        Ok(())
    }
}
