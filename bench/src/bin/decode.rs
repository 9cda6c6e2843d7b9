//! How near does decoding come to what the memory allows, and to what others reach?

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use burn_zoo::device;
use burn_zoo::models::families;
use burn_zoo::models::generate::{Flow, Options, Prompt, generate};
use burn_zoo::models::heads::CausalLm;
use burn_zoo::models::parameters;
use burn_zoo::models::pretrained::{Blueprint, MAX_SHARD_BYTES, load, save};
use clap::Parser;
use serde::{Deserialize, Serialize};
use serde_json::json;
use zoo_bench::bandwidth::Memory;
use zoo_bench::peer::Peer;
use zoo_bench::spread::{Spread, median};

/// Decode greedily with GPT-2 124M, one text and several at once, and compare that with how fast the
/// memory is read and, on request, with transformers.
#[derive(Parser)]
#[command(
    after_help = "Examples:\n  decode\n  decode --python \"$(scripts/reference-env)\" --json"
)]
struct Args {
    /// Where the model is, or is made; a temporary directory by default
    #[arg(long, value_name = "DIRECTORY")]
    model: Option<PathBuf>,
    /// Where to compute
    #[arg(long, value_name = "DEVICE", default_value = "flex")]
    device: String,
    /// A Python with transformers and torch, to run beside
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
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
    tokens: Vec<Vec<u32>>,
}

#[derive(Deserialize)]
struct Ready {
    ready: String,
}

/// What was found for one batch size.
#[derive(Serialize)]
struct Found {
    batch: usize,
    /// Milliseconds per step, over the rounds.
    milliseconds: Spread,
    tokens_per_second: f64,
    /// Billions of bytes per second that were read beside each round.
    read_bandwidth: Spread,
    /// Of the steps per second that it allows, over the rounds.
    share: Spread,
    peer: Option<Compared>,
}

#[derive(Serialize)]
struct Compared {
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
        make(folder)?;
    }
    let model = load(folder, &device::parse(&args.device)?)?.into_causal_lm()?;
    let bytes = bytes_per_step(&model);
    let mut peer = match &args.python {
        Some(python) => Some(start(python, folder)?),
        None => None,
    };
    let bench = Bench { args: &args, model: &model, bytes, memory: Memory::filled() };
    let mut found = Vec::new();
    for &batch in &args.batches {
        found.push(bench.measure(batch, peer.as_mut().map(|(peer, _)| peer))?);
    }
    let peer = peer.map(|(_, Ready { ready })| ready);
    if args.json {
        let report = json!({
            "bytes_per_step": bytes, "peer": peer, "prompt_tokens": args.prompt_tokens,
            "new_tokens": args.new_tokens, "rounds": args.rounds, "batches": found,
        });
        println!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(());
    }
    print(&args, (bytes, peer.as_deref()), &found);
    Ok(())
}

/// A directory with GPT-2 124M, its weights drawn at random.
fn make(folder: &Path) -> Result<()> {
    let family = families::find("gpt2")?;
    let config = json!({ "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"] });
    let blueprint = Blueprint::new(family, config)?;
    let model = blueprint.initialized(1, &device::parse("flex")?);
    save(folder, &model, (family, &blueprint.config), MAX_SHARD_BYTES)?;
    Ok(())
}

/// Bytes of the matrices that every token is multiplied by: all but the table of positions, the one of
/// tokens as the output projection that it also is.
fn bytes_per_step(model: &CausalLm) -> usize {
    let matrices = parameters::list(model).into_iter().filter(|parameter| {
        parameter.shape.len() == 2 && parameter.path != "embedding.position.weight"
    });
    matrices.map(|matrix| matrix.count() * size_of::<f32>()).sum()
}

fn start(python: &Path, folder: &Path) -> Result<(Peer, Ready)> {
    let threads = std::thread::available_parallelism()?.to_string();
    let arguments = [folder.display().to_string(), "--threads".to_string(), threads];
    let mut peer = Peer::start(python, "decode.py", &arguments)?;
    let ready = peer.read().context("the peer does not start")?;
    Ok((peer, ready))
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
    /// Decodes here and at the peer by turns, after a round that nobody counts.
    fn measure(&self, batch: usize, mut peer: Option<&mut Peer>) -> Result<Found> {
        let prompts = self.prompts(batch);
        let question = json!({ "prompts": prompts, "new_tokens": self.args.new_tokens });
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let (mut bandwidths, mut shares) = (Vec::new(), Vec::new());
        let mut same_tokens = true;
        for round in 0..=self.args.rounds {
            // Others may use the memory too, and not always as much: it is measured on both sides.
            let before = self.memory.bandwidth();
            let own = decode(self.model, &prompts, self.args.new_tokens)?;
            let bandwidth = before.max(self.memory.bandwidth());
            let other: Option<Decoded> = match &mut peer {
                Some(peer) => Some(peer.ask(&question)?),
                None => None,
            };
            if let Some(other) = &other {
                same_tokens &= own.tokens == other.tokens;
            }
            if round > 0 {
                let seconds = median(&own.seconds);
                ours.push(1e3 * seconds);
                bandwidths.push(bandwidth);
                shares.push(self.bytes as f64 / seconds / (bandwidth * 1e9));
                theirs.extend(other.map(|other| 1e3 * median(&other.seconds)));
            }
        }
        let per_second = |milliseconds: Spread| batch as f64 * 1e3 / milliseconds.median;
        let milliseconds = Spread::of(&ours);
        let compared = (!theirs.is_empty()).then(|| {
            let ratios: Vec<f64> =
                theirs.iter().zip(&ours).map(|(theirs, ours)| theirs / ours).collect();
            let milliseconds = Spread::of(&theirs);
            Compared {
                milliseconds,
                tokens_per_second: per_second(milliseconds),
                ratio: Spread::of(&ratios),
                same_tokens,
            }
        });
        Ok(Found {
            batch,
            milliseconds,
            tokens_per_second: per_second(milliseconds),
            read_bandwidth: Spread::of(&bandwidths),
            share: Spread::of(&shares),
            peer: compared,
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
    let tokens = generate(model, prompts, &options, &mut |event| {
        if event.ticket.index() == 0 {
            ticks.push(Instant::now());
        }
        Flow::Continue
    })?;
    let seconds = ticks.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
    Ok(Decoded { seconds, tokens })
}

fn print(args: &Args, (bytes, peer): (usize, Option<&str>), found: &[Found]) {
    println!(
        "{} new tokens after {}, {} rounds{}; a step reads {:.1} MB",
        args.new_tokens,
        args.prompt_tokens,
        args.rounds,
        peer.map(|peer| format!(", beside {peer}")).unwrap_or_default(),
        bytes as f64 / 1e6,
    );
    for found in found {
        println!(
            "batch {}: {} ms per step, {:.1} tokens/s\n  all cores read {} GB/s; the share of that is {}",
            found.batch,
            found.milliseconds,
            found.tokens_per_second,
            found.read_bandwidth,
            found.share,
        );
        if let Some(Compared { milliseconds, tokens_per_second, ratio, same_tokens }) = &found.peer
        {
            let same = if *same_tokens { "the same tokens" } else { "other tokens" };
            println!(
                "  beside: {milliseconds} ms per step, {tokens_per_second:.1} tokens/s, {same}; ours \
                 is {ratio} times that"
            );
        }
    }
}
