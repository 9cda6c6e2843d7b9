//! `zoo serve`, as a program.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use burn_zoo::datasets::tokenizer::Tokenizer;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::{refuse, succeed, zoo};
use crate::golden::folder;

/// A tiny GPT-2 whose tokens are characters; the third is the end token.
fn directory() -> TempDir {
    let at = tempfile::tempdir().unwrap();
    let place = at.path().join("tiny-gpt2");
    fs::create_dir(&place).unwrap();
    for name in ["config.json", "model.safetensors"] {
        fs::copy(folder().join("gpt2/base").join(name), place.join(name)).unwrap();
    }
    let characters = (' '..='~').chain(['\n', 'é']);
    Tokenizer::characters(characters).unwrap().save(&place).unwrap();
    at
}

/// A running program.
struct Program {
    child: Child,
    url: String,
}

impl Program {
    fn start(at: &TempDir, more: &[&str]) -> Self {
        let args = [&["serve", "tiny-gpt2", "--port", "0", "--json"], more].concat();
        let mut command = zoo(at.path(), &args);
        command.env_remove("ZOO_API_KEY").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?}"));
        Self { child, url: said["listening"].as_str().unwrap().to_string() }
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = super::agent().post(format!("{}{path}", self.url));
        let request = request.header("content-type", "application/json");
        let mut response = request.send(body.to_string()).unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        (response.status().as_u16(), serde_json::from_str(&text).unwrap())
    }

    /// Sends a signal; returns the exit status and the output.
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (status.code(), said)
    }
}

#[cfg(unix)]
#[test]
fn the_program_serves_a_directory_until_it_is_told_to_stop() {
    let at = directory();
    for (signal, seed) in [("-TERM", "1"), ("-INT", "2")] {
        let program = Program::start(&at, &["--seed", seed]);
        let body =
            json!({ "model": "tiny-gpt2", "prompt": "Once", "max_tokens": 20, "temperature": 0 });
        let (status, answer) = program.post("/v1/completions", &body);
        assert_eq!(status, 200, "{answer}");
        let text = answer["choices"][0]["text"].as_str().unwrap();
        // The same text as from `zoo generate`.
        let args = ["generate", "tiny-gpt2", "--prompt", "Once", "-n", "20", "--greedy"];
        assert_eq!(succeed(at.path(), &args).stdout, format!("Once{text}\n"));
        let (status, answer) = program.post(
            "/v1/chat/completions",
            &json!({ "model": "tiny-gpt2", "messages": [{ "role": "user", "content": "a" }] }),
        );
        assert_eq!(status, 400);
        assert!(answer["error"]["message"].as_str().unwrap().contains("no chat template"));
        let (_, answer) =
            program.post("/v1/completions", &json!({ "model": "tiny-gpt2", "prompt": "Ö" }));
        assert!(answer["error"]["message"].as_str().unwrap().contains("'Ö'"), "{answer}");
        let url = program.url.clone();
        let (code, said) = program.end(signal);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(&format!("listening on {url}")), "{said}");
        assert!(
            said.contains("finishing running requests") && !said.contains("panicked"),
            "{said}"
        );
    }
}

#[cfg(unix)]
#[test]
fn the_program_warns_where_others_can_ask_and_asks_for_its_key() {
    let at = directory();
    let mut program = Program::start(&at, &["--host", "0.0.0.0", "--quiet", "--name", "a/b"]);
    program.url = program.url.replace("0.0.0.0", "127.0.0.1");
    assert_eq!(program.post("/v1/completions", &json!({ "model": "a/b", "prompt": "A" })).0, 200);
    let (code, said) = program.end("-TERM");
    assert_eq!(code, Some(0));
    assert!(said.contains("warning: 0.0.0.0") && said.contains("every client ("), "{said}");

    let program = Program::start(&at, &["--api-key", "k"]);
    assert_eq!(program.post("/v1/completions", &json!({})).0, 401);
    program.end("-TERM");
}

#[test]
fn what_cannot_be_served_is_refused() {
    let at = directory();
    refuse(at.path(), &["serve", "nowhere"], (2, &["nowhere", "no such directory"]));
    refuse(at.path(), &["serve", "tiny-gpt2", "--batch", "0"], (2, &["at least 1"]));
    refuse(at.path(), &["serve", "tiny-gpt2", "--host", "here"], (2, &["--host"]));
    refuse(at.path(), &["serve", "tiny-gpt2", "--api-key", ""], (2, &["the key is empty"]));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    refuse(at.path(), &["serve", "tiny-gpt2", "--port", &port], (1, &["cannot listen on", &port]));
    let vit = folder().join("vit/base");
    refuse(at.path(), &["serve", vit.to_str().unwrap()], (2, &["a model that generates text"]));
    fs::write(at.path().join("tiny-gpt2/chat_template.jinja"), "{% if %}").unwrap();
    let parts = ["chat_template.jinja", "the chat template is invalid"];
    refuse(at.path(), &["serve", "tiny-gpt2"], (1, &parts));
    let help = succeed(at.path(), &["serve", "--help"]).stdout;
    assert!(help.contains("Examples:") && help.contains("--max-new-tokens"), "{help}");
}
