//! From folders of images to trained and evaluated classifiers.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::pipelines::{lines, model as pipeline};
use super::{refuse, succeed};

/// The side of an image in pixels.
const SIDE: usize = 16;

/// A new model, which trains a step in milliseconds.
const NEW: &str = "--layers 1 --heads 2 --d-model 32 --image-size 16 --patch-size 4";

/// A BMP file of colors from 0 to 255: blue, green, red.
fn bitmap(color: impl Fn(usize, usize) -> [u8; 3]) -> Vec<u8> {
    let size = (54 + SIDE * SIDE * 3) as u32;
    let mut file = b"BM".to_vec();
    file.extend([size, 0, 54, 40, SIDE as u32, SIDE as u32].map(u32::to_le_bytes).concat());
    file.extend([1_u16, 24].map(u16::to_le_bytes).concat());
    file.extend([0_u32; 6].map(u32::to_le_bytes).concat());
    file.extend((0..SIDE * SIDE).flat_map(|pixel| color(pixel / SIDE, pixel % SIDE)));
    file
}

/// An image of a class: bright above or bright below, whatever its colors.
fn image(class: &str, number: usize) -> Vec<u8> {
    bitmap(|y, x| {
        // The rows of a bitmap begin at the bottom.
        let is_bright = (y >= SIDE / 2) == (class == "sky");
        let noise = |color: usize| (x * 7 + y * 5 + number * 13 + color * 31) % 60;
        [0, 1, 2].map(|color| (noise(color) + if is_bright { 190 } else { 5 }) as u8)
    })
}

/// A folder of images by class, numbered.
fn write_images(at: &Path, numbers: std::ops::Range<usize>) {
    for class in ["sea", "sky"] {
        fs::create_dir_all(at.join(class)).unwrap();
        for number in numbers.clone() {
            fs::write(at.join(class).join(format!("{number:03}.bmp")), image(class, number))
                .unwrap();
        }
    }
}

fn course<'a>(data: &'a str, more: &'a str) -> Vec<&'a str> {
    let new = if more.contains("--init-from") { "" } else { NEW };
    let words = [more, new].into_iter().flat_map(str::split_whitespace);
    let start = ["train", "--task", "image-classification", "--data", data, "--warmup", "0"];
    start.into_iter().chain(words).collect()
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn model(at: &Path, run: &str) -> Vec<u8> {
    fs::read(at.join(run).join("model.safetensors")).unwrap()
}

#[test]
fn folders_of_images_become_a_classifier() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_images(&at.join("data/train"), 0..24);
    write_images(&at.join("data/validation"), 100..108);
    write_images(&at.join("data/test"), 200..216);
    fs::write(at.join("data/.DS_Store"), "hidden").unwrap();
    let run = "--lr 5e-3 --epochs 8 --batch-size 8 --augment flip --class-weights balanced \
               --out run --json";
    let trained = succeed(at, &course("data", run));
    let trained: Value = serde_json::from_str(&trained.stdout).unwrap();
    assert_eq!((&trained["step"], &trained["scores"]["accuracy"]), (&json!(48), &json!(100.0)));

    let config = read(&at.join("run/config.json"));
    assert_eq!(config["architectures"], json!(["ViTForImageClassification"]));
    assert_eq!(config["id2label"], json!({"0": "sea", "1": "sky"}));
    assert_eq!((&config["image_size"], &config["patch_size"]), (&json!(16), &json!(4)));
    let preprocessor = read(&at.join("run/preprocessor_config.json"));
    assert_eq!(preprocessor["size"], json!({"height": 16, "width": 16}));

    let evaluated = succeed(at, &["evaluate", "run", "data", "--json"]);
    let found: Value = serde_json::from_str(&evaluated.stdout).unwrap();
    assert_eq!((&found["task"], &found["examples"]), (&json!("image-classification"), &json!(32)));
    assert_eq!(found["scores"][0]["name"], "accuracy");
    assert_eq!(found["scores"][0]["value"], 100.0, "{found}");
    assert!(evaluated.stderr.contains("data/test"), "{}", evaluated.stderr);
    let plain = succeed(at, &["evaluate", "run", "data/validation"]).stdout;
    for part in ["16 examples", "macro_f1", "precision", "sky"] {
        assert!(plain.contains(part), "{plain}");
    }

    let images = ["data/test/sea/200.bmp", "data/test/sky/200.bmp"];
    let found = lines(&succeed(at, &[&["classify-image", "run", "--json"], &images[..]].concat()));
    let best: Vec<&Value> = found.iter().map(|line| &line["labels"][0]["label"]).collect();
    assert_eq!(best, ["sea", "sky"]);
}

#[test]
fn a_resumed_run_on_images_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_images(&at.join("data"), 0..9);
    let table =
        |number: usize| format!("data/sea/{number:03}.bmp,{}\n", ["a", "b", "c"][number % 3]);
    let rows: String = (0..9).map(table).collect();
    fs::write(at.join("table.csv"), format!("file_name,label\n{rows}")).unwrap();
    let from = format!("--init-from {}", pipeline("image-classification/vit"));
    let changes = "vit --dropout 0.1 --augment flip,crop --class-weights sea=3";
    for (index, (data, start)) in
        [("data", changes), ("table.csv", &from), ("data", "dinov2")].into_iter().enumerate()
    {
        let train = |out: &str, steps: usize| {
            let more = format!(
                "{start} --schedule constant --eval-interval 3 --accumulate 2 --batch-size 3 \
                 --out {out} --steps {steps}"
            );
            succeed(at, &course(data, &more));
        };
        let [whole, halves] = ["whole", "halves"].map(|name| format!("{name}-{index}"));
        train(&whole, 6);
        train(&halves, 3);
        let half = model(at, &halves);
        succeed(at, &["train", "--resume", &halves, "--steps", "6"]);
        assert!(half != model(at, &halves), "{start}: nothing was trained");
        assert!(model(at, &whole) == model(at, &halves), "{start}: other weights");
    }
    // A run goes on where the images are now, and not with others.
    fs::rename(at.join("data"), at.join("moved")).unwrap();
    refuse(at, &["train", "--resume", "whole-0", "--steps", "7"], (2, &["data"]));
    succeed(at, &["train", "--resume", "whole-0", "--steps", "7", "--data", "moved"]);
    fs::remove_file(at.join("moved/sea/000.bmp")).unwrap();
    let resume = ["train", "--resume", "whole-0", "--steps", "8"];
    refuse(at, &resume, (2, &["moved", "differs from the run's original data"]));
}

#[test]
fn changes_and_weights_change_the_training() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_images(&at.join("data"), 0..8);
    let losses = |out: &str, more: &str| -> Vec<f64> {
        let run = format!("--steps 4 --eval-interval 4 --epsilon 1e-3 --out {out} {more}");
        succeed(at, &course("data", &run));
        let metrics = fs::read_to_string(at.join(out).join("metrics.jsonl")).unwrap();
        let read = |line: &str| serde_json::from_str::<Value>(line).unwrap()["loss"].as_f64();
        metrics.lines().map(|line| read(line).unwrap()).collect()
    };
    let plain = losses("plain", "--batch-size 6");
    for (out, more) in [
        ("flip", "--augment flip"),
        ("crop", "--augment crop"),
        ("weights", "--class-weights sky=9"),
    ] {
        let changed = losses(out, &format!("--batch-size 6 {more}"));
        assert!((changed[0] - plain[0]).abs() > 1e-4, "{more}: {changed:?}");
        // The order of the micro-batches changes neither the images nor the weights.
        let parts =
            losses(&format!("{out}-parts"), &format!("--batch-size 2 --accumulate 3 {more}"));
        for (one, many) in changed.iter().zip(&parts) {
            assert!((one - many).abs() < 1e-5, "{more}: {many} for {one}");
        }
    }
}

#[test]
fn a_recipe_makes_the_same_run_on_images() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_images(&at.join("data/train"), 0..8);
    write_images(&at.join("data/validation"), 100..104);
    write_images(&at.join("held"), 200..204);
    let first = "--steps 3 --batch-size 4 --augment flip,crop --class-weights sky=9 \
                 --label-smoothing 0.1 --optimizer lion --freeze patch_embeddings --test held";
    let runs = [first, "--init-from run-0 --dropout 0.1 --epochs 1 --batch-size 4"];
    for (index, more) in runs.into_iter().enumerate() {
        let run = format!("run-{index}");
        succeed(at, &course("data", &format!("{more} --out {run}")));
        let recipe = format!("{run}/recipe.toml");
        succeed(at, &["train", &recipe, "--out", "again"]);
        assert!(model(at, &run) == model(at, "again"), "{more}");
        let text = fs::read_to_string(at.join(&recipe)).unwrap();
        assert_eq!(text, fs::read_to_string(at.join("again/recipe.toml")).unwrap(), "{more}");
        fs::remove_dir_all(at.join("again")).unwrap();
    }
    let test = read(&at.join("run-0/test.json"));
    assert_eq!((&test["task"], &test["examples"]), (&json!("image-classification"), &json!(8)));
    // The patches of another size are an eighth of it again.
    let larger = ["--image-size", "64", "--out", "larger"];
    succeed(at, &[&["train", "run-0/recipe.toml"], &larger[..]].concat());
    assert_eq!(read(&at.join("larger/config.json"))["patch_size"], 8);
    let smoothed = ["--label-smoothing", "0.3", "--out", "smoothed"];
    succeed(at, &[&["train", "run-0/recipe.toml"], &smoothed[..]].concat());
    assert!(model(at, "run-0") != model(at, "smoothed"));
}

#[test]
fn bad_images_are_named_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write_images(&at.join("good"), 0..4);
    write_images(&at.join("note"), 0..4);
    fs::write(at.join("note/sea/note.txt"), "no image").unwrap();
    write_images(&at.join("cut"), 0..4);
    fs::write(at.join("cut/sky/001.bmp"), "no image").unwrap();
    write_images(&at.join("other"), 0..4);
    fs::rename(at.join("other/sky"), at.join("other/land")).unwrap();
    fs::create_dir_all(at.join("one/sea")).unwrap();
    fs::write(at.join("one/sea/0.bmp"), image("sea", 0)).unwrap();
    fs::write(at.join("texts.csv"), "text,label\na,b\nc,d\n").unwrap();

    let images = |data: &str, more: &str, expected: &[&str]| {
        refuse(at, &course(data, more), (2, expected));
    };
    images("note", "", &["note/sea/note.txt is not an image"]);
    images("cut", "", &["cut/sky/001.bmp", "not a readable image"]);
    images("one", "", &["the label \"sea\"", "at least two labels"]);
    images("none", "", &["none"]);
    images("texts.csv", "", &["texts.csv", "--text-column"]);
    images("good", "--validation other", &["other/land", "\"land\"", "sea, sky"]);
    images("good", "gpt2", &["gpt2 does not take images", "deit, dinov2, vit"]);
    images("good", "--context 8", &["--context is for texts"]);
    images("good", "--augment mixup", &["mixup", "flip and crop"]);
    images("good", "--class-weights land=2", &["--class-weights", "\"land\"", "sea, sky"]);
    images("good", "--class-weights 2", &["balanced"]);
    let size =
        ["train", "--task", "image-classification", "--data", "good", "--image-size", "9000"];
    refuse(at, &size, (2, &["9000 pixels are not between 1 and 4096"]));
    let patch = [&size[..5], &["--image-size", "30", "--patch-size", "4"]].concat();
    refuse(at, &patch, (2, &["patch_size"]));
    let task = ["train", "bert", "--data", "texts.csv", "--task"];
    let refuse_task = |more: &[&str], expected: &[&str]| {
        refuse(at, &[&task[..], more].concat(), (2, expected));
    };
    refuse_task(&["classification", "--augment", "flip"], &["--augment is for --task image"]);
    refuse_task(&["tagging", "--class-weights", "b=2"], &["--class-weights is for", "tagging"]);
    refuse_task(&["classification", "--class-weights", "x=2"], &["no label \"x\"", "b, d"]);

    succeed(at, &course("good", "--steps 1 --out run"));
    refuse(at, &["evaluate", "run", "other"], (2, &["\"land\"", "sea, sky"]));
    refuse(at, &["evaluate", "run", "good", "--prefix", "a"], (2, &["--prefix is for texts"]));
    let mut names: Vec<_> = fs::read_dir(at).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["cut", "good", "note", "one", "other", "run", "texts.csv"]);
}
