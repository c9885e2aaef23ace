//! Any bytes at all, in any chunks.

use campanile_sse::Limits;
use proptest::prelude::*;

use crate::arbitrary;
use crate::reader::{cut, read};

fn limits() -> impl Strategy<Value = Limits> {
    let bytes = || prop_oneof![0..40_usize, Just(1 << 20)];
    (bytes(), bytes(), bytes()).prop_map(|(line, event, id)| Limits { line, event, id })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    // The reader asserts the bound on memory after each chunk.
    #[test]
    fn chunking_makes_no_difference(stream in arbitrary::stream(), cuts in arbitrary::cuts(), limits in limits()) {
        let whole = read(limits, [&stream[..]]);
        prop_assert_eq!(&read(limits, cut(&stream, &cuts)), &whole);
        prop_assert_eq!(&read(limits, stream.chunks(1)), &whole);
    }

    #[test]
    fn what_is_dispatched_never_exceeds_the_limits(stream in arbitrary::stream(), limits in limits()) {
        for event in read(limits, [&stream[..]]).dispatches() {
            let name = if event.name == "message" { 0 } else { event.name.len() };
            prop_assert!(name + event.data.len() < limits.event);
            prop_assert!(event.last_event_id.len() <= limits.id);
            prop_assert!(!event.last_event_id.contains('\0'));
        }
    }

    #[test]
    fn a_stream_without_faults_is_heard_the_same_under_any_limits_that_suffice(stream in arbitrary::stream()) {
        let longest = 3 * stream.len() + 3;
        let generous = read(Limits { id: longest, ..Limits::default() }, [&stream[..]]);
        let tight = Limits { line: stream.len(), event: longest, id: longest };
        prop_assert!(generous.items.iter().all(Result::is_ok));
        prop_assert_eq!(read(tight, [&stream[..]]), generous);
    }
}
