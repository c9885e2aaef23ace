//! The clients: some keep their connections, some need a new one for each request. Together they keep to a rate.

use super::attacks::{self, Attack, Then};
use crate::client::http::{Framing, Head};
use campanile_testkit::TestNode;
use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep_until, timeout},
};

/// Clients of each kind. Of ten requests eight come over kept connections.
const KEPT: u64 = 16;
const CLOSING: u64 = 16;

/// Requests that a kept connection sends in one go.
const PIPELINED: u64 = 8;

/// Half-open connections that one client leaves open at a time.
const HANGING: usize = 25;

/// How long an answer may take before it counts as missing.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the crowd has done.
#[derive(Default)]
pub(super) struct Done {
    pub(super) done: u64,
    /// An answer was due, and none came.
    pub(super) failed: u64,
}

/// Attacks for a while, at a rate per second.
pub(super) async fn attack(node: &TestNode, rate: u64, span: Duration, seed: u64) -> Done {
    let (kept, closing) = (Arc::new(attacks::kept(node)), Arc::new(attacks::closing(node)));
    let (to, end) = (node.address(), Instant::now() + span);
    let mut clients = Vec::new();
    for client in 0..KEPT {
        let pace = Pace::new(rate * 8 / 10 / KEPT, PIPELINED, end);
        clients.push(tokio::spawn(keeps(to, kept.clone(), pace, fastrand::Rng::with_seed(seed * 1000 + client))));
    }
    for client in 0..CLOSING {
        let pace = Pace::new(rate * 2 / 10 / CLOSING, 1, end);
        let random = fastrand::Rng::with_seed(seed * 1000 + 500 + client);
        clients.push(tokio::spawn(closes(to, closing.clone(), pace, random)));
    }
    let mut all = Done::default();
    for client in clients {
        let done = client.await.unwrap_or_default();
        (all.done, all.failed) = (all.done + done.done, all.failed + done.failed);
    }
    all
}

/// When the next requests are due. Being late is made up for.
struct Pace {
    next: Instant,
    every: Duration,
    end: Instant,
}

impl Pace {
    fn new(per_second: u64, at_once: u64, end: Instant) -> Self {
        let every = Duration::from_secs(1).mul_f64(at_once as f64 / per_second.max(1) as f64);
        Self { next: Instant::now() + every.mul_f64(fastrand::f64()), every, end }
    }

    async fn due(&mut self) -> bool {
        sleep_until(self.next.into()).await;
        self.next += self.every;
        Instant::now() < self.end
    }
}

async fn keeps(to: SocketAddr, attacks: Arc<Vec<Attack>>, mut pace: Pace, mut random: fastrand::Rng) -> Done {
    let (mut done, mut socket, mut buffer) = (Done::default(), None, Vec::new());
    while pace.due().await {
        buffer.clear();
        (0..PIPELINED).for_each(|_| buffer.extend_from_slice(&attacks[random.usize(0..attacks.len())].bytes));
        done.done += PIPELINED;
        match timeout(PATIENCE, ask(to, &mut socket, &buffer)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => {
                done.failed += PIPELINED;
                socket = None;
            }
        }
    }
    done
}

/// Sends and reads as many answers. A refusal that closes the connection in the middle is not expected here.
async fn ask(to: SocketAddr, kept: &mut Option<TcpStream>, requests: &[u8]) -> io::Result<()> {
    let socket = match kept {
        Some(socket) => socket,
        None => kept.insert(TcpStream::connect(to).await?),
    };
    socket.write_all(requests).await?;
    let (mut answers, mut buffer) = (0, Vec::with_capacity(16 * 1024));
    let mut rest = 0;
    loop {
        while let Some(length) = whole(&buffer[rest..])? {
            (rest, answers) = (rest + length, answers + 1);
        }
        if answers == PIPELINED {
            return Ok(());
        }
        if socket.read_buf(&mut buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The length of an answer, if all of it has come.
fn whole(input: &[u8]) -> io::Result<Option<usize>> {
    let Some(head) = Head::read(input).map_err(io::Error::other)? else { return Ok(None) };
    let Framing::Length(length) = head.body else { return Err(io::Error::other("an answer without a length")) };
    Ok(Some(head.end + length).filter(|end| *end <= input.len()))
}

async fn closes(to: SocketAddr, attacks: Arc<Vec<Attack>>, mut pace: Pace, mut random: fastrand::Rng) -> Done {
    let (mut done, mut hanging) = (Done::default(), VecDeque::new());
    while pace.due().await {
        let attack = &attacks[random.usize(0..attacks.len())];
        done.done += 1;
        match timeout(PATIENCE, once(to, attack)).await {
            Ok(Ok(Some(open))) => hanging.push_back(open),
            Ok(Ok(None)) => {}
            Ok(Err(_)) | Err(_) => done.failed += 1,
        }
        if hanging.len() > HANGING {
            hanging.pop_front();
        }
    }
    done
}

/// Sends one request over a connection of its own. Answers the connection if it is left hanging.
async fn once(to: SocketAddr, attack: &Attack) -> io::Result<Option<TcpStream>> {
    let mut socket = TcpStream::connect(to).await?;
    // The server may have refused what it has seen so far, and not take the rest.
    let sent = socket.write_all(&attack.bytes).await;
    match attack.then {
        Then::Hang => return sent.map(|()| Some(socket)),
        Then::Reset => {
            socket.set_zero_linger()?;
            return Ok(None);
        }
        Then::Next | Then::End => {}
    }
    let (mut answer, mut scratch) = (0, [0; 4096]);
    loop {
        match socket.read(&mut scratch).await {
            Ok(0) => break,
            Ok(more) => answer += more,
            Err(_) if answer > 0 => break,
            Err(error) => return Err(error),
        }
    }
    if answer > 0 { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
