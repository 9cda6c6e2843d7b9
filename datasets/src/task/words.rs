//! Words of a text, with or without a space before each.

/// Begins the form of a word that follows its predecessor without a space, as in WordPiece.
pub(super) const ATTACHED: &str = "##";

/// A word, or a symbol that belongs to no word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// The word.
    pub(super) text: &'a str,
    /// Whether it follows its predecessor without a space.
    is_attached: bool,
}

impl Word<'_> {
    /// Its entry in a vocabulary.
    pub(super) fn form(self) -> String {
        match self.is_attached {
            true => format!("{ATTACHED}{}", self.text),
            false => self.text.to_owned(),
        }
    }
}

/// Words, including inner apostrophes and hyphens, and every other symbol as a word of its own. A
/// combining mark belongs to the character before it.
pub(super) fn words_of(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut rest = text.trim_start();
    let mut is_attached = false;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let inner = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '-');
        let is_word = first.is_alphanumeric();
        let mut after = rest.char_indices().skip(1);
        let end = after.find(|&(_, c)| !(is_word && inner(c) || is_combining(c)));
        let (text, after) = rest.split_at(end.map_or(rest.len(), |(offset, _)| offset));
        let word = Word { text, is_attached };
        rest = after.trim_start();
        is_attached = rest.len() == after.len();
        Some(word)
    })
}

/// Whether a character extends the one before it, such as an accent or a virama.
///
/// The standard library shows Unicode's property Grapheme_Extend only by what it escapes, together
/// with invisible characters, which belong to no other word either.
fn is_combining(c: char) -> bool {
    !c.is_ascii() && !c.is_whitespace() && c.escape_debug().next() == Some('\\')
}

/// The text of forms of words.
pub(super) fn join_words<'a>(forms: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for form in forms {
        let attached = form.strip_prefix(ATTACHED);
        if attached.is_none() && !text.is_empty() {
            text.push(' ');
        }
        text.push_str(attached.unwrap_or(form));
    }
    text
}
