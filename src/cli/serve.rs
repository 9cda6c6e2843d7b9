//! `zoo serve`

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use burn::tensor::Device;
use serde_json::json;
use tokio::net::TcpListener;

use super::model::ModelArgs;
use super::texts::as_usage;
use super::{Global, usage};
use crate::models::checkpoint::hub::ModelId;
use crate::models::checkpoint::{Model, ModelSpec};
use crate::models::families::Task;
use crate::models::precision::Precision;
use crate::pipeline::{GenerationParts, TextEmbedder, TextGeneration};
use crate::serve::{Origins, Server, ServerSettings};

/// Serve a model over HTTP with OpenAI's API.
#[derive(clap::Args)]
#[command(
    after_help = "A generative model serves /v1/completions and, if it has a chat template, \
                  /v1/chat/completions; a model without a head serves /v1/embeddings. Concurrent \
                  requests are batched. Ctrl-C lets running requests finish; a second one exits \
                  immediately.\n\nExamples:\n  \
                  zoo serve runs/gpt2-nano-stories\n  \
                  zoo serve ./SmolLM2-135M-Instruct --name smol --batch 32 --device wgpu\n  \
                  zoo serve ./SmolLM2-135M-Instruct --cors http://localhost:3000\n  \
                  ZOO_API_KEY=secret zoo serve ./all-MiniLM-L6-v2 --host 0.0.0.0 --port 9000\n  \
                  curl localhost:8080/v1/completions -H 'Content-Type: application/json' \\\n    \
                  -d '{\"model\": \"gpt2-nano-stories\", \"prompt\": \"Once\", \"max_tokens\": 40}'"
)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// The address to listen on; addresses other than loopback are reachable from other machines
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The port to listen on; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    port: u16,
    /// The model's name in requests [default: its directory's name, or its name on the Hub]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Sequences generated in one batch
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = at_least_one)]
    batch: usize,
    /// Sequences that may wait for the batch; requests beyond that get status 429
    #[arg(long, value_name = "N", default_value_t = 128)]
    queue: usize,
    /// The longest prompt, in tokens [default: the model's limit]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    max_prompt_tokens: Option<usize>,
    /// The most new tokens that a request may ask for
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = at_least_one)]
    max_new_tokens: usize,
    /// The bearer token that clients must send [default: $ZOO_API_KEY, if it is set]
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,
    /// Allow web pages of this origin, such as http://localhost:3000; can be repeated, `*` allows
    /// all [default: none]
    #[arg(long, value_name = "ORIGIN")]
    cors: Vec<String>,
    /// Seconds for running requests to finish after Ctrl-C
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    grace: u64,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=1 << 30).contains(&count) => Ok(count),
        _ => Err("must be an integer of at least 1".into()),
    }
}

pub(super) fn run(global: &Global, args: &ServeArgs) -> Result<()> {
    let settings = settings(global, args)?;
    let name = settings.name.clone();
    let server = args.model.open(global, &|folder, device, precision| {
        open(folder, device, precision, settings.clone())
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the server")?;
    let result = runtime.block_on(async {
        let at = SocketAddr::new(args.host, args.port);
        let listener = TcpListener::bind(at)
            .await
            .map_err(|error| anyhow::anyhow!("cannot listen on {at}: {error}"))?;
        let url = format!("http://{}", listener.local_addr()?);
        warn_of_others(args.host, server.has_key());
        global.note(&format!("serving {name:?}, listening on {url}"));
        if global.json {
            global.print(&json!({ "listening": url, "model": name }).to_string())?;
        }
        let stop = stop_signal(global.clone())?;
        Ok(server.run(listener, stop, Duration::from_secs(args.grace)).await?)
    });
    // The results of computations still running are discarded.
    runtime.shutdown_background();
    result
}

fn settings(global: &Global, args: &ServeArgs) -> Result<ServerSettings> {
    let name = args.name.clone().unwrap_or_else(|| name_of(&args.model.model.model));
    let api_key = args.api_key.clone().or_else(|| std::env::var("ZOO_API_KEY").ok());
    if api_key.as_deref().is_some_and(|key| key.is_empty()) {
        return Err(usage("the key is empty; omit it to allow every client"));
    }
    let origins = Origins::parse(&args.cors).map_err(|error| usage(format!("--cors: {error}")))?;
    Ok(ServerSettings {
        origins,
        batch: args.batch,
        queue: args.queue,
        max_prompt_tokens: args.max_prompt_tokens,
        max_new_tokens: args.max_new_tokens,
        api_key,
        seed: global.seed(),
        ..ServerSettings::new(name)
    })
}

/// The name of a model: of its directory, or on the Hub.
fn name_of(model: &Path) -> String {
    let of_folder = || model.canonicalize().ok()?.file_name()?.to_str().map(String::from);
    let of_id = || Some(model.to_str()?.parse::<ModelId>().ok()?.name().to_string());
    of_folder().or_else(of_id).unwrap_or_else(|| "model".into())
}

/// Loads the model and starts its server.
fn open(
    folder: &Path,
    device: &Device,
    precision: Precision,
    settings: ServerSettings,
) -> Result<Server> {
    let named = ModelSpec::read(folder).map(|spec| spec.task);
    // sentence-transformers' modules.json marks an embedder, whatever class it was saved as.
    let embeds = TextEmbedder::is_meant(folder) || matches!(named, Ok(Task::BaseModel));
    if embeds {
        let embedder = TextEmbedder::open(folder, device)?.cast(precision);
        return Ok(Server::of_vectors(embedder, settings)?);
    }
    let generation = TextGeneration::open(folder, device).map_err(as_usage)?.cast(precision);
    let GenerationParts { model, processor } = generation.into_parts();
    Ok(match model {
        Model::CausalLm(model) => Server::of_texts(model, processor, settings)?,
        Model::Seq2SeqLm(model) => Server::of_texts(model, processor, settings)?,
        _ => return Err(usage("the model does not generate text")),
    })
}

/// Warns if the server is reachable from other machines.
fn warn_of_others(host: IpAddr, has_key: bool) {
    if host.is_loopback() {
        return;
    }
    let who =
        if has_key { "every client with the key" } else { "every client (--api-key sets a key)" };
    let _ = writeln!(
        std::io::stderr(),
        "warning: {host} is reachable from other machines; {who} can use the model, and traffic is \
         not encrypted"
    );
}

/// Completes at the first Ctrl-C or SIGTERM. The second one ends the program.
fn stop_signal(global: Global) -> Result<impl Future<Output = ()> + Send + 'static> {
    let mut signals = Signals::new().context("cannot wait for signals")?;
    let (stop, stopped) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        signals.next().await;
        global.note("finishing running requests; press Ctrl-C again to exit immediately");
        let _ = stop.send(());
        signals.next().await;
        std::process::exit(1);
    });
    Ok(async move {
        let _ = stopped.await;
    })
}

/// The signals that stop the program.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}
