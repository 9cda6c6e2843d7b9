//! The labels that occur in data.

use std::collections::BTreeSet;

/// The names that occur, sorted: as numbers if all of them are numbers. With `known`, these.
pub(super) fn label_names<'a>(
    names: impl Iterator<Item = &'a String>,
    known: Option<&[String]>,
) -> Vec<String> {
    if let Some(known) = known {
        return known.to_vec();
    }
    let names: BTreeSet<&String> = names.collect();
    let mut labels: Vec<String> = names.into_iter().cloned().collect();
    let numbers: Option<Vec<f64>> = labels.iter().map(|name| name.parse().ok()).collect();
    if numbers.is_some_and(|numbers| numbers.iter().all(|number: &f64| number.is_finite())) {
        let number = |name: &String| name.parse::<f64>().unwrap_or_default();
        labels.sort_by(|a, b| number(a).total_cmp(&number(b)));
    }
    labels
}

/// The first ten names, for messages.
pub(super) fn shown_labels(labels: &[String]) -> String {
    let mut shown = labels.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
    if labels.len() > 10 {
        shown.push_str(&format!(", and {} more", labels.len() - 10));
    }
    shown
}
