//! Source texts with target texts, in the layouts of encoder-decoders and of decoders.

use zoo_datasets::labeled::LabeledText;
use zoo_datasets::tokenizer::{Encoding, TokenizerError};

use super::codec::TextCodec;
use super::encoded::{EncodedTarget, EncodedText};

/// Between source and target text in a decoder.
const SEPARATOR: &str = "\n";

impl TextCodec {
    /// The tokens of a target text: with special tokens and the language, as in the reference's
    /// `text_target`.
    pub(super) fn target(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let settings = &self.settings;
        let encoding = self.target_encoder.encode(text)?;
        let mut ids = self.in_language(encoding, settings.target_language).ids;
        if let Some(end) = settings.end
            && !self.target_frame.after.contains(&end)
            && ids.last() != Some(&end)
        {
            ids.truncate(settings.max_target_length - 1);
            ids.push(end);
        }
        Ok(ids)
    }

    /// An encoded text with the token of its language in the place of another one among its special
    /// tokens, or else in front.
    pub(super) fn in_language(&self, mut text: Encoding, language: Option<u32>) -> Encoding {
        let Some(language) = language else { return text };
        let special = text.texts.iter().zip(&text.ids);
        let is_language =
            |(text, id): (&Option<usize>, &u32)| text.is_none() && self.tokenizer.is_language(*id);
        match special.map(is_language).position(|found| found) {
            Some(at) => text.ids[at] = language,
            None => {
                text.ids.insert(0, language);
                text.types.insert(0, 0);
                text.spans.insert(0, 0..0);
                text.words.insert(0, None);
                text.texts.insert(0, None);
            }
        }
        text
    }

    /// A source text and its target for a decoder. A source that is too long is cut at its end.
    pub(super) fn continued(
        &self,
        text: &LabeledText,
        target: &str,
        example: usize,
    ) -> Result<EncodedText, TokenizerError> {
        let settings = &self.settings;
        let source = format!("{}{}{SEPARATOR}", settings.prefix, text.text);
        let Encoding { mut ids, is_cut, .. } = self.encoder.encode(&source)?;
        ids.truncate(ids.len() - self.frame.after.len().min(ids.len()));
        if is_cut {
            let separator = self.tokenizer.encode(SEPARATOR)?;
            ids.truncate(settings.max_length.saturating_sub(separator.len()));
            ids.extend(separator);
        }
        let mut target = self.tokenizer.encode(target)?;
        target.truncate(settings.max_target_length - usize::from(settings.end.is_some()));
        target.extend(settings.end);
        let types = vec![0; ids.len()];
        let target = EncodedTarget::Text(target);
        Ok(EncodedText { ids, types, target, second: 0..0, example })
    }
}
