//! Streaming `str::replace`, for a text that arrives in fragments.

/// Replaces a string by another one, from left to right and without overlaps.
#[derive(Clone, Debug)]
pub(super) struct Literal {
    pattern: String,
    content: String,
    /// The end of the text, if it may be the start of the pattern.
    held: String,
}

impl Literal {
    pub(super) fn new(pattern: &str, content: &str) -> Self {
        Self { pattern: pattern.into(), content: content.into(), held: String::new() }
    }

    /// The text that becomes final with another fragment.
    pub(super) fn push(&mut self, fragment: &str) -> String {
        if self.pattern.is_empty() {
            return fragment.to_owned();
        }
        self.held.push_str(fragment);
        let mut settled = String::new();
        let mut from = 0;
        while let Some(at) = self.held[from..].find(&self.pattern) {
            settled.push_str(&self.held[from..from + at]);
            settled.push_str(&self.content);
            from += at + self.pattern.len();
        }
        let left = &self.held[from..];
        let nearest = left.len().saturating_sub(self.pattern.len() - 1);
        let begins =
            |at: &usize| left.is_char_boundary(*at) && self.pattern.starts_with(&left[*at..]);
        let keep = (nearest..left.len()).find(begins).unwrap_or(left.len());
        settled.push_str(&left[..keep]);
        self.held.drain(..from + keep);
        settled
    }

    /// The text held back, at the end of the input.
    pub(super) fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streaming_equals_replace() {
        let text = " ' ' ' a ' n't n' t  n'tt é' s";
        for (pattern, content) in [
            (" ' ", "'"),
            (" n't", "n't"),
            ("'", "\u{2581}"),
            (" ", ""),
            ("tt", "t"),
            ("", "x"),
            ("é'", "é"),
        ] {
            let whole =
                if pattern.is_empty() { text.into() } else { text.replace(pattern, content) };
            let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            for &first in &ends {
                for &second in ends.iter().filter(|&&second| second >= first) {
                    let mut literal = Literal::new(pattern, content);
                    let fragments = [&text[..first], &text[first..second], &text[second..]];
                    let mut found: String =
                        fragments.iter().map(|part| literal.push(part)).collect();
                    found += &literal.finish();
                    assert_eq!(found, whole, "{pattern:?} {fragments:?}");
                }
            }
        }
    }
}
