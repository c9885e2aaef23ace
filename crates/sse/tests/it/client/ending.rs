//! After the end nothing comes.

use futures_util::stream::FusedStream;

use super::{Server, frozen, secs, source};

#[tokio::test(start_paused = true)]
async fn no_event_comes_after_close_even_if_it_has_been_received() {
    let server = Server::start().await;
    let mut events = source(&server).open().unwrap();
    let (first, mut request) = tokio::join!(events.next(), async {
        let mut request = server.request().await;
        request.open("id: 1\ndata: one\n\ndata: two\n\n").await;
        request
    });
    assert_eq!(first.unwrap().unwrap().data, "one");
    events.close();
    assert!(events.next().await.is_none() && events.is_terminated());
    assert_eq!(events.last_event_id(), "1");
    request.closed().await;
}

#[tokio::test(start_paused = true)]
async fn dropping_the_source_closes_the_connection_and_asks_no_more() {
    let server = Server::start().await;
    let mut events = source(&server).open().unwrap();
    let (_, mut request) = tokio::join!(events.next(), async {
        let mut request = server.request().await;
        request.open("data: one\n\n").await;
        request
    });
    drop(events);
    request.closed().await;
    let clock = frozen();
    assert!(
        tokio::time::timeout(secs(3600), async { tokio::join!(server.request(), async { drop(clock) }) })
            .await
            .is_err()
    );
}

#[tokio::test(start_paused = true)]
async fn a_future_dropped_in_between_loses_nothing() {
    let server = Server::start().await;
    let mut events = source(&server).open().unwrap();
    let script = tokio::spawn(async move {
        let mut request = server.request().await;
        request.open("da").await;
        for part in ["ta: on", "e\n", "\n"] {
            tokio::time::sleep(secs(1)).await;
            request.send(part).await;
        }
        request
    });
    let event = loop {
        // Every 100 ms somebody else wants something.
        if let Ok(event) = tokio::time::timeout(secs(1) / 10, events.next()).await {
            break event;
        }
    };
    assert_eq!(event.unwrap().unwrap().data, "one");
    script.await.unwrap();
}
