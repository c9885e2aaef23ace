//! Who makes tokens on this side: the secret, wherever it is found, and what the server's configuration wants of a token.

use crate::{
    cli,
    config::{self, Auth, Key, Mistakes, Secret, Sources, keys},
    dev::secrets::{DevSecrets, file_beside},
    failure::Failure,
    mint::{self, Wish},
};
use campanile_core::{Clock, SystemClock};
use std::ffi::OsString;

/// Makes tokens that the server takes.
pub(crate) struct Signer {
    auth: Auth,
    secret: Secret,
}

impl Signer {
    /// Looks for the secret: option, variable, configuration file, and what `campanile dev` keeps.
    ///
    /// # Errors
    ///
    /// There is none, or what is said about tokens has mistakes.
    pub(crate) fn find(options: &cli::SignOptions, variables: Vec<(OsString, OsString)>) -> Result<Self, Failure> {
        let auth = config::load_auth(&sources(options, variables)?)?;
        let secret = match &auth.jwt_secret {
            Some(secret) => secret.clone(),
            None if auth.has_public_keys() => return Err(signed_elsewhere().into()),
            None => dev_secret(options)?,
        };
        Ok(Self { auth, secret })
    }

    /// A token, good from now on.
    ///
    /// # Errors
    ///
    /// The server would not take what can be made here.
    pub(crate) fn token(&self, wish: Wish) -> Result<String, Failure> {
        mint::token(&self.auth, &self.secret, SystemClock.now(), wish)
    }
}

fn sources(options: &cli::SignOptions, variables: Vec<(OsString, OsString)>) -> Result<Sources, Mistakes> {
    let mut sources = Sources { file: options.config.clone(), variables, ..Sources::default() };
    if let Some(file) = &options.secret_file {
        let unreadable =
            |error| Mistakes::one("--secret-file", None, format!("{} cannot be read: {error}", file.display()));
        sources.options.push((keys::JWT_SECRET, "--secret-file", config::secret_file(file).map_err(unreadable)?));
    }
    Ok(sources)
}

fn dev_secret(options: &cli::SignOptions) -> Result<Secret, Failure> {
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
