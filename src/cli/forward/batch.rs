//! The model input of `zoo forward`, parsed from the command line.

use std::path::Path;

use anyhow::Result;
use burn::tensor::{Device, Tensor, TensorData};

use super::super::usage;
use super::ForwardArgs;
use crate::models::backbones::{Inputs, TokenBatch};
use crate::models::checkpoint::{F32Tensor, ModelSpec, read_safetensors};
use crate::models::families::{Architecture, Task};
use crate::models::layers::embedding::token_ids;
use crate::models::layers::mask::Padding;
use crate::models::layers::patches::{ImageSizes, PatchConfig};

/// The model input, on the host.
pub(super) struct Batch {
    ids: Vec<Vec<u32>>,
    types: Option<Vec<Vec<u32>>>,
    decoder_ids: Option<Vec<Vec<u32>>>,
    choices: Option<usize>,
    padding: Padding,
    pixels: Option<F32Tensor>,
    /// Whether images may differ from the config's size.
    interpolates: bool,
}

impl Batch {
    pub(super) fn parse(args: &ForwardArgs) -> Result<Self> {
        let ids = match &args.ids {
            Some(text) => rows("--ids", text)?,
            None => Vec::new(),
        };
        let types = args.types.as_deref().map(|text| rows("--types", text)).transpose()?;
        if let Some(types) = &types {
            same_shape("--types", types, &ids)?;
        }
        let decoder_ids =
            args.decoder_ids.as_deref().map(|text| rows("--decoder-ids", text)).transpose()?;
        if let Some(decoder_ids) = &decoder_ids
            && decoder_ids.len() != ids.len()
        {
            return Err(usage(format!(
                "--decoder-ids has {} rows, --ids has {}",
                decoder_ids.len(),
                ids.len()
            )));
        }
        let padding = padding(args.mask.as_deref(), &ids)?;
        let pixels = args.pixels.as_deref().map(read_pixels).transpose()?;
        let (choices, interpolates) = (args.choices, args.interpolate_positions);
        Ok(Self { ids, types, decoder_ids, choices, padding, pixels, interpolates })
    }

    /// Rejects unsuitable input before the weights are loaded.
    pub(super) fn check(&self, spec: &ModelSpec) -> Result<()> {
        let ModelSpec { architecture: Architecture { backbone, heads }, task, .. } = spec;
        self.check_choices(*task)?;
        let [read, written] = backbone.position_limits();
        match (backbone.patches(), &self.pixels, &self.decoder_ids) {
            (Some(patches), Some(pixels), _) => {
                self.check_pixels(patches, &pixels.shape)?;
                return Ok(());
            }
            (Some(_), None, _) => {
                return Err(usage("the model takes images; pass --pixels FILE"));
            }
            (_, Some(_), _) => {
                return Err(usage("the model takes text; pass --ids"));
            }
            (_, _, None) if *task == Task::Seq2SeqLm => {
                let way = "an encoder-decoder; pass --decoder-ids as well";
                return Err(usage(format!("{way}, beginning with decoder_start_token_id")));
            }
            (_, _, Some(decoder_ids)) if backbone.capabilities().has_decoder_input() => {
                check_ids(decoder_ids, backbone.vocab_size(), written)?;
            }
            (_, _, Some(_)) => {
                return Err(usage(
                    "--decoder-ids is for encoder-decoders, and the model is not one",
                ));
            }
            _ => {}
        }
        if *task == Task::SequenceClassifier
            && let Some(end) = heads.classifier.end
        {
            self.check_ends(end)?;
        }
        let n_types = backbone.n_types() as u32;
        let beyond = |types: &Vec<Vec<u32>>| types.iter().flatten().any(|&t| t >= n_types.max(1));
        if self.types.as_ref().is_some_and(beyond) {
            return Err(usage(format!("--types: the model has {n_types} token types")));
        }
        check_ids(&self.ids, backbone.vocab_size(), read)
    }

    fn check_pixels(&self, patches: &PatchConfig, shape: &[usize]) -> Result<()> {
        let [height, width] = patches.image;
        let takes_any = patches.sizes == ImageSizes::Any || self.interpolates;
        let seen = format!(
            "pixel_values has shape {shape:?}; the model takes images of {}",
            patches.channels
        );
        match *shape {
            [_, channels, found_height, found_width] if channels == patches.channels => {
                let found = [found_height, found_width];
                if found != patches.image && !takes_any {
                    let way = "--interpolate-positions allows other sizes";
                    return Err(usage(format!("{seen} x {height} x {width}; {way}")));
                }
                patches.check_size(found).map_err(usage)
            }
            _ => Err(usage(format!("{seen} x {height} x {width}"))),
        }
    }

    /// Rejects a number of rows that is not a multiple of `--choices`.
    fn check_choices(&self, task: Task) -> Result<()> {
        let rows = self.ids.len();
        match (task, self.choices) {
            (Task::MultipleChoice, Some(choices)) if !rows.is_multiple_of(choices) => {
                Err(usage(format!("--choices {choices}: --ids has {rows} rows")))
            }
            (Task::MultipleChoice, _) | (_, None) => Ok(()),
            (_, Some(_)) => Err(usage("--choices is for models of multiple choice")),
        }
    }

    /// Rejects rows without the end token: the head reads the hidden state at its last occurrence.
    fn check_ends(&self, end: u32) -> Result<()> {
        if self.decoder_ids.is_some() {
            let way = "leave --decoder-ids out: with this head, the decoder input is --ids, shifted \
                       right by one position";
            return Err(usage(way));
        }
        let all = vec![vec![true; self.ids[0].len()]; self.ids.len()];
        let holds_token = self.padding.rows().unwrap_or(&all);
        let ends = |(ids, holds_token): (&Vec<u32>, &Vec<bool>)| {
            ids.iter().zip(holds_token).any(|(&id, &holds_token)| holds_token && id == end)
        };
        match self.ids.iter().zip(holds_token).position(|row| !ends(row)) {
            Some(row) => Err(usage(format!(
                "row {row} has no token {end} (eos_token_id in config.json), which this head requires"
            ))),
            None => Ok(()),
        }
    }

    pub(super) fn inputs(&self, device: &Device) -> Inputs {
        let on_device = |rows: &Vec<Vec<u32>>| token_ids(&rows.concat(), rows.len(), device);
        let inputs = match &self.pixels {
            Some(pixels) => {
                let data = TensorData::new(pixels.values.clone(), pixels.shape.clone());
                Inputs::images(Tensor::from_data(data, device))
            }
            None => Inputs::text(TokenBatch {
                source: on_device(&self.ids).into(),
                types: self.types.as_ref().map(on_device),
                padding: self.padding.clone(),
            }),
        };
        let text = |rows| TokenBatch::new(on_device(rows), Padding::none());
        let choices = self.choices.unwrap_or(self.ids.len());
        Inputs { decoder: self.decoder_ids.as_ref().map(text), choices, ..inputs }
    }
}

fn read_pixels(path: &Path) -> Result<F32Tensor> {
    let mut tensors = read_safetensors(path).map_err(usage)?;
    let pixels = tensors
        .remove("pixel_values")
        .ok_or_else(|| usage(format!("{} has no tensor pixel_values", path.display())))?;
    if pixels.shape.len() != 4 {
        let shape = format!("{:?}", pixels.shape);
        return Err(usage(format!(
            "pixel_values has shape {shape}, expected [batch, channels, height, width]"
        )));
    }
    Ok(pixels)
}

/// Parses rows of integers, all of one length.
fn rows(flag: &str, text: &str) -> Result<Vec<Vec<u32>>> {
    let number = |word: &str| -> Result<u32> {
        word.trim().parse().map_err(|_| usage(format!("{flag}: {word:?} is not a token id")))
    };
    let rows: Vec<Vec<u32>> =
        text.split(';').map(|row| row.split(',').map(number).collect()).collect::<Result<_>>()?;
    let length = rows[0].len();
    if let Some(index) = rows.iter().position(|row| row.len() != length) {
        return Err(usage(format!(
            "{flag}: row {index} has {} entries and row 0 has {length}; pad short rows and \
             mark the padding with --mask",
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
    same_shape("--mask", &mask, ids)?;
    if let Some(value) = mask.iter().flatten().find(|&&value| value > 1) {
        return Err(usage(format!("--mask: {value} is neither 0 nor 1")));
    }
    Ok(Padding::from_rows(mask.iter().map(|row| row.iter().map(|&v| v == 1).collect()).collect()))
}

fn same_shape(flag: &str, found: &[Vec<u32>], ids: &[Vec<u32>]) -> Result<()> {
    if found.len() == ids.len() && found[0].len() == ids[0].len() {
        return Ok(());
    }
    Err(usage(format!(
        "{flag} has {} rows of {}, --ids has {} rows of {}",
        found.len(),
        found[0].len(),
        ids.len(),
        ids[0].len()
    )))
}

fn check_ids(ids: &[Vec<u32>], vocab_size: usize, max_positions: Option<usize>) -> Result<()> {
    if let Some(id) = ids.iter().flatten().find(|&&id| id as usize >= vocab_size) {
        return Err(usage(format!(
            "token id {id} is out of range; the model has {vocab_size} tokens, 0 to {}",
            vocab_size - 1
        )));
    }
    let length = ids[0].len();
    match max_positions {
        Some(limit) if length > limit => Err(usage(format!(
            "a row has {length} tokens, and the model is limited to {limit} positions"
        ))),
        _ => Ok(()),
    }
}
