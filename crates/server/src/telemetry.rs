//! The log: to standard error, for people on a terminal and as JSON elsewhere.

use crate::config::{Mistakes, Origin};
use std::io::{self, IsTerminal};
use tracing_subscriber::EnvFilter;

/// The variables that may hold the filter, the first one that is set counts.
const FILTERS: [&str; 2] = ["CAMPANILE_LOG", "RUST_LOG"];

/// Starts the log of this process.
///
/// # Errors
///
/// The filter cannot be understood.
pub(crate) fn start() -> Result<(), Mistakes> {
    let filter = filter(|name| std::env::var(name).ok())?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // `try_init` fails only if there is a log already, and then it is as good.
    _ = if io::stderr().is_terminal() {
        log.try_init()
    } else {
        log.json().flatten_event(true).with_ansi(false).try_init()
    };
    Ok(())
}

fn filter(variable: impl Fn(&str) -> Option<String>) -> Result<EnvFilter, Mistakes> {
    let set =
        |name: &&str| variable(name).filter(|text| !text.trim().is_empty()).map(|text| ((*name).to_owned(), text));
    let Some((name, text)) = FILTERS.iter().find_map(set) else { return Ok(EnvFilter::new("info")) };
    EnvFilter::try_new(text).map_err(|error| {
        let reason = format!("is no log filter, such as debug or warn,campanile_http=debug: {error}");
        Mistakes::one("log filter", Some(&Origin::Variable(name)), reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_variable_comes_first_and_info_is_the_default() {
        let shown = |set: &[(&str, &str)]| {
            let find = |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, text)| (*text).to_owned());
            filter(find).map(|filter| filter.to_string()).map_err(|mistakes| mistakes.to_string())
        };
        assert_eq!(shown(&[]).as_deref(), Ok("info"));
        assert_eq!(shown(&[("RUST_LOG", "warn")]).as_deref(), Ok("warn"));
        assert_eq!(shown(&[("RUST_LOG", "warn"), ("CAMPANILE_LOG", "debug")]).as_deref(), Ok("debug"));
        assert_eq!(shown(&[("RUST_LOG", "warn"), ("CAMPANILE_LOG", "")]).as_deref(), Ok("warn"));
        assert!(shown(&[("CAMPANILE_LOG", "a=b=c")]).unwrap_err().contains("CAMPANILE_LOG"));
    }
}
