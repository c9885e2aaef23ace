//! `campanile openapi`.

use clap::Args;

#[derive(Args, Debug)]
pub(crate) struct Openapi {
    /// Describe a server whose base_path is this
    #[arg(long, value_name = "PATH", default_value = "", hide_default_value = true, value_parser = crate::config::base_path)]
    pub(crate) base_path: String,
}

pub(super) const ABOUT: &str = "\
Print the API as an OpenAPI 3.2 document: what a server answers to GET /openapi.json.

It describes every route with its parameters, bodies and answers, and the events of the stream.";

pub(super) const AFTER: &str = concat!(
    "\
Examples:
  campanile openapi > openapi.json
  campanile openapi --base-path /live

",
    exit_codes!()
);
