//! Language tokens of multilingual models.

use super::PipelineError;
use crate::datasets::tokenizer::Tokenizer;

/// The language tokens with their IDs.
pub(super) fn languages(tokenizer: &Tokenizer) -> Vec<(String, u32)> {
    let mut known: Vec<(String, u32)> = (0..tokenizer.vocab_size() as u32)
        .filter_map(|id| Some((tokenizer.token(id).ok()?, id)))
        .filter(|(token, _)| is_language_token(token))
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
    let begins = |token: &str| token.split('_').next() == Some(name);
    let mut found = known.iter().filter(|(token, _)| begins(token));
    match (found.next(), found.next()) {
        (Some((_, id)), None) => Ok(*id),
        _ => Err(PipelineError::Language {
            name: name.into(),
            known: known.iter().map(|(token, _)| token.clone()).collect(),
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
