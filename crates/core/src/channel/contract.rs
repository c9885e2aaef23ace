//! The contract of the port: what every channel passes. [`channel_contract!`](crate::channel_contract) makes one test of each sentence.
//!
//! ```text
//! campanile_core::channel_contract!({
//!     let channel = MyChannel::to_a_server_of_the_test();
//!     Subject::new(channel, ["anna", "ben"], ["nobody"])
//! });
//! ```

#![expect(clippy::unwrap_used, clippy::panic, reason = "assertions of a test suite: a failure is a failed test")]

use super::{Channel, DeliveryBatch, Outcome};
use crate::{
    Json, Link, Notification, NotificationId, NotificationParts, Recipient, Severity, Tenant, Timestamp, TypeName,
    UserId,
};
use futures_util::future::join_all;
use std::{
    sync::Arc,
    task::{Context, Waker},
    time::Duration,
};
use tokio::time::timeout;

/// Makes a `#[tokio::test]` of every sentence of the contract. The expression makes a [`Subject`](crate::channel::contract::Subject); it is
/// evaluated once per test, within a runtime, and may await.
#[macro_export]
macro_rules! channel_contract {
    ($make:expr) => {
        $crate::channel_contract! { @tests $make;
            its_name_is_one_that_types_can_ask_for,
            every_recipient_has_an_outcome_in_their_order,
            a_recipient_fares_alone_as_in_company,
            nobody_has_no_outcome,
            a_full_batch_is_answered,
            a_notification_of_any_shape_is_answered,
            deliveries_at_the_same_time_do_not_mix,
            a_delivery_that_is_dropped_harms_no_other,
        }
    };
    (@tests $make:expr; $($sentence:ident,)*) => {
        $(
            #[tokio::test]
            async fn $sentence() {
                $crate::channel::contract::$sentence($make).await;
            }
        )*
    };
}

/// The channel under test, and what the suite has to know of it.
pub struct Subject {
    channel: Arc<dyn Channel>,
    reachable: Vec<UserId>,
    unreachable: Vec<UserId>,
    patience: Duration,
}

impl Subject {
    /// A channel that reaches some users and does not reach others (it skips them, or fails for good). Both are needed: the suite tells by them
    /// whose outcome is whose.
    ///
    /// # Panics
    ///
    /// If one of the lists is empty, or has what is no user.
    pub fn new<const R: usize, const U: usize>(
        channel: impl Channel,
        reachable: [&str; R],
        unreachable: [&str; U],
    ) -> Self {
        assert!(R > 0 && U > 0, "the suite needs users who are reached, and users who are not");
        let users = |names: &[&str]| names.iter().map(|name| UserId::new(name).unwrap()).collect();
        let patience = Duration::from_secs(10);
        Self { channel: Arc::new(channel), reachable: users(&reachable), unreachable: users(&unreachable), patience }
    }

    /// How long an answer may take. Default 10 s.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// So many recipients, reached ones and others by turns, and whether each is reached.
    fn mixed(&self, count: usize) -> Vec<(Recipient, bool)> {
        let user = |n: usize| {
            let (reached, of) = if n.is_multiple_of(2) { (true, &self.reachable) } else { (false, &self.unreachable) };
            (Recipient::new(Tenant::default(), of[n / 2 % of.len()].clone()), reached)
        };
        (0..count).map(user).collect()
    }

    async fn deliver(&self, notification: &Arc<Notification>, to: &[(Recipient, bool)]) -> Vec<Outcome> {
        let recipients = to.iter().map(|(recipient, _)| recipient.clone()).collect();
        let batch = DeliveryBatch { notification: Arc::clone(notification), recipients };
        let answer = timeout(self.patience, self.channel.deliver(&batch)).await;
        answer.unwrap_or_else(|_| panic!("no answer for {} recipients within {:?}", to.len(), self.patience))
    }

    /// Delivers, and holds each outcome to whose it is.
    async fn deliver_rightly(&self, notification: &Arc<Notification>, to: &[(Recipient, bool)]) {
        let outcomes = self.deliver(notification, to).await;
        assert_eq!(outcomes.len(), to.len(), "one outcome per recipient");
        for ((recipient, reached), outcome) in to.iter().zip(&outcomes) {
            let delivered = matches!(outcome, Outcome::Delivered { .. });
            assert_eq!(delivered, *reached, "the outcome of {:?}: {outcome:?} in {outcomes:?}", recipient.user);
        }
    }
}

fn plain() -> NotificationParts {
    NotificationParts {
        type_name: TypeName::new("contract.plain").unwrap(),
        severity: Severity::Info,
        title: None,
        body: None,
        link: None,
        data: None,
        related_entity: None,
        actor: None,
    }
}

fn notification(parts: &NotificationParts) -> Arc<Notification> {
    let (id, at) = (NotificationId::generate(), Timestamp::from_seconds(1_800_000_000));
    Arc::new(Notification::new(id, Tenant::default(), at, parts).unwrap())
}

/// The name is not empty, not one of the engine's own, and always the same.
pub async fn its_name_is_one_that_types_can_ask_for(subject: Subject) {
    let name = subject.channel.name();
    assert!(!name.is_empty() && ![crate::IN_APP, crate::SSE].contains(&name), "{name:?}");
    assert_eq!(name, subject.channel.name());
}

/// There are as many outcomes as recipients, in the same order, whatever the order is.
pub async fn every_recipient_has_an_outcome_in_their_order(subject: Subject) {
    let (notification, mut to) = (notification(&plain()), subject.mixed(7));
    subject.deliver_rightly(&notification, &to).await;
    to.rotate_left(1);
    subject.deliver_rightly(&notification, &to).await;
    to.sort_by_key(|(_, reached)| *reached);
    subject.deliver_rightly(&notification, &to).await;
}

/// What becomes of one recipient does not depend on the others.
pub async fn a_recipient_fares_alone_as_in_company(subject: Subject) {
    let notification = notification(&plain());
    for alone in subject.mixed(4).chunks(1) {
        subject.deliver_rightly(&notification, alone).await;
    }
}

/// An empty batch is answered with nothing.
pub async fn nobody_has_no_outcome(subject: Subject) {
    assert_eq!(subject.deliver(&notification(&plain()), &[]).await, []);
}

/// A batch as large as they come by default is answered in time.
pub async fn a_full_batch_is_answered(subject: Subject) {
    let full = subject.mixed(super::ChannelOptions::default().batch);
    subject.deliver_rightly(&notification(&plain()), &full).await;
}

/// Whatever a notification may hold, or not hold, is delivered or failed, without a panic.
pub async fn a_notification_of_any_shape_is_answered(subject: Subject) {
    let long = "ä 🔔\u{202e}<b>&\"'\r\n.\r\n".repeat(200);
    let full = NotificationParts {
        severity: Severity::Fatal,
        title: Some(long[..180].into()),
        body: Some(long.into()),
        link: Some(Link::new("/a?b=c&d=%22#e").unwrap()),
        data: Some(Json::parse(r#"{"a":[1,null,{"b":"\u0000"}]}"#).unwrap()),
        actor: Some(UserId::new("an actor").unwrap()),
        ..plain()
    };
    let empty = NotificationParts { title: Some("".into()), body: Some("".into()), ..plain() };
    let to = subject.mixed(2);
    for parts in [plain(), empty, full] {
        assert_eq!(subject.deliver(&notification(&parts), &to).await.len(), to.len(), "{parts:?}");
    }
}

/// Each of many deliveries under way at once is answered as it would be alone.
pub async fn deliveries_at_the_same_time_do_not_mix(subject: Subject) {
    let batches: Vec<_> = (0..16)
        .map(|n| {
            let (mut to, by) = (subject.mixed(1 + n % 5), n % (1 + n % 5));
            to.rotate_left(by);
            (notification(&plain()), to)
        })
        .collect();
    join_all(batches.iter().map(|(notification, to)| subject.deliver_rightly(notification, to))).await;
}

/// A delivery may be dropped wherever it waits; the next one is answered all the same.
pub async fn a_delivery_that_is_dropped_harms_no_other(subject: Subject) {
    let (notification, to) = (notification(&plain()), subject.mixed(3));
    let recipients = to.iter().map(|(recipient, _)| recipient.clone()).collect();
    let batch = DeliveryBatch { notification: Arc::clone(&notification), recipients };
    for polls in 0..4 {
        let mut delivery = subject.channel.deliver(&batch);
        for _ in 0..polls {
            if delivery.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(delivery);
        subject.deliver_rightly(&notification, &to).await;
    }
}
