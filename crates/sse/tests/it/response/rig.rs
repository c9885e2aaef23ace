//! A server, and clients of both versions of HTTP.

use std::future::IntoFuture;

use axum::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::client::http as install_provider;

/// Serves `app`, and gives the address.
pub(crate) async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(axum::serve(listener, app).into_future());
    address
}

/// A client of HTTP/1.1 and one of HTTP/2.
pub(crate) fn clients() -> [reqwest::Client; 2] {
    drop(install_provider());
    let http2 = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    [reqwest::Client::builder().http1_only().build().unwrap(), http2]
}

/// A request by hand.
pub(crate) async fn connect(address: &str, head: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(format!("{head}\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    socket
}

/// Reads until `text` has come, and gives everything.
pub(crate) async fn read_until(socket: &mut TcpStream, text: &str) -> String {
    let mut all = Vec::new();
    while !String::from_utf8_lossy(&all).contains(text) {
        assert_ne!(socket.read_buf(&mut all).await.unwrap(), 0, "ended: {}", String::from_utf8_lossy(&all));
    }
    String::from_utf8(all).unwrap()
}
