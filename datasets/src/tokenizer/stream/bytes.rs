//! Byte tokens.

/// The first of the characters that ByteLevel uses for bytes without a visible character.
const FIRST_STAND_IN: u32 = 256;

/// The byte of a token such as `<0xE4>`.
pub(super) fn byte_token(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    if digits.len() == 2 { u8::from_str_radix(digits, 16).ok() } else { None }
}

/// Decodes a run of byte tokens.
pub(super) fn text_of_run(run: Vec<u8>) -> Vec<String> {
    if run.is_empty() {
        return Vec::new();
    }
    let length = run.len();
    match String::from_utf8(run) {
        Ok(text) => vec![text],
        Err(_) => vec!["\u{fffd}".to_owned(); length],
    }
}

/// Removes and returns the complete characters at the start of `bytes`; an invalid sequence becomes
/// U+FFFD.
pub(super) fn whole_characters(bytes: &mut Vec<u8>) -> String {
    let mut text = String::new();
    let mut taken = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        taken += chunk.valid().len();
        let is_last = taken + chunk.invalid().len() == bytes.len();
        let is_unfinished = str::from_utf8(chunk.invalid()).is_err_and(|e| e.error_len().is_none());
        if is_last && is_unfinished {
            break;
        }
        if !chunk.invalid().is_empty() {
            text.push('\u{fffd}');
            taken += chunk.invalid().len();
        }
    }
    bytes.drain(..taken);
    text
}

/// The byte that a character represents: bytes that are visible in Latin-1 map to themselves, the
/// others to the characters from U+0100 on, in order.
///
/// Reference: Radford et al. 2019, §2.2; the table is that of GPT-2's `bytes_to_unicode`
pub(super) fn byte_of(character: char) -> Option<u8> {
    let is_visible = |byte: u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    match u32::from(character) {
        code @ 0..=0xFF => Some(code as u8).filter(|byte| is_visible(*byte)),
        code => {
            let nth = (code - FIRST_STAND_IN) as usize;
            (0..=u8::MAX).filter(|byte| !is_visible(*byte)).nth(nth)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokenizers::Decoder;
    use tokenizers::pre_tokenizers::byte_level::ByteLevel;

    #[test]
    fn the_byte_alphabet_equals_the_library() {
        let alphabet = ByteLevel::alphabet();
        let mut bytes: Vec<u8> = alphabet.iter().filter_map(|&c| byte_of(c)).collect();
        bytes.sort_unstable();
        assert_eq!(bytes, (0..=u8::MAX).collect::<Vec<u8>>());
        let decoder = ByteLevel::default();
        for &character in alphabet.iter().filter(|&&c| byte_of(c).is_some_and(|b| b < 128)) {
            let decoded = decoder.decode(vec![character.to_string()]).unwrap();
            assert_eq!(decoded.as_bytes(), [byte_of(character).unwrap()]);
        }
        for other in [' ', '\u{ad}', '\u{144}', '世'] {
            assert_eq!(byte_of(other), None, "{other}");
        }
    }

    #[test]
    fn bytes_become_characters_as_soon_as_they_are_complete() {
        let mut tail = b"a\xE4\xBD".to_vec();
        assert_eq!(whole_characters(&mut tail), "a");
        tail.push(0xA0);
        assert_eq!(whole_characters(&mut tail), "你");
        tail.extend(b"\xE5b\xFF\xF0\x9F");
        assert_eq!(whole_characters(&mut tail), "\u{fffd}b\u{fffd}");
        assert_eq!(tail, b"\xF0\x9F");
    }
}
