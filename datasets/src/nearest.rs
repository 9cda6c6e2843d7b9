//! Spelling suggestions: the known name that is closest to a misspelled one.

/// The known name that `name` abbreviates, or that is within a small edit distance of it.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let known: Vec<&str> = known.collect();
    let longer = known.iter().find(|known| name.len() >= 3 && known.starts_with(&name));
    let (distance, near) = known.iter().map(|known| (edits(&name, known), *known)).min()?;
    longer.copied().or((distance <= near.len() / 3).then_some(near))
}

/// The Levenshtein distance in characters: insertions, deletions and substitutions.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.chars().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("abc", "abc"), 0);
    }

    #[test]
    fn no_suggestion_for_empty_input() {
        assert_eq!(nearest("abc", [].into_iter()), None);
        assert_eq!(nearest("", ["abc"].into_iter()), None);
    }
}
