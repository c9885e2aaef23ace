//! The suite for authors of channels: a good one passes, and each kind of bad one is found.

use campanile_core::{
    BoxFuture,
    channel::{
        Channel, DeliveryBatch, Outcome,
        contract::{self, Subject},
    },
};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tokio::sync::Mutex;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Fault {
    None,
    BuiltInName,
    OtherOrder,
    OneTooFew,
    AllAlike,
    AnswersNobody,
    HangsWhenFull,
    PanicsWithoutTitle,
    MixesCallers,
    BrokenByDrop,
}

/// Reaches everybody but `nobody`.
struct Post {
    fault: Fault,
    desk: Mutex<()>,
    /// Those who came and have not gone.
    inside: AtomicUsize,
}

impl Channel for Post {
    fn name(&self) -> &str {
        if self.fault == Fault::BuiltInName { "sse" } else { "post" }
    }

    fn deliver<'a>(&'a self, batch: &'a DeliveryBatch) -> BoxFuture<'a, Vec<Outcome>> {
        Box::pin(async move {
            let before = self.inside.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            let mut outcomes = self.carry(batch).await;
            self.inside.fetch_sub(1, Ordering::SeqCst);
            if before > 0 && matches!(self.fault, Fault::MixesCallers | Fault::BrokenByDrop) {
                outcomes.clear();
            }
            outcomes
        })
    }
}

impl Post {
    async fn carry(&self, batch: &DeliveryBatch) -> Vec<Outcome> {
        let _turn = self.desk.lock().await;
        if self.fault == Fault::HangsWhenFull && batch.recipients.len() >= 100 {
            std::future::pending::<()>().await;
        }
        assert!(self.fault != Fault::PanicsWithoutTitle || !batch.notification.body.contains(r#""title":null"#));
        let nobody = batch.recipients.iter().any(|recipient| recipient.user.as_str() == "nobody");
        let outcome = |user: &str| match user {
            _ if self.fault == Fault::AllAlike && nobody => Outcome::Permanent("one of them has no address".into()),
            "nobody" => Outcome::Skipped("no address".into()),
            _ => Outcome::Delivered { reached: 1 },
        };
        let mut outcomes: Vec<_> = batch.recipients.iter().map(|recipient| outcome(recipient.user.as_str())).collect();
        match self.fault {
            Fault::OtherOrder => outcomes.sort_by_key(|outcome| matches!(outcome, Outcome::Skipped(_))),
            Fault::OneTooFew => _ = outcomes.pop(),
            Fault::AnswersNobody if outcomes.is_empty() => outcomes.push(Outcome::Delivered { reached: 0 }),
            _ => {}
        }
        outcomes
    }
}

fn subject(fault: Fault) -> Subject {
    let post = Post { fault, desk: Mutex::default(), inside: AtomicUsize::default() };
    Subject::new(post, ["anna", "ben"], ["nobody"])
}

mod a_good_channel {
    campanile_core::channel_contract!(super::subject(super::Fault::None));
}

/// Whether a sentence fails a channel with this fault.
async fn found<T: Future<Output = ()> + Send + 'static>(fault: Fault, sentence: fn(Subject) -> T) -> bool {
    let subject = subject(fault).patience(Duration::from_millis(50));
    tokio::spawn(sentence(subject)).await.is_err()
}

#[tokio::test]
async fn each_fault_is_found_by_the_sentence_about_it() {
    use contract::*;
    assert!(found(Fault::BuiltInName, its_name_is_one_that_types_can_ask_for).await);
    assert!(found(Fault::OtherOrder, every_recipient_has_an_outcome_in_their_order).await);
    assert!(found(Fault::OneTooFew, every_recipient_has_an_outcome_in_their_order).await);
    assert!(found(Fault::OneTooFew, a_recipient_fares_alone_as_in_company).await);
    assert!(found(Fault::AllAlike, every_recipient_has_an_outcome_in_their_order).await);
    assert!(found(Fault::AnswersNobody, nobody_has_no_outcome).await);
    assert!(found(Fault::HangsWhenFull, a_full_batch_is_answered).await);
    assert!(found(Fault::PanicsWithoutTitle, a_notification_of_any_shape_is_answered).await);
    assert!(found(Fault::MixesCallers, deliveries_at_the_same_time_do_not_mix).await);
    assert!(found(Fault::BrokenByDrop, a_delivery_that_is_dropped_harms_no_other).await);
    assert!(!found(Fault::OtherOrder, a_recipient_fares_alone_as_in_company).await, "not every sentence fails");
}
