//! Tickets: what a page gives to an `EventSource` that cannot set headers. One use, half a minute, bound to the caller.

use crate::{Code, Problem, auth::invalid_credentials, failure};
use campanile_core::{Identity, Recipient};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;

/// How long a ticket is good.
pub(crate) const LIFETIME: Duration = Duration::from_secs(30);
/// Unused tickets of one user: a page that asks in a loop cannot crowd out the others.
const MAX_PER_USER: usize = 1000;
/// Unused tickets of all users; bounds the memory.
const MAX: usize = 100_000;
/// Random bytes of a ticket.
const TICKET_BYTES: usize = 24;

/// Kept by its digest, so that a lookup takes no time that depends on the ticket itself.
type Key = [u8; 32];

/// All unused tickets. Cheap to clone; clones share them. They do not outlive the process: a page asks for a new one.
#[derive(Clone, Default)]
pub(crate) struct Tickets {
    book: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    tickets: HashMap<Key, Ticket>,
    per_user: HashMap<Recipient, usize>,
    /// In the order of their ends: all live equally long. A used one is skipped when its turn comes.
    ends: VecDeque<(Instant, Key)>,
}

#[derive(Clone)]
struct Ticket {
    identity: Identity,
    ends: Instant,
}

impl Tickets {
    /// Makes a ticket for a caller.
    pub(crate) fn issue(&self, identity: Identity) -> Result<String, Problem> {
        let ticket = random().map_err(|error| {
            tracing::error!(%error, "no random bytes");
            Problem::new(Code::Internal, "No ticket could be made.")
        })?;
        let ends = Instant::now() + LIFETIME;
        let mut book = self.book.lock();
        book.drop_ended();
        if book.per_user.get(&identity.recipient).is_some_and(|count| *count >= MAX_PER_USER) {
            return Err(Problem::new(Code::TooManyTickets, "Too many unused tickets.").retry_after(LIFETIME));
        }
        if book.tickets.len() >= MAX {
            return Err(failure::unavailable(Code::NodeFull, "This node has as many unused tickets as it takes."));
        }
        let key = digest(ticket.as_bytes());
        book.ends.push_back((ends, key));
        book.put(key, Ticket { identity, ends });
        Ok(ticket)
    }

    /// Whose ticket it is, without using it.
    pub(crate) fn peek(&self, ticket: &[u8]) -> Result<Identity, Problem> {
        let mut book = self.book.lock();
        book.drop_ended();
        book.tickets.get(&digest(ticket)).map(|ticket| ticket.identity.clone()).ok_or_else(refused)
    }

    /// Takes a ticket out. It comes back when the answer is dropped without having been used.
    pub(crate) fn take(&self, ticket: &[u8]) -> Result<Taken, Problem> {
        let key = digest(ticket);
        let mut book = self.book.lock();
        book.drop_ended();
        let ticket = book.remove(&key).ok_or_else(refused)?;
        Ok(Taken { tickets: self.clone(), key, ticket, used: false })
    }
}

/// A ticket that is about to be used.
pub(crate) struct Taken {
    tickets: Tickets,
    key: Key,
    ticket: Ticket,
    used: bool,
}

impl Taken {
    /// The stream is open: the ticket is used up.
    pub(crate) fn use_up(mut self) {
        self.used = true;
    }

    /// Whose it is.
    pub(crate) fn identity(&self) -> &Identity {
        &self.ticket.identity
    }
}

impl Drop for Taken {
    /// A stream that was refused leaves its ticket good.
    fn drop(&mut self) {
        if !self.used && self.ticket.ends > Instant::now() {
            self.tickets.book.lock().put(self.key, self.ticket.clone());
        }
    }
}

impl Book {
    fn put(&mut self, key: Key, ticket: Ticket) {
        *self.per_user.entry(ticket.identity.recipient.clone()).or_default() += 1;
        self.tickets.insert(key, ticket);
    }

    fn remove(&mut self, key: &Key) -> Option<Ticket> {
        let ticket = self.tickets.remove(key)?;
        if let Some(count) = self.per_user.get_mut(&ticket.identity.recipient) {
            *count -= 1;
            if *count == 0 {
                self.per_user.remove(&ticket.identity.recipient);
            }
        }
        Some(ticket)
    }

    fn drop_ended(&mut self) {
        let now = Instant::now();
        while let Some((_, key)) = self.ends.pop_front_if(|(ends, _)| *ends <= now) {
            self.remove(&key);
        }
    }
}

fn refused() -> Problem {
    invalid_credentials("The ticket is not valid, or was used already.")
}

fn digest(ticket: &[u8]) -> Key {
    Sha256::digest(ticket).into()
}

fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; TICKET_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use campanile_core::{Tenant, UserId};

    fn who(user: &str) -> Identity {
        Identity {
            recipient: Recipient::new(Tenant::default(), UserId::new(user).unwrap()),
            expires_at: None,
            issued_at: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_ticket_is_used_once_and_only_if_the_stream_opened() {
        let tickets = Tickets::default();
        let ticket = tickets.issue(who("u1")).unwrap();
        assert_eq!(tickets.peek(ticket.as_bytes()).unwrap(), who("u1"));
        drop(tickets.take(ticket.as_bytes()).unwrap());
        let taken = tickets.take(ticket.as_bytes()).unwrap();
        assert_eq!(taken.identity(), &who("u1"));
        assert!(tickets.take(ticket.as_bytes()).is_err(), "another one is using it");
        taken.use_up();
        assert!(tickets.peek(ticket.as_bytes()).is_err());
        assert!(tickets.book.lock().per_user.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_ticket_ends_after_half_a_minute() {
        let tickets = Tickets::default();
        let ticket = tickets.issue(who("u1")).unwrap();
        tokio::time::advance(LIFETIME - Duration::from_millis(1)).await;
        let taken = tickets.take(ticket.as_bytes()).unwrap();
        tokio::time::advance(Duration::from_millis(1)).await;
        drop(taken);
        assert!(tickets.peek(ticket.as_bytes()).is_err(), "it does not come back after its end");
        let book = tickets.book.lock();
        assert!(book.tickets.is_empty() && book.per_user.is_empty() && book.ends.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_has_a_bounded_number_of_unused_tickets() {
        let tickets = Tickets::default();
        let all: std::collections::HashSet<_> = (0..MAX_PER_USER).map(|_| tickets.issue(who("u1")).unwrap()).collect();
        assert_eq!(all.len(), MAX_PER_USER);
        assert_eq!(tickets.issue(who("u1")).unwrap_err().code(), Code::TooManyTickets);
        assert!(tickets.issue(who("u2")).is_ok());
        tokio::time::advance(LIFETIME).await;
        assert!(tickets.issue(who("u1")).is_ok());
    }

    #[test]
    fn an_invented_ticket_is_refused() {
        assert_eq!(Tickets::default().peek(b"\xff").unwrap_err().code(), Code::CredentialsInvalid);
    }
}
