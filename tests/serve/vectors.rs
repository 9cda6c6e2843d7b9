//! Embeddings over HTTP equal those of `zoo embed`.

use std::fs;
use std::path::Path;

use base64::Engine;
use burn_zoo::datasets::tokenizer::Tokenizer;
use burn_zoo::device;
use burn_zoo::pipeline::TextEmbedder;
use burn_zoo::serve::Server;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Lab, NAME, settings, with};
use crate::golden::{assert_close, folder};

/// A tiny model without a head.
fn directory() -> TempDir {
    let at = tempfile::tempdir().unwrap();
    for name in ["config.json", "model.safetensors"] {
        fs::copy(folder().join("bert/backbone").join(name), at.path().join(name)).unwrap();
    }
    let characters = "abcdefghijklmnopqrstuvwxyz ".chars();
    Tokenizer::characters(characters).unwrap().save(at.path()).unwrap();
    let beside = json!({ "prompts": { "query": "find ", "passage": "" } });
    fs::write(at.path().join("config_sentence_transformers.json"), beside.to_string()).unwrap();
    at
}

fn embedder(folder: &Path) -> TextEmbedder {
    TextEmbedder::open(folder, &device::parse("flex").unwrap()).unwrap()
}

/// An embedding server.
pub(crate) fn server() -> Server {
    Server::of_vectors(embedder(directory().path()), settings()).unwrap()
}

fn vectors(answer: &Value) -> Vec<Vec<f32>> {
    let data = answer["data"].as_array().unwrap();
    data.iter().map(|datum| serde_json::from_value(datum["embedding"].clone()).unwrap()).collect()
}

#[test]
fn vectors_are_those_of_the_embedder() {
    let lab = Lab::start(server());
    let texts = ["a cat", "ox", "a dog barks"];
    let guard = directory();
    let embedder = embedder(guard.path());
    let expected = embedder.embed(&texts, &mut |_| {}).unwrap().vectors;
    let body = json!({ "model": NAME, "input": texts });
    let answer = lab.post("/v1/embeddings", &body).json;
    assert_eq!((&answer["object"], &answer["model"]), (&json!("list"), &json!(NAME)), "{answer}");
    assert_eq!(answer["usage"], json!({ "prompt_tokens": 18, "total_tokens": 18 }));
    assert_eq!(vectors(&answer), expected);
    for (index, text) in texts.iter().enumerate() {
        assert_eq!(answer["data"][index]["index"], index);
        assert_eq!(answer["data"][index]["object"], "embedding");
        let alone = lab.post("/v1/embeddings", &with(body.clone(), json!({ "input": text }))).json;
        assert_close(text, &vectors(&alone)[0], &expected[index], 1e-6);
    }
    let tokenizer = Tokenizer::load(guard.path()).unwrap();
    let ids: Vec<Vec<u32>> = texts.iter().map(|text| tokenizer.encode(text).unwrap()).collect();
    let by_ids = lab.post("/v1/embeddings", &with(body.clone(), json!({ "input": ids }))).json;
    assert_eq!(vectors(&by_ids), expected);
    let one = lab.post("/v1/embeddings", &with(body.clone(), json!({ "input": ids[1] }))).json;
    assert_close("ids", &vectors(&one)[0], &expected[1], 1e-6);

    let form = json!({
        "encoding_format": "base64", "dimensions": expected[0].len(), "user": "me",
        "input_type": null, "embed_dtype": "float32",
    });
    let packed = lab.post("/v1/embeddings", &with(body, form)).json;
    for (datum, expected) in packed["data"].as_array().unwrap().iter().zip(&expected) {
        let text = datum["embedding"].as_str().unwrap();
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
        let values: Vec<f32> =
            bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        assert_eq!(values, *expected);
    }
}

#[test]
fn prompts_are_those_of_the_model() {
    let body = |text: &str| json!({ "model": NAME, "input": text });
    let ask = |lab: &Lab, body: &Value| vectors(&lab.post("/v1/embeddings", body).json).remove(0);
    let lab = Lab::start(server());
    let found = ask(&lab, &with(body("a cat"), json!({ "prompt_name": "query" })));
    assert_close("named", &found, &ask(&lab, &body("find a cat")), 1e-6);
    assert_ne!(found, ask(&lab, &body("a cat")));
    // The default prompt is prepended to texts without an explicit one.
    let guard = directory();
    let beside =
        json!({ "prompts": { "query": "find ", "passage": "" }, "default_prompt_name": "query" });
    fs::write(guard.path().join("config_sentence_transformers.json"), beside.to_string()).unwrap();
    let lab = Lab::start(Server::of_vectors(embedder(guard.path()), settings()).unwrap());
    assert_close("default", &ask(&lab, &body("a cat")), &found, 1e-6);
    let without = ask(&lab, &with(body("a cat"), json!({ "prompt_name": "passage" })));
    assert_ne!(without, found);
    // Token ids get no prompt.
    let ids = Tokenizer::load(guard.path()).unwrap().encode("a cat").unwrap();
    assert_close("ids", &ask(&lab, &json!({ "model": NAME, "input": ids })), &without, 1e-6);
}

#[test]
fn wrong_requests_for_vectors_are_refused() {
    let lab = Lab::start(server());
    let body = json!({ "model": NAME, "input": "a cat" });
    for (fields, status, param, part) in [
        (json!({ "input": null }), 400, "input", "input is missing"),
        (json!({ "input": [] }), 400, "input", "empty list"),
        (json!({ "input": [""] }), 400, "input", "input 0 has no tokens"),
        (json!({ "input": ["a", [1]] }), 400, "input", "a list of strings"),
        (json!({ "input": "Ä" }), 400, "input", "Ä"),
        (json!({ "input": [4000] }), 400, "input", "token id 4000 is out of range"),
        (json!({ "input": "a".repeat(1000) }), 400, "input", "more than"),
        (json!({ "input": vec![1; 1000] }), 400, "input", "more than"),
        (json!({ "input": vec!["a"; 2049] }), 400, "input", "2049 texts, but at most 2048"),
        (json!({ "encoding_format": "int8" }), 400, "encoding_format", "float or base64"),
        (json!({ "dimensions": 3 }), 400, "dimensions", "only supports embeddings with"),
        (json!({ "prompt_name": "q" }), 400, "prompt_name", "its prompts are passage, query"),
        (json!({ "prompt_name": "query", "input": [1] }), 400, "prompt_name", "for texts"),
        (json!({ "max_length": 3 }), 400, "max_length", "is not a field of"),
        (json!({ "truncate_prompt_tokens": 3 }), 400, "truncate_prompt_tokens", "not supported"),
        (json!({ "model": "other" }), 404, "model", "\"other\""),
    ] {
        let answer = lab.post("/v1/embeddings", &with(body.clone(), fields));
        assert_eq!((answer.status, &answer.json["error"]["param"]), (status, &json!(param)));
        let message = answer.json["error"]["message"].as_str().unwrap();
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
    let body = json!({ "model": NAME, "prompt": "a" });
    let answer = lab.post("/v1/completions", &body);
    assert_eq!(answer.status, 400);
    assert!(answer.json["error"]["message"].as_str().unwrap().contains("does not generate text"));
    assert_eq!(lab.post("/v1/embeddings", &json!({ "model": NAME, "input": "a" })).status, 200);
}
