//! `campanile publish`, and the options of all commands that speak to a server.

use crate::remote::Address;
use campanile_core::Severity;
use clap::{Args, builder::PossibleValuesParser};
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct ServerOptions {
    /// The server, with its base_path if it has one
    #[arg(
        long,
        value_name = "URL",
        env = "CAMPANILE_URL",
        hide_env_values = true,
        default_value = "http://127.0.0.1:8080"
    )]
    pub(crate) url: Address,
}

#[derive(Args, Debug)]
pub(crate) struct KeyOptions {
    /// The API key, or a token with the scope notifications:publish; others on this machine can see it here
    #[arg(long, value_name = "KEY", conflicts_with = "key_file")]
    pub(crate) key: Option<String>,
    /// A file with the key
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// The database of `campanile dev` whose key to use when no other is given
    #[arg(long, value_name = "FILE", default_value = crate::dev::DATABASE)]
    pub(crate) store: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Publish {
    /// The type, such as invoices.approved; or - for a whole draft (JSON) from standard input
    #[arg(value_name = "TYPE")]
    pub(crate) kind: String,
    /// A user who gets it; as often as needed
    #[arg(long, value_name = "ID", conflicts_with_all = ["topic", "everyone"])]
    pub(crate) user: Vec<String>,
    /// The topic whose members get it
    #[arg(long, value_name = "TOPIC", conflicts_with = "everyone")]
    pub(crate) topic: Option<String>,
    /// Everybody with an inbox gets it
    #[arg(long)]
    pub(crate) everyone: bool,
    /// The title
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// The text
    #[arg(long, value_name = "TEXT")]
    pub(crate) body: Option<String>,
    /// How grave it is; without it, as the type has it
    #[arg(long, value_name = "SEVERITY", value_parser = PossibleValuesParser::new(Severity::ALL.map(Severity::as_str)))]
    pub(crate) severity: Option<String>,
    /// Where it leads: an http(s) URL, or a path beginning with /
    #[arg(long, value_name = "LINK")]
    pub(crate) link: Option<String>,
    /// Data for the page that shows it: JSON, or @FILE with JSON in it
    #[arg(long, value_name = "JSON")]
    pub(crate) data: Option<String>,
    /// The tenant, for a key that serves several
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<String>,
    /// Makes it safe to repeat: the same key and draft are published once within 24 hours
    #[arg(long, value_name = "KEY", value_parser = idempotency_key)]
    pub(crate) idempotency_key: Option<String>,
    /// Print the server's answer as it is, also a problem
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) server: ServerOptions,
    #[command(flatten)]
    pub(crate) key: KeyOptions,
}

impl Publish {
    /// The options given that make up a draft.
    pub(crate) fn of_a_draft(&self) -> impl Iterator<Item = &'static str> {
        let given = [
            ("--user", !self.user.is_empty()),
            ("--topic", self.topic.is_some()),
            ("--everyone", self.everyone),
            ("--title", self.title.is_some()),
            ("--body", self.body.is_some()),
            ("--severity", self.severity.is_some()),
            ("--link", self.link.is_some()),
            ("--data", self.data.is_some()),
            ("--tenant", self.tenant.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(option, _)| option)
    }
}

/// What a header can carry, as the server wants it.
fn idempotency_key(text: &str) -> Result<String, &'static str> {
    let valid = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if valid { Ok(text.to_owned()) } else { Err("must be 1 to 255 visible ASCII characters") }
}

pub(super) const ABOUT: &str = "\
Publish a notification to a running server. Its id is printed.

The key is looked for in this order: --key, --key-file, the variable CAMPANILE_API_KEY, and for a
server on this machine the key that `campanile dev` keeps beside its database.

When it has ended with 0, the notification is in every recipient's inbox and on disk.";

pub(super) const AFTER: &str = "\
Examples:
  campanile publish invoices.approved --user alice --title \"Invoice 42 approved\" --severity success
  campanile publish deploys.done --everyone --body \"Version 2 is live\" --link /changelog
  campanile publish orders.shipped --topic order-42 --data '{\"parcel\":\"JD0146\"}' --json
  campanile publish reports.ready --user bob --data @report.json --idempotency-key report-7

  export CAMPANILE_URL=https://bell.example CAMPANILE_API_KEY=…
  echo '{\"type\":\"news\",\"to\":{\"topic\":\"news\",\"except\":[\"u9\"]},\"title\":\"News\"}' | campanile publish -

Exit codes:
  0   published
  1   something failed while running; the message says what and what to do
  64  a mistake in the command line; all of them are listed
  65  the server refuses what was sent, and will the next time; every fault is listed
  69  the server is away or cannot now; the same may work later
  77  the key is not good for this";
