//! `campanile tail`.

use super::{SignOptions, publish::ServerOptions};
use clap::Args;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct Tail {
    /// The user whose stream it is; a token that is given must be this user's
    #[arg(long, value_name = "ID")]
    pub(crate) user: Option<String>,
    /// The tenant, for a token made here
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<String>,
    /// Only events of this name, as often as needed; without it, all but those about the connection itself
    #[arg(long, value_name = "NAME")]
    pub(crate) event: Vec<String>,
    /// Begin behind this position instead of now: an event's id, or an inbox's streamCursor
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
    /// End after so many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// For programs: one object a line, with event, id and data
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) server: ServerOptions,
    /// The user's token; others on this machine can see it here
    #[arg(long, value_name = "TOKEN", conflicts_with = "token_file")]
    pub(crate) token: Option<String>,
    /// A file with the user's token, read again for each connection
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sign: SignOptions,
}

pub(super) const ABOUT: &str = "\
Follow a user's stream. Events go to standard output, what happens to the connection to standard
error.

It is a good client: it comes back after every interruption, waits as long as the server asks and a
random time more, resumes behind the last event, and notices a connection that has gone silent. It
ends when the server refuses the user, after --count events, or with Ctrl-C.

The token is looked for in this order: --token, --token-file, the variable CAMPANILE_TOKEN. Without
one, a token for --user is made as `campanile token` makes it, a new one for each connection; so it
is with --secret-file in any case.";

pub(super) const AFTER: &str = "\
Examples:
  campanile tail --user alice
  campanile tail --user alice --event notification --json | jq .data.title
  campanile tail --token-file alice.jwt --url https://bell.example --after 7f3a91c27f3a91c2-41
  campanile tail --user alice --event order.status --count 1

Without --event these are not shown, but told on standard error: ready, expiring, reconnect and
heartbeats.

Exit codes:
  0   ended as asked
  1   something failed while running; the message says what and what to do
  64  a mistake in the command line or the configuration; all of them are listed
  65  the server refuses the request, and will the next time
  77  the token is not good, or not any more";
