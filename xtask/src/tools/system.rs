//! Programs that come from the system's packages.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::job::{Job, Obstacle};

/// Something that a suite needs from the system.
pub(crate) struct Program {
    /// What people call it.
    what: &'static str,
    /// The names under which it may be in `PATH`.
    names: &'static [&'static str],
    /// Arguments with which it must succeed, to tell a whole one from half of one; none: being there is enough.
    probe: &'static [&'static str],
    /// Its packages on Debian and Ubuntu.
    packages: &'static [&'static str],
}

/// With a font: without any, all text is zero pixels wide and so "not visible".
pub(crate) const CHROMIUM: Program = Program {
    what: "Chromium",
    names: &["chromium", "chromium-browser", "google-chrome"],
    probe: &[],
    packages: &["chromium", "fonts-dejavu-core"],
};
pub(crate) const FIREFOX: Program = Program {
    what: "Firefox",
    names: &["firefox-esr", "firefox"],
    probe: &[],
    packages: &["firefox-esr", "fonts-dejavu-core"],
};
pub(crate) const STRACE: Program = Program { what: "strace", names: &["strace"], probe: &[], packages: &["strace"] };
pub(crate) const PRLIMIT: Program =
    Program { what: "prlimit", names: &["prlimit"], probe: &[], packages: &["util-linux"] };
pub(crate) const CURL: Program = Program { what: "curl", names: &["curl"], probe: &[], packages: &["curl"] };
pub(crate) const OPENSSL: Program =
    Program { what: "openssl", names: &["openssl"], probe: &[], packages: &["openssl"] };
pub(crate) const IP: Program = Program { what: "ip", names: &["ip"], probe: &[], packages: &["iproute2"] };
pub(crate) const NODE: Program = Program {
    what: "Node.js 20 or newer",
    names: &["node"],
    probe: &["-e", "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)"],
    packages: &["nodejs"],
};
pub(crate) const NPM: Program = Program { what: "npm", names: &["npm"], probe: &[], packages: &["npm"] };
/// Debian's Python comes without the part that makes virtual environments.
pub(crate) const PYTHON: Program = Program {
    what: "Python 3 with venv",
    names: &["python3"],
    probe: &["-c", "import ensurepip, venv"],
    packages: &["python3", "python3-venv"],
};

impl Program {
    /// Where the program is; installs its package first if it is missing and we may.
    ///
    /// # Errors
    ///
    /// A sentence that says what to install.
    pub(crate) fn get(&self, job: &mut Job) -> Result<PathBuf, Obstacle> {
        if let Some(found) = self.find() {
            return Ok(found);
        }
        self.install(job)?;
        self.find().ok_or_else(|| self.missing("what apt-get installed does not do"))
    }

    fn find(&self) -> Option<PathBuf> {
        self.names.iter().filter_map(|name| in_path(name)).find(|program| self.works(program))
    }

    fn works(&self, program: &Path) -> bool {
        let mut probe = Command::new(program);
        probe.args(self.probe).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.probe.is_empty() || probe.status().is_ok_and(|status| status.success())
    }

    fn install(&self, job: &mut Job) -> Result<(), Obstacle> {
        if !job.may_install {
            return Err(self.missing("--no-install forbids installing it"));
        }
        let Some(apt) = apt() else {
            return Err(self.missing("only root, or sudo without a password, may install it with apt-get"));
        };
        update(job)?;
        let mut install = apt.command(&["install", "--yes", "--no-install-recommends"]);
        match job.must(install.args(self.packages)) {
            Ok(_) => Ok(()),
            Err(obstacle) => Err(self.missing(&obstacle.to_string())),
        }
    }

    fn missing(&self, why: &str) -> Obstacle {
        let (what, packages) = (self.what, self.packages.join(" "));
        Obstacle::new(format!("{what} is missing, and {why}. To install it: apt-get install {packages}"))
    }
}

/// Fetches the lists of packages: those of a fresh container are empty. If they cannot be had, the ones that are there may do.
pub(crate) fn update(job: &mut Job) -> Result<(), Obstacle> {
    if let Some(apt) = apt() {
        job.run(&mut apt.command(&["update"]))?;
    }
    Ok(())
}

/// The way in which we may use `apt-get`.
enum Apt {
    AsRoot,
    BySudo,
}

fn apt() -> Option<Apt> {
    in_path("apt-get")?;
    let says = |program: &str, args: &[&str]| Command::new(program).args(args).stdin(Stdio::null()).output().ok();
    if says("id", &["-u"]).is_some_and(|id| id.stdout.trim_ascii() == b"0") {
        return Some(Apt::AsRoot);
    }
    let sudo = says("sudo", &["-n", "true"]).is_some_and(|sudo| sudo.status.success());
    sudo.then_some(Apt::BySudo)
}

impl Apt {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(match self {
            Self::AsRoot => "env",
            Self::BySudo => "sudo",
        });
        if matches!(self, Self::BySudo) {
            command.args(["-n", "env"]);
        }
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(args);
        command
    }
}

/// The first file of that name in `PATH`.
pub(crate) fn in_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: Program =
        Program { what: "Nothing", names: &["no-such-program"], probe: &[], packages: &["no-such", "package"] };

    fn job(folder: &tempfile::TempDir) -> Job {
        Job::new(&folder.path().join("x.log"), false, false).unwrap()
    }

    #[test]
    fn a_program_that_is_there_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let shell = Program { names: &["no-such-program", "sh"], probe: &["-c", "true"], ..NOWHERE };
        assert!(shell.get(&mut job(&folder)).unwrap().ends_with("sh"));
    }

    #[test]
    fn half_a_program_is_none() {
        let half = Program { names: &["sh"], probe: &["-c", "false"], ..NOWHERE };
        assert_eq!(half.find(), None);
    }

    #[test]
    fn what_may_not_be_installed_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let obstacle = NOWHERE.get(&mut job(&folder)).unwrap_err().to_string();
        assert!(obstacle.contains("Nothing is missing, and"), "{obstacle}");
        assert!(obstacle.ends_with("apt-get install no-such package"), "{obstacle}");
    }

    #[test]
    fn apt_never_asks_questions() {
        for (apt, program) in [(Apt::AsRoot, "env"), (Apt::BySudo, "sudo")] {
            let command = apt.command(&["update"]);
            assert_eq!(command.get_program(), program);
            assert!(command.get_args().any(|word| word == "DEBIAN_FRONTEND=noninteractive"));
        }
    }
}
