//! Key sets from a URL. The URL is the operator's; no request and no token can change where this asks, when is bounded, and what comes
//! back is parsed as keys and shown to nobody.

use super::{
    KeySource, KeysError,
    address::may_be_asked,
    freshness::max_age,
    jwks,
    source::MAX_BYTES,
    watch::{Load, Loaded, Pace, Watched},
};
use futures_util::future::BoxFuture;
use reqwest::{
    Client, Response, Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;
use std::{error::Error, fmt, net::IpAddr, sync::Arc, time::Duration};

const MINUTE: Duration = Duration::from_secs(60);
/// A provider rotates its keys over days; a key that was taken out is trusted for an hour at most.
const PACE: Pace = Pace {
    regular: Duration::from_secs(600),
    bounds: (MINUTE, Duration::from_secs(3600)),
    after_failure: Duration::from_secs(30),
    on_unknown: MINUTE,
    while_empty: Duration::from_secs(1),
};
/// How long users may wait for a provider.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Where a key set is: by https anywhere, by http on this machine.
#[derive(Clone, PartialEq, Eq)]
pub struct JwksUrl {
    url: Url,
    loopback: bool,
}

/// Why a text is no such URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwksUrlError {
    /// It is no URL.
    #[error("must be a URL, such as https://id.example/.well-known/jwks.json")]
    Form,
    /// It is neither https, nor http on loopback.
    #[error(
        "must begin with https:// (http:// only for localhost, 127.0.0.1 and [::1]): whoever sits on the way could send other keys"
    )]
    Scheme,
    /// There is a name or a password in it.
    #[error("must not hold a user name or a password")]
    Credentials,
    /// It names an address where no provider of keys can be.
    #[error("names an address that is not asked: link-local, multicast and reserved ones are not")]
    Address,
}

impl JwksUrl {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// [`JwksUrlError`] says what is wrong; it never holds the input.
    pub fn parse(text: &str) -> Result<Self, JwksUrlError> {
        let url = Url::parse(text).map_err(|_| JwksUrlError::Form)?;
        let host = url.host_str().ok_or(JwksUrlError::Form)?;
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        let loopback = address.map_or(host == "localhost", |address| address.to_canonical().is_loopback());
        if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
            return Err(JwksUrlError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(JwksUrlError::Credentials);
        }
        if address.is_some_and(|address| !may_be_asked(address, loopback)) {
            return Err(JwksUrlError::Address);
        }
        Ok(Self { url, loopback })
    }
}

impl fmt::Display for JwksUrl {
    /// Without the query: there may be a key in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.url.clone();
        shown.set_query(None);
        shown.set_fragment(None);
        shown.fmt(f)
    }
}

impl fmt::Debug for JwksUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl KeySource {
    /// Public keys from a URL. It is asked when the first token needs it, then every 10 min (or as `Cache-Control: max-age` says, between
    /// 1 min and 1 h), and at most once a minute for a key that is not known.
    ///
    /// # Errors
    ///
    /// [`KeysError::Fetch`] if this system trusts no certificate at all.
    pub fn jwks_url(url: &JwksUrl) -> Result<Self, KeysError> {
        let set = RemoteSet { client: client(url)?, url: url.clone() };
        Ok(Self::of(Watched::new(url.to_string(), PACE, set, None)))
    }
}

/// A client for one URL: no redirects, no proxies from the environment, addresses checked, TLS by ring and the system's roots.
fn client(url: &JwksUrl) -> Result<Client, KeysError> {
    let built = Client::builder()
        .tls_backend_preconfigured(tls(url)?)
        .dns_resolver(Checked { loopback: url.loopback })
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(CONNECT_WITHIN)
        .timeout(ANSWER_WITHIN)
        .pool_max_idle_per_host(0)
        .user_agent(concat!("campanile/", env!("CARGO_PKG_VERSION")))
        .build();
    built.map_err(|error| KeysError::Fetch(chain(&error)))
}

fn tls(url: &JwksUrl) -> Result<ClientConfig, KeysError> {
    let failed = |error: rustls::Error| KeysError::Fetch(error.to_string());
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(failed)?;
    let builder = match url.url.scheme() {
        "https" => builder.with_platform_verifier().map_err(failed)?,
        // Nothing will be asked by TLS: a system without roots is fine.
        _ => builder.with_root_certificates(RootCertStore::empty()),
    };
    Ok(builder.with_no_client_auth())
}

/// Resolves a name once; the addresses that were checked are the ones connected to.
struct Checked {
    loopback: bool,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let loopback = self.loopback;
        Box::pin(async move {
            let addresses: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if addresses.iter().all(|address| may_be_asked(address.ip(), loopback)) {
                Ok(Box::new(addresses.into_iter()) as Addrs)
            } else {
                Err("the name leads to an address that is not asked".into())
            }
        })
    }
}

struct RemoteSet {
    client: Client,
    url: JwksUrl,
}

impl Load for RemoteSet {
    fn load(&mut self) -> BoxFuture<'_, Result<Loaded, KeysError>> {
        Box::pin(self.fetch())
    }
}

impl RemoteSet {
    async fn fetch(&self) -> Result<Loaded, KeysError> {
        let answer = self.client.get(self.url.url.clone()).send().await.map_err(failed)?;
        if answer.status() != http::StatusCode::OK {
            return Err(KeysError::Fetch(format!("the answer is {}", answer.status())));
        }
        let good_for = max_age(answer.headers());
        let text = String::from_utf8(body(answer).await?).map_err(|_| KeysError::NotText)?;
        let keys =
            jwks::read(&text, |number, why| tracing::debug!(from = %self.url, number, %why, "a key is not used"))?;
        Ok(Loaded::New(keys, good_for))
    }
}

/// The body, as long as it stays within the limit.
async fn body(mut answer: Response) -> Result<Vec<u8>, KeysError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BYTES {
            return Err(KeysError::TooLarge);
        }
    }
    Ok(body)
}

fn failed(error: reqwest::Error) -> KeysError {
    KeysError::Fetch(chain(&error.without_url()))
}

/// An error with its causes: the client's own text alone says nothing.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_on_this_machine() {
        for good in [
            "https://id.example/keys",
            "https://10.0.0.5:8443/keys?x=y",
            "https://[fd00::1]/keys",
            "https://localhost/keys",
            "http://localhost:8080/keys",
            "http://127.0.0.1:8080/keys",
            "http://[::1]:8080/keys",
        ] {
            assert!(JwksUrl::parse(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("http://id.example/keys", JwksUrlError::Scheme),
            ("http://10.0.0.5/keys", JwksUrlError::Scheme),
            ("http://localhost.evil.example/keys", JwksUrlError::Scheme),
            ("http://127.0.0.1.evil.example/keys", JwksUrlError::Scheme),
            ("http://localhost@evil.example/keys", JwksUrlError::Scheme),
            ("ftp://localhost/keys", JwksUrlError::Scheme),
            ("file:///etc/keys", JwksUrlError::Form),
            ("keys.json", JwksUrlError::Form),
            ("", JwksUrlError::Form),
            ("https://me:secret@id.example/keys", JwksUrlError::Credentials),
            ("https://169.254.169.254/latest", JwksUrlError::Address),
            ("https://0.0.0.0/keys", JwksUrlError::Address),
            ("https://[::ffff:169.254.169.254]/keys", JwksUrlError::Address),
            // 127.0.0.1 and 169.254.169.254 as one number: the URL's own rules read them as addresses.
            ("https://2852039166/keys", JwksUrlError::Address),
        ] {
            assert_eq!(JwksUrl::parse(bad), Err(why), "{bad}");
        }
        assert!(JwksUrl::parse("http://2130706433/keys").is_ok_and(|url| url.loopback));
    }

    #[test]
    fn a_query_is_not_shown() {
        let url = JwksUrl::parse("https://id.example/keys?api_key=hidden#part").unwrap();
        assert_eq!(
            (url.to_string().as_str(), format!("{url:?}").as_str()),
            ("https://id.example/keys", "https://id.example/keys")
        );
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_not_followed() {
        let lead = |loopback| async move { Checked { loopback }.resolve("localhost".parse().unwrap()).await.is_ok() };
        assert!(!lead(false).await);
        assert!(lead(true).await);
    }
}
