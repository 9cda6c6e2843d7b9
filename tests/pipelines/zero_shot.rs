//! Zero-shot classification.

use std::path::Path;

use burn::tensor::Device;
use burn_zoo::pipeline::{Candidates, LabelScore, PipelineError, ZeroShotClassification};
use serde_json::{Value, json};

use super::{Parameters, check, folder, texts};

#[test]
fn candidates_are_ranked_as_the_reference_does() {
    check(("zero-shot-classification", 101), answer);
}

fn answer(
    path: &Path,
    inputs: &Value,
    parameters: &mut Parameters,
) -> Result<Value, PipelineError> {
    let classifier = ZeroShotClassification::open(path, &Device::flex())?;
    let labels: Vec<String> = match parameters.take("candidate_labels") {
        None => Vec::new(),
        Some(Value::String(labels)) => {
            let labels = labels.split(',').map(str::trim).filter(|label| !label.is_empty());
            labels.map(String::from).collect()
        }
        Some(labels) => serde_json::from_value(labels).unwrap(),
    };
    let mut candidates = Candidates::new(labels);
    if let Some(template) = parameters.take("hypothesis_template") {
        candidates = candidates.in_sentence(template.as_str().unwrap());
    }
    if parameters.is("multi_label") {
        candidates = candidates.independent();
    }
    let (texts, is_one) = texts(inputs);
    let of_text = |(text, classes): (&String, Vec<LabelScore>)| {
        let labels: Vec<&str> = classes.iter().map(|class| class.label.as_str()).collect();
        let scores: Vec<f32> = classes.iter().map(|class| class.score).collect();
        json!({ "sequence": text, "labels": labels, "scores": scores })
    };
    let found = classifier.classify(&texts, &candidates)?;
    let mut answers = texts.iter().zip(found).map(of_text);
    Ok(if is_one { answers.next().unwrap() } else { answers.collect() })
}

#[test]
fn a_model_without_a_class_for_what_follows_says_so() {
    let open = |name: &str| {
        let path = folder("zero-shot-classification", name);
        ZeroShotClassification::open(&path, &Device::flex()).unwrap()
    };
    assert!(open("bert").entailment().is_ok());
    assert_eq!(open("unnamed").entailment(), Err("LABEL_2"));
}
