//! `zoo forward`

mod batch;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::json;

use self::batch::Batch;
use super::{DtypeArg, Global, ModelArg, usage};
use crate::models::backbones::Inputs;
use crate::models::checkpoint::{
    self, F32Tensor, LoadDtype, Model, ModelSpec, Output, write_safetensors,
};
use crate::models::layers::recorder::Recorder;

/// Compute a model's raw outputs for token ids or pixels.
#[derive(clap::Args)]
#[command(
    after_help = "The head is that of `architectures` in config.json. The output tensors have the names \
                  of transformers: logits, last_hidden_state, pooler_output, \
                  start_logits, end_logits, encoder_last_hidden_state, cls_logits, \
                  distillation_logits, prediction_logits, seq_relationship_logits, sop_logits. \
                  Positions are counted from a row's first token that is not padding, as in \
                  transformers' generate.\n\n\
                  Examples:\n  \
                  zoo forward ./gpt2 --ids \"1,2,3;4,5,6\" --out out.safetensors\n  \
                  zoo forward ./bert --ids \"1,2,3;4,5,0\" --mask \"1,1,1;1,1,0\" --out out.safetensors\n  \
                  zoo forward ./t5 --ids \"1,2,3\" --decoder-ids \"0,8,9\" --out out.safetensors\n  \
                  zoo forward ./bert-choice --ids \"1,2,3;1,2,4\" --choices 2 --out out.safetensors\n  \
                  zoo forward ./vit --pixels image.safetensors --out out.safetensors\n  \
                  zoo forward ./vit --pixels large.safetensors --interpolate-positions --out out.safetensors\n  \
                  zoo forward ./bert --ids \"1,2,3\" --attentions --hidden-states --out out.safetensors"
)]
pub(crate) struct ForwardArgs {
    #[command(flatten)]
    model: ModelArg,
    #[command(flatten)]
    dtype: DtypeArg,
    /// Token ids, comma-separated, with semicolons between rows; vision models take --pixels
    #[arg(long, value_name = "IDS", required_unless_present = "pixels")]
    ids: Option<String>,
    /// Attention mask, 1 for tokens and 0 for padding, in the format of --ids
    #[arg(long, value_name = "MASK", requires = "ids")]
    mask: Option<String>,
    /// Token types, for models that have them, in the format of --ids [default: all 0]
    #[arg(long, value_name = "TYPES", requires = "ids")]
    types: Option<String>,
    /// Token ids of the decoder, for encoder-decoders, in the format of --ids. Without them, models
    /// other than language models pass --ids, shifted right by one position, to the decoder
    #[arg(long, value_name = "IDS", requires = "ids")]
    decoder_ids: Option<String>,
    /// Rows of --ids that are the choices of one question, for multiple choice [default: all]
    #[arg(long, value_name = "N", requires = "ids")]
    choices: Option<usize>,
    /// A safetensors file with `pixel_values` [batch, channels, height, width], for vision models
    #[arg(long, value_name = "FILE", conflicts_with = "ids")]
    pixels: Option<PathBuf>,
    /// Accept images of another size than config.json's by interpolating the position embeddings,
    /// as transformers' interpolate_pos_encoding does; DINOv2 always does this
    #[arg(long, requires = "pixels")]
    interpolate_positions: bool,
    /// Write the attention weights of every layer, `attentions.0` and so on, [batch, heads, queries,
    /// keys]; of an encoder-decoder `encoder_attentions.0`, `decoder_attentions.0`,
    /// `cross_attentions.0`
    #[arg(long)]
    attentions: bool,
    /// Write the hidden states of every layer: `hidden_states.0` is the embeddings, the others are
    /// the outputs of the layers; of an encoder-decoder `encoder_hidden_states.0`,
    /// `decoder_hidden_states.0`
    #[arg(long)]
    hidden_states: bool,
    /// The output file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(global: &Global, args: &ForwardArgs) -> Result<()> {
    let device = global.device()?;
    let precision = args.dtype.on(global, &device)?;
    let batch = Batch::parse(args)?;
    let folder = &args.model.folder(global)?;
    let spec = ModelSpec::read(folder)?;
    batch.check(&spec)?;
    let loaded = checkpoint::load_as(folder, spec, &device, LoadDtype::Checkpoint)?;
    let tensors = tensors(args, &loaded.model.cast(precision), &batch.inputs(&device))?;
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

/// The outputs, and the intermediate tensors that the flags add.
fn tensors(
    args: &ForwardArgs,
    model: &Model,
    inputs: &Inputs,
) -> Result<BTreeMap<String, F32Tensor>> {
    let mut recorder =
        if args.attentions { Recorder::with_attention_weights() } else { Recorder::default() };
    let outputs = if args.attentions || args.hidden_states {
        model.observed_outputs(inputs, &mut recorder)?
    } else {
        model.outputs(inputs)?
    };
    let named = |output: Output| (output.name.to_string(), output.tensor);
    let mut tensors: BTreeMap<String, F32Tensor> = outputs.into_iter().map(named).collect();
    if args.hidden_states {
        tensors.extend(model.hidden_state_tensors(&recorder)?);
    }
    if args.attentions {
        let weights = model.attention_tensors(&recorder)?;
        if weights.is_empty() {
            return Err(usage("--attentions: the layers of the model are recurrent"));
        }
        tensors.extend(weights);
    }
    Ok(tensors)
}
