//! `zoo show`

use std::fmt::Write;

use anyhow::Result;
use burn::tensor::Device;
use serde_json::json;

use super::model::{fetch, hub_id};
use super::train::SizeArgs;
use super::{Global, usage};
use crate::models::checkpoint::ModelSpec;
use crate::models::checkpoint::hub::Artifact;
use crate::models::families;
use crate::models::parameters::{ParameterInfo, ParameterRole};
use crate::system::{bytes, count};

/// Show a model's parameter tree, FLOPs and memory.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  zoo show gpt2 --size small --context 1024 --batch-size 1\n  \
                  zoo show llama --layers 6 --d-model 384 --heads 6 --kv-heads 2\n  \
                  zoo show runs/gpt2-nano-stories --json")]
pub(crate) struct ShowArgs {
    /// A family (`zoo list`), a model's directory, or a model on the Hub: org/name
    #[arg(value_name = "FAMILY|MODEL")]
    model: String,
    #[command(flatten)]
    size: SizeArgs,
    /// Sequence length, for FLOPs and memory
    #[arg(long, value_name = "N")]
    context: Option<usize>,
    /// Sequences in a training batch, for memory
    #[arg(long, value_name = "N", default_value_t = 12)]
    batch_size: usize,
    /// Vocabulary size, for a family; tinyshakespeare has 65 characters, GPT-2 50257 tokens
    #[arg(long, value_name = "N", default_value_t = 65)]
    vocab_size: usize,
}

/// Default sequence length, for new models and models without a limit.
const CONTEXT: usize = 64;

pub(super) fn run(global: &Global, args: &ShowArgs) -> Result<()> {
    let device = global.device()?;
    let spec = resolve(global, args, &device)?;
    let family = spec.family;
    // Parameters are initialized lazily, so this takes no memory.
    let parameters = spec.model(&device).parameters();
    let counted = parameters.iter().filter(|p| p.properties.role != ParameterRole::Buffer);
    let total = counted.map(ParameterInfo::count).sum();
    let backbone = &spec.architecture.backbone;
    let cost = backbone.cost();
    let embedding = cost.embedding_parameters();
    let context = args.context.or(backbone.max_positions()).unwrap_or(CONTEXT).max(1);
    let flops = cost.flops_per_token(context);
    let memory = cost.training_memory(total, [args.batch_size, context]);
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
    let mut text = format!(
        "{}: {}\n{} layers, d_model {}, {}\n\n",
        family.name(),
        family.summary,
        backbone.depths().iter().map(ToString::to_string).collect::<Vec<_>>().join(" + "),
        backbone.d_model(),
        match (backbone.patches(), backbone.max_positions()) {
            (Some(patches), _) => {
                let ([height, width], count) = (patches.image, patches.n_patches());
                format!("images of {height} x {width} in {count} patches")
            }
            (None, Some(context)) => {
                format!("{} tokens, context {context}", backbone.vocab_size())
            }
            (None, None) => format!("{} tokens, unlimited context", backbone.vocab_size()),
        },
    );
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

/// Resolves a family's name or a model's directory.
fn resolve(global: &Global, args: &ShowArgs, device: &Device) -> Result<ModelSpec> {
    let path = std::path::Path::new(&args.model);
    if path.is_dir() {
        return Ok(ModelSpec::describe(path, device)?);
    }
    // A name without slash or revision is more likely a misspelled family.
    if args.model.contains(['/', '@'])
        && let Some(id) = hub_id(path, None)?
    {
        let folder = fetch(global, &id, Artifact::Config)?.folder;
        return Ok(ModelSpec::describe(&folder, device)?);
    }
    let family = families::find(&args.model)
        .map_err(|error| usage(format!("{error}, and there is no directory of that name")))?;
    let size = args.size.size(args.vocab_size, args.context.unwrap_or(CONTEXT)).map_err(usage)?;
    let config = family.sized(&size).map_err(usage)?.config;
    ModelSpec::new(family, config).map_err(usage)
}

/// The parameter tree, with identical layers shown once.
fn tree(text: &mut String, parameters: &[ParameterInfo]) -> Result<()> {
    let layers = parameters.iter().filter_map(|parameter| layer(&parameter.path)).max();
    for parameter in parameters {
        let path = match layer(&parameter.path) {
            Some(0) => match layers {
                Some(last) if last > 0 => {
                    parameter.path.replacen("layers.0.", &format!("layers.0-{last}."), 1)
                }
                _ => parameter.path.clone(),
            },
            Some(_) => continue,
            None => parameter.path.clone(),
        };
        let shape: Vec<String> = parameter.shape.iter().map(ToString::to_string).collect();
        writeln!(text, "  {path:<52}{}", shape.join(" × "))?;
    }
    Ok(())
}

/// The index of the layer in a parameter's path.
fn layer(path: &str) -> Option<usize> {
    path.split_once("layers.")?.1.split('.').next()?.parse().ok()
}
