//! Batches: an array, or lines. Each publish is cut out as it was written, none is lost, none is made up.

use bytes::Bytes;
use campanile_http::{Code, fuzzing};
use serde_json::Value;

/// Any body, as both.
pub(crate) fn run(data: &[u8]) {
    let body = Bytes::copy_from_slice(data);
    array(&body);
    lines(&body);
}

/// Each item is judged for itself later, so an array with bad ones is one, too.
fn array(body: &Bytes) {
    let value = serde_json::from_slice::<Value>(body).ok();
    match fuzzing::batch(false, body) {
        Ok(items) => {
            if let Some(value) = value {
                let read: Vec<Value> = items.iter().map(|item| serde_json::from_slice(item).expect("JSON")).collect();
                assert_eq!(Value::Array(read), value);
            }
            let tokens = |bytes: &[u8]| bytes.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect::<Vec<u8>>();
            assert_eq!(tokens(&[b"[", items.join(&b","[..]).as_slice(), b"]"].concat()), tokens(body));
            in_order(body, &items);
        }
        Err(problem) if problem.code() == Code::Malformed => assert!(value.is_none()),
        Err(problem) => {
            assert_eq!(problem.code(), Code::Invalid);
            assert!(value.is_some_and(|value| !value.is_array()));
        }
    }
}

fn lines(body: &Bytes) {
    let items = fuzzing::batch(true, body).expect("anything has lines");
    let split: Vec<&[u8]> =
        body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()).collect();
    assert_eq!(items, split);
    in_order(body, &items);
    for item in items {
        // A line is judged alone.
        _ = fuzzing::item(&item);
    }
}

/// Pieces of the body itself, one after the other.
fn in_order(body: &Bytes, items: &[Bytes]) {
    let place = |item: &Bytes| item.as_ptr() as usize - body.as_ptr() as usize;
    let places: Vec<_> = items.iter().map(|item| (place(item), place(item) + item.len())).collect();
    assert!(places.windows(2).all(|pair| pair[0].1 <= pair[1].0));
    assert!(places.last().is_none_or(|last| last.1 <= body.len()));
}
