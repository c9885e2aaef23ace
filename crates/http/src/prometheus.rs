//! Metrics for whoever does not ask for OpenMetrics: the text format of Prometheus, version 0.0.4.

use std::{collections::HashSet, fmt::Write};

/// The media type of OpenMetrics, as far as `Accept` names it.
const OPEN_METRICS: &str = "application/openmetrics-text";

/// The content types of both formats.
pub(crate) const OPEN_METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
pub(crate) const TEXT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Whether an `Accept` header names OpenMetrics. A weight is not looked at: whoever names both reads both.
pub(crate) fn wants_open_metrics(accept: &str) -> bool {
    accept.split(',').any(|range| range.split(';').next().is_some_and(|kind| kind.trim() == OPEN_METRICS))
}

/// The same metrics in the older format. There, what is said of a counter is said of its samples' name, and there are no units and no end.
pub(crate) fn text(open_metrics: &str) -> String {
    let counters: HashSet<&str> = open_metrics.lines().filter_map(counter).collect();
    let mut text = String::with_capacity(open_metrics.len());
    for line in open_metrics.lines().filter(|line| !line.starts_with("# UNIT ") && *line != "# EOF") {
        // Writing to a String cannot fail.
        let _ = match about(line).filter(|(_, name, _)| counters.contains(name)) {
            Some((keyword, name, rest)) => writeln!(text, "# {keyword} {name}_total {rest}"),
            None => writeln!(text, "{line}"),
        };
    }
    text
}

/// The counter whose type a line tells.
fn counter(line: &str) -> Option<&str> {
    about(line).filter(|(keyword, _, rest)| *keyword == "TYPE" && *rest == "counter").map(|(_, name, _)| name)
}

/// Keyword, name and rest of a line that tells something about a metric.
fn about(line: &str) -> Option<(&str, &str, &str)> {
    let mut words = line.strip_prefix("# ")?.splitn(3, ' ');
    Some((words.next()?, words.next()?, words.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_told_of_by_the_names_of_their_samples() {
        let open_metrics = "# HELP a How many.\n# TYPE a counter\na_total{x=\"# TYPE a counter\"} 3\n\
            # HELP b_seconds How long.\n# TYPE b_seconds histogram\n# UNIT b_seconds seconds\nb_seconds_sum 1.0\n# EOF\n";
        let expected = "# HELP a_total How many.\n# TYPE a_total counter\na_total{x=\"# TYPE a counter\"} 3\n\
            # HELP b_seconds How long.\n# TYPE b_seconds histogram\nb_seconds_sum 1.0\n";
        assert_eq!(text(open_metrics), expected);
    }

    #[test]
    fn open_metrics_is_for_those_who_name_it() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
        assert!(wants_open_metrics(prometheus) && wants_open_metrics("text/plain, application/openmetrics-text"));
        for other in ["", "*/*", "text/plain;version=0.0.4", "application/openmetrics-textual"] {
            assert!(!wants_open_metrics(other), "{other}");
        }
    }
}
