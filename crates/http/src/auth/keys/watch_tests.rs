//! Reading keys again: when, how often, and what is known meanwhile.

use super::{
    jwks,
    watch::{Load, Loaded, Pace, Watched},
    *,
};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

const PACE: Pace = Pace {
    regular: Duration::from_secs(600),
    bounds: (Duration::from_secs(60), Duration::from_secs(3600)),
    after_failure: Duration::from_secs(30),
    on_unknown: Duration::from_secs(60),
    while_empty: Duration::from_secs(1),
};

type Answer = (KeySet, Option<Duration>);

/// A place that answers as it is told to, after a second.
#[derive(Clone, Default)]
struct Place {
    reads: Arc<AtomicUsize>,
    answer: Arc<Mutex<Option<Answer>>>,
}

impl Place {
    fn holds(&self, name: &str) {
        self.holds_for(name, None);
    }

    fn holds_for(&self, name: &str, good_for: Option<Duration>) {
        let mut set: Value = serde_json::from_str(include_str!("../../../tests/keys/a.jwks.json")).unwrap();
        set["keys"][0]["kid"] = json!(name);
        let set = jwks::read(&set.to_string(), |_, _| ()).unwrap();
        *self.answer.lock() = Some((set, good_for));
    }

    fn is_away(&self) {
        *self.answer.lock() = None;
    }

    fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }

    fn watched(&self) -> KeySource {
        KeySource::of(Watched::new("somewhere".into(), PACE, self.clone(), None))
    }
}

impl Load for Place {
    fn load(&mut self) -> BoxFuture<'_, Result<Loaded, KeysError>> {
        Box::pin(async {
            self.reads.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(1)).await;
            let answer = self.answer.lock().clone();
            answer.map(|(keys, good_for)| Loaded::New(keys, good_for)).ok_or(KeysError::NotJwks)
        })
    }
}

async fn look(source: &KeySource, name: &str) -> bool {
    source.look_again(Algorithm::Rs256, Some(name)).await;
    source.keys().is_some_and(|keys| keys.named(Algorithm::Rs256, name).is_some())
}

async fn seconds(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_read_before_a_token_asks_and_then_by_the_clock() {
    let place = Place::default();
    place.holds("one");
    let source = place.watched();
    source.keep_reading();
    seconds(3600).await;
    assert_eq!((place.reads(), source.algorithms(), source.is_in_doubt()), (0, None, true));
    assert!(look(&source, "one").await);
    assert!(!source.is_in_doubt());
    seconds(590).await;
    assert_eq!(place.reads(), 1);
    place.holds("two");
    seconds(20).await;
    assert_eq!(place.reads(), 2);
    assert!(source.keys().unwrap().named(Algorithm::Rs256, "one").is_none(), "what was taken out is gone");
}

#[tokio::test(start_paused = true)]
async fn unknown_names_have_it_read_once_a_minute() {
    let place = Place::default();
    place.holds("one");
    let source = place.watched();
    assert!(look(&source, "one").await);
    place.holds("two");
    assert!(look(&source, "two").await, "the first reading was for a key that was there: this is the minute's first");
    place.holds("three");
    for junk in 0..100 {
        assert!(!look(&source, &junk.to_string()).await);
    }
    assert_eq!(place.reads(), 2);
    seconds(61).await;
    assert!(look(&source, "three").await);
    assert_eq!(place.reads(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_first_reading_for_a_name_that_is_nobodys_is_the_minutes_only_one() {
    let place = Place::default();
    place.holds("one");
    let source = place.watched();
    for junk in 0..100 {
        assert!(!look(&source, &junk.to_string()).await);
    }
    assert_eq!(place.reads(), 1);
}

#[tokio::test(start_paused = true)]
async fn those_who_ask_at_once_share_one_reading() {
    let place = Place::default();
    place.holds("one");
    let source = place.watched();
    let all = futures_util::future::join_all((0..1000).map(|_| look(&source, "one"))).await;
    assert!(all.into_iter().all(|found| found));
    assert_eq!(place.reads(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_is_away_at_first_is_asked_again_soon() {
    let place = Place::default();
    let source = place.watched();
    for _ in 0..10 {
        assert!(!look(&source, "one").await);
    }
    assert!(source.is_in_doubt() && source.keys().is_none());
    assert_eq!(place.reads(), 1, "but not for every token");
    place.holds("one");
    seconds(2).await;
    assert!(look(&source, "one").await);
    assert!(!source.is_in_doubt());
}

#[tokio::test(start_paused = true)]
async fn a_place_that_turns_bad_leaves_the_keys_and_raises_doubt() {
    let place = Place::default();
    place.holds("one");
    let source = place.watched();
    assert!(look(&source, "one").await);
    place.is_away();
    seconds(660).await;
    assert!(place.reads() >= 3, "after a failure it is read sooner: {}", place.reads());
    assert!(source.is_in_doubt() && source.keys().unwrap().named(Algorithm::Rs256, "one").is_some());
    place.holds("two");
    seconds(35).await;
    assert!(!source.is_in_doubt() && source.keys().unwrap().named(Algorithm::Rs256, "two").is_some());
}

#[tokio::test(start_paused = true)]
async fn the_keys_say_for_how_long_they_are_good_within_bounds() {
    for (says, waits) in [(0, 60), (300, 300), (86_400, 3600)] {
        let place = Place::default();
        place.holds_for("one", Some(Duration::from_secs(says)));
        let source = place.watched();
        assert!(look(&source, "one").await);
        seconds(waits - 5).await;
        assert_eq!(place.reads(), 1, "{says}");
        seconds(10).await;
        assert_eq!(place.reads(), 2, "{says}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_goes_away_takes_no_reading_along() {
    let place = Place::default();
    place.holds("one");
    let source = place.watched();
    assert!(tokio::time::timeout(Duration::from_millis(500), look(&source, "one")).await.is_err());
    seconds(1).await;
    assert!(source.keys().is_some());
    assert_eq!(place.reads(), 1);
}
