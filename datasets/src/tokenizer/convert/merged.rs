//! Classes that read a SentencePiece model as a BPE, and models without a known class.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde_json::{Value, json};
use tokenizers::ModelWrapper;
use tokenizers::models::bpe::BPE;
use tokenizers::models::unigram::Unigram;

use super::class::Class;
use super::languages::NLLB;
use super::parts::{Around, Parts, SPACE, metaspace, plain, replace, replace_all, sequence};
use super::proto::{Algorithm, Model};
use super::roles::{FAIRSEQ, Roles};
use super::settings::Settings;
use super::token::Named;
use super::unigram::{pieces_to_add, precompiled};
use crate::tokenizer::error::TokenizerError;
use crate::tokenizer::guard::guarded;
use crate::tokenizer::read::corrupt;

/// The tokenizers of Llama, Gemma and NLLB.
///
/// # Errors
///
/// Inconsistent settings and model.
pub(super) fn build(
    path: &Path,
    proto: &Model,
    settings: &Settings,
    roles: &Roles,
) -> Result<Parts, TokenizerError> {
    let texts = proto.pieces.iter().map(|piece| piece.text().to_owned());
    // The last of two equal pieces takes precedence.
    let mut vocab: HashMap<String, u32> = texts.zip(0..).collect();
    let merges = merges_of(&vocab).into_iter().map(Into::into).collect();
    let unk_token = roles.text_or("unk_token", "<unk>").to_owned();
    let mut extras = pieces_to_add(proto);
    let bytes =
        || vec![replace(SPACE, " "), json!({ "type": "ByteFallback" }), json!({ "type": "Fuse" })];
    let mut builder = BPE::builder().fuse_unk(true);
    let mut around = Around::BosEos;
    let (normalizer, pre_tokenizer, decoder) = match roles.class {
        Class::Gemma => {
            builder = builder.unk_token(unk_token).byte_fallback(true);
            let split = json!({
                "type": "Split", "pattern": { "String": " " }, "behavior": "MergedWithPrevious",
                "invert": false,
            });
            (replace(" ", SPACE), split, sequence("decoders", bytes()))
        }
        Class::Nllb => {
            vocab = reordered(proto, roles);
            builder = builder.unk_token(unk_token);
            extras = languages(settings, extras);
            let source = settings.text("src_lang").unwrap_or("eng_Latn");
            let eos = roles.text("eos_token").map_err(|reason| corrupt(path, &reason))?;
            around = match settings.flag("legacy_behaviour").unwrap_or(false) {
                true => plain(&[], &[], &[&eos, source]),
                false => plain(&[source], &[], &[&eos]),
            };
            let spaces = replace_all(" {2,}", " ");
            let normalizer = precompiled(proto)
                .map_or(Value::Null, |map| sequence("normalizers", vec![map, spaces]));
            (normalizer, metaspace("always"), metaspace("always"))
        }
        _ => {
            builder = builder.byte_fallback(true);
            let prefix = settings.flag("add_prefix_space").unwrap_or(true);
            let prepend = match (prefix, settings.flag("legacy").unwrap_or(false)) {
                (false, _) => "never",
                (true, true) => "always",
                (true, false) => "first",
            };
            let mut spaces = metaspace(prepend);
            spaces["split"] = false.into();
            let strip = json!({ "type": "Strip", "content": " ", "start": 1, "stop": 0 });
            let decoders = bytes().into_iter().chain(prefix.then_some(strip)).collect();
            (Value::Null, spaces, sequence("decoders", decoders))
        }
    };
    let build = || builder.vocab_and_merges(super::vocabulary::vocab_of(vocab), merges).build();
    let model = guarded(build).map_err(|error| corrupt(path, &error))?.into();
    Ok(Parts { model, normalizer, pre_tokenizer, decoder, around, extras })
}

/// A tokenizer without a class, built from the model's file alone.
///
/// # Errors
///
/// An inconsistent model.
pub(super) fn build_plain(
    path: &Path,
    proto: &Model,
    settings: &Settings,
) -> Result<Parts, TokenizerError> {
    let wrong = |reason: String| corrupt(path, &reason);
    let fallback = proto.has_byte_fallback();
    let model = match proto.algorithm().map_err(wrong)? {
        Algorithm::Unigram => {
            let pieces = proto.pieces.iter().map(|piece| (piece.text().to_owned(), piece.score()));
            let unk_id = usize::try_from(proto.unk_id()).ok();
            guarded(|| Unigram::from(pieces.collect(), unk_id, fallback)).map(ModelWrapper::from)
        }
        Algorithm::Bpe => {
            let texts = proto.pieces.iter().map(|piece| piece.text().to_owned());
            let mut vocab: HashMap<String, u32> = texts.zip(0..).collect();
            let merges = merges_of(&vocab).into_iter().map(Into::into).collect();
            rename(proto, settings, &mut vocab);
            let build = || {
                BPE::builder()
                    .vocab_and_merges(super::vocabulary::vocab_of(vocab), merges)
                    .unk_token(proto.unk_piece().to_owned())
                    .fuse_unk(true)
                    .byte_fallback(fallback)
                    .build()
            };
            guarded(build).map(ModelWrapper::from)
        }
    };
    let mut decoders = vec![replace(SPACE, " ")];
    if fallback {
        decoders.extend([json!({ "type": "ByteFallback" }), json!({ "type": "Fuse" })]);
    }
    let normalizers = precompiled(proto).into_iter().chain([replace(" ", SPACE)]).collect();
    Ok(Parts {
        model: model.map_err(|error| wrong(error.to_string()))?,
        normalizer: sequence("normalizers", normalizers),
        pre_tokenizer: Value::Null,
        decoder: sequence("decoders", decoders),
        around: Around::BosEos,
        extras: pieces_to_add(proto),
    })
}

/// Renames placeholder pieces to the names that `added_tokens_decoder` lists for their ids.
fn rename(proto: &Model, settings: &Settings, vocab: &mut HashMap<String, u32>) {
    for (&id, token) in settings.added() {
        let piece = usize::try_from(id).ok().and_then(|id| proto.pieces.get(id));
        if let Some(piece) = piece
            && piece.text() != token.content
            && !vocab.contains_key(&token.content)
            && let Some(id) = vocab.remove(piece.text())
        {
            vocab.insert(token.content.clone(), id);
        }
    }
}

/// All pairs of pieces that concatenate to a piece, in merge order: sorted by the id of the merged
/// piece.
pub(super) fn merges_of(vocab: &HashMap<String, u32>) -> Vec<[String; 2]> {
    struct Merge<'v> {
        rank: u32,
        lengths: [usize; 2],
        ids: [u32; 2],
        pair: [&'v str; 2],
    }
    let mut merges = Vec::new();
    for (text, &rank) in vocab {
        let length = text.chars().count();
        for (i, (at, _)) in text.char_indices().enumerate().skip(1) {
            let (left, right) = text.split_at(at);
            if let (Some(&first), Some(&second)) = (vocab.get(left), vocab.get(right)) {
                let lengths = [i, length - i];
                merges.push(Merge { rank, lengths, ids: [first, second], pair: [left, right] });
            }
        }
    }
    merges.sort_unstable_by_key(|merge| (merge.rank, merge.lengths, merge.ids));
    merges.into_iter().map(|merge| merge.pair.map(str::to_owned)).collect()
}

/// NLLB's vocabulary: fairseq's special tokens, then the pieces.
fn reordered(proto: &Model, roles: &Roles) -> HashMap<String, u32> {
    let special = FAIRSEQ.map(|usual| roles.text_of(usual));
    let pieces = proto.pieces.iter().map(|piece| piece.text().to_owned());
    let mut vocab: HashMap<String, u32> = special.into_iter().zip(0..).collect();
    for text in pieces {
        let next = vocab.len() as u32;
        vocab.entry(text).or_insert(next);
    }
    vocab
}

/// The languages that the files list, or all of NLLB-200's: the model cannot translate without
/// them.
fn languages(settings: &Settings, pieces: Vec<Named>) -> Vec<Named> {
    let listed: HashSet<&str> =
        settings.added().values().map(|token| token.content.as_str()).collect();
    let more: Vec<Named> = match &settings.additional {
        Some(additional) => additional.clone(),
        None if NLLB.iter().any(|name| listed.contains(name)) => Vec::new(),
        None => NLLB.iter().map(|name| Named::Text((*name).to_owned())).collect(),
    };
    pieces.into_iter().chain(more).collect()
}
