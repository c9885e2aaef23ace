//! What the server said of an inbox, to be compared with what the log folds to at the same place.

use super::{
    ViolationKind,
    fold::{Fold, Item},
};
use serde_json::Value;

/// Where something was said: in which client's which connection, at which byte. `None`: in an answer that is not a stream.
pub(super) type Place = Option<(usize, usize, usize)>;

/// Something that was said of an inbox.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) place: Place,
    /// The place in the log where it is true.
    pub(super) version: u64,
    pub(super) said: Said,
}

#[derive(Clone, Debug)]
pub(super) enum Said {
    /// Unread and unseen.
    Counts(usize, usize),
    /// A page of the list.
    Page(Page),
}

/// A page of the inbox, newest first.
#[derive(Clone, Debug)]
pub(super) struct Page {
    query: PageQuery,
    items: Vec<(u64, String, Item)>,
    more: bool,
}

/// Which page of the inbox was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageQuery {
    /// `status=archived`; otherwise `all`, which is without those.
    pub archived: bool,
    /// Only what arrived before this place: that of the last item on the page before.
    pub before: Option<u64>,
    /// How many at the most.
    pub limit: usize,
}

impl Answer {
    /// Reads `{"unread","unseen","version"}`.
    pub(super) fn counts(place: Place, data: &Value) -> Option<Self> {
        let number = |name: &str| usize::try_from(data[name].as_u64()?).ok();
        let said = Said::Counts(number("unread")?, number("unseen")?);
        Some(Self { place, version: data["version"].as_u64()?, said })
    }

    /// Reads a page of the inbox.
    pub(super) fn page(query: PageQuery, data: &Value) -> Option<Self> {
        let items = data["items"].as_array()?.iter().map(item).collect::<Option<_>>()?;
        let page = Page { query, items, more: data["nextCursor"].is_string() };
        let version = data["counts"]["version"].as_u64()?;
        Some(Self { place: None, version, said: Said::Page(page) })
    }

    /// Compares it with the inbox at its version.
    pub(super) fn check(&self, fold: &Fold) -> Result<(), ViolationKind> {
        match &self.said {
            Said::Counts(unread, unseen) => {
                let (told, folded, version) = ((*unread, *unseen), fold.counts(), self.version);
                if told == folded { Ok(()) } else { Err(ViolationKind::WrongCounts { version, told, folded }) }
            }
            Said::Page(page) => page.check(fold),
        }
    }
}

fn item(item: &Value) -> Option<(u64, String, Item)> {
    let since = |name: &str| Some(!item.get(name)?.is_null());
    let (read, seen, archived) = (item["read"].as_bool()?, since("seenAt")?, since("archivedAt")?);
    if since("readAt")? != read {
        return None;
    }
    Some((item["seq"].as_u64()?, item["notificationId"].as_str()?.to_owned(), Item { read, seen, archived }))
}

impl Page {
    fn check(&self, fold: &Fold) -> Result<(), ViolationKind> {
        let PageQuery { archived, before, limit } = self.query;
        let mut folded = fold.newest(before.unwrap_or(u64::MAX)).filter(|(_, _, item)| item.archived == archived);
        for told in &self.items {
            self.same(told, folded.next(), fold)?;
        }
        let missed = folded.next();
        let full = self.items.len() == limit;
        match missed {
            Some((_, id, _)) if !full => Err(ViolationKind::Vanished { version: fold.seq, id: id.into() }),
            _ if self.more != (full && missed.is_some()) => Err(ViolationKind::WrongPage { version: fold.seq }),
            _ => Ok(()),
        }
    }

    fn same(
        &self,
        told: &(u64, String, Item),
        folded: Option<(u64, &str, Item)>,
        fold: &Fold,
    ) -> Result<(), ViolationKind> {
        let (version, (seq, id, item)) = (fold.seq, told);
        match folded {
            Some(folded) if folded == (*seq, id.as_str(), *item) => Ok(()),
            _ if !fold.has(id) => Err(ViolationKind::Resurrected { version, id: id.clone() }),
            Some((_, missed, _)) if missed != id && !self.items.iter().any(|(_, told, _)| told == missed) => {
                Err(ViolationKind::Vanished { version, id: missed.into() })
            }
            folded => {
                let (told, folded) = (format!("{told:?}"), format!("{folded:?}"));
                Err(ViolationKind::WrongItem { version, told, folded })
            }
        }
    }
}
