//! SentencePiece behavior that the tokenizers library lacks, for the tokenizers of Marian and
//! M2M100.

use std::borrow::Cow;

use serde_json::{Map, Value};
use tokenizers::{Encoding as Tokens, NormalizerWrapper, Tokenizer as Inner};

use super::charsmap::CharsMap;

/// The field of `tokenizer_config.json` with the settings of this behavior.
pub(super) const MARKS: &str = "sentencepiece";

/// The name of a token that no text is split into: normalized texts have no spaces.
pub(super) fn hidden(token: &str) -> String {
    format!(" {token}")
}

/// Processes texts before the library's tokenizer, and ids after it.
#[derive(Clone, Debug)]
pub(super) struct Surface {
    charsmap: Option<CharsMap>,
    /// The original normalizer, including the charsmap that is applied here instead.
    whole: Option<NormalizerWrapper>,
    unknown: u32,
    /// Pieces from this id on are not in the model's vocabulary.
    unknown_from: u32,
    /// Whether a language code such as `>>fr<<` before a text is a token.
    has_codes: bool,
}

impl Surface {
    /// Reads the field of `tokenizer_config.json`, and removes the charsmap from the tokenizer.
    /// `None` if the field is absent.
    ///
    /// # Errors
    ///
    /// Describes the invalid part.
    pub(super) fn take(
        inner: &mut Inner,
        config: &Map<String, Value>,
    ) -> Result<Option<Self>, String> {
        let Some(fields) = config.get(MARKS) else { return Ok(None) };
        let unknown_from = fields["unknown_from"].as_u64().and_then(|id| u32::try_from(id).ok());
        let unknown_from =
            unknown_from.ok_or_else(|| format!("{MARKS}.unknown_from is not an id: {fields}"))?;
        let unknown = config.get("unk_token").and_then(Value::as_str).unwrap_or("<unk>");
        let unknown = inner
            .token_to_id(unknown)
            .ok_or_else(|| format!("unk_token {unknown:?} is not in the vocabulary"))?;
        let whole = inner.get_normalizer().cloned();
        let mut value = serde_json::to_value(&whole).map_err(|error| error.to_string())?;
        let mut charsmap = None;
        if let Some(parts) = value["normalizers"].as_array_mut()
            && let Some(i) = parts.iter().position(|part| part["type"] == "Precompiled")
        {
            let table = parts.remove(i);
            let table = table["precompiled_charsmap"].as_str().unwrap_or_default();
            charsmap = Some(CharsMap::from_base64(table)?);
            let rest: NormalizerWrapper =
                serde_json::from_value(value).map_err(|error| error.to_string())?;
            inner.with_normalizer(Some(rest)).map_err(|error| error.to_string())?;
        }
        let has_codes = fields["language_codes"].as_bool().unwrap_or(false);
        Ok(Some(Self { charsmap, whole, unknown, unknown_from, has_codes }))
    }

    /// One more than the largest id in the model's vocabulary.
    pub(super) fn limit(&self) -> u32 {
        self.unknown_from
    }

    /// The tokenizer with its charsmap restored.
    ///
    /// # Errors
    ///
    /// The library's error.
    pub(super) fn restore(&self, inner: &Inner) -> tokenizers::Result<Inner> {
        let mut inner = inner.clone();
        inner.with_normalizer(self.whole.clone())?;
        Ok(inner)
    }

    /// The tokens of a text.
    ///
    /// # Errors
    ///
    /// The library's error.
    pub(super) fn tokens(&self, inner: &Inner, text: &str) -> tokenizers::Result<Tokens> {
        let (code, rest) = self.split(text);
        let rest = match &self.charsmap {
            Some(map) => Cow::Owned(map.normalize(rest)),
            None => Cow::Borrowed(rest),
        };
        let tokens = inner.encode_char_offsets(rest.as_ref(), false)?;
        let (mut ids, mut texts) = (Vec::new(), Vec::new());
        let (mut words, mut offsets) = (Vec::new(), Vec::new());
        if let Some(code) = code {
            ids.push(self.found(inner, code).unwrap_or(self.unknown));
            texts.push(code.to_owned());
            words.push(None);
            offsets.push((0, 0));
        }
        let rest: Vec<char> = rest.chars().collect();
        for (i, &id) in tokens.get_ids().iter().enumerate() {
            let id = match id {
                id if id >= self.unknown_from => self.unknown,
                id if id == self.unknown => {
                    let (start, end) = tokens.get_offsets()[i];
                    let run: String = rest.get(start..end).unwrap_or_default().iter().collect();
                    // A unigram model returns the unknown text itself, including space markers.
                    let run =
                        self.found(inner, &tokens.get_tokens()[i]).or(self.found(inner, &run));
                    run.unwrap_or(id)
                }
                id => id,
            };
            ids.push(id);
        }
        texts.extend_from_slice(tokens.get_tokens());
        words.extend_from_slice(tokens.get_word_ids());
        offsets.extend_from_slice(tokens.get_offsets());
        let count = ids.len();
        let (types, special, mask) = (vec![0; count], vec![0; count], vec![1; count]);
        let (more, ranges) = (Vec::new(), Default::default());
        Ok(Tokens::new(ids, types, texts, words, offsets, special, mask, more, ranges))
    }

    /// The id of a token that texts are not split into, but that can match a whole run of unknown
    /// characters.
    fn found(&self, inner: &Inner, text: &str) -> Option<u32> {
        let id = inner.token_to_id(&hidden(text)).or_else(|| inner.token_to_id(text));
        id.filter(|&id| id < self.unknown_from)
    }

    /// The language code before a text, and the text.
    fn split<'t>(&self, text: &'t str) -> (Option<&'t str>, &'t str) {
        let end = text.find("<<").filter(|_| self.has_codes && text.starts_with(">>"));
        match end {
            Some(end) => (Some(&text[..end + 2]), &text[end + 2..]),
            None => (None, text),
        }
    }
}
