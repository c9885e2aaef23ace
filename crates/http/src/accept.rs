//! Whether a client's `Accept` allows an event stream (RFC 9110, 12.5.1).

use http::{HeaderMap, header::ACCEPT};

/// How exactly a range names the representation; the most exact one decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Exactness {
    Anything,
    Type,
    Subtype,
    Parameters,
}

/// Whether `text/event-stream; charset=utf-8` may be sent. Without the header, or with nothing readable in it, anything may be: a
/// client that says nothing excludes nothing.
pub(crate) fn allows_event_stream(headers: &HeaderMap) -> bool {
    let ranges: Vec<(Option<Exactness>, f32)> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(range)
        .collect();
    let matching = ranges.iter().filter_map(|(exact, quality)| exact.map(|exact| (exact, *quality)));
    let best = matching
        .reduce(|best, next| if next.0 > best.0 || (next.0 == best.0 && next.1 > best.1) { next } else { best });
    ranges.is_empty() || best.is_some_and(|(_, quality)| quality > 0.0)
}

/// A media range: how exactly it matches (`None`: not at all) and its quality. `None` if it is no media range.
fn range(text: &str) -> Option<(Option<Exactness>, f32)> {
    let mut parts = text.split(';').map(str::trim);
    let media = parts.next()?;
    let (kind, subtype) = media.split_once('/').or((media == "*").then_some(("*", "*")))?;
    let (mut exact, mut quality) = (exactness(kind, subtype), 1.0);
    for part in parts.filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=')?;
        let (name, value) = (name.trim(), value.trim().trim_matches('"'));
        if name.eq_ignore_ascii_case("q") {
            quality = value.parse().ok().filter(|q| (0.0..=1.0).contains(q))?;
            break; // what follows the weight belongs to it, not to the media type
        }
        let ours = name.eq_ignore_ascii_case("charset") && value.eq_ignore_ascii_case("utf-8");
        exact = exact.filter(|_| ours).map(|_| Exactness::Parameters);
    }
    Some((exact, quality))
}

fn exactness(kind: &str, subtype: &str) -> Option<Exactness> {
    match (kind, subtype) {
        ("*", "*") => Some(Exactness::Anything),
        (kind, "*") if kind.eq_ignore_ascii_case("text") => Some(Exactness::Type),
        (kind, subtype) if kind.eq_ignore_ascii_case("text") && subtype.eq_ignore_ascii_case("event-stream") => {
            Some(Exactness::Subtype)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn allows(values: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT, HeaderValue::from_str(value).unwrap());
        }
        allows_event_stream(&headers)
    }

    #[test]
    fn what_does_not_exclude_the_stream_allows_it() {
        for good in [
            &[][..],
            &[""],
            &["*/*"],
            &["*"],
            &["text/*"],
            &["text/event-stream"],
            &["TEXT/Event-Stream; q=0.1"],
            &["text/event-stream;charset=UTF-8"],
            &["text/event-stream; charset=\"utf-8\""],
            &["application/json, text/event-stream;q=0.001"],
            &["application/json", "text/*;q=0.5"],
            &["text/html, */*;q=.2"],
            &["text/*;q=0, text/event-stream"],
            &["*/*;q=0, text/event-stream;q=0.5"],
            &["text/event-stream;q=0, text/event-stream;charset=utf-8;q=1"],
            &["nonsense"],
        ] {
            assert!(allows(good), "{good:?}");
        }
    }

    #[test]
    fn what_excludes_the_stream_is_not_acceptable() {
        for bad in [
            &["application/json"][..],
            &["text/html"],
            &["text/event-stream;q=0"],
            &["text/event-stream; q=0.000, */*"],
            &["text/*;q=0, */*"],
            &["*/*;q=0"],
            &["application/*, text/event-stream-x"],
            &["text/event-stream;charset=iso-8859-1"],
            &["application/json", "text/plain"],
            &["text/event-stream;charset=utf-8;q=0, text/event-stream"],
        ] {
            assert!(!allows(bad), "{bad:?}");
        }
    }
}
