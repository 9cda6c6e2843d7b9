//! Protection against `tokenizer.json` files that crash the tokenizers library.
//!
//! A `tokenizer.json` is untrusted input. The library panics on some files: if a field of a decoder
//! is missing, a precompiled charsmap is truncated, or a decoder strips more characters than a
//! token has. A file of one kilobyte can also make it fill all memory. Inspecting the files alone
//! prevents neither, so calls are guarded, and files that cause unbounded growth are refused.

use crate::panics::caught;
use serde::Deserialize;
use serde_json::Value;

/// The maximum factor by which a file's replacements may lengthen a text. Real files stay below
/// 100.
const MOST_GROWTH: f64 = 1000.0;

/// The maximum number of special tokens that a file adds to a text. Real files add fewer than 10.
pub(super) const MOST_ADDED: usize = 1000;

/// Calls the library. A panic becomes an error, and prints nothing.
pub(super) fn guarded<T>(call: impl FnOnce() -> tokenizers::Result<T>) -> tokenizers::Result<T> {
    // The library's tokenizers mutate only their caches, which are locked and may lose entries.
    caught(call)
        .unwrap_or_else(|panic| Err(format!("the tokenizers library panicked: {panic}").into()))
}

/// The components of a file that change texts.
#[derive(Deserialize)]
struct Parts {
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    decoder: Value,
}

/// Refuses files that would allocate unbounded memory.
///
/// # Errors
///
/// Describes the refused component.
pub(super) fn check(text: &str) -> Result<(), String> {
    let parts: Parts = serde_json::from_str(text).map_err(|error| error.to_string())?;
    for (name, part) in [
        ("normalizer", &parts.normalizer),
        ("pre_tokenizer", &parts.pre_tokenizer),
        ("decoder", &parts.decoder),
    ] {
        check_named(name, part)?;
    }
    Ok(())
}

/// Refuses a tokenizer component that would allocate unbounded memory.
///
/// # Errors
///
/// Describes the refused component.
pub(super) fn check_part(part: &Value) -> Result<(), String> {
    check_named("normalizer, pre_tokenizer or decoder", part)
}

fn check_named(name: &str, part: &Value) -> Result<(), String> {
    let growth = growth(part)?;
    if growth > MOST_GROWTH {
        return Err(format!(
            "its {name} can make a text {growth:.0} times longer; the maximum is {MOST_GROWTH}"
        ));
    }
    Ok(())
}

/// The factor by which all replacements nested in a value, applied in turn, can lengthen a text.
fn growth(value: &Value) -> Result<f64, String> {
    let fields = match value {
        Value::Array(values) => return product(values.iter()),
        Value::Object(fields) => fields,
        _ => return Ok(1.0),
    };
    if let Some(map) = fields.get("precompiled_charsmap").and_then(Value::as_str) {
        check_table(map)?;
    }
    let replaced = || -> Option<f64> {
        let content = fields.get("content")?.as_str()?.len() as f64;
        let pattern = fields.get("pattern")?;
        let found = pattern.get("String").and_then(Value::as_str).unwrap_or_default().len();
        // A regular expression, like an empty string, can match before every character.
        Some(if found == 0 { 1.0 + content } else { (content / found as f64).max(1.0) })
    };
    Ok(replaced().unwrap_or(1.0) * product(fields.values())?)
}

fn product<'v>(values: impl Iterator<Item = &'v Value>) -> Result<f64, String> {
    values.map(growth).product()
}

/// Checks SentencePiece's precompiled charsmap, whose first four bytes are the length of its first
/// part: the library allocates that length before it reads anything.
fn check_table(base64: &str) -> Result<(), String> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |byte: u8| DIGITS.iter().position(|&known| known == byte);
    let bits = base64
        .bytes()
        .take(6)
        .try_fold(0_u64, |bits, byte| digit(byte).map(|value| bits << 6 | value as u64));
    let truncated = || "its precompiled_charsmap is truncated".to_string();
    // Six digits hold 36 bits; the length has 32, in little-endian order.
    let bits = bits.filter(|_| base64.len() > 6).ok_or_else(truncated)?;
    let length = ((bits >> 4) as u32).swap_bytes();
    if length as usize > base64.len() { Err(truncated()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_panic_is_an_error() {
        let error = guarded(|| -> tokenizers::Result<()> { panic!("index {}", 7) }).unwrap_err();
        assert_eq!(error.to_string(), "the tokenizers library panicked: index 7");
        assert_eq!(guarded(|| Ok(3)).unwrap(), 3);
    }

    #[test]
    fn growth_multiplies_over_nested_components() {
        let replace = |pattern: Value, content: &str| json!({ "type": "Replace", "pattern": pattern, "content": content });
        let metaspace = replace(json!({ "String": " " }), "\u{2581}");
        assert_eq!(growth(&metaspace).unwrap(), 3.0);
        assert_eq!(growth(&replace(json!({ "String": "``" }), "\"")).unwrap(), 1.0);
        assert_eq!(growth(&replace(json!({ "Regex": " {2,}" }), " ")).unwrap(), 2.0);
        let double = replace(json!({ "String": "a" }), "aa");
        let nested = |count: usize| {
            let all = vec![double.clone(); count];
            json!({ "type": "Sequence", "normalizers": [{ "type": "Sequence", "normalizers": all }] })
        };
        assert_eq!(growth(&nested(5)).unwrap(), 32.0);
        let file = |normalizer: Value| json!({ "normalizer": normalizer }).to_string();
        assert!(check(&file(nested(5))).is_ok());
        assert!(check(&file(nested(10))).unwrap_err().contains("1024 times longer"));
    }

    #[test]
    fn a_charsmap_has_its_declared_length() {
        // 0x00000004 and 4 bytes, 0x40000000 and 4 bytes.
        assert!(check_table("BAAAAAAAAAA=").is_ok());
        assert!(check_table("AAAAQAAAAAA=").is_err());
        assert!(check_table("BAA").is_err());
        assert!(check_table("").is_err());
    }
}
