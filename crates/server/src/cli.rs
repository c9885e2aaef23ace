//! The command line: what can be asked for, and the texts that explain it.

macro_rules! exit_codes {
    () => {
        "\
Exit codes:
  0   ended as asked
  1   something failed while running; the message says what and what to do
  64  a mistake in the command line or the configuration; all of them are listed"
    };
}

mod completions;
mod config;
mod openapi;
mod publish;
mod store;
mod tail;

pub(crate) use completions::{Completions, script as completion_script};
pub(crate) use config::Config;
pub(crate) use openapi::Openapi;
pub(crate) use publish::{KeyOptions, Publish};
pub(crate) use store::{Backup, NewEpoch};
pub(crate) use tail::Tail;

use clap::{Args, Parser, Subcommand};
use std::{path::PathBuf, time::Duration};

/// A notification engine: publish once, and every open tab hears it, with nothing lost and nothing repeated.
#[derive(Parser, Debug)]
#[command(name = "campanile", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run the server
    #[command(after_help = AFTER_SERVE, long_about = ABOUT_SERVE)]
    Serve(Serve),
    /// Run the server for trying things out, with a demo page and secrets of its own
    #[command(after_help = AFTER_DEV, long_about = ABOUT_DEV)]
    Dev(Dev),
    /// Make a token (JWT) for a user or an application, for trying things out
    #[command(after_help = AFTER_TOKEN, long_about = ABOUT_TOKEN)]
    Token(Token),
    /// Publish a notification to a running server
    #[command(after_help = publish::AFTER, long_about = publish::ABOUT)]
    Publish(Box<Publish>),
    /// Follow a user's stream, over every interruption
    #[command(after_help = tail::AFTER, long_about = tail::ABOUT)]
    Tail(Box<Tail>),
    /// Show the configuration that takes effect, and where each value comes from
    #[command(after_help = config::AFTER, long_about = config::ABOUT)]
    Config(Config),
    /// Copy the database, beside a running server
    #[command(after_help = store::AFTER_BACKUP, long_about = store::ABOUT_BACKUP)]
    Backup(Backup),
    /// Begin another life of a database that was copied or restored by other means
    #[command(after_help = store::AFTER_NEW_EPOCH, long_about = store::ABOUT_NEW_EPOCH)]
    NewEpoch(NewEpoch),
    /// Print the API as an OpenAPI document
    #[command(after_help = openapi::AFTER, long_about = openapi::ABOUT)]
    Openapi(Openapi),
    /// Print what lets a shell complete commands and options
    #[command(after_help = completions::AFTER, long_about = completions::ABOUT)]
    Completions(Completions),
}

#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// The configuration file (TOML). Without it, variables and defaults count
    #[arg(long, value_name = "FILE", env = "CAMPANILE_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
    /// Read the configuration, report all its mistakes, and end
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Dev {
    /// Where to listen; port 0 picks a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) listen: Option<String>,
    /// The database file [default: campanile-dev.db]
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    /// A configuration file (TOML), for instance with types
    #[arg(long, value_name = "FILE", env = "CAMPANILE_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Token {
    /// The user that the token stands for
    #[arg(long, value_name = "ID", required_unless_present = "scope")]
    pub(crate) user: Option<String>,
    /// How long it is good: a number with s, m, h or d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub(crate) ttl: Duration,
    /// What an application may do with it, separated by spaces: notifications:publish, notifications:admin
    #[arg(long, value_name = "SCOPES")]
    pub(crate) scope: Option<String>,
    /// The tenant, in the claim that auth.tenant_claim names (or else `tenant`)
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<String>,
    #[command(flatten)]
    pub(crate) sign: SignOptions,
}

/// Where the secret is that tokens are made with.
#[derive(Args, Debug)]
pub(crate) struct SignOptions {
    /// A file with the secret to sign with
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// The server's configuration file: its secret, issuer, audience and claims are used
    #[arg(long, value_name = "FILE", env = "CAMPANILE_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
    /// The database of `campanile dev` whose secret to use when no other is given
    #[arg(long, value_name = "FILE", default_value = crate::dev::DATABASE)]
    pub(crate) store: PathBuf,
}

/// The longest life of a token made here: ten years.
const MAX_TTL: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// A number with `s`, `m`, `h` or `d`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "must be a number with s, m, h or d, such as 30m, from 1s to 3650d".to_owned();
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 60 * 60,
        Some('d') => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let number = text.get(..text.len() - 1).and_then(|number| number.parse::<u64>().ok());
    let seconds = number.and_then(|number| number.checked_mul(unit)).map(Duration::from_secs);
    seconds.filter(|ttl| !ttl.is_zero() && *ttl <= MAX_TTL).ok_or_else(wrong)
}

const AFTER_HELP: &str = concat!(
    "\
Examples:
  campanile dev                                   try it out: demo page, curl commands, no setup
  campanile serve --config campanile.toml         run it
  campanile token --user alice                    a token for alice
  campanile tail --user alice                     what alice hears, as it comes
  campanile publish hello --user alice            a notification for alice
  campanile config --config campanile.toml        what takes effect, and why

",
    exit_codes!()
);

const ABOUT_SERVE: &str = "\
Run the server.

The configuration comes from a TOML file and from variables: CAMPANILE_, the path of the key in
capitals, levels joined by two underscores. Variables win over the file. Lists are separated by
commas there, and secrets may also come from a file that a variable ending in _FILE names.
Credentials are the only thing that has no default.";

const AFTER_SERVE: &str = concat!(
    "\
Examples:
  campanile serve --config campanile.toml
  campanile serve --config campanile.toml --check

  export CAMPANILE_AUTH__JWT_SECRET_FILE=/run/secrets/jwt
  export CAMPANILE_API__KEYS=\"shop:$(printf %s \"$SHOP_KEY\" | sha256sum | cut -d' ' -f1)\"
  export CAMPANILE_SSE__HEARTBEAT_SECONDS=15
  campanile serve

A configuration file:
  listen = \"0.0.0.0:8080\"
  [store]
  url = \"sqlite:///var/lib/campanile/campanile.db\"
  [sse]
  heartbeat_seconds = 15
  [types.\"invoices.approved\"]
  severity = \"success\"

Stopping:
  SIGTERM and SIGINT end it in order: readiness fails, open streams are asked to reconnect, spread
  over sse.drain_seconds, and then it ends. A second signal ends it at once.

Logging:
  To standard error, for people on a terminal and as JSON elsewhere. CAMPANILE_LOG (or RUST_LOG)
  is the filter: debug, or warn,campanile_http=debug. The default is info.

",
    exit_codes!()
);

const ABOUT_DEV: &str = "\
Run the server for trying things out.

Everything has a default: a database in the current directory, a secret and an API key that are
made at the first start and kept beside it in a file that only you can read, a demo page, and
commands to paste. Only requests to localhost names are answered. CAMPANILE_ variables apply as
they do to `campanile serve`.

Not for production: whoever reaches it gets a token for any user.";

const AFTER_DEV: &str = concat!(
    "\
Examples:
  campanile dev
  campanile dev --listen 127.0.0.1:0
  campanile dev --store try.db
  CAMPANILE_SSE__HEARTBEAT_SECONDS=5 campanile dev

To start afresh, delete the database and the file with the secrets beside it:
  rm campanile-dev.db*

",
    exit_codes!()
);

const ABOUT_TOKEN: &str = "\
Make a token (JWT, HS256) for a user or an application, for trying things out. Only the token is
printed.

The secret is looked for in this order: --secret-file, the variable CAMPANILE_AUTH__JWT_SECRET or
CAMPANILE_AUTH__JWT_SECRET_FILE, the configuration file, and the secret that `campanile dev` keeps
beside its database.";

const AFTER_TOKEN: &str = concat!(
    "\
Examples:
  campanile token --user alice
  campanile token --user alice --ttl 15m --config campanile.toml
  campanile token --scope notifications:publish --secret-file jwt.secret

  curl -N http://127.0.0.1:8080/notifications/stream \\
    -H \"Authorization: Bearer $(campanile token --user alice)\"

",
    exit_codes!()
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        <Cli as clap::CommandFactory>::command().debug_assert();
        let _: Cli = Cli::parse_from(["campanile", "dev"]);
    }

    #[test]
    fn times_are_numbers_with_a_unit() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        assert_eq!(duration("3650d"), Ok(MAX_TTL));
        for bad in ["", "s", "1", "0s", "-1s", "1.5h", "1h30m", "3651d", "99999999999999999999d", "1é"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
