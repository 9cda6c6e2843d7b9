//! `zoo classify-image`

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use burn_zoo::models::checkpoint::read_safetensors;
use serde_json::Value;

use super::{finish, refuse, succeed, zoo};
use crate::golden;

fn of(name: &str) -> PathBuf {
    golden::folder().join("pipelines/image-classification").join(name)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn an_image_is_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for name in ["rgb.png", "gray.png"] {
        fs::copy(of("images").join(name), at.join(name)).unwrap();
    }
    let model = text(&of("vit"));
    let answer = succeed(at, &["classify-image", &model, "rgb.png", "gray.png", "-k", "2"]).stdout;
    let lines: Vec<&str> = answer.lines().collect();
    assert_eq!(lines[0], "cat 0.4789, dog 0.3252  rgb.png");
    assert!(lines.len() == 2 && lines[1].ends_with("  gray.png"), "{answer}");

    // An invalid image is reported by name, and the others are classified.
    fs::write(at.join("bad.png"), "no image").unwrap();
    let args = ["classify-image", &model, "--json", "rgb.png", "bad.png", "gray.png"];
    let result = finish(zoo(at, &args).output().unwrap());
    assert_eq!(result.code, Some(1), "{}", result.stderr);
    for part in ["bad.png: not a readable image", "1 of 3 images failed"] {
        assert!(result.stderr.contains(part), "{}", result.stderr);
    }
    let lines: Vec<Value> =
        result.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["labels"][0]["label"], "cat");
    assert_eq!(lines[0]["labels"].as_array().unwrap().len(), 5);
    assert!(lines[1]["error"].is_string() && lines[2]["image"] == "gray.png", "{lines:?}");

    let args = ["classify-image", &model, "-"];
    let mut child =
        zoo(at, &args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.as_mut().unwrap();
    child.stdin.take().unwrap().write_all(b"gray.png\nrgb.png\r\n\xff.png\n").unwrap();
    let (mut found, mut errors) = (String::new(), String::new());
    std::io::Read::read_to_string(&mut child.stdout.take().unwrap(), &mut found).unwrap();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut errors).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(errors.contains("image 3: the line is not UTF-8"), "{errors}");
    assert!(found.lines().nth(1).unwrap().starts_with("cat 0.4789"), "{found}");
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let vit = text(&of("vit"));
    refuse(at, &["classify-image", &vit], (2, &["IMAGE"]));
    refuse(at, &["classify-image", &vit, "none.png"], (1, &["none.png", "No such file"]));
    refuse(at, &["classify-image", &vit, "-"], (2, &["no path on standard input"]));
    refuse(at, &["classify-image", &vit, "a.png", "-k", "0"], (2, &["--top-k is 0"]));
    let model = text(&golden::folder().join("bert/sequence"));
    let expected = ["BertForSequenceClassification", "an image classifier"];
    refuse(at, &["classify-image", &model, "a.png"], (2, &expected));
    let model = text(&golden::folder().join("vit/backbone"));
    let expected = ["accepted classes of its family", "ViTForImageClassification"];
    refuse(at, &["classify-image", &model, "a.png"], (2, &expected));
    let model = text(&golden::folder().join("vit/base"));
    refuse(at, &["classify-image", &model, "a.png"], (1, &["preprocessor_config.json", "resized"]));

    // A size other than the model's.
    for name in ["config.json", "model.safetensors", "preprocessor_config.json"] {
        fs::copy(of("vit").join(name), at.join(name)).unwrap();
    }
    let text = fs::read_to_string(at.join("preprocessor_config.json")).unwrap();
    fs::write(at.join("preprocessor_config.json"), text.replace("16", "32")).unwrap();
    let expected = ["32 x 32 pixels, but the model expects images of 16 x 16", "--image-size"];
    refuse(at, &["classify-image", ".", "a.png"], (1, &expected));
    fs::copy(of("images/rgb.png"), at.join("a.png")).unwrap();
    let sized = |size| ["classify-image", ".", "a.png", "--image-size", size];
    let lines = |size| succeed(at, &sized(size)).stdout;
    assert_ne!(lines("32"), lines("16"));
    assert_ne!(lines("16x32"), lines("32x16"));
    refuse(at, &sized("32x"), (2, &["is not a number of pixels"]));
    refuse(at, &sized("2"), (2, &["2 x 2 pixels holds no patch"]));
    refuse(at, &sized("5000"), (2, &["5000 pixels are not between"]));
}

#[test]
fn forward_takes_another_size_than_the_config_where_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for (case, is_told) in [("vit/wide", true), ("deit/low", true), ("dinov2/tall", false)] {
        let case = golden::Case::read(golden::folder().join(case));
        let (model, pixels) = (text(&case.path), text(&case.path.join("golden.safetensors")));
        let mut args = vec!["forward", &model, "--pixels", &pixels, "--out", "out.safetensors"];
        if is_told {
            refuse(at, &args, (2, &["takes images of 1 x 12 x 12", "--interpolate-positions"]));
            args.push("--interpolate-positions");
        }
        succeed(at, &args);
        let found = read_safetensors(&at.join("out.safetensors")).unwrap();
        let (found, expected) = (&found["last_hidden_state"], case.tensor("last_hidden_state"));
        assert_eq!(found.shape, expected.shape, "{}", case.name);
        let (error, _) = golden::relative_error(&found.values, &expected.values);
        assert!(error < 1e-5, "{}: {error}", case.name);
    }
}
