//! Opening while others publish, with real threads.

use crate::support::{Reader, builder, publish, who};
use campanile_core::{RetentionOptions, SseOptions, store::InboxQuery};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn streams_that_open_while_others_publish_see_everything_after_their_position_once() {
    const TOTAL: u64 = 3000;
    // A reader that gets no turn for a while may be behind by all of it.
    let sse = SseOptions { replay_limit: 3000, ..SseOptions::default() };
    let retention = RetentionOptions { log_entries: 3000, ..RetentionOptions::default() };
    let engine = builder().sse(sse).retention(retention).start();
    let publisher = {
        let engine = engine.clone();
        tokio::spawn(async move {
            for n in 1..=TOTAL {
                publish(&engine, &["u1"], &n.to_string()).await;
                if n % 50 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        })
    };
    let readers: Vec<_> = (0..8)
        .map(|reader| {
            let engine = engine.clone();
            tokio::spawn(async move {
                let (mut position, mut seen) = (None::<String>, 0);
                while seen < TOTAL {
                    let mut reader_now = Reader::open(&engine, "u1", position.as_deref()).await;
                    let ready = reader_now.named("ready").await;
                    assert_eq!(ready.data["resume"], if position.is_some() { "exact" } else { "fresh" });
                    seen = if position.is_some() { seen } else { ready.seq() };
                    for _ in 0..(20 + reader * 7) {
                        if seen == TOTAL {
                            break;
                        }
                        let event = reader_now.take(1).await.remove(0);
                        assert_eq!((event.seq(), event.title()), (seen + 1, &*(seen + 1).to_string()));
                        seen += 1;
                    }
                    position = Some(reader_now.last_id.clone());
                }
            })
        })
        .collect();
    publisher.await.unwrap();
    for reader in readers {
        reader.await.unwrap();
    }
    assert_eq!(engine.connections(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_inbox_and_its_position_are_of_one_moment_even_while_the_log_begins() {
    let engine = builder().start();
    for n in 0..2000 {
        let user = format!("u{n}");
        let publisher = {
            let (engine, user) = (engine.clone(), user.clone());
            tokio::spawn(async move { publish(&engine, &[&user], "first").await })
        };
        let page = engine.inbox(&who(&user), InboxQuery { limit: 20, ..InboxQuery::default() }).await.unwrap();
        assert_eq!(page.items.len() as u64, page.head.seq.0, "what is before the position is in the list");
        publisher.await.unwrap();
    }
}
