//! Vocabularies that grow: new rows of the embedding and of the output projection.

use std::collections::HashMap;

use burn::tensor::{Device, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use super::{ModelSpec, Pretrained};
use crate::backbones::BackboneConfig;
use crate::hf::config::ConfigError;
use crate::parameters::{self, ParameterInfo};

/// The old rows of which a new one is a random combination.
const COMBINED: usize = 256;

/// The factor of the old rows' covariance.
const VARIANCE: f64 = 1e-9;

/// The fields of a config with the size of the vocabulary.
const FIELDS: [&str; 2] = ["vocab_size", "decoder_vocab_size"];

/// The model with room for `vocab_size` tokens, in the embedding and the output projection; the
/// model itself if it has that many. What it computes for the old tokens stays the same.
///
/// A new row is the mean of the old ones, with a little noise of their covariance (scaled by
/// 1e-9), sampled with `seed`; a new bias is the mean of the old ones, and a constant bias zero.
/// The config's `vocab_size` follows.
///
/// Reference: `resize_token_embeddings` of transformers, with `mean_resizing`; Hewitt 2021,
/// <https://nlp.stanford.edu/~johnhew/vocab-expansion.html>
///
/// # Errors
///
/// The model has no vocabulary, as one for images, or is too large with so many tokens.
pub fn resize_vocabulary(
    loaded: Pretrained,
    vocab_size: usize,
    seed: u64,
    device: &Device,
) -> Result<Pretrained, ConfigError> {
    let Pretrained { mut spec, model } = loaded;
    let known = spec.architecture.backbone.vocab_size();
    if known == 0 {
        let reason = format!("{} has no vocabulary", spec.family.name());
        return Err(ConfigError::invalid("vocab_size", vocab_size, &reason));
    }
    if vocab_size <= known {
        return Ok(Pretrained { spec, model });
    }
    spec.set_vocab_size(vocab_size)?;
    let shapes = model.parameters().into_iter().map(|parameter| (parameter.path, parameter.shape));
    let shapes: HashMap<String, Vec<usize>> = shapes.collect();
    let mut old = HashMap::new();
    parameters::read(&model, &mut |path, data| {
        if let Some(shape) = shapes.get(path) {
            old.insert(path.to_string(), Old { data, shape: shape.clone() });
        }
    });
    drop(model);
    let mut index = 0;
    let model = spec.model(device).replace(&mut |parameter| {
        index += 1;
        let old = old.remove(&parameter.path)?;
        let seed = seed.wrapping_add(index << 32);
        Some(
            if old.shape == parameter.shape { old.data } else { old.grown(parameter, seed) }.into(),
        )
    });
    Ok(Pretrained { spec, model })
}

impl ModelSpec {
    /// Sets the size of the vocabulary, in the config too.
    fn set_vocab_size(&mut self, size: usize) -> Result<(), ConfigError> {
        let known = self.architecture.backbone.vocab_size();
        let mut config = self.config.clone();
        for field in FIELDS {
            let is_known = config[field].as_u64() == Some(known as u64);
            if is_known || (field == FIELDS[0] && config[field].is_null()) {
                config[field] = json!(size);
            }
        }
        // Checks the size of the whole.
        let sized = Self::with_task(self.family, config, self.task)?;
        self.config = sized.config;
        // The rest stays as the checkpoint decided.
        match &mut self.architecture.backbone {
            BackboneConfig::Encoder(config) => config.vocab_size = size,
            BackboneConfig::Decoder(config) => config.vocab_size = size,
            BackboneConfig::EncoderDecoder(config) | BackboneConfig::EncoderHalf(config) => {
                config.vocab_size = size;
            }
            BackboneConfig::Recurrent(config) => config.vocab_size = size,
            BackboneConfig::RecurrentSeq2Seq(config) => config.vocab_size = size,
            BackboneConfig::Vision(_) => {}
        }
        Ok(())
    }
}

/// A parameter of the model before.
struct Old {
    data: TensorData,
    shape: Vec<usize>,
}

/// The elements of a parameter, around the axis of the vocabulary.
struct Layout {
    /// Elements before the axis: that of a projection is its second.
    outer: usize,
    tokens: usize,
    /// Elements behind the axis.
    inner: usize,
}

impl Layout {
    fn new(shape: &[usize], axis: usize) -> Self {
        let outer = shape[..axis].iter().product();
        Self { outer, tokens: shape[axis], inner: shape[axis + 1..].iter().product() }
    }

    /// The number of elements of a token.
    fn width(&self) -> usize {
        self.outer * self.inner
    }

    /// The index of an element of a token.
    fn index(&self, token: usize, element: usize) -> usize {
        let (outer, inner) = (element / self.inner, element % self.inner);
        (outer * self.tokens + token) * self.inner + inner
    }
}

impl Old {
    /// The parameter with rows for more tokens.
    fn grown(self, parameter: &ParameterInfo, seed: u64) -> TensorData {
        let mut sizes = self.shape.iter().zip(&parameter.shape);
        let axis = sizes.position(|(old, new)| old != new).unwrap_or_default();
        let from = Layout::new(&self.shape, axis);
        let to = Layout::new(&parameter.shape, axis);
        let old: Vec<f32> = self.data.iter::<f32>().collect();
        let mut new = vec![0.0; to.width() * to.tokens];
        for token in 0..from.tokens {
            for element in 0..from.width() {
                new[to.index(token, element)] = old[from.index(token, element)];
            }
        }
        if parameter.is_trained() {
            let rows = Rows::new(&old, &from);
            let mut generator = ChaCha8Rng::seed_from_u64(seed);
            for token in from.tokens..to.tokens {
                for (element, value) in rows.sample(&mut generator).into_iter().enumerate() {
                    new[to.index(token, element)] = value;
                }
            }
        }
        TensorData::new(new, parameter.shape.clone())
    }
}

/// The old rows, and their mean.
struct Rows<'a> {
    values: &'a [f32],
    layout: &'a Layout,
    mean: Vec<f64>,
}

impl<'a> Rows<'a> {
    fn new(values: &'a [f32], layout: &'a Layout) -> Self {
        let mut mean = vec![0.0; layout.width()];
        for token in 0..layout.tokens {
            for (element, mean) in mean.iter_mut().enumerate() {
                *mean += f64::from(values[layout.index(token, element)]);
            }
        }
        mean.iter_mut().for_each(|sum| *sum /= layout.tokens as f64);
        Self { values, layout, mean }
    }

    /// The mean, plus centered rows, chosen and weighted at random: the covariance of that sum is
    /// the rows', without computing a matrix of the square of the width.
    fn sample(&self, generator: &mut ChaCha8Rng) -> Vec<f32> {
        let mut noise = vec![0.0; self.mean.len()];
        for _ in 0..COMBINED {
            let token = generator.random_range(0..self.layout.tokens);
            let sign = if generator.random::<bool>() { 1.0 } else { -1.0 };
            for (element, (noise, mean)) in noise.iter_mut().zip(&self.mean).enumerate() {
                let value = f64::from(self.values[self.layout.index(token, element)]);
                *noise += sign * (value - mean);
            }
        }
        let scale = (VARIANCE / COMBINED as f64).sqrt();
        self.mean.iter().zip(noise).map(|(mean, noise)| (mean + scale * noise) as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_rows_are_the_mean_with_noise_of_the_covariance() {
        // Two elements per token that are equal but for their sign: so is their noise.
        let tokens = 50;
        let row = |token: usize| (token as f32 * 0.7).sin() + 3.0;
        for axis in [0, 1] {
            let shape = if axis == 0 { vec![tokens, 2] } else { vec![2, tokens] };
            let layout = Layout::new(&shape, axis);
            let mut values = vec![0.0; 2 * tokens];
            for token in 0..tokens {
                values[layout.index(token, 0)] = row(token);
                values[layout.index(token, 1)] = -row(token);
            }
            let mean = (0..tokens).map(|token| f64::from(row(token))).sum::<f64>() / 50.0;
            let variance =
                (0..tokens).map(|token| (f64::from(row(token)) - mean).powi(2)).sum::<f64>() / 50.0;
            let rows = Rows::new(&values, &layout);
            let mut generator = ChaCha8Rng::seed_from_u64(3);
            let samples: Vec<Vec<f32>> = (0..4000).map(|_| rows.sample(&mut generator)).collect();
            let deviation = |sample: &Vec<f32>| f64::from(sample[0]) - mean;
            assert!(samples.iter().all(|sample| sample[0] == -sample[1]));
            let found =
                samples.iter().map(|sample| deviation(sample).powi(2)).sum::<f64>() / 4000.0;
            let ratio = found / (VARIANCE * variance);
            // f32 has steps of 2.4e-7 near 3, beside a deviation of 2.2e-5.
            assert!((0.9..1.1).contains(&ratio), "{ratio}");
            assert!(samples.iter().all(|sample| deviation(sample).abs() < 2e-4));
        }
    }
}
