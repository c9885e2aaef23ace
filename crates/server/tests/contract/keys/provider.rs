//! A provider of keys on this machine: answers every request the same, and counts them.

use super::key;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

/// What it answers.
#[derive(Clone)]
pub(super) struct Says {
    status: &'static str,
    fields: String,
    body: String,
    delay: Duration,
}

impl Says {
    /// 200 with this body.
    pub(super) fn set(body: impl Into<String>) -> Self {
        Self { status: "200 OK", fields: String::new(), body: body.into(), delay: Duration::ZERO }
    }

    pub(super) fn with_status(mut self, status: &'static str) -> Self {
        self.status = status;
        self
    }

    pub(super) fn with_field(mut self, field: &str) -> Self {
        self.fields.push_str(field);
        self.fields.push_str("\r\n");
        self
    }

    pub(super) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

/// The provider; gone when dropped.
pub(super) struct Provider {
    address: SocketAddr,
    says: Arc<Mutex<Says>>,
    asked: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

/// As the authority for tests knows it.
fn tls() -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(key("localhost.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(key("localhost.key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate], key).unwrap()))
}

impl Provider {
    pub(super) async fn start(says: Says) -> Self {
        Self::start_with(says, None).await
    }

    /// One that is asked by https.
    pub(super) async fn start_tls(says: Says) -> Self {
        Self::start_with(says, Some(tls())).await
    }

    async fn start_with(says: Says, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (says, asked) = (Arc::new(Mutex::new(says)), Arc::new(Mutex::new(Vec::new())));
        let (to_say, to_note) = (Arc::clone(&says), Arc::clone(&asked));
        let accepting = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let says = to_say.lock().unwrap().clone();
                let (tls, to_note) = (tls.clone(), Arc::clone(&to_note));
                tokio::spawn(async move {
                    match tls {
                        None => answer(socket, says, to_note).await,
                        // Whoever does not trust it goes.
                        Some(tls) => {
                            if let Ok(socket) = tls.accept(socket).await {
                                answer(socket, says, to_note).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, says, asked, accepting }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/keys", self.address)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn says(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    /// The heads of all requests so far.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn answer(mut socket: impl AsyncRead + AsyncWrite + Unpin, says: Says, asked: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match socket.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    asked.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
    tokio::time::sleep(says.delay).await;
    let Says { status, fields, body, .. } = says;
    let answer =
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{fields}\r\n{body}", body.len());
    // Whoever asked may have had enough.
    let _ = socket.write_all(answer.as_bytes()).await;
    let _ = socket.shutdown().await;
}
