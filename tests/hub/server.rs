//! A local Hub server: it lists models and sends their files, correctly or with faults set by the
//! tests.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The only small file: its content, and its git SHA-1.
pub(super) const TEMPLATE: &[u8] = b"hello\n";
const TEMPLATE_HASH: &str = "ce013625030ba8dba906f756967f9e9ca394464a";

/// The token that gives access to gated models.
pub(super) const TOKEN: &str = "hf_good";

/// One model at one commit.
#[derive(Clone, Default)]
pub(super) struct Repo {
    pub(super) files: BTreeMap<String, Vec<u8>>,
    pub(super) commit: String,
    pub(super) is_gated: bool,
}

/// The contents of one request.
#[derive(Clone)]
pub(super) struct ReceivedRequest {
    pub(super) path: String,
    pub(super) range: Option<String>,
    pub(super) has_token: bool,
}

#[derive(Default)]
pub(super) struct State {
    /// Models by name and revision.
    pub(super) repos: BTreeMap<(String, String), Repo>,
    /// All requests to the Hub.
    pub(super) hub_requests: Vec<ReceivedRequest>,
    /// All requests to the server of large files.
    pub(super) file_requests: Vec<ReceivedRequest>,
    /// Large files are sent in pieces of this many bytes, then the connection is closed.
    pub(super) piece: Option<usize>,
    /// Whether ranges are ignored.
    pub(super) ignores_ranges: bool,
    /// Whether the last byte of every large file is changed.
    pub(super) corrupts: bool,
}

/// A Hub, and the server of large files that it redirects to.
pub(super) struct FakeHub {
    pub(super) address: String,
    state: Arc<Mutex<State>>,
}

impl FakeHub {
    pub(super) fn new() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let files = serve(state.clone(), file);
        let to_files =
            move |state: &mut State, request: ReceivedRequest| hub(state, request, &files);
        let address = serve(state.clone(), to_files);
        Self { address, state }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Publishes a model under these revisions.
    pub(super) fn publish(&self, name: &str, revisions: &[&str], repo: &Repo) {
        for revision in revisions.iter().copied().chain([repo.commit.as_str()]) {
            self.state().repos.insert((name.into(), revision.into()), repo.clone());
        }
    }
}

/// Handles every request, each on its own connection; returns the address.
fn serve<A>(state: Arc<Mutex<State>>, answer: A) -> String
where
    A: Fn(&mut State, ReceivedRequest) -> Vec<u8> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            if let Some(asked) = read(&connection) {
                let bytes = answer(&mut state.lock().unwrap(), asked);
                let _ = (&connection).write_all(&bytes);
            }
        }
    });
    address
}

fn read(connection: &TcpStream) -> Option<ReceivedRequest> {
    let mut lines = BufReader::new(connection).lines();
    let path = lines.next()?.ok()?.split(' ').nth(1)?.to_string();
    let mut asked = ReceivedRequest { path, range: None, has_token: false };
    for line in lines {
        let line = line.ok()?;
        let (name, value) = line.split_once(": ").unwrap_or((&line, ""));
        match name.to_ascii_lowercase().as_str() {
            "" => break,
            "range" => asked.range = Some(value.to_string()),
            "authorization" => asked.has_token = value == format!("Bearer {TOKEN}"),
            _ => {}
        }
    }
    Some(asked)
}

fn reply(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn hub(state: &mut State, asked: ReceivedRequest, files: &str) -> Vec<u8> {
    let path = asked.path.clone();
    state.hub_requests.push(asked.clone());
    let refuse = |status: &str, code: &str| {
        reply(status, &format!("X-Error-Code: {code}\r\n"), b"{\"error\":\"no\"}")
    };
    let find = |name: &str, revision: &str| {
        if !state.repos.keys().any(|(known, _)| known == name) {
            return Err(refuse("401 Unauthorized", "RepoNotFound"));
        }
        let found = state.repos.get(&(name.to_string(), revision.to_string()));
        found.ok_or_else(|| refuse("404 Not Found", "RevisionNotFound"))
    };
    let answer = || -> Result<Vec<u8>, Vec<u8>> {
        if let Some(rest) = path.strip_prefix("/api/models/") {
            let (name, revision) = rest.split_once("/revision/").unwrap();
            let revision = revision.split('?').next().unwrap().replace("%2F", "/");
            return Ok(reply("200 OK", "", &listing(find(name, &revision)?)));
        }
        let (name, rest) = path[1..].split_once("/resolve/").unwrap();
        let (revision, file) = rest.split_once('/').unwrap();
        let repo = find(name, revision)?;
        if repo.is_gated && !asked.has_token {
            return Err(refuse("401 Unauthorized", "GatedRepo"));
        }
        let Some(content) = repo.files.get(file) else {
            return Err(refuse("404 Not Found", "EntryNotFound"));
        };
        if content == TEMPLATE {
            return Ok(reply("200 OK", "", content));
        }
        Ok(reply("302 Found", &format!("Location: {files}{path}\r\n"), b""))
    };
    answer().unwrap_or_else(|refusal| refusal)
}

fn listing(repo: &Repo) -> Vec<u8> {
    let file = |(name, content): (&String, &Vec<u8>)| -> Value {
        if content == TEMPLATE {
            return json!({ "rfilename": name, "size": content.len(), "blobId": TEMPLATE_HASH });
        }
        let sha256: String = Sha256::digest(content).iter().map(|b| format!("{b:02x}")).collect();
        let size = content.len();
        json!({ "rfilename": name, "size": size, "lfs": { "sha256": sha256, "size": size } })
    };
    let siblings: Vec<Value> = repo.files.iter().map(file).collect();
    json!({ "sha": repo.commit, "siblings": siblings }).to_string().into_bytes()
}

/// The server of large files.
fn file(state: &mut State, asked: ReceivedRequest) -> Vec<u8> {
    state.file_requests.push(asked.clone());
    let (name, rest) = asked.path[1..].split_once("/resolve/").unwrap();
    let (revision, file) = rest.split_once('/').unwrap();
    let repo = &state.repos[&(name.to_string(), revision.to_string())];
    let mut content = repo.files[file].clone();
    if let Some(last) = content.last_mut().filter(|_| state.corrupts) {
        *last ^= 1;
    }
    let range = asked.range.filter(|_| !state.ignores_ranges);
    let from = range.as_deref().map_or(0, |range| {
        range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap()
    });
    let (status, headers) = match range {
        Some(_) => {
            let (last, total) = (content.len() - 1, content.len());
            ("206 Partial Content", format!("Content-Range: bytes {from}-{last}/{total}\r\n"))
        }
        None => ("200 OK", String::new()),
    };
    let mut answer = reply(status, &headers, &content[from..]);
    if let Some(piece) = state.piece {
        let rest = content.len() - from;
        answer.truncate(answer.len() - rest + rest.min(piece));
    }
    answer
}
