//! The byte order mark, which editors on Windows put in front of a UTF-8 text.

/// The bytes of a text without the byte order mark U+FEFF in front of it, if there is one.
///
/// Reference: The Unicode Standard 16.0, §23.8
pub fn without_byte_order_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::without_byte_order_mark;

    #[test]
    fn only_a_mark_in_front_is_removed() {
        let removed = |text: &str| {
            String::from_utf8(without_byte_order_mark(text.as_bytes()).to_vec()).unwrap()
        };
        assert_eq!(removed("\u{feff}a\u{feff}b"), "a\u{feff}b");
        assert_eq!(removed("\u{feff}"), "");
        assert_eq!(removed("äb"), "äb");
    }
}
