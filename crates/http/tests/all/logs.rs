//! One line when a stream opens and one when it ends, and no secrets in either.

use crate::support::{App, as_user, token};
use axum::body::Body;
use std::{
    io::Write,
    sync::{Arc, Mutex},
};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_stream_has_a_line_at_its_beginning_and_one_at_its_end() {
    let app = App::new();
    let user = "a\u{202e}b";
    let request = || as_user(user).uri("/notifications/stream?lastEventId=nonsense").body(Body::empty()).unwrap();
    // Once before anybody listens: a line that two threads come to for the first time may be lost to the one that listens.
    drop(app.send(request()).await);
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().json().with_writer(lines.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    drop(app.send(request()).await);
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let logged: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [opened, closed] = &logged[..] else { panic!("{text}") };
    let field = |line: &serde_json::Value, name: &str| line["fields"][name].clone();
    assert_eq!(field(opened, "message"), "stream opened");
    assert_eq!(field(closed, "message"), "stream closed");
    assert_eq!((field(opened, "resume"), field(opened, "reset_reason")), ("reset".into(), "unknown".into()));
    assert_eq!((field(opened, "transport"), field(opened, "tenant")), ("http/1.1".into(), "default".into()));
    assert_eq!(field(opened, "user"), "a\\u{202e}b", "what could turn a line around is escaped");
    assert_eq!(field(opened, "connection"), field(closed, "connection"));
    assert_eq!((field(closed, "reason"), field(closed, "events")), ("client".into(), 0.into()));
    assert!(field(closed, "seconds").is_number() && field(closed, "bytes").is_number());
    assert!(!text.contains(&token(user)[..30]), "no token in {text}");
}
