//! As little as a server of streams can do: one thread takes publishes, another writes what has come to all streams of the user, each with one
//! `write`. No timers, no limits, no store. `GET /sub/USER` streams, `POST /pub/USER` publishes.
//!
//! Run as `raw-epoll ADDRESS`.

use rustix::{
    buffer::spare_capacity,
    event::{EventfdFlags, epoll, eventfd},
    fd::{AsFd, OwnedFd},
};
use std::{
    collections::HashMap,
    error::Error,
    io::{self, ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, PoisonError},
};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n";
const TAKEN: &[u8] = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";

/// Publishes wait while so much is not yet with every reader.
const MOST: usize = 1 << 20;

/// The key of what is no connection.
const ITSELF: u64 = u64::MAX;

fn main() -> Outcome<()> {
    let address = std::env::args().nth(1).ok_or("which address?")?;
    let listener = TcpListener::bind(address)?;
    rustix::net::listen(&listener, 4096)?;
    listener.set_nonblocking(true)?;
    let inbox =
        Arc::new(Inbox { state: Mutex::default(), room: Condvar::new(), bell: eventfd(0, EventfdFlags::NONBLOCK)? });
    let mut writer =
        Writer { inbox: Arc::clone(&inbox), epoll: new_epoll(&inbox.bell)?, users: Vec::new(), streams: Vec::new() };
    std::thread::spawn(move || writer.run());
    Door { epoll: new_epoll(&listener)?, listener, inbox, names: HashMap::new(), connections: HashMap::new() }.run()
}

fn new_epoll(itself: impl AsFd) -> io::Result<OwnedFd> {
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, itself, epoll::EventData::new_u64(ITSELF), epoll::EventFlags::IN)?;
    Ok(epoll)
}

fn wait(on: &OwnedFd, events: &mut Vec<epoll::Event>) -> io::Result<Vec<u64>> {
    events.clear();
    match epoll::wait(on, spare_capacity(events), None) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(events.iter().map(|event| event.data.u64()).collect()),
        Err(error) => Err(error.into()),
    }
}

/// What the door hands to the writer.
struct Inbox {
    state: Mutex<Waiting>,
    room: Condvar,
    bell: OwnedFd,
}

#[derive(Default)]
struct Waiting {
    streams: Vec<(usize, TcpStream)>,
    frames: Vec<(usize, Vec<u8>)>,
    /// Not yet with every reader, here and with the writer.
    bytes: usize,
}

impl Inbox {
    fn put(&self, put: impl FnOnce(&mut Waiting)) -> io::Result<()> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.room.wait_while(state, |state| state.bytes > MOST).unwrap_or_else(PoisonError::into_inner);
        put(&mut state);
        drop(state);
        rustix::io::write(&self.bell, &1u64.to_ne_bytes())?;
        Ok(())
    }

    fn take(&self) -> Waiting {
        let mut rings = [0; 8];
        let _ = rustix::io::read(&self.bell, &mut rings); // If it has not rung, there is nothing.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = state.bytes;
        std::mem::replace(&mut *state, Waiting { bytes, ..Waiting::default() })
    }

    fn is_written(&self, bytes: usize) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).bytes -= bytes;
        self.room.notify_one();
    }
}

/// Accepts, and reads requests.
struct Door {
    epoll: OwnedFd,
    listener: TcpListener,
    inbox: Arc<Inbox>,
    names: HashMap<String, usize>,
    connections: HashMap<u64, (TcpStream, Vec<u8>)>,
}

impl Door {
    fn run(&mut self) -> Outcome<()> {
        let (mut events, mut next) = (Vec::with_capacity(1024), 0);
        loop {
            for key in wait(&self.epoll, &mut events)? {
                if key == ITSELF {
                    while let Ok((socket, _)) = self.listener.accept() {
                        socket.set_nonblocking(true)?;
                        socket.set_nodelay(true)?;
                        epoll::add(&self.epoll, &socket, epoll::EventData::new_u64(next), epoll::EventFlags::IN)?;
                        self.connections.insert(next, (socket, Vec::new()));
                        next += 1;
                    }
                } else if let Some((socket, input)) = self.connections.remove(&key) {
                    self.turn(key, socket, input)?;
                }
            }
        }
    }

    fn turn(&mut self, key: u64, mut socket: TcpStream, mut input: Vec<u8>) -> Outcome<()> {
        let mut buffer = [0; 16 * 1024];
        match socket.read(&mut buffer) {
            Ok(count @ 1..) => input.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Ok(0) | Err(_) => return Ok(()),
        }
        if let Some((name, body, length)) = request(&input) {
            let count = self.names.len();
            let user = *self.names.entry(name).or_insert(count);
            let Some(body) = body else {
                epoll::delete(&self.epoll, &socket)?;
                socket.write_all(HEAD)?;
                return Ok(self.inbox.put(|waiting| waiting.streams.push((user, socket)))?);
            };
            let frame = [b"data: ", body, b"\n\n"].concat();
            self.inbox.put(|waiting| {
                waiting.bytes += frame.len();
                waiting.frames.push((user, frame));
            })?;
            input.drain(..length);
            socket.write_all(TAKEN)?;
        }
        self.connections.insert(key, (socket, input));
        Ok(())
    }
}

/// The user, the body of a publish, and how long the request is, if all of it is there.
fn request(input: &[u8]) -> Option<(String, Option<&[u8]>, usize)> {
    let end = memchr::memmem::find(input, b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&input[..end]);
    let path = head.split(' ').nth(1)?;
    let name = path.get(5..)?.to_owned();
    if head.starts_with("GET") {
        return Some((name, None, end));
    }
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse::<usize>().ok())?;
    Some((name, Some(input.get(end..end + length)?), end + length))
}

struct Writer {
    inbox: Arc<Inbox>,
    epoll: OwnedFd,
    users: Vec<User>,
    streams: Vec<Stream>,
}

#[derive(Default)]
struct User {
    streams: Vec<usize>,
    /// What not every reader has, and how much came before it.
    log: Vec<u8>,
    before: usize,
}

struct Stream {
    /// None when its reader is gone.
    socket: Option<TcpStream>,
    user: usize,
    /// How much of its user's frames it has.
    at: usize,
}

impl Writer {
    fn run(&mut self) -> Outcome<()> {
        let mut events = Vec::with_capacity(1024);
        loop {
            let mut touched = Vec::new();
            for key in wait(&self.epoll, &mut events)? {
                match usize::try_from(key).ok().filter(|stream| *stream < self.streams.len()) {
                    Some(stream) => touched.push(self.write(stream)),
                    None => touched.extend(self.take()?),
                }
            }
            touched.sort_unstable();
            touched.dedup();
            touched.into_iter().for_each(|user| self.trim(user));
        }
    }

    /// Takes what has come and writes it; the users that it was for.
    fn take(&mut self) -> Outcome<Vec<usize>> {
        let Waiting { streams, frames, .. } = self.inbox.take();
        let most = streams.iter().map(|one| one.0).chain(frames.iter().map(|one| one.0)).max();
        self.users.resize_with(self.users.len().max(most.map_or(0, |most| most + 1)), User::default);
        for (user, socket) in streams {
            let flags = epoll::EventFlags::OUT | epoll::EventFlags::RDHUP | epoll::EventFlags::ET;
            epoll::add(&self.epoll, &socket, epoll::EventData::new_u64(self.streams.len() as u64), flags)?;
            let at = self.users[user].before + self.users[user].log.len();
            self.users[user].streams.push(self.streams.len());
            self.streams.push(Stream { socket: Some(socket), user, at });
        }
        let mut touched = Vec::new();
        for (user, frame) in frames {
            self.users[user].log.extend_from_slice(&frame);
            touched.push(user);
        }
        touched.sort_unstable();
        touched.dedup();
        for &user in &touched {
            for at in 0..self.users[user].streams.len() {
                self.write(self.users[user].streams[at]);
            }
        }
        Ok(touched)
    }

    /// Writes everything that a stream has not; its user.
    fn write(&mut self, stream: usize) -> usize {
        let Stream { socket, user, at } = &mut self.streams[stream];
        let log = &self.users[*user];
        let rest = &log.log[*at - log.before..];
        let Some(open) = socket else { return *user };
        match open.write(rest) {
            Ok(count) => *at += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => *socket = None,
        }
        *user
    }

    /// Forgets what every reader of a user has.
    fn trim(&mut self, user: usize) {
        let User { streams, log, before } = &mut self.users[user];
        streams.retain(|stream| self.streams[*stream].socket.is_some());
        let least = streams.iter().map(|stream| self.streams[*stream].at).min().unwrap_or(*before + log.len());
        let done = least - *before;
        if done > 0 {
            log.drain(..done);
            *before += done;
            self.inbox.is_written(done);
        }
    }
}
