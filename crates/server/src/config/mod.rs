//! The configuration, in two stages: as written (what stands where) and as meant (typed, checked). All mistakes are found in one
//! go. This room reads files and what it is handed; it decides nothing about the process.

mod build;
mod credentials;
mod file;
pub(crate) mod keys;
mod meant;
mod mistake;
mod parse;
mod published;
mod reader;
mod reference;
mod settings;
mod suggest;
#[cfg(test)]
mod tests;
mod types;
mod variables;
mod written;

pub(crate) use build::{load, load_auth, load_settings};
pub(crate) use keys::{Form, Key};
pub(crate) use meant::{Auth, Config, Drain, Limits, Secret, StoreUrl};
pub(crate) use mistake::{Mistakes, Origin};
pub(crate) use parse::base_path;
pub(crate) use reader::Value;
pub(crate) use reference::page as reference;
pub(crate) use settings::Setting;
pub(crate) use variables::secret_file;
pub(crate) use written::Sources;
