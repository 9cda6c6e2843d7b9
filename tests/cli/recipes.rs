//! Recipes: every run can be made again from its file.

use std::fs;
use std::path::Path;

use super::{refuse, succeed};

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

fn model(at: &Path, run: &str) -> Vec<u8> {
    fs::read(at.join(run).join("model.safetensors")).unwrap()
}

#[test]
fn a_recipe_makes_the_same_run() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let rows: String = (0..40).map(|row| format!("text {row},{}\n", ["a", "b"][row % 2])).collect();
    fs::write(at.join("train.csv"), format!("text,label\n{rows}")).unwrap();
    fs::write(at.join("book.txt"), "the cat sat on the mat. ".repeat(60)).unwrap();
    let size = "--layers 1 --heads 2 --d-model 16 --context 16 --batch-size 4 --sample 0";
    let tuned = "--init-from run-0 --text-file book.txt --context 16 --batch-size 4 --sample 0 \
                 --dropout 0.2 --label-smoothing 0.1";
    let cases = [
        format!("llama {size} --steps 3 --optimizer lion --lr 1e-3 --seed 7 --ema 0.9"),
        format!(
            "bert {size} --task classification --data train.csv --tokenizer bpe:300 --epochs 1 \
             --prefix 1.0 --optimizer sgd --nesterov --keep-best"
        ),
        format!("{tuned} --steps 3 --freeze embed_tokens"),
    ];
    for (index, case) in cases.iter().enumerate() {
        let run = format!("run-{index}");
        succeed(at, &[&["train", "--out", &run], &words(case)[..]].concat());
        let recipe = format!("{run}/recipe.toml");
        succeed(at, &["train", &recipe, "--out", "again", "--sample", "0"]);
        assert!(model(at, &run) == model(at, "again"), "{case}");
        let text = fs::read_to_string(at.join(&recipe)).unwrap();
        // What the second run was made from is what it writes.
        assert_eq!(text, fs::read_to_string(at.join("again/recipe.toml")).unwrap(), "{case}");
        fs::remove_dir_all(at.join("again")).unwrap();
        assert!(text.contains("[training]") && text.contains("batch-size = 4"), "{text}");
    }
    // Without --out there is a new directory, and flags override the recipe.
    let more = ["--seed", "8", "--sample", "0", "--optimizer", "adamw"];
    succeed(at, &[&["train", "run-0/recipe.toml"], &more[..]].concat());
    assert!(model(at, "run-0") != model(at, "run-0-2"));
    let text = fs::read_to_string(at.join("run-0-2/recipe.toml")).unwrap();
    assert!(text.contains("seed = 8") && text.contains("optimizer = \"adamw\""), "{text}");
    let from = ["--init-from", "run-0", "--sample", "0", "--out", "further"];
    succeed(at, &[&["train", "run-0/recipe.toml"], &from[..]].concat());
}

#[test]
fn a_recipe_names_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let wrong = |text: &str, expected: &[&str]| {
        fs::write(at.join("r.toml"), text).unwrap();
        let all: Vec<&str> = ["r.toml"].iter().chain(expected).copied().collect();
        refuse(at, &["train", "r.toml", "--out", "no"], (2, &all));
    };
    wrong(
        "[optimizer]\nlearning-rat = 1\n",
        &["unknown key learning-rat in [optimizer]", "there are optimizer, lr,"],
    );
    wrong("[optimizer]\nlayer_decay = 0.9\n", &["nearest is layer-decay in [optimizer]"]);
    wrong("[optimiser]\nlr = 1\n", &["unknown section [optimiser]", "[optimizer]"]);
    wrong("[training]\nlr = 1\n", &["lr is a key of the section [optimizer], not of [training]"]);
    wrong("lr = 1\n", &["lr is a key of the section [optimizer]"]);
    wrong("[optimizer]\nlr = true\n", &["lr in [optimizer] must be a number or a text"]);
    wrong("[optimizer]\nnesterov = 1\n", &["nesterov in [optimizer] must be true or false"]);
    wrong("[optimizer]\nlr = 'fast'\n", &["fast", "--lr"]);
    wrong("[optimizer\nlr = 1\n", &["line 1"]);
    wrong("[run]\nresume = 'x'\n", &["unknown key resume"]);
    refuse(at, &["train", "none.toml"], (2, &["none.toml", "No such file"]));
    assert!(!at.join("no").exists());
    // A recipe by hand is named like its runs.
    let tiny = "[model]\nfamily = 'llama'\nlayers = 1\nheads = 2\nd-model = 16\n\n[training]\n\
                context = 16\nbatch-size = 4\n\n[run]\nsteps = 1\nsample = 0\nseed = 3\n";
    fs::write(at.join("small.toml"), tiny).unwrap();
    for _ in 0..2 {
        succeed(at, &["train", "small.toml"]);
    }
    assert!(model(at, "runs/small") == model(at, "runs/small-2"));
}
