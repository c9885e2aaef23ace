//! What delivering costs in allocations: nothing. A publish may make its frame and a list of whom to wake; however many streams there are, and
//! however many events each of them gets, the way from the ring to the socket takes no memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails here")]

#[path = "all/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the other tests use the rest")]
mod support;

use allocation_counter::measure;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    thread::{self, JoinHandle},
};
use support::{Streams, request};
use tokio::runtime::{self, Runtime};

/// Publishes that are counted.
const EVENTS: usize = 50;

/// Of one publish, whoever gets it: notification, frame, write, answer, and the ring's first room. It is about half of this.
const PER_PUBLISH: u64 = 60;

/// Reads a stream until it has seen so many notifications, on a thread of its own: what a client allocates is not counted.
fn read(mut socket: TcpStream, wanted: usize) -> JoinHandle<()> {
    thread::spawn(move || {
        let (mut seen, mut buffer, mut line) = (0, [0; 4096], Vec::new());
        while seen < wanted {
            let length = socket.read(&mut buffer).unwrap();
            assert!(length > 0, "the stream ended after {seen} notifications");
            line.extend_from_slice(&buffer[..length]);
            let end = line.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let ended: Vec<u8> = line.drain(..end).collect();
            seen += ended.split(|byte| *byte == b'\n').filter(|line| *line == b"event: notification").count();
        }
    })
}

fn connect(address: SocketAddr, user: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(request(user).as_bytes()).unwrap();
    socket
}

/// Publishes to a user until all of its streams have everything.
fn deliver(runtime: &Runtime, streams: &Streams, open: usize) {
    let readers: Vec<_> = (0..open).map(|_| read(connect(streams.address, "u"), EVENTS)).collect();
    runtime.block_on(async {
        streams.streams(open).await;
        for n in 0..EVENTS {
            streams.publish("u", &n.to_string()).await;
        }
        while !readers.iter().all(JoinHandle::is_finished) {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    });
    readers.into_iter().for_each(|reader| reader.join().unwrap());
    runtime.block_on(streams.streams(0));
}

/// Allocations between the first publish and the last byte, with so many streams. All of the server runs on this thread.
fn allocations(open: usize) -> u64 {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let streams = runtime.block_on(async { Streams::start(true) });
    // Lists and buffers get their size.
    deliver(&runtime, &streams, open);
    let readers: Vec<_> = (0..open).map(|_| read(connect(streams.address, "u"), EVENTS * 2)).collect();
    runtime.block_on(async {
        streams.streams(open).await;
        for n in 0..EVENTS {
            streams.publish("u", &n.to_string()).await;
            tokio::task::yield_now().await;
        }
    });
    let counted = measure(|| {
        runtime.block_on(async {
            for n in 0..EVENTS {
                streams.publish("u", &n.to_string()).await;
                tokio::task::yield_now().await;
            }
            while !readers.iter().all(JoinHandle::is_finished) {
                tokio::task::yield_now().await;
            }
        });
    });
    readers.into_iter().for_each(|reader| reader.join().unwrap());
    counted.count_total
}

#[test]
fn a_delivered_event_allocates_nothing() {
    let (one, many) = (allocations(1), allocations(64));
    assert!(one < EVENTS as u64 * PER_PUBLISH, "{one} allocations for {EVENTS} publishes to one stream");
    // One list of whom to wake for each publish, and nothing for each of the 63 · 50 other deliveries.
    let more = many.saturating_sub(one);
    assert!(more <= 2 * EVENTS as u64, "{one} allocations with one stream, {many} with 64");
}
