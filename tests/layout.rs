//! Code structure rules, as tests.

use std::fs;
use std::path::{Path, PathBuf};

use burn_zoo::models::families::FAMILIES;
use zoo_fingerprint::{before_tests, code_lines};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder, with its text.
pub(crate) fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path.strip_prefix(root()).unwrap().to_path_buf(), text));
        }
    }
    found.sort();
    found
}

/// The crates, by the folder of their sources.
pub(crate) const CRATES: [&str; 7] = [
    "src",
    "models/src",
    "models/kernels/src",
    "models/fingerprint/src",
    "datasets/src",
    "train/src",
    "report/src",
];

/// The folders of the sources of all crates, the benchmarks' too.
pub(crate) fn folders() -> impl Iterator<Item = &'static str> {
    CRATES.into_iter().chain(["bench/src"])
}

/// The modules of `zoo-models`, in the order of their allowed dependencies.
const LEVELS: &[&[&str]] = &[
    &["parameters", "precision"],
    &["layers"],
    &["blocks"],
    &["backbones"],
    &["heads"],
    &["hf"],
    &["families"],
    &["checkpoint"],
    &["generate"],
    &["prelude"],
];

#[test]
fn a_module_of_the_zoo_uses_only_lower_ones() {
    let level = |name: &str| LEVELS.iter().position(|names| names.contains(&name));
    let mut checked = 0;
    for (path, text) in sources("models/src") {
        let module = path.strip_prefix("models/src").unwrap().components().next().unwrap();
        let module = module.as_os_str().to_str().unwrap().trim_end_matches(".rs");
        let Some(own) = level(module) else {
            assert_eq!(module, "lib", "{} has no level", path.display());
            continue;
        };
        let lines = code_lines(&text);
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        for used in text.split("crate::").skip(1) {
            let name: String =
                used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let other =
                level(&name).unwrap_or_else(|| panic!("{} uses crate::{name}", path.display()));
            assert!(other <= own, "{} is below {name} and uses it", path.display());
            checked += 1;
        }
    }
    assert!(checked > 50, "{checked} imports were looked at");
}

#[test]
fn layers_backbones_and_loading_name_no_family() {
    let families = ["gpt2", "llama", "GPT2", "Gpt2", "Llama", "gemma", "mistral", "qwen", "phi3"];
    for (path, text) in sources("models/src") {
        let path = path.display().to_string();
        let is_neutral = ["layers", "blocks", "backbones", "checkpoint", "generate", "heads"]
            .iter()
            .any(|module| path.starts_with(&format!("models/src/{module}")));
        if !is_neutral {
            continue;
        }
        let lines = code_lines(&text);
        for line in lines {
            // One kind of rotary scaling has the name of a family.
            let line = line.replace("llama3", "").replace("Llama3", "");
            for family in families {
                assert!(!line.contains(family), "{path} names {family}: {line}");
            }
        }
    }
}

#[test]
fn families_touch_no_tensor() {
    for (path, text) in sources("models/src/families") {
        assert!(!before_tests(&text).contains("use burn"), "{}", path.display());
        assert!(!before_tests(&text).contains("Tensor"), "{}", path.display());
    }
}

/// Features that leave out a part of a crate, and the files at the part's border.
const PARTS: [(&str, &[&str]); 6] = [
    ("cli", &["src/lib.rs"]),
    ("compare", &["src/cli/mod.rs", "src/cli/verb.rs", "src/lib.rs"]),
    ("dashboard", &["train/src/display.rs", "train/src/job.rs", "train/src/lib.rs"]),
    ("hub", &["models/src/checkpoint/hub/fetch.rs", "models/src/checkpoint/hub/mod.rs"]),
    (
        "images",
        &[
            "src/cli/image_input/mod.rs",
            "src/cli/mod.rs",
            "src/cli/verb.rs",
            "src/pipeline/mod.rs",
            "src/prelude.rs",
        ],
    ),
    ("serve", &["src/cli/mod.rs", "src/cli/verb.rs", "src/lib.rs"]),
];

#[test]
fn linear_layers_are_our_own() {
    for (path, text) in sources("models/src") {
        let imports = text.lines().filter(|line| line.contains("use burn::nn::"));
        let found = imports.into_iter().any(|line| line.contains("Linear"));
        let names = ["nn::Linear", "LinearConfig"].iter().any(|name| text.contains(name));
        assert!(!found && !names, "{} uses Burn's linear layer", path.display());
    }
}

#[test]
fn one_file_knows_the_backends() {
    for folder in CRATES {
        for (path, text) in sources(folder) {
            // Custom operations exist only for their backend, and each records its backward pass on
            // that backend's tensors.
            let may = ["lib", "backend", "dispatch", "gradient", "testing"]
                .map(|name| format!("models/kernels/src/{name}.rs"))
                .iter()
                .any(|known| path == Path::new(known));
            let may = may || path == Path::new("src/device.rs");
            for rest in text.split("feature = \"").skip(1) {
                let name = rest.split('"').next().unwrap();
                let part = PARTS.iter().find(|(part, _)| *part == name);
                let may =
                    part.map_or(may, |(_, files)| files.iter().any(|at| path == Path::new(at)));
                assert!(may, "{} has a cfg on {name}", path.display());
            }
            let default = text.contains("Device::default()");
            assert!(!default, "{} uses whatever device is default", path.display());
        }
    }
}

#[test]
fn data_and_models_do_not_know_each_other() {
    let manifest = |name: &str| fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
    assert!(!manifest("datasets").contains("zoo-models"));
    assert!(!manifest("datasets").contains("\nburn"));
    assert!(!manifest("models").contains("zoo-datasets"));
    for needless in ["\nburn", "zoo-models", "zoo-datasets"] {
        assert!(!manifest("report").contains(needless), "zoo-report depends on {needless}");
    }
}

/// Whether a file consists of `mod` and `use` items.
pub(crate) fn only_declares(text: &str) -> bool {
    let items = code_lines(text).filter(|line| !line.starts_with('#'));
    let items: String = items.flat_map(|line| [line, "\n"]).collect();
    // The examples of a README are of an item that exists in tests of documentation only.
    let items = items.replace("struct Readme;", "");
    items.split(';').map(str::trim).filter(|item| !item.is_empty()).all(|item| {
        let mut words = item.split_whitespace().filter(|word| !word.starts_with("pub"));
        matches!(words.next(), Some("mod" | "use"))
    })
}

#[test]
fn a_module_file_declares_and_reexports() {
    assert!(only_declares(
        "//! A.\n\nmod a;\npub(super) mod b;\n#[cfg(c)]\nmod d;\n\npub use a::{E, F};\n"
    ));
    assert!(!only_declares("mod a;\n\npub struct B;\n"));
    assert!(only_declares("#[cfg(doctest)]\nstruct Readme;\n\nmod a;\n"));
    let files = folders().flat_map(sources).filter(|(path, _)| path.ends_with("mod.rs"));
    let found: Vec<PathBuf> =
        files.filter(|(_, text)| !only_declares(text)).map(|(path, _)| path).collect();
    assert!(found.is_empty(), "{found:#?}");
    for folder in ["datasets/src", "report/src", "src", "train/src"] {
        let text = fs::read_to_string(root().join(folder).join("lib.rs")).unwrap();
        assert!(only_declares(&text), "{folder}/lib.rs");
    }
}

/// A published crate is its folder: a file beside it would be missing from the package.
#[test]
fn a_package_holds_the_files_that_its_code_includes() {
    let root = fs::canonicalize(root()).unwrap();
    let mut checked = 0;
    for folder in CRATES {
        let readme = Path::new(folder).with_file_name("README.md");
        for (path, text) in sources(folder) {
            for rest in before_tests(&text).split("include_str!(\"").skip(1) {
                let file = path.with_file_name(rest.split('"').next().unwrap());
                let file = fs::canonicalize(root.join(&file)).unwrap();
                let file = file.strip_prefix(&root).unwrap();
                let is_inside = file.starts_with(folder) || file == readme;
                assert!(is_inside, "{} includes {}", path.display(), file.display());
                checked += 1;
            }
        }
    }
    assert!(checked >= 4, "{checked} inclusions were looked at");
}

fn is_family(path: &Path) -> bool {
    let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let is_there = path.starts_with("models/src/families");
    is_there && FAMILIES.iter().any(|family| family.name().replace('-', "_") == name)
}

#[test]
fn files_stay_small() {
    for folder in folders().chain(["examples", "tests"]) {
        for (path, text) in sources(folder) {
            let name = path.display().to_string();
            let limit = match folder {
                "examples" => 60,
                "tests" => 400,
                // A family file, not a shared one.
                _ if is_family(&path) => 150,
                _ if name.starts_with("models/src/heads/") => 120,
                _ => 300,
            };
            let lines = before_tests(&text).lines().count();
            assert!(lines <= limit, "{name} has {lines} lines, and {limit} are allowed");
        }
    }
}

#[test]
fn fixtures_stay_small() {
    let mut open = vec![root().join("tests/golden")];
    let mut bytes = 0;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            bytes += path.metadata().unwrap().len();
        }
    }
    // Nine tenths are for families, the rest for pipelines: models with their tokenizers.
    assert!(bytes < 13_300_000, "the fixtures have {bytes} bytes, and 13.3 MB are allowed");
}

#[test]
fn functions_take_few_parameters_and_no_flags() {
    for folder in CRATES {
        for (path, text) in sources(folder) {
            for function in before_tests(&text).split("pub fn ").skip(1) {
                let signature = function.split([';', '{']).next().unwrap();
                let Some((_, parameters)) = signature.split_once('(') else { continue };
                let name = signature.split(['(', '<']).next().unwrap();
                let parameters = parameters.split(") ->").next().unwrap();
                let flags = parameters.matches(": bool").count();
                assert_eq!(flags, 0, "{}: {name} takes a flag", path.display());
                // A parameter's name is followed by one colon; a path separator has two.
                let count = parameters.replace("::", "").matches(':').count();
                assert!(count <= 6, "{}: {name} takes {count} parameters", path.display());
            }
        }
    }
}

#[test]
fn shared_configs_stay_small() {
    for (path, text) in
        sources("models/src/backbones").into_iter().chain(sources("models/src/layers"))
    {
        for part in before_tests(&text).split("pub struct ").skip(1) {
            let name = part.split([' ', '{', '(', '<']).next().unwrap();
            if !name.ends_with("Config") {
                continue;
            }
            let body = part.split("\n}").next().unwrap();
            let fields = body.matches("\n    pub ").count();
            assert!(fields <= 12, "{}: {name} has {fields} fields", path.display());
            assert!(!body.contains(": bool"), "{}: {name} has a flag", path.display());
        }
    }
}

/// The anchors that mdBook gives the headings of a page.
fn anchors(text: &str) -> Vec<String> {
    // Outside code blocks, where `#` begins a comment.
    let outside = text.split("\n```").step_by(2).flat_map(str::lines);
    let headings = outside.filter(|line| line.starts_with('#')).map(|line| line.trim_matches('#'));
    let anchor = |heading: &str| {
        let lower = heading.trim().to_lowercase();
        let kept = lower.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn the_book_has_every_page_that_it_promises() {
    let book = root().join("docs/src");
    let summary = fs::read_to_string(book.join("SUMMARY.md")).unwrap();
    let pages: Vec<&str> =
        summary.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(pages.len() >= 8, "{pages:?}");
    for page in &pages {
        assert!(book.join(page).exists(), "{page} is promised and missing");
    }
    for entry in fs::read_dir(&book).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_string();
        let is_page = name.ends_with(".md") && name != "SUMMARY.md";
        assert!(!is_page || pages.contains(&name.as_str()), "{name} is not in SUMMARY.md");
        if name.ends_with(".md") {
            let text = fs::read_to_string(&path).unwrap();
            assert!(!text.contains("@@"), "{name} has a number that nobody filled in");
            for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
                if link.contains("://") {
                    continue;
                }
                let target = if file.is_empty() { path.clone() } else { book.join(file) };
                assert!(target.exists(), "{name} links to {link}");
                if !anchor.is_empty() {
                    let anchors = anchors(&fs::read_to_string(target).unwrap());
                    assert!(anchors.iter().any(|known| known == anchor), "{name} links to {link}");
                }
            }
        }
    }
}
