//! The program: the server (`campanile serve`, `campanile dev`) and the commands around it.
//!
//! From the outside in: [`cli`] (what is asked for), [`config`] (how), [`process`] (sockets, signals, the orderly end), [`node`]
//! (what is plugged into what). Everything gets its inputs as arguments; this file alone looks at the process's surroundings.

mod backup;
mod cli;
mod config;
mod credentials;
mod dev;
mod failure;
mod handover;
mod listen;
mod mint;
mod node;
mod openapi;
mod output;
mod process;
mod publish;
mod remote;
mod serve;
mod serving;
mod settings;
mod signer;
mod stop;
mod tail;
mod telemetry;
mod token;

use clap::Parser;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let command = match cli::Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => return failure::usage(&error),
    };
    let variables: Vec<_> = std::env::vars_os().collect();
    let ended = match command {
        cli::Command::Serve(options) => serve::run(options, variables),
        cli::Command::Dev(options) => dev::run(options, variables),
        cli::Command::Token(options) => token::run(options, variables),
        cli::Command::Publish(options) => publish::run(&options, &variables),
        cli::Command::Tail(options) => tail::run(*options, variables),
        cli::Command::Config(options) => settings::run(options, variables),
        cli::Command::Backup(options) => backup::run(&options),
        cli::Command::NewEpoch(options) => backup::new_epoch(&options),
        cli::Command::Openapi(options) => openapi::run(&options),
        cli::Command::Completions(options) => output::print(cli::completion_script(options.shell)),
    };
    ended.map_or_else(|failure| failure.report(), |()| ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    #[test]
    fn the_readme_lists_what_is_here() {
        let here = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).unwrap();
        let here = here.map(|entry| entry.unwrap().file_name().into_string().unwrap()).filter(|name| name != "cli");
        let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
        let list = readme.lines().map(str::trim).skip_while(|line| *line != "src/").skip(1);
        let listed = list.map_while(|line| line.strip_prefix(['├', '└'])?.split_whitespace().next());
        let listed: BTreeSet<_> = listed.map(|name| name.trim_end_matches('/').to_owned()).collect();
        assert_eq!(listed, here.collect());
    }
}
