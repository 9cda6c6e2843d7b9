//! Texts at which a text ends.

/// Looks for stop strings in a text that comes in pieces, and holds back what may begin one.
#[derive(Debug, Clone)]
pub(crate) struct StopStrings {
    stops: Vec<String>,
    held: String,
}

/// What is known after a piece.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No stop string yet: this much may be shown.
    Text(String),
    /// The text ends here, before its stop string.
    End(String),
}

impl StopStrings {
    /// Empty strings are in every text, and stop none.
    pub(crate) fn new(mut stops: Vec<String>) -> Self {
        stops.retain(|stop| !stop.is_empty());
        Self { stops, held: String::new() }
    }

    /// Takes a piece. Of several stop strings the one that is complete first counts, so that the
    /// result is the same however the text is cut into pieces.
    pub(crate) fn push(&mut self, piece: &str) -> Found {
        self.held.push_str(piece);
        let first = self
            .stops
            .iter()
            .filter_map(|stop| self.held.find(stop.as_str()).map(|at| (at + stop.len(), at)))
            .min();
        if let Some((_, at)) = first {
            self.held.truncate(at);
            return Found::End(std::mem::take(&mut self.held));
        }
        let rest = self.held.split_off(self.safe());
        Found::Text(std::mem::replace(&mut self.held, rest))
    }

    /// What was held back, now that the text is over.
    pub(crate) fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// How many bytes cannot be part of a stop string any more.
    fn safe(&self) -> usize {
        let longest = self.stops.iter().map(String::len).max().unwrap_or(0);
        let from = self.held.len().saturating_sub(longest);
        let may_begin =
            |at: &usize| self.stops.iter().any(|stop| stop.starts_with(&self.held[*at..]));
        (from..self.held.len())
            .filter(|&at| self.held.is_char_boundary(at))
            .find(may_begin)
            .unwrap_or(self.held.len())
    }
}

/// Finds the stop strings of a text that keeps them.
#[derive(Debug, Clone)]
pub(super) struct Stops(StopStrings);

impl Stops {
    pub(super) fn new(strings: &[String]) -> Self {
        Self(StopStrings::new(strings.to_vec()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.stops.is_empty()
    }

    /// Whether one of the strings ends within this piece, which may go on behind it.
    pub(super) fn come_with(&mut self, piece: &str) -> bool {
        matches!(self.0.push(piece), Found::End(_))
    }

    /// Whether one of the strings is in a text that was without it a token ago.
    pub(super) fn is_at_end(&self, text: &str) -> bool {
        self.0.stops.iter().any(|string| text.contains(string))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text that is shown when it comes in these pieces, and whether it was stopped.
    fn run(stops: &[&str], pieces: &[&str]) -> (String, bool) {
        let mut strings = StopStrings::new(stops.iter().map(|stop| stop.to_string()).collect());
        let mut shown = String::new();
        for piece in pieces {
            match strings.push(piece) {
                Found::Text(text) => shown += &text,
                Found::End(text) => return (shown + &text, true),
            }
        }
        (shown + &strings.finish(), false)
    }

    #[test]
    fn a_stop_string_is_cut_out_however_the_text_is_cut() {
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
    fn what_only_begins_a_stop_string_comes_out_at_last() {
        assert_eq!(run(&["END!"], &["an E", "N", "D."]), ("an END.".to_string(), false));
        assert_eq!(run(&["END!"], &["an E", "N", "D"]), ("an END".to_string(), false));
        assert_eq!(run(&["aab"], &["aa", "aa", "b", "c"]), ("aa".to_string(), true));
        assert_eq!(run(&[], &["a", "b"]), ("ab".to_string(), false));
    }

    #[test]
    fn the_stop_string_that_is_complete_first_counts() {
        assert_eq!(run(&["abc", "b"], &["xabc"]), ("xa".to_string(), true));
        assert_eq!(run(&["abc", "b"], &["x", "a", "b", "c"]), ("xa".to_string(), true));
        assert_eq!(run(&["bc", "abc"], &["xabc"]), ("x".to_string(), true));
    }

    #[test]
    fn a_string_is_found_across_pieces() {
        let mut stops = Stops::new(&["stop".into(), "é!".into(), String::new()]);
        assert!(["las", "to"].iter().all(|piece| !stops.come_with(piece)));
        assert!(!stops.come_with(" psst é"));
        assert!(stops.come_with("!?"));
        let mut stops = Stops::new(&["stop".into()]);
        assert!(!stops.come_with("s") && !stops.come_with("to"));
        assert!(stops.come_with("pper"));
        assert!(!Stops::new(&[]).come_with("anything"));
    }
}
