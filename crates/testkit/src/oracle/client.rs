//! Reading what one client received.

use super::{
    Client, Connection, Ledger, ViolationKind,
    answer::Answer,
    entry::Entry,
    wire::{self, WireEvent},
};
use serde_json::Value;
use std::collections::HashMap;

/// What is wrong: in which connection, at which byte.
type Fault = (usize, usize, ViolationKind);

/// What one client has received.
pub(super) struct Reading<'a> {
    client: usize,
    ledger: &'a Ledger,
    /// The log, from its first entry on.
    pub(super) entries: Vec<Entry>,
    /// Each arrival's place in it, by the notification's id.
    pub(super) places: HashMap<String, u64>,
    /// Each mark's place in it. What was gone before this client came to it has none.
    pub(super) marks: HashMap<String, u64>,
    /// What was said of the inbox.
    pub(super) answers: Vec<Answer>,
    /// The last position that was told, as epoch and seq.
    position: Option<(String, u64)>,
}

impl<'a> Reading<'a> {
    /// Reads all connections of a client. `ids` holds each mark's notification id, over all clients.
    pub(super) fn of(
        (number, client): (usize, &Client),
        ledger: &'a Ledger,
        ids: &mut HashMap<String, String>,
    ) -> Result<Self, Fault> {
        let mut reading = Self {
            client: number,
            ledger,
            entries: Vec::new(),
            places: HashMap::new(),
            marks: HashMap::new(),
            answers: Vec::new(),
            position: None,
        };
        for (at, connection) in client.connections.iter().enumerate() {
            reading.connection((at, connection), ids).map_err(|(offset, kind)| (at, offset, kind))?;
        }
        Ok(reading)
    }

    fn connection(
        &mut self,
        (number, connection): (usize, &Connection),
        ids: &mut HashMap<String, String>,
    ) -> Result<(), (usize, ViolationKind)> {
        let events = wire::events(&connection.body).map_err(|(at, why)| (at, ViolationKind::Malformed(why)))?;
        self.asked(connection).map_err(|kind| (0, kind))?;
        let Some((ready, rest)) = events.split_first() else { return Ok(()) };
        self.ready(ready).map_err(|kind| (ready.offset, kind))?;
        self.counts(number, ready, &json(ready)["counts"]).map_err(|kind| (ready.offset, kind))?;
        for (at, event) in rest.iter().enumerate() {
            self.event(number, event, &rest[at + 1..], ids).map_err(|kind| (event.offset, kind))?;
        }
        Ok(())
    }

    fn event(
        &mut self,
        connection: usize,
        event: &WireEvent<'_>,
        rest: &[WireEvent<'_>],
        ids: &mut HashMap<String, String>,
    ) -> Result<(), ViolationKind> {
        match (self.seq(event, rest)?, event.name) {
            (Some(seq), _) => self.entry(event, seq, ids),
            (None, Some("counts")) => self.counts(connection, event, &json(event)),
            (None, Some("notification" | "updated")) => {
                Err(ViolationKind::Unmarked { data: event.data.clone().unwrap_or_default() })
            }
            (None, _) => Ok(()),
        }
    }

    fn counts(&mut self, connection: usize, event: &WireEvent<'_>, data: &Value) -> Result<(), ViolationKind> {
        let malformed = || ViolationKind::Malformed(format!("counts: {event:?}"));
        let place = Some((self.client, connection, event.offset));
        self.answers.push(Answer::counts(place, data).ok_or_else(malformed)?);
        Ok(())
    }

    fn told(&self) -> Option<String> {
        self.position.as_ref().map(|(epoch, seq)| format!("{epoch}-{seq}"))
    }

    /// A client asks for what it was told last; nothing else can be judged.
    fn asked(&self, connection: &Connection) -> Result<(), ViolationKind> {
        match self.told() {
            Some(was) if connection.resumed_from.as_ref() != Some(&was) => {
                Err(ViolationKind::WrongPosition { was, asked: connection.resumed_from.clone() })
            }
            _ => Ok(()),
        }
    }

    fn ready(&mut self, event: &WireEvent<'_>) -> Result<(), ViolationKind> {
        let data = json(event);
        let cursor = event
            .id
            .and_then(wire::cursor)
            .filter(|_| event.name == Some("ready") && data["cursor"] == event.id.unwrap_or_default());
        let Some((epoch, seq)) = cursor else { return Err(ViolationKind::NotReady(format!("{event:?}"))) };
        match self.told() {
            None if seq != 0 => return Err(ViolationKind::Late { cursor: format!("{epoch}-{seq}") }),
            Some(position) if data["resume"] != "exact" || data["cursor"] != position.as_str() => {
                return Err(ViolationKind::NotResumed { position, ready: data.to_string() });
            }
            _ => {}
        }
        self.position = Some((epoch.into(), seq));
        Ok(())
    }

    /// The one rule, from outside: each id is its predecessor's plus one.
    fn seq(&mut self, event: &WireEvent<'_>, rest: &[WireEvent<'_>]) -> Result<Option<u64>, ViolationKind> {
        let (Some(id), Some((epoch, last))) = (event.id, &mut self.position) else { return Ok(None) };
        let malformed = || ViolationKind::Malformed(format!("the id {id:?}"));
        let (own, seq) = wire::cursor(id).ok_or_else(malformed)?;
        if own != epoch {
            return Err(ViolationKind::ForeignEpoch { id: id.into() });
        }
        let expected = *last + 1;
        if seq < expected {
            return Err(ViolationKind::Repeated { last: *last, seq });
        }
        if seq > expected {
            let comes_later =
                rest.iter().filter_map(|event| event.id.and_then(wire::cursor)).any(|(_, seq)| seq == expected);
            return Err(match comes_later {
                true => ViolationKind::Swapped { expected, seq },
                false => ViolationKind::Hole { expected, seq },
            });
        }
        *last = seq;
        Ok(Some(seq))
    }

    fn entry(
        &mut self,
        event: &WireEvent<'_>,
        seq: u64,
        ids: &mut HashMap<String, String>,
    ) -> Result<(), ViolationKind> {
        let data = json(event);
        if event.name == Some("notification") {
            self.notification(event, &data, seq, ids)?;
        }
        let entry = Entry::of(event, &data).map_err(ViolationKind::Malformed)?;
        if let Some(id) = entry.gone().filter(|id| !self.places.contains_key(*id)) {
            self.places.insert(id.clone(), seq);
        }
        self.entries.push(entry);
        Ok(())
    }

    fn notification(
        &mut self,
        event: &WireEvent<'_>,
        data: &Value,
        seq: u64,
        ids: &mut HashMap<String, String>,
    ) -> Result<(), ViolationKind> {
        let (Some(mark), Some(id)) = (data["data"]["mark"].as_str(), data["notificationId"].as_str()) else {
            return Err(ViolationKind::Unmarked { data: event.data.clone().unwrap_or_default() });
        };
        if !self.ledger.knows(mark) {
            return Err(ViolationKind::Foreign { mark: mark.into() });
        }
        if let Some(first) = self.marks.insert(mark.into(), seq) {
            return Err(ViolationKind::Twice { mark: mark.into(), first, second: seq });
        }
        if let Some(first) = self.places.insert(id.into(), seq) {
            return Err(ViolationKind::Twice { mark: id.into(), first, second: seq });
        }
        let known = ids.entry(mark.into()).or_insert_with(|| id.into());
        if known != id {
            return Err(ViolationKind::TwoIds { mark: mark.into(), ids: [known.clone(), id.into()] });
        }
        Ok(())
    }
}

fn json(event: &WireEvent<'_>) -> Value {
    event.data.as_deref().and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default()
}
