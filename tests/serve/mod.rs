//! The HTTP server, tested through client requests.

mod chat;
mod cors;
mod fuzz;
mod lm_eval;
mod logprobs;
mod messages;
mod openai;
mod program;
mod queue;
mod refusals;
mod shutdown;
mod streams;
mod texts;
mod vectors;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use burn::tensor::{Device, Int, Tensor};
use burn_zoo::datasets::tokenizer::Tokenizer;
use burn_zoo::device;
use burn_zoo::models::backbones::{Initialization, initialize};
use burn_zoo::models::families::{self, Size};
use burn_zoo::models::generate::{
    Flow, GenerationConfig, GenerationState, GenerativeModel, Options, Prefilled, SequenceState,
    generate,
};
use burn_zoo::models::heads::CausalLm;
use burn_zoo::pipeline::Processor;
use burn_zoo::pipeline::chat::ChatTemplate;
use burn_zoo::serve::{Server, ServerSettings};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub(crate) const NAME: &str = "tiny";
const CONTEXT: usize = 128;

/// Like many published templates, it rejects messages out of turn.
const TEMPLATE: &str = "\
{%- for message in messages %}
{%- if message.role not in ['system', 'user', 'assistant', 'tool'] %}
{{- raise_exception('who is ' ~ message.role ~ '?') }}
{%- endif %}
{%- if loop.first and message.role == 'assistant' %}
{{- raise_exception('the assistant must not begin') }}
{%- endif %}
{{- '<' + message.role + '>' + message.content | trim + '\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '<assistant>' }}{% endif %}";

/// A byte tokenizer, so that most characters are several tokens.
pub(crate) fn tokenizer() -> Tokenizer {
    Tokenizer::train_bpe(["the cat and the dog and the fox"], 270).unwrap()
}

/// A random model that generates varied text.
pub(crate) fn model(tokenizer: &Tokenizer) -> CausalLm {
    let size = Size {
        vocab_size: tokenizer.vocab_size(),
        context: CONTEXT,
        d_model: 16,
        n_layers: 1,
        n_heads: 2,
        n_kv_heads: Some(1),
        d_ff: None,
        dropout: 0.0,
        eos: None,
    };
    let architecture = families::find("llama").unwrap().sized(&size).unwrap().architecture;
    let model = CausalLm::new(&architecture.backbone, &device::parse("flex").unwrap()).unwrap();
    initialize(model, Initialization::of_blocks(0.8, 1), 5)
}

pub(crate) fn processor() -> Processor {
    let chat = Some(ChatTemplate::new(TEMPLATE).unwrap());
    Processor { tokenizer: tokenizer(), chat, config: GenerationConfig::default() }
}

pub(crate) fn settings() -> ServerSettings {
    ServerSettings::new(NAME)
}

/// A server of the random model.
pub(crate) fn server(settings: ServerSettings) -> Server {
    Server::of_texts(model(&tokenizer()), processor(), settings).unwrap()
}

/// The greedy continuation of a prompt, computed alone.
pub(crate) fn alone(prompt: &str, max_new_tokens: usize) -> String {
    tokenizer().decode(&ids_alone(prompt, max_new_tokens)).unwrap()
}

/// The same as token ids.
pub(crate) fn ids_alone(prompt: &str, max_new_tokens: usize) -> Vec<u32> {
    let tokenizer = tokenizer();
    let ids = tokenizer.encode(prompt).unwrap();
    let options = Options { max_new_tokens, ..Options::default() };
    let model = model(&tokenizer);
    generate(&model, &[ids], &options, &mut |_| Flow::Continue).unwrap().remove(0)
}

/// The model, but slow, and failing at one token.
pub(crate) struct Odd {
    pub(crate) model: CausalLm,
    pub(crate) pause: Duration,
    pub(crate) poison: Option<u32>,
}

impl Odd {
    /// A server whose model takes this long per token.
    pub(crate) fn slow(pause: Duration, settings: ServerSettings) -> Server {
        let model = Self { model: model(&tokenizer()), pause, poison: None };
        Server::of_texts(model, processor(), settings).unwrap()
    }
}

impl GenerativeModel for Odd {
    fn device(&self) -> Device {
        GenerativeModel::device(&self.model)
    }

    fn vocab_size(&self) -> usize {
        self.model.vocab_size()
    }

    fn prompt_limit(&self) -> usize {
        self.model.prompt_limit()
    }

    fn context(&self) -> usize {
        self.model.context()
    }

    fn prepare(&self, prompt: &[u32]) -> SequenceState {
        self.model.prepare(prompt)
    }

    fn prefill(&self, sequences: &[&SequenceState], more: usize) -> Prefilled {
        let mut tokens = sequences.iter().flat_map(|sequence| &sequence.text);
        assert!(!tokens.any(|token| Some(*token) == self.poison), "poisoned");
        std::thread::sleep(self.pause);
        self.model.prefill(sequences, more)
    }

    fn scores(&self, hidden: Tensor<3>) -> Tensor<3> {
        self.model.scores(hidden)
    }

    fn decode(&self, tokens: Tensor<2, Int>, state: &mut GenerationState) -> Tensor<3> {
        std::thread::sleep(self.pause);
        GenerativeModel::decode(&self.model, tokens, state)
    }
}

/// A server on its own port.
pub(crate) struct Lab {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) json: Value,
}

impl Lab {
    pub(crate) fn start(server: Server) -> Self {
        Self::with_grace(server, Duration::from_secs(30))
    }

    pub(crate) fn with_grace(server: Server, grace: Duration) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let (bound, address) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                bound.send(listener.local_addr().unwrap()).unwrap();
                let stop = async {
                    let _ = stopped.await;
                };
                server.run(listener, stop, grace).await.unwrap();
            });
        });
        Self { address: address.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }

    /// Signals the server to shut down.
    pub(crate) fn stop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
    }

    /// Waits until the server has stopped.
    pub(crate) fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        answer(agent().get(self.url(path)).call().unwrap())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_text(path, &body.to_string())
    }

    pub(crate) fn post_text(&self, path: &str, body: &str) -> Answer {
        let request = agent().post(self.url(path)).header("content-type", "application/json");
        answer(request.send(body).unwrap())
    }

    /// The text of a completion without streaming.
    pub(crate) fn complete(&self, body: &Value) -> Value {
        let answer = self.post("/v1/completions", body);
        assert_eq!(answer.status, 200, "{}", answer.json);
        answer.json
    }

    /// The events of a response, up to the last.
    pub(crate) fn events(&self, path: &str, body: &Value) -> Vec<String> {
        let request = agent().post(self.url(path)).header("content-type", "application/json");
        let response = request.send(body.to_string()).unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let lines = BufReader::new(response.into_body().into_reader()).lines();
        let lines: Vec<String> = lines.map(Result::unwrap).collect();
        let data = lines.iter().filter(|line| !line.is_empty() && !line.starts_with(':'));
        data.map(|line| line.strip_prefix("data: ").unwrap().to_string()).collect()
    }

    /// Waits until this many requests are running and queued.
    pub(crate) fn wait_for_load(&self, running: u64, waiting: u64) {
        let began = Instant::now();
        let expected = json!({ "status": "ok", "running": running, "waiting": waiting });
        loop {
            let health = self.get("/health").json;
            if health == expected {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{health} and not {expected}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.stop();
        if !std::thread::panicking() {
            self.join();
        }
    }
}

/// A client that returns error responses instead of failing.
pub(crate) fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config.timeout_global(Some(Duration::from_secs(120))).build().into()
}

fn answer(mut response: ureq::http::Response<ureq::Body>) -> Answer {
    let text = response.body_mut().read_to_string().unwrap();
    let json = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer { status: response.status().as_u16(), headers: response.headers().clone(), json }
}

/// The text of one choice over all events, and its finish reason.
pub(crate) fn joined(events: &[String], index: u64) -> (String, String) {
    let (mut text, mut reason) = (String::new(), String::new());
    for event in &events[..events.len() - 1] {
        let event: Value = serde_json::from_str(event).unwrap();
        assert_eq!(event["error"], Value::Null);
        for choice in event["choices"].as_array().unwrap().iter().filter(|c| c["index"] == index) {
            assert_eq!(reason, "", "something came after the end: {event}");
            let piece = choice["text"].as_str().or(choice["delta"]["content"].as_str());
            text += piece.unwrap_or_default();
            reason += choice["finish_reason"].as_str().unwrap_or_default();
        }
    }
    assert_eq!(events.last().unwrap(), "[DONE]");
    (text, reason)
}

/// A request for greedy generation.
pub(crate) fn greedy(prompt: &str, max_tokens: usize) -> Value {
    json!({ "model": NAME, "prompt": prompt, "max_tokens": max_tokens, "temperature": 0 })
}

/// The same request with additional fields.
pub(crate) fn with(mut body: Value, more: Value) -> Value {
    if let (Some(fields), Value::Object(more)) = (body.as_object_mut(), more) {
        fields.extend(more);
    }
    body
}
