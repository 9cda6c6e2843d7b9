//! The flags of `zoo train` for sentence vectors.

use anyhow::Result;

use super::super::embed::{LengthArg, PoolingArg};
use super::super::usage;
use crate::datasets::labeled::{LabeledTarget, LabeledText, LabeledTexts, Relation};
use crate::pipeline::SentenceModules;
use crate::train::{SentenceLoss, SentenceVectors};

/// How sentence vectors are made, and what is learned about them.
#[derive(clap::Args)]
pub(super) struct VectorArgs {
    /// The loss of sentence-embedding: multiple-negatives, where the other texts of a batch are
    /// wrong answers; cosine, with a column of similarities; triplet, with a column of negatives
    /// [default: cosine where there is a column of similarities, else multiple-negatives]
    #[arg(long, value_name = "NAME", help_heading = "Sentence vectors", requires = "task")]
    loss: Option<SentenceLoss>,
    /// The pooling of hidden states [default: the model's, otherwise mean]
    #[arg(long, value_name = "WHICH", help_heading = "Sentence vectors", requires = "task")]
    pooling: Option<PoolingArg>,
    /// Whether vectors are normalized to length 1 [default: the model's, otherwise unit]
    #[arg(long, value_name = "LENGTH", help_heading = "Sentence vectors", requires = "task")]
    length: Option<LengthArg>,
    /// The factor on cosine similarities in multiple-negatives [default: 20]
    #[arg(long, value_name = "X", help_heading = "Sentence vectors", requires = "task")]
    scale: Option<f32>,
    /// How much nearer than a negative a text should be with triplet [default: 5]
    #[arg(long, value_name = "X", help_heading = "Sentence vectors", requires = "task")]
    margin: Option<f32>,
}

impl VectorArgs {
    /// Whether there is any of these flags.
    pub(super) fn is_some(&self) -> bool {
        self.loss.is_some()
            || self.pooling.is_some()
            || self.length.is_some()
            || self.scale.is_some()
            || self.margin.is_some()
    }

    /// The modules that are written with the model.
    pub(super) fn modules(&self, found: SentenceModules) -> SentenceModules {
        SentenceModules {
            pooling: self.pooling.map_or(found.pooling, Into::into),
            is_unit: self.length.map_or(found.is_unit, |length| length == LengthArg::Unit),
            ..found
        }
    }

    /// The vectors that these modules make, and the loss.
    ///
    /// # Errors
    ///
    /// The texts do not have what the loss needs; a setting of another loss.
    pub(super) fn vectors(
        &self,
        modules: &SentenceModules,
        texts: &LabeledTexts,
    ) -> Result<SentenceVectors> {
        let loss = match (self.loss.unwrap_or(default_loss(texts)), self.scale, self.margin) {
            (SentenceLoss::MultipleNegatives { scale }, new, None) => {
                SentenceLoss::MultipleNegatives { scale: new.unwrap_or(scale) }
            }
            (SentenceLoss::Triplet { margin }, None, new) => {
                SentenceLoss::Triplet { margin: new.unwrap_or(margin) }
            }
            (loss @ SentenceLoss::Cosine, None, None) => loss,
            (loss, Some(_), _) if !matches!(loss, SentenceLoss::MultipleNegatives { .. }) => {
                return Err(usage(format!("--scale has no meaning for the loss {loss}")));
            }
            (loss, ..) => {
                return Err(usage(format!("--margin has no meaning for the loss {loss}")));
            }
        };
        check(loss, texts).map_err(usage)?;
        Ok(SentenceVectors { pooling: modules.pooling, is_unit: modules.is_unit, loss })
    }
}

/// The loss that the columns of texts are for.
pub(in crate::cli) fn default_loss(texts: &LabeledTexts) -> SentenceLoss {
    let has_similarity = |relation: &Relation| relation.similarity.is_some();
    match !texts.examples.is_empty() && texts.examples.iter().all(|t| is(t, has_similarity)) {
        true => SentenceLoss::Cosine,
        false => SentenceLoss::ALL[0],
    }
}

fn is(text: &LabeledText, what: impl Fn(&Relation) -> bool) -> bool {
    matches!(&text.target, LabeledTarget::Related(relation) if what(relation))
}

/// Checks that texts have what a loss needs.
fn check(loss: SentenceLoss, texts: &LabeledTexts) -> Result<(), String> {
    let all = |what: fn(&Relation) -> bool| texts.examples.iter().all(|text| is(text, what));
    match loss {
        SentenceLoss::Cosine if !all(|relation| relation.similarity.is_some()) => {
            Err("--loss cosine needs a column of similarities; name it with --label-column".into())
        }
        SentenceLoss::Triplet { .. } if !all(|relation| !relation.negatives.is_empty()) => {
            Err("--loss triplet needs a column of other texts, whose name is negative".into())
        }
        SentenceLoss::MultipleNegatives { scale } if !(scale > 0.0 && scale.is_finite()) => {
            Err(format!("--scale is {scale}; it must be more than 0"))
        }
        SentenceLoss::Triplet { margin } if !(margin >= 0.0 && margin.is_finite()) => {
            Err(format!("--margin is {margin}; it must be 0 or more"))
        }
        _ => Ok(()),
    }
}
