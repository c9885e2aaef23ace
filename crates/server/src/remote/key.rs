//! The key that an application shows.

use super::Address;
use crate::{
    cli,
    config::{self, Mistakes, Secret},
    dev::secrets::{DevSecrets, file_beside},
    failure::Failure,
};
use std::ffi::OsString;

const VARIABLE: &str = "CAMPANILE_API_KEY";

/// Looks for the key: option, file, variable, and for a server on this machine the one that `campanile dev` keeps.
///
/// # Errors
///
/// There is none, or it cannot be read or sent.
pub(crate) fn api_key(
    options: &cli::KeyOptions,
    address: &Address,
    variables: &[(OsString, OsString)],
) -> Result<Secret, Failure> {
    let variable = variables.iter().find(|(name, _)| name == VARIABLE).map(|(_, value)| value);
    let key = match (&options.key, &options.key_file, variable) {
        (Some(key), ..) => Secret::new(key),
        (None, Some(file), _) => Secret::new(config::secret_file(file).map_err(|error| {
            Mistakes::one("--key-file", None, format!("{} cannot be read: {error}", file.display()))
        })?),
        (None, None, Some(value)) => Secret::new(value.to_string_lossy()),
        (None, None, None) => of_dev(options, address)?,
    };
    let sendable = !key.expose().is_empty() && key.expose().bytes().all(|byte| byte.is_ascii_graphic());
    if sendable {
        Ok(key)
    } else {
        Err(Mistakes::one("--key", None, "the key must be visible ASCII without spaces").into())
    }
}

fn of_dev(options: &cli::KeyOptions, address: &Address) -> Result<Secret, Failure> {
    let file = file_beside(&options.store);
    let secrets = if address.is_here() { DevSecrets::read(&file)? } else { None };
    let missing = || {
        let reason = format!(
            "there is no key: use --key-file, {VARIABLE} or --key, or start `campanile dev` here, which keeps one in {}",
            file.display()
        );
        Mistakes::one("--key", None, reason)
    };
    Ok(secrets.ok_or_else(missing)?.api_key)
}
