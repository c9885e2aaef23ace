//! Listening sockets from somebody else (`LISTEN_FDS`), and the successor that waits for its predecessor.

use crate::{
    http,
    rig::{Run, SECRET},
};
use std::{net::TcpListener, os::fd::OwnedFd, path::Path};

const BOTH: &str = "3<&0 4<&1";
const ONE: &str = "3<&0";

struct Sockets {
    public: TcpListener,
    admin: TcpListener,
}

impl Sockets {
    fn bind() -> Self {
        let [public, admin] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        Self { public, admin }
    }

    fn addresses(&self) -> (String, String) {
        (self.public.local_addr().unwrap().to_string(), self.admin.local_addr().unwrap().to_string())
    }

    fn copies(&self) -> [OwnedFd; 2] {
        [&self.public, &self.admin].map(|socket| socket.try_clone().unwrap().into())
    }
}

/// `serve` with a database in this folder.
fn serve(folder: &Path) -> Run {
    Run::in_folder(folder, ["serve"])
        .env("CAMPANILE_AUTH__JWT_SECRET", SECRET)
        .env("CAMPANILE_LISTEN", "127.0.0.1:0")
        .env("CAMPANILE_ADMIN_LISTEN", "127.0.0.1:0")
}

#[test]
fn sockets_are_used_in_place_of_addresses_by_name_or_by_order() {
    let sockets = Sockets::bind();
    let (first, second) = sockets.addresses();
    for (names, public, admin) in [("", &first, &second), ("admin:public", &second, &first)] {
        // An address that cannot be had is never asked for.
        let run = Run::serve().env("LISTEN_FDNAMES", names).env("CAMPANILE_LISTEN", "192.0.2.1:1");
        let server = run.inherit(BOTH, sockets.copies()).start();
        assert_eq!((&server.public, &server.admin), (public, admin), "{names:?}");
        assert_eq!(http::get(public, "/health/ready").status, 200);
        assert_eq!(http::get(public, "/metrics").status, 404);
        assert_eq!(http::get(admin, "/metrics").status, 200);
    }
}

#[test]
fn a_single_socket_is_the_public_one_and_the_other_address_is_bound() {
    let sockets = Sockets::bind();
    let server = Run::serve().inherit(ONE, sockets.copies()).start();
    assert_eq!(server.public, sockets.addresses().0);
    assert_ne!(server.admin, sockets.addresses().1);
    assert_eq!(http::get(&server.admin, "/metrics").status, 200);
}

#[test]
fn what_cannot_be_taken_over_ends_with_a_sentence() {
    let end = |moves, input: OwnedFd, output: OwnedFd| Run::serve().inherit(moves, [input, output]).end();
    let socket = || TcpListener::bind("127.0.0.1:0").unwrap();
    let null = std::fs::File::open("/dev/null").unwrap();
    let open = TcpListener::bind("0.0.0.0:0").unwrap();
    for (ended, words) in [
        (end(BOTH, socket().into(), null.into()), "each must be a listening TCP socket"),
        (end("3<&0 4<&1 5<&0", socket().into(), socket().into()), "more sockets are inherited"),
        (end(BOTH, socket().into(), open.into()), "there are no admin.keys"),
    ] {
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
}

#[test]
fn a_successor_waits_for_the_store_and_can_be_told_to_stop_meanwhile() {
    let (folder, sockets) = (tempfile::tempdir().unwrap(), Sockets::bind());
    let predecessor = serve(folder.path()).inherit(BOTH, sockets.copies()).start();
    let mut successor = serve(folder.path()).inherit(BOTH, sockets.copies()).boot();
    let waiting = successor.wait_for("waiting for the predecessor");
    assert!(waiting["why"].as_str().unwrap().contains("in use by another process"), "{waiting}");
    successor.signal("TERM");
    successor.wait_for("stopped before it began");
    assert_eq!(successor.wait(), Some(0));
    assert_eq!(http::get(&predecessor.public, "/health/ready").status, 200);
}

#[test]
fn a_successor_takes_over_the_socket_the_admin_address_and_the_store() {
    let (folder, sockets) = (tempfile::tempdir().unwrap(), Sockets::bind());
    let predecessor = serve(folder.path()).inherit(ONE, sockets.copies()).start();
    let admin = predecessor.admin.clone();
    let run = serve(folder.path()).env("CAMPANILE_ADMIN_LISTEN", &admin);
    let mut successor = run.inherit(ONE, sockets.copies()).boot();
    let waiting = successor.wait_for("waiting for the predecessor");
    assert!(waiting["why"].as_str().unwrap().contains(&admin), "{waiting}");
    predecessor.signal("TERM");
    successor.listens();
    assert_eq!((&successor.public, &successor.admin), (&sockets.addresses().0, &admin));
    assert_eq!(predecessor.wait(), Some(0));
    assert_eq!(http::get(&successor.admin, "/health/ready").status, 200);
}

#[test]
fn without_inherited_sockets_nobody_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let _running = serve(folder.path()).start();
    let ended = serve(folder.path()).end();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("in use by another process"), "{}", ended.stderr);
}
