use serde::Deserialize;
use serde_json::Value;

use super::{assert_close, evaluation, read};
use zoo_datasets::score::classification::{ClassScore, ClassificationReport};
use zoo_datasets::score::multi_label::MultiLabelReport;
use zoo_datasets::score::{F1Score, ScoreError};

/// Precision, recall and F1.
type Averages = [f64; 3];

#[derive(Deserialize)]
struct Case {
    name: String,
    labels: usize,
    found: Vec<u32>,
    expected: Vec<u32>,
    accuracy: f64,
    #[serde(rename = "macro")]
    unweighted: Averages,
    weighted: Averages,
    mcc: f64,
    /// Precision, recall, F1 and support.
    classes: Vec<[f64; 4]>,
    confusion: Vec<Vec<usize>>,
}

#[derive(Deserialize)]
struct MultiCase {
    name: String,
    labels: usize,
    found: Vec<Vec<u32>>,
    expected: Vec<Vec<u32>>,
    subset_accuracy: f64,
    micro: Averages,
    #[serde(rename = "macro")]
    unweighted: Averages,
    classes: Vec<[f64; 4]>,
}

fn names(labels: usize) -> Vec<String> {
    (0..labels).map(|label| format!("class {label}")).collect()
}

fn assert_f1(what: &str, found: &F1Score, [precision, recall, f1]: Averages) {
    assert_close(what, found.precision, precision);
    assert_close(what, found.recall, recall);
    assert_close(what, found.f1, f1);
}

fn assert_classes(what: &str, found: &[ClassScore], expected: &[[f64; 4]]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (label, (class, &[precision, recall, f1, support])) in
        found.iter().zip(expected).enumerate()
    {
        assert_f1(what, &class.score, [precision, recall, f1]);
        assert_eq!(class.support, support as usize, "{what}");
        assert_eq!(class.label, format!("class {label}"), "{what}");
    }
}

#[test]
fn classes_are_scored_as_by_scikit_learn() {
    let cases: Vec<Case> = read(&evaluation("classification"));
    assert!(cases.len() >= 13);
    for case in &cases {
        let what = &case.name;
        let names = names(case.labels);
        let report = ClassificationReport::new(&case.found, &case.expected, &names).unwrap();
        assert_eq!(report.examples, case.found.len());
        assert_close(what, report.accuracy, case.accuracy);
        assert_close(what, report.mcc, case.mcc);
        assert_f1(what, &report.macro_average, case.unweighted);
        assert_f1(what, &report.weighted_average, case.weighted);
        assert_classes(what, &report.classes, &case.classes);
        assert_eq!(report.confusion_matrix(), case.confusion, "{what}");
        assert!(report.confusion.iter().all(|cell| cell.count > 0), "{what}");
    }
}

#[test]
fn sets_of_labels_are_scored_as_by_scikit_learn() {
    let cases: Vec<MultiCase> = read(&evaluation("multi_label"));
    assert!(cases.len() >= 7);
    for case in &cases {
        let what = &case.name;
        let names = names(case.labels);
        let report = MultiLabelReport::new(&case.found, &case.expected, &names).unwrap();
        assert_close(what, report.subset_accuracy, case.subset_accuracy);
        assert_f1(what, &report.micro_average, case.micro);
        assert_f1(what, &report.macro_average, case.unweighted);
        assert_classes(what, &report.labels, &case.classes);
    }
}

#[test]
fn a_repeated_label_counts_once() {
    let report = |found: Vec<u32>| MultiLabelReport::new(&[found], &[vec![0, 1]], &["a", "b"]);
    assert_eq!(report(vec![1, 0, 1]), report(vec![0, 1]));
    assert_close("equal sets", report(vec![1, 0, 1]).unwrap().subset_accuracy, 1.0);
}

#[test]
fn reports_serialize_flat() {
    let report = ClassificationReport::new(&[0, 1], &[0, 0], &["a", "b"]).unwrap();
    let json: Value = serde_json::to_value(&report).unwrap();
    assert_eq!(json["classes"][0]["label"], "a");
    assert_eq!(json["classes"][0]["recall"], 0.5);
    assert_eq!(json["macro_average"]["precision"], 0.5);
    assert_eq!(json["confusion"][1]["found"], 1);
}

#[test]
fn labels_without_names_are_errors() {
    let unknown = |example| ScoreError::UnknownLabel { example, label: 2, labels: 2 };
    let names = ["a", "b"];
    let error = ClassificationReport::new(&[0, 2], &[0, 1], &names).unwrap_err();
    assert_eq!(error, unknown(1));
    let error = ClassificationReport::new(&[0, 1], &[2, 1], &names).unwrap_err();
    assert_eq!(error, unknown(0));
    let error = MultiLabelReport::new(&[vec![0], vec![0, 2]], &[vec![], vec![]], &names);
    assert_eq!(error.unwrap_err(), unknown(1));
    let error = MultiLabelReport::new(&[vec![]], &[vec![1, 2]], &names).unwrap_err();
    assert_eq!(error, unknown(0));
    let large = ClassificationReport::new(&[u32::MAX], &[0], &names).unwrap_err();
    assert!(matches!(large, ScoreError::UnknownLabel { label: u32::MAX, .. }));
}

#[test]
fn reports_of_nothing_are_errors() {
    let empty = |what| ScoreError::Empty { what };
    let none: [&str; 0] = [];
    assert_eq!(ClassificationReport::new(&[], &[], &["a"]).unwrap_err(), empty("examples"));
    assert_eq!(MultiLabelReport::new(&[], &[], &["a"]).unwrap_err(), empty("examples"));
    assert_eq!(MultiLabelReport::new(&[vec![]], &[vec![]], &none).unwrap_err(), empty("labels"));
    let lengths = ScoreError::Lengths { what: "examples", found: 1, expected: 2 };
    assert_eq!(ClassificationReport::new(&[0], &[0, 0], &["a"]).unwrap_err(), lengths);
}
