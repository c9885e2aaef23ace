//! "Did you mean …?"

use super::keys;

/// How alike two names must be, between 0 and 1, to be taken for each other.
const ALIKE: f64 = 0.75;

/// What an unknown path probably should have been: a key that differs by a slip, or one of the same name elsewhere.
pub(super) fn key(unknown: &str) -> Option<&'static str> {
    let plain = plain(unknown);
    let by_name =
        || keys::ALL.iter().map(|key| key.name).find(|name| name.rsplit('.').next() == unknown.rsplit('.').next());
    let all = || keys::ALL.iter().map(|key| key.name);
    all().find(|name| self::plain(name) == plain).or_else(by_name).or_else(|| closest(unknown, all()))
}

/// The candidate that is most like a word, if any is like it at all.
pub(super) fn closest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .map(|candidate| (strsim::normalized_damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// The reason to give for an unknown name.
pub(super) fn unknown(what: &str, suggestion: Option<&str>) -> String {
    match suggestion {
        Some(suggestion) => format!("unknown {what}; did you mean {suggestion}?"),
        None => format!("unknown {what}"),
    }
}

/// A path without what is easily confused: `sse_heartbeatSeconds` and `sse.heartbeat-seconds` are alike.
fn plain(path: &str) -> String {
    path.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_lead_to_the_key_that_was_meant() {
        assert_eq!(key("sse.hartbeat_seconds"), Some("sse.heartbeat_seconds"));
        assert_eq!(key("sse_heartbeat_seconds"), Some("sse.heartbeat_seconds"));
        assert_eq!(key("sse.heartbeatSeconds"), Some("sse.heartbeat_seconds"));
        assert_eq!(key("heartbeat_seconds"), Some("sse.heartbeat_seconds"));
        assert_eq!(key("auth.secret"), None);
        assert_eq!(key("listne"), Some("listen"));
    }

    #[test]
    fn something_else_altogether_is_not_guessed() {
        assert_eq!(key("colour"), None);
        assert_eq!(unknown("key", None), "unknown key");
    }
}
