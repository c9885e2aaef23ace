//! What `campanile dev` says when it is up: where to look, and commands to paste.

use std::fmt;

/// What there is to tell.
pub(crate) struct Banner<'a> {
    /// The base of all addresses, without a `/` at its end.
    pub(crate) base: &'a str,
    /// The address of the metrics.
    pub(crate) metrics: &'a str,
    /// Where notifications are kept, and the secrets.
    pub(crate) store: &'a str,
    /// The application's key.
    pub(crate) api_key: &'a str,
    /// A token for alice.
    pub(crate) token: &'a str,
}

impl fmt::Display for Banner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base, metrics, store, api_key, token } = self;
        write!(
            f,
            "
Campanile is running, for trying things out.

  Demo page  {base}/
  Metrics    {metrics}
  Kept in    {store}
  API key    {api_key}

Publish to alice:

curl {base}/api/notifications \\
  -H 'Authorization: Bearer {api_key}' \\
  -H 'Content-Type: application/json' \\
  -d '{{\"type\":\"invoices.approved\",\"to\":{{\"users\":[\"alice\"]}},\"severity\":\"success\",\"title\":\"Invoice 42 approved\",\"link\":\"/invoices/42\"}}'

Watch alice's stream:

curl -N {base}/notifications/stream \\
  -H 'Authorization: Bearer {token}'

Ctrl-C ends it.

"
        )
    }
}
