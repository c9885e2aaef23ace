//! Topics, everyone, and how many one publish may have.

use super::kit::{Kit, ask, at, notification, other_tenant, stored, to, to_users, topic, user};
use crate::store::{Appended, Published, Store, StoreAudience};
use crate::{Recipient, Tenant, UserId};
use std::sync::Arc;

fn ids(names: &[&str]) -> Vec<UserId> {
    names.iter().map(|name| user(name).user).collect()
}

fn of_topic(name: &str, except: &[&str]) -> StoreAudience {
    StoreAudience::Topic { topic: topic(name), except: ids(except) }
}

fn everyone(except: &[&str]) -> StoreAudience {
    StoreAudience::Everyone { except: ids(except) }
}

/// Publishes something and answers who got it, in the answer's order.
async fn reached<S: Store>(kit: &Kit<S>, audience: StoreAudience) -> Vec<String> {
    let one = notification(at(0));
    let appended = stored(kit.publish(to(one.clone(), audience)).await);
    for Appended { recipient, head } in &appended {
        assert_eq!(kit.head(recipient.user.as_str()).await, *head);
        assert_eq!(kit.item(recipient.user.as_str(), one.id).await.map(|item| item.seq), Some(head.seq));
    }
    assert_eq!(kit.record(one.id).await.map(|record| record.recipients), Some(appended.len()));
    appended.into_iter().map(|one| one.recipient.user.as_str().to_owned()).collect()
}

/// Who is in a topic at the moment of the publish gets it, whether or not there was a log; in the order of the names' bytes.
pub async fn a_topic_reaches_its_members_of_that_moment<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    kit.open("stranger").await;
    kit.arrive("b", 0).await;
    kit.join("t", &["b", "á", "B", "a", "gone"]).await;
    kit.leave("t", "gone").await;
    assert_eq!(kit.find_head("a").await, None, "a member needs no log");
    assert_eq!(reached(&kit, of_topic("t", &[])).await, ["B", "a", "b", "á"]);
    assert_eq!(kit.head("b").await.seq.0, 2);
    assert_eq!(reached(&kit, of_topic("t", &["a", "nobody", "á"])).await, ["B", "b"]);
    kit.leave("t", "b").await;
    kit.join("t", &["new"]).await;
    assert_eq!(reached(&kit, of_topic("t", &[])).await, ["B", "a", "new", "á"]);
    assert_eq!(kit.head("b").await.seq.0, 3, "who left keeps what came before");
    assert_eq!(reached(&kit, of_topic("T", &[])).await, [""; 0]);
    assert_eq!((kit.find_head("gone").await, kit.head("stranger").await.seq.0), (None, 0));
}

/// Everyone is who has a log in this tenant: not those who are only members of something.
pub async fn everyone_is_who_has_a_log<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    assert_eq!(reached(&kit, everyone(&[])).await, [""; 0]);
    kit.open("b").await;
    kit.arrive("a", 0).await;
    kit.arrive("Z", 0).await;
    kit.join("t", &["member"]).await;
    let foreign = Recipient::new(other_tenant(), UserId::new("foreign").unwrap());
    ask(|done| kit.0.open(foreign.clone(), done)).await.unwrap();
    assert_eq!(reached(&kit, everyone(&[])).await, ["Z", "a", "b"]);
    assert_eq!(reached(&kit, everyone(&["a", "foreign"])).await, ["Z", "b"]);
    kit.erase("b").await;
    assert_eq!(reached(&kit, everyone(&[])).await, ["Z", "a"]);
    assert_eq!(kit.0.heads(vec![foreign]).await.unwrap()[0].unwrap().seq.0, 0);
    assert_eq!(kit.find_head("member").await, None);
}

/// As many as allowed are stored, one more is refused: no entry, no log, no notification.
pub async fn more_than_allowed_store_nothing<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    kit.arrive("a", 0).await;
    kit.open("b").await;
    kit.join("t", &["a", "b", "new"]).await;
    kit.open("c").await;
    let users = StoreAudience::Users(["a", "b", "new"].map(user).to_vec());
    for audience in [users, of_topic("t", &["nobody"]), everyone(&["nobody"])] {
        let publish = to(notification(at(0)), audience);
        let few = crate::store::Publish { max_recipients: 2, ..publish };
        let Published::TooMany(n) = kit.publish(few.clone()).await else { panic!("{few:?} was taken") };
        assert_eq!(n, 3);
        assert_eq!(kit.record(few.notification.id).await, None);
        assert_eq!((kit.head("a").await.seq.0, kit.find_head("new").await), (1, None));
        let one_less = match few.audience.clone() {
            StoreAudience::Users(users) => StoreAudience::Users(users[..2].to_vec()),
            StoreAudience::Topic { topic, .. } => StoreAudience::Topic { topic, except: ids(&["new"]) },
            StoreAudience::Everyone { .. } => everyone(&["c"]),
        };
        let just = crate::store::Publish { audience: one_less, ..few };
        assert_eq!(stored(kit.publish(just).await).len(), 2);
        // As before, for the next kind.
        kit.erase("a").await;
        kit.arrive("a", 0).await;
        kit.join("t", &["a"]).await;
    }
    let nobody = crate::store::Publish { max_recipients: 0, ..to_users(notification(at(0)), vec![]) };
    assert_eq!(kit.publish(nobody).await, Published::Stored(vec![]));
}

/// Joining and leaving are what is asked, however often; topics and users need not be known; a topic's name is bytes.
pub async fn joining_and_leaving_again_change_nothing<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    assert_eq!(kit.members("t").await, []);
    kit.leave("t", "a").await;
    kit.join("t", &["a", "b", "a"]).await;
    kit.join("T", &["c"]).await;
    assert_eq!((kit.members("t").await, kit.members("T").await), (ids(&["a", "b"]), ids(&["c"])));
    kit.leave("t", "a").await;
    kit.leave("t", "a").await;
    kit.leave("T", "a").await;
    assert_eq!((kit.members("t").await, kit.members("T").await), (ids(&["b"]), ids(&["c"])));
    kit.leave("t", "b").await;
    assert_eq!((kit.members("t").await, kit.members("T").await), (vec![], ids(&["c"])));
    kit.join("t", &["d"]).await;
    assert_eq!((kit.members("t").await, kit.members("T").await), (ids(&["d"]), ids(&["c"])));
}

/// Topics of the same name in two tenants are two topics.
pub async fn topics_of_tenants_never_meet<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    kit.join("t", &["mine"]).await;
    let theirs = Recipient::new(other_tenant(), UserId::new("theirs").unwrap());
    ask(|done| kit.0.set_member(topic("t"), theirs.clone(), true, done)).await.unwrap();
    let members = async |tenant: Tenant| kit.0.members(tenant, topic("t"), None, 10).await.unwrap().items;
    assert_eq!(members(Tenant::default()).await, ids(&["mine"]));
    assert_eq!(members(other_tenant()).await, ids(&["theirs"]));
    assert_eq!(members(Tenant::new("third").unwrap()).await, []);
    assert_eq!(reached(&kit, of_topic("t", &[])).await, ["mine"]);
    let mut one = notification(at(0));
    one.tenant = other_tenant();
    let appended = stored(kit.publish(to(one, of_topic("t", &[]))).await);
    assert!(appended.iter().map(|one| &one.recipient).eq([&theirs]));
    let foreign = Recipient::new(other_tenant(), UserId::new("mine").unwrap());
    ask(|done| kit.0.set_member(topic("t"), foreign, false, done)).await.unwrap();
    assert_eq!(kit.members("t").await, ids(&["mine"]));
}

/// Page by page, in the order of the names' bytes; `more` is exact; whoever joins or leaves meanwhile.
pub async fn members_are_paged_by_the_bytes_of_their_names<S: Store>(store: Arc<S>) {
    let kit = Kit(store);
    let names = ["🔔", "b", "", "a", "Z", "aa", "á", "z", "é"].map(|name| format!("x{name}"));
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    kit.join("t", &names).await;
    names.sort_unstable_by_key(|name| name.as_bytes());
    let page = async |after: Option<&str>, limit| {
        let after = after.map(|name| user(name).user);
        let page = kit.0.members(Tenant::default(), topic("t"), after, limit).await.unwrap();
        (page.items, page.more)
    };
    assert_eq!(page(None, 9).await, (ids(&names), false));
    assert_eq!(page(None, 8).await, (ids(&names[..8]), true));
    assert_eq!(page(Some(names[7]), 8).await, (ids(&names[8..]), false));
    assert_eq!(page(Some(names[8]), 8).await, (vec![], false));
    assert_eq!(page(Some("y"), 1).await, (vec![], false));
    assert_eq!(page(Some("A"), 2).await, (ids(&names[..2]), true));
    kit.leave("t", names[3]).await;
    assert_eq!(page(Some(names[3]), 1).await, (ids(&names[4..5]), true));
}
