//! The users of one shard.

use super::{budget::Budget, user::User};
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

    /// Changes a user, and counts what it holds then.
    pub(super) fn change<T>(
        &mut self,
        recipient: &Recipient,
        budget: &Budget,
        act: impl FnOnce(&mut User) -> T,
    ) -> Option<T> {
        let place = *self.places.get(recipient)?;
        self.change_at(place, budget, act)
    }

    /// The same with the user at a place.
    pub(super) fn change_at<T>(
        &mut self,
        place: usize,
        budget: &Budget,
        act: impl FnOnce(&mut User) -> T,
    ) -> Option<T> {
        let user = self.users.get_mut(place)?;
        let before = user.held();
        let done = act(user);
        budget.change(before, user.held());
        Some(done)
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

    /// Takes out a user, who no longer holds anything then.
    pub(super) fn remove(&mut self, recipient: &Recipient, budget: &Budget) {
        if let Some(place) = self.places.remove(recipient) {
            budget.change(self.users.remove(place).held(), 0);
        }
    }

    pub(super) fn recipients(&self) -> impl Iterator<Item = &Recipient> {
        self.places.keys()
    }

    pub(super) fn users(&self) -> impl Iterator<Item = (&Recipient, &User)> {
        self.places.iter().filter_map(|(who, place)| Some((who, &**self.users.get(*place)?)))
    }

    /// The users that hold something, with their places.
    pub(super) fn holders(&self) -> impl Iterator<Item = (usize, &User)> {
        self.users.iter().filter(|(_, user)| user.holds()).map(|(place, user)| (place, &**user))
    }

    pub(super) fn users_mut(&mut self) -> impl Iterator<Item = &mut User> {
        self.users.iter_mut().map(|(_, user)| &mut **user)
    }
}
