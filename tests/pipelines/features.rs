//! Hidden states of tokens.

use std::path::Path;

use burn::tensor::Device;
use burn_zoo::pipeline::{FeatureExtraction, Features, PipelineError};
use serde_json::{Value, json};

use super::sentence::written;
use super::{Parameters, check, folder, texts};
use crate::golden;

#[test]
fn hidden_states_are_those_of_the_reference() {
    check(("feature-extraction", 9), answer);
}

fn answer(
    path: &Path,
    inputs: &Value,
    parameters: &mut Parameters,
) -> Result<Value, PipelineError> {
    let mut extractor = FeatureExtraction::open(path, &Device::flex())?;
    parameters.take("truncation");
    if let Some(of_tokenizer) = parameters.take("tokenize_kwargs") {
        let Some(max_length) = of_tokenizer["max_length"].as_u64() else {
            return Ok(Value::Null); // Special tokens are required here.
        };
        extractor = extractor.with_max_length(max_length as usize)?;
    }
    let (texts, is_one) = texts(inputs);
    let of_text = |features: Features| json!([features.vectors]);
    let mut answers = extractor.extract(&texts)?.into_iter().map(of_text);
    Ok(if is_one { answers.next().unwrap() } else { answers.collect() })
}

#[test]
fn every_head_has_hidden_states_below_it() {
    for name in ["fill-mask/bert", "token-classification/bert", "text-classification/gpt2"] {
        let path = golden::folder().join("pipelines").join(name);
        let extractor = FeatureExtraction::open(&path, &Device::flex()).unwrap();
        let Features { tokens, vectors } = extractor.extract_one("Anna lives.").unwrap();
        assert!(tokens.len() > 3 && tokens.len() == vectors.len(), "{name}: {tokens:?}");
        assert!(vectors.iter().all(|vector| vector.len() > 3), "{name}");
    }
    let path = folder("question-answering", "bert");
    assert!(FeatureExtraction::open(&path, &Device::flex()).is_ok());
    for name in ["marian/base", "pegasus/base"] {
        let reads_two = FeatureExtraction::open(&golden::folder().join(name), &Device::flex());
        let error = reads_two.unwrap_err().to_string();
        assert!(error.contains("an encoder or a decoder of texts"), "{name}: {error}");
    }
    let sees = FeatureExtraction::open(&golden::folder().join("vit/base"), &Device::flex());
    assert!(sees.is_err());
}

#[test]
fn a_text_that_both_stacks_read_has_the_decoders_hidden_states() {
    // The embedding of sentence-transformers is their mean.
    let (at, text, expected) = written("bart-mean_tokens");
    let extractor = FeatureExtraction::open(at.path(), &Device::flex()).unwrap();
    let Features { vectors, .. } = extractor.extract_one(&text).unwrap();
    let mean = |feature: usize| {
        vectors.iter().map(|vector| vector[feature]).sum::<f32>() / vectors.len() as f32
    };
    let found: Vec<f32> = (0..expected.len()).map(mean).collect();
    golden::assert_close("bart", &found, &expected, 1e-5);
}
