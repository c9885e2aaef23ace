//! The secrets of `campanile dev`: made once, kept beside the database, readable by its owner only. So tokens and keys survive a
//! restart, and no two machines have the same.

use crate::{config::Secret, failure::Failure};
use std::{
    ffi::OsString,
    fs::{self, OpenOptions, Permissions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use toml::de::{DeTable, DeValue};

/// Read and write for the owner, nothing for anybody else.
const OWNER_ONLY: u32 = 0o600;

/// What `dev` needs to be usable without any setup.
#[derive(Clone, Debug)]
pub(crate) struct DevSecrets {
    /// What users' tokens are signed with.
    pub(crate) jwt_secret: Secret,
    /// The application's key.
    pub(crate) api_key: Secret,
}

impl DevSecrets {
    /// New ones.
    ///
    /// # Errors
    ///
    /// The system has no random numbers.
    pub(crate) fn draw() -> Result<Self, Failure> {
        Ok(Self { jwt_secret: Secret::new(random()?), api_key: Secret::new(format!("campanile_dev_{}", random()?)) })
    }

    /// The ones kept beside a database; made and written there if there are none.
    ///
    /// # Errors
    ///
    /// The file cannot be read, written or understood; the message says which and what to do.
    pub(crate) fn beside(database: &Path) -> Result<Self, Failure> {
        let file = file_beside(database);
        match Self::read(&file)? {
            Some(secrets) => Ok(secrets),
            None => {
                let secrets = Self::draw()?;
                secrets.write(&file).map_err(|error| {
                    let file = file.display();
                    Failure::Runtime(format!(
                        "cannot write {file}: {error}; make its folder writable, or choose another with --store"
                    ))
                })?;
                Ok(secrets)
            }
        }
    }

    /// The ones kept in a file; `None` if there is no such file.
    ///
    /// # Errors
    ///
    /// The file cannot be read or understood.
    pub(crate) fn read(file: &Path) -> Result<Option<Self>, Failure> {
        let what_to_do = "delete it, and `campanile dev` makes a new one";
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(Failure::Runtime(format!("cannot read {}: {error}; {what_to_do}", file.display())));
            }
        };
        // Somebody may have copied it around. If it is not ours to close, it is not ours to complain about either.
        _ = fs::set_permissions(file, Permissions::from_mode(OWNER_ONLY));
        let damaged = || {
            Failure::Runtime(format!("{} does not hold the secrets of `campanile dev`; {what_to_do}", file.display()))
        };
        parse(&text).map(Some).ok_or_else(damaged)
    }

    /// Writes them whole or not at all: the name appears when the content is there, and never over another file.
    fn write(&self, file: &Path) -> io::Result<()> {
        let draft = with_suffix(file, &format!(".{}.new", std::process::id()));
        let mut open = OpenOptions::new();
        let mut output = open.write(true).create_new(true).mode(OWNER_ONLY).open(&draft)?;
        let written = output
            .write_all(self.text().as_bytes())
            .and_then(|()| output.sync_all())
            .and_then(|()| fs::hard_link(&draft, file));
        fs::remove_file(&draft)?;
        written
    }

    fn text(&self) -> String {
        format!(
            "# Made by `campanile dev` for the database beside it. Keep it to yourself; delete it to get new ones.\n\
             jwt_secret = \"{}\"\napi_key = \"{}\"\n",
            self.jwt_secret.expose(),
            self.api_key.expose()
        )
    }
}

/// Where the secrets of a database are kept.
pub(crate) fn file_beside(database: &Path) -> PathBuf {
    with_suffix(database, ".secret")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn parse(text: &str) -> Option<DevSecrets> {
    let table = DeTable::parse(text).ok()?.into_inner();
    let get = |name: &str| {
        table.get(name).map(|value| value.get_ref()).and_then(DeValue::as_str).filter(|text| text.len() >= 32)
    };
    Some(DevSecrets { jwt_secret: Secret::new(get("jwt_secret")?), api_key: Secret::new(get("api_key")?) })
}

/// 256 bits in hex.
fn random() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::Runtime(format!("the system has no random numbers: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_made_once_and_for_their_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("try.db");
        let first = DevSecrets::beside(&database).unwrap();
        let file = file_beside(&database);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, OWNER_ONLY);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else stays behind");

        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        let second = DevSecrets::beside(&database).unwrap();
        assert_eq!((first.jwt_secret, first.api_key), (second.jwt_secret, second.api_key));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, OWNER_ONLY);
    }

    #[test]
    fn every_database_has_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b] = ["a.db", "b.db"].map(|name| DevSecrets::beside(&folder.path().join(name)).unwrap());
        assert_ne!(a.jwt_secret, b.jwt_secret);
        assert_ne!(a.api_key, b.api_key);
        assert_ne!(a.api_key, a.jwt_secret);
    }

    #[test]
    fn a_damaged_file_is_named_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = file_beside(&folder.path().join("try.db"));
        for text in ["", "jwt_secret = 'short'", "jwt_secret = 5", "no toml"] {
            fs::write(&file, text).unwrap();
            let failure = DevSecrets::beside(&folder.path().join("try.db")).unwrap_err().to_string();
            assert!(failure.contains("try.db.secret") && failure.contains("delete it"), "{failure}");
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
    }
}
