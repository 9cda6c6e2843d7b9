//! Token classification.

use std::path::Path;

use burn::tensor::Device;
use burn_zoo::pipeline::{Aggregation, Entity, PipelineError, Tagging, TokenClassification};
use serde_json::{Value, json};

use super::{Parameters, check, folder, texts};

#[test]
fn parts_of_texts_are_those_of_the_reference() {
    check(("token-classification", 255), answer);
}

fn answer(
    path: &Path,
    inputs: &Value,
    parameters: &mut Parameters,
) -> Result<Value, PipelineError> {
    if parameters.take("is_split_into_words").is_some() {
        return Ok(Value::Null); // No pretokenized texts here.
    }
    let tagger = TokenClassification::open(path, &Device::flex())?;
    let how = parameters.take("aggregation_strategy");
    let aggregation = match how.as_ref().map_or("none", |how| how.as_str().unwrap()) {
        "none" => Aggregation::None,
        "simple" => Aggregation::Simple,
        "first" => Aggregation::First,
        "average" => Aggregation::Average,
        "max" => Aggregation::Max,
        how => panic!("{how}"),
    };
    let mut tagging = Tagging { overlap: parameters.number("stride"), ..aggregation.into() };
    if let Some(ignored) = parameters.take("ignore_labels") {
        tagging.ignored = serde_json::from_value(ignored).unwrap();
    }
    let (texts, is_one) = texts(inputs);
    let shown = |Entity { label, score, word, start, end, index }: Entity| match index {
        Some(index) => json!({
            "entity": label, "score": score, "word": word, "start": start, "end": end,
            "index": index,
        }),
        None => json!({
            "entity_group": label, "score": score, "word": word, "start": start, "end": end,
        }),
    };
    let in_pieces = tagging.overlap.is_some();
    let of_text = |(text, mut entities): (&String, Vec<Entity>)| -> Value {
        // If a text is processed in pieces, transformers repeats an entity without characters, if
        // it is the first.
        let is_long = tagger.cut(&[text]).unwrap() > 0;
        let first = entities.first().filter(|first| first.start == first.end).cloned();
        if in_pieces && is_long {
            entities.splice(0..0, first);
        }
        entities.into_iter().map(shown).collect()
    };
    let mut answers = texts.iter().zip(tagger.tag(&texts, tagging)?).map(of_text);
    Ok(if is_one { answers.next().unwrap() } else { answers.collect() })
}

#[test]
fn offsets_count_characters() {
    let path = folder("token-classification", "bert-cased");
    let tagger = TokenClassification::open(&path, &Device::flex()).unwrap();
    let text = "👩‍🚀 Élise née à Zürich";
    let everything = Tagging { ignored: Vec::new(), ..Aggregation::First.into() };
    let characters: Vec<char> = text.chars().collect();
    let entities = tagger.tag_one(text, everything).unwrap();
    let last = entities.last().unwrap();
    let end: String = characters[last.start..last.end].iter().collect();
    assert!(text.ends_with(&end) && !end.is_empty(), "{end:?}");
}
