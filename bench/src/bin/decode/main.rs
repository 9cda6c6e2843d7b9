//! How near does decoding come to what the memory allows, and to what others reach?

mod model;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use burn_zoo::device;
use burn_zoo::models::checkpoint::{LoadDtype, ModelSpec, load_as};
use burn_zoo::models::generate::{Flow, Options, Prompt, generate};
use burn_zoo::models::heads::CausalLm;
use burn_zoo::models::precision::Precision;
use clap::Parser;
use serde::{Deserialize, Serialize};
use serde_json::json;
use zoo_bench::bandwidth::Memory;
use zoo_bench::peer::Peer;
use zoo_bench::spread::{Spread, median};

use model::{bytes_per_step, make};

/// Decode greedily with a model of 12 layers and 768 features, one text and several at once, and compare
/// that with how fast the memory is read and, on request, with transformers and candle.
#[derive(Parser)]
#[command(
    after_help = "Examples:\n  decode\n  decode --python \"$(scripts/reference-env)\" --json\n  \
                  decode --family llama --weights bf16\n\n\
                  candle is a program of its own, built in its directory, and has no GPT-2:\n  \
                  (cd bench/peers/candle && cargo build --release)\n  \
                  decode --family llama --candle bench/peers/candle/target/release/candle-peer"
)]
struct Args {
    /// Where the model is, or is made; a temporary directory by default
    #[arg(long, value_name = "DIRECTORY")]
    model: Option<PathBuf>,
    /// What is made: GPT-2 124M, or a Llama of 134M
    #[arg(long, value_name = "FAMILY", default_value = "gpt2", value_parser = ["gpt2", "llama"])]
    family: String,
    /// What the file has its weights in: f32, or bf16, as most large models are published
    #[arg(long, value_name = "FORMAT", default_value_t)]
    weights: Precision,
    /// Where to compute
    #[arg(long, value_name = "DEVICE", default_value = "flex")]
    device: String,
    /// A Python with transformers and torch, to run beside
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
    /// The program of bench/peers/candle, to run beside
    #[arg(long, value_name = "FILE")]
    candle: Option<PathBuf>,
    /// What the peers hold the weights in, and compute in
    #[arg(long, value_name = "FORMAT", default_value = "f32", value_parser = ["f32", "bf16"])]
    peer_format: String,
    /// How many texts at once; may be given several times
    #[arg(long = "batch", value_name = "N", default_values_t = [1, 8])]
    batches: Vec<usize>,
    /// Tokens before the first new one
    #[arg(long, value_name = "N", default_value_t = 32)]
    prompt_tokens: usize,
    /// New tokens of each text
    #[arg(long, value_name = "N", default_value_t = 65)]
    new_tokens: usize,
    /// How often all is done again
    #[arg(long, value_name = "N", default_value_t = 7)]
    rounds: usize,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

/// One batch's decoding, here or by a peer.
#[derive(Deserialize)]
struct Decoded {
    /// Between each token of the batch and the one before it.
    seconds: Vec<f64>,
    /// Until the first token, which takes reading the prompts; peers do not say it.
    #[serde(default)]
    first: f64,
    tokens: Vec<Vec<u32>>,
}

/// What was found for one batch size.
#[derive(Serialize)]
struct Found {
    batch: usize,
    /// Milliseconds per step, over the rounds.
    milliseconds: Spread,
    /// Milliseconds until the first token.
    first: Spread,
    tokens_per_second: f64,
    /// Billions of bytes per second that were read beside each round.
    read_bandwidth: Spread,
    /// Of the steps per second that it allows, over the rounds.
    share: Spread,
    peers: Vec<Compared>,
}

#[derive(Serialize)]
struct Compared {
    /// What answers.
    peer: String,
    milliseconds: Spread,
    tokens_per_second: f64,
    /// Our throughput by theirs, over the rounds.
    ratio: Spread,
    /// Whether all tokens were the same.
    same_tokens: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    ensure!(args.new_tokens >= 2, "--new-tokens is at least 2: the first token reads the prompt");
    ensure!(args.rounds >= 1 && !args.batches.contains(&0), "there is nothing to measure");
    let temporary = tempfile::tempdir()?;
    let folder = args.model.as_deref().unwrap_or(temporary.path());
    if !folder.join("config.json").exists() {
        make(folder, &args.family, args.weights)?;
    }
    let device = device::parse(&args.device)?;
    let held = (&device, LoadDtype::Checkpoint);
    let model = load_as(folder, ModelSpec::read(folder)?, held)?.into_causal_lm()?;
    let bytes = bytes_per_step(&model);
    let mut peers = start(&args, folder)?;
    let bench = Bench { args: &args, model: &model, bytes, memory: Memory::filled() };
    let mut found = Vec::new();
    for &batch in &args.batches {
        found.push(bench.measure(batch, &mut peers)?);
    }
    let peers: Vec<&str> = peers.iter().map(Peer::ready).collect();
    if args.json {
        let report = json!({
            "bytes_per_step": bytes, "peers": peers, "prompt_tokens": args.prompt_tokens,
            "new_tokens": args.new_tokens, "rounds": args.rounds, "batches": found,
        });
        println!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(());
    }
    print(&args, bytes, &found);
    Ok(())
}

fn start(args: &Args, folder: &Path) -> Result<Vec<Peer>> {
    let folder = folder.to_str().context("a peer is told a directory in UTF-8")?;
    let mut peers = Vec::new();
    if let Some(python) = &args.python {
        peers.push(Peer::script(python, "decode.py", &[folder, &args.peer_format])?);
    }
    if let Some(candle) = &args.candle {
        peers.push(Peer::program(candle, &["decode", folder, &args.peer_format])?);
    }
    Ok(peers)
}

/// What is measured.
struct Bench<'a> {
    args: &'a Args,
    model: &'a CausalLm,
    /// What every step reads.
    bytes: usize,
    memory: Memory,
}

impl Bench<'_> {
    /// Decodes here and at the peers by turns, after a round that nobody counts.
    fn measure(&self, batch: usize, peers: &mut [Peer]) -> Result<Found> {
        let prompts = self.prompts(batch);
        let question = json!({ "prompts": prompts, "new_tokens": self.args.new_tokens });
        let (mut ours, mut theirs) = (Vec::new(), vec![Vec::new(); peers.len()]);
        let mut first = Vec::new();
        let (mut bandwidths, mut shares) = (Vec::new(), Vec::new());
        let mut same_tokens = vec![true; peers.len()];
        for round in 0..=self.args.rounds {
            // Others may use the memory too, and not always as much: it is measured on both sides.
            let before = self.memory.bandwidth();
            let own = decode(self.model, &prompts, self.args.new_tokens)?;
            let bandwidth = before.max(self.memory.bandwidth());
            for (index, peer) in peers.iter_mut().enumerate() {
                let other: Decoded = peer.ask(&question)?;
                same_tokens[index] &= own.tokens == other.tokens;
                if round > 0 {
                    theirs[index].push(1e3 * median(&other.seconds));
                }
            }
            if round > 0 {
                let seconds = median(&own.seconds);
                ours.push(1e3 * seconds);
                first.push(1e3 * own.first);
                bandwidths.push(bandwidth);
                shares.push(self.bytes as f64 / seconds / (bandwidth * 1e9));
            }
        }
        let per_second = |milliseconds: Spread| batch as f64 * 1e3 / milliseconds.median;
        let milliseconds = Spread::of(&ours);
        let compared = peers.iter().zip(&theirs).zip(same_tokens);
        let compared = compared.map(|((peer, theirs), same_tokens)| {
            let ratios: Vec<f64> =
                theirs.iter().zip(&ours).map(|(theirs, ours)| theirs / ours).collect();
            let milliseconds = Spread::of(theirs);
            Compared {
                peer: peer.ready().to_string(),
                milliseconds,
                tokens_per_second: per_second(milliseconds),
                ratio: Spread::of(&ratios),
                same_tokens,
            }
        });
        Ok(Found {
            batch,
            milliseconds,
            first: Spread::of(&first),
            tokens_per_second: per_second(milliseconds),
            read_bandwidth: Spread::of(&bandwidths),
            share: Spread::of(&shares),
            peers: compared.collect(),
        })
    }

    /// Different texts of one length.
    fn prompts(&self, batch: usize) -> Vec<Prompt> {
        let vocab_size = self.model.vocab_size();
        let token = |row: usize, place: usize| (row * 104_729 + place * 7_919) % vocab_size;
        let places = 0..self.args.prompt_tokens;
        let prompt = |row| places.clone().map(|place| token(row, place) as u32).collect();
        (0..batch).map(prompt).collect()
    }
}

fn decode(model: &CausalLm, prompts: &[Prompt], new_tokens: usize) -> Result<Decoded> {
    let options = Options { max_new_tokens: new_tokens, ..Options::default() };
    let mut ticks = Vec::with_capacity(new_tokens);
    let began = Instant::now();
    let tokens = generate(model, prompts, &options, &mut |event| {
        if event.request_id.index() == 0 {
            ticks.push(Instant::now());
        }
        Flow::Continue
    })?;
    let seconds = ticks.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
    let first = ticks.first().map_or(0.0, |first| (*first - began).as_secs_f64());
    Ok(Decoded { seconds, first, tokens })
}

fn print(args: &Args, bytes: usize, found: &[Found]) {
    println!(
        "{} new tokens after {}, {} rounds; a step reads {:.1} MB",
        args.new_tokens,
        args.prompt_tokens,
        args.rounds,
        bytes as f64 / 1e6,
    );
    for found in found {
        println!(
            "batch {}: {} ms per step, {:.1} tokens/s; the first after {} ms\n  all cores read {} GB/s; the \
             share of that is {}",
            found.batch,
            found.milliseconds,
            found.tokens_per_second,
            found.first,
            found.read_bandwidth,
            found.share,
        );
        for Compared { peer, milliseconds, tokens_per_second, ratio, same_tokens } in &found.peers {
            let same = if *same_tokens { "the same tokens" } else { "other tokens" };
            println!(
                "  {peer}: {milliseconds} ms per step, {tokens_per_second:.1} tokens/s, {same}; ours \
                 is {ratio} times that"
            );
        }
    }
}
