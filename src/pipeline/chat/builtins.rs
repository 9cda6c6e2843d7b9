//! Filters, tests and methods of Jinja and Python that the template engine lacks or implements
//! differently.

use minijinja::value::{Kwargs, ValueKind, from_args};
use minijinja::{Environment, Error, Output, State, Value, escape_formatter};
use minijinja_contrib::pycompat::unknown_method_callback;

use super::python;

/// Adds transformers' definitions to an environment.
pub(super) fn add_to(environment: &mut Environment<'static>) {
    environment.set_unknown_method_callback(method);
    environment.set_formatter(print);
    environment.add_filter("e", escape);
    environment.add_filter("escape", escape);
    environment.add_filter("float", float);
    environment.add_filter("int", int);
    environment.add_filter("tojson", python::to_json);
    environment.add_filter("truncate", truncate);
    environment.add_filter("wordcount", words);
    environment.add_function("strftime_now", python::strftime_now);
    environment.add_test("iterable", |value: &Value| !value.is_none() && value.try_iter().is_ok());
}

/// Prints a value as Python does; only floats differ from the engine's own formatter.
fn print(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_number() && !value.is_integer() {
        return Ok(out.write_str(&python::number(value))?);
    }
    escape_formatter(out, state, value)
}

fn method(state: &mut State, value: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
    let Some(text) = value.as_str() else {
        return unknown_method_callback(state, value, name, args);
    };
    match name {
        "removeprefix" => {
            let (prefix,): (&str,) = from_args(args)?;
            Ok(Value::from(text.strip_prefix(prefix).unwrap_or(text)))
        }
        "removesuffix" => {
            let (suffix,): (&str,) = from_args(args)?;
            Ok(Value::from(text.strip_suffix(suffix).unwrap_or(text)))
        }
        "rsplit" => {
            let (separator, most): (Option<&str>, Option<usize>) = from_args(args)?;
            let pieces = most.map_or(usize::MAX, |most| most.saturating_add(1));
            let mut parts: Vec<&str> = match separator {
                Some(separator) => text.rsplitn(pieces, separator).collect(),
                None => split_at_spaces(text, pieces),
            };
            parts.reverse();
            Ok(parts.into_iter().map(Value::from).collect())
        }
        _ => unknown_method_callback(state, value, name, args),
    }
}

/// Splits at whitespace from the end of a text; the last piece is the unsplit rest.
fn split_at_spaces(text: &str, pieces: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end();
    while !rest.is_empty() {
        let at = rest.rfind(char::is_whitespace).filter(|_| parts.len() + 1 < pieces);
        let start = at.map_or(0, |at| at + rest[at..].chars().next().map_or(1, char::len_utf8));
        parts.push(&rest[start..]);
        rest = rest[..at.unwrap_or(0)].trim_end();
    }
    parts
}

fn escape(value: &Value) -> String {
    let mut out = String::new();
    for c in value.to_string().chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Converts to an integer; a value that is not a number becomes the default.
fn int(value: &Value, default: Option<Value>, named: Kwargs) -> Result<Value, Error> {
    let default = default.or(named.get("default")?);
    named.assert_all_used()?;
    let of_float = |number: f64| number.is_finite().then(|| Value::from(number.trunc() as i128));
    let number = match value.kind() {
        ValueKind::Bool => Some(Value::from(i32::from(value.is_true()))),
        ValueKind::Number if value.is_integer() => Some(value.clone()),
        ValueKind::Number => f64::try_from(value.clone()).ok().and_then(of_float),
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default().trim();
            let whole = text.parse::<i128>().ok().map(Value::from);
            whole.or_else(|| text.parse().ok().and_then(of_float))
        }
        _ => None,
    };
    Ok(number.or(default).unwrap_or_else(|| Value::from(0)))
}

fn float(value: &Value, default: Option<Value>, named: Kwargs) -> Result<Value, Error> {
    let default = default.or(named.get("default")?);
    named.assert_all_used()?;
    let number = match value.kind() {
        ValueKind::Bool => Some(f64::from(u8::from(value.is_true()))),
        ValueKind::String => value.as_str().unwrap_or_default().trim().parse().ok(),
        _ => f64::try_from(value.clone()).ok(),
    };
    Ok(number.map(Value::from).or(default).unwrap_or_else(|| Value::from(0.0)))
}

/// Truncates a text at a word boundary if it exceeds `length` by more than `leeway`.
fn truncate(
    text: &str,
    length: Option<usize>,
    within_words: Option<bool>,
    end: Option<String>,
    named: Kwargs,
) -> Result<String, Error> {
    let length = length.or(named.get("length")?).unwrap_or(255);
    let within_words = within_words.or(named.get("killwords")?).unwrap_or(false);
    let end = end.or(named.get("end")?).unwrap_or_else(|| "...".into());
    let leeway = named.get::<Option<usize>>("leeway")?.unwrap_or(5);
    named.assert_all_used()?;
    if text.chars().count() <= length.saturating_add(leeway) {
        return Ok(text.to_string());
    }
    let kept: String = text.chars().take(length.saturating_sub(end.chars().count())).collect();
    let cut = match kept.rfind(' ') {
        Some(at) if !within_words => &kept[..at],
        _ => &kept,
    };
    Ok(format!("{cut}{end}"))
}

fn words(text: &str) -> usize {
    let is_between = |c: char| !(c.is_alphanumeric() || c == '_');
    text.split(is_between).filter(|word| !word.is_empty()).count()
}
