//! Where a server is: `http://HOST:PORT`, perhaps with its `base_path`.

use reqwest::Url;
use std::{fmt, net::IpAddr, str::FromStr};

/// The address of a server. It holds no credentials, and its path does not end with `/`.
#[derive(Clone, Debug)]
pub(crate) struct Address(Url);

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut url = Url::parse(text).map_err(|_| "must be a URL, such as http://127.0.0.1:8080")?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err("must begin with http:// or https:// and name a host");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user name or a password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must end with the host, the port, or the server's base_path");
        }
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty();
        }
        Ok(Self(url))
    }
}

impl Address {
    /// One of the server's routes, such as `api/notifications`.
    pub(crate) fn route(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        url
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether the server is on this machine.
    pub(crate) fn is_here(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_follow_the_base_path() {
        for (base, shown, route) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "http://127.0.0.1:8080/api/signals"),
            ("https://a.example/", "https://a.example", "https://a.example/api/signals"),
            ("https://a.example/live", "https://a.example/live", "https://a.example/live/api/signals"),
            ("https://a.example/live/", "https://a.example/live", "https://a.example/live/api/signals"),
        ] {
            let address: Address = base.parse().unwrap();
            assert_eq!((address.to_string().as_str(), address.route("api/signals").as_str()), (shown, route));
        }
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused() {
        for bad in [
            "",
            "127.0.0.1:8080",
            "ftp://a.example",
            "file:///a",
            "http://me:pw@a.example",
            "http://a.example?x",
            "http://a#b",
        ] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        let here = |url: &str| url.parse::<Address>().unwrap().is_here();
        assert!(here("http://localhost:1") && here("http://127.0.0.2") && here("http://[::1]:8080"));
        assert!(!here("http://localhost.example") && !here("http://10.0.0.1"));
    }
}
