//! Requests, made from what the document says of an operation.

use super::SPEC;
use crate::{
    held::Held,
    support::{Answer, App, KEY, mint, token},
};
use axum::body::{Body, BodyDataStream};
use campanile_core::{Engine, EngineBuilder, store::MemoryStore};
use campanile_http::{ApiKey, HttpOptions, TokenOptions};
use campanile_testkit::{Operation, Seen};
use futures_util::StreamExt;
use http::{Request, Response};
use http_body_util::BodyExt;
use serde_json::Value;
use std::{sync::Arc, time::Duration};

/// An application with something in it: a notification of `u1`, and an open stream.
pub(super) struct Scene {
    pub(super) app: App,
    pub(super) store: Option<Arc<Held>>,
    notification: String,
    connection: String,
    /// Open while the scene is.
    _stream: Option<Response<Body>>,
}

impl Scene {
    pub(super) async fn new() -> Self {
        Self::with(Engine::builder(Arc::new(MemoryStore::default())), HttpOptions::default()).await
    }

    pub(super) async fn with(engine: EngineBuilder, options: HttpOptions) -> Self {
        let options = HttpOptions { admin_keys: vec![ApiKey::of_secret("ops", "root-key")], ..options };
        let app = App::with(engine, options);
        let notification = app.publish("u1", "one").await;
        let request = crate::support::as_user("u1").uri("/notifications/stream").body(Body::empty()).unwrap();
        let mut stream = app.send(request).await;
        let first = stream.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
        let text = String::from_utf8(first.to_vec()).unwrap();
        let connection = text.split("\"connectionId\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        Self { app, store: None, notification, connection: connection.to_owned(), _stream: Some(stream) }
    }

    /// One that nobody has asked anything yet, over a store that can be made to panic.
    pub(super) fn untouched() -> Self {
        let store = Arc::new(Held::default());
        let app = App::with(Engine::builder(store.clone()), HttpOptions::default());
        let id = "01a20806-3eb8-77d1-adb2-c674bcebbbf5".to_owned();
        Self { app, store: Some(store), notification: id.clone(), connection: id, _stream: None }
    }

    /// Over a store whose publishes can be held up.
    pub(super) async fn over_a_held_store() -> Self {
        let store = Arc::new(Held::default());
        let app = Self::with_store(&store);
        let (scene, ()) = tokio::join!(app, async {
            crate::support::eventually("a publish waits", || store.waiting() > 0).await;
            store.let_go();
        });
        Self { store: Some(store), ..scene }
    }

    async fn with_store(store: &Arc<Held>) -> Self {
        Self::with(Engine::builder(store.clone()), HttpOptions::default()).await
    }

    /// Sends, and has the document judge the answer. Of a stream, what is there at once is read.
    pub(super) async fn judge(&self, call: &Call) -> Answer {
        let answer = self.send(call).await;
        let fields = answer.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        let seen = Seen { status: answer.status.as_u16(), fields, body: &answer.body };
        SPEC.judge(call.method, &call.path, &seen).unwrap_or_else(|why| panic!("{why}\n{call:?}\n{answer}"));
        answer
    }

    async fn send(&self, call: &Call) -> Answer {
        let response = self.app.send(call.request()).await;
        let (parts, body) = response.into_parts();
        let body = read(body.into_data_stream()).await;
        Answer { status: parts.status, headers: parts.headers, body: body.into() }
    }
}

/// Reads a body to its end, or for as long as something is there.
async fn read(mut body: BodyDataStream) -> Vec<u8> {
    let mut read = Vec::new();
    while let Ok(Some(Ok(piece))) = tokio::time::timeout(Duration::from_secs(1), body.next()).await {
        read.extend_from_slice(&piece);
    }
    read
}

/// Who calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Who {
    Anybody,
    User,
    Application,
    Administrator,
}

/// A request in the making.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) who: Who,
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    /// Its media type and text.
    pub(super) body: Option<(String, String)>,
    /// Whether the document takes one.
    pub(super) takes_body: bool,
    /// The query parameters that the document has.
    pub(super) parameters: Vec<String>,
}

impl Call {
    /// A good one: the document's example, with ids that there are.
    pub(super) fn of(operation: &Operation<'static>, scene: &Scene) -> Self {
        let value = operation.value;
        let of_connections = operation.path.contains("/connections/");
        let id = if of_connections { &scene.connection } else { &scene.notification };
        let path = [("{notificationId}", id.as_str()), ("{id}", id), ("{user}", "u1"), ("{topic}", "t")];
        let path = path.iter().fold(operation.path.to_owned(), |path, (name, value)| path.replace(name, value));
        let parameters = value["parameters"].as_array().into_iter().flatten();
        let names = parameters.filter(|parameter| parameter["in"] == "query").filter_map(|one| one["name"].as_str());
        let mut call = Self {
            who: who(value),
            method: operation.method,
            path,
            query: Vec::new(),
            headers: Vec::new(),
            body: Self::bodies(value).into_iter().next(),
            takes_body: value.get("requestBody").is_some(),
            parameters: names.map(str::to_owned).collect(),
        };
        call.authorize();
        call
    }

    /// The examples of an operation's body, one of each media type.
    pub(super) fn bodies(operation: &Value) -> Vec<(String, String)> {
        let contents = operation["requestBody"]["content"].as_object().into_iter().flatten();
        let example = |media: &Value| match media["examples"]["example"]["serializedValue"].as_str() {
            Some(text) => text.to_owned(),
            None => media["example"].to_string(),
        };
        contents.map(|(form, media)| (form.clone(), example(media))).collect()
    }

    fn authorize(&mut self) {
        match self.who {
            Who::Anybody => {}
            Who::User => self.bearer(&token("u1")),
            Who::Application => self.bearer(KEY),
            Who::Administrator => self.bearer("root-key"),
        }
    }

    /// Replaces the credentials.
    pub(super) fn bearer(&mut self, token: &str) {
        self.headers = vec![("authorization".into(), format!("Bearer {token}"))];
    }

    /// As an application that is a user, too, so that it can be asked whether that was revoked.
    pub(super) fn as_a_user_with_scopes(&mut self) {
        let scope = Some("notifications:admin".into());
        self.bearer(&mint(&TokenOptions { user: Some("app".into()), scope, ..TokenOptions::default() }));
    }

    pub(super) fn request(&self) -> Request<Body> {
        let query: Vec<_> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        let mut request = Request::builder().method(self.method).uri(format!("{}{query}", self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let Some((form, text)) = &self.body else { return request.body(Body::empty()).unwrap() };
        request.header("content-type", form).body(Body::from(text.clone())).unwrap()
    }
}

fn who(operation: &Value) -> Who {
    let schemes = operation["security"].as_array().into_iter().flatten();
    let has = |name: &str| schemes.clone().any(|scheme| scheme.get(name).is_some());
    match () {
        () if has("cookie") => Who::User,
        () if has("apiKey") => Who::Application,
        () if has("adminKey") => Who::Administrator,
        () => Who::Anybody,
    }
}
