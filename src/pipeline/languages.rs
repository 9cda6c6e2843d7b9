//! Language tokens of multilingual models.

use super::PipelineError;
use crate::datasets::tokenizer::Tokenizer;

/// A token that denotes a language.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LanguageToken {
    pub(super) text: String,
    pub(super) id: u32,
}

/// The language tokens, in alphabetical order.
pub(super) fn languages(tokenizer: &Tokenizer) -> Vec<LanguageToken> {
    let mut known: Vec<LanguageToken> = (0..tokenizer.vocab_size() as u32)
        .filter_map(|id| Some(LanguageToken { text: tokenizer.token(id).ok()?, id }))
        .filter(|token| is_language_token(&token.text))
        .collect();
    known.sort();
    known
}

/// The ID of a language's token.
pub(super) fn language(tokenizer: &Tokenizer, name: &str) -> Result<u32, PipelineError> {
    let exact = [name.to_owned(), format!("__{name}__")];
    if let Some(id) = exact.iter().filter(|t| is_language_token(t)).find_map(|t| tokenizer.id(t)) {
        return Ok(id);
    }
    let known = languages(tokenizer);
    let begins = |token: &&LanguageToken| token.text.split('_').next() == Some(name);
    let mut found = known.iter().filter(begins);
    match (found.next(), found.next()) {
        (Some(token), None) => Ok(token.id),
        _ => Err(PipelineError::Language {
            name: name.into(),
            known: known.into_iter().map(|token| token.text).collect(),
        }),
    }
}

/// Whether a token denotes a language, as in `de_DE`, `deu_Latn` and `__de__`.
pub(super) fn is_language_token(token: &str) -> bool {
    let is_code =
        |code: &str| (2..=3).contains(&code.len()) && code.chars().all(|c| c.is_ascii_lowercase());
    if let Some(code) = token.strip_prefix("__").and_then(|token| token.strip_suffix("__")) {
        return is_code(code);
    }
    let Some((code, place)) = token.split_once('_') else { return false };
    let is_country = place.len() == 2 && place.chars().all(|c| c.is_ascii_uppercase());
    let is_script = place.len() == 4
        && place.starts_with(|c: char| c.is_ascii_uppercase())
        && place[1..].chars().all(|c| c.is_ascii_lowercase());
    is_code(code) && (is_country || is_script)
}

#[cfg(test)]
mod tests {
    use super::is_language_token;

    #[test]
    fn language_tokens_are_recognized() {
        for token in ["de_DE", "deu_Latn", "__de__", "zho_Hans"] {
            assert!(is_language_token(token), "{token}");
        }
        for token in ["de", "a_b", "__init__", "DE_de", "__", "de_", "ab_éé", "snake_case"] {
            assert!(!is_language_token(token), "{token}");
        }
    }
}
