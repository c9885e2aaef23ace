//! The table as a page.

use super::{
    Args,
    results::{Results, Who},
    rows::Row,
};
use crate::{place::Place, report::figure, servers::Rival};
use std::fmt::Write;

pub(super) fn of(args: &Args, place: &Place, who: &[Who], rounds: usize, results: &Results) -> String {
    let mut text = format!(
        "# Results\n\nMeasured on {} at commit {} (rounds: {rounds}) with\n\n    {}\n\nMachine: {}.\n\n{ABOUT}\n",
        place.date,
        place.commit,
        args.command(),
        place.machine
    );
    let names: Vec<_> = who.iter().map(|who| who.name()).collect();
    let _ =
        write!(text, "| | streams | must reach | {} |\n|---|---|---|{}\n", names.join(" | "), "---|".repeat(who.len()));
    for row in Row::ALL.iter().copied().filter(|row| who.iter().any(|who| results.spread(*row, *who).is_some())) {
        let bar = match row.bar(results).filter(|_| !args.quick) {
            Some((words, true)) => words,
            Some((words, false)) => format!("{words}: **missed**"),
            None => String::new(),
        };
        let cells: Vec<_> = who.iter().map(|who| cell(results.spread(row, *who))).collect();
        let streams = thousands(row.streams(args.size()));
        let _ = writeln!(text, "| {} | {streams} | {bar} | {} |", row.title(), cells.join(" | "));
    }
    for missing in Rival::ALL.into_iter().map(Who::Rival).filter(|rival| !who.contains(rival)) {
        let _ = write!(
            text,
            "\n{} is missing: it was not there and could not be installed, or was not asked for.\n",
            missing.name()
        );
    }
    for flaw in results.flaws() {
        let _ = write!(text, "\n{flaw}\n");
    }
    text
}

const ABOUT: &str = "\
Each figure is a median, with the lowest and the highest, of rounds in which all servers are measured one after the other; the client runs on the same
machine. Every message of ours was delivered once and in order, or there would be no figure; what others lost is told below. Every publish of ours is
synced to disk before its answer, others keep messages in memory. A frame has 200 bytes where the server lets one choose: those of nchan and better-sse have an
`id:` and more, a notification of ours about 350 with its id. Idle streams are opened 16 at a time. Times are taken from when a message was due. Idle streams are those
of a server as it is shipped; elsewhere our limits of connections are raised, for signals and with one user's many streams the ring too, as is what others keep
for slow readers (but not beside readers that read nothing).
";

fn thousands(count: usize) -> String {
    if count < 1000 { count.to_string() } else { format!("{},{:03}", count / 1000, count % 1000) }
}

fn cell(spread: Option<[f64; 3]>) -> String {
    match spread {
        Some([low, median, high]) => format!("{} ({}–{})", figure(median), figure(low), figure(high)),
        None => "–".into(),
    }
}
