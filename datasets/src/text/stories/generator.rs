//! The generator of stories.

use super::plots::{PLOTS, Plot};
use super::words::{DAYS, HEROES, HOMES, Hero, Place, SIZES, TRAITS};
use crate::rng::SeededRng;
use sha2::{Digest, Sha256};

/// Endless stories: a story depends only on the seed and its index.
///
/// Each story is one line of three to eight sentences, followed by an empty line.
///
/// # Held out
///
/// Training and validation share the grammar but never a story. A story is held out if the first
/// byte of its SHA-256 is below 8, which holds for one story in 32: [`Stories::new`] skips those,
/// and [`Stories::held_out`] skips all others. So training never sees the validation split,
/// whatever the seed.
///
/// # Example
///
/// ```
/// use zoo_datasets::text::Stories;
///
/// let story = Stories::new(1).story(0);
/// assert!(story.ends_with(".\n\n") || story.ends_with("!\n\n"));
/// assert_eq!(story, Stories::new(1).story(0));
/// assert_ne!(story, Stories::new(2).story(0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stories {
    seed: u64,
    part: Part,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Train,
    HeldOut,
}

impl Stories {
    /// Every character that can occur in a story, in the order of code points.
    pub const ALPHABET: &'static str = "\n !\"',.?ABCDEFHIJKLMOPRSTUVWYZabcdefghijklmnopqrstuvwxyz";

    /// The number of stories in the validation split.
    pub const VALIDATION: u64 = 200;

    /// The training stories of a seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, part: Part::Train }
    }

    /// The held-out stories, independent of any seed.
    pub fn held_out() -> Self {
        Self { seed: 0, part: Part::HeldOut }
    }

    /// The story with this index, followed by an empty line.
    pub fn story(&self, index: u64) -> String {
        let purpose = match self.part {
            Part::Train => b"story  T",
            Part::HeldOut => b"story  V",
        };
        let mut attempt = 0;
        loop {
            let mut rng = SeededRng::new(purpose, [self.seed, index, attempt]);
            let story = tell(&mut rng).join(" ") + "\n\n";
            if part_of(&story) == self.part {
                return story;
            }
            attempt += 1;
        }
    }

    /// `count` consecutive stories from index `first` on.
    pub fn text(&self, first: u64, count: u64) -> String {
        (0..count).map(|offset| self.story(first.wrapping_add(offset))).collect()
    }
}

fn part_of(story: &str) -> Part {
    if Sha256::digest(story)[0] < 8 { Part::HeldOut } else { Part::Train }
}

/// The sentences of one story.
fn tell(rng: &mut SeededRng) -> Vec<String> {
    let plot = rng.pick(PLOTS);
    let cast = Cast::draw(rng, plot);
    let templates = plot.sentences.iter().map(|choices| rng.pick(choices));
    templates.filter(|template| !template.is_empty()).map(|t| cast.fill(t)).collect()
}

/// The characters and objects of one story.
struct Cast {
    hero: Hero,
    hero_trait: &'static str,
    home: &'static str,
    place: Place,
    day: &'static str,
    look: &'static str,
    toy: &'static str,
    helper: &'static str,
    size: &'static str,
}

impl Cast {
    fn draw(rng: &mut SeededRng, plot: &'static Plot) -> Self {
        let hero = rng.pick(HEROES);
        // "The rabbit" never helps a rabbit: the reader could not tell them apart.
        let others: Vec<&'static str> =
            plot.helpers.iter().copied().filter(|&helper| helper != hero.first).collect();
        Self {
            hero,
            hero_trait: rng.pick(TRAITS),
            home: rng.pick(HOMES),
            place: rng.pick(plot.places),
            day: rng.pick(DAYS),
            look: rng.pick(plot.looks),
            toy: rng.pick(plot.things),
            helper: rng.pick(&others),
            size: rng.pick(SIZES),
        }
    }

    /// Fills the template with this cast and capitalizes its first letter.
    fn fill(&self, template: &str) -> String {
        let mut sentence = String::with_capacity(2 * template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            sentence.push_str(before);
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            self.push(&mut sentence, name);
            rest = after;
        }
        sentence.push_str(rest);
        capitalize(&mut sentence);
        sentence
    }

    fn push(&self, sentence: &mut String, name: &str) {
        let pronouns = &self.hero.pronouns;
        let words: &[&str] = match name {
            "intro" => &["a ", self.hero_trait, " ", self.hero.first],
            "hero" => &[self.hero.later],
            "he" => &[pronouns.subject],
            "him" => &[pronouns.object],
            "his" => &[pronouns.possessive],
            "home" => &[self.home],
            "at" => &[self.place.at],
            "to" => &[self.place.to],
            "day" => &[self.day],
            "thing" => &[self.look, " ", self.toy],
            "toy" => &[self.toy],
            "helper" => &[self.helper],
            "size" => &[self.size],
            // A misspelled template stays visible, outside the alphabet that the tests check.
            other => &["{", other, "}"],
        };
        sentence.extend(words.iter().copied());
    }
}

fn capitalize(sentence: &mut str) {
    if let Some(start) = sentence.find(|c: char| c.is_ascii_alphabetic()) {
        sentence[start..=start].make_ascii_uppercase();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_has_three_to_eight_sentences() {
        let mut lengths = [0; 10];
        for index in 0..5000 {
            let sentences = tell(&mut SeededRng::new(b"test    ", [index, 0, 0]));
            assert!((3..=8).contains(&sentences.len()), "{sentences:?}");
            lengths[sentences.len()] += 1;
        }
        assert!(lengths[4] > 0 && lengths[8] > 0, "{lengths:?}");
    }

    #[test]
    fn pronouns_agree_with_the_hero() {
        for index in 0..5000 {
            let mut rng = SeededRng::new(b"test    ", [index, 0, 0]);
            let plot = rng.pick(PLOTS);
            let cast = Cast::draw(&mut rng, plot);
            let wrong: &[&str] = match cast.hero.pronouns.subject {
                "she" => &["he", "him", "his", "its"],
                "he" => &["she", "her", "its"],
                _ => &["she", "her", "he", "him", "his"],
            };
            let story: Vec<String> =
                plot.sentences.iter().map(|choices| cast.fill(rng.pick(choices))).collect();
            let story = story.join(" ").to_lowercase();
            let words = story.split(|c: char| !c.is_ascii_alphabetic());
            for word in words {
                assert!(!wrong.contains(&word), "{word:?} in {story}");
            }
        }
    }

    #[test]
    fn every_template_has_only_known_placeholders() {
        let mut rng = SeededRng::new(b"test    ", [0; 3]);
        for plot in PLOTS {
            let cast = Cast::draw(&mut rng, plot);
            for template in plot.sentences.iter().copied().flatten() {
                let sentence = cast.fill(template);
                assert!(!sentence.contains(['{', '}']), "{template}");
            }
        }
    }
}
