//! Filling masks.

use std::path::Path;

use burn::tensor::Device;
use burn_zoo::pipeline::{FillMask, Filling, PipelineError, ReplacedWord};
use serde_json::{Value, json};

use super::{Parameters, check, folder, texts};

#[test]
fn fillings_are_those_of_the_reference() {
    check(("fill-mask", 92), answer);
}

fn answer(
    path: &Path,
    inputs: &Value,
    parameters: &mut Parameters,
) -> Result<Value, PipelineError> {
    let mut filler = FillMask::open(path, &Device::flex())?;
    if let Some(mut of_tokenizer) = parameters.take("tokenizer_kwargs") {
        assert_eq!(of_tokenizer["truncation"].take(), true);
        if let Some(max_length) = of_tokenizer["max_length"].as_u64() {
            filler = filler.with_max_length(max_length as usize)?;
        }
    }
    let (texts, is_one) = texts(inputs);
    let top_k = parameters.number("top_k").unwrap_or(5);
    let fillings = match parameters.take("targets") {
        None => filler.fill(&texts, top_k)?,
        Some(words) => {
            let targets = filler.targets(&super::texts(&words).0)?;
            filler.fill_among(&texts, &targets, top_k)?
        }
    };
    // Masks are in a list only if there are several, and so are texts.
    let of_text = |masks: Vec<Vec<Filling>>| match masks.as_slice() {
        [one] => json!(one),
        several => json!(several),
    };
    let mut answers: Vec<Value> = fillings.into_iter().map(of_text).collect();
    Ok(if is_one || answers.len() == 1 { answers.remove(0) } else { answers.into() })
}

#[test]
fn what_cannot_be_filled_is_explained() {
    let filler = FillMask::open(&folder("fill-mask", "roberta"), &Device::flex()).unwrap();
    let reason = |texts: &[&str]| filler.fill(texts, 1).unwrap_err().to_string();
    let error = reason(&["Anna <mask>.", "Anna [MASK]."]);
    assert_eq!(
        error,
        "text 2: the text contains no <mask>; write <mask> at the position of the missing word"
    );
    let error = reason(&[&format!("{}<mask>", "Anna lives in Berlin. ".repeat(30))]);
    assert_eq!(error, "text 1: the <mask> is beyond the maximum length of 64 tokens");
    let bert = FillMask::open(&folder("fill-mask", "bert"), &Device::flex()).unwrap();
    let error = bert.targets(&["the", "\u{2603}"]).unwrap_err().to_string();
    assert!(error.contains("no token for \"\u{2603}\""), "{error}");
    let targets = bert.targets(&["wonderful", "the"]).unwrap();
    assert_eq!(targets.replaced, [ReplacedWord { word: "wonderful".into(), token: "w".into() }]);
}
