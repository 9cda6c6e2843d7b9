//! sacreBLEU's tokenizers, for BLEU.

use super::text::{is_space, words};

/// The tokenization of sentences before they are compared.
///
/// Scores of different tokenizations are not comparable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tokenization {
    /// `13a`: ASCII punctuation and symbols are separate tokens, except periods and commas within
    /// numbers, apostrophes, and hyphens that do not follow a digit; four XML entities are
    /// resolved. The rules of WMT's `mteval-v13a.pl`, and sacreBLEU's default.
    #[default]
    Thirteen,
    /// `char`: every character except white space is a token, for languages without spaces.
    Characters,
    /// `none`: the text is already tokenized, and split at white space.
    None,
}

impl Tokenization {
    /// Its name in sacreBLEU's signatures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Thirteen => "13a",
            Self::Characters => "char",
            Self::None => "none",
        }
    }

    /// The tokens of a sentence.
    pub fn tokens(self, sentence: &str) -> Vec<String> {
        let sentence = sentence.trim_end_matches(is_space);
        match self {
            Self::Thirteen => words(&separated(sentence)).map(str::to_owned).collect(),
            Self::Characters => {
                sentence.chars().filter(|&c| !is_space(c)).map(String::from).collect()
            }
            Self::None => words(sentence).map(str::to_owned).collect(),
        }
    }
}

/// The sentence with a space on both sides of every separate token.
///
/// The rules apply one after the other, and each scans from left to right without backtracking, as
/// regular expression substitutions do: `a..` leaves the second period to the next rule.
fn separated(sentence: &str) -> String {
    let plain = sentence.replace("<skipped>", "").replace("-\n", "").replace('\n', " ");
    let plain = plain.replace("&quot;", "\"").replace("&amp;", "&");
    let plain = plain.replace("&lt;", "<").replace("&gt;", ">");
    let mut text: Vec<char> = vec![' '];
    for c in plain.chars() {
        if is_separate(c) {
            text.extend([' ', c, ' ']);
        } else {
            text.push(c);
        }
    }
    text.push(' ');
    let is_period = |c: char| c == '.' || c == ',';
    let is_digit = |c: char| c.is_ascii_digit();
    let text = pairs(&text, |a, b| !is_digit(a) && is_period(b), |a, b| [a, ' ', b, ' ']);
    let text = pairs(&text, |a, b| is_period(a) && !is_digit(b), |a, b| [' ', a, ' ', b]);
    let text = pairs(&text, |a, b| is_digit(a) && b == '-', |a, b| [a, ' ', b, ' ']);
    text.into_iter().collect()
}

/// ASCII punctuation and symbols, except `'`, `,`, `-` and `.`.
fn is_separate(c: char) -> bool {
    c.is_ascii_punctuation() && !matches!(c, '\'' | ',' | '-' | '.')
}

/// Replaces every two adjacent characters that match `from` by `to`, without overlaps.
fn pairs(
    text: &[char],
    from: impl Fn(char, char) -> bool,
    to: impl Fn(char, char) -> [char; 4],
) -> Vec<char> {
    let mut written = Vec::with_capacity(2 * text.len());
    let mut at = 0;
    while at < text.len() {
        match text[at..] {
            [a, b, ..] if from(a, b) => {
                written.extend(to(a, b));
                at += 2;
            }
            _ => {
                written.push(text[at]);
                at += 1;
            }
        }
    }
    written
}
