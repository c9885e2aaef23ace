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
