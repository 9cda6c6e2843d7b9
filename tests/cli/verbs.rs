//! The output of the commands.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::process::Stdio;

use burn_zoo::models::checkpoint::{ModelSpec, read_safetensors, write_safetensors};
use burn_zoo::models::families::FAMILIES;
use serde_json::Value;

use super::{succeed, train, zoo};
use crate::golden::{assert_close, cases};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn rows<T: ToString>(rows: &[Vec<T>]) -> String {
    let row = |row: &Vec<T>| row.iter().map(T::to_string).collect::<Vec<_>>().join(",");
    rows.iter().map(row).collect::<Vec<_>>().join(";")
}

#[test]
fn forward_writes_what_the_reference_computes() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let out = at.join("out.safetensors");
    // The contract compares every case without the program; here, a case of each kind of command.
    let mut kinds = BTreeSet::new();
    for case in FAMILIES.iter().flat_map(|family| cases(family.name())) {
        let feed = case.feed();
        let spec = ModelSpec::read(&case.path).unwrap();
        let backbone = std::mem::discriminant(&spec.architecture.backbone);
        let inputs = (feed.pixels.is_some(), feed.types.is_some(), feed.decoder_ids.is_some());
        if !kinds.insert(format!("{:?} {backbone:?} {inputs:?}", spec.task)) {
            continue;
        }
        let mut args = vec!["forward".to_string(), case.path.display().to_string()];
        // This has no effect on images of the config's size.
        let mut flags = Vec::new();
        let mut add = |flag: &str, value: String| args.extend([flag.to_string(), value]);
        match &feed.pixels {
            Some(pixels) => {
                let tensors = BTreeMap::from([("pixel_values".to_string(), pixels.clone())]);
                write_safetensors(&at.join("pixels.safetensors"), &tensors).unwrap();
                add("--pixels", "pixels.safetensors".into());
                flags.push("--interpolate-positions");
            }
            None => {
                add("--ids", rows(&feed.ids));
                add("--mask", rows(&feed.mask));
            }
        }
        if let Some(types) = &feed.types {
            add("--types", rows(types));
        }
        if let Some(text) = &feed.decoder_ids {
            add("--decoder-ids", rows(text));
        }
        if feed.choices > 1 {
            add("--choices", feed.choices.to_string());
        }
        add("--out", out.display().to_string());
        let args: Vec<&str> = args.iter().map(String::as_str).chain(flags).collect();
        succeed(at, &args);
        let mut compared = 0;
        for (name, found) in read_safetensors(&out).unwrap() {
            let Some(expected) = case.tensors.get(&name) else { continue };
            assert_eq!(found.shape, expected.shape, "{}: {name}", case.name);
            // Without padding, which only the decoder input of an encoder-decoder has in its first
            // row.
            let row = expected.values.len() / expected.shape[0];
            let text = feed.decoder_mask.as_ref().filter(|_| !name.starts_with("encoder"));
            let row = text.map_or(row, |mask| {
                row / mask[0].len() * mask[0].iter().filter(|m| **m == 1).count()
            });
            let what = format!("{}: {name}", case.name);
            assert_close(&what, &found.values[..row], &expected.values[..row], 1e-5);
            compared += 1;
        }
        assert!(compared > 0, "{}", case.name);
    }
    assert!(kinds.len() >= 20, "{kinds:?}");
}

#[test]
fn an_encoder_decoder_is_trained_and_writes() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    succeed(at, &train(&["transformer", "--steps", "5", "--out", "a"]));
    let write = ["generate", "a", "--prompt", "Once upon", "-n", "20", "--json"];
    let (first, again) = (succeed(at, &write), succeed(at, &write));
    let answer = json(&first.stdout);
    assert_eq!((&answer["prompt"], &answer["tokens"]), (&"Once upon".into(), &20.into()));
    assert_eq!(answer["text"], json(&again.stdout)["text"]);
    let report = json(&succeed(at, &["check", "a", "--json"]).stdout);
    assert_eq!((&report["fits"], &report["family"]), (&true.into(), &"transformer".into()));
}

#[test]
fn convert_writes_what_check_accepts_and_forward_repeats() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for case in ["llama/sharded", "gpt2/v4_prefixless", "llama/v4_config"] {
        let source = crate::golden::folder().join(case);
        let name = case.replace('/', "-");
        succeed(at, &["convert", source.to_str().unwrap(), &name, "--max-shard-size", "9000"]);
        assert!(at.join(&name).join("model.safetensors.index.json").exists());
        let report = succeed(at, &["check", &name, "--json"]);
        assert_eq!(json(&report.stdout)["fits"], true);
        for (model, out) in [(source.to_str().unwrap(), "a"), (name.as_str(), "b")] {
            succeed(at, &["forward", model, "--ids", "1,2,3,4", "--out", out]);
        }
        assert!(fs::read(at.join("a")).unwrap() == fs::read(at.join("b")).unwrap(), "{case}");
    }
    super::refuse(
        at,
        &["convert", "llama-sharded", "gpt2-v4_prefixless"],
        (2, &["already exists"]),
    );
}

#[test]
fn convert_rounds_to_another_format() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let source = crate::golden::folder().join("llama/v4_config");
    let source = source.to_str().unwrap();
    for (format, name) in [("bf16", "bfloat16"), ("f16", "float16"), ("f32", "float32")] {
        succeed(at, &["convert", source, format, "--dtype", format]);
        let config = fs::read_to_string(at.join(format).join("config.json")).unwrap();
        let config = json(&config);
        assert_eq!((&config["dtype"], &config["torch_dtype"]), (&name.into(), &Value::Null));
        let report = json(&succeed(at, &["check", format, "--json"]).stdout);
        assert_eq!(report["fits"], true);
        let found: Vec<&String> = report["dtypes"].as_object().unwrap().keys().collect();
        assert_eq!(found, [&format.to_uppercase()]);
        succeed(at, &["forward", format, "--ids", "1,2,3,4", "--out", &format!("{format}.out")]);
    }
    let [half, all] = ["bf16", "f32"].map(|format| at.join(format).join("model.safetensors"));
    let [half, all] = [half, all].map(|file| fs::metadata(file).unwrap().len());
    assert!(half < all * 3 / 4, "{half} bytes of {all}");
    // Values that are already rounded do not change.
    succeed(at, &["convert", "bf16", "again", "--dtype", "f32"]);
    succeed(at, &["forward", "again", "--ids", "1,2,3,4", "--out", "again.out"]);
    let [once, again] = ["bf16", "again"].map(|name| {
        let outputs = read_safetensors(&at.join(format!("{name}.out"))).unwrap();
        outputs["logits"].values.clone()
    });
    assert_close("logits", &once, &again, 2e-6);
}

#[test]
fn a_run_is_a_directory_that_every_verb_opens() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    succeed(at, &train(&["--steps", "3", "--out", "a"]));
    for name in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
        assert!(at.join("a").join(name).exists(), "{name}");
    }
    let report = json(&succeed(at, &["check", "a", "--json"]).stdout);
    assert_eq!((&report["fits"], &report["family"]), (&true.into(), &"gpt2".into()));
    let shown = json(&succeed(at, &["show", "a", "--json"]).stdout);
    let weights: u64 = shown["tensors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| {
            t["shape"].as_array().unwrap().iter().map(|d| d.as_u64().unwrap()).product::<u64>()
        })
        .sum();
    assert_eq!(shown["parameters"], weights);
    assert_eq!(shown["bytes"]["weights"], 4 * weights);
    assert_eq!(shown["bytes"]["optimizer"], 8 * weights);
    succeed(at, &["convert", "a", "b"]);
    let texts = ["a", "b"].map(|model| succeed(at, &["generate", model, "-n", "20"]).stdout);
    assert_eq!(texts[0], texts[1]);
}

#[test]
fn generate_repeats_for_a_seed_and_differs_for_another() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    succeed(at, &train(&["--steps", "1", "--out", "a"]));
    let text = |args: &[&str]| {
        let args = [&["generate", "a", "--prompt", "Once", "-n", "40"], args].concat();
        succeed(at, &args).stdout
    };
    assert_eq!(text(&[]), text(&["--seed", "0"]));
    assert_ne!(text(&[]), text(&["--seed", "1"]));
    assert_eq!(text(&["--greedy"]), text(&["--temperature", "0", "--seed", "5"]));
    assert_eq!(text(&["--top-k", "1"]), text(&["--greedy"]));
    // 40 characters after the prompt, well beyond the context of 16, and a newline.
    assert_eq!(text(&[]).chars().count(), 4 + 40 + 1);
    let line = json(&text(&["--json", "--greedy"]));
    assert_eq!(format!("Once{}\n", line["text"].as_str().unwrap()), text(&["--greedy"]));
    assert_eq!(line["tokens"], 40);
}

#[test]
fn a_prompt_can_come_from_a_pipe_and_the_text_can_go_into_one() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    succeed(at, &train(&["--steps", "1", "--out", "a"]));
    let mut child = zoo(at, &["generate", "a", "--prompt", "-", "-n", "200000"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"Once").unwrap();
    // The text is printed as it is generated, and a closed pipe is not an error.
    let mut begin = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut begin).unwrap();
    assert!(begin.starts_with(b"Once"));
    let result = super::finish(child.wait_with_output().unwrap());
    assert_eq!((result.code, result.stderr.as_str()), (Some(0), ""));
}

#[test]
fn list_show_and_devices_speak_json() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let list = json(&succeed(at, &["list", "--json"]).stdout);
    let task = |name: &str| list["tasks"].as_array().unwrap().iter().find(|t| t["name"] == name);
    assert_eq!(task("mqar").unwrap()["settings"]["n_pairs"], 8);
    let names: Vec<&str> =
        list["families"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    let expected: Vec<&str> = FAMILIES.iter().map(|family| family.name()).collect();
    assert_eq!(names, expected);
    // GPT-2's published size: 124,439,808 parameters with a context of 1024.
    let args =
        ["show", "gpt2", "--size", "small", "--context", "1024", "--vocab-size", "50257", "--json"];
    let shown = json(&succeed(at, &args).stdout);
    assert_eq!(shown["parameters"], 124_439_808);
    assert!(shown["flops_per_token"]["forward"].as_u64().unwrap() > 2 * 85_000_000);
    let devices = json(&succeed(at, &["devices", "flex", "--json"]).stdout);
    assert_eq!(devices["devices"].as_array().unwrap().len(), 1);
    let flex = &devices["devices"][0];
    assert_eq!((&flex["name"], &flex["works"]), (&"flex".into(), &true.into()));
}

#[test]
fn every_verb_has_help_with_an_example() {
    let folder = tempfile::tempdir().unwrap();
    for verb in
        ["list", "show", "devices", "train", "generate", "embed", "forward", "check", "convert"]
    {
        let help = succeed(folder.path(), &[verb, "--help"]).stdout;
        assert!(help.contains("Examples:") && help.contains(&format!("zoo {verb}")), "{help}");
    }
}
