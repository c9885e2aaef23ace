//! `campanile tail`: a good client of one stream, for people and for scripts.

mod show;
mod tokens;

use crate::{
    cli,
    failure::{Failure, Refusal},
    output, process,
    remote::{self, Address},
};
use campanile_sse::{
    Dispatch,
    client::{Connection, EventSource, EventSourceError, Interruption},
};
use reqwest::Client;
use serde::Deserialize;
use std::{ffi::OsString, sync::Arc, time::Duration};
use tokens::Tokens;

/// What is about the connection and not about the user.
const ABOUT_THE_CONNECTION: [&str; 4] = ["ready", "expiring", "reconnect", "__heartbeat__"];

/// Follows a stream.
///
/// # Errors
///
/// The command line has mistakes, or the server refuses the user.
pub(crate) fn run(options: cli::Tail, variables: Vec<(OsString, OsString)>) -> Result<(), Failure> {
    let tokens = Arc::new(Tokens::find(&options, variables)?);
    let client = remote::client(&options.server.url)?.build();
    let client = client.map_err(|error| Failure::Runtime(format!("cannot speak HTTP: {error}")))?;
    process::block_here(Tail { options, tokens, client, position: String::new(), shown: 0 }.follow())?
}

/// One stream, over as many connections as it takes.
struct Tail {
    options: cli::Tail,
    tokens: Arc<Tokens>,
    client: Client,
    /// The id of the last event that had one.
    position: String,
    /// How many events were shown.
    shown: u64,
}

/// The first event of each connection, as far as it is used here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    user: String,
    resume: String,
    reset_reason: Option<String>,
    heartbeat_seconds: u64,
    counts: Counts,
}

#[derive(Deserialize)]
struct Counts {
    unread: u64,
    unseen: u64,
}

impl Tail {
    async fn follow(mut self) -> Result<(), Failure> {
        let mut events = self.open()?;
        let mut reader_gone = output::watch_reader();
        while self.options.count.is_none_or(|count| self.shown < count) {
            let event = tokio::select! {
                event = events.next() => event,
                Ok(()) = &mut reader_gone => return Err(Failure::NobodyReads),
                _ = tokio::signal::ctrl_c() => {
                    self.tell_position();
                    break;
                }
            };
            match event {
                Some(Ok(event)) => self.take(&event, &mut events)?,
                Some(Err(EventSourceError::Overflow(lost))) => output::tell(&format!("an event is lost: {lost}")),
                Some(Err(error)) => return Err(self.refused(&error).await),
                None => return Err(Failure::Runtime(format!("{} ends the stream for good", self.address()))),
            }
        }
        Ok(())
    }

    fn address(&self) -> &Address {
        &self.options.server.url
    }

    fn open(&self) -> Result<EventSource, Failure> {
        let tokens = Arc::clone(&self.tokens);
        let request = self.client.get(self.address().route("notifications/stream"));
        let source = EventSource::builder(request)
            .last_event_id(self.options.after.clone().unwrap_or_default())
            .token(move |_| {
                let token = tokens.next();
                async { token.map_err(|failure| failure.to_string().into()) }
            })
            .on_connection(listener(self.address().to_string()));
        source.open().map_err(|error| Failure::Runtime(format!("cannot ask for the stream: {error}")))
    }

    fn take(&mut self, event: &Dispatch<'_>, events: &mut EventSource) -> Result<(), Failure> {
        let asked = self.is_asked(event);
        if event.name == "ready" {
            self.ready(&event.data, events)?;
        } else if let Some(news) = show::news(event).filter(|_| !asked) {
            output::tell(&news);
        }
        let own_id = (event.name == "ready" || self.position != event.last_event_id).then_some(&*event.last_event_id);
        if asked {
            output::print(if self.options.json { show::object(event, own_id) } else { show::sentence(event) })?;
            self.shown += 1;
        }
        self.position = event.last_event_id.to_string();
        Ok(())
    }

    fn is_asked(&self, event: &Dispatch<'_>) -> bool {
        match &self.options.event[..] {
            [] => !ABOUT_THE_CONNECTION.contains(&event.name.as_ref()),
            asked => asked.iter().any(|name| *name == event.name),
        }
    }

    /// Who it is, what follows, and how often something will be heard: twice that long without a byte, and the connection is dead.
    fn ready(&self, data: &str, events: &mut EventSource) -> Result<(), Failure> {
        let no_campanile = || {
            Failure::Runtime(format!("{} says no `ready` that can be understood; is it a Campanile?", self.address()))
        };
        let ready: Ready = serde_json::from_str(data).map_err(|_| no_campanile())?;
        if let Some(user) = self.options.user.as_ref().filter(|user| **user != ready.user) {
            let sentence =
                format!("the token is for {}, not for {user}; leave --user out, or give another token", ready.user);
            return Err(Failure::Refused(Refusal::Forbidden, show::clean(&sentence)));
        }
        events.set_read_timeout(Some(Duration::from_secs(ready.heartbeat_seconds.saturating_mul(2).saturating_add(5))));
        let Counts { unread, unseen } = ready.counts;
        output::tell(&format!("listening as {}: {unread} unread, {unseen} unseen", show::clean(&ready.user)));
        if ready.resume == "reset" {
            let reason = ready.reset_reason.unwrap_or_default();
            output::tell(&format!(
                "the position before is of no use any more ({reason}): what came since is in the inbox, but not here"
            ));
        }
        Ok(())
    }

    /// What Ctrl-C leaves to go on with.
    fn tell_position(&self) {
        if !self.position.is_empty() {
            output::tell(&format!("to go on from here: --after {}", self.position));
        }
    }

    /// Why the server does not want to be asked again. The client knows the status; another route with the same token knows the problem.
    async fn refused(&self, error: &EventSourceError) -> Failure {
        self.tell_position();
        if let (EventSourceError::Refused(_), Ok(token)) = (error, self.tokens.next()) {
            let counts = self.client.get(self.address().route("notifications/counts")).bearer_auth(token);
            match remote::send(self.address(), counts.timeout(Duration::from_secs(10))).await {
                Ok(answer) if !answer.is_success() => return answer.failure(self.address()),
                _ => {}
            }
        }
        Failure::Runtime(format!(
            "{}: {}; is --url (or CAMPANILE_URL) right, base_path included?",
            self.address(),
            remote::chain(error)
        ))
    }
}

/// Tells people when there is no stream, why, and when there may be one again.
fn listener(address: String) -> impl FnMut(Connection<'_>) + Send + 'static {
    let mut ever = false;
    move |connection| match connection {
        Connection::Open => ever = true,
        Connection::Lost { why, wait } => {
            let hint = match why {
                Interruption::Transport(_) if !ever => {
                    "; is the server running, and is --url (or CAMPANILE_URL) right?"
                }
                _ => "",
            };
            output::tell(&format!(
                "{address}: {}{hint}; trying again in {:.1} s",
                remote::chain(why),
                wait.as_secs_f64()
            ));
        }
        _ => {}
    }
}
