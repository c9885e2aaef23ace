//! `cargo xtask bench` and `cargo xtask hostile`: builds the server and the load generator as they are shipped, measures, and records.

use crate::job::{Job, Obstacle};
use crate::repo;
use crate::tools::{nchan, node};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// Everything behind `--` is handed to the load generator; `-- --help` shows it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write the results into the page in bench/; refused if there are uncommitted changes
    #[arg(long)]
    record: bool,
    /// Options of the load generator, such as `--rounds 3 --only idle,storm`
    #[arg(last = true)]
    options: Vec<String>,
}

/// What `cargo xtask bench` takes besides.
#[derive(clap::Args)]
pub(crate) struct BenchArgs {
    #[command(flatten)]
    common: Args,
    /// Only see that the harness works, in a few seconds: one round with few streams, without other servers
    #[arg(long, conflicts_with = "record")]
    quick: bool,
    /// Install nothing; servers to compare with that are not there are named as missing
    #[arg(long)]
    no_install: bool,
}

/// Runs the scenarios of the table.
pub(crate) fn run(args: &BenchArgs) -> ExitCode {
    let mut packages = vec!["campanile-server", "campanile-bench"];
    let mut command = vec!["table".to_owned()];
    if args.quick {
        command.push("--quick".into());
    } else {
        packages.push("campanile-bench-rivals");
        command.extend(rivals(!args.no_install));
    }
    measure(&packages, command, &args.common, "bench/RESULTS.md")
}

/// Runs streams under hostile load.
pub(crate) fn hostile(args: &Args) -> ExitCode {
    measure(&["campanile-server", "campanile-bench"], vec!["hostile".to_owned()], args, "bench/HOSTILE.md")
}

fn measure(packages: &[&str], mut command: Vec<String>, args: &Args, record: &str) -> ExitCode {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // One by one: built together, they would share features, and the server would not be the one that is shipped.
    for package in packages {
        let build = Command::new(&cargo).args(["build", "--release", "--package", package]).status();
        if !build.is_ok_and(|status| status.success()) {
            return ExitCode::FAILURE;
        }
    }
    command.extend(args.options.iter().cloned());
    if args.record {
        command.extend(["--record".into(), record.into()]);
    }
    let mut bench = Command::new(released("campanile-bench"));
    bench.current_dir(repo::root()).arg("--binary").arg(released("campanile")).args(command);
    match bench.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn released(name: &str) -> PathBuf {
    repo::target().join("release").join(name)
}

/// The options that say where other servers are. One that cannot be had is named, and left out.
fn rivals(may_install: bool) -> Vec<String> {
    let option = |name: &str, path: PathBuf| [name.to_owned(), path.display().to_string()];
    let mut options = [option("--axum", released("axum-sse")), option("--raw", released("raw-epoll"))].concat();
    let better_sse = "bench/rivals/better-sse";
    let mut add = |name: &str, found: Result<PathBuf, Obstacle>| match found {
        Ok(path) => options.extend(option(name, path)),
        Err(obstacle) => println!("{} will be missing: {obstacle}", &name[2..]),
    };
    match Job::new(&repo::target().join("xtask/bench.log"), false, may_install) {
        Ok(mut job) => {
            add("--nchan", nchan::get(&mut job));
            add("--better-sse", node::packages(&mut job, better_sse).map(|()| repo::root().join(better_sse)));
        }
        Err(error) => add("--nchan", Err(error.into())),
    }
    options
}
