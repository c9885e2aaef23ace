//! `campanile completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell they are for
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// The script that a shell reads.
pub(crate) fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::Cli::command(), "campanile", &mut script);
    script
}

pub(super) const ABOUT: &str = "\
Print a script that lets a shell complete the commands and options of this program.";

pub(super) const AFTER: &str = concat!(
    "\
Examples:
  campanile completions bash > /etc/bash_completion.d/campanile
  campanile completions zsh > /usr/local/share/zsh/site-functions/_campanile
  campanile completions fish > ~/.config/fish/completions/campanile.fish
  source <(campanile completions bash)                                     for this shell only

",
    exit_codes!()
);
