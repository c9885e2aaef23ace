//! HTTP/2: a connection that is told to go away answers what it has begun, and everything after that goes over the next one.

use bytes::Bytes;
use campanile_testkit::soon;
use h2::client::{SendRequest, handshake};
use http::Request;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// A client with one connection at a time.
pub(crate) struct Http2 {
    to: SocketAddr,
    token: String,
    connection: Option<SendRequest<Bytes>>,
}

impl Http2 {
    pub(crate) fn new(to: SocketAddr, token: String) -> Self {
        Self { to, token, connection: None }
    }

    /// The status of an answer, which must come whole.
    pub(crate) async fn counts(&mut self) -> u16 {
        loop {
            let connection = match self.connection.take() {
                Some(connection) => connection,
                None => soon("a connection", connect(self.to)).await,
            };
            // A connection that goes away takes no more requests.
            let Ok(mut connection) = soon("the connection", connection.ready()).await else { continue };
            match soon("an answer", self.ask(&mut connection)).await {
                Ok(status) => {
                    self.connection = Some(connection);
                    return status;
                }
                // So says the server of what it has not looked at.
                Err(error) if error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    async fn ask(&self, connection: &mut SendRequest<Bytes>) -> Result<u16, h2::Error> {
        let request = Request::get(format!("http://{}/notifications/counts", self.to));
        let request = request.header("authorization", format!("Bearer {}", self.token)).body(()).unwrap();
        let response = connection.send_request(request, true)?.0.await?;
        let (head, mut body) = response.into_parts();
        while let Some(piece) = body.data().await {
            body.flow_control().release_capacity(piece?.len())?;
        }
        Ok(head.status.as_u16())
    }
}

async fn connect(to: SocketAddr) -> SendRequest<Bytes> {
    let socket = TcpStream::connect(to).await.expect("a connection");
    let (client, connection) = handshake(socket).await.expect("HTTP/2");
    tokio::spawn(connection);
    client
}
