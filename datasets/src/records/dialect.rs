//! How a table separates and quotes its fields.

use std::iter;

/// The separator and the quotes of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) separator: u8,
    pub(super) quoting: Quoting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    Double,
    Single,
    /// Quotes are characters as any other.
    None,
}

/// How well a dialect fits a table.
struct Fit {
    dialect: Dialect,
    /// The share of the rows that have as many fields as the header.
    share: f64,
    /// A column has only values in single quotes.
    has_single_quotes: bool,
    /// A field begins with a double quote, but is not a quoted field.
    has_stray_quotes: bool,
}

impl Dialect {
    /// The dialect that divides most rows into as many fields as the header has, at least two.
    pub(super) fn detect(text: &str, usual: u8) -> Self {
        let others = b",;\t|".iter().copied().filter(|separator| *separator != usual);
        Self::detect_among(text, iter::once(usual).chain(others))
    }

    /// As [`detect`](Self::detect) with these separators, where the first is preferred.
    pub(super) fn detect_among(text: &str, mut separators: impl Iterator<Item = u8>) -> Self {
        let header = text.trim_start().lines().next().unwrap_or_default();
        let mut best: Option<Fit> = None;
        let mut fallback = None;
        for separator in separators.by_ref() {
            fallback.get_or_insert(Self { separator, quoting: Quoting::Double });
            if !header.as_bytes().contains(&separator) {
                continue;
            }
            let fit = Self::with_separator(text, separator);
            if let Some(fit) = fit
                && best.as_ref().is_none_or(|best| fit.share > best.share)
            {
                best = Some(fit);
            }
        }
        let fallback = fallback.unwrap_or(Self { separator: b',', quoting: Quoting::Double });
        best.map_or(fallback, |fit| fit.dialect)
    }

    /// The quotes that fit best, or nothing if the header has one field only.
    fn with_separator(text: &str, separator: u8) -> Option<Fit> {
        let fit = |quoting| Self { separator, quoting }.fit(text);
        let double = fit(Quoting::Double)?;
        let is_exact = |fit: &Fit| fit.share == 1.0;
        // Programs write tab-separated fields as they are, with quotes that belong to the text.
        let plain = if separator == b'\t' { fit(Quoting::None) } else { None };
        if let Some(plain) = plain {
            if is_exact(&plain) && plain.has_stray_quotes {
                return Some(plain);
            }
            if plain.share > double.share {
                return Some(plain);
            }
        }
        if is_exact(&double) && !double.has_single_quotes {
            return Some(double);
        }
        let single = fit(Quoting::Single);
        let is_better = |single: &Fit| {
            single.share > double.share || double.has_single_quotes && single.share == double.share
        };
        single.filter(is_better).or(Some(double))
    }

    fn fit(self, text: &str) -> Option<Fit> {
        let mut records = self.reader(text).into_records().filter_map(Result::ok);
        let header = records.next()?;
        let columns = header.len();
        if columns < 2 {
            return None;
        }
        let (mut rows, mut regular) = (0_u64, 0_u64);
        let mut in_single_quotes = vec![true; columns];
        let mut has_stray_quotes = header.iter().any(is_stray);
        for record in records.filter(|record| !is_blank(record)) {
            rows += 1;
            regular += u64::from(record.len() == columns);
            for (all, value) in in_single_quotes.iter_mut().zip(&record) {
                *all &= value.len() >= 2 && value.starts_with('\'') && value.ends_with('\'');
            }
            has_stray_quotes |= record.iter().any(is_stray);
        }
        Some(Fit {
            dialect: self,
            share: if rows == 0 { 1.0 } else { regular as f64 / rows as f64 },
            has_single_quotes: rows > 0 && in_single_quotes.contains(&true),
            has_stray_quotes,
        })
    }

    /// A reader of all records, the header too, with any number of fields.
    pub(super) fn reader(self, text: &str) -> csv::Reader<&[u8]> {
        csv::ReaderBuilder::new()
            .delimiter(self.separator)
            .quoting(self.quoting != Quoting::None)
            .quote(if self.quoting == Quoting::Single { b'\'' } else { b'"' })
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes())
    }
}

/// Whether a row is a line of spaces.
pub(super) fn is_blank(record: &csv::StringRecord) -> bool {
    record.len() == 1 && record[0].trim().is_empty()
}

/// Whether a field, read without quoting, begins with a double quote that quotes nothing.
fn is_stray(field: &str) -> bool {
    let Some(rest) = field.strip_prefix('"') else { return false };
    let Some(inner) = rest.strip_suffix('"') else { return true };
    inner.replace("\"\"", "").contains('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dialect_follows_from_the_content() {
        use Quoting::{Double, None, Single};
        for (text, separator, quoting) in [
            ("text,label\na,b\n", b',', Double),
            ("text;label\na, and b;1,5\n", b';', Double),
            ("text\tlabel\na, and b\t1\n", b'\t', Double),
            ("text|label\n\"a|b\"|c\n", b'|', Double),
            ("text,label\n'a, b',c\n'd','e'\n", b',', Single),
            ("'text','label'\n'a','b'\n", b',', Single),
            ("text,label\n'tis good,b\n'twas bad,c\n", b',', Double),
            // An unfinished row does not make another dialect.
            ("text,label\n\"a;b\",c\nd\n", b',', Double),
            ("text\tlabel\n\"a\tb\"\t1\n\"c\"\t2\n", b'\t', Double),
            ("text\tlabel\n\"a\"\t1\n\"\"\"c\"\" d\"\t2\n", b'\t', Double),
            ("text\tlabel\n\"a\" he said\t1\nb\t2\n", b'\t', None),
            ("text\tlabel\n\"a\t1\nb\"\t2\nc\t3\n", b'\t', None),
            // One column: nothing is separated.
            ("text\na, b; c\n", b',', Double),
            ("", b',', Double),
        ] {
            let expected = Dialect { separator, quoting };
            assert_eq!(Dialect::detect(text, b','), expected, "{text:?}");
        }
        assert_eq!(Dialect::detect("a,b\tc,d\n1,2\t3,4\n", b'\t').separator, b'\t');
    }
}
