//! The bytes of a stream, read far more strictly than a browser would: only what this server may write is let through.

/// An event as it stands on the wire.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct WireEvent<'a> {
    /// Where it begins.
    pub(super) offset: usize,
    pub(super) name: Option<&'a str>,
    pub(super) id: Option<&'a str>,
    pub(super) data: Option<String>,
}

/// The whole events of a body; what follows the last blank line was cut off and counts for nothing.
///
/// # Errors
///
/// Where something stands that must not, and what.
pub(super) fn events(body: &[u8]) -> Result<Vec<WireEvent<'_>>, (usize, String)> {
    let whole = body.windows(2).rposition(|pair| pair == b"\n\n").map_or(0, |at| at + 2);
    let text = std::str::from_utf8(&body[..whole]).map_err(|error| (error.valid_up_to(), "not UTF-8".into()))?;
    let (mut events, mut event, mut offset) = (Vec::new(), None::<WireEvent<'_>>, 0);
    for line in text.split_inclusive('\n') {
        match line {
            "\n" => events.extend(event.take().filter(|event| event.data.is_some())),
            _ => take(event.get_or_insert(WireEvent { offset, ..WireEvent::default() }), line)
                .map_err(|why| (offset, why))?,
        }
        offset += line.len();
    }
    Ok(events)
}

fn take<'a>(event: &mut WireEvent<'a>, line: &'a str) -> Result<(), String> {
    let line = line.strip_suffix('\n').unwrap_or(line);
    if line.contains('\r') {
        return Err(format!("a carriage return in {line:?}"));
    }
    let once = |slot: &mut Option<&'a str>, value| match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("a second {line:?} in one event")),
    };
    match line.split_once(": ").or_else(|| line.split_once(':')) {
        Some(("", _)) => Ok(()),
        Some(("event", name)) if !name.is_empty() => once(&mut event.name, name),
        Some(("id", id)) if !id.is_empty() => once(&mut event.id, id),
        Some(("retry", time)) if !time.is_empty() && time.bytes().all(|digit| digit.is_ascii_digit()) => Ok(()),
        Some(("data", piece)) => {
            match &mut event.data {
                Some(data) => *data = format!("{data}\n{piece}"),
                none => *none = Some(piece.to_owned()),
            }
            Ok(())
        }
        _ => Err(format!("the line {line:?}")),
    }
}

/// A cursor: epoch and seq.
pub(super) fn cursor(id: &str) -> Option<(&str, u64)> {
    let (epoch, seq) = id.rsplit_once('-')?;
    Some((epoch, seq.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_events_are_read_and_the_rest_is_left() {
        let body = b"retry: 1000\nevent: ready\nid: a-1\ndata: {}\n\n: beat\n\nevent: x\ndata: 1\ndata: 2\n\ndata:\n\nid: a-2\ndata";
        let read = events(body).unwrap();
        let event = |offset, name, id, data: &str| WireEvent { offset, name, id, data: Some(data.into()) };
        let expected =
            [event(0, Some("ready"), Some("a-1"), "{}"), event(51, Some("x"), None, "1\n2"), event(77, None, None, "")];
        assert_eq!(read, expected);
        assert_eq!(cursor("a-1-42"), Some(("a-1", 42)));
        assert_eq!(cursor("a"), None);
    }

    #[test]
    fn what_this_server_never_writes_is_refused() {
        let bad = [
            "id: 1\nid: 2\n\n",
            "data: a\rb\n\n",
            "dat: x\n\n",
            "retry: +5\n\n",
            "id\n\n",
            "id:\n\n",
            "event:\n\n",
            "x\n\n",
        ];
        for bad in bad {
            assert!(events(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(events(b"data: \xff\n\n").is_err());
    }
}
