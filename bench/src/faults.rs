//! The judge, judged: a small server that does what it is told wrong, and runs against it that must see exactly that.

use crate::{
    client::{
        crowd::{Manner, Seat},
        judge::Verdict,
        publishers::{Plan, Targets},
        stamp,
        target::{Target, Urls},
    },
    scenario::{
        load::{Load, Loaded},
        of_as_many, of_one,
        storm::Storm,
    },
};
use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

/// What is done wrong to one delivery of each run: the 20th to the first stream, unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    Loses,
    /// The last ones: nothing comes after them that would betray it.
    LosesTheEnd,
    Repeats,
    /// Holds it until the next one of the same publisher has gone.
    Swaps,
    /// To one stream only, two messages of different publishers change places.
    Reorders,
    Cuts,
    /// Sends it to another user too.
    Misdirects,
    Refuses,
    /// Answers, and everything else, only after a while.
    Stalls,
}

const AT: usize = 20;

#[derive(Default)]
struct State {
    streams: HashMap<String, Vec<TcpStream>>,
    frames: HashMap<String, Vec<Vec<u8>>>,
    count: usize,
    held: Option<Vec<u8>>,
}

/// Starts the server; each connection has a thread, which ends with it.
fn faulty(fault: Fault) -> Target {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let state = Arc::new(Mutex::new(State::default()));
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let state = Arc::clone(&state);
            std::thread::spawn(move || serve(socket, &state, fault));
        }
    });
    let urls = Urls {
        stream: &format!("http://{address}/sub/{{user}}"),
        stream_headers: &[],
        publish: &format!("http://{address}/pub/{{users}}"),
        publish_headers: &[],
        body: "{stamp}{pad}",
    };
    Target { ready: Some("ready".to_owned()), ..urls.target().unwrap() }
}

fn serve(socket: TcpStream, state: &Mutex<State>, fault: Fault) -> Option<()> {
    let mut input = BufReader::new(socket.try_clone().ok()?);
    let mut output = socket.try_clone().ok()?;
    loop {
        let (mut first, mut length, mut position) = (String::new(), 0, None);
        input.read_line(&mut first).ok().filter(|count| *count > 0)?;
        loop {
            let mut line = String::new();
            input.read_line(&mut line).ok()?;
            if line == "\r\n" {
                break;
            }
            length = line.strip_prefix("Content-Length: ").map_or(length, |value| value.trim().parse().unwrap());
            position = line.strip_prefix("Last-Event-ID: ").map(|value| value.trim().parse().unwrap()).or(position);
        }
        let mut body = vec![0; length];
        input.read_exact(&mut body).ok()?;
        let name = first.split(' ').nth(1)?[5..].to_owned();
        let mut state = state.lock().unwrap();
        if first.starts_with("GET") {
            let frames = state.frames.entry(name.clone()).or_default();
            let from = position.unwrap_or(frames.len());
            let head = format!("HTTP/1.1 200 OK\r\n\r\nevent: ready\nid: {from}\ndata: x\n\n");
            output.write_all(&[head.as_bytes(), &frames[from..].concat()].concat()).ok()?;
            state.streams.entry(name).or_default().push(socket);
            return Some(());
        }
        state.count += 1;
        let status = if fault == Fault::Refuses && state.count == AT { "503 No" } else { "202 Yes" };
        if fault == Fault::Stalls && state.count == AT {
            std::thread::park_timeout(Duration::from_millis(200));
        }
        let frame = [b"data: ", &body[..], b"\n\n"].concat();
        for user in name.trim_matches(['[', ']']).split(',').map(|user| user.trim_matches('"')) {
            state.deliver(user, &frame, fault);
        }
        output.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes()).ok()?;
    }
}

impl State {
    fn deliver(&mut self, user: &str, frame: &[u8], fault: Fault) {
        let it_is_time = self.count == AT;
        self.frames.entry(user.to_owned()).or_default().push(frame.to_vec());
        if fault == Fault::Misdirects && it_is_time {
            let stranger = self.streams.keys().find(|name| *name != user).cloned().unwrap();
            self.streams.get_mut(&stranger).unwrap().iter_mut().for_each(|other| other.write_all(frame).unwrap());
        }
        let held = &mut self.held;
        for (at, stream) in self.streams.entry(user.to_owned()).or_default().iter_mut().enumerate() {
            let mut text = frame.to_vec();
            match fault {
                Fault::Loses if at == 0 && it_is_time => continue,
                Fault::LosesTheEnd if at == 0 && self.count >= AT => continue,
                Fault::Repeats if at == 0 && it_is_time => text.extend_from_slice(frame),
                Fault::Swaps | Fault::Reorders if at == 0 && it_is_time => {
                    *held = Some(text);
                    continue;
                }
                Fault::Swaps | Fault::Reorders if at == 0 => {
                    let same = held.as_ref().is_some_and(|held| lane(held) == lane(frame));
                    if same == (fault == Fault::Swaps) {
                        text.extend(held.take().unwrap_or_default());
                    }
                }
                Fault::Cuts if at == 0 && it_is_time => {
                    stream.shutdown(std::net::Shutdown::Both).unwrap();
                    continue;
                }
                _ => {}
            }
            let _ = stream.write_all(&text); // It may have been cut.
        }
    }
}

fn lane(frame: &[u8]) -> [u8; 8] {
    frame[8..16].try_into().unwrap()
}

const STREAMS: usize = 5;

/// 60 messages to all streams of one user.
fn broadcast(fault: Fault, connections: usize, parses: bool) -> Loaded {
    let plan = Plan { most: 60, rate: Some(600.0), ..Plan::loop_of(connections, Targets::one(0)) };
    run(fault, of_one(0, STREAMS), plan, parses)
}

fn run(fault: Fault, seats: Vec<Seat>, plan: Plan, parses: bool) -> Loaded {
    load(seats, plan, parses).run(&faulty(fault)).unwrap()
}

fn load(seats: Vec<Seat>, plan: Plan, parses: bool) -> Load {
    let manner = Manner { threads: 2, parses, ..Manner::default() };
    Load { seats, manner, plans: vec![plan], span: Duration::from_secs(5) }
}

const SENT: u64 = 60 * STREAMS as u64;

#[test]
fn a_server_that_does_everything_right_is_exact_in_both_ways_of_reading() {
    for parses in [false, true] {
        let loaded = broadcast(Fault::None, 2, parses);
        assert_eq!(loaded.verdict, Verdict { received: SENT, ..Verdict::default() });
        assert_eq!((loaded.latency.count(), loaded.sent.taken), (SENT, 60));
        assert!(loaded.exact().is_ok());
    }
}

#[test]
fn each_fault_is_seen_and_taken_for_nothing_else() {
    let all = Verdict { received: SENT, ..Verdict::default() };
    let faults = [
        (Fault::Loses, 1, Verdict { received: SENT - 1, lost: 1, ..all }),
        (Fault::LosesTheEnd, 1, Verdict { received: SENT - 41, lost: 41, ..all }),
        (Fault::Repeats, 1, Verdict { duplicates: 1, ..all }),
        (Fault::Swaps, 1, Verdict { late: 1, ..all }),
        (Fault::Cuts, 1, Verdict { received: SENT - 41, lost: 41, cut: 1, ..all }),
    ];
    for (fault, connections, verdict) in faults {
        let loaded = broadcast(fault, connections, false);
        assert_eq!(loaded.verdict, verdict, "{fault:?}");
        assert!(loaded.exact().is_err(), "{fault:?}");
    }
}

#[test]
fn streams_of_one_user_that_see_another_order_are_seen() {
    let loaded = broadcast(Fault::Reorders, 2, false);
    assert_eq!(Verdict { disagreeing: 0, ..loaded.verdict }, Verdict { received: SENT, ..Verdict::default() });
    // The one that differs comes first on its thread, so that it, or those that are compared with it, are the odd ones.
    assert!((1..STREAMS as u64).contains(&loaded.verdict.disagreeing), "{:?}", loaded.verdict);
    assert!(loaded.exact().is_err());
}

#[test]
fn what_another_user_gets_is_foreign() {
    let plan = Plan { most: 60, ..Plan::loop_of(1, Targets::one(0)) };
    let loaded = run(Fault::Misdirects, of_as_many(0..2), plan, false);
    assert_eq!(loaded.verdict, Verdict { received: 61, foreign: 1, ..Verdict::default() });
}

#[test]
fn a_publish_that_was_refused_is_no_result() {
    let loaded = broadcast(Fault::Refuses, 1, false);
    assert_eq!((loaded.sent.taken, loaded.sent.refused), (59, 1));
    assert!(loaded.flaw().is_some_and(|flaw| flaw.contains("1 publishes were REFUSED")));
    assert!(loaded.exact().err().unwrap().contains("503"));
}

#[test]
fn what_was_due_and_is_in_no_figure_is_told() {
    let plan = Plan { rate: Some(600.0), ..Plan::loop_of(1, Targets::one(0)) };
    // It stalls from the 20th message, which is due after 32 ms, past the end.
    let load = Load { span: Duration::from_millis(100), ..load(of_one(0, STREAMS), plan, false) };
    let loaded = load.run(&faulty(Fault::Stalls)).unwrap();
    assert!((1..=40).contains(&loaded.sent.unsent), "{} were not sent", loaded.sent.unsent);
    let told = format!("{} publishes were due and could not be sent", loaded.sent.unsent);
    assert_eq!(loaded.flaw(), Some(told));
    assert!(loaded.exact().is_ok_and(|loaded| loaded.sent.taken >= 20));
}

#[test]
fn a_server_that_stalls_cannot_hide_it_at_a_rate() {
    let at_a_rate = broadcast(Fault::Stalls, 1, false);
    // Of 60 messages, 600 a second, 40 were due while it stalled or in its wake; asked only after each answer, one would have been.
    let p80 = at_a_rate.latency.ms(80_000);
    assert!((20.0..400.0).contains(&p80), "p80 {p80} ms");
    assert!(at_a_rate.sent.pacing.p50() < 20.0, "what the server caused is not this program's own error");
    assert!(at_a_rate.exact().is_ok());
}

#[test]
fn stamps_are_where_the_faulty_server_thinks_they_are() {
    let mut frame = b"data: ".to_vec();
    stamp::Stamp { lane: 7, seq: 1, at: 0 }.write(&mut frame);
    assert_eq!(&lane(&frame), b"00000007");
}

#[test]
fn a_storm_is_over_when_all_have_what_they_missed() {
    let storm = Storm { streams: 12, behind: 3, threads: 2 };
    let weathered = storm.run(&faulty(Fault::None)).unwrap();
    assert_eq!(weathered.verdict, Verdict { received: 36, ..Verdict::default() });
    assert!(weathered.seconds < 10.0 && weathered.report().contains("12 streams"));
}
