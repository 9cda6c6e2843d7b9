//! How texts are written: what the verbs that write have in common.

use std::path::Path;

use clap::ValueEnum;

use crate::models::generate::{Beams, EarlyStopping, GenerationConfig, Limit};

/// How texts are written. What is not given is as `generation_config.json` has it.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "Writing")]
pub(super) struct WritingArgs {
    /// Tokens to add at most
    #[arg(long, short = 'n', value_name = "N")]
    max_new_tokens: Option<usize>,
    /// Tokens to add at least
    #[arg(long, value_name = "N")]
    min_new_tokens: Option<usize>,
    /// Always take the best token
    #[arg(long, conflicts_with_all = ["temperature", "top_k", "top_p", "min_p", "typical_p"])]
    greedy: bool,
    /// Below 1 the likely tokens become likelier, above 1 the unlikely ones do; 0 is greedy
    #[arg(long, value_name = "T")]
    temperature: Option<f64>,
    /// Choose among this many of the best tokens
    #[arg(long, value_name = "K")]
    top_k: Option<usize>,
    /// Choose among the best tokens whose probabilities add up to this
    #[arg(long, value_name = "P")]
    top_p: Option<f64>,
    /// Choose among the tokens that are at least this times as likely as the best
    #[arg(long, value_name = "P")]
    min_p: Option<f64>,
    /// Choose among the tokens nearest to the expected surprise, up to this sum of probabilities
    #[arg(long, value_name = "P")]
    typical_p: Option<f64>,
    /// Divide the scores of tokens that are there already by this
    #[arg(long, value_name = "X")]
    repetition_penalty: Option<f64>,
    /// Subtract this from the scores of tokens that were written already
    #[arg(long, value_name = "X")]
    presence_penalty: Option<f64>,
    /// Subtract this for every time that a token was written
    #[arg(long, value_name = "X")]
    frequency_penalty: Option<f64>,
    /// Write no sequence of this many tokens twice
    #[arg(long, value_name = "N")]
    no_repeat_ngram: Option<usize>,
    /// End the text where it has this; can be given more than once
    #[arg(long, value_name = "TEXT")]
    stop: Vec<String>,
    /// Follow this many continuations at once, and take the likeliest
    #[arg(long, value_name = "N", conflicts_with_all = ["temperature", "top_k", "top_p", "min_p", "typical_p"])]
    beams: Option<usize>,
    /// With beams: above 0 favours long texts, below 0 short ones
    #[arg(long, value_name = "X")]
    length_penalty: Option<f64>,
    /// With beams: end as soon as there are enough texts
    #[arg(long, value_name = "WHEN")]
    early_stopping: Option<Early>,
    /// With beams: follow them in so many groups that avoid each other's tokens
    #[arg(long, value_name = "N")]
    beam_groups: Option<usize>,
    /// With groups: how much they avoid them
    #[arg(long, value_name = "X")]
    diversity_penalty: Option<f64>,
    /// Texts to write for each prompt
    #[arg(long, value_name = "N")]
    texts: Option<usize>,
}

/// When a search with beams ends.
#[derive(Clone, Copy, ValueEnum)]
enum Early {
    /// As soon as there are as many texts as beams.
    True,
    /// When no better one is likely.
    False,
    /// When no better one is possible.
    Never,
}

impl WritingArgs {
    /// The texts that each prompt gets.
    pub(super) fn n_texts(&self) -> usize {
        self.texts.unwrap_or(1)
    }

    /// Changes a model's own settings to what is asked for.
    pub(super) fn apply(&self, settings: &mut GenerationConfig) {
        if let Some(count) = self.max_new_tokens {
            settings.longest = Limit::New(count);
        }
        if let Some(count) = self.min_new_tokens {
            settings.shortest = Limit::New(count);
        }
        self.sample_as_asked(settings);
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

    fn sample_as_asked(&self, settings: &mut GenerationConfig) {
        let sampling = &mut settings.options.sampling;
        if self.greedy {
            sampling.temperature = 0.0;
            settings.beams = None;
            return;
        }
        let is_asked = self.temperature.is_some()
            || self.top_k.is_some()
            || self.top_p.is_some()
            || self.min_p.is_some()
            || self.typical_p.is_some();
        if !is_asked {
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

/// Where a directory says nothing of it, texts are sampled and may be long.
pub(super) fn without_settings_of_its_own(folder: &Path, settings: &mut GenerationConfig) {
    if !folder.join("generation_config.json").exists() {
        settings.longest = Limit::New(300);
        settings.options.sampling.temperature = 0.8;
    }
}

fn set<T>(value: &mut T, asked: Option<T>) {
    if let Some(asked) = asked {
        *value = asked;
    }
}
