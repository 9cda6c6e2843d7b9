//! SentencePiece's `precompiled_charsmap`, which normalizes texts.

use std::sync::Arc;

use base64::Engine as _;

/// A darts-clone double-array trie, and the replacement texts that its values point to.
///
/// Reference: `normalizer.cc` of SentencePiece. The longest match at each position applies; the
/// tokenizers library matches whole characters instead, and so misses entries.
#[derive(Clone, Debug)]
pub(super) struct CharsMap {
    units: Arc<[u32]>,
    texts: Arc<[u8]>,
}

impl CharsMap {
    /// # Errors
    ///
    /// Describes what is wrong with the table.
    pub(super) fn from_base64(table: &str) -> Result<Self, String> {
        let truncated = || "precompiled_charsmap is truncated".to_owned();
        let bytes = base64::engine::general_purpose::STANDARD.decode(table);
        let bytes = bytes.map_err(|error| format!("precompiled_charsmap: {error}"))?;
        let (size, rest) = bytes.split_first_chunk().ok_or_else(truncated)?;
        let size = u32::from_le_bytes(*size) as usize;
        let (trie, texts) = rest.split_at_checked(size).ok_or_else(truncated)?;
        let units: Arc<[u32]> =
            trie.as_chunks().0.iter().map(|unit| u32::from_le_bytes(*unit)).collect();
        if units.is_empty() || !texts.is_empty() && texts.last() != Some(&0) {
            return Err(truncated());
        }
        Ok(Self { units, texts: texts.into() })
    }

    /// Replaces every match of the table.
    pub(super) fn normalize(&self, text: &str) -> String {
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            match self.longest(rest) {
                Some((length, replacement)) => {
                    result.push_str(replacement);
                    rest = &rest[length..];
                }
                None => {
                    result.push(first);
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        result
    }

    /// The longest entry that is a prefix of the text: its length and its replacement.
    fn longest(&self, text: &str) -> Option<(usize, &str)> {
        let offset = |unit: u32| ((unit >> 10) << ((unit & (1 << 9)) >> 6)) as usize;
        let mut at = offset(*self.units.first()?);
        let mut found = None;
        for (i, byte) in text.bytes().enumerate() {
            at ^= byte as usize;
            let Some(&unit) = self.units.get(at) else { break };
            if unit & (1 << 31 | 0xff) != u32::from(byte) {
                break;
            }
            at ^= offset(unit);
            if unit >> 8 & 1 == 1 {
                let Some(&value) = self.units.get(at) else { break };
                found = Some((i + 1, value & !(1 << 31)));
            }
        }
        let (length, start) = found.filter(|(length, _)| text.is_char_boundary(*length))?;
        let rest = self.texts.get(start as usize..)?;
        let end = rest.iter().position(|&byte| byte == 0)?;
        Some((length, std::str::from_utf8(&rest[..end]).ok()?))
    }
}
