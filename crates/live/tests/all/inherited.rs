//! `LISTEN_FDS`: sockets of a predecessor.

use crate::{
    accepting::{child, lines, said},
    support::{App, Wire, soon},
};
use campanile_live::{LiveOptions, Server, listeners_from_env};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    net::{SocketAddr, TcpListener},
    os::fd::AsFd,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::{
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
};

#[tokio::test]
#[ignore = "the process that the next tests start"]
async fn child_that_inherits() {
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    let sockets = listeners_from_env().unwrap();
    let names: Vec<_> = sockets.iter().map(|(name, _)| name.as_deref().unwrap_or("-")).collect();
    println!("NAMES [{}]", names.join(","));
    assert!(listeners_from_env().unwrap().is_empty());
    let listeners: Vec<_> = sockets.into_iter().map(|(_, listener)| listener).collect();
    let stop = async move {
        terminate.recv().await;
    };
    if !listeners.is_empty() {
        Server::new(LiveOptions::default()).serve(listeners, App::new().router(), stop).await.unwrap();
    }
    println!("ENDED -");
}

/// The child, with a socket as its descriptor 3. A shell moves it there and knows the process id.
fn heir(socket: impl AsFd, pid: &str, names: &str) -> Command {
    let inner = child("inherited::child_that_inherits");
    let mut command = Command::new("sh");
    let script = format!("exec 3<&0 0</dev/null; export LISTEN_PID={pid} LISTEN_FDS=1; exec \"$@\"");
    command.args(["-c", &script, "sh"]).arg(inner.as_std().get_program()).args(inner.as_std().get_args());
    command.env("LISTEN_FDNAMES", names).stdin(Stdio::from(socket.as_fd().try_clone_to_owned().unwrap()));
    command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

fn terminate(process: &Child) {
    let pid = Pid::from_raw(process.id().unwrap().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
}

#[tokio::test]
async fn sockets_come_with_their_names_and_only_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    for (names, expected) in [("public", "[public]"), ("", "[-]")] {
        let mut process = heir(&listener, "$$", names).spawn().unwrap();
        let mut output = lines(&mut process);
        assert_eq!(said(&mut output, "NAMES").await, expected);
        let mut wire = Wire::connect(listener.local_addr().unwrap()).await;
        wire.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        wire.until("hello").await;
        terminate(&process);
        said(&mut output, "ENDED").await;
    }
}

#[tokio::test]
async fn sockets_for_another_process_are_left_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut process = heir(&listener, "1", "public").spawn().unwrap();
    assert_eq!(said(&mut lines(&mut process), "NAMES").await, "[]");
}

#[tokio::test]
async fn what_is_no_listening_socket_is_an_error() {
    let file = std::fs::File::open("/dev/null").unwrap();
    let unbound = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    for mut command in [heir(file, "$$", ""), heir(unbound, "$$", "")] {
        let mut process = command.spawn().unwrap();
        let status = soon("its end", process.wait()).await.unwrap();
        assert!(!status.success());
    }
}

/// A request on a connection of its own.
async fn ask(address: SocketAddr) {
    let mut wire = Wire::connect(address).await;
    wire.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(wire.fin().await.ends_with("hello"));
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_restarts_refuse_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (over, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let (over, asked) = (over.clone(), asked.clone());
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    ask(address).await;
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for _ in 0..20 {
        let mut process = heir(&listener, "$$", "public").spawn().unwrap();
        let mut output = lines(&mut process);
        said(&mut output, "NAMES").await;
        let before = asked.load(Ordering::Relaxed);
        soon("some answers", async {
            while asked.load(Ordering::Relaxed) < before + 50 {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        })
        .await;
        terminate(&process);
        said(&mut output, "ENDED").await;
    }
    // The last heir is gone; whoever still waits in the queue is served by this one.
    let mut last = heir(&listener, "$$", "public").spawn().unwrap();
    said(&mut lines(&mut last), "NAMES").await;
    over.store(true, Ordering::Relaxed);
    for client in clients {
        soon("a client", client).await.unwrap();
    }
    assert!(asked.load(Ordering::Relaxed) >= 1000);
}
