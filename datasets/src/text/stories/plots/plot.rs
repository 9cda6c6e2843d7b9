//! A plot, and the sentences that several plots share.

use crate::text::stories::words::Place;

/// One plot: its cast, and the alternatives for each sentence of the story.
pub(in crate::text::stories) struct Plot {
    pub(in crate::text::stories) places: &'static [Place],
    /// Adjectives of the object.
    pub(in crate::text::stories) looks: &'static [&'static str],
    pub(in crate::text::stories) things: &'static [&'static str],
    pub(in crate::text::stories) helpers: &'static [&'static str],
    /// At most eight sentences, of which at least three are always present; `""` omits one.
    pub(in crate::text::stories) sentences: &'static [&'static [&'static str]],
}

pub(super) const COLORS: &[&str] =
    &["red", "blue", "green", "yellow", "pink", "white", "shiny", "new", "tiny", "pretty"];

pub(super) const OPEN: &[&str] = &[
    "Once upon a time, there was {intro}.",
    "Once there was {intro} who lived {home}.",
    "Long ago, {intro} lived {home}.",
    "Once upon a time, {intro} lived {home}.",
    "{intro} lived {home} with a happy family.",
];

pub(super) const OWN: &[&str] = &[
    "{he} had a {thing}.",
    "{he} had a {thing} and took it everywhere.",
    "{his} best toy was a {thing}.",
    "One day, {he} got a {thing} from {his} grandma.",
    "More than anything, {he} loved {his} {thing}.",
];

pub(super) const FEEL: &[&str] = &[
    "",
    "{hero} was very sad.",
    "\"Oh no!\" cried {hero}.",
    "{he} sat down and began to cry.",
    "\"What can I do now?\" asked {hero}.",
    "{he} tried and tried, but {he} could not get the {toy} back.",
    "{hero} wanted {his} {toy} back.",
];

pub(super) const MEET: &[&str] = &[
    "A {size} {helper} came by and asked, \"Why are you so sad?\"",
    "Then a {size} {helper} saw {him} and said, \"I can help you!\"",
    "\"Can you help me?\" {he} asked a {size} {helper}.",
    "Just then, {he} met a {size} {helper}.",
    "\"Don't cry,\" said a {size} {helper}.",
];

pub(super) const THANK: &[&str] = &[
    "",
    "\"Thank you!\" said {hero} with a big smile.",
    "{hero} gave the {helper} a big hug.",
    "\"You are so kind!\" {he} said to the {helper}.",
    "{hero} was so happy that {he} jumped up and down.",
    "\"You are a good friend,\" said {hero}.",
];

pub(super) const END: &[&str] = &[
    "From that day on, they were best friends.",
    "They played together until the sun went down.",
    "{hero} and the {helper} played {at} all day long.",
    "And they lived happily ever after.",
    "That night, {hero} went to bed with a smile.",
    "After that, {hero} and the {helper} met {at} every day.",
];

pub(super) const KEEP: &[&str] = &[
    "After that, {hero} kept the {toy} safe.",
    "{he} never lost the {toy} again.",
    "From that day on, they were best friends.",
    "{hero} let the {helper} play with the {toy}, too.",
    "{hero} and the {helper} played with the {toy} until the sun went down.",
    "That night, {he} went to bed with the {toy} and a smile.",
];
