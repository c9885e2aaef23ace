//! The Rust in README.md, which is too short to stand alone: the middle of this function, line by line.

use axum::Router;
use campanile::{Campanile, NotificationType, Sqlite};
use std::error::Error;
use tokio::net::TcpListener;

#[derive(serde::Serialize)]
struct InvoiceApproved {
    invoice_id: u64,
}

impl NotificationType for InvoiceApproved {
    type Data = Self;
    const NAME: &'static str = "invoices.approved";

    fn data(&self) -> &Self {
        self
    }
}

#[rustfmt::skip]
async fn readme(
    secret: Vec<u8>,
    my_router: Router,
    listener: TcpListener,
    ctrl_c: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Box<dyn Error>> {
    // begin
    let campanile = Campanile::builder()
        .store(Sqlite::open("app-notifications.db")?)
        .jwt_secret(&secret) // or .authenticate(…): who your users are, as your application knows it
        .build()
        .await?;
    let app = my_router.nest("/notifications", campanile.router());

    let publisher = campanile.publisher(); // cheap to clone
    publisher.publish(&InvoiceApproved { invoice_id: 42 }).to_users(["u1"]).await?; // a type of your own, checked by the compiler

    campanile.serve(listener, app).with_graceful_shutdown(ctrl_c).await?; // streams, requests and the store end in order
    // end
    Ok(())
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(begin).unwrap();
    rest.split_once(end).unwrap().0
}

#[test]
fn the_rust_of_the_readme_is_what_compiles_here() {
    let shown = between(include_str!("../../../README.md"), "```rust\n", "```\n");
    let compiled = between(include_str!("readme.rs"), "    // begin\n", "    // end\n");
    let compiled: String =
        compiled.lines().map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line))).collect();
    assert_eq!(shown, compiled);
}

#[tokio::test]
async fn it_runs_until_it_is_asked_to_end() {
    let folder = tempfile::tempdir().unwrap();
    std::env::set_current_dir(&folder).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    readme(vec![7; 32], Router::new(), listener, async {}).await.unwrap();
    assert!(folder.path().join("app-notifications.db").is_file());
}
