//! Invalid input gives one clear line and status 2 or 1, and leaves no incomplete files.

use std::fs;
use std::path::Path;

use super::{refuse, run, succeed, train};
use crate::golden;

fn empty() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().count() == 0
}

#[test]
fn a_model_is_asked_for_what_it_can_do() {
    let folder = empty();
    let at = folder.path();
    let learn = "vit does not learn from running text";
    refuse(at, &train(&["vit"]), (2, &[learn, "gpt2", "bert", "transformer", "--task"]));
    refuse(at, &["train", "bart", "--context", "1"], (2, &["--context is 1"]));
    refuse(at, &train(&["lstm", "--checkpoint-blocks"]), (2, &["lstm is recurrent"]));
    assert!(is_empty(at));

    let model = |name: &str| golden::folder().join(name).display().to_string();
    let forward = |name: &str, more: &[&str], expected: &[&str]| {
        let model = model(name);
        let args = [&["forward", &model, "--out", "o"], more].concat();
        refuse(at, &args, (2, expected));
    };
    forward("t5/base", &["--ids", "1,2"], &["--decoder-ids", "decoder_start_token_id"]);
    let rows = ["--ids", "1,2", "--decoder-ids", "1;2"];
    forward("t5/base", &rows, &["--decoder-ids has 2 rows, --ids has 1"]);
    forward("t5/base", &["--ids", "1,2", "--decoder-ids", "77"], &["token id 77 is out of range"]);
    forward("bert/base", &["--ids", "1,2", "--decoder-ids", "1"], &["is for encoder-decoders"]);
    forward("bart/sequence", &["--ids", "5,2;6,7"], &["row 1 has no token 2", "eos_token_id"]);
    let with_text = ["--ids", "5,2", "--decoder-ids", "2,5"];
    forward("bart/sequence", &with_text, &["leave --decoder-ids out"]);
    forward("t5/token", &["--ids", "5", "--decoder-ids", "0"], &["is for encoder-decoders"]);
    forward("bert/base", &["--ids", "1;2", "--choices", "2"], &["--choices is for models of"]);
    let three = ["--ids", "1;2;3", "--choices", "2"];
    forward("bert/choice", &three, &["--choices 2: --ids has 3 rows"]);
    forward("bert/base", &["--ids", "1,2", "--types", "0,2"], &["2 token types"]);
    forward("gpt2/base", &["--ids", "1,2", "--types", "0,1"], &["0 token types"]);
    forward("bert/base", &["--ids", "1,2", "--types", "0"], &["--types has 1 rows of 1"]);
    forward("vit/base", &["--ids", "1,2"], &["images", "--pixels"]);
    forward("vit/base", &["--pixels", "none.safetensors"], &["none.safetensors"]);
    forward("vit/base", &[], &["--ids"]);

    refuse(at, &["generate", &model("bert/base")], (2, &["generates text", "BertForMaskedLM"]));
    refuse(at, &["embed", &model("bert/base"), "a"], (1, &["tokenizer.json"]));
    assert!(is_empty(at));
}

#[test]
fn unknown_names_are_answered_with_the_known_ones() {
    let folder = empty();
    let at = folder.path();
    refuse(
        at,
        &train(&["gpt5"]),
        (2, &["unknown family \"gpt5\"; there are albert, bahdanau, bart, bert, "]),
    );
    refuse(
        at,
        &train(&["--data", "storys"]),
        (2, &["storys", "did you mean \"stories\"", "names"]),
    );
    refuse(at, &train(&["--device", "gpu"]), (2, &["unknown device \"gpu\"", "flex"]));
    refuse(at, &train(&["--size", "huge"]), (2, &["unknown size \"huge\"", "nano"]));
    refuse(at, &train(&["--tokenizer", "words"]), (2, &["words", "char", "bpe:"]));
    refuse(at, &["show", "gpt5"], (2, &["gpt5", "gpt2"]));
    refuse(at, &["trian"], (2, &["trian", "train"]));
    assert!(is_empty(at));
}

#[test]
fn former_flags_are_answered_with_the_new_ones() {
    let folder = empty();
    let at = folder.path();
    for (args, old, new) in [
        (&["train", "--from", "m"][..], "--from", "--init-from"),
        (&["train", "--text", "a.txt"], "--text", "--text-file"),
        (&["train", "--text=a.txt"], "--text", "--text-file"),
        (&["--seed", "1", "train", "gpt2", "--plain"], "--plain", "--no-tui"),
        (&["generate", "m", "--lines"], "--lines", "--stdin-lines"),
        (&["generate", "m", "a", "--draft", "d"], "--draft", "--draft-model"),
        (&["generate", "m", "a", "--ahead", "3"], "--ahead", "--num-draft-tokens"),
    ] {
        refuse(at, args, (2, &[&format!("{old} was renamed to {new}")]));
    }
    // Other commands never had these flags, and translate has its own --from.
    for args in [
        &["fill", "m", "train", "--text", "a"][..],
        &["train", "--lines"],
        &["translate", "./m", "a", "--from", "en", "--to", "de"],
    ] {
        let result = run(at, args);
        assert_ne!(result.code, Some(0), "{}", result.stderr);
        assert!(!result.stderr.contains("renamed"), "{}", result.stderr);
    }
    assert!(is_empty(at));
}

#[test]
fn settings_that_make_no_run_are_refused() {
    let folder = empty();
    let at = folder.path();
    for (flags, expected) in [
        (["--steps", "0"], "--steps is 0"),
        (["--eval-interval", "0"], "--eval-interval is 0"),
        (["--lr", "-1"], "--lr"),
        (["--lr", "NaN"], "--lr is NaN"),
        (["--beta2", "1"], "--beta2 is 1"),
        (["--min-lr", "1"], "--min-lr is 1"),
        (["--warmup", "1000"], "--warmup is 1000"),
        (["--clip", "-2"], "--clip"),
        (["--heads", "3"], "n_head"),
        (["--dropout", "1"], "pdrop"),
        (["--layers", "0"], "n_layer"),
    ] {
        let args = [&["train", "--context", "16", "--d-model", "16"], &flags[..]].concat();
        refuse(at, &args, (2, &[expected]));
    }
    assert!(is_empty(at));
}

#[test]
fn texts_that_cannot_be_used_are_refused() {
    let folder = empty();
    let at = folder.path();
    refuse(at, &train(&["--text-file", "absent.txt"]), (2, &["absent.txt"]));
    fs::write(at.join("empty.txt"), "").unwrap();
    refuse(at, &train(&["--text-file", "empty.txt"]), (2, &["empty.txt", "empty"]));
    fs::write(at.join("latin.txt"), b"caf\xe9 au lait").unwrap();
    refuse(at, &train(&["--text-file", "latin.txt"]), (2, &["latin.txt", "UTF-8", "offset 3"]));
    fs::write(at.join("short.txt"), "ab ".repeat(20)).unwrap();
    refuse(at, &train(&["--text-file", "short.txt"]), (2, &["validation text has 6 tokens", "17"]));
    refuse(
        at,
        &train(&["--data", "names", "--text-file", "short.txt"]),
        (2, &["--data", "--text-file"]),
    );
    assert!(!at.join("runs").exists());
}

#[test]
fn a_data_set_that_cannot_be_had_is_answered_with_the_way_out() {
    let folder = empty();
    // A data folder with another file under this name.
    let data = folder.path().join("data/tinyshakespeare");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("input.txt"), "First Citizen: no.").unwrap();
    let args = train(&["--data", "tinyshakespeare"]);
    let output = super::zoo(folder.path(), &args)
        .env("ZOO_DATA", folder.path().join("data"))
        .output()
        .unwrap();
    let result = super::finish(output);
    assert_eq!(result.code, Some(2), "{}", result.stderr);
    assert!(result.stderr.contains("SHA-256"), "{}", result.stderr);
    assert!(result.stderr.contains("--text-file"), "{}", result.stderr);
}

#[test]
fn a_run_that_exists_is_not_overwritten() {
    let folder = empty();
    let at = folder.path();
    let args = train(&["--steps", "2", "--out", "runs/a"]);
    succeed(at, &args);
    let before = fs::read(at.join("runs/a/model.safetensors")).unwrap();
    refuse(at, &args, (2, &["runs/a already exists", "--resume runs/a", "--out"]));
    assert_eq!(fs::read(at.join("runs/a/model.safetensors")).unwrap(), before);

    refuse(at, &["train", "--resume", "runs/b"], (2, &["runs/b", "no such run"]));
    fs::create_dir(at.join("c")).unwrap();
    refuse(at, &["train", "--resume", "c"], (2, &["training/settings.json"]));
    refuse(at, &["train", "--resume", "runs/a", "--steps", "1"], (2, &["only be made longer"]));
    refuse(at, &["train", "--resume", "runs/a", "--out", "x"], (2, &["--out"]));
    refuse(at, &["train", "--resume", "runs/a", "--lr", "1"], (2, &["--lr"]));
    refuse(at, &["train", "--resume", "runs/a", "--seed", "7"], (2, &["--seed is 7", "is 0"]));
}

#[test]
fn resuming_on_another_text_is_refused() {
    let folder = empty();
    let at = folder.path();
    fs::write(at.join("a.txt"), "the cat sat on the mat. ".repeat(40)).unwrap();
    succeed(at, &train(&["--text-file", "a.txt", "--steps", "2", "--out", "a"]));
    fs::write(at.join("a.txt"), "the mat sat on the cat. ".repeat(40)).unwrap();
    refuse(
        at,
        &["train", "--resume", "a"],
        (2, &["a.txt", "differs from the run's original data"]),
    );
}

#[test]
fn a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_checkpoint() {
    let folder = empty();
    let at = folder.path();
    let args = train(&[
        "--steps",
        "60",
        "--lr",
        "1e30",
        "--min-lr",
        "0",
        "--clip",
        "0",
        "--warmup",
        "59",
        "--checkpoint-interval",
        "1",
        "--out",
        "a",
    ]);
    let result = super::run(at, &args);
    assert_eq!(result.code, Some(1), "{}", result.stderr);
    assert!(result.stderr.contains("error: the training loss is"), "{}", result.stderr);
    let step: usize = {
        let after = result.stderr.split(" at step ").nth(1).unwrap();
        after.split(';').next().unwrap().parse().unwrap()
    };
    assert!(step > 1, "{}", result.stderr);
    let named = format!("checkpoint is from step {} in a", step - 1);
    assert!(result.stderr.contains(&named), "{}", result.stderr);
    assert!(at.join(format!("a/training/step-{:08}/state.json", step - 1)).exists());
    succeed(at, &["check", "a"]);
}

#[test]
fn a_validation_loss_that_is_no_number_is_a_failure_and_is_not_saved() {
    let folder = empty();
    let at = folder.path();
    let broken = ["--steps", "1", "--lr", "1e38", "--min-lr", "0", "--warmup", "0", "--out", "a"];
    let result = run(at, &train(&broken));
    assert_eq!(result.code, Some(1), "{}", result.stderr);
    assert!(result.stderr.contains("error: the validation loss is"), "{}", result.stderr);
    assert!(!result.stderr.contains("finished"), "{}", result.stderr);
    assert!(!at.join("a/training/step-00000001").exists());
}

#[test]
fn a_batch_that_no_memory_holds_is_refused() {
    let folder = empty();
    let at = folder.path();
    let huge = ["train", "--batch-size", "1000000000000", "--out", "a"];
    refuse(at, &huge, (2, &["--batch-size 1000000000000", "at least", "this machine has"]));
    assert!(is_empty(at));
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = empty();
    let at = folder.path();
    fs::write(at.join("file"), "").unwrap();
    refuse(at, &train(&["--out", "file/run"]), (1, &["file"]));
    let model = golden::folder().join("gpt2/base");
    let model = model.to_str().unwrap();
    refuse(at, &["forward", model, "--ids", "1", "--out", "file/x"], (1, &["file/x"]));
    refuse(at, &["convert", model, "file/x"], (1, &["file/x"]));
}

/// A file size limit simulates a full disk: both fail during a write.
#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_and_the_last_checkpoint_survives() {
    let folder = empty();
    let at = folder.path();
    succeed(at, &train(&["--steps", "4", "--checkpoint-interval", "2", "--out", "a"]));
    let checkpoint = at.join("a/training/step-00000004");
    let before = fs::read(at.join("a/model.safetensors")).unwrap();
    let script = format!(
        "trap '' XFSZ; ulimit -f 8; exec {} train --resume a --steps 8",
        env!("CARGO_BIN_EXE_zoo")
    );
    let output =
        std::process::Command::new("sh").args(["-c", &script]).current_dir(at).output().unwrap();
    let result = super::finish(output);
    assert_eq!(result.code, Some(1), "{}", result.stderr);
    let named = "cannot write a/training/step-00000006/model.safetensors: File too large";
    assert!(result.stderr.contains(named), "{}", result.stderr);
    assert!(result.stderr.contains("checkpoint is from step 4"), "{}", result.stderr);
    assert!(checkpoint.join("state.json").exists());
    assert_eq!(fs::read(at.join("a/model.safetensors")).unwrap(), before);
    // No incomplete file is left, and the run resumes once there is space.
    let left: Vec<_> = fs::read_dir(at.join("a/training")).unwrap().collect();
    assert_eq!(left.len(), 3, "settings, lock and checkpoint: {left:?}");
    succeed(at, &["train", "--resume", "a", "--steps", "8"]);
    assert!(at.join("a/training/step-00000008").exists());
}

#[test]
fn what_cannot_be_continued_is_refused() {
    let folder = empty();
    let at = folder.path();
    succeed(at, &train(&["--steps", "1", "--out", "a"]));
    let generate = |args: &[&str], expected: &[&str]| {
        refuse(at, &[&["generate", "a"], args].concat(), (2, expected));
    };
    generate(&["--prompt", "Once upon a time there"], &["22 tokens", "context is 16"]);
    generate(&["--prompt", "é"], &["'é'", "vocabulary"]);
    generate(&["--prompt", ""], &["empty"]);
    generate(&["--temperature", "-1"], &["temperature is -1"]);
    generate(&["--top-k", "0"], &["top_k is 0"]);
    generate(&["--top-p", "2"], &["top_p is 2"]);
    generate(&["--greedy", "--top-k", "3"], &["--greedy", "--top-k"]);
    refuse(at, &["generate", "absent"], (2, &["absent", "no such directory"]));
}

#[test]
fn token_ids_are_checked_before_they_reach_the_model() {
    let folder = empty();
    let at = folder.path();
    let model = golden::folder().join("gpt2/base");
    let forward = |args: &[&str], expected: &[&str]| {
        let args = [&["forward", model.to_str().unwrap(), "--out", "o.safetensors"], args].concat();
        refuse(at, &args, (2, expected));
    };
    forward(&["--ids", "1,97"], &["97 is out of range", "97 tokens"]);
    forward(&["--ids", "1,-2"], &["--ids", "\"-2\""]);
    forward(&["--ids", ""], &["--ids"]);
    forward(&["--ids", "1,2;3"], &["row 1 has 1", "row 0 has 2", "--mask"]);
    forward(&["--ids", "1,2", "--mask", "1"], &["--mask has 1 rows of 1"]);
    forward(&["--ids", "1,2", "--mask", "1,2"], &["neither 0 nor 1"]);
    let long = vec!["1"; 49].join(",");
    forward(&["--ids", &long], &["49 tokens", "48 positions"]);
    assert!(is_empty(at));
}

#[test]
fn a_model_that_does_not_fit_fails_the_check_and_every_verb() {
    let folder = empty();
    let at = folder.path();
    let model = at.join("m");
    fs::create_dir(&model).unwrap();
    for name in ["config.json", "model.safetensors"] {
        fs::copy(golden::folder().join("llama/base").join(name), model.join(name)).unwrap();
    }
    let config = model.join("config.json");
    let text = fs::read_to_string(&config).unwrap();
    let text = text.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3");
    fs::write(&config, text.replace("\"vocab_size\": 97", "\"vocab_size\": 98")).unwrap();
    let result = super::run(at, &["check", "m"]);
    assert_eq!(result.code, Some(1));
    for expected in [
        "missing     model.layers.2.mlp.up_proj.weight [56, 32]",
        "misshapen   lm_head.weight: expected [98, 32], found [97, 32]",
    ] {
        assert!(result.stdout.contains(expected), "{}", result.stdout);
    }
    refuse(at, &["generate", "m"], (1, &["does not fit", "model.layers.2.mlp"]));
    refuse(at, &["convert", "m", "n"], (1, &["does not fit"]));
    refuse(at, &["train", "--init-from", "m"], (1, &["does not fit"]));
    assert!(!at.join("n").exists());
}
