//! The flags of `zoo train` for objectives on running text.

use anyhow::Result;
use clap::ValueEnum;

use super::super::usage;
use super::start::no_text_objective;
use crate::datasets::batch::{MaskUnit, Noise};
use crate::datasets::tokenizer::Tokenizer;
use crate::models::families::{Family, Task};
use crate::train::pretraining::TextObjective;

/// What is learned from running text.
#[derive(clap::Args)]
pub(super) struct ObjectiveArgs {
    /// What the model learns from running text [default: next-token for a decoder, masked for an
    /// encoder, span-corruption for t5 and mt5, denoising for bart and mbart, next-token for other
    /// encoder-decoders]
    #[arg(long, value_name = "NAME", help_heading = "Objective", conflicts_with = "task")]
    objective: Option<ObjectiveName>,
    /// What masked hides: single tokens or all tokens of a word [default: token]
    #[arg(long, value_name = "UNIT", help_heading = "Objective", conflicts_with = "task")]
    masking: Option<UnitName>,
    /// The share of the tokens that masked hides [default: 0.15]
    #[arg(long, value_name = "SHARE", help_heading = "Objective", conflicts_with = "task")]
    mask_share: Option<f64>,
    /// The share of the tokens that span-corruption or denoising hides [default: 0.15 or 0.3]
    #[arg(long, value_name = "SHARE", help_heading = "Objective", conflicts_with = "task")]
    noise_density: Option<f64>,
    /// The mean length of hidden spans in tokens [default: 3]
    #[arg(long, value_name = "TOKENS", help_heading = "Objective", conflicts_with = "task")]
    mean_span: Option<f64>,
}

/// An objective on running text.
#[derive(Clone, Copy, ValueEnum)]
enum ObjectiveName {
    /// The next token; an encoder-decoder continues the first half of each sequence
    NextToken,
    /// BERT's: hidden tokens, for encoders
    Masked,
    /// T5's: spans that sentinel tokens stand for, for encoder-decoders
    SpanCorruption,
    /// BART's: sentences in another order and masked spans, for encoder-decoders
    Denoising,
}

/// What masked hides.
#[derive(Clone, Copy, ValueEnum)]
enum UnitName {
    Token,
    WholeWord,
}

impl ObjectiveArgs {
    /// The objective for the head of a family; `tokenizer` is that of an existing model.
    pub(super) fn resolve(
        &self,
        family: &Family,
        head: Task,
        tokenizer: Option<&Tokenizer>,
    ) -> Result<TextObjective> {
        let objective = match self.objective {
            None => default_objective(family, head, tokenizer),
            Some(ObjectiveName::NextToken) => TextObjective::NextToken,
            Some(ObjectiveName::Masked) => TextObjective::MASKED,
            Some(ObjectiveName::SpanCorruption) => TextObjective::SpanCorruption(Noise::T5),
            Some(ObjectiveName::Denoising) => TextObjective::Denoising(Noise::BART),
        };
        if !head.is_generative() && head != Task::MaskedLm {
            return Err(usage(no_text_objective(family)));
        }
        if !objective.fits(head) {
            let reason = match head {
                Task::MaskedLm => "an encoder learns masked",
                Task::CausalLm => "a decoder learns next-token",
                _ => "an encoder-decoder learns next-token, span-corruption or denoising",
            };
            let (name, family) = (objective.name(), family.name());
            return Err(usage(format!("--objective {name} is not for {family}: {reason}")));
        }
        let objective = self.with_settings(objective)?;
        match objective.problem() {
            Some(problem) => Err(usage(problem)),
            None => Ok(objective),
        }
    }

    /// The objective with the settings that were given.
    fn with_settings(&self, objective: TextObjective) -> Result<TextObjective> {
        let changed = |noise: Noise| Noise {
            density: self.noise_density.unwrap_or(noise.density),
            mean_span: self.mean_span.unwrap_or(noise.mean_span),
        };
        let (objective, is_masked, is_noise) = match objective {
            TextObjective::NextToken => (objective, false, false),
            TextObjective::Masked { share, unit } => {
                let unit = match self.masking {
                    None => unit,
                    Some(UnitName::Token) => MaskUnit::Token,
                    Some(UnitName::WholeWord) => MaskUnit::WholeWord,
                };
                let share = self.mask_share.unwrap_or(share);
                (TextObjective::Masked { share, unit }, true, false)
            }
            TextObjective::SpanCorruption(noise) => {
                (TextObjective::SpanCorruption(changed(noise)), false, true)
            }
            TextObjective::Denoising(noise) => {
                (TextObjective::Denoising(changed(noise)), false, true)
            }
        };
        let masked = "masked";
        let noise = "span-corruption or denoising";
        let flags = [
            ("--masking", self.masking.is_some(), is_masked, masked),
            ("--mask-share", self.mask_share.is_some(), is_masked, masked),
            ("--noise-density", self.noise_density.is_some(), is_noise, noise),
            ("--mean-span", self.mean_span.is_some(), is_noise, noise),
        ];
        match flags.into_iter().find(|(_, is_given, applies, _)| *is_given && !applies) {
            Some((flag, .., needed)) => Err(usage(format!(
                "{flag} needs the objective {needed}, and this one is {}",
                objective.name()
            ))),
            None => Ok(objective),
        }
    }
}

/// The objective that a family was published with, if the tokenizer has the tokens for it.
fn default_objective(family: &Family, head: Task, tokenizer: Option<&Tokenizer>) -> TextObjective {
    let published = match family.name() {
        "t5" | "mt5" => TextObjective::SpanCorruption(Noise::T5),
        "bart" | "mbart" => TextObjective::Denoising(Noise::BART),
        _ if head == Task::MaskedLm => TextObjective::MASKED,
        _ => TextObjective::NextToken,
    };
    match tokenizer {
        Some(tokenizer) if head == Task::Seq2SeqLm && !published.has_tokens(tokenizer) => {
            TextObjective::NextToken
        }
        _ => published,
    }
}
