//! `campanile dev`: everything has a default, so that one command is enough to see it work. Not for production: whoever reaches it
//! gets a token for any user, which is why it answers localhost names only.

mod banner;
mod demo;
mod page;
pub(crate) mod secrets;

use crate::{
    cli,
    config::{self, Config, Sources, StoreUrl, keys},
    failure::Failure,
    listen::Listeners,
    node::Node,
    process, telemetry,
};
use axum::Router;
use banner::Banner;
use campanile_http::{ApiKey, LOCALHOST};
use demo::Demo;
use secrets::DevSecrets;
use std::{
    ffi::OsString,
    io::{self, Write},
    time::Duration,
};

/// The database where no other is named.
pub(crate) const DATABASE: &str = "campanile-dev.db";

/// How long the printed token is good: a day of trying things out.
const PRINTED_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// Runs the server with its demo page.
///
/// # Errors
///
/// The configuration has mistakes, or the server cannot start.
pub(crate) fn run(options: cli::Dev, variables: Vec<(OsString, OsString)>) -> Result<(), Failure> {
    let (config, secrets) = configure(sources(options, variables))?;
    telemetry::start()?;
    process::block_on(process::run(&config, "--listen 127.0.0.1:0", |node, listeners| {
        dress(&config, &secrets, node, listeners)
    }))
}

/// What suits somebody who tries things out better than the built-in defaults: the metrics take no port that something else has, and
/// Ctrl-C does not take ten seconds.
fn sources(options: cli::Dev, variables: Vec<(OsString, OsString)>) -> Sources {
    let preferred = vec![
        (keys::STORE_URL, format!("sqlite://{DATABASE}")),
        (keys::ADMIN_LISTEN, "127.0.0.1:0".into()),
        (keys::ALLOWED_HOSTS, LOCALHOST.join(",")),
        (keys::DRAIN_SECONDS, "1".into()),
    ];
    let listen = options.listen.map(|listen| (keys::LISTEN, "--listen", listen));
    let store = options.store.map(|path| (keys::STORE_URL, "--store", format!("sqlite://{}", path.display())));
    Sources { preferred, file: options.config, variables, options: listen.into_iter().chain(store).collect() }
}

/// The secrets are kept beside the database, and where that is only the configuration knows: so it is read with others first.
fn configure(mut sources: Sources) -> Result<(Config, DevSecrets), Failure> {
    let drawn = DevSecrets::draw()?;
    sources.preferred.push((keys::JWT_SECRET, drawn.jwt_secret.expose().into()));
    let mut config = config::load(&sources)?;
    let secrets = match &config.store {
        StoreUrl::Sqlite(path) => DevSecrets::beside(path)?,
        StoreUrl::Memory => drawn.clone(),
    };
    if config.auth.jwt_secret.as_ref() == Some(&drawn.jwt_secret) {
        config.auth.jwt_secret = Some(secrets.jwt_secret.clone());
    }
    // In addition to what is configured, so that the printed commands work in any case.
    config.api_keys.push(ApiKey::of_secret("campanile-dev", secrets.api_key.expose()));
    Ok((config, secrets))
}

fn dress(config: &Config, secrets: &DevSecrets, node: &Node, listeners: &Listeners) -> Result<Router, Failure> {
    let demo = Demo::new(config, secrets, node)?;
    let base = format!("{}{}", listeners.public.url(), config.base_path);
    let banner = Banner {
        base: &base,
        metrics: &format!("{}/metrics", listeners.admin.url()),
        store: &kept_in(&config.store),
        api_key: secrets.api_key.expose(),
        token: &demo.token("alice", PRINTED_TTL)?,
    };
    // The server works without anybody reading this.
    _ = write!(io::stdout().lock(), "{banner}");
    Ok(node.public(demo.router(&config.base_path)))
}

fn kept_in(store: &StoreUrl) -> String {
    match store {
        StoreUrl::Sqlite(path) => {
            format!("{}, the secrets in {}", path.display(), secrets::file_beside(path).display())
        }
        StoreUrl::Memory => "memory: gone when this ends".into(),
    }
}
