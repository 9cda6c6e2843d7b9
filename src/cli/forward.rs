//! `zoo forward`

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::json;

use super::{Global, ModelArg, usage};
use crate::models::arch::DecoderConfig;
use crate::models::layers::embedding::token_ids;
use crate::models::layers::mask::Padding;
use crate::models::pretrained::{self, F32Tensor, Model, write_safetensors};

/// Compute a model's raw outputs for token ids.
#[derive(clap::Args)]
#[command(
    after_help = "The head is the one that `architectures` in config.json names; the tensors are \
                  called as transformers calls them: logits, last_hidden_state. Positions count \
                  from a row's first token that is not padding, as in transformers' generate.\n\n\
                  Examples:\n  \
                  zoo forward ./model --ids \"1,2,3;4,5,6\" --out out.safetensors\n  \
                  zoo forward ./model --ids \"1,2,3;4,5,0\" --mask \"1,1,1;1,1,0\" --out out.safetensors"
)]
pub(crate) struct ForwardArgs {
    #[command(flatten)]
    model: ModelArg,
    /// Token ids; commas within a row, semicolons between rows
    #[arg(long, value_name = "IDS")]
    ids: String,
    /// 1 where there is a token, 0 where there is padding; in the form of --ids
    #[arg(long, value_name = "MASK")]
    mask: Option<String>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(global: &Global, args: &ForwardArgs) -> Result<()> {
    let ids = rows("--ids", &args.ids)?;
    let padding = padding(args.mask.as_deref(), &ids)?;
    let device = global.device()?;
    let loaded = pretrained::load(&args.model.model, &device)?;
    let config = match &loaded.model {
        Model::CausalLm(model) => model.config(),
        Model::Backbone(model) => model.decoder.config(),
    };
    check(&ids, config)?;

    let tokens = token_ids(&ids.concat(), ids.len(), &device);
    let outputs = match &loaded.model {
        Model::CausalLm(model) => {
            let hidden = model.decoder.forward(tokens, &padding);
            vec![("logits", model.logits(hidden.clone())), ("last_hidden_state", hidden)]
        }
        Model::Backbone(model) => vec![("last_hidden_state", model.forward(tokens, &padding))],
    };
    let mut tensors = BTreeMap::new();
    for (name, tensor) in outputs {
        let shape = tensor.dims().to_vec();
        let values = tensor.try_into_vec_as::<f32>()?;
        tensors.insert(name.to_string(), F32Tensor { shape, values });
    }
    write_safetensors(&args.out, &tensors)?;
    if global.json {
        let shapes: BTreeMap<&String, &Vec<usize>> =
            tensors.iter().map(|(name, tensor)| (name, &tensor.shape)).collect();
        return global.print_json(&json!({ "out": args.out, "tensors": shapes }));
    }
    for (name, tensor) in &tensors {
        global.note(&format!("{name} {:?}", tensor.shape));
    }
    global.note(&format!("wrote {}", args.out.display()));
    Ok(())
}

/// Rows of numbers, all of one length.
fn rows(flag: &str, text: &str) -> Result<Vec<Vec<u32>>> {
    let number = |word: &str| -> Result<u32> {
        word.trim().parse().map_err(|_| usage(format!("{flag}: {word:?} is not a token id")))
    };
    let rows: Vec<Vec<u32>> =
        text.split(';').map(|row| row.split(',').map(number).collect()).collect::<Result<_>>()?;
    let length = rows[0].len();
    if let Some(index) = rows.iter().position(|row| row.len() != length) {
        return Err(usage(format!(
            "{flag}: row {index} has {} entries and row 0 has {length}; fill short rows up and say \
             which entries are padding with --mask",
            rows[index].len(),
        )));
    }
    Ok(rows)
}

fn padding(mask: Option<&str>, ids: &[Vec<u32>]) -> Result<Padding> {
    let Some(mask) = mask else {
        return Ok(Padding::none());
    };
    let mask = rows("--mask", mask)?;
    if mask.len() != ids.len() || mask[0].len() != ids[0].len() {
        return Err(usage(format!(
            "--mask has {} rows of {}, --ids has {} rows of {}",
            mask.len(),
            mask[0].len(),
            ids.len(),
            ids[0].len()
        )));
    }
    if let Some(value) = mask.iter().flatten().find(|&&value| value > 1) {
        return Err(usage(format!("--mask: {value} is neither 0 nor 1")));
    }
    Ok(Padding::from_rows(mask.iter().map(|row| row.iter().map(|&v| v == 1).collect()).collect()))
}

fn check(ids: &[Vec<u32>], config: &DecoderConfig) -> Result<()> {
    let vocab_size = config.vocab_size;
    if let Some(id) = ids.iter().flatten().find(|&&id| id as usize >= vocab_size) {
        return Err(usage(format!(
            "token id {id} is out of range; the model has {vocab_size} tokens, 0 to {}",
            vocab_size - 1
        )));
    }
    let length = ids[0].len();
    match config.position_limit() {
        Some(limit) if length > limit => Err(usage(format!(
            "a row has {length} tokens, and the model has vectors for {limit} positions"
        ))),
        _ => Ok(()),
    }
}
