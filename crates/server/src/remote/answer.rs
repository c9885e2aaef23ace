//! What a server answered, and what it means for whoever asked.

use super::Address;
use crate::failure::{Failure, Refusal};
use reqwest::{
    Response, StatusCode,
    header::{HeaderName, LOCATION, RETRY_AFTER},
};
use serde::{Deserialize, de::DeserializeOwned};

/// More than any answer to one of our requests. What is larger comes from something else.
const MAX_BYTES: usize = 1 << 20;

/// An answer, read to its end.
pub(crate) struct Answer {
    status: StatusCode,
    location: Option<String>,
    retry_after: Option<String>,
    body: Vec<u8>,
}

/// Problem details (RFC 9457), as far as they are shown.
#[derive(Deserialize)]
struct Problem {
    #[serde(rename = "type")]
    page: String,
    detail: String,
    code: String,
    #[serde(default)]
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    pointer: String,
    detail: String,
}

impl Answer {
    pub(super) async fn read(mut response: Response) -> reqwest::Result<Self> {
        let header = |name: HeaderName| response.headers().get(name)?.to_str().ok().map(str::to_owned);
        let (location, retry_after) = (header(LOCATION), header(RETRY_AFTER));
        let (status, mut body) = (response.status(), Vec::new());
        while body.len() <= MAX_BYTES
            && let Some(chunk) = response.chunk().await?
        {
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status, location, retry_after, body })
    }

    pub(crate) fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// What it says as JSON, if it is of this form and a success.
    pub(crate) fn success<T: DeserializeOwned>(&self) -> Option<T> {
        self.status.is_success().then(|| serde_json::from_slice(&self.body).ok()).flatten()
    }

    /// The body on one line, if it is JSON: what programs get to see.
    pub(crate) fn json(&self) -> Option<String> {
        let json: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        Some(format!("{json}\n"))
    }

    /// What a person has to know of an answer that is no success, and a script by the exit code.
    pub(crate) fn failure(&self, address: &Address) -> Failure {
        let problem = serde_json::from_slice::<Problem>(&self.body).ok().filter(|_| !self.status.is_success());
        match (problem, &self.location) {
            (Some(problem), _) => Failure::Refused(refusal(self.status), self.sentence(address, &problem)),
            (None, Some(location)) if self.status.is_redirection() => {
                let what_to_do = "is that what --url (or CAMPANILE_URL) should be?";
                Failure::Runtime(format!("{address} sends elsewhere, to {location}; {what_to_do}"))
            }
            _ => self.of_something_else(address),
        }
    }

    fn sentence(&self, address: &Address, problem: &Problem) -> String {
        let Problem { page, detail, code, errors } = problem;
        let faults: String = errors.iter().map(|fault| format!("\n  {}: {}", fault.pointer, fault.detail)).collect();
        let hint = match self.status {
            StatusCode::NOT_FOUND => " Is --url (or CAMPANILE_URL) right, base_path included?",
            _ => "",
        };
        let later = self.retry_after.as_ref().map(|seconds| format!(" Try again in {seconds} s.")).unwrap_or_default();
        format!("{address} answers {} {code}: {detail}{hint}{later}{faults}\n  {page}", self.status.as_u16())
    }

    /// Probably a proxy in front of it, or another program altogether.
    fn of_something_else(&self, address: &Address) -> Failure {
        let is = format!("{address} answers {}, and not as Campanile does", self.status);
        match self.status.is_server_error() {
            true => Failure::Refused(Refusal::Away, format!("{is}; is the server behind it running?")),
            false => Failure::Runtime(format!("{is}; is --url (or CAMPANILE_URL) right, base_path included?")),
        }
    }
}

fn refusal(status: StatusCode) -> Refusal {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Refusal::Forbidden,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Refusal::Away,
        status if status.is_client_error() => Refusal::Wrong,
        _ => Refusal::Away,
    }
}
