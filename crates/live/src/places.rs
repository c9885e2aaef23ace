//! How many connections there may be.

use crate::{LiveStats, stats::Count};
use parking_lot::Mutex;
use std::{
    collections::{HashMap, hash_map::Entry},
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

/// Counts the open connections, in all and by address.
#[derive(Debug)]
pub(crate) struct Places {
    in_all: Option<usize>,
    per_address: Option<usize>,
    taken: Mutex<Taken>,
    stats: Arc<LiveStats>,
}

#[derive(Debug, Default)]
struct Taken {
    in_all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One connection's place, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    address: IpAddr,
}

impl Places {
    pub(crate) fn new(in_all: Option<usize>, per_address: Option<usize>, stats: Arc<LiveStats>) -> Arc<Self> {
        Arc::new(Self { in_all, per_address, taken: Mutex::default(), stats })
    }

    /// A place for a connection from an address, if there is one: checked and taken under one lock.
    pub(crate) fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = network(address);
        let mut taken = self.taken.lock();
        if self.in_all.is_some_and(|limit| taken.in_all >= limit) {
            return None;
        }
        if let Some(limit) = self.per_address {
            let open = taken.by_address.get(&address).copied().unwrap_or(0);
            if open >= limit {
                return None;
            }
            taken.by_address.insert(address, open + 1);
        }
        taken.in_all += 1;
        self.stats.count(Count::open);
        Some(Place { places: self.clone(), address })
    }

    fn give_back(&self, address: IpAddr) {
        let mut taken = self.taken.lock();
        taken.in_all -= 1;
        if let Entry::Occupied(mut open) = taken.by_address.entry(address) {
            *open.get_mut() -= 1;
            if *open.get() == 0 {
                open.remove();
            }
        }
        self.stats.uncount(Count::open);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.give_back(self.address);
    }
}

/// What counts as one address: whoever has one of IPv6 has all of its /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(in_all: Option<usize>, per_address: Option<usize>) -> Arc<Places> {
        Places::new(in_all, per_address, Arc::default())
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_place_is_free_again_at_once() {
        let places = places(Some(2), None);
        let first = places.take(ip("10.0.0.1")).expect("free");
        let _second = places.take(ip("10.0.0.1")).expect("free");
        assert!(places.take(ip("10.0.0.2")).is_none());
        assert_eq!(places.stats.open(), 2);
        drop(first);
        assert!(places.take(ip("10.0.0.2")).is_some());
    }

    #[test]
    fn an_address_has_its_own_limit_and_a_v6_network_is_one_address() {
        let places = places(None, Some(1));
        let held = places.take(ip("2001:db8::1")).expect("free");
        assert!(places.take(ip("2001:db8::ffff")).is_none());
        let other = places.take(ip("2001:db8:0:1::1")).expect("another network");
        let v4 = places.take(ip("10.0.0.1")).expect("free");
        assert!(places.take(ip("::ffff:10.0.0.1")).is_none());
        drop((held, other, v4));
        assert!(places.taken.lock().by_address.is_empty());
    }

    #[test]
    fn what_is_refused_takes_nothing() {
        let places = places(Some(5), Some(1));
        let _held = places.take(ip("10.0.0.1"));
        for _ in 0..20 {
            assert!(places.take(ip("10.0.0.1")).is_none());
        }
        assert_eq!(places.taken.lock().in_all, 1);
    }
}
