//! Reading what one client received.

use super::{
    Client, Connection, Ledger, ViolationKind,
    wire::{self, WireEvent},
};
use serde_json::Value;
use std::collections::HashMap;

/// What is wrong: in which connection, at which byte.
type Fault = (usize, usize, ViolationKind);

/// What one client has received.
#[derive(Default)]
pub(super) struct Reading {
    /// Each mark's place in the log.
    pub(super) seqs: HashMap<String, u64>,
    /// Logged events.
    pub(super) events: usize,
    /// The last position that was told, as epoch and seq.
    position: Option<(String, u64)>,
}

impl Reading {
    /// Reads all connections of a client. `ids` holds each mark's notification id, over all clients.
    pub(super) fn of(client: &Client, ledger: &Ledger, ids: &mut HashMap<String, String>) -> Result<Self, Fault> {
        let mut reading = Self::default();
        for (at, connection) in client.connections.iter().enumerate() {
            reading.connection(connection, ledger, ids).map_err(|(offset, kind)| (at, offset, kind))?;
        }
        Ok(reading)
    }

    fn connection(
        &mut self,
        connection: &Connection,
        ledger: &Ledger,
        ids: &mut HashMap<String, String>,
    ) -> Result<(), (usize, ViolationKind)> {
        let events = wire::events(&connection.body).map_err(|(at, why)| (at, ViolationKind::Malformed(why)))?;
        self.asked(connection).map_err(|kind| (0, kind))?;
        let Some((ready, rest)) = events.split_first() else { return Ok(()) };
        self.ready(ready).map_err(|kind| (ready.offset, kind))?;
        for (at, event) in rest.iter().enumerate() {
            let seq = self.seq(event, &rest[at + 1..]).map_err(|kind| (event.offset, kind))?;
            if event.name == Some("notification") {
                self.notification(event, seq, ledger, ids).map_err(|kind| (event.offset, kind))?;
            }
        }
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
        let data: Value = event.data.as_deref().and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
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
        self.events += 1;
        Ok(Some(seq))
    }

    fn notification(
        &mut self,
        event: &WireEvent<'_>,
        seq: Option<u64>,
        ledger: &Ledger,
        ids: &mut HashMap<String, String>,
    ) -> Result<(), ViolationKind> {
        let text = event.data.clone().unwrap_or_default();
        let data: Value = serde_json::from_str(&text).map_err(|error| ViolationKind::Malformed(error.to_string()))?;
        let (Some(seq), Some(mark), Some(id)) = (seq, data["data"]["mark"].as_str(), data["notificationId"].as_str())
        else {
            return Err(ViolationKind::Unmarked { data: text });
        };
        if !ledger.knows(mark) {
            return Err(ViolationKind::Foreign { mark: mark.into() });
        }
        if let Some(first) = self.seqs.insert(mark.into(), seq) {
            return Err(ViolationKind::Twice { mark: mark.into(), first, second: seq });
        }
        let known = ids.entry(mark.into()).or_insert_with(|| id.into());
        if known != id {
            return Err(ViolationKind::TwoIds { mark: mark.into(), ids: [known.clone(), id.into()] });
        }
        Ok(())
    }
}
