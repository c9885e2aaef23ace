//! Where the user's tokens come from: there is one for each connection.

use crate::{
    cli::{self, Tail},
    config::{self, Mistakes, Secret},
    failure::Failure,
    mint::Wish,
    signer::Signer,
};
use campanile_core::{Tenant, UserId};
use std::{ffi::OsString, io, path::PathBuf, time::Duration};

const VARIABLE: &str = "CAMPANILE_TOKEN";

/// How long a token made here is good. A stream that outlives it comes back with the next one.
const TTL: Duration = Duration::from_secs(60 * 60);

/// Where tokens come from.
pub(super) enum Tokens {
    Given(Secret),
    File(PathBuf),
    Made(Box<Signer>, Wish),
}

impl Tokens {
    /// Looks for them.
    ///
    /// # Errors
    ///
    /// There are none, or the first one cannot be had.
    pub(super) fn find(options: &cli::Tail, variables: Vec<(OsString, OsString)>) -> Result<Self, Failure> {
        let variable = variables.iter().find(|(name, _)| name == VARIABLE).map(|(_, value)| value.to_string_lossy());
        let tokens = match (options, variable) {
            (Tail { token: Some(token), .. }, _) => Self::Given(Secret::new(token)),
            (Tail { token_file: Some(file), .. }, _) => Self::File(file.clone()),
            (_, Some(token)) if options.sign.secret_file.is_none() => Self::Given(Secret::new(token)),
            _ => {
                let wish = wish(options)?;
                Self::Made(Box::new(Signer::find(&options.sign, variables)?), wish)
            }
        };
        tokens.next().map_err(|failure| match (&options.token_file, failure) {
            (Some(_), Failure::Runtime(sentence)) => Mistakes::one("--token-file", None, sentence).into(),
            (_, failure) => failure,
        })?;
        Ok(tokens)
    }

    /// One for the next connection.
    pub(super) fn next(&self) -> Result<String, Failure> {
        match self {
            Self::Given(token) => Ok(token.expose().to_owned()),
            Self::File(file) => config::secret_file(file).map_err(|error| unreadable(file, &error)),
            Self::Made(signer, wish) => signer.token(wish.clone()),
        }
    }
}

fn unreadable(file: &std::path::Path, error: &io::Error) -> Failure {
    Failure::Runtime(format!("{} cannot be read: {error}", file.display()))
}

fn wish(options: &cli::Tail) -> Result<Wish, Mistakes> {
    let mut mistakes = Mistakes::default();
    match options.user.as_ref().map(UserId::new) {
        Some(Ok(_)) => {}
        Some(Err(why)) => mistakes.add("--user", None, why.to_string()),
        None => mistakes.add(
            "--user",
            None,
            format!("say whose stream it is, or give a token: --token-file, {VARIABLE} or --token"),
        ),
    }
    if let Some(Err(why)) = options.tenant.as_ref().map(Tenant::new) {
        mistakes.add("--tenant", None, why.to_string());
    }
    mistakes.or_ok(Wish { user: options.user.clone(), ttl: TTL, scope: None, tenant: options.tenant.clone() })
}
