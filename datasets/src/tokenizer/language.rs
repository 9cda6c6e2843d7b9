//! Language tokens of multilingual models.

use super::codec::Tokenizer;

/// A token that denotes a language.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LanguageToken {
    /// Its text, such as `de_DE`.
    pub text: String,
    /// Its id.
    pub id: u32,
}

/// A language that a vocabulary has no token for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not one of the model's languages{}", listed(.known))]
pub struct UnknownLanguage {
    /// The language.
    pub name: String,
    /// The texts of the language tokens.
    pub known: Vec<String>,
}

fn listed(known: &[String]) -> String {
    match known {
        [] => ": it has no language tokens".into(),
        _ => format!(", which are {}", known.join(", ")),
    }
}

impl Tokenizer {
    /// The language tokens, in alphabetical order.
    pub fn language_tokens(&self) -> Vec<LanguageToken> {
        let mut known: Vec<LanguageToken> = (0..self.vocab_size() as u32)
            .filter_map(|id| Some(LanguageToken { text: self.token(id).ok()?, id }))
            .filter(|token| is_language_token(&token.text))
            .collect();
        known.sort();
        known
    }

    /// The id of a language's token: by its text, or by the code of the language alone if only one
    /// token has it.
    ///
    /// # Errors
    ///
    /// [`UnknownLanguage`].
    pub fn language_token(&self, name: &str) -> Result<u32, UnknownLanguage> {
        let exact = [name.to_owned(), format!("__{name}__")];
        if let Some(id) = exact.iter().filter(|t| is_language_token(t)).find_map(|t| self.id(t)) {
            return Ok(id);
        }
        let known = self.language_tokens();
        let begins = |token: &&LanguageToken| token.text.split('_').next() == Some(name);
        let mut found = known.iter().filter(begins);
        match (found.next(), found.next()) {
            (Some(token), None) => Ok(token.id),
            _ => Err(UnknownLanguage {
                name: name.into(),
                known: known.into_iter().map(|token| token.text).collect(),
            }),
        }
    }

    /// Whether a token denotes a language.
    pub fn is_language(&self, id: u32) -> bool {
        self.token(id).is_ok_and(|token| is_language_token(&token))
    }

    /// The code that Marian's multilingual models have before a text: `>>de<<`; `None` if the
    /// vocabulary lacks it.
    pub fn language_code(&self, name: &str) -> Option<String> {
        let code = format!(">>{name}<<");
        self.id(&code).map(|_| code)
    }
}

/// Whether a token denotes a language, as in `de_DE`, `deu_Latn` and `__de__`.
fn is_language_token(token: &str) -> bool {
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
