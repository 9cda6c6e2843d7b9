//! Model ids on the Hub.

use std::fmt;
use std::str::FromStr;

/// The default revision.
const MAIN: &str = "main";

/// A model on the Hub, optionally at a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelId {
    name: String,
    revision: Option<String>,
}

impl ModelId {
    /// `org/name` or `name`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A branch, a tag or a commit.
    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or(MAIN)
    }

    /// Whether a revision is specified.
    pub fn is_pinned(&self) -> bool {
        self.revision.is_some()
    }

    /// The same model at another revision.
    ///
    /// # Errors
    ///
    /// The name is not a valid revision.
    pub fn at(self, revision: &str) -> Result<Self, String> {
        if !is_revision(revision) {
            return Err(format!(
                "{revision:?} is not a revision; give a branch, a tag or a commit of {}",
                self.name
            ));
        }
        Ok(Self { revision: Some(revision.to_string()), ..self })
    }

    /// The revision, if it is a full commit hash: its files never change.
    pub fn commit(&self) -> Option<&str> {
        self.revision.as_deref().filter(|revision| is_hex(revision, 40))
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.revision {
            Some(revision) => write!(f, "@{revision}"),
            None => Ok(()),
        }
    }
}

impl FromStr for ModelId {
    type Err = String;

    /// `org/name`, `name`, `org/name@revision` or `name@revision`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, revision) = match text.split_once('@') {
            Some((name, revision)) => (name, Some(revision)),
            None => (text, None),
        };
        let parts: Vec<&str> = name.split('/').collect();
        if parts.len() > 2 || !parts.iter().copied().all(is_name) {
            return Err(format!("{text:?} is not a model id of the Hub; give org/name"));
        }
        let id = Self { name: name.to_string(), revision: None };
        revision.map_or(Ok(id.clone()), |revision| id.at(revision))
    }
}

/// Letters, digits and inner `-`, `_`, `.`: the Hub's rule, which excludes all characters with a
/// meaning in a path or an address.
fn is_name(part: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let ends = [part.chars().next(), part.chars().last()];
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    part.len() <= 96
        && part.chars().all(inner)
        && ends.into_iter().all(is_word)
        && !part.contains("..")
        // Two dashes stand for a slash in the cache.
        && !part.contains("--")
}

/// Names between slashes, such as `refs/pr/1`.
fn is_revision(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    let is_part =
        |part: &str| !part.is_empty() && !part.starts_with(['.', '-']) && part.chars().all(inner);
    text.len() <= 200 && text.split('/').all(is_part)
}

/// Whether a text consists of exactly `digits` lower-case hexadecimal digits.
pub(super) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_ids_are_parsed() {
        for (text, name, revision) in [
            ("gpt2", "gpt2", "main"),
            ("openai-community/gpt2", "openai-community/gpt2", "main"),
            ("a/b_c.d-1@v1.0", "a/b_c.d-1", "v1.0"),
            ("a/b@refs/pr/3", "a/b", "refs/pr/3"),
        ] {
            let id: ModelId = text.parse().unwrap();
            assert_eq!((id.name(), id.revision()), (name, revision));
            assert_eq!(id.to_string(), text);
        }
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(format!("a/b@{commit}").parse::<ModelId>().unwrap().commit(), Some(commit));
        assert_eq!("a/b@0123456".parse::<ModelId>().unwrap().commit(), None);
    }

    #[test]
    fn paths_are_not_model_ids() {
        for text in [
            "",
            ".",
            "..",
            "./a",
            "../a",
            "/a",
            "a/",
            "/",
            "a/b/c",
            "a//b",
            "a/../b",
            "~/a",
            "a\\b",
            "a b",
            "a/b?x",
            "a/b#x",
            "-a",
            "a/.b",
            "a/b..c",
            "a--b/c",
            "a/b@",
            "a/b@..",
            "a/b@/x",
            "a/b@x/../y",
            "a/b@x y",
            "a/b@-x",
            "é/b",
        ] {
            assert!(text.parse::<ModelId>().is_err(), "{text}");
        }
    }
}
