//! The rules themselves.
//!
//! What is searched for is put together from pieces, so that this file does not find itself.

/// Something that every file with one of some endings must keep to.
pub(super) struct Rule {
    /// What a fault is called.
    pub(super) sentence: &'static str,
    /// The endings it is about; none: all files.
    endings: &'static [&'static str],
    /// The lines (from 1) that break it.
    find: fn(&str) -> Vec<usize>,
}

const CODE: &[&str] = &[".rs", ".js", ".mjs", ".cjs", ".py", ".sh", ".css", ".html", ".toml", ".sql", ".yml"];
const PROSE_AND_RUST: &[&str] = &[".rs", ".md"];
const LONGEST: usize = 600;

pub(super) static RULES: &[Rule] = &[
    Rule {
        sentence: "names the host of a package registry; a lock file must not say where packages come from",
        endings: &[],
        find: |text| lines(text, names_a_registry),
    },
    Rule { sentence: "a tab", endings: PROSE_AND_RUST, find: |text| lines(text, |line| line.contains('\t')) },
    Rule {
        sentence: "white space at the end of the line",
        endings: PROSE_AND_RUST,
        find: |text| lines(text, |line| line.ends_with(char::is_whitespace)),
    },
    Rule { sentence: "longer than 600 lines: split it", endings: &[".rs"], find: too_long },
    Rule {
        sentence: "a marker for unfinished work: finish it, or write an issue",
        endings: CODE,
        find: |text| lines(text, has_marker),
    },
];

impl Rule {
    /// The lines of `path` that break the rule.
    pub(super) fn faults(&self, path: &str, text: &str) -> Vec<usize> {
        let applies = self.endings.is_empty() || self.endings.iter().any(|end| path.ends_with(end));
        if applies { (self.find)(text) } else { Vec::new() }
    }
}

/// The numbers of the lines that are `bad`. Split at LF only, so that a CR counts as white space at the end.
fn lines(text: &str, bad: impl Fn(&str) -> bool) -> Vec<usize> {
    text.split('\n').enumerate().filter(|(_, line)| bad(line)).map(|(index, _)| index + 1).collect()
}

fn names_a_registry(line: &str) -> bool {
    const HOSTS: [&str; 7] = [
        concat!("npm", "js.org"),
        concat!("npm", "js.com"),
        concat!("registry.yarn", "pkg.com"),
        concat!("python", "hosted.org"),
        concat!("py", "pi.org"),
        // The bare name is in every Cargo.lock.
        concat!("//crates", ".io"),
        concat!("index.crates", ".io"),
    ];
    HOSTS.iter().any(|host| line.contains(host))
}

fn too_long(text: &str) -> Vec<usize> {
    if text.lines().count() > LONGEST { vec![LONGEST + 1] } else { Vec::new() }
}

/// Whole words only: a template for a temporary name is no marker.
fn has_marker(line: &str) -> bool {
    const MARKERS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let mut words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    words.any(|word| MARKERS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(path: &str, text: &str) -> Vec<(usize, &'static str)> {
        let of = |rule: &'static Rule| rule.faults(path, text).into_iter().map(|line| (line, rule.sentence));
        RULES.iter().flat_map(of).collect()
    }

    fn count(path: &str, text: &str) -> usize {
        faults(path, text).len()
    }

    #[test]
    fn clean_files_have_no_faults() {
        assert_eq!(faults("a.rs", "//! Clean.\n\nfn main() {}\n"), []);
        assert_eq!(faults("a.rs", ""), []);
    }

    #[test]
    fn a_registry_is_found_in_any_file_and_only_there() {
        let lock = format!("{{\n  \"resolved\": \"https://registry.{}/a\"\n}}", concat!("npm", "js.org"));
        assert_eq!(faults("package-lock.json", &lock).first().map(|fault| fault.0), Some(2));
        assert_eq!(
            count("Cargo.lock", concat!("source = \"registry+https://github.com/rust-lang/crates.io", "-index\"")),
            0
        );
        assert_eq!(count("README.md", concat!("see https://crates", ".io/crates/campanile")), 1);
    }

    #[test]
    fn tabs_and_white_space_at_the_end_are_found_in_rust_and_prose() {
        assert_eq!(count("a.rs", "\tfn a() {}\n"), 1);
        assert_eq!(count("a.md", "two  \nthree\r\n"), 2);
        assert_eq!(count("Makefile", "\ta \n"), 0);
    }

    #[test]
    fn a_file_may_have_600_lines_and_no_more() {
        assert_eq!(count("a.rs", &"x\n".repeat(LONGEST)), 0);
        assert_eq!(count("a.rs", &"x\n".repeat(LONGEST + 1)), 1);
        assert_eq!(count("a.json", &"x\n".repeat(LONGEST + 1)), 0);
    }

    #[test]
    fn markers_are_found_as_words_in_code() {
        for marker in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")] {
            assert_eq!(count("a.rs", &format!("// {marker}: later")), 1);
            assert_eq!(count("a.py", &format!("# {marker}")), 1);
            assert_eq!(count("a.md", marker), 0);
            assert_eq!(count("a.rs", &format!("let {marker}_LIST = 1; mktemp({marker}{marker})")), 0);
        }
    }
}
