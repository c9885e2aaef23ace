//! Bearer tokens: a new one for each attempt, and once more when one is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use campanile_sse::client::{EventSourceBuilder, TokenFor};

use super::{GONE, Log, Server, collect, source};

/// Tokens `1-attempt`, `2-refused`, …
fn numbered(builder: EventSourceBuilder) -> EventSourceBuilder {
    let count = Arc::new(AtomicU32::new(0));
    builder.token(move |reason| {
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        async move {
            let word = if reason == TokenFor::Refused { "refused" } else { "attempt" };
            Ok(format!("{number}-{word}\n"))
        }
    })
}

#[tokio::test(start_paused = true)]
async fn each_attempt_asks_for_a_token() {
    let server = Server::start().await;
    let given = collect(numbered(source(&server)));
    assert_eq!(server.stream("").await.header("authorization"), Some("Bearer 1-attempt"));
    assert_eq!(server.status(503, "").await.header("authorization"), Some("Bearer 2-attempt"));
    assert_eq!(server.answer(GONE).await.header("authorization"), Some("Bearer 3-attempt"));
    given.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_replaced_once_and_at_once() {
    let server = Server::start().await;
    let given = collect(numbered(source(&server).last_event_id("a-1")));
    server.status(401, "").await;
    let second = server.stream("data: x\n\n").await;
    assert_eq!(second.header("authorization"), Some("Bearer 2-refused"));
    assert_eq!((second.header("last-event-id"), second.at.as_millis()), (Some("a-1"), 0));
    assert_eq!(server.status(401, "").await.header("authorization"), Some("Bearer 3-attempt"));
    assert_eq!(server.status(401, "").await.header("authorization"), Some("Bearer 4-refused"));
    assert_eq!(given.await.unwrap(), ["x", "the server refuses the stream with status 401"]);
}

#[tokio::test(start_paused = true)]
async fn without_a_token_the_server_is_not_asked() {
    let server = Server::start().await;
    let (log, count) = (Log::default(), Arc::new(AtomicU32::new(0)));
    let builder = log.listen(source(&server)).token(move |_| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        async move { if number < 3 { Err("locked out".into()) } else { Ok("good".to_owned()) } }
    });
    let given = collect(builder);
    assert_eq!(server.answer(GONE).await.header("authorization"), Some("Bearer good"));
    assert!(given.await.unwrap().is_empty());
    assert_eq!(log.lines(), ["there is no token"; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_no_header_can_carry_is_none() {
    let server = Server::start().await;
    let (log, count) = (Log::default(), Arc::new(AtomicU32::new(0)));
    let builder = log.listen(source(&server)).token(move |_| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        async move { Ok(if number == 0 { "a\r\nx-admin: yes" } else { "good" }.to_owned()) }
    });
    let given = collect(builder);
    assert_eq!(server.answer(GONE).await.header("x-admin"), None);
    given.await.unwrap();
    assert_eq!(log.lines(), ["there is no token"]);
}
