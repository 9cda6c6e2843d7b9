//! Runs that are killed, stopped and resumed end like uninterrupted ones.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{refuse, run, succeed, train, zoo};

/// A run with all kinds of state: dropout, accumulation, warm-up, validations in between.
const COURSE: &[&str] = &[
    "--steps",
    "60",
    "--dropout",
    "0.2",
    "--accumulate",
    "2",
    "--eval-interval",
    "20",
    "--checkpoint-interval",
    "7",
    "--seed",
    "3",
];

fn start(folder: &Path, args: &[&str]) -> Child {
    zoo(folder, args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The number of lines in a run's log. A killed run may leave an incomplete line.
fn lines(folder: &Path) -> usize {
    fs::read_to_string(folder.join("metrics.jsonl")).unwrap_or_default().lines().count()
}

/// Waits until a run has written this many lines of metrics.
fn wait_for_lines(folder: &Path, count: usize) {
    let began = Instant::now();
    loop {
        if lines(folder) >= count {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "no {count} lines of metrics");
        sleep(Duration::from_millis(2));
    }
}

fn model(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("model.safetensors")).unwrap()
}

/// The steps and losses of a run's log.
fn losses(folder: &Path) -> Vec<(u64, String, f64)> {
    let text = fs::read_to_string(folder.join("metrics.jsonl")).unwrap();
    let read = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let split = line["split"].as_str().unwrap().to_string();
        (line["step"].as_u64().unwrap(), split, line["loss"].as_f64().unwrap())
    };
    text.lines().map(read).collect()
}

#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let families = ["gpt2", "llama", "transformer", "t5", "lstm", "bahdanau"];
    let cases = families.map(|family| vec![family]);
    for case in cases.into_iter().chain([vec!["gpt2", "--checkpoint-blocks"]]) {
        let out = |name: &str| format!("{}-{name}", case.concat());
        let (whole, killed) = (out("whole"), out("killed"));
        succeed(at, &train(&[&case[..], &["--out", &whole], COURSE].concat()));

        let mut child = start(at, &train(&[&case[..], &["--out", &killed], COURSE].concat()));
        wait_for_lines(&at.join(&killed), 11);
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        assert!(lines(&at.join(&killed)) < 60, "it was not killed in time");

        let mut child = start(at, &["train", "--resume", &killed, "--sample", "0"]);
        wait_for_lines(&at.join(&killed), 40);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(lines(&at.join(&killed)) < 60, "it was not killed in time");

        succeed(at, &["train", "--resume", &killed, "--sample", "0"]);
        assert!(model(&at.join(&whole)) == model(&at.join(&killed)), "{case:?}: other weights");
        // The log reads like that of one run: no step twice, none missing.
        assert_eq!(losses(&at.join(&whole)), losses(&at.join(&killed)));
    }
}

#[test]
fn blocks_that_are_computed_again_train_alike() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let run = |out: &'static str, more: &[&'static str]| {
        let course = ["t5", "--out", out, "--steps", "10", "--eval-interval", "5"];
        succeed(at, &train(&[&course[..], more].concat()));
        losses(&at.join(out))
    };
    let [plain, other] = [run("plain", &[]), run("other", &["--checkpoint-blocks"])];
    assert_eq!(plain.len(), other.len());
    for ((step, split, plain), (.., other)) in plain.iter().zip(&other) {
        assert!((plain - other).abs() <= 1e-4, "{split}, step {step}: {other} for {plain}");
    }
}

#[test]
fn a_run_killed_before_its_first_checkpoint_resumes_too() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let course = ["--steps", "30", "--eval-interval", "30", "--dropout", "0.1"];
    succeed(at, &train(&[&["--out", "whole"], &course[..]].concat()));
    let mut child = start(at, &train(&[&["--out", "killed"], &course[..]].concat()));
    wait_for_lines(&at.join("killed"), 5);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!at.join("killed/model.safetensors").exists());
    succeed(at, &["train", "--resume", "killed", "--sample", "0"]);
    assert!(model(&at.join("whole")) == model(&at.join("killed")));
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_and_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    succeed(at, &train(&[&["--out", "whole"], COURSE].concat()));
    let mut child = start(at, &train(&[&["--out", "stopped"], COURSE].concat()));
    wait_for_lines(&at.join("stopped"), 5);
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let steps = losses(&at.join("stopped")).len();
    assert!(steps < 60, "it was not stopped in time");
    let state: serde_json::Value = {
        let mut folders = fs::read_dir(at.join("stopped/training")).unwrap();
        let step = folders.find_map(|entry| {
            let path = entry.unwrap().path();
            path.join("state.json").exists().then_some(path)
        });
        serde_json::from_str(&fs::read_to_string(step.unwrap().join("state.json")).unwrap())
            .unwrap()
    };
    // Saved at the step at which it stopped, not at the last interval.
    assert_eq!(state["step"], losses(&at.join("stopped")).last().unwrap().0);
    succeed(at, &["train", "--resume", "stopped", "--sample", "0"]);
    assert!(model(&at.join("whole")) == model(&at.join("stopped")));
}

#[test]
fn a_run_has_one_writer() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let mut first = start(at, &train(&["--steps", "100000", "--out", "a"]));
    wait_for_lines(&at.join("a"), 2);
    refuse(at, &["train", "--resume", "a"], (2, &["another process is training in a"]));
    assert!(first.try_wait().unwrap().is_none());
    first.kill().unwrap();
    first.wait().unwrap();
    // Nobody writes any more, and the lock is gone with its process: the refusal is another one.
    refuse(at, &["train", "--resume", "a", "--steps", "1"], (2, &["only be made longer"]));
}

#[test]
fn a_run_whose_text_was_moved_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let text = "the cat sat on the mat. ".repeat(40);
    fs::write(at.join("t.txt"), &text).unwrap();
    succeed(at, &train(&["--text-file", "t.txt", "--steps", "2", "--out", "a"]));
    fs::rename(at.join("t.txt"), at.join("moved.txt")).unwrap();
    fs::write(at.join("other.txt"), text.replace("cat", "tac")).unwrap();
    let resume = ["train", "--resume", "a", "--sample", "0", "--steps"];
    refuse(at, &[&resume[..], &["4"]].concat(), (2, &["t.txt", "--text-file"]));
    let other = [&resume[..], &["4", "--text-file", "other.txt"]].concat();
    refuse(at, &other, (2, &["other.txt", "differs from the run's original data"]));
    succeed(at, &[&resume[..], &["4", "--text-file", "moved.txt"]].concat());
    // The run knows the new place.
    succeed(at, &[&resume[..], &["6"]].concat());
    assert_eq!(losses(&at.join("a")).last().unwrap().0, 6);
}

#[test]
fn a_text_without_line_breaks_gets_a_sample() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("dna.txt"), "GATTACAC".repeat(100)).unwrap();
    let result = succeed(
        at,
        &["train", "--text-file", "dna.txt", "--steps", "2", "--layers", "1", "--out", "a"],
    );
    assert!(result.stdout.trim().chars().filter(|c| "ACGT".contains(*c)).count() > 100);
    refuse(at, &["generate", "a"], (2, &["give a prompt"]));
}

#[test]
fn training_goes_on_when_nobody_reads_its_progress() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let args = train(&["--steps", "40", "--eval-interval", "1", "--out", "a"]);
    let mut child = zoo(at, &args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(losses(&at.join("a")).len(), 80);
}

#[test]
fn what_belongs_to_a_model_is_kept_when_it_is_trained_further() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    succeed(at, &train(&["--steps", "2", "--out", "a"]));
    succeed(at, &["convert", "a", "half", "--dtype", "bf16"]);
    for (name, text) in [("chat_template.jinja", "{{ x }}"), ("generation_config.json", "{}")] {
        fs::write(at.join("half").join(name), text).unwrap();
    }
    let further = ["train", "--init-from", "half", "--steps", "2", "--out", "b", "--sample", "0"];
    succeed(at, &[&further[..], &["--no-tui"]].concat());
    for name in ["chat_template.jinja", "generation_config.json", "tokenizer.json"] {
        assert_eq!(
            fs::read(at.join("b").join(name)).unwrap(),
            fs::read(at.join("half").join(name)).unwrap()
        );
    }
    // The weights of a run are f32, also those of a bf16 model.
    for config in ["b/config.json", "b/training/step-00000002/config.json"] {
        let text = fs::read_to_string(at.join(config)).unwrap();
        let config: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(config["dtype"], "float32");
    }
}

#[test]
fn a_finished_run_can_be_made_longer() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    succeed(at, &train(&["--steps", "5", "--out", "a"]));
    let again = succeed(at, &["train", "--resume", "a", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!((&json["step"], &json["ending"]), (&5.into(), &"finished".into()));
    // No temporary file is left from publishing the checkpoint's model again.
    assert!(!at.join("a/.tmp-model.safetensors").exists());
    // Files left by a program killed during a save.
    fs::create_dir(at.join("a/training/.tmp-x")).unwrap();
    fs::write(at.join("a/.tmp-model.safetensors"), "half").unwrap();
    let longer = succeed(at, &["train", "--resume", "a", "--steps", "9", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&longer.stdout).unwrap();
    assert_eq!(json["step"], 9);
    assert!(
        !at.join("a/training/.tmp-x").exists() && !at.join("a/.tmp-model.safetensors").exists()
    );
    assert!(json["peak_memory_bytes"].as_u64().unwrap() > 1_000_000);
    assert!(json["tokens_per_second"].as_f64().unwrap() > 0.0);
}

#[test]
fn another_seed_is_another_run_and_the_same_seed_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for (name, seed) in [("a", "1"), ("b", "1"), ("c", "2")] {
        succeed(at, &train(&["--steps", "3", "--dropout", "0.3", "--out", name, "--seed", seed]));
    }
    assert!(model(&at.join("a")) == model(&at.join("b")));
    assert!(model(&at.join("a")) != model(&at.join("c")));
}

#[test]
fn a_checkpoint_is_trained_further_with_its_tokenizer() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    succeed(
        at,
        &train(&[
            "llama",
            "--kv-heads",
            "1",
            "--tokenizer",
            "bpe:300",
            "--steps",
            "3",
            "--out",
            "a",
        ]),
    );
    fs::write(at.join("b.txt"), "The fox ran to the pond. Café 中文 🦊\n".repeat(60)).unwrap();
    let further = [
        "train",
        "--init-from",
        "a",
        "--text-file",
        "b.txt",
        "--steps",
        "3",
        "--out",
        "b",
        "--sample",
        "0",
    ];
    succeed(at, &further);
    assert_eq!(
        fs::read(at.join("a/tokenizer.json")).unwrap(),
        fs::read(at.join("b/tokenizer.json")).unwrap()
    );
    assert!(model(&at.join("a")) != model(&at.join("b")));
    let result = run(at, &["generate", "b", "--prompt", "Café 🦊", "-n", "8", "--greedy"]);
    assert_eq!(result.code, Some(0), "{}", result.stderr);
    assert!(result.stdout.starts_with("Café 🦊"), "{}", result.stdout);
}
