//! The settings of a run beside its data and model: optimizers, averages, frozen layers, checkpoints.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use burn_zoo::models::checkpoint::{F32Tensor, read_safetensors};
use serde_json::{Value, json};

use super::pipelines::model as pipeline;
use super::{refuse, succeed, train};

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// The size of a new model, and the batches of any.
const NEW: &str = "--layers 1 --heads 2 --d-model 16 --context 16 --batch-size 4 --sample 0";
const FURTHER: &str = "--context 16 --batch-size 4 --sample 0";

/// Trains a tiny model with these flags.
fn tiny(at: &Path, flags: &str) -> super::Result {
    let size = if flags.contains("--init-from") { FURTHER } else { NEW };
    succeed(at, &[&["train"], &words(flags)[..], &words(size)].concat())
}

fn bytes(at: &Path, run: &str) -> Vec<u8> {
    fs::read(at.join(run).join("model.safetensors")).unwrap()
}

fn weights(path: &Path) -> BTreeMap<String, F32Tensor> {
    read_safetensors(path).unwrap()
}

fn log(at: &Path, run: &str) -> Vec<Value> {
    let text = fs::read_to_string(at.join(run).join("metrics.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The losses of a split.
fn losses(at: &Path, run: &str, split: &str) -> Vec<f64> {
    let of_split = |line: &Value| line["split"] == split;
    log(at, run).iter().filter(|line| of_split(line)).map(|l| l["loss"].as_f64().unwrap()).collect()
}

fn write_feelings(at: &Path) {
    let row = |row: usize| match row % 2 {
        0 => format!("a good day {row},friendly\n"),
        _ => format!("a bad night {row},bitter\n"),
    };
    let rows: String = (0..40).map(row).collect();
    fs::write(at.join("train.csv"), format!("text,label\n{rows}")).unwrap();
}

#[test]
fn a_run_with_any_settings_resumes_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_feelings(at);
    let classes =
        "bert --task classification --data train.csv --tokenizer bpe:300 --validation 0.4";
    let tuned = format!(
        "--init-from {} --task classification --data train.csv --dropout 0.3 --ema 0.9 --layer-decay \
         0.8 --freeze embeddings",
        pipeline("fill-mask/bert")
    );
    let cases = [
        "gpt2 --optimizer sgd --nesterov --dropout 0.2",
        "llama --optimizer lion --layer-decay 0.7",
        "t5 --optimizer adafactor --label-smoothing 0.1 --tensorboard",
        "gpt2 --optimizer muon --freeze layers.0.ln --ema 0.9 --keep-last 2",
        "gpt2 --optimizer muon --dtype bf16 --layer-decay 0.5 --ema 0.99",
        "lstm --dtype f16 --optimizer adafactor",
        "llama --checkpoint-blocks --freeze layers.0.self_attn --eval-at-start --keep-best",
        &format!("{classes} --optimizer lion --ema 0.9 --label-smoothing 0.2 --keep-best"),
        &tuned,
    ];
    for (index, case) in cases.into_iter().enumerate() {
        let case = case.replace("layers.0.ln", "h.0.ln");
        let size =
            if case.contains("--init-from") { "" } else { "--layers 1 --heads 2 --d-model 16" };
        let run = |out: &str, steps: usize| {
            let flags = format!(
                "train {case} {size} --context 16 --batch-size 3 --accumulate 2 --warmup 0 --sample 0 \
                 --schedule constant --eval-interval 3 --checkpoint-interval 2 --out {out}-{index} \
                 --steps {steps}"
            );
            succeed(at, &words(&flags));
        };
        run("whole", 6);
        run("halves", 3);
        let (whole, halves) = (format!("whole-{index}"), format!("halves-{index}"));
        succeed(at, &words(&format!("train --resume {halves} --steps 6 --sample 0")));
        assert!(bytes(at, &whole) == bytes(at, &halves), "{case}");
        assert_eq!(losses(at, &whole, "valid"), losses(at, &halves, "valid"), "{case}");
        let events = |run: &str| {
            let files = fs::read_dir(at.join(run).join("tensorboard"));
            let sizes =
                files.into_iter().flatten().map(|file| file.unwrap().metadata().unwrap().len());
            sizes.collect::<Vec<u64>>()
        };
        assert_eq!(events(&whole), events(&halves), "{case}");
        assert_eq!(events(&whole).len(), usize::from(case.contains("tensorboard")), "{case}");
    }
}

#[test]
fn frozen_parameters_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    tiny(at, "gpt2 --lr 0 --steps 1 --out first");
    let told =
        tiny(at, "--init-from first --freeze wte|h.0.attn --steps 3 --weight-decay 0.5 --out run");
    assert!(told.stderr.contains("frozen, "), "{}", told.stderr);
    let [first, run] = ["first", "run"].map(|run| weights(&at.join(run).join("model.safetensors")));
    let (mut frozen, mut trained) = (0, 0);
    for (key, tensor) in &first {
        let is_frozen = key.contains("wte") || key.contains("h.0.attn");
        assert_eq!(tensor.values == run[key].values, is_frozen, "{key}");
        *(if is_frozen { &mut frozen } else { &mut trained }) += 1;
    }
    assert!(frozen >= 3 && trained >= 5);
    let state = weights(&at.join("run/training/step-00000003/optimizer.safetensors"));
    let of_frozen = |key: &&String| key.contains(".attention.") || key.contains("token");
    assert_eq!(state.keys().filter(of_frozen).count(), 0, "{:?}", state.keys());
    let wrong = |pattern: &str, expected: &[&str]| {
        let flags = train(&["gpt2", "--freeze", pattern, "--out", "no"]);
        refuse(at, &flags, (2, expected));
    };
    wrong("layers.7", &["--freeze", "\"layers.7\" matches no parameter", "wte.weight"]);
    wrong("(", &["\"(\" is not a regular expression"]);
    wrong(".", &["matches every parameter"]);
    assert!(!at.join("no").exists());
}

#[test]
fn averaged_weights_are_validated_and_saved() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    tiny(at, "gpt2 --lr 0 --steps 1 --out zero");
    tiny(at, "gpt2 --lr 0.1 --warmup 0 --steps 1 --out one");
    tiny(at, "gpt2 --lr 0.1 --warmup 0 --steps 1 --ema 0.999 --out ema");
    let [zero, one, ema] =
        ["zero", "one", "ema"].map(|run| weights(&at.join(run).join("model.safetensors")));
    let unaveraged = weights(&at.join("ema/training/step-00000001/unaveraged.safetensors"));
    assert!(!unaveraged.is_empty());
    // The decay rate of the first step is 2 / 11.
    for (key, tensor) in &ema {
        for (at, value) in tensor.values.iter().enumerate() {
            let [a, b] = [zero[key].values[at], one[key].values[at]];
            assert!((value - (a + 9.0 / 11.0 * (b - a))).abs() < 1e-6, "{key}");
        }
    }
    // The validation is of the saved model.
    tiny(at, "--init-from ema --lr 0 --steps 1 --out again");
    let [found, again] = ["ema", "again"].map(|run| losses(at, run, "valid"));
    assert_eq!(found, again);
}

#[test]
fn smoothed_labels_are_for_training_only() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for family in ["gpt2", "t5", "bert"] {
        let run = |out: &str, more: &str| {
            tiny(at, &format!("{family} --lr 0 --steps 1 {more} --out {family}-{out}"));
            let run = format!("{family}-{out}");
            [losses(at, &run, "train")[0], losses(at, &run, "valid")[0]]
        };
        let ([plain, valid], [smoothed, same]) =
            (run("plain", ""), run("smoothed", "--label-smoothing 0.5"));
        assert_eq!(valid, same, "{family}");
        assert!((plain - smoothed).abs() > 1e-6, "{family}: {plain} {smoothed}");
    }
}

#[test]
fn the_last_checkpoints_are_models() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let flags = "gpt2 --steps 8 --eval-interval 2 --keep-last 2 --out run";
    tiny(at, flags);
    let kept = || {
        let mut names: Vec<String> = fs::read_dir(at.join("run/checkpoints"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(kept(), ["step-6", "step-8"]);
    let generated = succeed(at, &words("generate run/checkpoints/step-6 --prompt the -n 4"));
    assert!(generated.stdout.starts_with("the"));
    let [last, before] = ["run/checkpoints/step-8", "run/checkpoints/step-6"];
    assert!(bytes(at, last) == bytes(at, "run") && bytes(at, before) != bytes(at, "run"));
    assert!(!at.join(last).join("metrics.jsonl").exists());
    succeed(at, &words("train --resume run --steps 10 --sample 0"));
    assert_eq!(kept(), ["step-10", "step-8"]);
}

#[test]
fn a_run_can_begin_with_a_validation() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let result = tiny(at, "gpt2 --steps 4 --eval-interval 2 --eval-at-start --no-tui --out run");
    assert!(result.stderr.contains("step 0/4  validation loss"), "{}", result.stderr);
    let steps =
        |run: &str| -> Vec<Value> { log(at, run).iter().map(|l| l["step"].clone()).collect() };
    assert_eq!(steps("run"), [0, 1, 2, 2, 3, 4, 4]);
    // The initial model is kept where none is better.
    tiny(at, "gpt2 --steps 4 --eval-interval 2 --eval-at-start --keep-best --lr 100 --out bad");
    tiny(at, "gpt2 --steps 1 --lr 0 --out first");
    assert!(bytes(at, "bad") == bytes(at, "first"));
    // A run that is stopped before its first checkpoint validates once, too.
    fs::remove_dir_all(at.join("run/training/step-00000004")).unwrap();
    succeed(at, &words("train --resume run --sample 0"));
    assert_eq!(steps("run"), [0, 1, 2, 2, 3, 4, 4]);
}

#[test]
fn patience_watches_the_score() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_feelings(at);
    let size = "--layers 1 --heads 2 --d-model 16 --context 16 --batch-size 4 --tokenizer bpe:300";
    let run = |out: &str, more: &str| {
        let flags = format!(
            "train bert --task classification --data train.csv --validation 0.4 --lr 0 --steps 20 \
             --eval-interval 2 --patience 3 --out {out} {size} {more}"
        );
        succeed(at, &words(&flags))
    };
    let told = run("run", "").stderr;
    assert!(told.contains("step 8/20, because the accuracy got no better in 3"), "{told}");
    assert!(told.contains("best accuracy: "), "{told}");
    let json: Value = serde_json::from_str(&run("json", "--json").stdout).unwrap();
    assert_eq!((&json["watched"], &json["ending"]), (&json!("accuracy"), &json!("early")));
    assert_eq!((&json["step"], &json["best_step"]), (&json!(8), &json!(2)));
}

#[test]
fn another_dropout_is_the_run_s() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    tiny(at, "gpt2 --steps 1 --lr 0 --out first");
    tiny(at, "--init-from first --dropout 0.25 --steps 2 --out run");
    let config = fs::read_to_string(at.join("run/config.json")).unwrap();
    let config: Value = serde_json::from_str(&config).unwrap();
    assert_eq!(config["resid_pdrop"], 0.25);
    tiny(at, "--init-from first --steps 2 --out without");
    assert!(bytes(at, "run") != bytes(at, "without"));
    let llama = "llama --steps 1 --lr 0 --out llama";
    tiny(at, llama);
    let flags = ["train", "--init-from", "llama", "--dropout", "1.5", "--out", "no"];
    refuse(at, &flags, (2, &["--dropout"]));
}

#[test]
fn settings_that_do_not_belong_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_feelings(at);
    let wrong = |flags: &str, expected: &[&str]| {
        let all = format!("gpt2 --out no {flags}");
        refuse(at, &train(&words(&all)), (2, expected));
    };
    wrong("--momentum 0.9", &["--momentum is a setting of --optimizer sgd and muon"]);
    wrong("--optimizer sgd --beta2 0.9", &["--beta2 is a setting of --optimizer adamw"]);
    wrong("--optimizer lion --nesterov", &["--nesterov is a setting of --optimizer sgd"]);
    wrong("--optimizer sgd --momentum 1", &["--momentum is 1"]);
    wrong("--optimizer adam", &["'adam'", "adafactor"]);
    wrong("--ema 1", &["--ema is 1"]);
    wrong("--label-smoothing 1", &["--label-smoothing is 1"]);
    wrong("--layer-decay 1.5", &["--layer-decay is 1.5"]);
    wrong("--layer-decay 0", &["--layer-decay is 0"]);
    wrong("--keep-last 0", &["--keep-last"]);
    let regression = "--task multi-label-classification --data train.csv --label-smoothing 0.1";
    let flags = format!("train bert --out no {regression}");
    refuse(at, &words(&flags), (2, &["--label-smoothing", "multi-label-classification"]));
    assert!(!at.join("no").exists());

    // A run goes on with the optimizer that it began with.
    tiny(at, "gpt2 --steps 1 --out run");
    refuse(at, &words("train --resume run --optimizer lion"), (2, &["--optimizer"]));
    let path = at.join("run/training/settings.json");
    let settings = fs::read_to_string(&path).unwrap();
    let resume = words("train --resume run --steps 3 --sample 0");
    let lion = "\"name\": \"lion\", \"beta_1\": 0.9, \"beta_2\": 0.9";
    let named = "\"name\": \"adamw\"";
    assert!(settings.contains(named), "{settings}");
    let changed = |to: &str| fs::write(&path, settings.replace(named, to)).unwrap();
    let mut other: Value = serde_json::from_str(&settings).unwrap();
    other["optimizer"] = serde_json::from_str(&format!("{{{lion}, \"weight_decay\": 0}}")).unwrap();
    fs::write(&path, other.to_string()).unwrap();
    refuse(at, &resume, (1, &["optimizer.safetensors", "not a state of this optimizer"]));
    changed("\"name\": \"adam\"");
    refuse(at, &resume, (1, &["settings.json", "unknown variant `adam`", "muon"]));
    // Settings of earlier versions name no optimizer.
    let mut earlier: Value = serde_json::from_str(&settings).unwrap();
    earlier["optimizer"].as_object_mut().unwrap().remove("name");
    fs::write(&path, earlier.to_string()).unwrap();
    succeed(at, &resume);
}
