//! `campanile serve`.

use crate::{
    cli,
    config::{self, Sources, keys},
    credentials,
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
    credentials::warn(&config);
    let change = format!("{}=127.0.0.1:0", keys::LISTEN.variable());
    process::block_on(process::run(&config, &change, |node, _| Ok(node.public(axum::Router::new()))))
}
