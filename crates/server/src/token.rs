//! `campanile token`.

use crate::{
    cli,
    config::{self, Key, Mistakes, Secret, Sources, keys},
    dev::secrets::{DevSecrets, file_beside},
    failure::Failure,
    mint::{self, Wish},
    output,
};
use campanile_core::{Clock, SystemClock};
use std::ffi::OsString;

/// Makes a token and prints it.
///
/// # Errors
///
/// There is no secret to sign with, or what was asked for cannot be a token.
pub(crate) fn run(options: cli::Token, variables: Vec<(OsString, OsString)>) -> Result<(), Failure> {
    check_names(&options)?;
    let auth = config::load_auth(&sources(&options, variables)?)?;
    let secret = match &auth.jwt_secret {
        Some(secret) => secret.clone(),
        None if auth.has_public_keys() => return Err(signed_elsewhere().into()),
        None => dev_secret(&options)?,
    };
    let wish = Wish { user: options.user, ttl: options.ttl, scope: options.scope, tenant: options.tenant };
    let token = mint::token(&auth, &secret, SystemClock.now(), wish)?;
    output::print(format!("{token}\n"))
}

fn sources(options: &cli::Token, variables: Vec<(OsString, OsString)>) -> Result<Sources, Mistakes> {
    let mut sources = Sources { file: options.config.clone(), variables, ..Sources::default() };
    if let Some(file) = &options.secret_file {
        let unreadable =
            |error| Mistakes::one("--secret-file", None, format!("{} cannot be read: {error}", file.display()));
        sources.options.push((keys::JWT_SECRET, "--secret-file", config::secret_file(file).map_err(unreadable)?));
    }
    Ok(sources)
}

fn dev_secret(options: &cli::Token) -> Result<Secret, Failure> {
    let file = file_beside(&options.store);
    let secrets = DevSecrets::read(&file)?;
    secrets
        .map(|secrets| secrets.jwt_secret)
        .ok_or_else(|| missing(keys::JWT_SECRET, &file.display().to_string()).into())
}

fn signed_elsewhere() -> Mistakes {
    let reason =
        "is not set: tokens are signed with the private half of the public keys that are configured, by whoever has it";
    Mistakes::one(keys::JWT_SECRET.name, None, reason)
}

fn missing(key: &Key, file: &str) -> Mistakes {
    let reason = format!(
        "there is no secret to sign with: use --secret-file, {} or --config, or start `campanile dev`, which keeps one in {file}",
        key.variable()
    );
    Mistakes::one(key.name, None, reason)
}

/// What no server would take as a user or tenant is not put into a token.
fn check_names(options: &cli::Token) -> Result<(), Mistakes> {
    let mut mistakes = Mistakes::default();
    if let Some(Err(why)) = options.user.as_ref().map(campanile_core::UserId::new) {
        mistakes.add("--user", None, why.to_string());
    }
    if let Some(Err(why)) = options.tenant.as_ref().map(campanile_core::Tenant::new) {
        mistakes.add("--tenant", None, why.to_string());
    }
    mistakes.or_ok(())
}
