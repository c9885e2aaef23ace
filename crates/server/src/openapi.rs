//! `campanile openapi`.

use crate::{cli, failure::Failure, output};
use campanile_http::openapi;

/// Prints the document.
///
/// # Errors
///
/// It cannot be written.
pub(crate) fn run(options: &cli::Openapi) -> Result<(), Failure> {
    output::print(openapi::to_text(&openapi::document(&options.base_path)))
}
