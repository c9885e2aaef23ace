//! The codec beside others, in one run: `cargo bench -p campanile-sse --all-features --bench codec`.
//!
//! Every contender of a row gets the same events and has to find, or make, as many. They take turns in each round, so that a machine
//! that changes its speed changes it for all. With an argument, only the rows whose name holds it are run.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that cannot go on stops, and prints")]

mod corpus;
mod encoders;
mod parsers;
mod turns;

fn main() {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with("--")).unwrap_or_default();
    let all = encoders::rows().into_iter().chain(parsers::rows());
    for row in all.filter(|row| row.name.contains(&wanted)) {
        row.run();
    }
}
