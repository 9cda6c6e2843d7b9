//! Files that the library behind tokenizers does not survive become errors.
//!
//! A `tokenizer.json` comes from anybody. The library panics at some: where a field of a decoder is
//! missing, where a table of characters is cut short, where a decoder strips more than a token has. It
//! also does as it is told where a file of a kilobyte tells it to fill all memory. Neither can be
//! prevented from here by looking at files alone, so calls are guarded, and what grows without a limit
//! is refused.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use serde::Deserialize;
use serde_json::Value;

/// How many times longer the replacements of a file can make a text. Real files have less than 100.
const MOST_GROWTH: f64 = 1000.0;

/// How many tokens a file puts around a text. Real files have less than 10.
pub(super) const MOST_ADDED: usize = 1000;

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Calls the library. A panic in there is an error, and prints nothing.
pub(super) fn guarded<T>(call: impl FnOnce() -> tokenizers::Result<T>) -> tokenizers::Result<T> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |info| {
            if !IS_GUARDED.get() {
                usual(info);
            }
        }));
    });
    IS_GUARDED.set(true);
    // What a panic leaves half-done is dropped with it: the library's tokenizers change in their caches
    // alone, which are locked and may forget.
    let result = catch_unwind(AssertUnwindSafe(call));
    IS_GUARDED.set(false);
    result.unwrap_or_else(|panic| {
        Err(format!("the library for it gave up: {}", said(panic.as_ref())).into())
    })
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it does not say why")
}

/// The parts of a file that change texts.
#[derive(Deserialize)]
struct Parts {
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    decoder: Value,
}

/// Refuses what would take memory without a limit.
///
/// # Errors
///
/// Says what is refused.
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

/// Refuses a part of a tokenizer that would take memory without a limit.
///
/// # Errors
///
/// Says what is refused.
pub(super) fn check_part(part: &Value) -> Result<(), String> {
    check_named("normalizer, pre_tokenizer or decoder", part)
}

fn check_named(name: &str, part: &Value) -> Result<(), String> {
    let growth = growth(part)?;
    if growth > MOST_GROWTH {
        return Err(format!(
            "its {name} can make a text {growth:.0} times longer, and {MOST_GROWTH} is the most"
        ));
    }
    Ok(())
}

/// How many times longer all replacements below a value can make a text, one after the other.
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
        // An expression, like an empty text, can be found before every character.
        Some(if found == 0 { 1.0 + content } else { (content / found as f64).max(1.0) })
    };
    Ok(replaced().unwrap_or(1.0) * product(fields.values())?)
}

fn product<'v>(values: impl Iterator<Item = &'v Value>) -> Result<f64, String> {
    values.map(growth).product()
}

/// Checks the table of characters of SentencePiece, whose first four bytes say how long a part of it
/// is: room for that is made before anything is read.
fn check_table(base64: &str) -> Result<(), String> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |byte: u8| DIGITS.iter().position(|&known| known == byte);
    let bits = base64
        .bytes()
        .take(6)
        .try_fold(0_u64, |bits, byte| digit(byte).map(|value| bits << 6 | value as u64));
    let cut = || "its precompiled_charsmap is cut short".to_string();
    // Six digits are 36 bits, and the number is 32, its lowest byte first.
    let bits = bits.filter(|_| base64.len() > 6).ok_or_else(cut)?;
    let length = ((bits >> 4) as u32).swap_bytes();
    if length as usize > base64.len() { Err(cut()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_panic_is_an_error() {
        let error = guarded(|| -> tokenizers::Result<()> { panic!("index {}", 7) }).unwrap_err();
        assert_eq!(error.to_string(), "the library for it gave up: index 7");
        assert_eq!(guarded(|| Ok(3)).unwrap(), 3);
    }

    #[test]
    fn growth_is_counted_through_everything_that_is_nested() {
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
    fn a_table_is_as_long_as_it_says() {
        // 0x00000004 and 4 bytes, 0x40000000 and 4 bytes.
        assert!(check_table("BAAAAAAAAAA=").is_ok());
        assert!(check_table("AAAAQAAAAAA=").is_err());
        assert!(check_table("BAA").is_err());
        assert!(check_table("").is_err());
    }
}
