//! The judge judged: faults are planted into what was received in a run without one, and each must be found.

use crate::scene::Scene;
use campanile_testkit::{Client, ViolationKind};
use std::ops::Range;

/// A fault, how it is planted into the blocks of one stream, and what it must be found to be.
struct Fault {
    name: &'static str,
    /// Answers whether there was a place for it.
    plant: fn(&mut Vec<String>, &mut fastrand::Rng) -> bool,
    is: fn(&ViolationKind) -> bool,
}

const FAULTS: [Fault; 7] = [
    Fault {
        name: "an event is lost",
        plant: |blocks, rng| entry_before_another(blocks, rng).map(|at| blocks.remove(at)).is_some(),
        is: |kind| matches!(kind, ViolationKind::Hole { .. }),
    },
    Fault {
        name: "an event comes twice",
        plant: |blocks, rng| {
            let at = entry_before_another(blocks, rng);
            at.map(|at| blocks.insert(at, blocks[at].clone())).is_some()
        },
        is: |kind| matches!(kind, ViolationKind::Repeated { .. }),
    },
    Fault {
        name: "two events change places",
        plant: |blocks, rng| {
            let pair = entry_before_another(blocks, rng).and_then(|at| Some((at, next_entry(blocks, at)?)));
            pair.map(|(one, other)| blocks.swap(one, other)).is_some()
        },
        is: |kind| matches!(kind, ViolationKind::Swapped { .. }),
    },
    Fault {
        name: "what two notifications say changes places",
        plant: |blocks, rng| {
            let pair = entry_before_another(blocks, rng).and_then(|at| Some((at, next_arrival(blocks, at)?)));
            pair.filter(|(one, _)| is_arrival(&blocks[*one]))
                .map(|(one, other)| exchange_data(blocks, one, other))
                .is_some()
        },
        is: |kind| matches!(kind, ViolationKind::Differs { .. } | ViolationKind::Reordered { .. }),
    },
    Fault {
        name: "the last notification is lost",
        plant: |blocks, _| {
            let last = blocks.iter().rposition(|block| is_arrival(block));
            last.map(|last| blocks.truncate(last)).is_some()
        },
        is: |kind| matches!(kind, ViolationKind::Missing { .. } | ViolationKind::Foreign { .. }),
    },
    Fault {
        name: "a count has one digit too many",
        plant: |blocks, rng| {
            let at = pick(blocks, rng, |block| block.starts_with("event: counts\n"));
            at.map(|at| blocks[at] = blocks[at].replacen("\"unread\":", "\"unread\":1", 1)).is_some()
        },
        is: |kind| matches!(kind, ViolationKind::WrongCounts { .. }),
    },
    Fault {
        name: "somebody else's notification comes",
        plant: |blocks, rng| {
            let at = pick(blocks, rng, is_arrival);
            at.map(|at| blocks[at] = blocks[at].replacen("\"mark\":\"", "\"mark\":\"foreign-", 1)).is_some()
        },
        is: |kind| matches!(kind, ViolationKind::Foreign { .. }),
    },
];

/// Plants each fault into a last connection, and has it judged.
pub(crate) fn are_found(scene: &Scene, received: &[Client]) {
    for (number, fault) in FAULTS.iter().enumerate() {
        let mut rng = scene.rng(6, number);
        let mut received = received.to_vec();
        let planted = (0..1000).any(|_| {
            let client = rng.usize(..received.len());
            plant(&mut received[client], fault, &mut rng)
        });
        assert!(planted, "no place for it: {}", fault.name);
        match scene.judge(&received) {
            Ok(verdict) => panic!("not found: {}: {verdict:?}", fault.name),
            Err(violation) => assert!((fault.is)(&violation.kind), "{} was found as {violation}", fault.name),
        }
    }
}

fn plant(client: &mut Client, fault: &Fault, rng: &mut fastrand::Rng) -> bool {
    let Some(connection) = client.connections.last_mut() else { return false };
    let text = String::from_utf8_lossy(&connection.body).into_owned();
    // What came of an event that was cut off says nothing, whatever is planted into it.
    let (whole, rest) = text.split_at(text.rfind("\n\n").map_or(0, |end| end + 2));
    let mut blocks: Vec<String> = whole.split_inclusive("\n\n").map(str::to_owned).collect();
    let planted = (fault.plant)(&mut blocks, rng);
    if planted {
        connection.body = (blocks.concat() + rest).into_bytes();
    }
    planted
}

fn is_entry(block: &str) -> bool {
    block.starts_with("id: ") && !block.contains("event: ready\n")
}

fn is_arrival(block: &str) -> bool {
    is_entry(block) && block.contains("event: notification\n")
}

fn pick(blocks: &[String], rng: &mut fastrand::Rng, is: impl Fn(&str) -> bool) -> Option<usize> {
    rng.choice((0..blocks.len()).filter(|at| is(&blocks[*at])).collect::<Vec<_>>())
}

/// An entry that is not the last one.
fn entry_before_another(blocks: &[String], rng: &mut fastrand::Rng) -> Option<usize> {
    let last = blocks.iter().rposition(|block| is_entry(block))?;
    pick(&blocks[..last], rng, is_entry)
}

fn next_entry(blocks: &[String], at: usize) -> Option<usize> {
    (at + 1..blocks.len()).find(|next| is_entry(&blocks[*next]))
}

fn next_arrival(blocks: &[String], at: usize) -> Option<usize> {
    (at + 1..blocks.len()).find(|next| is_arrival(&blocks[*next]))
}

fn exchange_data(blocks: &mut [String], one: usize, other: usize) {
    let (a, b) = (data(&blocks[one]), data(&blocks[other]));
    let (said, heard) = (blocks[one][a.clone()].to_owned(), blocks[other][b.clone()].to_owned());
    blocks[one].replace_range(a, &heard);
    blocks[other].replace_range(b, &said);
}

/// Where the data line of an event is.
fn data(block: &str) -> Range<usize> {
    let start = block.find("data: ").expect("an arrival has data");
    start..start + block[start..].find('\n').expect("a line ends")
}
