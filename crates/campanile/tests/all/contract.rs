//! The suites for authors of channels and stores, as they use them.

use campanile::{BoxFuture, Channel, DeliveryBatch, MemoryStore, Outcome, contract::channel::Subject};
use std::sync::Arc;

struct Pager;

impl Channel for Pager {
    fn name(&self) -> &'static str {
        "pager"
    }

    fn deliver<'a>(&'a self, batch: &'a DeliveryBatch) -> BoxFuture<'a, Vec<Outcome>> {
        let page = |user: &str| match user {
            "nobody" => Outcome::Permanent("no such number".into()),
            _ => Outcome::Delivered { reached: 1 },
        };
        Box::pin(async move { batch.recipients.iter().map(|to| page(to.user.as_str())).collect() })
    }
}

mod a_channel {
    use super::{Pager, Subject};
    campanile::contract::channel_contract!(Subject::new(Pager, ["anna"], ["nobody"]));
}

mod a_store {
    use super::{Arc, MemoryStore};
    campanile::contract::store_contract!((Arc::new(MemoryStore::default()), ()));
}
