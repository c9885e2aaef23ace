//! For how long a provider says that its keys are good.

use http::{HeaderMap, header::CACHE_CONTROL};
use std::time::Duration;

/// For how long an answer is good by its own account (RFC 9111, 5.2.2): `no-store` and `no-cache` are not at all.
pub(super) fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let directives: Vec<_> =
        values.flat_map(|value| value.split(',')).map(|directive| directive.trim().to_ascii_lowercase()).collect();
    if directives.iter().any(|directive| directive == "no-store" || directive == "no-cache") {
        return Some(Duration::ZERO);
    }
    let seconds = directives.iter().find_map(|directive| directive.strip_prefix("max-age="))?;
    seconds.trim_matches('"').parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn an_answer_says_for_how_long_it_is_good() {
        let age = |values: &[&'static str]| {
            max_age(&values.iter().map(|value| (CACHE_CONTROL, HeaderValue::from_static(value))).collect())
        };
        assert_eq!(age(&[]), None);
        assert_eq!(age(&["public"]), None);
        assert_eq!(age(&["public, Max-Age=300"]), Some(Duration::from_secs(300)));
        assert_eq!(age(&["public", "max-age=\"7\""]), Some(Duration::from_secs(7)));
        assert_eq!(age(&["max-age=300, no-cache"]), Some(Duration::ZERO));
        assert_eq!(age(&["no-store"]), Some(Duration::ZERO));
        assert_eq!(age(&["max-age=-1"]), None);
    }
}
