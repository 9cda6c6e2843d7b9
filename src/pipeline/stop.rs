//! Stop strings end a text before the model does.

use std::ops::Range;

use crate::datasets::tokenizer::{TextStream, TokenizerError};

/// Decodes a text token by token and searches it for stop strings.
///
/// The search includes special tokens, which the text omits: a stop string can be a special token,
/// contain one, or span several tokens.
#[derive(Debug, Clone)]
pub(crate) struct StoppingStream {
    stream: TextStream,
    stops: StopStrings,
}

/// The text that a token adds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Added {
    /// The newly decoded text, including stop strings.
    pub(crate) text: String,
    /// The newly decoded text without a stop string, and without a suffix that may begin one.
    pub(crate) found: Found,
}

impl StoppingStream {
    /// Empty strings are ignored: every text contains them.
    pub(crate) fn new(stream: TextStream, stops: &[String]) -> Self {
        Self { stream, stops: StopStrings::new(stops) }
    }

    /// Appends a token. A stop string is found at the token that completes it.
    pub(crate) fn push(&mut self, token: u32) -> Result<Added, TokenizerError> {
        let text = self.stream.push(token)?.unwrap_or_default();
        if self.stops.stops.is_empty() {
            return Ok(Added { found: Found::Text(text.clone()), text });
        }
        let rest = self.stream.rest()?;
        let special = self.stream.special(token);
        let found = self.stops.push(&text, Tail { rest: &rest, special: special.as_deref() });
        Ok(Added { text, found })
    }

    /// Whether the text of these tokens contains a stop string.
    pub(crate) fn stops_within(mut self, tokens: &[u32]) -> Result<bool, TokenizerError> {
        for &token in tokens {
            if matches!(self.push(token)?.found, Found::End(_)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Ends the text.
    pub(crate) fn finish(mut self) -> Result<Added, TokenizerError> {
        let text = self.stream.finish()?;
        let found = match self.stops.push(&text, Tail::default()) {
            Found::Text(shown) => Found::Text(shown + &self.stops.finish()),
            end => end,
        };
        Ok(Added { text, found })
    }
}

/// Searches text that arrives in pieces for stop strings, and holds back text that may begin one.
#[derive(Debug, Clone)]
struct StopStrings {
    stops: Vec<String>,
    held: Seen,
    /// Special tokens after pending text: the byte offset in it, and the token's content.
    marks: Vec<(usize, String)>,
}

/// The result after a piece.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No stop string so far: this text can be emitted.
    Text(String),
    /// A stop string was found: the remaining text before it.
    End(String),
}

/// The text and special token after the pieces so far.
#[derive(Clone, Copy, Default)]
struct Tail<'a> {
    /// The pending text, which would follow if the text ended here.
    rest: &'a str,
    /// A special token after the pending text.
    special: Option<&'a str>,
}

/// A text that includes special tokens.
#[derive(Debug, Clone, Default)]
struct Seen {
    text: String,
    /// The byte ranges of special tokens, which are not emitted.
    special: Vec<Range<usize>>,
}

impl Seen {
    fn push_special(&mut self, content: &str) {
        let start = self.text.len();
        self.text.push_str(content);
        self.special.push(start..self.text.len());
    }

    /// Appends a text with special tokens; offsets past its end are clamped to its end.
    fn push(&mut self, text: &str, marks: &[(usize, String)]) {
        let mut from = 0;
        for (at, content) in marks {
            let at = text.floor_char_boundary(*at).max(from);
            self.text.push_str(&text[from..at]);
            self.push_special(content);
            from = at;
        }
        self.text.push_str(&text[from..]);
    }

    /// Removes the bytes before `end`, and returns them without special tokens.
    fn take(&mut self, end: usize) -> String {
        let mut shown = String::new();
        let mut from = 0;
        for special in &mut self.special {
            if special.start < end {
                shown.push_str(&self.text[from..special.start]);
                from = special.end.min(end);
            }
            *special = special.start.max(end) - end..special.end.max(end) - end;
        }
        shown.push_str(&self.text[from..end]);
        self.text.drain(..end);
        self.special.retain(|special| !special.is_empty());
        shown
    }
}

impl StopStrings {
    fn new(stops: &[String]) -> Self {
        let stops = stops.iter().filter(|stop| !stop.is_empty()).cloned().collect();
        Self { stops, held: Seen::default(), marks: Vec::new() }
    }

    /// Appends a piece. The stop string that is completed first takes precedence, so that the
    /// result does not depend on how the text is split.
    fn push(&mut self, piece: &str, tail: Tail<'_>) -> Found {
        let settled = self.marks.iter().take_while(|(at, _)| *at <= piece.len()).count();
        let settled: Vec<_> = self.marks.drain(..settled).collect();
        self.held.push(piece, &settled);
        for (at, _) in &mut self.marks {
            *at = (*at - piece.len()).min(tail.rest.len());
        }
        match tail.special {
            Some(content) if tail.rest.is_empty() => self.held.push_special(content),
            Some(content) => self.marks.push((tail.rest.len(), content.to_owned())),
            None => {}
        }
        let mut seen = self.held.clone();
        seen.push(tail.rest, &self.marks);
        let end = |stop: &String| seen.text.find(stop.as_str()).map(|at| (at + stop.len(), at));
        if let Some((_, at)) = self.stops.iter().filter_map(end).min() {
            return Found::End(seen.take(at));
        }
        let safe = self.safe();
        Found::Text(self.held.take(safe))
    }

    /// The held-back text, after the text has ended.
    fn finish(&mut self) -> String {
        let end = self.held.text.len();
        self.held.take(end)
    }

    /// The number of bytes that cannot be part of a stop string.
    fn safe(&self) -> usize {
        let text = &self.held.text;
        let longest = self.stops.iter().map(String::len).max().unwrap_or(0);
        let from = text.len().saturating_sub(longest);
        let may_begin = |at: &usize| self.stops.iter().any(|stop| stop.starts_with(&text[*at..]));
        (from..text.len())
            .filter(|&at| text.is_char_boundary(at))
            .find(may_begin)
            .unwrap_or(text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(stops: &[&str]) -> StopStrings {
        StopStrings::new(&stops.iter().map(|stop| stop.to_string()).collect::<Vec<_>>())
    }

    /// The emitted text for these pieces, and whether a stop string was found.
    fn run(stops: &[&str], pieces: &[&str]) -> (String, bool) {
        let tail = |_: &&str| Tail::default();
        run_with(stops, &pieces.iter().map(|piece| (*piece, tail(piece))).collect::<Vec<_>>())
    }

    fn run_with(stops: &[&str], pieces: &[(&str, Tail<'_>)]) -> (String, bool) {
        let mut strings = strings(stops);
        let mut shown = String::new();
        for (piece, tail) in pieces {
            match strings.push(piece, *tail) {
                Found::Text(text) => shown += &text,
                Found::End(text) => return (shown + &text, true),
            }
        }
        (shown + &strings.finish(), false)
    }

    fn after(special: &str) -> Tail<'_> {
        Tail { rest: "", special: Some(special) }
    }

    #[test]
    fn stop_strings_do_not_depend_on_the_split() {
        let text = "aé\nUser: b\nUsed";
        for stops in [&["\nUser:"][..], &["User", "é\n"], &["ser: b", "zz"], &["aé\nUser: b\nUsed"]]
        {
            let whole = run(stops, &[text]);
            assert!(whole.1, "{stops:?}");
            let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            for &first in &ends {
                for &second in ends.iter().filter(|&&second| second >= first) {
                    let pieces = [&text[..first], &text[first..second], &text[second..]];
                    assert_eq!(run(stops, &pieces), whole, "{stops:?} {pieces:?}");
                }
            }
            let characters: Vec<String> = text.chars().map(String::from).collect();
            let characters: Vec<&str> = characters.iter().map(String::as_str).collect();
            assert_eq!(run(stops, &characters), whole);
        }
    }

    #[test]
    fn partial_stop_strings_are_emitted_at_the_end() {
        assert_eq!(run(&["END!"], &["an E", "N", "D."]), ("an END.".to_string(), false));
        assert_eq!(run(&["END!"], &["an E", "N", "D"]), ("an END".to_string(), false));
        assert_eq!(run(&["aab"], &["aa", "aa", "b", "c"]), ("aa".to_string(), true));
        assert_eq!(run(&[], &["a", "b"]), ("ab".to_string(), false));
    }

    #[test]
    fn the_first_completed_stop_string_takes_precedence() {
        assert_eq!(run(&["abc", "b"], &["xabc"]), ("xa".to_string(), true));
        assert_eq!(run(&["abc", "b"], &["x", "a", "b", "c"]), ("xa".to_string(), true));
        assert_eq!(run(&["bc", "abc"], &["xabc"]), ("x".to_string(), true));
    }

    #[test]
    fn special_tokens_are_searched_but_not_emitted() {
        let pieces =
            [("the sea", Tail::default()), ("", after("<|turn|>")), (" and", Tail::default())];
        for (stops, expected) in [
            (&["<|turn|>"][..], ("the sea", true)),
            (&["sea<|turn|>"], ("the ", true)),
            (&["sea<|turn|> a"], ("the ", true)),
            (&["turn"], ("the sea", true)),
            (&["|> and"], ("the sea", true)),
            (&["<|turn|>and"], ("the sea and", false)),
            (&["sea and"], ("the sea and", false)),
        ] {
            assert_eq!(run_with(stops, &pieces), (expected.0.to_string(), expected.1), "{stops:?}");
        }
        // Two in a row; the first is released while the second may still begin a stop string.
        let pieces = [("", after("<x>")), ("", after("<y>")), ("b", Tail::default())];
        assert_eq!(run_with(&["<y>a"], &pieces), ("b".to_string(), false));
        assert_eq!(run_with(&["x><y>b"], &pieces), (String::new(), true));
    }

    #[test]
    fn pending_text_is_searched() {
        let rest = |rest| Tail { rest, special: None };
        // A suffix that ends a word: its space arrives with the next word.
        assert_eq!(
            run_with(&["sea"], &[("", rest("sea")), ("sea ", rest("b"))]),
            (String::new(), true)
        );
        let special = Tail { rest: "sea", special: Some("<|turn|>") };
        let pieces = [("", rest("sea")), ("", special), ("sea ", rest("and"))];
        assert_eq!(run_with(&["<|turn|>"], &pieces), ("sea".to_string(), true));
        assert_eq!(run_with(&["a<|turn|> a"], &pieces), ("se".to_string(), true));
        assert!(!run_with(&["zz"], &pieces).1);
        // The pending text becomes shorter: the special token moves to its end.
        let shorter =
            [("", Tail { rest: "ééé", special: Some("<x>") }), ("é", rest("")), ("b", rest(""))];
        assert_eq!(run_with(&["zz"], &shorter), ("éb".to_string(), false));
    }
}
