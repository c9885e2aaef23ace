//! Who is meant: found out within the transaction that stores the publish.

use super::Work;
use crate::{error::Failure, rows};
use campanile_core::{
    Recipient, Tenant, Topic, UserId,
    store::{Publish, StoreAudience},
};
use rusqlite::params;
use std::{borrow::Cow, collections::HashSet};

const MEMBERS: &str = "SELECT m.name FROM campanile_tenant t
    CROSS JOIN campanile_topic p ON p.tenant = t.tenant
    CROSS JOIN campanile_member m ON m.topic = p.topic
    WHERE t.name = ?1 AND p.name = ?2 ORDER BY m.name";

/// The second parameter is nobody's: it makes the two queries alike.
const USERS: &str = "SELECT u.name FROM campanile_tenant t
    CROSS JOIN campanile_user u ON u.tenant = t.tenant
    WHERE t.name = ?1 AND ?2 IS NULL ORDER BY u.name";

impl Work<'_> {
    /// The recipients of a publish; one more than allowed, at the most, if there are more than allowed.
    pub(super) fn audience<'p>(&self, publish: &'p Publish) -> Result<Cow<'p, [Recipient]>, Failure> {
        let (tenant, most) = (&publish.notification.tenant, publish.max_recipients);
        match &publish.audience {
            StoreAudience::Users(users) => {
                check(tenant, users)?;
                Ok(users.into())
            }
            StoreAudience::Topic { topic, except } => Ok(self.named(tenant, Some(topic), except, most)?.into()),
            StoreAudience::Everyone { except } => Ok(self.named(tenant, None, except, most)?.into()),
        }
    }

    /// The members of a topic or all users, by name.
    fn named(
        &self,
        tenant: &Tenant,
        topic: Option<&Topic>,
        except: &[UserId],
        most: usize,
    ) -> rusqlite::Result<Vec<Recipient>> {
        let except: HashSet<&str> = except.iter().map(UserId::as_str).collect();
        let mut found = self.conn.prepare_cached(if topic.is_some() { MEMBERS } else { USERS })?;
        let mut found = found.query(params![tenant.as_str(), topic.map(Topic::as_str)])?;
        let mut recipients = Vec::new();
        while let Some(row) = found.next()?
            && recipients.len() <= most
        {
            let user = rows::user_id(row, 0)?;
            if !except.contains(user.as_str()) {
                recipients.push(Recipient::new(tenant.clone(), user));
            }
        }
        Ok(recipients)
    }
}

fn check(tenant: &Tenant, users: &[Recipient]) -> Result<(), Failure> {
    let mut seen = HashSet::new();
    let mut fits = |who: &Recipient| who.tenant == *tenant && (users.len() == 1 || seen.insert(who.user.clone()));
    if users.iter().all(&mut fits) {
        return Ok(());
    }
    Err(Failure::Refused("the recipients are not all different users of the notification's tenant"))
}
