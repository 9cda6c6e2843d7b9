//! Text classification.

use std::path::Path;

use burn::tensor::Device;
use burn_zoo::datasets::tokenizer::Cut;
use burn_zoo::pipeline::{LabelScore, PipelineError, Scoring, TextClassification};
use serde_json::{Value, json};

use super::{Parameters, check, folder, texts};

#[test]
fn classes_are_those_of_the_reference() {
    check(("text-classification", 133), answer);
}

fn answer(
    path: &Path,
    inputs: &Value,
    parameters: &mut Parameters,
) -> Result<Value, PipelineError> {
    let mut classifier = TextClassification::open(path, &Device::flex())?;
    if let Some(how) = parameters.take("function_to_apply") {
        classifier = classifier.with_scoring(match how.as_str().unwrap() {
            "sigmoid" => Scoring::Sigmoid,
            "softmax" => Scoring::Softmax,
            "none" => Scoring::Raw,
            how => panic!("{how}"),
        });
    }
    if let Some(max_length) = parameters.number("max_length") {
        classifier = classifier.with_max_length(max_length)?;
    }
    let cut = match parameters.take("truncation") {
        None | Some(Value::Bool(true)) => Cut::Longer,
        Some(Value::String(which)) if which == "only_first" => Cut::First,
        Some(Value::String(which)) if which == "only_second" => Cut::Second,
        other => panic!("{other:?}"),
    };
    // Absent means the best label, not in a list; null means all labels.
    let top_k = parameters.take("top_k");
    let k = top_k.as_ref().map_or(1, |k| k.as_u64().map_or(usize::MAX, |k| k as usize));
    let shown = |classes: Vec<LabelScore>| -> Value {
        let classes: Vec<_> = classes.into_iter().take(k).collect();
        if top_k.is_some() { json!(classes) } else { json!(classes[0]) }
    };
    let pair =
        |pair: &Value| ["text", "text_pair"].map(|field| pair[field].as_str().unwrap().to_owned());
    let is_of_pairs = inputs.as_array().map_or(inputs, |inputs| &inputs[0]).is_object();
    if is_of_pairs {
        let pairs: Vec<[String; 2]> = match inputs {
            Value::Array(pairs) => pairs.iter().map(pair).collect(),
            one => vec![pair(one)],
        };
        let mut classes = classifier.classify_pairs(&pairs, cut)?.into_iter().map(shown);
        return Ok(if inputs.is_array() { classes.collect() } else { classes.next().unwrap() });
    }
    let (texts, is_one) = texts(inputs);
    let mut classes = classifier.classify(&texts)?.into_iter().map(shown);
    Ok(match (is_one, top_k.is_some()) {
        (true, true) => classes.next().unwrap(),
        _ => classes.collect(),
    })
}

#[test]
fn a_text_has_the_same_classes_beside_others() {
    let classifier =
        TextClassification::open(&folder("text-classification", "bert"), &Device::flex()).unwrap();
    // More texts than one forward pass, of every length.
    let texts: Vec<String> = (0..70).map(|n| "Anna lives in Berlin. ".repeat(n % 12)).collect();
    let together = classifier.classify(&texts).unwrap();
    for (text, expected) in texts.iter().zip(&together) {
        let alone = classifier.classify_one(text).unwrap();
        super::like(text, &json!(alone), &json!(expected));
    }
    assert!(classifier.cut(&texts).unwrap() > 10);
    assert_eq!(classifier.classify::<&str>(&[]).unwrap().len(), 0);
}

#[test]
fn a_text_without_an_answer_is_named() {
    let classifier =
        TextClassification::open(&folder("text-classification", "gpt2"), &Device::flex()).unwrap();
    let error = classifier.classify(&["Anna", ""]).unwrap_err();
    assert_eq!(error.to_string(), "text 2: the text is empty");
}

#[test]
fn another_head_is_refused() {
    let path = folder("fill-mask", "bert");
    let error = TextClassification::open(&path, &Device::flex()).unwrap_err().to_string();
    for part in ["BertForMaskedLM", "a text classifier", "BertForSequenceClassification"] {
        assert!(error.contains(part), "{error}");
    }
}
