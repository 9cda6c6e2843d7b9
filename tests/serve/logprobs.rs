//! Log-probabilities are those of the model, for every form of request.

use std::collections::HashMap;

use burn_zoo::datasets::tokenizer::Place;
use burn_zoo::models::checkpoint::Model;
use burn_zoo::models::generate::GenerationConfig;
use burn_zoo::pipeline::Processor;
use burn_zoo::serve::Server;
use serde_json::{Value, json};

use super::{Lab, NAME, greedy, joined, server, settings, tokenizer, with};
use crate::contract::checks::device;
use crate::golden::{Case, folder};

/// A request for the log-probabilities of a prompt and of this many new tokens.
fn scored(prompt: Value, max_tokens: usize) -> Value {
    let more = json!({ "prompt": prompt, "echo": true, "logprobs": 3 });
    with(greedy("", max_tokens), more)
}

fn logprobs(choice: &Value) -> Vec<Option<f64>> {
    let list = choice["logprobs"]["token_logprobs"].as_array().unwrap();
    list.iter().map(Value::as_f64).collect()
}

/// Compares two `logprobs` objects: names and offsets are equal, values are close.
fn assert_same(found: &Value, expected: &Value, tolerance: f64) {
    assert_eq!(found["tokens"], expected["tokens"]);
    assert_eq!(found["text_offset"], expected["text_offset"]);
    let numbers =
        |value: &Value| -> Vec<Value> { value["token_logprobs"].as_array().unwrap().clone() };
    assert_close(&numbers(found), &numbers(expected), tolerance);
    let tops = |value: &Value| value["top_logprobs"].as_array().unwrap().clone();
    for (found, expected) in tops(found).iter().zip(tops(expected)) {
        let Some(expected) = expected.as_object() else {
            assert!(found.is_null(), "{found}");
            continue;
        };
        let found = found.as_object().unwrap();
        assert!(found.keys().eq(expected.keys()), "{found:?} and not {expected:?}");
        let found: Vec<Value> = found.values().cloned().collect();
        let expected: Vec<Value> = expected.values().cloned().collect();
        assert_close(&found, &expected, tolerance);
    }
}

fn assert_close(found: &[Value], expected: &[Value], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let apart = found.as_f64().unwrap_or(9.0) - expected.as_f64().unwrap_or(9.0);
        assert!(apart.abs() <= tolerance, "{found} and not {expected}");
    }
}

#[test]
fn a_prompts_log_probabilities_are_the_references() {
    for name in ["llama/base", "gpt2/base", "gemma2/base"] {
        let case = Case::read(folder().join(name));
        let model = case.load_causal_lm(&device());
        let vocab_size = model.vocab_size();
        let processor = Processor::new(tokenizer(), GenerationConfig::default());
        let lab = Lab::start(Server::of_texts(model, processor, settings()).unwrap());
        let logits = &case.tensor("logits").values;
        let longest = case.inputs.input_ids[0].len();
        for (row, (ids, mask)) in
            case.inputs.input_ids.iter().zip(&case.inputs.attention_mask).enumerate()
        {
            let length = mask.iter().filter(|mark| **mark == 1).count();
            let answer = lab.complete(&scored(json!(ids[..length]), 0));
            let found = logprobs(&answer["choices"][0]);
            assert_eq!((found.len(), found[0]), (length, None));
            for at in 1..length {
                let from = (row * longest + at - 1) * vocab_size;
                let scores: Vec<f64> =
                    logits[from..from + vocab_size].iter().map(|x| f64::from(*x)).collect();
                let sum: f64 = scores.iter().map(|x| x.exp()).sum();
                let expected = scores[ids[at] as usize] - sum.ln();
                let apart = (found[at].unwrap() - expected).abs();
                assert!(apart < 2e-5, "{name}, row {row}, token {at}: {apart}");
                let top = answer["choices"][0]["logprobs"]["top_logprobs"][at].as_object().unwrap();
                let best = scores.iter().copied().fold(f64::MIN, f64::max) - sum.ln();
                let most = top.values().filter_map(Value::as_f64).fold(f64::MIN, f64::max);
                assert!((most - best).abs() < 2e-5 && (3..=4).contains(&top.len()), "{top:?}");
            }
        }
    }
}

#[test]
fn a_prompt_is_scored_as_it_was_written() {
    let lab = Lab::start(server(settings()));
    // Sampling and penalties select tokens, and do not affect their log-probabilities.
    for how in [
        json!({ "temperature": 0 }),
        json!({ "temperature": 1.7, "seed": 3, "top_p": 0.9 }),
        json!({ "temperature": 0, "repetition_penalty": 3.0, "frequency_penalty": 2.0 }),
    ] {
        let ids = tokenizer().encode("the cat and").unwrap();
        let written = lab.complete(&with(scored(json!(ids), 24), how));
        let text = written["choices"][0]["text"].as_str().unwrap();
        assert!(text.starts_with("the cat and") && text.len() > 11);
        let stepped = &written["choices"][0]["logprobs"];
        assert_eq!(stepped["tokens"].as_array().unwrap().len(), ids.len() + 24);
        // Tokens by their text, and parts of characters by their bytes.
        let known: HashMap<String, u32> =
            (0..tokenizer().vocab_size() as u32).map(|id| (named(&[id]), id)).collect();
        let tokens = stepped["tokens"].as_array().unwrap().iter();
        let all: Vec<u32> = tokens.map(|token| known[token.as_str().unwrap()]).collect();
        assert_eq!(all[..ids.len()], ids);
        let read = lab.complete(&scored(json!(all), 0));
        assert_same(&read["choices"][0]["logprobs"], stepped, 1e-5);
        assert_eq!(read["choices"][0]["text"], text);
        assert_eq!(read["choices"][0]["finish_reason"], "length");
        assert_eq!(read["usage"]["completion_tokens"], 0);
    }
}

/// The name of a token in completions.
fn named(ids: &[u32]) -> String {
    let text = tokenizer().decode(ids).unwrap();
    if ids.iter().any(|id| tokenizer().is_special(*id)) {
        return tokenizer().token(ids[0]).unwrap();
    }
    if !text.contains('\u{fffd}') {
        return text;
    }
    let bytes = tokenizer().token_bytes(ids[0], Place::Within);
    let hex: String = bytes.unwrap().iter().map(|byte| format!("\\x{byte:02x}")).collect();
    format!("bytes:{hex}")
}

#[test]
fn a_prompt_is_scored_alone_as_among_others() {
    let lab = Lab::start(server(settings()));
    let prompts =
        ["a", "the cat and the dog", "Ünïcödé 🦊 \n\t\"x\"", "中文", "x = 1; y = 2; z = 3;"];
    let together = lab.complete(&scored(json!(prompts), 2));
    for (prompt, choice) in prompts.iter().zip(together["choices"].as_array().unwrap()) {
        let alone = lab.complete(&scored(json!(prompt), 2));
        assert_same(&choice["logprobs"], &alone["choices"][0]["logprobs"], 1e-5);
        assert_eq!(choice["text"], alone["choices"][0]["text"]);
        // As token ids, without new tokens, only the prompt's part.
        let ids = tokenizer().encode(prompt).unwrap();
        let by_ids = lab.complete(&scored(json!([ids]), 0));
        let (found, count) = (&by_ids["choices"][0]["logprobs"], ids.len());
        let of_prompt = |name: &str| json!(choice["logprobs"][name].as_array().unwrap()[..count]);
        let names = ["tokens", "token_logprobs", "top_logprobs", "text_offset"];
        let expected: Value = names.iter().map(|name| (*name, of_prompt(name))).collect();
        assert_same(found, &expected, 1e-5);
        assert_eq!(by_ids["choices"][0]["text"], *prompt);
        // Without echo, the new tokens.
        let added = with(greedy(prompt, 2), json!({ "logprobs": 3 }));
        let added = lab.complete(&added)["choices"][0]["logprobs"].clone();
        assert_eq!(added["text_offset"][0], 0);
        let all = logprobs(choice);
        for (found, expected) in
            added["token_logprobs"].as_array().unwrap().iter().zip(&all[count..])
        {
            assert!((found.as_f64().unwrap() - expected.unwrap()).abs() < 1e-5);
        }
    }
}

/// The text of each token, cut at the offsets.
fn slices(text: &str, offsets: &Value) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut starts: Vec<usize> =
        offsets.as_array().unwrap().iter().map(|at| at.as_u64().unwrap() as usize).collect();
    assert_eq!(starts[0], 0);
    starts.push(characters.len());
    starts.windows(2).map(|pair| characters[pair[0]..pair[1]].iter().collect()).collect()
}

#[test]
fn tokens_lie_where_the_offsets_say() {
    let lab = Lab::start(server(settings()));
    for prompt in ["the cat", "Ünïcödé 🦊 中文", " \n a"] {
        for body in [
            with(greedy(prompt, 40), json!({ "logprobs": 0, "echo": true })),
            with(greedy(prompt, 40), json!({ "logprobs": 2 })),
            with(greedy(prompt, 0), json!({ "logprobs": 0, "echo": true })),
        ] {
            let answer = lab.complete(&body);
            let choice = &answer["choices"][0];
            let text = choice["text"].as_str().unwrap();
            let found = slices(text, &choice["logprobs"]["text_offset"]);
            assert_eq!(found.concat(), text);
            let tokens = choice["logprobs"]["tokens"].as_array().unwrap();
            assert_eq!(tokens.len(), found.len());
            for (index, token) in tokens.iter().enumerate() {
                let token = token.as_str().unwrap();
                // A part of a character has all of the character's text, or none.
                if !token.starts_with("bytes:") && !found[index].contains('\u{fffd}') {
                    assert_eq!(found[index], token, "{text:?}");
                }
                let top = &choice["logprobs"]["top_logprobs"][index];
                if !top.is_null() {
                    assert_eq!(top[token], choice["logprobs"]["token_logprobs"][index]);
                }
            }
        }
    }
}

/// The concatenated lists of all events of a choice, and the text.
fn gathered(events: &[String], names: &[&str]) -> Value {
    let mut all: Vec<(&str, Vec<Value>)> = names.iter().map(|name| (*name, Vec::new())).collect();
    for event in &events[..events.len() - 1] {
        let event: Value = serde_json::from_str(event).unwrap();
        for (name, list) in &mut all {
            let more = event["choices"][0]["logprobs"][*name].as_array();
            list.extend(more.into_iter().flatten().cloned());
        }
    }
    all.into_iter().map(|(name, list)| (name, Value::from(list))).collect()
}

#[test]
fn a_stream_has_what_the_whole_has() {
    let lab = Lab::start(server(settings()));
    let names = ["tokens", "token_logprobs", "top_logprobs", "text_offset"];
    let long = lab.complete(&greedy("the cat", 40))["choices"][0]["text"].clone();
    let long: Vec<char> = long.as_str().unwrap().chars().collect();
    let stop: String = long[5..8].iter().collect();
    for more in [
        json!({ "logprobs": 2 }),
        json!({ "logprobs": 2, "echo": true }),
        json!({ "logprobs": 0, "echo": true, "max_tokens": 0 }),
        json!({ "logprobs": 1, "stop": stop }),
        json!({ "logprobs": 1, "stop": stop, "echo": true }),
    ] {
        let body = with(greedy("the cat", 40), more);
        let whole = lab.complete(&body)["choices"][0].clone();
        let events = lab.events("/v1/completions", &with(body.clone(), json!({ "stream": true })));
        let (text, reason) = joined(&events, 0);
        assert_eq!(
            (json!(text), json!(reason)),
            (whole["text"].clone(), whole["finish_reason"].clone())
        );
        let streamed = gathered(&events, &names);
        assert_same(&streamed, &whole["logprobs"], 1e-5);
        // No token from the part after a stop string.
        assert_eq!(slices(&text, &streamed["text_offset"]).concat(), text);
        let last = streamed["text_offset"].as_array().unwrap().last().unwrap().as_u64().unwrap();
        assert!((last as usize) < text.chars().count(), "{body}");
    }
    let message = json!([{ "role": "user", "content": "Hi" }]);
    let body = json!({ "model": NAME, "messages": message, "max_tokens": 40, "temperature": 0,
        "logprobs": true, "top_logprobs": 2 });
    let whole = lab.post("/v1/chat/completions", &body).json["choices"][0].clone();
    let events = lab.events("/v1/chat/completions", &with(body.clone(), json!({ "stream": true })));
    let content = gathered(&events, &["content"])["content"].clone();
    let entries = whole["logprobs"]["content"].as_array().unwrap();
    assert_eq!((entries.len(), content.as_array().unwrap().len()), (40, 40));
    let mut bytes = Vec::new();
    for (found, expected) in content.as_array().unwrap().iter().zip(entries) {
        for name in ["token", "bytes"] {
            assert_eq!(found[name], expected[name]);
        }
        assert_close(&[found["logprob"].clone()], &[expected["logprob"].clone()], 1e-5);
        let top = expected["top_logprobs"].as_array().unwrap();
        assert_eq!(top.len(), 2);
        // A greedy token is the likeliest.
        assert_eq!(
            (&top[0]["token"], &top[0]["logprob"]),
            (&expected["token"], &expected["logprob"])
        );
        assert!(top[0]["logprob"].as_f64() >= top[1]["logprob"].as_f64());
        let more = expected["bytes"].as_array().unwrap().iter();
        bytes.extend(more.map(|byte| byte.as_u64().unwrap() as u8));
    }
    let text = String::from_utf8_lossy(&bytes);
    assert_eq!(whole["message"]["content"], text.as_ref());
    assert_eq!(whole["logprobs"]["refusal"], Value::Null);
    let none = with(body, json!({ "top_logprobs": null }));
    let none = lab.post("/v1/chat/completions", &none).json;
    assert_eq!(none["choices"][0]["logprobs"]["content"][0]["top_logprobs"], json!([]));
}

#[test]
fn an_end_token_is_scored_and_is_no_text() {
    let tokenizer = tokenizer();
    let mut config = GenerationConfig::default();
    let ids = tokenizer.encode("the cat").unwrap();
    let lab = Lab::start(server(settings()));
    let second = lab.complete(&with(greedy("the cat", 2), json!({ "logprobs": 0 })));
    let name = second["choices"][0]["logprobs"]["tokens"][1].as_str().unwrap().to_string();
    let end = (0..tokenizer.vocab_size() as u32).find(|id| named(&[*id]) == name).unwrap();
    config.options.eos = vec![end];
    let processor = Processor::new(tokenizer, config);
    let model = super::model(&processor.tokenizer);
    let lab = Lab::start(Server::of_texts(model, processor, settings()).unwrap());
    let body = with(scored(json!(ids), 20), json!({ "echo": false }));
    let choice = lab.complete(&body)["choices"][0].clone();
    assert_eq!(choice["finish_reason"], "stop");
    assert_eq!(choice["logprobs"]["tokens"][1], name);
    let length = choice["text"].as_str().unwrap().chars().count();
    assert_eq!(choice["logprobs"]["text_offset"][1], length);
}

#[test]
fn an_encoder_decoder_scores_its_answer_and_not_its_prompt() {
    let case = Case::read(folder().join("t5/base"));
    let Model::Seq2SeqLm(model) = case.load(&device()) else { panic!("an encoder-decoder") };
    let vocab_size = model.backbone.vocab_size();
    let processor = Processor::new(tokenizer(), GenerationConfig::default());
    let lab = Lab::start(Server::of_texts(model, processor, settings()).unwrap());
    let length = case.inputs.attention_mask[0].iter().filter(|mark| **mark == 1).count();
    let prompt = json!(case.inputs.input_ids[0][..length]);
    let body = with(greedy("", 3), json!({ "prompt": prompt, "logprobs": 1 }));
    let choice = lab.complete(&body)["choices"][0].clone();
    // The first position of the first row follows the token that starts every sequence.
    let scores = case.tensor("logits").values[..vocab_size].iter().map(|x| f64::from(*x));
    let sum: f64 = scores.clone().map(f64::exp).sum();
    let expected = scores.fold(f64::MIN, f64::max) - sum.ln();
    let found = logprobs(&choice)[0].unwrap();
    assert!((found - expected).abs() < 2e-5, "{found} and not {expected}");
    let refused = lab.post("/v1/completions", &with(body, json!({ "echo": true })));
    assert_eq!((refused.status, &refused.json["error"]["param"]), (400, &json!("echo")));
    let message = refused.json["error"]["message"].as_str().unwrap();
    assert!(message.contains("does not predict"), "{message}");
}
