//! Amounts with units.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A count or a duration: `250k`, `1M`, `60s`, `2min`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// A count.
    Count(u64),
    /// A duration, in seconds.
    Seconds(f64),
}

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is not an amount; use a count such as 250k, 1M or 2.5G, or a time such \
                 as 90s or 5min"
            )
        };
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_');
        let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
        let number: f64 = number.replace('_', "").parse().map_err(|_| wrong())?;
        let amount = match unit.trim() {
            "" => Self::Count(number as u64),
            "k" | "K" => Self::Count((number * 1e3) as u64),
            "M" | "m" => Self::Count((number * 1e6) as u64),
            "G" | "B" => Self::Count((number * 1e9) as u64),
            "T" => Self::Count((number * 1e12) as u64),
            "s" => Self::Seconds(number),
            "min" => Self::Seconds(number * 60.0),
            "h" => Self::Seconds(number * 3600.0),
            _ => return Err(wrong()),
        };
        let is_nothing = match amount {
            Self::Count(count) => count == 0,
            Self::Seconds(seconds) => seconds <= 0.0,
        };
        if is_nothing { Err(format!("{text:?} must be above 0")) } else { Ok(amount) }
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = match self {
            Self::Seconds(seconds) => return write!(f, "{seconds}s"),
            Self::Count(count) => *count,
        };
        for (unit, size) in [("G", 1_000_000_000), ("M", 1_000_000), ("k", 1000)] {
            if count >= size && count % (size / 1000) == 0 {
                return write!(f, "{}{unit}", count as f64 / size as f64);
            }
        }
        write!(f, "{count}")
    }
}

impl Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u64),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(count) => count.to_string().parse(),
            Written::Text(text) => text.parse(),
        }
        .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_parse_with_units() {
        for (text, expected) in [
            ("250k", Amount::Count(250_000)),
            ("1M", Amount::Count(1_000_000)),
            ("1_000", Amount::Count(1000)),
            ("2.5G", Amount::Count(2_500_000_000)),
            ("90s", Amount::Seconds(90.0)),
            ("1.5min", Amount::Seconds(90.0)),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
            assert_eq!(expected.to_string().parse(), Ok(expected), "{expected}");
        }
        for text in ["", "k", "1X", "-3", "0", "0s", "1e6", "nan"] {
            assert!(text.parse::<Amount>().is_err(), "{text}");
        }
    }
}
