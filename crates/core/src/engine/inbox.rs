//! A user's own inbox: reading it and changing it.

use super::{Engine, committed};
use crate::{
    Mark, MarkTarget, NotificationId, Recipient, frame,
    store::{Head, InboxPage, InboxQuery, Item, Marked, StoreResult},
};
use tokio::time::Instant;

impl Engine {
    /// The head of a user's log, which begins with this call if there was none.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn head(&self, who: &Recipient) -> StoreResult<Head> {
        let known = self.inner.store.heads(vec![who.clone()]).await?;
        match known.into_iter().next().flatten() {
            Some(head) => Ok(head),
            None => committed(|done| self.inner.store.open(who.clone(), done), |_| ()).await,
        }
    }

    /// A page of a user's inbox; the user's log begins with this call if there was none.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn inbox(&self, who: &Recipient, query: InboxQuery) -> StoreResult<InboxPage> {
        if let Some(page) = self.inner.store.inbox(who.clone(), query.clone()).await? {
            return Ok(page);
        }
        // Items and head must be of one moment: the first notification may arrive while the log begins.
        let head = self.head(who).await?;
        let page = self.inner.store.inbox(who.clone(), query).await?;
        Ok(page.unwrap_or(InboxPage { items: Vec::new(), more: false, head }))
    }

    /// One item of a user's inbox.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn item(&self, who: &Recipient, id: NotificationId) -> StoreResult<Option<Item>> {
        self.inner.store.item(who.clone(), id).await
    }

    /// Changes states in a user's inbox. When this answers, the change is on disk, and open streams have it or will read it.
    ///
    /// Cancel safe: a change whose answer nobody waits for happens entirely or not at all.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn mark(&self, who: &Recipient, target: MarkTarget) -> StoreResult<Marked> {
        let started = Instant::now();
        let announcer = self.announcer();
        let mark = Mark { recipient: who.clone(), target, at: self.inner.clock.now() };
        let announce = move |marked: &Marked| {
            if let Some((appended, change)) = &marked.entry {
                announcer.announce(std::slice::from_ref(appended), &frame::change(change), started);
            }
        };
        committed(|done| self.inner.store.mark(mark, done), announce).await
    }
}
