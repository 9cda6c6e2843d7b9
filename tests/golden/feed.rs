//! The inputs of a model on the host, so that tests can change and truncate them.

use burn::tensor::{Device, Tensor, TensorData};
use burn_zoo::models::backbones::{Inputs, TokenBatch};
use burn_zoo::models::checkpoint::F32Tensor;
use burn_zoo::models::layers::mask::Padding;

use super::{ids, padding};

#[derive(Clone)]
pub(crate) struct Feed {
    pub(crate) ids: Vec<Vec<u32>>,
    /// 1 at tokens, 0 at padding.
    pub(crate) mask: Vec<Vec<u8>>,
    pub(crate) types: Option<Vec<Vec<u32>>>,
    pub(crate) decoder_ids: Option<Vec<Vec<u32>>>,
    pub(crate) decoder_mask: Option<Vec<Vec<u8>>>,
    /// `[batch, channels, height, width]`
    pub(crate) pixels: Option<F32Tensor>,
    /// The number of rows of `ids` that are the choices of one question.
    pub(crate) choices: usize,
}

impl Feed {
    /// Sequences without padding.
    pub(crate) fn of(ids: Vec<Vec<u32>>) -> Self {
        let mask = ids.iter().map(|row| vec![1; row.len()]).collect();
        let (types, pixels) = (None, None);
        Self { ids, mask, types, decoder_ids: None, decoder_mask: None, pixels, choices: 1 }
    }

    /// The number of sequences, images or questions.
    pub(crate) fn rows(&self) -> usize {
        self.pixels.as_ref().map_or(self.ids.len() / self.choices, |pixels| pixels.shape[0])
    }

    /// One row by itself, without its padding.
    pub(crate) fn row(&self, index: usize) -> Self {
        let choices = self.choices;
        let range = index * choices..(index + 1) * choices;
        fn kept<T: Copy>((row, mask): (&Vec<T>, &Vec<u8>)) -> Vec<T> {
            row.iter().zip(mask).filter(|(_, m)| **m == 1).map(|(value, _)| *value).collect()
        }
        let cut = |rows: &[Vec<u32>], mask: &[Vec<u8>]| -> Vec<Vec<u32>> {
            rows[range.clone()].iter().zip(&mask[range.clone()]).map(kept).collect()
        };
        if let Some(pixels) = &self.pixels {
            let size = pixels.values.len() / pixels.shape[0];
            let values = pixels.values[index * size..(index + 1) * size].to_vec();
            let shape = [&[1], &pixels.shape[1..]].concat();
            return Self { pixels: Some(F32Tensor { shape, values }), ..self.clone() };
        }
        let decoder_mask = self.decoder_mask.as_ref();
        let of_decoder = |rows: &Vec<Vec<u32>>| cut(rows, decoder_mask.unwrap());
        let ones =
            |mask: &[Vec<u8>]| mask[range.clone()].iter().map(|row| kept((row, row))).collect();
        Self {
            ids: cut(&self.ids, &self.mask),
            mask: ones(&self.mask),
            types: self.types.as_ref().map(|types| cut(types, &self.mask)),
            decoder_ids: self.decoder_ids.as_ref().map(of_decoder),
            decoder_mask: decoder_mask.map(|mask| ones(mask)),
            pixels: None,
            choices,
        }
    }

    /// The same rows, padded on the other side with `filler`.
    pub(crate) fn padded_left(&self, filler: u32) -> Self {
        fn turn<T: Copy>(rows: &[Vec<T>], mask: &[Vec<u8>], filler: T) -> Vec<Vec<T>> {
            let turn = |(row, mask): (&Vec<T>, &Vec<u8>)| {
                let pads = mask.iter().filter(|m| **m == 0).count();
                let kept = row.iter().zip(mask).filter(|(_, m)| **m == 1).map(|(value, _)| *value);
                std::iter::repeat_n(filler, pads).chain(kept).collect()
            };
            rows.iter().zip(mask).map(turn).collect()
        }
        Self {
            ids: turn(&self.ids, &self.mask, filler),
            mask: turn(&self.mask, &self.mask, 0),
            types: self.types.as_ref().map(|types| turn(types, &self.mask, 0)),
            ..self.clone()
        }
    }

    pub(crate) fn tokens(&self, device: &Device) -> TokenBatch {
        TokenBatch {
            source: ids(&self.ids, device).into(),
            types: self.types.as_ref().map(|types| ids(types, device)),
            padding: padding(&self.mask),
        }
    }

    /// The decoder's input of an encoder-decoder. Its padding needs no mask: it is after the
    /// tokens.
    pub(crate) fn text(&self, device: &Device) -> TokenBatch {
        TokenBatch::new(ids(self.decoder_ids.as_ref().unwrap(), device), Padding::none())
    }

    pub(crate) fn inputs(&self, device: &Device) -> Inputs {
        let inputs = match &self.pixels {
            Some(pixels) => {
                let data = TensorData::new(pixels.values.clone(), pixels.shape.clone());
                Inputs::images(Tensor::from_data(data, device))
            }
            None => Inputs::text(self.tokens(device)),
        };
        let decoder = self.decoder_ids.as_ref().map(|_| self.text(device));
        Inputs { decoder, choices: self.choices, ..inputs }
    }
}
