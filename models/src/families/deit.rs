//! DeiT: ViT with a distillation token before the patches, trained on another model's outputs.

use super::bert_like::POOLER;
use super::head_keys::CLASSIFIER;
use super::vit::{self, BLOCK_KEYS};
use super::vit_like::KEYS;
use super::{Family, Task, head};
use crate::hf::keys::{Key, transpose};
use crate::layers::patches::LeadingTokens;

/// The family.
pub(super) static FAMILY: Family = Family {
    model_types: &["deit"],
    summary: "encoder of images; ViT with a distillation token",
    paper: "Touvron et al. 2020, https://arxiv.org/abs/2012.12877",
    heads: &[
        head(Task::ImageClassifier, "DeiTForImageClassification", &[CLASSIFIER]),
        head(Task::DistilledImageClassifier, "DeiTForImageClassificationWithTeacher", &[TEACHER]),
        head(Task::BaseModel, "DeiTModel", &[]),
    ],
    architecture: |json| vit::architecture(json, LeadingTokens::ClassAndDistillation),
    config: |size| vit::config(&FAMILY, size),
    prefix: "deit",
    keys: &[KEYS, BLOCK_KEYS, POOLER],
};

/// The classifiers of the two tokens.
const TEACHER: &[Key] = &[
    transpose("cls_classifier", "cls_classifier"),
    transpose("distillation_classifier", "distillation_classifier"),
];
