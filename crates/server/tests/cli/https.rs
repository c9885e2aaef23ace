//! Servers behind TLS: the system's authorities decide, and nothing is sent to anybody else.

use crate::rig::{Ended, Run};
use std::{net::SocketAddr, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

fn key(name: &str) -> String {
    format!("{}/../http/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A server for `localhost`, as the authority for tests knows it. It takes every publish.
async fn server() -> SocketAddr {
    let certificate = CertificateDer::from_pem_file(key("localhost.pem")).unwrap();
    let private = PrivateKeyDer::from_pem_file(key("localhost.key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let tls = TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate], private).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            // Whoever does not trust it goes.
            let Ok(mut socket) = tls.accept(socket).await else { continue };
            let _ = socket.read(&mut [0; 8192]).await;
            let body = r#"{"notificationId":"n1","recipients":1,"replayed":false}"#;
            let head = format!("HTTP/1.1 202 Accepted\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _ = socket.write_all((head + body).as_bytes()).await;
            let _ = socket.shutdown().await;
        }
    });
    address
}

async fn publish(url: String, authorities: String) -> Ended {
    let run = Run::new(["publish", "a.b", "--user", "u", "--key", "k", "--url", &url]);
    let run = run.env("SSL_CERT_FILE", authorities).env("SSL_CERT_DIR", "/dev/null");
    tokio::task::spawn_blocking(|| run.end()).await.unwrap()
}

#[tokio::test]
async fn who_is_trusted_gets_it_and_nobody_else() {
    let port = server().await.port();
    let ended = publish(format!("https://localhost:{port}"), key("authority.pem")).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "n1\n"), "{}", ended.stderr);

    let unknown = publish(format!("https://localhost:{port}"), key("certificate.pem")).await;
    assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(69), ""), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("invalid peer certificate"), "{}", unknown.stderr);

    let by_another_name = publish(format!("https://127.0.0.1:{port}"), key("authority.pem")).await;
    assert_eq!((by_another_name.code, by_another_name.stdout.as_str()), (Some(69), ""));
    assert!(by_another_name.stderr.contains("invalid peer certificate"), "{}", by_another_name.stderr);

    let without = publish(format!("https://localhost:{port}"), "/dev/null".into()).await;
    assert_eq!((without.code, without.stdout.as_str()), (Some(1), ""), "{}", without.stderr);
    assert!(
        without.stderr.contains("install the system's certificates, or name them in SSL_CERT_FILE"),
        "{}",
        without.stderr
    );
}
