//! `zoo show`

use std::fmt::Write;

use anyhow::Result;
use serde_json::json;

use super::train::SizeArgs;
use super::{Global, usage};
use crate::models::arch::DecoderConfig;
use crate::models::families::{self, Architecture, Family};
use crate::models::heads::CausalLm;
use crate::models::parameters::{self, ParameterInfo};
use crate::models::pretrained;
use crate::system::{bytes, count};

/// Show a model's tree, parameters, operations and memory.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  zoo show gpt2 --size small --context 1024 --batch-size 1\n  \
                  zoo show llama --layers 6 --d-model 384 --heads 6 --kv-heads 2\n  \
                  zoo show runs/gpt2-nano-stories --json")]
pub(crate) struct ShowArgs {
    /// A family (`zoo list`), or a model's directory
    #[arg(value_name = "FAMILY|MODEL")]
    model: String,
    #[command(flatten)]
    size: SizeArgs,
    /// Tokens of a row, for operations and memory
    #[arg(long, value_name = "N")]
    context: Option<usize>,
    /// Rows of a training batch, for memory
    #[arg(long, value_name = "N", default_value_t = 12)]
    batch_size: usize,
    /// Token ids, for a family; 65 is tinyshakespeare's characters, 50257 is GPT-2's
    #[arg(long, value_name = "N", default_value_t = 65)]
    vocab_size: usize,
}

pub(super) fn run(global: &Global, args: &ShowArgs) -> Result<()> {
    let device = global.device()?;
    let (family, config) = resolve(args)?;
    let model = CausalLm::new(&config, &device); // Lazy: no memory is taken.
    let parameters = parameters::list(&model);
    let total = parameters::count(&model);
    let embedding = config.embedding_parameters();
    let context = args.context.unwrap_or(config.max_positions).max(1);
    let flops = config.flops_per_token(context);
    let memory = config.training_memory(total, [args.batch_size, context]);
    if global.json {
        let tree: Vec<_> = parameters
            .iter()
            .map(|parameter| json!({ "path": parameter.path, "shape": parameter.shape }))
            .collect();
        return global.print_json(&json!({
            "family": family.name(),
            "parameters": total,
            "embedding_parameters": embedding,
            "context": context,
            "batch_size": args.batch_size,
            "flops_per_token": { "forward": flops, "training": 3 * flops },
            "bytes": {
                "weights": memory.weights,
                "gradients": memory.gradients,
                "optimizer": memory.optimizer,
                "activations": memory.activations,
                "training": memory.total(),
            },
            "tensors": tree,
        }));
    }
    let mut text = format!("{}: {}\n\n", family.name(), family.summary);
    tree(&mut text, &parameters)?;
    let size = |count: usize| bytes(count as u64);
    writeln!(
        text,
        "\nparameters          {} ({} of them embeddings)",
        count(total as u64),
        count(embedding as u64)
    )?;
    writeln!(
        text,
        "operations          {} per token forward, {} in training, at {context} tokens",
        count(flops as u64) + "FLOP",
        count(3 * flops as u64) + "FLOP"
    )?;
    writeln!(
        text,
        "memory in training  {} expected, for {} rows of {context} tokens in f32:",
        size(memory.total()),
        args.batch_size
    )?;
    writeln!(text, "  weights           {}", size(memory.weights))?;
    writeln!(text, "  gradients         {}", size(memory.gradients))?;
    writeln!(text, "  optimizer state   {}", size(memory.optimizer))?;
    write!(text, "  activations       {} (estimated)", size(memory.activations))?;
    global.print(&text)
}

/// The family and config of a family's name or a model's directory.
fn resolve(args: &ShowArgs) -> Result<(&'static Family, DecoderConfig)> {
    let path = std::path::Path::new(&args.model);
    if path.is_dir() {
        let (family, Architecture::Decoder(config), ..) = pretrained::read_config(path)?;
        return Ok((family, config));
    }
    let family = families::find(&args.model)
        .map_err(|error| usage(format!("{error}; nor is there a directory of that name")))?;
    let size = args.size.size(args.vocab_size, args.context.unwrap_or(64)).map_err(usage)?;
    let json = (family.config)(&size);
    let Architecture::Decoder(config) = (family.architecture)(&json.to_string()).map_err(usage)?;
    Ok((family, config))
}

/// The parameters, layers that are alike shown once.
fn tree(text: &mut String, parameters: &[ParameterInfo]) -> Result<()> {
    let layers = parameters.iter().filter_map(|parameter| layer(&parameter.path)).max();
    for parameter in parameters {
        let path = match layer(&parameter.path) {
            Some(0) => parameter.path.replacen(
                "layers.0.",
                &format!("layers.0-{}.", layers.unwrap_or(0)),
                1,
            ),
            Some(_) => continue,
            None => parameter.path.clone(),
        };
        let shape: Vec<String> = parameter.shape.iter().map(ToString::to_string).collect();
        writeln!(text, "  {path:<52}{}", shape.join(" × "))?;
    }
    Ok(())
}

/// The number of the layer that a path is in.
fn layer(path: &str) -> Option<usize> {
    path.split_once("layers.")?.1.split('.').next()?.parse().ok()
}
