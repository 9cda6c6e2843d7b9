//! Published directories, without their weights: each is supported, or rejected because of its
//! architecture. They are in `$ZOO_DATA/published`.
//!
//! `ZOO_BLESS=1 cargo test --release --workspace --test suite published` rewrites the book's page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use burn_zoo::models::checkpoint::ModelSpec;
use burn_zoo::models::families::{FAMILIES, Family};
use burn_zoo::models::parameters::{ParameterInfo, ParameterRole};

use crate::golden::{folder, json};

const INTRODUCTION: &str = "\
# Published directories

Which model directories were read as their owners published them: config, class, tokenizer and generation
files, without the weights. A test goes over all of them where they are at hand, and writes this page.

A directory is *followed* where `zoo show` describes its model; the number of its parameters is then compared
with that of the published weights (by their index) or of the class in `transformers` 5.23.0. The others are
refused for the reason below.

| family | followed | counts compared | directories |
|---|---|---|---|
";

/// The folder of published directories; `None` if it is not available.
pub(crate) fn published() -> Option<PathBuf> {
    let path = std::env::var_os("ZOO_DATA").map(|data| Path::new(&data).join("published"));
    let path = path.filter(|path| path.is_dir());
    if path.is_none() {
        assert!(std::env::var_os("ZOO_MUST_FETCH").is_none(), "$ZOO_DATA/published must be there");
        eprintln!("skipped: there is no $ZOO_DATA/published");
    }
    path
}

/// Every published directory with a config, by the name of its folder and its own.
pub(crate) fn directories(root: &Path) -> Vec<(String, PathBuf)> {
    let inside = |path: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
        folders.sort();
        folders
    };
    let all = inside(root).into_iter().flat_map(|family| inside(&family));
    let named = all
        .filter(|path| path.join("config.json").exists())
        .map(|path| (path.strip_prefix(root).unwrap().display().to_string(), path.clone()));
    named.collect()
}

/// One directory.
struct Tried {
    name: String,
    /// The number of its parameters, or the reason for its rejection.
    outcome: Result<usize, String>,
    /// The number of parameters in the reference.
    expected: Option<usize>,
}

/// The family of a config, if it is supported; `model_type` may be missing.
fn family(config: &serde_json::Value, spec: Option<&ModelSpec>) -> Option<&'static Family> {
    let named = config["model_type"].as_str();
    let found = FAMILIES
        .iter()
        .find(|family| named.is_some_and(|named| family.model_types.contains(&named)));
    found.copied().or_else(|| Some(spec?.family))
}

fn tried(root: &Path) -> BTreeMap<&'static str, Vec<Tried>> {
    let counts: BTreeMap<String, usize> = json(&folder().join("published.json"));
    let mut families: BTreeMap<&'static str, Vec<Tried>> = BTreeMap::new();
    for (name, path) in directories(root) {
        let spec = ModelSpec::describe(&path, &Device::flex());
        let config = json(&path.join("config.json"));
        let Some(family) = family(&config, spec.as_ref().ok()) else {
            continue;
        };
        let outcome = match spec {
            Ok(spec) => {
                let parameters = spec.model(&Device::flex()).parameters();
                let counted =
                    parameters.iter().filter(|p| p.properties.role != ParameterRole::Buffer);
                Ok(counted.map(ParameterInfo::count).sum())
            }
            Err(error) => Err(error.to_string().split(": ").skip(1).collect::<Vec<_>>().join(": ")),
        };
        let expected = counts.get(&name).copied();
        families.entry(family.name()).or_default().push(Tried { name, outcome, expected });
    }
    families
}

/// Directories whose counts differ from the reference's, and why the difference is correct.
const DIFFERENT: &[(&str, &str)] = &[
    // Its index counts the rotary frequencies, which follow from the config.
    ("llama/Llama-2-7b-hf", "rotary_emb.inv_freq"),
];

/// Directories of supported families that may be rejected, with the reason.
const REFUSED: &[(&str, &str)] = &[
    // An mBART under BART's name, as saved by transformers 3; the current version computes it
    // differently.
    ("bart/mbart-large-en-ro-2020", "normalize_before = true"),
    ("llama/Llama-3.1-8B-Instruct-resaved", "quantization_config = \"bitsandbytes\""),
    ("llama/Wizard-Vicuna-30B-Uncensored-GPTQ", "quantization_config = \"gptq\""),
];

#[test]
fn published_directories_are_followed_or_refused_for_a_reason() {
    let Some(root) = published() else { return };
    let families = tried(&root);
    let mut problems = String::new();
    let mut refused = BTreeSet::new();
    let (mut followed, mut compared) = (0, 0);
    for one in families.values().flatten() {
        match &one.outcome {
            Ok(count) => {
                followed += 1;
                let is_known = DIFFERENT.iter().any(|(name, _)| *name == one.name);
                if let Some(expected) = one.expected.filter(|_| !is_known) {
                    compared += 1;
                    if expected != *count {
                        writeln!(problems, "{}: {count} parameters, not {expected}", one.name)
                            .unwrap();
                    }
                }
            }
            Err(reason) => {
                refused.insert(one.name.as_str());
                let known = REFUSED.iter().find(|(name, _)| *name == one.name);
                if !known.is_some_and(|(_, part)| reason.contains(part)) {
                    writeln!(problems, "{}: {reason}", one.name).unwrap();
                }
            }
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
    let expected: BTreeSet<&str> = REFUSED.iter().map(|(name, _)| *name).collect();
    assert_eq!(refused, expected, "what is followed now need not be refused");
    assert!(followed >= 176 && compared >= 140, "{followed} followed, {compared} compared");
    page_is_current(&families);
}

fn page_is_current(families: &BTreeMap<&str, Vec<Tried>>) {
    let mut text = INTRODUCTION.to_string();
    let mut reasons = String::new();
    for (family, all) in families {
        let followed = all.iter().filter(|one| one.outcome.is_ok()).count();
        let compared =
            all.iter().filter(|one| one.outcome.is_ok() && one.expected.is_some()).count();
        let names: Vec<&str> =
            all.iter().filter_map(|one| one.name.split('/').next_back()).collect();
        let (names, count) = (names.join(", "), all.len());
        writeln!(text, "| `{family}` | {followed} of {count} | {compared} | {names} |").unwrap();
        for one in all {
            if let Err(reason) = &one.outcome {
                writeln!(reasons, "- `{}`: {reason}", one.name).unwrap();
            }
        }
    }
    writeln!(text, "\nRefused:\n\n{}", reasons.trim_end()).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/published.md");
    if std::env::var_os("ZOO_BLESS").is_some() {
        fs::write(&path, text).unwrap();
        return;
    }
    let current = fs::read_to_string(&path).unwrap_or_default();
    assert!(current == text, "{} is not what the program does today", path.display());
}
