//! `campanile token`.

use crate::{cli, config::Mistakes, failure::Failure, mint::Wish, output, signer::Signer};
use std::ffi::OsString;

/// Makes a token and prints it.
///
/// # Errors
///
/// There is no secret to sign with, or what was asked for cannot be a token.
pub(crate) fn run(options: cli::Token, variables: Vec<(OsString, OsString)>) -> Result<(), Failure> {
    check_names(&options)?;
    let signer = Signer::find(&options.sign, variables)?;
    let wish = Wish { user: options.user, ttl: options.ttl, scope: options.scope, tenant: options.tenant };
    output::print(format!("{}\n", signer.token(wish)?))
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
