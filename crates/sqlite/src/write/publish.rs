//! Publishing: the words once, an inbox row per recipient.

use super::{Request, Work};
use crate::{
    error::{Failure, is_constraint},
    rows::{self, count, int, severity_code},
};
use campanile_core::{
    Notification, NotificationId, Recipient, Tenant,
    store::{Appended, Idempotency, Publish, Published, StoreAudience},
};
use rusqlite::{OptionalExtension, params};

impl Request for Publish {
    type Answer = Published;

    fn apply(&self, work: &mut Work<'_>) -> Result<Published, Failure> {
        let tenant = &self.notification.tenant;
        if let Some(key) = &self.idempotency
            && let Some(before) = work.used(tenant, key)?
        {
            return Ok(before);
        }
        let recipients = work.audience(self)?;
        if recipients.len() > self.max_recipients {
            return Ok(Published::TooMany(recipients.len()));
        }
        let stored = work.store(&self.notification, &recipients)?;
        let arrive = |recipient| work.arrive(&stored, &self.notification, recipient);
        let appended = recipients.iter().map(arrive).collect::<Result<_, _>>()?;
        if let Some(key) = &self.idempotency {
            work.use_key(&self.notification, key, recipients.len())?;
        }
        Ok(Published::Stored(appended))
    }

    fn weight(&self) -> usize {
        match &self.audience {
            StoreAudience::Users(users) => users.len() + 1,
            // Not known before; the transaction counts what is really written.
            StoreAudience::Topic { .. } | StoreAudience::Everyone { .. } => 1,
        }
    }
}

const STORED: Failure = Failure::Refused("the notification is already stored");

/// A notification's row.
struct Stored {
    /// Its number, which grows with every commit.
    n: i64,
    /// Whether the row names its only recipient.
    sole: bool,
}

impl Work<'_> {
    /// Stores a notification's words.
    fn store(&mut self, one: &Notification, recipients: &[Recipient]) -> Result<Stored, Failure> {
        let tenant = self.tenant(&one.tenant)?;
        let n = self.newest()? + 1;
        let (sole_user, sole_seq) = self.sole(one, recipients)?.unzip();
        let sql = "INSERT INTO campanile_notification
                       (n, id, tenant, inboxes, recipients, occurred_at, severity, type, body, sole_user, sole_seq)
                   VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        // Words that nobody has are not kept.
        let body = if recipients.is_empty() { "" } else { &one.body };
        let inserted = self.execute(
            sql,
            params![
                n,
                one.id.to_bytes(),
                tenant,
                count(recipients.len()),
                one.occurred_at.as_millis(),
                severity_code(one.severity),
                one.type_name.as_str(),
                body,
                sole_user,
                sole_seq,
            ],
        );
        match inserted {
            Ok(_) => {}
            Err(why) if is_constraint(&why) => return Err(STORED),
            Err(why) => return Err(why.into()),
        }
        self.memory.newest = Some(n);
        Ok(Stored { n, sole: sole_user.is_some() })
    }

    /// The user, and the place in the log, of a single recipient.
    fn sole(&mut self, one: &Notification, recipients: &[Recipient]) -> Result<Option<(i64, i64)>, Failure> {
        let [recipient] = recipients else { return Ok(None) };
        // What is refused must not begin a log, either.
        if self.head(recipient)?.is_none() && self.is_stored(one.id)? {
            return Err(STORED);
        }
        let row = self.head_or_new(recipient)?;
        Ok(Some((row.user, int(row.head.seq.next().0))))
    }

    fn is_stored(&self, id: NotificationId) -> rusqlite::Result<bool> {
        self.conn.prepare_cached("SELECT 1 FROM campanile_notification WHERE id = ?1")?.exists([id.to_bytes()])
    }

    fn newest(&self) -> rusqlite::Result<i64> {
        match self.memory.newest {
            Some(newest) => Ok(newest),
            None => self.conn.query_row("SELECT coalesce(max(n), 0) FROM campanile_notification", [], |row| row.get(0)),
        }
    }

    fn arrive(&mut self, stored: &Stored, one: &Notification, recipient: &Recipient) -> rusqlite::Result<Appended> {
        self.rows += 1;
        let mut row = self.head_or_new(recipient)?;
        let seq = row.append(one.occurred_at);
        row.head.counts.unread += 1;
        row.head.counts.unseen += 1;
        row.marks.inbox_at = Some(row.marks.inbox_at.map_or(one.occurred_at, |at| at.min(one.occurred_at)));
        let place = params![row.user, int(seq.0), stored.n];
        self.execute("INSERT INTO campanile_inbox (user, seq, n) VALUES (?1, ?2, ?3)", place)?;
        if !stored.sole {
            self.execute("INSERT INTO campanile_recipient (user, seq, n) VALUES (?1, ?2, ?3)", place)?;
        }
        self.memory.heads.set(recipient, row);
        Ok(Appended { recipient: recipient.clone(), head: row.head })
    }

    /// What the first publish under a key did, if there was one.
    fn used(&self, tenant: &Tenant, key: &Idempotency) -> rusqlite::Result<Option<Published>> {
        let mut found = self.conn.prepare_cached(
            "SELECT k.digest, k.notification, k.recipients FROM campanile_tenant t
             CROSS JOIN campanile_key k ON k.tenant = t.tenant
             WHERE t.name = ?1 AND k.credential = ?2 AND k.key = ?3",
        )?;
        let used = found.query_row([tenant.as_str(), &key.credential, &key.key], |row| {
            if row.get_ref(0)?.as_blob()? != key.digest {
                return Ok(Published::Conflict);
            }
            let notification_id = NotificationId::from_bytes(row.get(1)?);
            Ok(Published::Replayed { notification_id, recipients: rows::size(row, 2)? })
        });
        used.optional()
    }

    fn use_key(&mut self, one: &Notification, key: &Idempotency, recipients: usize) -> rusqlite::Result<()> {
        let tenant = self.tenant(&one.tenant)?;
        let sql = "INSERT INTO campanile_key (tenant, credential, key, at, digest, notification, recipients)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let (at, id) = (one.occurred_at.as_millis(), one.id.to_bytes());
        self.execute(sql, params![tenant, key.credential, key.key, at, key.digest, id, count(recipients)])?;
        Ok(())
    }
}
