//! The user's text file, and the split by position.

use super::byte_order_mark::without_byte_order_mark;
use super::error::TextError;
use std::fs;
use std::path::Path;

/// A training and a validation text.
pub(super) struct Parts {
    pub(super) train: String,
    pub(super) valid: String,
}

/// Reads a text file.
///
/// # Errors
///
/// [`TextError`] for a file that is missing, unreadable, empty or not UTF-8.
pub(super) fn read(path: &Path) -> Result<String, TextError> {
    let content =
        fs::read(path).map_err(|source| TextError::Unreadable { path: path.into(), source })?;
    decode(content, path)
}

/// Decodes UTF-8 with or without a byte order mark; `path` is for the error message.
pub(super) fn decode(content: Vec<u8>, path: &Path) -> Result<String, TextError> {
    let content = without_byte_order_mark(&content);
    if content.is_empty() {
        return Err(TextError::Empty { path: path.into() });
    }
    let not_utf8 = |error: std::str::Utf8Error| TextError::NotUtf8 {
        path: path.into(),
        offset: error.valid_up_to(),
    };
    str::from_utf8(content).map(str::to_owned).map_err(not_utf8)
}

/// The first 90 % of the characters (not bytes) for training, the rest for validation.
pub(super) fn split(text: &str) -> Parts {
    let train = text.chars().count() * 9 / 10;
    let cut = text.char_indices().nth(train).map_or(text.len(), |(offset, _)| offset);
    let (train, valid) = text.split_at(cut);
    Parts { train: train.to_owned(), valid: valid.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn the_split_counts_characters() {
        let parts = split("ääääääääxyz"); // 11 characters, 19 bytes; int(11 * 0.9) = 9
        assert_eq!(parts.train, "ääääääääx");
        assert_eq!(parts.valid, "yz");
        assert_eq!(split("").valid, "");
    }
}
