//! Line numbers of the parts of a text.

/// The lines of a text's parts, which are looked up in their order.
pub(super) struct Lines<'a> {
    text: &'a str,
    offset: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, offset: 0, line: 1 }
    }

    /// The line at a byte offset, from 1. Lines end as `\n`, `\r\n` or `\r`.
    pub(super) fn at(&mut self, offset: usize) -> u64 {
        let bytes = self.text.as_bytes();
        for index in self.offset..offset.min(bytes.len()) {
            let ends = match bytes[index] {
                b'\n' => true,
                b'\r' => bytes.get(index + 1) != Some(&b'\n'),
                _ => false,
            };
            self.line += u64::from(ends);
        }
        self.offset = self.offset.max(offset);
        self.line
    }

    /// The line of a slice of the text.
    pub(super) fn of(&mut self, part: &str) -> u64 {
        self.at(part.as_ptr() as usize - self.text.as_ptr() as usize)
    }

    /// The line at a byte offset, or of the first line behind it that is not empty.
    pub(super) fn of_content_at(&mut self, offset: usize) -> u64 {
        let bytes = self.text.as_bytes().get(offset..).unwrap_or_default();
        let empty = bytes.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        self.at(offset + empty)
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn every_end_of_a_line_counts_once() {
        let text = "a\nb\r\nc\rd\n\n\r\ne";
        let mut lines = Lines::new(text);
        let found = ["a", "b", "c", "d"].map(|part| lines.at(text.find(part).unwrap()));
        assert_eq!(found, [1, 2, 3, 4]);
        assert_eq!(lines.of_content_at(text.find('d').unwrap() + 1), 7);
        assert_eq!(lines.of(&text[text.len() - 1..]), 7);
    }
}
