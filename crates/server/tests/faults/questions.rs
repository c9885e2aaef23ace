//! Questions about inboxes. Each answer goes to the oracle, which compares it with what the log folds to at the answer's version.

use crate::scene::Scene;
use campanile_testkit::{Answer, PATIENCE, PageQuery, Request, TestNode};
use serde_json::Value;
use std::{collections::HashMap, io, net::SocketAddr, time::Instant};
use tokio::task::JoinSet;

/// Asks for one user.
#[derive(Clone)]
pub(crate) struct Asker {
    pub(crate) user: String,
    pub(crate) scene: Scene,
    to: SocketAddr,
    token: String,
}

impl Asker {
    pub(crate) fn new(node: &TestNode, user: &str, scene: &Scene) -> Self {
        Self { user: user.into(), scene: scene.clone(), to: node.address(), token: node.token(user) }
    }

    /// Sends a request. `Ok(None)`: it was sent, and no answer came.
    pub(crate) async fn send(&self, request: Request) -> io::Result<Option<Answer>> {
        crate::send(self.to, request.bearer(&self.token)).await
    }

    async fn get(&self, target: &str) -> Option<Value> {
        let answer = self.send(Request::get(target)).await.ok().flatten()?;
        Some(answer.expect(200).json())
    }

    /// A page of the inbox, unless the server is away.
    pub(crate) async fn page(&self, query: PageQuery) -> Option<Value> {
        self.page_at(query, "").await
    }

    async fn page_at(&self, query: PageQuery, cursor: &str) -> Option<Value> {
        let status = if query.archived { "archived" } else { "all" };
        let page = self.get(&format!("/notifications?limit={}&status={status}{cursor}", query.limit)).await?;
        self.scene.tell(|oracle| oracle.listed(&self.user, query, &page));
        Some(page)
    }

    /// All pages of the inbox, or of its archive.
    async fn pages(&self, archived: bool) -> Option<()> {
        let (mut cursor, mut before) = (String::new(), None);
        loop {
            let page = self.page_at(PageQuery { archived, before, limit: 100 }, &cursor).await?;
            let Some(next) = page["nextCursor"].as_str() else { return Some(()) };
            cursor = format!("&cursor={next}");
            before = page["items"].as_array().and_then(|items| items.last()?["seq"].as_u64());
        }
    }

    /// The counts, by both ways that tell them, and where the log ended.
    async fn counts(&self) -> Option<u64> {
        let changes = self.get("/notifications/changes").await?;
        self.scene.tell(|oracle| oracle.counted(&self.user, &changes["counts"]));
        let counts = self.get("/notifications/counts").await?;
        self.scene.tell(|oracle| oracle.counted(&self.user, &counts));
        counts["version"].as_u64()
    }

    /// Everything there is to ask.
    async fn everything(self) -> (String, u64) {
        let head = self.counts().await.expect("an answer");
        self.pages(false).await.expect("an answer");
        self.pages(true).await.expect("an answer");
        (self.user, head)
    }

    /// Whether the log still begins with its first entry.
    async fn is_whole(&self) -> bool {
        let head = self.get("/notifications/changes").await.expect("an answer");
        let epoch = head["cursor"].as_str().and_then(|cursor| Some(cursor.split_once('-')?.0.to_owned()));
        let first = format!("/notifications/changes?limit=1&after={}-0", epoch.expect("an epoch"));
        self.get(&first).await.expect("an answer")["resume"] == "exact"
    }
}

/// Asks everything of all users, whatever else goes on, and answers where their logs ended.
pub(crate) async fn about_everybody(node: &TestNode, scene: &Scene) -> HashMap<String, u64> {
    let askers = scene.users().map(|user| Asker::new(node, &user, scene));
    let answers: JoinSet<_> = askers.map(Asker::everything).collect();
    answers.join_all().await.into_iter().collect()
}

/// Waits until retention has done what it must: no notification that is too old is there, and no log has more than `most` entries.
/// Answers how many logs are shorter than they were.
pub(crate) async fn swept(node: &TestNode, scene: &Scene, old: &[(String, String)], most: u64) -> usize {
    let deadline = Instant::now() + PATIENCE;
    for (user, id) in old {
        let asker = Asker::new(node, user, scene);
        let item = || asker.send(Request::get(format!("/notifications/{id}")));
        while item().await.expect("a server").expect("an answer").status() != 404 {
            assert!(Instant::now() < deadline, "{id} of {user} does not expire");
        }
    }
    let mut trimmed = 0;
    for user in scene.users() {
        let asker = Asker::new(node, &user, scene);
        let long = asker.counts().await.expect("an answer") > most;
        while long && asker.is_whole().await {
            assert!(Instant::now() < deadline, "the log of {} is not trimmed", asker.user);
        }
        trimmed += usize::from(long);
    }
    trimmed
}
