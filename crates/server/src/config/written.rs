//! The configuration as written: what stands where, before anybody judges what it means.
//!
//! Sources, from weak to strong: what the command prefers, the file, the variables, the command line.

use super::{Key, Mistakes, Origin, file, variables};
use std::{
    collections::{BTreeMap, HashMap},
    ffi::OsString,
    path::PathBuf,
};

/// Where to read from. Nothing here is read from the process's surroundings: the caller hands it in.
#[derive(Clone, Default)]
pub(crate) struct Sources {
    /// What the command prefers to the built-in defaults.
    pub(crate) preferred: Vec<(&'static Key, String)>,
    /// The file named by `--config`.
    pub(crate) file: Option<PathBuf>,
    /// The process's variables; other people's are skipped.
    pub(crate) variables: Vec<(OsString, OsString)>,
    /// Command-line options that stand for a key: the key, the option's name, the value.
    pub(crate) options: Vec<(&'static Key, &'static str, String)>,
}

/// A value as it stands there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Raw {
    /// Text whose form the key decides: from a variable or an option.
    Loose(String),
    /// A string in the file.
    String(String),
    /// An integer in the file; `None`: beyond 64 bits.
    Whole(Option<i64>),
    /// An array of strings in the file.
    List(Vec<String>),
    /// Something in the file that no key takes.
    Other(&'static str),
}

/// A value and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub(super) raw: Raw,
    pub(super) origin: Origin,
}

/// One `types."NAME"`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct TypeEntry {
    pub(super) origin: Origin,
    pub(super) fields: BTreeMap<&'static str, Entry>,
}

/// All that was written under known names.
#[derive(Default, Debug)]
pub(super) struct Written {
    pub(super) entries: HashMap<&'static str, Entry>,
    pub(super) types: BTreeMap<String, TypeEntry>,
}

impl Written {
    /// Reads all sources.
    ///
    /// # Errors
    ///
    /// Only if the file cannot be read as TOML: then nothing can be said about what it lacks. Every other mistake goes to `mistakes`.
    pub(super) fn read(sources: &Sources, mistakes: &mut Mistakes) -> Result<Self, Mistakes> {
        let mut written = Self::default();
        for (key, value) in &sources.preferred {
            written.put(key, Raw::Loose(value.clone()), Origin::Default);
        }
        let broken = match &sources.file {
            Some(path) => file::read(path, &mut written, mistakes).err(),
            None => None,
        };
        variables::read(&sources.variables, &mut written, mistakes);
        for (key, option, value) in &sources.options {
            written.put(key, Raw::Loose(value.clone()), Origin::Option(option));
        }
        match broken {
            Some(mut broken) => {
                broken.0.append(&mut mistakes.0);
                Err(broken)
            }
            None => Ok(written),
        }
    }

    /// Notes a value; a stronger source overwrites a weaker one.
    pub(super) fn put(&mut self, key: &Key, raw: Raw, origin: Origin) {
        self.entries.insert(key.name, Entry { raw, origin });
    }
}
