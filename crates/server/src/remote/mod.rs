//! A running server, as the commands that speak to one see it: its address, one HTTP client, and answers read for people.

mod address;
mod answer;
mod key;

pub(crate) use address::Address;
pub(crate) use answer::Answer;
pub(crate) use key::api_key;

use crate::failure::{Failure, Refusal};
use reqwest::{Client, ClientBuilder, RequestBuilder, redirect};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;
use std::{error::Error, sync::Arc, time::Duration};

/// How long a server may take to be there.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// A client for one server: no redirects, so that credentials go where they were sent; TLS by ring and the system's roots.
///
/// # Errors
///
/// This system trusts no certificate at all, and one is needed.
pub(crate) fn client(address: &Address) -> Result<ClientBuilder, Failure> {
    let builder = Client::builder()
        .tls_backend_preconfigured(tls(address).map_err(|error| no_tls(&error))?)
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT_WITHIN)
        .user_agent(concat!("campanile/", env!("CARGO_PKG_VERSION")));
    // A proxy of the environment has another idea of what this machine is.
    Ok(if address.is_here() { builder.no_proxy() } else { builder })
}

fn tls(address: &Address) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?;
    let builder = match address.is_https() {
        true => builder.with_platform_verifier()?,
        // Nothing will be asked by TLS: a system without roots is fine.
        false => builder.with_root_certificates(RootCertStore::empty()),
    };
    Ok(builder.with_no_client_auth())
}

fn no_tls(error: &dyn Error) -> Failure {
    Failure::Runtime(format!(
        "cannot speak https: {error}; install the system's certificates, or name them in SSL_CERT_FILE"
    ))
}

/// Sends a request whose answer is short, and reads it.
///
/// # Errors
///
/// Nobody answers, or not in time.
pub(crate) async fn send(address: &Address, request: RequestBuilder) -> Result<Answer, Failure> {
    let unanswered = |error: reqwest::Error| away(address, &error.without_url());
    let response = request.send().await.map_err(unanswered)?;
    Answer::read(response).await.map_err(unanswered)
}

/// Why there is no answer, and what to do.
fn away(address: &Address, error: &reqwest::Error) -> Failure {
    let why = cause(error);
    let sentence = match () {
        () if error.is_connect() => {
            format!("cannot reach {address}: {why}; is the server running, and is --url (or CAMPANILE_URL) right?")
        }
        () if error.is_timeout() => {
            format!("{address} does not answer in time; it may have done it all the same: look before you repeat it")
        }
        () => format!(
            "the answer of {address} does not come: {why}; it may have done it all the same: look before you repeat it"
        ),
    };
    Failure::Refused(Refusal::Away, sentence)
}

/// What is at the bottom of an error: the client's own text alone says nothing.
fn cause(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// An error and what is at the bottom of it.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    match causes(error).skip(1).last() {
        Some(bottom) => format!("{error}: {bottom}"),
        None => error.to_string(),
    }
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn Error + 'static)| (*error).source())
}
