//! Work, memory and overflow; what the rules say is in the fixtures.

use super::*;
use crate::work;

const SMALL: Limits = Limits { line: 20, event: 16, id: 8 };

fn show(event: &Dispatch<'_>) -> String {
    format!("{}|{}|{}", event.name, event.data, event.last_event_id)
}

/// What a stream says under `limits` when it comes in chunks of `size`; a fault is noted, and reading goes on.
fn read(stream: &[u8], limits: Limits, size: usize) -> Vec<String> {
    let mut parser = Parser::new(limits);
    let mut said = Vec::new();
    for mut chunk in stream.chunks(size) {
        loop {
            match parser.next_item(&mut chunk) {
                Ok(None) => break,
                Ok(Some(Item::Event(event))) => said.push(show(&event)),
                Ok(Some(Item::Retry(time))) => said.push(format!("retry {}", time.as_millis())),
                Ok(Some(Item::Comment(text))) => said.push(format!("comment {text}")),
                Err(overflow) => said.push(format!("{:?}", overflow.limit)),
            }
            assert!(parser.heap_bytes() <= limits.line + 2 * limits.event + 2 * limits.id);
        }
    }
    said
}

fn assert_reads(stream: &[u8], expected: &[&str]) {
    for size in 1..=stream.len() {
        assert_eq!(read(stream, SMALL, size), expected, "in chunks of {size}");
    }
}

/// The work for `stream` in chunks of `size`, in bytes looked at or copied per byte of the stream.
fn work_per_byte(stream: &[u8], size: usize) -> f64 {
    let bytes = work::of(|| {
        read(stream, Limits::default(), size);
    });
    f64::from(u32::try_from(bytes).unwrap()) / f64::from(u32::try_from(stream.len()).unwrap())
}

#[test]
fn an_event_exactly_at_its_limits_is_read() {
    assert_reads(b"data: 12345678901234\n\n", &["message|12345678901234|"]);
    assert_reads(b"data: 123456789012345\n\n", &["Line"]);
    assert_reads(b"event:12\ndata:1234567890123\n\n", &["12|1234567890123|"]);
    assert_reads(b"event:12\ndata:12345678901234\n\n", &["Event"]);
    assert_reads(b"data:1234567890123\nevent:12\n\n", &["12|1234567890123|"]);
    assert_reads(b"data:1234567890123\nevent:123\n\n", &["Event"]);
    assert_reads(b"id:12345678\ndata:x\n\n", &["message|x|12345678"]);
    assert_reads(b"id:123456789\ndata:x\n\n", &["Id"]);
}

#[test]
fn an_event_too_large_is_told_once_and_passed_over_with_its_id() {
    let lost =
        b"id: 1\ndata: a\n\nid: 2\ndata: 123456789\ndata: 123456789\ndata: 123456789\nretry: 7\n: c\n\ndata: b\n\n";
    assert_reads(lost, &["message|a|1", "Event", "message|b|1"]);
    let long = b"id: 2\nevent: x\ndata: 12345678901234567890\r\nretry: 7\r\n\r\ndata: b\r\r";
    assert_reads(long, &["Line", "message|b|"]);
    assert_reads(b"12345678901234567890123\n\ndata: b\n\n", &["Line", "message|b|"]);
}

#[test]
fn a_line_too_long_at_the_end_of_the_stream_is_told() {
    assert_reads(b"data: 12345678901234567890", &["Line"]);
}

#[test]
fn a_retry_before_the_fault_has_acted() {
    assert_reads(b"retry: 5\nid: 123456789\ndata: a\n\n", &["retry 5", "Id"]);
}

#[test]
fn a_comment_of_any_length_is_no_fault() {
    assert_reads(b": 123456789012345678\ndata: a\n\n", &["comment 123456789012345678", "message|a|"]);
    assert_reads(b": 1234567890123456789\ndata: a\n\n", &["message|a|"]);
    assert_reads(b"data: a\n: 1234567890123456789\r\n\r\n", &["message|a|"]);
    assert_reads(b"\xEF\xBB\xBF: 1234567890123456789\ndata: a\n\n", &["message|a|"]);
}

#[test]
fn a_bom_does_not_count_towards_the_line() {
    assert_reads(b"\xEF\xBB\xBFdata: 12345678901234\n\n", &["message|12345678901234|"]);
    assert_reads(b"\xEF\xBB12345678901234567890\n\ndata: a\n\n", &["Line", "message|a|"]);
    let tiny = Limits { line: 1, event: 1, id: 1 };
    assert_eq!(read(b"\xEF\xBBx\n\n\n", tiny, 1), ["Line"]);
    assert_eq!(read(b"\xEF\xBB\n\n\n", tiny, 9), ["Line"]);
}

#[test]
fn replacements_count_as_they_are_held() {
    assert_reads(b"data:\xFF\xFF\xFF\xFF\xFF\n\n", &["message|\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}|"]);
    assert_reads(b"data:\xFF\xFF\xFF\xFF\xFF\xFF\n\n", &["Event"]);
}

#[test]
fn an_event_that_is_too_large_only_when_decoded_is_lost_alone() {
    let stream = b"id: 1\ndata: a\n\nid: 2\ndata:\xFF\xFF\xFF\xFF\xFF\xFF\n\ndata: b\n\n";
    assert_reads(stream, &["message|a|1", "Event", "message|b|1"]);
}

#[test]
fn the_data_may_stand_anywhere_in_its_event() {
    assert_reads(b"data: a\nid: 1\nevent: n\n\n", &["n|a|1"]);
    assert_reads(b"data: a\nretry: 5\n: c\ndata: b\nid: 1\n\n", &["retry 5", "comment c", "message|a\nb|1"]);
    assert_reads(b"data\ndata\nevent: n\n\n", &["n|\n|"]);
    assert_reads(b"event: n\ndata: 1234567\ndata: 123456\n\n", &["n|1234567\n123456|"]);
    assert_reads(b"event: n\ndata: 1234567\ndata: 1234567\n\n", &["Event"]);
}

#[test]
fn the_last_of_many_names_and_ids_is_all_that_is_held() {
    let stream = b"event: first\nevent: second\nid: first\nid: second\n".repeat(100);
    assert_eq!(read(&[&stream[..], b"data:\n\n"].concat(), SMALL, 7), ["second||second"]);
}

#[test]
fn limits_of_zero_lose_everything_but_the_words() {
    let none = Limits { line: 0, event: 0, id: 0 };
    assert_eq!(read(b"data: a\n\n\n: c\nid: 1\n\n", none, 1), ["Line", "Line"]);
}

#[test]
fn no_byte_is_worked_on_more_than_a_few_times_whatever_the_chunks() {
    let line = [b"data: ", "x".repeat(64 * 1024).as_bytes(), b"\n\n"].concat();
    let lines = [&b"data: 12345\n".repeat(5000)[..], b"\n"].concat();
    let comment = [b":", "x".repeat(64 * 1024).as_bytes(), b"\n"].concat();
    let events = b"id: 1\nevent: x\ndata: y\n\n".repeat(3000);
    let junk = b"\r\n\r:\xFF\0data\n".repeat(5000);
    for stream in [line, lines, comment, events, junk] {
        for size in [1, 2, 3, 31, 1000, stream.len()] {
            let work = work_per_byte(&stream, size);
            assert!(work > 0.5 && work < 8.0, "{work} per byte in chunks of {size}");
        }
    }
}

#[test]
fn ten_mebibytes_in_one_event_are_read_whole_and_given_back() {
    let size = 10 * 1024 * 1024;
    let stream = [b"data: ", "x".repeat(size).as_bytes(), b"\n\ndata: y\n\n"].concat();
    let mut parser = Parser::new(Limits::default());
    let mut sizes = Vec::new();
    for mut chunk in stream.chunks(16 * 1024) {
        while let Some(item) = parser.next_item(&mut chunk).unwrap() {
            let Item::Event(event) = item else { panic!("only events were sent") };
            sizes.push(event.data.len());
        }
    }
    assert_eq!(sizes, [size, 1]);
    assert!(parser.heap_bytes() < 100 * 1024, "{}", parser.heap_bytes());
}

#[test]
fn a_restarted_parser_keeps_the_committed_id_and_nothing_else() {
    let mut parser = Parser::new(Limits::default());
    let mut chunk = &b"id: 1\ndata: a\n\nid: 2\nevent: x\ndata: lost\nda"[..];
    while parser.next_item(&mut chunk).unwrap().is_some() {}
    let mut parser = parser.restart();
    let mut chunk = &b"\xEF\xBB\xBF:\n\ndata: b\n\n"[..];
    assert_eq!(parser.next_item(&mut chunk).unwrap(), Some(Item::Comment("".into())));
    let event = Dispatch { name: "message".into(), data: "b".into(), last_event_id: "1".into() };
    assert_eq!(parser.next_item(&mut chunk).unwrap(), Some(Item::Event(event)));
}
