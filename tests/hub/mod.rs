//! Models by their Hub names, from a local test server.

mod server;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use burn_zoo::models::checkpoint::INDEX_FILE;
use serde_json::{Value, json};
use tempfile::TempDir;

use self::server::{FakeHub, Repo, TEMPLATE, TOKEN};
use crate::cli::{self, finish, zoo};
use crate::golden;
use crate::pipelines::sentence;

const OLD: &str = "1111111111111111111111111111111111111111";
const NEW: &str = "2222222222222222222222222222222222222222";

/// A Hub with a model of which some files are not downloaded.
fn tiny(commit: &str) -> Repo {
    let read = |name: &str| fs::read(golden::folder().join("gpt2/base").join(name)).unwrap();
    let mut files = BTreeMap::new();
    for name in ["config.json", "model.safetensors"] {
        files.insert(name.to_string(), read(name));
    }
    files.insert("chat_template.jinja".into(), TEMPLATE.to_vec());
    for name in ["pytorch_model.bin", "modeling.py", "onnx/model.onnx", "README.md"] {
        files.insert(name.into(), b"not for us".to_vec());
    }
    Repo { files, commit: commit.into(), is_gated: false }
}

fn weights() -> usize {
    tiny(OLD).files["model.safetensors"].len()
}

/// The program, in a folder with its own cache, configured for a Hub.
struct User {
    folder: TempDir,
    endpoint: String,
    offline: &'static str,
    token: &'static str,
}

impl User {
    fn of(hub: &FakeHub) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, endpoint: hub.address.clone(), offline: "0", token: "" }
    }

    fn offline(self) -> Self {
        Self { offline: "1", ..self }
    }

    fn run(&self, args: &[&str]) -> cli::Result {
        let mut command = zoo(self.folder.path(), args);
        command.env("HF_HUB_OFFLINE", self.offline).env("HF_ENDPOINT", &self.endpoint);
        command.env("HF_HOME", self.folder.path().join("hf")).env("HF_TOKEN", self.token);
        let result = finish(command.output().unwrap());
        assert!(!result.stderr.contains("panicked"), "{}", result.stderr);
        assert!(!result.stderr.contains(TOKEN), "the token is printed: {}", result.stderr);
        result
    }

    fn succeed(&self, args: &[&str]) -> cli::Result {
        let result = self.run(args);
        assert_eq!(result.code, Some(0), "zoo {}\n{}", args.join(" "), result.stderr);
        result
    }

    fn refuse(&self, args: &[&str], (code, expected): (i32, &[&str])) {
        let result = self.run(args);
        let what = format!("zoo {}\n{}", args.join(" "), result.stderr);
        assert_eq!(result.code, Some(code), "{what}");
        for part in expected {
            assert!(result.stderr.contains(part), "{part:?} is not in the answer to {what}");
        }
    }

    /// The folder that a download prints.
    fn download(&self, id: &str) -> PathBuf {
        PathBuf::from(self.succeed(&["download", id]).stdout.trim())
    }

    /// The model's folder in the cache.
    fn cache(&self) -> PathBuf {
        self.folder.path().join("hf/hub/models--org--tiny")
    }

    fn files(&self, below: &str) -> Vec<String> {
        let mut found: Vec<String> = fs::read_dir(self.cache().join(below))
            .map(|entries| {
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
            })
            .unwrap_or_default();
        found.sort();
        found
    }
}

/// A model of a recorded pipeline.
fn recorded(pipeline: &str) -> Repo {
    let folder = golden::folder().join("pipelines").join(pipeline);
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read(entry.path()).unwrap())
    };
    let files = fs::read_dir(folder).unwrap().map(|entry| file(entry.unwrap())).collect();
    Repo { files, commit: OLD.into(), is_gated: false }
}

#[test]
fn verbs_that_write_take_names_on_the_hub() {
    let hub = FakeHub::new();
    for name in ["summarization/t5", "translation/marian", "text-generation/gpt2"] {
        hub.publish(&format!("org/{}", name.replace('/', "-")), &["main"], &recorded(name));
    }
    let user = User::of(&hub);
    let short = ["-n", "4", "--quiet"];
    for verb in ["summarize org/summarization-t5", "translate org/translation-marian"] {
        let args: Vec<&str> = verb.split(' ').chain(["A text."]).chain(short).collect();
        user.succeed(&args);
    }
    let gpt2 = "org/text-generation-gpt2";
    let generate = ["generate", gpt2, "-p", "Anna", "--greedy", "-n", "4"];
    let alone = user.succeed(&generate);
    let drafted = user.succeed(&[&generate[..], &["--draft-model", gpt2]].concat());
    assert_eq!(drafted.stdout, alone.stdout);
    // The name of a missing directory is not a model on the Hub either.
    let absent = [&generate[..], &["--draft-model", "org/absent"]].concat();
    user.refuse(&absent, (2, &["no such directory", "org/absent"]));
}

#[test]
fn a_model_is_fetched_once_and_then_there_without_a_network() {
    let hub = FakeHub::new();
    hub.publish("org/tiny", &["main"], &tiny(OLD));
    let user = User::of(&hub);
    let answer = user.succeed(&["download", "org/tiny"]);
    assert!(answer.stderr.contains(&format!("org/tiny@{OLD} pins it")), "{}", answer.stderr);
    let folder = PathBuf::from(answer.stdout.trim());
    assert_eq!(folder, user.cache().join("snapshots").join(OLD));
    let expected = ["chat_template.jinja", "config.json", "model.safetensors"];
    assert_eq!(user.files(&format!("snapshots/{OLD}")), expected);
    assert_eq!(fs::read(folder.join("chat_template.jinja")).unwrap(), TEMPLATE);
    assert_eq!(fs::read(user.cache().join("refs/main")).unwrap(), OLD.as_bytes());
    // A second run requests the commit of `main`, and no files.
    let asked = hub.state().hub_requests.len();
    let check = user.succeed(&["check", "org/tiny"]);
    assert!(check.stdout.contains("gpt2"), "{}", check.stdout);
    assert_eq!(hub.state().hub_requests.len(), asked + 1);
    // A commit never changes: no requests.
    let quiet = user.succeed(&["check", &format!("org/tiny@{OLD}")]);
    assert_eq!((hub.state().hub_requests.len(), quiet.stderr.as_str()), (asked + 1, ""));
    let out = ["forward", "org/tiny", "--ids", "1,2", "--out", "o.safetensors"];
    let user = user.offline();
    user.succeed(&out);
    user.succeed(&["check", "org/tiny", "--revision", OLD]);
    assert_eq!(hub.state().hub_requests.len(), asked + 1);
    user.refuse(&["check", "org/other"], (2, &["org/other", "not in the cache", "HF_HUB_OFFLINE"]));
    // If the Hub is unreachable, the cache is used, with a note.
    let gone = User { endpoint: "http://127.0.0.1:9".into(), offline: "0", ..user };
    let answer = gone.succeed(&["check", "org/tiny"]);
    assert!(answer.stderr.contains("using the cached copy"), "{}", answer.stderr);
    gone.refuse(&["check", "org/other"], (1, &["no directory org/other", "cannot be reached"]));
}

#[test]
fn a_tokenizer_comes_in_whatever_files_it_has() {
    let names = "added_tokens.json merges.txt sentencepiece.bpe.model sentencepiece.model source.spm spiece.model \
                 spm.model target.spm tokenizer.model vocab.json vocab.txt";
    let names: Vec<&str> = names.split(' ').collect();
    let hub = FakeHub::new();
    let mut repo = tiny(OLD);
    repo.files.extend(names.iter().map(|name| (name.to_string(), name.as_bytes().to_vec())));
    hub.publish("org/tiny", &["main"], &repo);
    let user = User::of(&hub);
    let folder = user.download("org/tiny");
    for name in &names {
        assert_eq!(fs::read(folder.join(name)).unwrap(), name.as_bytes(), "{name}");
    }
    // With tokenizer.json, the other files are not needed.
    repo.files.insert("tokenizer.json".into(), b"{}".to_vec());
    repo.commit = NEW.into();
    hub.publish("org/tiny", &["main"], &repo);
    let user = User::of(&hub);
    let folder = user.download("org/tiny");
    for name in &names {
        assert!(!folder.join(name).exists(), "{name}");
    }
    // A completely cached commit is not requested again.
    let asked = hub.state().hub_requests.len();
    user.download(&format!("org/tiny@{NEW}"));
    assert_eq!(hub.state().hub_requests.len(), asked);
}

#[test]
fn a_revision_is_a_commit_and_can_be_pinned() {
    let hub = FakeHub::new();
    hub.publish("org/tiny", &["main", "v1"], &tiny(OLD));
    let user = User::of(&hub);
    assert!(user.download("org/tiny").ends_with(OLD));
    let mut changed = tiny(NEW);
    changed.files.insert("generation_config.json".into(), b"{\"eos_token_id\": 1}".to_vec());
    hub.publish("org/tiny", &["main"], &changed);
    assert!(user.download("org/tiny").ends_with(NEW));
    assert!(user.download("org/tiny@v1").ends_with(OLD));
    assert!(user.download(&format!("org/tiny@{OLD}")).ends_with(OLD));
    assert_eq!(user.files(&format!("snapshots/{NEW}")).len(), 4);
    assert_eq!(user.files(&format!("snapshots/{OLD}")).len(), 3);
    // Files that both revisions share are stored once.
    assert_eq!(user.files("blobs").len(), 4);
    user.refuse(&["check", "org/tiny@v9"], (2, &["org/tiny has no revision \"v9\""]));
    user.refuse(&["check", "org/tiny", "--revision", "../x"], (2, &["../x", "not a revision"]));
    user.refuse(&["check", ".", "--revision", "v1"], (2, &["--revision", "a directory"]));
    let json = user.succeed(&["download", "org/tiny", "--revision", "v1", "--json"]).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["commit"], &json["revision"]), (&json!(OLD), &json!("v1")));
}

#[test]
fn what_broke_off_goes_on_where_it_stopped() {
    let hub = FakeHub::new();
    hub.publish("org/tiny", &["main"], &tiny(OLD));
    // Every connection transfers a piece; the pieces are appended.
    let piece = weights() / 3 + 1;
    hub.state().piece = Some(piece);
    let user = User::of(&hub);
    user.succeed(&["check", &user.download("org/tiny").display().to_string()]);
    let ranges = |hub: &FakeHub| -> Vec<Option<String>> {
        let of_weights = |path: &str| path.ends_with("model.safetensors");
        let state = hub.state();
        let asked = state.file_requests.iter().filter(|asked| of_weights(&asked.path));
        asked.map(|asked| asked.range.clone()).collect()
    };
    let from = |start: usize| Some(format!("bytes={start}-"));
    assert_eq!(ranges(&hub), [None, from(piece), from(2 * piece)]);
    // A connection that transfers nothing is an error, and the next run resumes.
    let user = User::of(&hub);
    hub.state().file_requests.clear();
    hub.state().piece = Some(0);
    user.refuse(&["download", "org/tiny"], (1, &["interrupted at 0 of", "to resume"]));
    hub.state().piece = Some(piece);
    user.download("org/tiny");
    // A server without range support sends the whole file again, which replaces the partial one.
    let user = User::of(&hub);
    hub.state().piece = None;
    hub.state().ignores_ranges = true;
    let blob = user.download("org/tiny").join("model.safetensors").canonicalize().unwrap();
    let content = fs::read(&blob).unwrap();
    fs::write(blob.with_extension("incomplete"), &content[..100]).unwrap();
    fs::remove_file(&blob).unwrap();
    user.download("org/tiny");
    assert_eq!(fs::read(&blob).unwrap(), content);
    // A partial file longer than the file is not a part of it.
    fs::write(blob.with_extension("incomplete"), [&content[..], b"more"].concat()).unwrap();
    fs::remove_file(&blob).unwrap();
    user.download("org/tiny");
    assert_eq!(fs::read(&blob).unwrap(), content);
}

#[test]
fn a_file_that_is_not_what_the_hub_says_is_removed() {
    let hub = FakeHub::new();
    hub.publish("org/tiny", &["main"], &tiny(OLD));
    hub.state().corrupts = true;
    let user = User::of(&hub);
    let expected = ["does not match the Hub's listing", "SHA-256", "was removed"];
    user.refuse(&["download", "org/tiny"], (1, &expected));
    assert_eq!(user.files("blobs"), Vec::<String>::new());
    assert_eq!(user.files("refs"), Vec::<String>::new());
    hub.state().corrupts = false;
    user.download("org/tiny");
    // A partial file with other content fails too.
    let blob = user.download("org/tiny").join("model.safetensors").canonicalize().unwrap();
    fs::remove_file(&blob).unwrap();
    fs::write(blob.with_extension("incomplete"), vec![7; 100]).unwrap();
    user.refuse(&["download", "org/tiny"], (1, &expected));
    user.download("org/tiny");
}

#[test]
fn what_the_hub_does_not_show_is_explained() {
    let hub = FakeHub::new();
    let gated = Repo { is_gated: true, ..tiny(OLD) };
    hub.publish("org/tiny", &["main"], &gated);
    let mut pickled = tiny(OLD);
    pickled.files.remove("model.safetensors");
    hub.publish("org/pickled", &["main"], &pickled);
    let mut other = tiny(OLD);
    other.files.remove("config.json");
    hub.publish("org/data", &["main"], &other);
    let user = User::of(&hub);
    user.refuse(
        &["check", "org/none"],
        (2, &["no such directory", "no model org/none", "HF_TOKEN"]),
    );
    user.refuse(&["check", "org/tiny"], (1, &["agree to its terms", "/org/tiny", "HF_TOKEN"]));
    let pickles = ["no weights in safetensors", "can execute code", "pytorch_model.bin"];
    user.refuse(&["check", "org/pickled"], (2, &pickles));
    user.refuse(&["check", "org/data"], (2, &["org/data has no config.json"]));
    let wrong = User { token: "hf_wrong", ..user };
    wrong.refuse(&["check", "org/tiny"], (1, &["account of the token", "/org/tiny"]));
    let right = User { token: TOKEN, ..wrong };
    right.succeed(&["check", "org/tiny"]);
    // The Hub received the token, and the server that it redirects to did not.
    let state = hub.state();
    assert!(state.hub_requests.last().unwrap().has_token);
    assert!(!state.file_requests.is_empty());
    assert!(state.file_requests.iter().all(|asked| !asked.has_token));
}

#[test]
fn an_index_names_files_of_the_model_and_no_others() {
    let hub = FakeHub::new();
    let user = User::of(&hub);
    let model = golden::folder().join("gpt2/base").display().to_string();
    user.succeed(&["convert", &model, "sharded", "--max-shard-size", "20000"]);
    let mut repo = tiny(OLD);
    repo.files.remove("model.safetensors");
    for entry in fs::read_dir(user.folder.path().join("sharded")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_string();
        repo.files.insert(name, fs::read(&path).unwrap());
    }
    hub.publish("org/tiny", &["main"], &repo);
    assert!(repo.files.len() > 8, "{:?}", repo.files.keys());
    user.succeed(&["check", "org/tiny"]);
    let is_unwanted =
        |path: &str| [".bin", ".py", ".onnx", ".md"].iter().any(|e| path.ends_with(e));
    assert!(!hub.state().hub_requests.iter().any(|asked| is_unwanted(&asked.path)));

    for name in ["../../evil.safetensors", "/etc/passwd", "a/b.safetensors", "..", "modeling.py"] {
        let mut hostile = Repo { commit: NEW.into(), ..repo.clone() };
        let index = json!({ "weight_map": { "wte.weight": name } }).to_string();
        hostile.files.insert(INDEX_FILE.into(), index.into_bytes());
        hostile.files.insert(name.into(), b"evil".to_vec());
        hub.publish("org/tiny", &["main"], &hostile);
        user.refuse(&["download", "org/tiny"], (1, &[name, "not the name of a shard"]));
        assert!(!user.cache().join("evil.safetensors").exists());
    }
    let mut lacking = Repo { commit: NEW.into(), ..repo };
    let index = json!({ "weight_map": { "wte.weight": "gone.safetensors" } }).to_string();
    lacking.files.insert(INDEX_FILE.into(), index.into_bytes());
    hub.publish("org/tiny", &["main"], &lacking);
    user.refuse(&["download", "org/tiny"], (1, &["gone.safetensors", "does not have"]));
}

/// The relative paths of the files below a folder.
fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_string();
            found.insert(name, fs::read(path).unwrap());
        }
    }
    found
}

#[test]
fn modules_have_folders_of_their_own() {
    for (case, folder) in [("folder", "0_Transformer"), ("dense-identity", "2_Dense")] {
        let (at, text, expected) = sentence::written(case);
        let hub = FakeHub::new();
        let mut files = files_below(at.path());
        files.insert("2_Dense/pytorch_model.bin".into(), b"not for us".to_vec());
        files.insert("3_Other/config.json".into(), b"no module of the model".to_vec());
        hub.publish("org/tiny", &["main"], &Repo { files, commit: OLD.into(), is_gated: false });
        let user = User::of(&hub);
        let line = user.succeed(&["embed", "org/tiny", "--json", &text]).stdout;
        let line: Value = serde_json::from_str(&line).unwrap();
        let found: Vec<f32> = serde_json::from_value(line["embedding"].clone()).unwrap();
        golden::assert_close(case, &found, &expected, 1e-5);
        assert!(!user.files(&format!("snapshots/{OLD}/{folder}")).is_empty());
        assert!(!user.files(&format!("snapshots/{OLD}")).contains(&"3_Other".to_string()));
        assert!(!hub.state().hub_requests.iter().any(|asked| asked.path.ends_with(".bin")));
        // A cached commit is not requested.
        let asked = hub.state().hub_requests.len();
        user.succeed(&["embed", &format!("org/tiny@{OLD}"), &text]);
        assert_eq!(hub.state().hub_requests.len(), asked);
        user.offline().succeed(&["embed", "org/tiny", &text]);
    }
}
