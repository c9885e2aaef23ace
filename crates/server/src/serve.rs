//! `campanile serve`.

use crate::{
    cli,
    config::{self, Sources, keys},
    failure::Failure,
    process, telemetry,
};
use std::{
    ffi::OsString,
    io::{self, Write},
};

/// Runs the server.
///
/// # Errors
///
/// The configuration has mistakes, or the server cannot start.
pub(crate) fn run(options: cli::Serve, variables: Vec<(OsString, OsString)>) -> Result<(), Failure> {
    let config = config::load(&Sources { file: options.config, variables, ..Sources::default() })?;
    telemetry::start()?;
    if options.check {
        // Whoever asked also gets the exit code.
        _ = writeln!(io::stdout().lock(), "The configuration has no mistakes.");
        return Ok(());
    }
    if config.auth.jwt_secret.is_none() {
        tracing::warn!("auth.jwt_secret is not set: applications can publish, but no user can open a stream");
    }
    let change = format!("{}=127.0.0.1:0", keys::LISTEN.variable());
    process::block_on(process::run(&config, &change, |node, _| Ok(node.public(axum::Router::new()))))
}
