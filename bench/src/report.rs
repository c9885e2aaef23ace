//! Where results go.

use std::{fs, path::Path};

/// What is written by hand stays when a table above it is recorded anew: from this heading on.
const BY_HAND: &str = "\n## ";

pub(crate) fn deliver(text: &str, record: Option<&Path>) -> Result<(), String> {
    println!("\n{text}");
    let Some(path) = record else { return Ok(()) };
    let before = fs::read_to_string(path).unwrap_or_default();
    let by_hand = before.find(BY_HAND).map_or("", |at| &before[at..]);
    fs::write(path, format!("{text}{by_hand}")).map_err(|error| format!("{}: {error}", path.display()))
}

/// A line for whoever waits.
pub(crate) fn progress(line: &str) {
    println!("{line}");
}

/// Three significant places are all that a noisy machine has to say.
pub(crate) fn figure(value: f64) -> String {
    match value {
        1e6.. => format!("{:.2} M", value / 1e6),
        1000.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_by_hand_outlives_a_new_table() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("RESULTS.md");
        deliver("# Results\n\nold\n", Some(&path)).unwrap();
        fs::write(&path, "# Results\n\nold\n\n## Where the time goes\n\nthere\n").unwrap();
        deliver("# Results\n\nnew\n", Some(&path)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "# Results\n\nnew\n\n## Where the time goes\n\nthere\n");
    }

    #[test]
    fn figures_have_three_places() {
        assert_eq!(
            [4_123_456.0, 12_345.6, 12.34, 1.234, 0.1234].map(figure),
            ["4.12 M", "12346", "12.3", "1.23", "0.123"]
        );
    }
}
