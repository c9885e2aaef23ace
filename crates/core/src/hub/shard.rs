//! The users of one shard.

use super::user::User;
use crate::Recipient;
use slab::Slab;
use std::collections::HashMap;

/// Users by name, and by the place that each has while it is here: whoever knows the place needs no name.
#[derive(Default, Debug)]
pub(super) struct Shard {
    places: HashMap<Recipient, usize>,
    users: Slab<Box<User>>,
}

impl Shard {
    pub(super) fn get(&self, recipient: &Recipient) -> Option<&User> {
        self.places.get(recipient).and_then(|place| self.users.get(*place)).map(|user| &**user)
    }

    pub(super) fn get_mut(&mut self, recipient: &Recipient) -> Option<&mut User> {
        self.places.get(recipient).and_then(|place| self.users.get_mut(*place)).map(|user| &mut **user)
    }

    /// The user at a place.
    pub(super) fn at(&mut self, place: usize) -> Option<&mut User> {
        self.users.get_mut(place).map(|user| &mut **user)
    }

    /// The user of this name, who is taken in if it is not here.
    pub(super) fn enter(&mut self, recipient: &Recipient, new: impl FnOnce() -> User) -> (usize, &mut User) {
        let place = match self.places.get(recipient) {
            Some(place) => *place,
            None => {
                let place = self.users.insert(Box::new(new()));
                self.places.insert(recipient.clone(), place);
                place
            }
        };
        (place, &mut self.users[place])
    }

    pub(super) fn remove(&mut self, recipient: &Recipient) {
        if let Some(place) = self.places.remove(recipient) {
            self.users.remove(place);
        }
    }

    pub(super) fn recipients(&self) -> impl Iterator<Item = &Recipient> {
        self.places.keys()
    }

    pub(super) fn users(&self) -> impl Iterator<Item = (&Recipient, &User)> {
        self.places.iter().filter_map(|(who, place)| Some((who, &**self.users.get(*place)?)))
    }

    pub(super) fn users_mut(&mut self) -> impl Iterator<Item = &mut User> {
        self.users.iter_mut().map(|(_, user)| &mut **user)
    }
}
