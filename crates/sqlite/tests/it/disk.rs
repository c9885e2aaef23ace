//! A disk that takes no more: really, by the system's own limit on files.

use crate::{
    child::{Running, program},
    kit::{assert_whole, log},
};
use campanile_core::{Change, store::Store};
use campanile_sqlite::Sqlite;
use std::process::Command;

/// Blocks of 512 bytes: half a megabyte per file.
const LIMIT: &str = "1024";

#[tokio::test]
async fn a_disk_that_is_full_refuses_loses_nothing_and_is_used_again_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("a.db");
    // The limit's signal is ignored, so that writing beyond it is an error like that of a full disk.
    let script = format!("trap '' XFSZ; ulimit -S -f {LIMIT}; exec \"$0\" endless \"$1\"");
    let mut child = Running::start(Command::new("sh").args(["-c", &script]).arg(program()).arg(&database));
    let mut acknowledged = until_full(&mut child);
    assert!(acknowledged.len() > 10, "something fitted");
    let pid = child.process.id().to_string();
    let lifted = Command::new("prlimit").args(["--fsize=unlimited", "--pid", &pid]).status();
    assert!(lifted.expect("prlimit is needed for this test: install the package util-linux").success());
    acknowledged.extend((0..1000).map(|_| child.line()).skip_while(|line| line.starts_with("refused")));
    acknowledged.extend(child.kill());
    let store = Sqlite::open(&database).unwrap();
    let page = log(&store, "user-0").await;
    assert_whole(&page);
    for line in acknowledged {
        let words: Vec<&str> = line.split(' ').collect();
        let ["ok", seq, id] = words[..] else { panic!("the child said {line:?}") };
        let entry = &page.entries[seq.parse::<usize>().unwrap() - 1];
        assert!(matches!(&entry.change, Change::Arrived(one) if one.id.to_string() == id), "{line}");
    }
    store.close().await;
}

/// What was acknowledged before it was refused many times in a row. (Once in a while a refusal makes some room in the write-ahead log.)
fn until_full(child: &mut Running) -> Vec<String> {
    let (mut lines, mut refusals) = (Vec::new(), 0);
    while refusals < 20 {
        let line = child.line();
        if line == "refused, not ready" {
            refusals += 1;
        } else {
            refusals = 0;
            lines.extend((line != "refused, ready").then_some(line));
        }
    }
    lines
}
