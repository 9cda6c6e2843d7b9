//! One word has one meaning: public names are unique in their crate, and former names do not return.

use std::collections::BTreeMap;

use zoo_fingerprint::{before_tests, code_lines};

use crate::layout::{CRATES, folders, sources};

/// Names that were dropped for the field's term.
const FORMER: &[(&str, &str)] = &[
    ("admit", "submit"),
    ("Ask", "CompletionRequest"),
    ("Asks", "TaskDefinition"),
    ("Backing", "BackendKind"),
    ("backing", "dispatch"),
    ("BareAttention", "NoAttentionNorm"),
    ("blind", "fully_masked_rows"),
    ("Blueprint", "ModelSpec"),
    ("BranchNorm", "ReorderedNorm"),
    ("Buckets", "RelativeBias"),
    ("CausalBackbone", "Backbone"),
    ("CausalSkeleton", "Backbone"),
    ("Circumstances", "RunEnvironment"),
    ("Contestant", "Candidate"),
    ("Course", "TrainingConfig"),
    ("covering", "one_per_kind"),
    ("crew", "thread_pool"),
    ("Cutter", "Windower"),
    ("Delivery", "ResponseMode"),
    ("detour", "burn_workarounds"),
    ("Drafted", "SpeculativeStats"),
    ("Draw", "SeededRng"),
    ("EmbeddedPositions", "PositionEmbedding"),
    ("Errand", "WorkItem"),
    ("Feed", "Preprocessor"),
    ("few_rows", "skinny_gemm"),
    ("Given", "ParameterValue"),
    ("Hold", "LoadDtype"),
    ("in_format_of", "cast_input"),
    ("keeps_halves", "stores_half_weights"),
    ("Letter", "ResponseHeader"),
    ("logarithms", "logsumexp"),
    ("ModelInput", "Inputs"),
    ("Need", "TaskKind"),
    ("Numbering", "PositionNumbering"),
    ("ParallelTwoNorms", "ParallelDualNorm"),
    ("Passage", "SequenceState"),
    ("Places", "SearchPath"),
    ("PositionScheme", "PositionEncoding"),
    ("PostNormReader", "PostNormDecoderBlock"),
    ("PreNormReader", "PreNormDecoderBlock"),
    ("Pupil", "TaskObjective"),
    ("QueryKeyNorm", "QkNorm"),
    ("Rewriting", "TextToText"),
    ("ScaledBranches", "LayerScale"),
    ("Scope", "AttentionContext"),
    ("Scores", "SdpaParams"),
    ("Sees", "Context"),
    ("Seq2SeqBackbone", "Backbone"),
    ("Seq2SeqSkeleton", "Backbone"),
    ("Sight", "AttentionWindow"),
    ("Skeleton", "Backbone"),
    ("Stack", "TransformerStack"),
    ("stranger", "unknown_parameter"),
    ("Subject", "ParityCase"),
    ("summing_up", "aggregate"),
    ("take_back", "rollback"),
    ("TextData", "LmDataset"),
    ("Ticket", "RequestId"),
    ("tiles", "chunked_attention"),
    ("TokenPositions", "PositionIds"),
    ("Told", "WorkerEvent"),
    ("Trainee", "Model with an Objective"),
    ("Transform", "PredictionHead"),
    ("UNDOABLE", "MAX_ROLLBACK"),
    ("Usual", "TypicalWorkload"),
    ("Waiting", "PaddingSteps"),
    ("Walk", "Unroll"),
    ("Wanted", "TaskRequirement, SizingTarget or Artifact"),
    ("Way", "ObjectiveKind"),
    ("where_true", "if_config"),
    ("widens", "upcasts"),
    ("wire", "hf"),
];

/// The words of a file's code: not those of comments and of strings within a line.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let lines = code_lines(text);
    let outside = lines.flat_map(|line| line.split('"').step_by(2));
    let outside = outside.map(|part| part.split("//").next().unwrap_or_default());
    outside.flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && c != '_'))
}

/// The public type that a line declares.
fn declared(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("pub ")?;
    let kinds = ["struct ", "enum ", "trait ", "union "];
    let name = kinds.iter().find_map(|kind| rest.strip_prefix(kind))?;
    name.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

#[test]
fn a_public_name_is_declared_once_in_a_crate() {
    for folder in folders() {
        let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (path, text) in sources(folder) {
            for name in before_tests(&text).lines().filter_map(declared) {
                places.entry(name.to_string()).or_default().push(path.display().to_string());
            }
        }
        assert!(!places.is_empty(), "{folder} declares no public type");
        let twice: Vec<_> = places.iter().filter(|(_, places)| places.len() > 1).collect();
        assert!(twice.is_empty(), "{folder}: {twice:?}");
    }
}

#[test]
fn no_former_name_is_left() {
    assert!(FORMER.is_sorted_by_key(|(name, _)| name.to_lowercase().replace('_', "")));
    for (path, text) in CRATES.iter().flat_map(|folder| sources(folder)) {
        for word in words(&text) {
            let former = FORMER.iter().find(|(name, _)| *name == word);
            assert!(former.is_none(), "{}: {former:?}", path.display());
        }
    }
}

#[test]
fn words_are_those_of_code() {
    let text = "let a = \"Scope\"; // Scope\n/// Scope\nfn b(c: Sight) {}\n#[cfg(test)]\nmod d {}";
    let found: Vec<&str> = words(text).filter(|word| !word.is_empty()).collect();
    assert_eq!(found, ["let", "a", "fn", "b", "c", "Sight"]);
}
