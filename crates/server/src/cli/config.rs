//! `campanile config`.

use clap::Args;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct Config {
    /// The configuration file (TOML), as for `campanile serve`
    #[arg(long, value_name = "FILE", env = "CAMPANILE_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
    /// For programs: one object, with a member for each key
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the page that explains every key (Markdown) instead
    #[arg(long, conflicts_with_all = ["json", "config"])]
    pub(crate) reference: bool,
}

pub(super) const ABOUT: &str = "\
Show the configuration that `campanile serve` would run with, from the same file and variables, and
where each value comes from. Mistakes are reported as `campanile serve` reports them.

What is printed is a configuration file itself, but for secrets: these are masked.";

pub(super) const AFTER: &str = concat!(
    "\
Examples:
  campanile config
  campanile config --config campanile.toml
  CAMPANILE_SSE__HEARTBEAT_SECONDS=15 campanile config | grep heartbeat
  campanile config --json | jq '.\"store.url\".value'
  campanile config --reference

With --json each key has its value (null: not set), whether it is a secret, and an origin: its
source is default, file (with file and line), variable, secret-file or option.

",
    exit_codes!()
);
