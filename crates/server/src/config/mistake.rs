//! What can be wrong with a configuration, and where.

use std::{fmt, path::PathBuf};

/// Where a value was written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Origin {
    /// In the file, at a line.
    File(PathBuf, usize),
    /// In a variable of this name.
    Variable(String),
    /// In a file that a variable of this name (ending in `_FILE`) names.
    SecretFile(String, PathBuf),
    /// On the command line, behind this option.
    Option(&'static str),
    /// Nowhere: it is a default.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, line) => write!(f, "{}, line {line}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::SecretFile(name, path) => write!(f, "{name}, {}", path.display()),
            Self::Option(name) => f.write_str(name),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One mistake. Its text never holds a secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Mistake {
    /// The key, as a path.
    pub(crate) key: String,
    /// Where it was written; `None` for what is missing altogether.
    pub(crate) origin: Option<Origin>,
    /// What is wrong and what would be right.
    pub(crate) reason: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(Origin::Default) | None => write!(f, "{}: {}", self.key, self.reason),
            Some(origin) => write!(f, "{} ({origin}): {}", self.key, self.reason),
        }
    }
}

/// All mistakes of one configuration.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Mistakes(pub(crate) Vec<Mistake>);

impl Mistakes {
    /// Notes a mistake.
    pub(crate) fn add(&mut self, key: impl Into<String>, origin: Option<&Origin>, reason: impl Into<String>) {
        self.0.push(Mistake { key: key.into(), origin: origin.cloned(), reason: reason.into() });
    }

    /// A configuration with one mistake.
    pub(crate) fn one(key: impl Into<String>, origin: Option<&Origin>, reason: impl Into<String>) -> Self {
        let mut mistakes = Self::default();
        mistakes.add(key, origin, reason);
        mistakes
    }

    /// `value` if there is none; otherwise all of them, in the order in which they stand there.
    pub(crate) fn or_ok<T>(mut self, value: T) -> Result<T, Self> {
        self.0.sort_by(|a, b| a.origin.cmp(&b.origin));
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options_only = self.0.iter().all(|mistake| mistake.key.starts_with('-'));
        let place = if options_only { "the command line" } else { "the configuration" };
        match self.0.as_slice() {
            [one] => write!(f, "{place} has a mistake: {one}"),
            several => {
                write!(f, "{place} has {} mistakes:", several.len())?;
                several.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
            }
        }
    }
}
