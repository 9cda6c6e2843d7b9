//! What counts as a word for BLEU: sacreBLEU's tokenizers.

use super::text::{is_space, words};

/// How a sentence is cut into tokens before they are compared.
///
/// Scores of different tokenizers cannot be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tokenization {
    /// `13a`: punctuation and symbols of ASCII are tokens of their own, but for points and commas
    /// within numbers, apostrophes, and hyphens that follow no digit; four XML entities are resolved.
    /// The rules of WMT's `mteval-v13a.pl`, and sacreBLEU's default.
    #[default]
    Thirteen,
    /// `char`: every character but white space is a token, for languages without spaces.
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

/// The sentence with a space on both sides of everything that is a token of its own.
///
/// The rules come one after the other, and each reads from left to right without going back, as
/// substitutions by regular expressions do: so `a..` leaves the second point to the rule after.
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
    let is_point = |c: char| c == '.' || c == ',';
    let is_digit = |c: char| c.is_ascii_digit();
    let text = pairs(&text, |a, b| !is_digit(a) && is_point(b), |a, b| [a, ' ', b, ' ']);
    let text = pairs(&text, |a, b| is_point(a) && !is_digit(b), |a, b| [' ', a, ' ', b]);
    let text = pairs(&text, |a, b| is_digit(a) && b == '-', |a, b| [a, ' ', b, ' ']);
    text.into_iter().collect()
}

/// Punctuation and symbols of ASCII, without `'`, `,`, `-` and `.`.
fn is_separate(c: char) -> bool {
    c.is_ascii_punctuation() && !matches!(c, '\'' | ',' | '-' | '.')
}

/// Writes `to` for every two neighbours that are `from`; what was taken once is not taken again.
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
