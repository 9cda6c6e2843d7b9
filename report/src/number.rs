//! Formats numbers for readers: rounded to their precision, with units.

use crate::study::{Interval, Metric};

/// A non-breaking space, which keeps a number and its unit on one line.
const SPACE: char = '\u{a0}';

/// The decimals that a spread warrants: two significant digits of the spread if it starts with 1 or
/// 2, otherwise one.
///
/// ```text
/// 0.012 -> 3    0.034 -> 2    1.4 -> 1    25 -> 0
/// ```
pub(crate) fn decimals(spread: f64) -> usize {
    if !spread.is_finite() || spread <= 0.0 {
        return 3;
    }
    let exponent = spread.log10().floor();
    let leading = spread / 10f64.powf(exponent);
    let digits = if leading < 2.95 { 1.0 } else { 0.0 };
    (digits - exponent).clamp(0.0, 6.0) as usize
}

/// The decimals for three significant digits, for a value without a known spread.
fn three_digits(value: f64) -> usize {
    match value.abs() {
        v if !(1e-4..100.0).contains(&v) => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        v => (2.0 - v.log10().floor()).min(6.0) as usize,
    }
}

/// A number with this many decimals and a true minus sign; a value that rounds to zero has no sign.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "not finite".into();
    }
    let text = match value.abs() {
        // Large integers are unreadable with all their digits.
        v if decimals == 0 && v >= 1e6 => format!("{value:.1e}"),
        _ => format!("{value:.decimals$}"),
    };
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.to_string(),
        Some(rest) => format!("\u{2212}{rest}"),
        None => text,
    }
}

/// A number to the precision that its interval warrants, or to three digits without an interval.
pub(crate) fn value(value: f64, interval: Option<Interval>) -> String {
    let spread = interval.map(Interval::half).filter(|half| *half > 0.0);
    fixed(value, spread.map_or_else(|| three_digits(value), decimals))
}

/// `low to high`, to the precision that the interval's width warrants.
pub(crate) fn range(interval: Interval) -> String {
    let places = match interval.half() {
        half if half > 0.0 => decimals(half),
        _ => three_digits(interval.low),
    };
    format!("{} to {}", fixed(interval.low, places), fixed(interval.high, places))
}

/// A number with its unit, if it has one.
pub(crate) fn with_unit(number: &str, unit: &str) -> String {
    if unit.is_empty() { number.to_string() } else { format!("{number}{SPACE}{unit}") }
}

/// A score with its metric's unit.
pub(crate) fn score(mean: f64, interval: Option<Interval>, metric: &Metric) -> String {
    with_unit(&value(mean, interval), &metric.unit)
}

/// Three significant digits and an SI prefix: `1.23 M`.
pub(crate) fn si(number: f64) -> String {
    if !number.is_finite() {
        return "not finite".into();
    }
    const PREFIXES: [&str; 7] = ["", "k", "M", "G", "T", "P", "E"];
    scaled(number, 1000.0, &PREFIXES)
}

/// A number with an SI prefix and no trailing zeros, in full up to 9999: `1 M`, `2.5 k`, `0.5`.
pub(crate) fn compact(number: f64) -> String {
    match number.abs() {
        0.0 => "0".into(),
        n if n < 1e-3 => format!("{number:e}"),
        // Rounded, because sums of powers of ten have rounding errors in the last digits.
        n if n < 9999.5 => fixed((number * 1e9).round() / 1e9, 9)
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_string(),
        _ => {
            let text = si(number);
            let (digits, unit) = text.split_once(SPACE).unwrap_or((text.as_str(), ""));
            let digits = match digits.contains('.') {
                true => digits.trim_end_matches('0').trim_end_matches('.'),
                false => digits,
            };
            with_unit(digits, unit)
        }
    }
}

/// A speed to three significant digits, in full up to a million: `9140`, `12 300`.
pub(crate) fn speed(number: f64) -> String {
    match number {
        n if n.is_nan() || n >= 1e6 => si(n),
        n if n < 100.0 => fixed(n, three_digits(n).min(2)),
        n => {
            let unit = 10f64.powf((n.log10().floor() - 2.0).max(0.0));
            grouped(((n / unit).round() * unit) as u64)
        }
    }
}

/// Memory: `1.50 GiB`.
pub(crate) fn bytes(number: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    scaled(number as f64, 1024.0, &UNITS)
}

fn scaled(number: f64, base: f64, units: &[&str]) -> String {
    let mut rest = number;
    let mut unit = 0;
    // A value that rounds up to the next unit is shown in that unit.
    while rest.abs() >= base - 0.5 && unit + 1 < units.len() {
        rest /= base;
        unit += 1;
    }
    let places = match rest.abs() {
        _ if unit == 0 && rest.fract() == 0.0 => 0,
        r if r >= 99.95 => 0,
        r if r >= 9.995 => 1,
        _ => 2,
    };
    with_unit(&fixed(rest, places), units[unit])
}

/// An integer with a thousands separator: `12 345`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && digits.len() > 4 {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A time: `12.3 s`, `4 min 10 s`, `2 h 5 min`.
pub(crate) fn duration(seconds: f64) -> String {
    let whole = seconds.round();
    let pair = |a: f64, unit_a: &str, b: f64, unit_b: &str| match b as u64 {
        0 => format!("{a:.0}{SPACE}{unit_a}"),
        _ => format!("{a:.0}{SPACE}{unit_a} {b:.0}{SPACE}{unit_b}"),
    };
    match whole {
        w if !w.is_finite() || w < 0.0 => "unknown".into(),
        w if w < 60.0 => with_unit(&fixed(seconds, three_digits(seconds).min(1)), "s"),
        w if w < 3600.0 => pair((w / 60.0).floor(), "min", w % 60.0, "s"),
        w => pair((w / 3600.0).floor(), "h", (w % 3600.0 / 60.0).floor(), "min"),
    }
}

/// A p-value: `p = 0.012`, `p < 0.001`.
pub(crate) fn p_value(p: f64) -> String {
    match p {
        p if p < 0.001 => "p < 0.001".into(),
        p if p < 0.1 => format!("p = {p:.3}"),
        p => format!("p = {p:.2}"),
    }
}

/// A learning rate: `0.001`, `3e-4`.
pub(crate) fn rate(rate: f64) -> String {
    if rate >= 0.001 { rate.to_string() } else { format!("{rate:e}") }
}

/// A percentage with its sign: `+1.2 %`.
pub(crate) fn percent(share: f64) -> String {
    let text = fixed(share, if share.abs() < 0.095 { 2 } else { 1 });
    let sign = if share > 0.0 && text.chars().any(|c| ('1'..='9').contains(&c)) { "+" } else { "" };
    format!("{sign}{text}{SPACE}%")
}

/// A count with its noun, in the plural except for 1: `1 seed`, `3 seeds`.
pub(crate) fn of(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list<S: AsRef<str>>(names: &[S]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_string(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

/// The first names and the number of the others: `a, b and 3 others`.
pub(crate) fn short_list<S: AsRef<str>>(names: &[S], most: usize) -> String {
    if names.len() <= most {
        return list(names);
    }
    let mut shown: Vec<String> =
        names[..most - 1].iter().map(|name| name.as_ref().to_string()).collect();
    shown.push(format!("{} others", names.len() - shown.len()));
    list(&shown)
}

#[cfg(test)]
mod tests;
