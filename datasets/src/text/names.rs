//! `names`: first names, one per line, as used by makemore.

use super::text_file::Parts;
use crate::locate::DataFile;
use crate::rng::SeededRng;

pub(crate) const FILE: DataFile = DataFile {
    path: "names/names.txt",
    urls: &["https://raw.githubusercontent.com/karpathy/makemore/master/names.txt"],
    sha256: "0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d",
    bytes: 228_145,
};

/// The names in a fixed random order: 90 % for training, the rest for validation.
///
/// The published file is sorted by frequency, so its last tenth would be a poor sample. 2,539 of
/// the 32,033 lines repeat a name (given to girls and boys), so, as in makemore, some validation
/// names also occur in training. Every name ends with a newline, including the last one: the
/// newline ends a name for the model.
pub(super) fn split(text: &str) -> Parts {
    let mut names: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    SeededRng::new(b"names   ", [0; 3]).shuffle(&mut names);
    let (train, valid) = names.split_at(names.len() * 9 / 10);
    let join = |names: &[&str]| names.iter().flat_map(|name| [*name, "\n"]).collect();
    Parts { train: join(train), valid: join(valid) }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn every_name_is_in_exactly_one_split() {
        let names: Vec<String> = (0..1000).map(|i| format!("name{i}")).collect();
        let parts = split(&(names.join("\n") + "\n"));
        assert_eq!(parts.train.lines().count(), 900);
        assert_eq!(parts.valid.lines().count(), 100);
        let mut all: Vec<&str> = parts.train.lines().chain(parts.valid.lines()).collect();
        assert_ne!(all, names, "shuffled");
        all.sort_unstable();
        let mut expected = names.clone();
        expected.sort_unstable();
        assert_eq!(all, expected);
    }
}
