//! The guide's table of metrics and `/metrics` name the same ones, by the same labels.

use crate::support::start;
use std::collections::{BTreeMap, BTreeSet};

/// The labels of each metric.
type Labels = BTreeMap<String, BTreeSet<String>>;

fn words(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Rows of a table whose first cell is a metric and whose second one has its labels.
fn listed(page: &str) -> Labels {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `campanile_")?.split_once("` | "));
    rows.map(|(name, rest)| (format!("campanile_{name}"), words(rest.split('|').next().unwrap()))).collect()
}

/// What a server shows, without the label by which the text format divides histograms.
fn shown(metrics: &str) -> Labels {
    let types = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let mut shown: Labels = types.map(|line| (line.split(' ').next().unwrap().to_owned(), BTreeSet::new())).collect();
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, labels)) = line.split_once('{') else { continue };
        let Some(known) = shown.get_mut(name) else {
            assert!(name.ends_with("_bucket"), "{line}");
            continue;
        };
        known.extend(labels.split("\",").filter_map(|label| label.split_once('=')).map(|(label, _)| label.to_owned()));
    }
    shown
}

#[tokio::test]
async fn every_metric_is_in_the_table_of_the_guide_and_nothing_else() {
    let node = start().await;
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/src/operations.md");
    let (listed, shown) = (listed(&std::fs::read_to_string(guide).unwrap()), shown(&node.metrics().await));
    assert!(shown.len() > 30 && shown.values().any(|labels| labels.contains("outcome")), "{shown:?}");
    assert_eq!(listed, shown);
}
