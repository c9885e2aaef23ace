//! From values to events.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;

use campanile_sse::{EventId, EventName, IntoSseItem, Retry, ServerSentEvents, SseItem};
use futures_util::{StreamExt, stream};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::frames;
use super::log::Log;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tick {
    at_second: u32,
}

/// Serialises half of itself, unless it is even.
struct Fragile(u32);

impl Serialize for Fragile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let half = BTreeMap::from([("fine", Half(true)), ("not", Half(self.0.is_multiple_of(2)))]);
        half.serialize(serializer)
    }
}

struct Half(bool);

impl Serialize for Half {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 { serializer.serialize_bool(true) } else { Err(S::Error::custom("it is odd")) }
    }
}

#[tokio::test]
async fn values_become_json() {
    let ticks = ServerSentEvents::new(stream::iter([Tick { at_second: 7 }]));
    assert_eq!(frames(ticks).await, ["data: {\"atSecond\":7}\n\n"]);
    let texts = ServerSentEvents::new(stream::iter(["", "two\nlines\r\u{2028}"]));
    assert_eq!(frames(texts).await, ["data: \"\"\n\ndata: \"two\\nlines\\r\u{2028}\"\n\n"]);
}

#[tokio::test]
async fn items_carry_id_name_and_retry() {
    let item = SseItem {
        data: 7,
        id: Some(EventId::parse("a-1").unwrap()),
        name: Some(EventName::parse("tick").unwrap()),
        retry: Some(Retry::MIN),
    };
    let items = ServerSentEvents::new(stream::iter([item, SseItem::from(8)]));
    assert_eq!(frames(items).await, ["retry: 500\nid: a-1\nevent: tick\ndata: 7\n\ndata: 8\n\n"]);
}

#[tokio::test]
async fn json_that_is_taken_over_as_it_is_cannot_break_out_of_its_line() {
    let raw = RawValue::from_string("{\n  \"id\": 9,\r\n\r  \"x\": [\n]}".to_owned()).unwrap();
    let events = frames(ServerSentEvents::new(stream::iter([raw]))).await;
    assert_eq!(events, ["data: {\ndata:   \"id\": 9,\ndata: \ndata:   \"x\": [\ndata: ]}\n\n"]);
}

#[tokio::test]
async fn fallible_streams_give_their_values() {
    let values = stream::iter([Ok::<_, io::Error>(1), Ok(2)]);
    assert_eq!(frames(ServerSentEvents::new(values)).await, ["data: 1\n\ndata: 2\n\n"]);
    let items = stream::iter([Ok::<_, io::Error>(SseItem::from(1))]);
    assert_eq!(frames(ServerSentEvents::new(items)).await, ["data: 1\n\n"]);
}

#[tokio::test]
async fn where_an_error_would_serialise_too_the_type_of_the_response_decides() {
    let fallible = || stream::iter([Ok::<_, String>(1)]);
    let response: ServerSentEvents<i32> = ServerSentEvents::new(fallible());
    assert_eq!(frames(response).await, ["data: 1\n\n"]);
    let response: ServerSentEvents<Result<i32, String>> = ServerSentEvents::new(fallible());
    assert_eq!(frames(response).await, ["data: {\"Ok\":1}\n\n"]);
}

#[tokio::test]
async fn types_of_ones_own_name_their_events() {
    struct Named(&'static str);

    impl IntoSseItem<usize> for Named {
        type Error = Infallible;

        fn into_sse_item(self) -> Result<SseItem<usize>, Infallible> {
            Ok(SseItem { name: EventName::parse(self.0).ok(), ..SseItem::from(self.0.len()) })
        }
    }

    let named = ServerSentEvents::new(stream::iter([Named("abc"), Named("")]));
    assert_eq!(frames(named).await, ["event: abc\ndata: 3\n\ndata: 0\n\n"]);
}

#[tokio::test]
async fn an_error_is_logged_and_ends_the_stream_behind_what_was_good() {
    let log = Log::start();
    let values = stream::iter([Ok(1), Err(io::Error::other("the database is away")), Ok(2)]);
    assert_eq!(frames(ServerSentEvents::new(values)).await, ["data: 1\n\n"]);
    log.assert_one("ERROR", "the database is away");
}

#[tokio::test]
async fn what_cannot_be_serialised_is_logged_and_ends_the_stream_without_a_torn_event() {
    let log = Log::start();
    let values = stream::iter([Fragile(2), Fragile(3), Fragile(4)]);
    assert_eq!(frames(ServerSentEvents::new(values)).await, ["data: {\"fine\":true,\"not\":true}\n\n"]);
    log.assert_one("ERROR", "it is odd");
}

#[tokio::test]
async fn all_that_is_ready_goes_out_in_one_frame() {
    let (sender, receiver) = tokio::sync::mpsc::channel(100);
    let values = stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    let writer = tokio::spawn(async move {
        for batch in [&[1, 2, 3][..], &[4], &[5, 6]] {
            for value in batch {
                sender.send(*value).await.unwrap();
            }
            while sender.capacity() < 100 {
                tokio::task::yield_now().await;
            }
        }
    });
    let frames = frames(ServerSentEvents::new(Box::pin(values))).await;
    assert_eq!(frames, ["data: 1\n\ndata: 2\n\ndata: 3\n\n", "data: 4\n\n", "data: 5\n\ndata: 6\n\n"]);
    writer.await.unwrap();
}

#[tokio::test]
async fn a_stream_that_is_always_ready_goes_out_in_frames_of_bounded_size() {
    let events = frames(ServerSentEvents::new(stream::iter(0..100_000_u32).map(|n| n % 10))).await;
    assert_eq!(events.concat(), (0..100_000).map(|n| format!("data: {}\n\n", n % 10)).collect::<String>());
    assert!(events.iter().all(|frame| frame.len() < 33 * 1024), "not everything before the first byte is sent");
    assert!(events.len() < 40, "nor each by itself: {}", events.len());
}
