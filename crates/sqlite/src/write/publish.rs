//! Publishing: the words once, an inbox row per recipient.

use super::{Request, Work};
use crate::{
    error::{Failure, is_constraint},
    rows::{int, severity_code},
};
use campanile_core::{
    Notification, Recipient,
    store::{Appended, Publish},
};
use rusqlite::params;
use std::collections::HashSet;

impl Request for Publish {
    type Answer = Vec<Appended>;

    fn apply(&self, work: &mut Work<'_>) -> Result<Vec<Appended>, Failure> {
        check(self)?;
        let n = work.store(&self.notification, self.recipients.len())?;
        let arrive = |recipient| work.arrive(n, &self.notification, recipient);
        Ok(self.recipients.iter().map(arrive).collect::<Result<_, _>>()?)
    }

    fn weight(&self) -> usize {
        self.recipients.len() + 1
    }
}

fn check(publish: &Publish) -> Result<(), Failure> {
    let [first, others @ ..] = &publish.recipients[..] else { return Ok(()) };
    let mut users = HashSet::new();
    let mut fits =
        |r: &Recipient| r.tenant == publish.notification.tenant && (others.is_empty() || users.insert(r.user.clone()));
    if fits(first) && others.iter().all(fits) {
        return Ok(());
    }
    Err(Failure::Refused("the recipients are not all different users of the notification's tenant"))
}

impl Work<'_> {
    /// Stores a notification's words; answers its number, which grows with every commit.
    fn store(&mut self, one: &Notification, inboxes: usize) -> Result<i64, Failure> {
        let tenant = self.tenant(&one.tenant)?;
        let n = self.newest()? + 1;
        let sql = "INSERT INTO campanile_notification (n, id, tenant, inboxes, occurred_at, severity, type, body)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let inserted = self.execute(
            sql,
            params![
                n,
                one.id.to_bytes(),
                tenant,
                i64::try_from(inboxes).unwrap_or(i64::MAX),
                one.occurred_at.as_millis(),
                severity_code(one.severity),
                one.type_name.as_str(),
                &*one.body,
            ],
        );
        match inserted {
            Ok(_) => {}
            Err(why) if is_constraint(&why) => return Err(Failure::Refused("the notification is already stored")),
            Err(why) => return Err(why.into()),
        }
        self.memory.newest = Some(n);
        Ok(n)
    }

    fn newest(&self) -> rusqlite::Result<i64> {
        match self.memory.newest {
            Some(newest) => Ok(newest),
            None => self.conn.query_row("SELECT coalesce(max(n), 0) FROM campanile_notification", [], |row| row.get(0)),
        }
    }

    fn arrive(&mut self, n: i64, one: &Notification, recipient: &Recipient) -> rusqlite::Result<Appended> {
        let mut row = self.head_or_new(recipient)?;
        let seq = row.append(one.occurred_at);
        row.head.counts.unread += 1;
        row.head.counts.unseen += 1;
        row.marks.inbox_at = Some(row.marks.inbox_at.map_or(one.occurred_at, |at| at.min(one.occurred_at)));
        self.execute(
            "INSERT INTO campanile_inbox (user, seq, n) VALUES (?1, ?2, ?3)",
            params![row.user, int(seq.0), n],
        )?;
        self.memory.heads.set(recipient, row);
        Ok(Appended { recipient: recipient.clone(), head: row.head })
    }
}
