//! Python behavior that templates rely on: JSON, dates, and `generation` blocks of `transformers`.

use std::fmt::Write;

use chrono::Local;
use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Error, ErrorKind, Value};

/// The maximum nesting depth of values in JSON.
const DEEPEST: usize = 100;

/// The `tojson` filter: Python's `json.dumps`, without HTML escapes.
pub(super) fn to_json(value: &Value, indent: Option<Value>, named: Kwargs) -> Result<Value, Error> {
    let mut indent = indent;
    if let Some(given) = named.get::<Option<Value>>("indent")? {
        indent = Some(given);
    }
    let indent = match indent {
        Some(indent) if !indent.is_none() => Some(usize::try_from(indent)?.min(DEEPEST)),
        _ => None,
    };
    let separators: Option<Vec<String>> = named.get("separators")?;
    let [item, key] = match separators.as_deref() {
        Some([item, key]) => [item.clone(), key.clone()],
        Some(_) => return Err(failed("separators must have two elements")),
        None if indent.is_some() => [",".into(), ": ".into()],
        None => [", ".into(), ": ".into()],
    };
    let mut writer = JsonWriter {
        out: String::new(),
        indent,
        item,
        key,
        only_ascii: named.get::<Option<bool>>("ensure_ascii")?.unwrap_or(false),
        is_sorted: named.get::<Option<bool>>("sort_keys")?.unwrap_or(false),
    };
    named.assert_all_used()?;
    writer.value(value, 0)?;
    Ok(Value::from(writer.out))
}

struct JsonWriter {
    out: String,
    indent: Option<usize>,
    item: String,
    key: String,
    only_ascii: bool,
    is_sorted: bool,
}

impl JsonWriter {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        if depth > DEEPEST {
            return Err(failed("tojson: values are nested too deeply"));
        }
        match value.kind() {
            ValueKind::None => self.out.push_str("null"),
            ValueKind::Bool => self.out.push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => self.out.push_str(match number(value).as_str() {
                "nan" => "NaN",
                "inf" => "Infinity",
                "-inf" => "-Infinity",
                number => number,
            }),
            ValueKind::String => self.string(value.as_str().unwrap_or_default()),
            ValueKind::Seq | ValueKind::Iterable => {
                let items = value.try_iter()?.map(|value| (None, value)).collect();
                self.container('[', ']', items, depth)?;
            }
            ValueKind::Map => {
                let mut items = Vec::new();
                for key in value.try_iter()? {
                    items.push((Some(name(&key)?), value.get_item(&key)?));
                }
                if self.is_sorted {
                    items.sort_by(|a: &(Option<String>, Value), b| a.0.cmp(&b.0));
                }
                self.container('{', '}', items, depth)?;
            }
            kind => return Err(failed(&format!("tojson: unsupported value of type {kind}"))),
        }
        Ok(())
    }

    fn container(
        &mut self,
        open: char,
        close: char,
        items: Vec<(Option<String>, Value)>,
        depth: usize,
    ) -> Result<(), Error> {
        self.out.push(open);
        let is_empty = items.is_empty();
        for (index, (name, value)) in items.into_iter().enumerate() {
            if index > 0 {
                self.out.push_str(&self.item);
            }
            self.line(depth + 1);
            if let Some(name) = name {
                self.string(&name);
                self.out.push_str(&self.key);
            }
            self.value(&value, depth + 1)?;
        }
        if !is_empty {
            self.line(depth);
        }
        self.out.push(close);
        Ok(())
    }

    /// Starts a new line if the output is indented.
    fn line(&mut self, depth: usize) {
        if let Some(indent) = self.indent {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(' ', indent * depth));
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                c if c < ' ' || (self.only_ascii && c > '~') => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        let _ = write!(self.out, "\\u{unit:04x}");
                    }
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}

/// The key of an object.
fn name(key: &Value) -> Result<String, Error> {
    match key.kind() {
        ValueKind::String => Ok(key.as_str().unwrap_or_default().to_string()),
        ValueKind::None => Ok("null".into()),
        ValueKind::Bool => Ok(key.is_true().to_string()),
        ValueKind::Number => Ok(number(key)),
        kind => Err(failed(&format!("tojson: unsupported key of type {kind}"))),
    }
}

/// Formats a number as Python does.
pub(super) fn number(value: &Value) -> String {
    if value.is_integer() {
        return value.to_string();
    }
    let Ok(number) = f64::try_from(value.clone()) else { return value.to_string() };
    if number.is_nan() {
        return "nan".into();
    }
    // Rust and Python both print the shortest text that round-trips, but format the exponent
    // differently.
    let text = format!("{number:?}");
    match text.split_once('e') {
        Some((digits, exponent)) => match exponent.parse::<i32>() {
            Ok(exponent) => format!("{digits}e{exponent:+03}"),
            Err(_) => text,
        },
        None => text,
    }
}

/// The `strftime_now` function: the local time, formatted as by Python's `strftime`.
pub(super) fn strftime_now(format: &str) -> Result<String, Error> {
    let mut text = String::new();
    write!(text, "{}", Local::now().format(format))
        .map_err(|_| failed(&format!("strftime_now does not support the format {format:?}")))?;
    Ok(text)
}

/// Replaces `generation` blocks by blocks that only group their contents: the tag marks assistant
/// text for training.
pub(super) fn without_generation_tags(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find("{%") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(end) = rest.find("%}") else { break };
        let tag = &rest[2..end];
        let word = tag.trim_matches(|c: char| matches!(c, '-' | '+') || c.is_whitespace());
        match word {
            "generation" | "endgeneration" => {
                out.push_str("{%");
                out.push_str(&tag.replace("generation", "with"));
                out.push_str("%}");
                rest = &rest[end + 2..];
            }
            _ => {
                out.push_str("{%");
                rest = &rest[2..];
            }
        }
    }
    out + rest
}

fn failed(message: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.to_string())
}
