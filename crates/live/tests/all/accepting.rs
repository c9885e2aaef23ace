//! SSE-RULES "Transport, HTTP/1.1": connection flood, with the file descriptors used up.

use crate::support::{Live, Wire, soon};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::{
    net::SocketAddr,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// How many files the child may have open: its runtime, its pipes, and some forty connections.
const FILES: u64 = 50;

/// Runs one of the tests below as a process of its own, and reads what it prints.
pub(crate) fn child(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--ignored", "--nocapture", "--test-threads", "1"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

pub(crate) fn lines(child: &mut Child) -> Lines<BufReader<ChildStdout>> {
    BufReader::new(child.stdout.take().unwrap()).lines()
}

/// What a child says after `word`.
pub(crate) async fn said(lines: &mut Lines<BufReader<ChildStdout>>, word: &str) -> String {
    soon(word, async {
        loop {
            let line = lines.next_line().await.unwrap().unwrap_or_else(|| panic!("the child ended without {word}"));
            // The harness may have begun the line.
            if let Some((_, rest)) = line.split_once(&format!("{word} ")) {
                return rest.to_owned();
            }
        }
    })
    .await
}

/// Waits until the parent closes the child's input.
pub(crate) async fn until_dismissed() {
    tokio::io::stdin().read_to_end(&mut Vec::new()).await.unwrap();
}

#[tokio::test]
#[ignore = "the process that the next test starts"]
async fn child_with_few_files() {
    setrlimit(Resource::Nofile, Rlimit { current: Some(FILES), maximum: Some(FILES) }).unwrap();
    let live = Live::default();
    println!("ADDRESS {}", live.address);
    until_dismissed().await;
    println!("ERRORS {}", live.stats.accept_errors());
}

fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    // utime and stime, in hundredths.
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

#[tokio::test]
async fn connection_flood_ulimit_n_reached_does_not_end_accept_or_spin() {
    let mut process = child("accepting::child_with_few_files").spawn().unwrap();
    let mut output = lines(&mut process);
    let address: SocketAddr = said(&mut output, "ADDRESS").await.parse().unwrap();
    let mut first = Wire::connect(address).await;
    first.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    first.until("hello").await;
    // More connections than files. The system completes their handshakes; they queue.
    let mut others = Vec::new();
    for _ in 0..100 {
        others.push(Wire::connect(address).await);
    }
    let (before, start) = (cpu_seconds(process.id().unwrap()), Instant::now());
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let spent = cpu_seconds(process.id().unwrap()) - before;
    assert!(spent < start.elapsed().as_secs_f64() / 4.0, "{spent} s of processor time: it spins");
    // Those that are served are undisturbed, and the last in the queue gets its turn when there are files again.
    first.forget();
    first.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    first.until("hello").await;
    let mut last = others.pop().unwrap();
    drop(others);
    last.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    last.until("hello").await;
    drop(process.stdin.take());
    let errors: u64 = said(&mut output, "ERRORS").await.parse().unwrap();
    assert!((1..200).contains(&errors), "{errors} errors");
}
