//! lm-eval from PyPI gives a served model the same results as the same model in transformers.
//! Downloaded if there is a network.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use burn_zoo::device;
use burn_zoo::models::checkpoint::Model;
use burn_zoo::pipeline::TextGeneration;
use burn_zoo::serve::{Server, ServerSettings};
use serde::Deserialize;
use serde_json::Value;

use super::Lab;
use crate::golden::{folder, json};
use crate::pypi;

/// lm-eval's results for the tasks with transformers.
#[derive(Deserialize)]
struct Golden {
    window: usize,
    models: BTreeMap<String, Answers>,
}

#[derive(Deserialize)]
struct Answers {
    /// The log-likelihood of each choice, and whether it equals the greedy continuation.
    choices: Vec<Vec<(f64, bool)>>,
    /// The log-likelihood of each text.
    whole: Vec<f64>,
    until: Vec<String>,
}

/// A Python with the package; or the reason for its absence.
fn python() -> Result<PathBuf, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/lm-eval-env");
    pypi::run(&script, &[]).map(PathBuf::from)
}

fn server(model: &Path) -> Server {
    let device = device::parse("flex").unwrap();
    let parts = TextGeneration::open(model, &device).unwrap().into_parts();
    let Model::CausalLm(model) = parts.model else { panic!("a model that continues texts") };
    Server::of_texts(model, parts.processor, ServerSettings::new("golden")).unwrap()
}

/// The model's results for each document of a task.
fn answers(at: &Path, task: &str) -> Vec<Value> {
    let files = fs::read_dir(at.join("golden")).unwrap().map(|entry| entry.unwrap().path());
    let is_of_task = |path: &PathBuf| {
        path.file_name().unwrap().to_str().unwrap().starts_with(&format!("samples_{task}_"))
    };
    let path = files.into_iter().find(is_of_task).unwrap();
    let text = fs::read_to_string(path).unwrap();
    let mut samples: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    samples.sort_by_key(|sample| sample["doc_id"].as_u64());
    samples.into_iter().map(|sample| sample["resps"].clone()).collect()
}

/// A number, which lm-eval writes as a text.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}

#[test]
fn lm_eval_measures_what_it_measures_with_transformers() {
    let Some(python) = pypi::or_skip(python(), "lm_eval: no task of lm-eval was run") else {
        return;
    };
    let tasks = folder().join("lm_eval");
    let golden: Golden = json(&tasks.join("answers.json"));
    // One request at a time, and several at once with several prompts each.
    let ways = [
        ("llama-chat", "add_bos_token=True", "1"),
        ("qwen2-chat", "add_bos_token=False,num_concurrent=3", "2"),
    ];
    assert_eq!(golden.models.len(), ways.len());
    for (name, way, batch_size) in ways {
        let model = folder().join("pipelines/text-generation").join(name);
        let lab = Lab::start(server(&model));
        let at = tempfile::tempdir().unwrap();
        // lm-eval reserves one token for the answer, and one for the prefix of a text.
        let max_length = golden.window + 2;
        let arguments = format!(
            "model=golden,base_url={},tokenizer={},max_length={max_length},{way}",
            lab.url("/v1/completions"),
            model.display()
        );
        let output = Command::new(&python)
            .args(["-m", "lm_eval", "--model", "local-completions", "--model_args", &arguments])
            .args(["--tasks", "choices,whole,until", "--include_path", "."])
            .args(["--batch_size", batch_size])
            .args(["--log_samples", "--output_path", at.path().to_str().unwrap()])
            .current_dir(&tasks)
            .env("HF_HOME", at.path().join("cache"))
            .envs([("HF_HUB_OFFLINE", "1"), ("HF_DATASETS_OFFLINE", "1")])
            .env_remove("OPENAI_API_KEY")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}");

        let expected = &golden.models[name];
        let is_close = |what: &str, found: f64, expected: f64| {
            assert!((found - expected).abs() < 1e-4, "{name}, {what}: {found} and not {expected}");
        };
        let found = answers(at.path(), "choices");
        assert_eq!(found.len(), expected.choices.len());
        for (found, expected) in found.iter().zip(&expected.choices) {
            assert_eq!(found.as_array().unwrap().len(), expected.len());
            for (found, (loglikelihood, is_greedy)) in
                found.as_array().unwrap().iter().zip(expected)
            {
                is_close("a choice", number(&found[0][0]), *loglikelihood);
                assert_eq!(found[0][1].to_string().contains("rue"), *is_greedy, "{name}: {found}");
            }
        }
        let found = answers(at.path(), "whole");
        assert_eq!(found.len(), expected.whole.len());
        for (found, &expected) in found.iter().zip(&expected.whole) {
            is_close("a whole text", number(&found[0][0]), expected);
        }
        let found = answers(at.path(), "until");
        let found: Vec<&str> = found.iter().map(|found| found[0][0].as_str().unwrap()).collect();
        assert_eq!(found, expected.until, "{name}");
    }
}
