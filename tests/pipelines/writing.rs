//! Text generation, summaries and translations.

use std::path::Path;

use burn::tensor::Device;
use burn_zoo::datasets::tokenizer::Tokenizer;
use burn_zoo::models::checkpoint::ModelSpec;
use burn_zoo::models::generate::GenerationConfig;
use burn_zoo::pipeline::chat::Turn;
use burn_zoo::pipeline::{
    PipelineError, PromptTokens, Rewritten, Summarization, TextEnding, TextGeneration, Translation,
    WrittenText,
};
use serde_json::{Map, Value, json};

use super::{Parameters, check, folder, texts};
use crate::golden;

/// The generation settings of a call with these parameters: the directory's own settings,
/// overridden by those of its task, then by those of the call.
fn settings(path: &Path, task: &str, parameters: &mut Parameters) -> GenerationConfig {
    let mut fields: Map<String, Value> = match path.join("generation_config.json") {
        own if own.exists() => golden::json(&own),
        _ => Map::new(),
    };
    let config = ModelSpec::read(path).unwrap().config;
    let of_task = &config["task_specific_params"][task];
    if task != "text-generation" {
        // The pipelines of transformers 4 replace the model's setting by 4 beams, and a missing
        // length by 256 tokens. A task's own 20 tokens count as no limit.
        fields.insert("num_beams".into(), 4.into());
        if fields.get("max_length").is_none_or(|length| *length == 20) {
            fields.insert("max_new_tokens".into(), 256.into());
        }
    }
    let of_task = of_task.as_object().cloned().unwrap_or_default();
    fields.extend(of_task.into_iter().filter(|(name, value)| name != "max_length" || *value != 20));
    fields.extend(std::mem::take(&mut parameters.0));
    GenerationConfig::from_fields(&fields).unwrap()
}

/// Unsupported: ids, a clean-up of spaces other than the tokenizer's for a single call, and
/// truncating the start of a long prompt.
fn is_not_offered(parameters: &mut Parameters) -> bool {
    let asked =
        ["return_tensors", "return_text", "clean_up_tokenization_spaces", "handle_long_generation"];
    let asked: Vec<Value> = asked.iter().filter_map(|name| parameters.take(name)).collect();
    if !asked.is_empty() {
        parameters.0.clear();
    }
    !asked.is_empty()
}

#[test]
fn texts_are_those_of_the_reference() {
    check(("text-generation", 114), |path, inputs, parameters| {
        if is_not_offered(parameters) || parameters.is("truncation") {
            parameters.0.clear();
            return Ok(Value::Null);
        }
        let is_full = !matches!(parameters.take("return_full_text"), Some(Value::Bool(false)));
        for of_the_library in ["batch_size", "add_special_tokens", "skip_special_tokens"] {
            if parameters.take(of_the_library) == Some(false.into()) {
                parameters.0.clear();
                return Ok(Value::Null);
            }
        }
        let continues = parameters.take("continue_final_message") != Some(false.into());
        let prefix =
            parameters.take("prefix").map_or(String::new(), |p| p.as_str().unwrap().into());
        let mut generation = TextGeneration::open(path, &Device::flex())?;
        if let Some(stop) = parameters.take("stop_sequence") {
            parameters.0.insert("stop_strings".into(), stop);
        }
        *generation.settings_mut() = settings(path, "text-generation", parameters);
        let is_chat = |input: &Value| input.is_object() || input[0].is_object();
        if inputs.as_array().is_some_and(|all| all.iter().any(is_chat)) {
            return chats(&generation, inputs, (continues, is_full));
        }
        let (inputs, is_one) = texts(inputs);
        let prompt = |text: &String| {
            let ids = generation.encode(&format!("{prefix}{text}"))?;
            Ok(decoded_alone(ids.into()))
        };
        let prompts = inputs.iter().map(prompt).collect::<Result<Vec<_>, PipelineError>>()?;
        let written = generation.write_tokens(prompts, &mut |_| {})?;
        let answer = |(input, texts): (&String, Vec<WrittenText>)| -> Value {
            let begin = if is_full { input.as_str() } else { "" };
            let text =
                |text: WrittenText| json!({"generated_text": format!("{begin}{}", text.text)});
            texts.into_iter().map(text).collect()
        };
        let mut answers: Vec<Value> = inputs.iter().zip(written).map(answer).collect();
        Ok(if is_one { answers.remove(0) } else { answers.into() })
    });
}

/// The pipeline of the reference decodes the new tokens without the prompt, and loses a first
/// space; `pieces` compares the texts that keep it with the decoded whole.
fn decoded_alone(prompt: PromptTokens) -> PromptTokens {
    PromptTokens { continued: prompt.ids.len(), ..prompt }
}

/// The assistant's messages in one or several chats.
fn chats(
    generation: &TextGeneration,
    inputs: &Value,
    (continues, is_full): (bool, bool),
) -> Result<Value, PipelineError> {
    if inputs[0].is_array() {
        let all = inputs.as_array().unwrap().iter();
        return all.map(|chat| chats(generation, chat, (continues, is_full))).collect();
    }
    let messages: Vec<Value> = inputs.as_array().unwrap().clone();
    let goes_on = continues && messages.last().is_some_and(|last| last["role"] == "assistant");
    let turn = if goes_on { Turn::LastSpeaker } else { Turn::Assistant };
    let prompt = decoded_alone(generation.encode_chat(&messages, turn)?);
    let texts = generation.write_tokens(vec![prompt], &mut |_| {})?.remove(0);
    let answer = |text: WrittenText| {
        if !is_full {
            return json!({"generated_text": text.text});
        }
        let mut messages = messages.clone();
        match messages.last_mut().filter(|_| goes_on) {
            Some(last) => {
                let begun = last["content"].as_str().unwrap().to_owned();
                last["content"] = (begun + &text.text).into();
            }
            None => messages.push(json!({"role": "assistant", "content": text.text})),
        }
        json!({ "generated_text": messages })
    };
    Ok(texts.into_iter().map(answer).collect())
}

/// Summaries or translations in transformers' form.
fn answers(found: Vec<Vec<Rewritten>>, field: &str) -> Value {
    let texts = found.into_iter().flatten().map(|text| json!({ field: text.text }));
    texts.collect()
}

#[test]
fn summaries_are_those_of_the_reference() {
    check(("summarization", 68), |path, inputs, parameters| {
        if is_not_offered(parameters) {
            return Ok(Value::Null);
        }
        if let Some(task) = parameters.take("task") {
            let task = task.as_str().unwrap().to_owned();
            let languages = task.strip_prefix("translation_").and_then(|l| l.split_once("_to_"));
            let (from, to) = languages.unwrap();
            if to == "fr" {
                // Not a task of the model: transformers uses the bare text, the zoo rejects it.
                parameters.0.clear();
                return Ok(Value::Null);
            }
            let mut translation = Translation::between(path, from, to, &Device::flex())?;
            let settings = settings(path, &task, parameters);
            *translation.generation_mut().settings_mut() = settings;
            let found = translation.translate(&texts(inputs).0, &mut |_| {})?;
            return Ok(answers(found, "translation_text"));
        }
        let mut summarization = Summarization::open(path, &Device::flex())?;
        if parameters.is("truncation")
            && let Some(length) = Tokenizer::load(path)?.max_length()
        {
            summarization = summarization.with_max_length(length)?;
        }
        parameters.take("batch_size");
        let settings = settings(path, "summarization", parameters);
        *summarization.generation_mut().settings_mut() = settings;
        let found = summarization.summarize(&texts(inputs).0, &mut |_| {})?;
        Ok(answers(found, "summary_text"))
    });
}

#[test]
fn translations_are_those_of_the_reference() {
    check(("translation", 90), |path, inputs, parameters| {
        if is_not_offered(parameters) {
            return Ok(Value::Null);
        }
        let mut language =
            |name| parameters.take(name).map(|language| language.as_str().unwrap().to_owned());
        let languages = [language("src_lang"), language("tgt_lang")];
        if languages[1].as_deref() == Some("xx_XX") {
            // Transformers encodes an unknown language as an unknown word, the zoo rejects it.
            parameters.0.clear();
            return Ok(Value::Null);
        }
        let mut translation = match &languages {
            [Some(from), Some(to)] => Translation::between(path, from, to, &Device::flex())?,
            _ => Translation::open(path, &Device::flex())?,
        };
        if parameters.is("truncation")
            && let Some(length) = Tokenizer::load(path)?.max_length()
        {
            translation = translation.with_max_length(length)?;
        }
        parameters.take("batch_size");
        let mut settings = settings(path, "translation", parameters);
        let generation = translation.generation_mut();
        let target = generation.settings().options.constraints.forced_bos;
        settings.options.constraints.forced_bos = target;
        *generation.settings_mut() = settings;
        let found = translation.translate(&texts(inputs).0, &mut |_| {})?;
        Ok(answers(found, "translation_text"))
    });
}

#[test]
fn pieces_of_a_stream_are_the_text() {
    let mut generation =
        TextGeneration::open(&folder("text-generation", "gpt2"), &Device::flex()).unwrap();
    generation.settings_mut().longest = burn_zoo::models::generate::Limit::New(40);
    for stop in [vec![], vec!["e".to_string()]] {
        generation.settings_mut().stop_strings = stop.clone();
        for temperature in [0.0, 1.5] {
            generation.settings_mut().options.sampling.temperature = temperature;
            for prompt in ["Anna lives in", "北京", "👨‍👩‍👧‍👦"] {
                let whole =
                    generation.write(&[prompt], &mut |_| {}).unwrap().remove(0).texts.remove(0);
                let mut stream = generation.stream(prompt).unwrap();
                let pieces: Vec<String> = stream.by_ref().map(Result::unwrap).collect();
                assert_eq!(pieces.concat(), whole.text);
                assert_eq!((stream.tokens(), stream.ending()), (whole.tokens, Some(whole.ending)));
                assert!(pieces.len() > 1 || whole.tokens == 1, "{pieces:?}");
                if whole.ending == TextEnding::Length {
                    assert!(!stop.iter().any(|stop| whole.text.contains(stop)));
                }
            }
        }
    }
}

#[test]
fn an_unknown_language_is_named_with_those_that_there_are() {
    let path = folder("translation", "mbart");
    let error = Translation::between(&path, "en_XX", "tlh", &Device::flex()).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("\"tlh\"") && error.contains("de_DE, en_XX"), "{error}");
    let path = folder("translation", "marian");
    let error = Translation::between(&path, "en", "de", &Device::flex()).unwrap_err();
    assert!(error.to_string().contains("no language tokens"), "{error}");
}
