//! The seeds of all targets, replayed as ordinary tests: on any toolchain, without a fuzzer.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, as the tests themselves do"
)]

use campanile_fuzz::TARGETS;
use std::{
    fs,
    path::{Path, PathBuf},
};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Every file that is a seed of a target.
fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = folder("seeds").join(target);
    let paths = names(&folder).into_iter().map(|name| folder.join(name));
    paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn every_seed_of_every_target_is_taken() {
    for (target, run) in TARGETS {
        let seeds = seeds(target);
        assert!(seeds.len() > 1, "{target} has next to no seeds");
        for (path, bytes) in seeds {
            println!("{}", path.display());
            run(&bytes);
        }
    }
}

#[test]
fn every_target_is_a_program_with_seeds_and_a_dictionary() {
    let targets: Vec<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let with = |end: &str| targets.iter().map(|name| format!("{name}{end}")).collect::<Vec<_>>();
    assert_eq!(names(&folder("targets")), with(".rs"));
    assert_eq!(names(&folder("seeds")), targets);
    assert_eq!(names(&folder("dictionaries")), with(".dict"));
}
