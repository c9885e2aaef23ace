//! `campanile publish`.

mod draft;

use crate::{
    cli,
    failure::Failure,
    output, process,
    remote::{self, Address, Answer},
};
use serde::Deserialize;
use std::{ffi::OsString, time::Duration};

/// How long an answer may take: it comes after a sync to disk.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// The answer to a publish.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Published {
    notification_id: String,
    recipients: u64,
    replayed: bool,
}

/// Publishes one notification to a running server.
///
/// # Errors
///
/// The command line has mistakes, the server cannot be reached, or it refuses.
pub(crate) fn run(options: &cli::Publish, variables: &[(OsString, OsString)]) -> Result<(), Failure> {
    let body = draft::body(options)?;
    let address = &options.server.url;
    let key = remote::api_key(&options.key, address, variables)?;
    let client = remote::client(address)?.timeout(ANSWER_WITHIN).build();
    let client = client.map_err(|error| Failure::Runtime(format!("cannot speak HTTP: {error}")))?;
    let request = client.post(address.route("api/notifications")).bearer_auth(key.expose());
    let request = request.header("content-type", "application/json").body(body);
    let request = match &options.idempotency_key {
        Some(key) => request.header("idempotency-key", key),
        None => request,
    };
    let answer = process::block_here(remote::send(address, request))??;
    show(&answer, address, options.json)
}

fn show(answer: &Answer, address: &Address, json: bool) -> Result<(), Failure> {
    if let Some(text) = answer.json().filter(|_| json) {
        output::print(text)?;
    }
    let published: Published = answer.success().ok_or_else(|| answer.failure(address))?;
    if !json {
        output::print(format!("{}\n", published.notification_id))?;
        output::tell(&sentence(&published));
    }
    Ok(())
}

fn sentence(published: &Published) -> String {
    let whom = match published.recipients {
        0 => "nobody: the topic has no members, or the actor is left out".to_owned(),
        1 => "1 recipient".to_owned(),
        many => format!("{many} recipients"),
    };
    let again = if published.replayed { "was published before, with this idempotency key," } else { "published" };
    format!("{again} to {whom}")
}
