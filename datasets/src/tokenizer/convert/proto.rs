//! SentencePiece's model file: the fields of its protocol buffer that affect tokenization.

use std::collections::BTreeMap;

use prost::Message;

/// Longer pieces do not occur in real models, and trying every split of one would take unbounded
/// time.
const LONGEST_PIECE: usize = 1024;

/// `ModelProto` of sentencepiece_model.proto, in part.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Model {
    #[prost(message, repeated, tag = "1")]
    pub(super) pieces: Vec<Piece>,
    #[prost(message, optional, tag = "2")]
    trainer: Option<Trainer>,
    #[prost(message, optional, tag = "3")]
    normalizer: Option<Normalizer>,
}

/// A token and its logarithmic probability.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Piece {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(float, optional, tag = "2")]
    log_probability: Option<f32>,
    #[prost(int32, optional, tag = "3")]
    type_number: Option<i32>,
}

/// `TrainerSpec`, in part.
#[derive(Clone, PartialEq, Message)]
struct Trainer {
    #[prost(int32, optional, tag = "3", default = "1")]
    model_type: Option<i32>,
    #[prost(bool, optional, tag = "35")]
    byte_fallback: Option<bool>,
    #[prost(int32, optional, tag = "40")]
    unk_id: Option<i32>,
    #[prost(int32, optional, tag = "41", default = "1")]
    bos_id: Option<i32>,
    #[prost(int32, optional, tag = "42", default = "2")]
    eos_id: Option<i32>,
    #[prost(string, optional, tag = "45")]
    unk_piece: Option<String>,
    #[prost(string, optional, tag = "46")]
    bos_piece: Option<String>,
    #[prost(string, optional, tag = "47")]
    eos_piece: Option<String>,
}

/// `NormalizerSpec`, in part.
#[derive(Clone, PartialEq, Message)]
struct Normalizer {
    #[prost(bytes = "vec", optional, tag = "2")]
    precompiled_charsmap: Option<Vec<u8>>,
    #[prost(bool, optional, tag = "3", default = "true")]
    add_dummy_prefix: Option<bool>,
    #[prost(bool, optional, tag = "4", default = "true")]
    remove_extra_whitespaces: Option<bool>,
}

/// The segmentation algorithm of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Unigram,
    Bpe,
}

/// The type of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Normal,
    Unknown,
    Control,
    UserDefined,
    Unused,
    Byte,
}

impl Piece {
    pub(super) fn score(&self) -> f64 {
        f64::from(self.log_probability())
    }

    pub(super) fn kind(&self) -> Kind {
        match self.type_number {
            Some(2) => Kind::Unknown,
            Some(3) => Kind::Control,
            Some(4) => Kind::UserDefined,
            Some(5) => Kind::Unused,
            Some(6) => Kind::Byte,
            _ => Kind::Normal,
        }
    }
}

impl Model {
    /// Parses the content of a file.
    ///
    /// # Errors
    ///
    /// Describes what is wrong with it.
    pub(super) fn parse(content: &[u8]) -> Result<Self, String> {
        if content.starts_with(b"version https://git-lfs") {
            return Err("it is a Git LFS pointer, not the file itself; fetch the file with \
                        `git lfs pull`"
                .to_owned());
        }
        let other = |reason: &str| {
            format!(
                "it is not a SentencePiece model ({reason}); tiktoken's files are not supported"
            )
        };
        let model = Self::decode(content).map_err(|error| other(&error.to_string()))?;
        if model.pieces.is_empty() {
            return Err(other("it has no pieces"));
        }
        if let Some(i) = model.pieces.iter().position(|piece| piece.text().len() > LONGEST_PIECE) {
            let bytes = model.pieces[i].text().len();
            return Err(format!("piece {i} has {bytes} bytes; the maximum is {LONGEST_PIECE}"));
        }
        if let Some(i) = model.pieces.iter().position(|piece| !piece.score().is_finite()) {
            return Err(format!("the score of piece {i} is not finite"));
        }
        model.algorithm()?;
        Ok(model)
    }

    /// # Errors
    ///
    /// Word and character models.
    pub(super) fn algorithm(&self) -> Result<Algorithm, String> {
        match self.trainer.as_ref().map_or(1, Trainer::model_type) {
            1 => Ok(Algorithm::Unigram),
            2 => Ok(Algorithm::Bpe),
            3 => Err("it is a word model; only unigram and BPE are supported".to_owned()),
            4 => Err("it is a character model; only unigram and BPE are supported".to_owned()),
            other => Err(format!("its model_type is {other}, which is not a known algorithm")),
        }
    }

    /// The precompiled charsmap that normalizes texts; `None` if it is empty.
    pub(super) fn charsmap(&self) -> Option<&[u8]> {
        self.normalizer.as_ref()?.precompiled_charsmap.as_deref().filter(|map| !map.is_empty())
    }

    pub(super) fn adds_dummy_prefix(&self) -> bool {
        self.normalizer.as_ref().is_none_or(Normalizer::add_dummy_prefix)
    }

    pub(super) fn removes_extra_spaces(&self) -> bool {
        self.normalizer.as_ref().is_none_or(Normalizer::remove_extra_whitespaces)
    }

    pub(super) fn has_byte_fallback(&self) -> bool {
        self.trainer.as_ref().is_some_and(Trainer::byte_fallback)
    }

    /// The id of the unknown token.
    pub(super) fn unk_id(&self) -> i32 {
        self.trainer.as_ref().map_or(0, Trainer::unk_id)
    }

    pub(super) fn unk_piece(&self) -> &str {
        let piece = self.trainer.as_ref().and_then(|trainer| trainer.unk_piece.as_deref());
        piece.filter(|piece| !piece.is_empty()).unwrap_or("<unk>")
    }

    /// The bos, eos and unknown tokens, by role.
    pub(super) fn roles(&self) -> BTreeMap<&'static str, String> {
        let trainer = self.trainer.clone().unwrap_or_default();
        let role = |role, id: i32, piece: &str, default: &str| {
            let piece = if piece.is_empty() { default } else { piece };
            (id >= 0).then(|| (role, piece.to_owned()))
        };
        let roles = [
            role("bos_token", trainer.bos_id(), trainer.bos_piece(), "<s>"),
            role("eos_token", trainer.eos_id(), trainer.eos_piece(), "</s>"),
            role("unk_token", trainer.unk_id(), trainer.unk_piece(), "<unk>"),
        ];
        roles.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_models_are_refused() {
        let error = |content: &[u8]| Model::parse(content).unwrap_err();
        assert!(error(b"IQ== 0\nIg== 1\n").contains("not a SentencePiece model"));
        assert!(error(b"version https://git-lfs.github.com/spec/v1\n").contains("Git LFS"));
        assert!(error(b"").contains("no pieces"));
        let piece = |text: &str, score| Piece {
            text: Some(text.into()),
            log_probability: score,
            type_number: None,
        };
        let model = |pieces| Model { pieces, trainer: None, normalizer: None }.encode_to_vec();
        assert!(error(&model(vec![piece(&"a".repeat(1025), None)])).contains("1025 bytes"));
        assert!(error(&model(vec![piece("a", Some(f32::NAN))])).contains("not finite"));
        assert_eq!(Model::parse(&model(vec![piece("a", Some(-1.5))])).unwrap().pieces.len(), 1);
    }
}
