//! The plots of the stories, as lists of alternative sentences.
//!
//! A sentence is a template over the cast sampled for the story:
//!
//! ```text
//! {intro}            a little girl named Lily     a small fox
//! {hero}             Lily                         the fox
//! {he} {him} {his}   she her her                  it it its
//! {helper} {size}    bird, big                    the helper; in a plot without one, the work
//! {thing} {toy}      red kite, kite               the object, at the first and at later mentions
//! {home} {at} {to}   on a farm; in the park, to the park
//! {day}              sunny
//! ```
//!
//! Pronouns always refer to the hero, so that a reader, or a model, can resolve them.

mod daily;
mod lost;

use super::words::Place;

/// One plot: its cast, and the alternatives for each sentence of the story.
pub(super) struct Plot {
    pub(super) places: &'static [Place],
    /// Adjectives of the object.
    pub(super) looks: &'static [&'static str],
    pub(super) things: &'static [&'static str],
    pub(super) helpers: &'static [&'static str],
    /// At most eight sentences, of which at least three are always present; `""` omits one.
    pub(super) sentences: &'static [&'static [&'static str]],
}

const COLORS: &[&str] =
    &["red", "blue", "green", "yellow", "pink", "white", "shiny", "new", "tiny", "pretty"];

const OPEN: &[&str] = &[
    "Once upon a time, there was {intro}.",
    "Once there was {intro} who lived {home}.",
    "Long ago, {intro} lived {home}.",
    "Once upon a time, {intro} lived {home}.",
    "{intro} lived {home} with a happy family.",
];

const OWN: &[&str] = &[
    "{he} had a {thing}.",
    "{he} had a {thing} and took it everywhere.",
    "{his} best toy was a {thing}.",
    "One day, {he} got a {thing} from {his} grandma.",
    "More than anything, {he} loved {his} {thing}.",
];

const FEEL: &[&str] = &[
    "",
    "{hero} was very sad.",
    "\"Oh no!\" cried {hero}.",
    "{he} sat down and began to cry.",
    "\"What can I do now?\" asked {hero}.",
    "{he} tried and tried, but {he} could not get the {toy} back.",
    "{hero} wanted {his} {toy} back.",
];

const MEET: &[&str] = &[
    "A {size} {helper} came by and asked, \"Why are you so sad?\"",
    "Then a {size} {helper} saw {him} and said, \"I can help you!\"",
    "\"Can you help me?\" {he} asked a {size} {helper}.",
    "Just then, {he} met a {size} {helper}.",
    "\"Don't cry,\" said a {size} {helper}.",
];

const THANK: &[&str] = &[
    "",
    "\"Thank you!\" said {hero} with a big smile.",
    "{hero} gave the {helper} a big hug.",
    "\"You are so kind!\" {he} said to the {helper}.",
    "{hero} was so happy that {he} jumped up and down.",
    "\"You are a good friend,\" said {hero}.",
];

const END: &[&str] = &[
    "From that day on, they were best friends.",
    "They played together until the sun went down.",
    "{hero} and the {helper} played {at} all day long.",
    "And they lived happily ever after.",
    "That night, {hero} went to bed with a smile.",
    "After that, {hero} and the {helper} met {at} every day.",
];

const KEEP: &[&str] = &[
    "After that, {hero} kept the {toy} safe.",
    "{he} never lost the {toy} again.",
    "From that day on, they were best friends.",
    "{hero} let the {helper} play with the {toy}, too.",
    "{hero} and the {helper} played with the {toy} until the sun went down.",
    "That night, {he} went to bed with the {toy} and a smile.",
];

pub(super) static PLOTS: &[&Plot] = &[
    &lost::TREE,
    &lost::WATER,
    &lost::GRASS,
    &lost::HOLE,
    &daily::SHARE,
    &daily::AFRAID,
    &daily::WISH,
    &daily::FOUND,
];
