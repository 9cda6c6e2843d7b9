//! Generation options, shared by the subcommands that generate text.

use std::path::Path;

use clap::ValueEnum;

use crate::models::generate::{Beams, EarlyStopping, GenerationConfig, Limit};

/// Generation options. The defaults are those of `generation_config.json`.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "Writing")]
pub(super) struct WritingArgs {
    /// Maximum number of new tokens
    #[arg(long, short = 'n', value_name = "N")]
    max_new_tokens: Option<usize>,
    /// Minimum number of new tokens
    #[arg(long, value_name = "N")]
    min_new_tokens: Option<usize>,
    /// Greedy decoding: always take the most likely token
    #[arg(long, conflicts_with_all = ["temperature", "top_k", "top_p", "min_p", "typical_p"])]
    greedy: bool,
    /// Sampling temperature: below 1 sharpens the distribution, above 1 flattens it; 0 is greedy
    #[arg(long, value_name = "T")]
    temperature: Option<f64>,
    /// Sample from the K most likely tokens
    #[arg(long, value_name = "K")]
    top_k: Option<usize>,
    /// Sample from the most likely tokens whose probabilities sum to P
    #[arg(long, value_name = "P")]
    top_p: Option<f64>,
    /// Sample from the tokens with at least P times the probability of the most likely one
    #[arg(long, value_name = "P")]
    min_p: Option<f64>,
    /// Locally typical sampling: sample from the tokens whose surprisal is nearest to the entropy,
    /// up to a total probability of P
    #[arg(long, value_name = "P")]
    typical_p: Option<f64>,
    /// Divide the logits of tokens that already occur in the text by X
    #[arg(long, value_name = "X")]
    repetition_penalty: Option<f64>,
    /// Subtract X from the logits of tokens that were already generated
    #[arg(long, value_name = "X")]
    presence_penalty: Option<f64>,
    /// Subtract X from a token's logit for each time that it was generated
    #[arg(long, value_name = "X")]
    frequency_penalty: Option<f64>,
    /// Do not repeat any sequence of N tokens
    #[arg(long, value_name = "N")]
    no_repeat_ngram: Option<usize>,
    /// Stop at this string; can be repeated
    #[arg(long, value_name = "TEXT")]
    stop: Vec<String>,
    /// Beam search with N beams
    #[arg(long, value_name = "N", conflicts_with_all = ["temperature", "top_k", "top_p", "min_p", "typical_p"])]
    beams: Option<usize>,
    /// With --beams: above 0 favors long texts, below 0 short ones
    #[arg(long, value_name = "X")]
    length_penalty: Option<f64>,
    /// With --beams: when to end the search
    #[arg(long, value_name = "WHEN")]
    early_stopping: Option<Early>,
    /// With --beams: number of groups for diverse beam search
    #[arg(long, value_name = "N")]
    beam_groups: Option<usize>,
    /// With --beam-groups: penalty for tokens that other groups chose
    #[arg(long, value_name = "X")]
    diversity_penalty: Option<f64>,
    /// Texts to generate for each prompt
    #[arg(long, value_name = "N")]
    texts: Option<usize>,
}

/// When beam search ends.
#[derive(Clone, Copy, ValueEnum)]
enum Early {
    /// As soon as as many texts are finished as there are beams.
    True,
    /// When a better text is unlikely.
    False,
    /// When no better text is possible.
    Never,
}

impl WritingArgs {
    /// The number of texts for each prompt.
    pub(super) fn n_texts(&self) -> usize {
        self.texts.unwrap_or(1)
    }

    /// Overrides a model's generation settings with the given options.
    pub(super) fn apply(&self, settings: &mut GenerationConfig) {
        if let Some(count) = self.max_new_tokens {
            settings.longest = Limit::New(count);
        }
        if let Some(count) = self.min_new_tokens {
            settings.shortest = Limit::New(count);
        }
        self.apply_sampling(settings);
        let rules = &mut settings.options.constraints;
        set(&mut rules.repetition_penalty, self.repetition_penalty);
        set(&mut rules.presence_penalty, self.presence_penalty);
        set(&mut rules.frequency_penalty, self.frequency_penalty);
        set(&mut rules.no_repeat_ngram, self.no_repeat_ngram);
        settings.stop_strings.extend(self.stop.iter().cloned());
        if let Some(width) = self.beams {
            settings.options.sampling.temperature = 0.0;
            let own = settings.beams.take();
            settings.beams =
                (width != 1).then(|| Beams { width, ..own.unwrap_or(Beams::new(width)) });
        }
        if let Some(beams) = &mut settings.beams {
            set(&mut beams.length_penalty, self.length_penalty);
            set(&mut beams.groups, self.beam_groups);
            set(&mut beams.diversity_penalty, self.diversity_penalty);
            set(
                &mut beams.early_stopping,
                self.early_stopping.map(|early| match early {
                    Early::True => EarlyStopping::WhenFull,
                    Early::False => EarlyStopping::WhenUnlikely,
                    Early::Never => EarlyStopping::Never,
                }),
            );
        }
        set(&mut settings.n_texts, self.texts);
    }

    fn apply_sampling(&self, settings: &mut GenerationConfig) {
        let sampling = &mut settings.options.sampling;
        if self.greedy {
            sampling.temperature = 0.0;
            settings.beams = None;
            return;
        }
        let is_sampling = self.temperature.is_some()
            || self.top_k.is_some()
            || self.top_p.is_some()
            || self.min_p.is_some()
            || self.typical_p.is_some();
        if !is_sampling {
            return;
        }
        settings.beams = None;
        if sampling.is_greedy() {
            sampling.temperature = 1.0;
        }
        set(&mut sampling.temperature, self.temperature);
        sampling.top_k = self.top_k.or(sampling.top_k);
        set(&mut sampling.top_p, self.top_p);
        set(&mut sampling.min_p, self.min_p);
        set(&mut sampling.typical_p, self.typical_p);
    }
}

/// Without `generation_config.json`: sampling at temperature 0.8, up to 300 tokens.
pub(super) fn without_settings_of_its_own(folder: &Path, settings: &mut GenerationConfig) {
    if !folder.join("generation_config.json").exists() {
        settings.longest = Limit::New(300);
        settings.options.sampling.temperature = 0.8;
    }
}

fn set<T>(value: &mut T, option: Option<T>) {
    if let Some(option) = option {
        *value = option;
    }
}
