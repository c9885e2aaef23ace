//! One person per user, with one thing at a time: looks into the inbox, changes something, and tells the oracle what was shown and answered.

use crate::{questions::Asker, scene::Scene};
use campanile_testkit::{Answer, Asked, Mark, PageQuery, Request, TestNode, Told};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{sync::watch, task::JoinSet};

/// An id that is in nobody's inbox.
const NOBODYS: &str = "01900000-0000-7000-8000-000000000000";

/// Everybody who uses an inbox, until they are stopped.
pub(crate) struct Inboxes {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Inboxes {
    pub(crate) fn start(node: &TestNode, scene: &Scene) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for (number, user) in scene.users().enumerate() {
            let asker = Asker::new(node, &user, scene);
            tasks.spawn(Owner { asker, rng: scene.rng(3, number) }.run(stopped.clone()));
        }
        Self { stop, tasks }
    }

    /// Lets everybody finish what is under way.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        self.tasks.join_all().await;
    }
}

/// Who uses an inbox.
struct Owner {
    asker: Asker,
    rng: fastrand::Rng,
}

impl Owner {
    async fn run(mut self, stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            let query = PageQuery { archived: self.rng.u8(0..4) == 0, before: None, limit: *self.pick(&[3, 20, 100]) };
            if let Some(page) = self.asker.page(query).await {
                self.change(query, &page).await;
            }
            tokio::time::sleep(Duration::from_millis(self.rng.u64(1..80))).await;
        }
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.rng.usize(..from.len())]
    }

    async fn change(&mut self, query: PageQuery, page: &Value) {
        let since = page["counts"]["version"].as_u64().expect("a version");
        let items = page["items"].as_array().expect("items").iter();
        let ids: Vec<String> = items.map(|item| item["notificationId"].as_str().expect("an id").into()).collect();
        let (request, asked) = match self.rng.u8(0..20) {
            0 => self.up_to("read-all", "read", since),
            1 | 2 => self.up_to("seen", "seen", since),
            3..=7 => self.bulk(&ids),
            _ if ids.is_empty() => return,
            _ => self.one(query, &ids),
        };
        let Ok(answer) = self.asker.send(request).await else { return };
        match answer.is_some() {
            true => self.asker.scene.record.marked(),
            false => self.asker.scene.record.unmarked(),
        }
        let told = answer.map_or(Told::Nothing, told);
        self.asker.scene.tell(|oracle| oracle.marked(&self.asker.user, Mark { since, asked, told }));
    }

    /// Up to a place that was shown, or to wherever the head is by then.
    fn up_to(&mut self, path: &str, word: &str, since: u64) -> (Request, Asked) {
        let up_to = self.rng.bool().then(|| self.rng.u64(since / 2..=since));
        let body = up_to.map_or_else(|| json!({}), |up_to| json!({"upTo": up_to}));
        let request = Request::post(format!("/notifications/{path}")).json(body);
        (request, Asked::UpTo { up_to, state: [(word.into(), true)].into() })
    }

    /// Some of the ids that were shown, and perhaps one that is nobody's.
    fn bulk(&mut self, shown: &[String]) -> (Request, Asked) {
        let some = self.rng.usize(0..=shown.len().min(5));
        let mut ids = self.rng.choose_multiple(shown.iter().cloned(), some);
        if ids.is_empty() || self.rng.u8(0..4) == 0 {
            ids.push(NOBODYS.into());
        }
        let words = [("read", true), ("read", false), ("archived", true), ("archived", false), ("seen", true)];
        let (word, value) = if self.rng.u8(0..10) == 0 { ("removed", true) } else { *self.pick(&words) };
        let body = json!({"notificationIds": ids, "state": {word: value}});
        (Request::post("/notifications/bulk").json(body), Asked::Ids { ids, state: [(word.into(), value)].into() })
    }

    fn one(&mut self, query: PageQuery, shown: &[String]) -> (Request, Asked) {
        let id = self.pick(shown).clone();
        let call = |path: &str| Request::post(format!("/notifications/{id}/{path}"));
        let (request, word, value) = match self.rng.u8(0..10) {
            0 => (Request::new("DELETE", format!("/notifications/{id}")), "removed", true),
            1..=3 if query.archived => (call("unarchive"), "archived", false),
            1..=3 => (call("archive"), "archived", true),
            4 => (call("unread"), "read", false),
            _ => (call("read"), "read", true),
        };
        (request, Asked::Ids { ids: vec![id], state: [(word.into(), value)].into() })
    }
}

fn told(answer: Answer) -> Told {
    match answer.status() {
        204 => Told::Done,
        404 => Told::NotFound,
        _ => {
            let answer = answer.expect(200).json();
            let not_found = answer["notFound"].as_array().expect("ids").iter();
            let not_found = not_found.map(|id| id.as_str().expect("an id").into()).collect();
            let changed = answer["changed"].as_u64().and_then(|changed| usize::try_from(changed).ok());
            Told::Changed { changed: changed.expect("a number"), not_found }
        }
    }
}
