//! Plots about a lost object that a helper brings back with an ability that the hero lacks.

use super::plot::{COLORS, FEEL, KEEP, MEET, OPEN, OWN, Plot, THANK};
use crate::text::stories::words::{BY_WATER, ON_LAND};

/// Up in a tree.
pub(super) static TREE: Plot = Plot {
    places: ON_LAND,
    looks: COLORS,
    things: &["kite", "hat", "balloon", "scarf", "paper plane", "ribbon"],
    helpers: &["bird", "squirrel", "monkey", "robin", "crow", "cat"],
    sentences: &[
        OPEN,
        OWN,
        &[
            "One {day} day, the {toy} flew up into a tall tree {at}.",
            "One {day} morning, the wind took the {toy} and put it in a tree {at}.",
            "{hero} went {to}, but the wind blew the {toy} up into a tree.",
            "{he} was playing {at} when the {toy} got stuck in a high tree.",
        ],
        FEEL,
        MEET,
        &[
            "The {helper} went up the tree and came back with the {toy}.",
            "The {helper} went to the top of the tree and let the {toy} fall down.",
            "Up, up, up went the {helper}, and down came the {toy}!",
            "Very soon, the {helper} got the {toy} out of the tree.",
        ],
        THANK,
        KEEP,
    ],
};

/// Into the water.
pub(super) static WATER: Plot = Plot {
    places: BY_WATER,
    looks: COLORS,
    things: &["boat", "ball", "hat", "doll", "bucket", "shoe"],
    helpers: &["duck", "turtle", "swan", "beaver", "seal", "goose"],
    sentences: &[
        OPEN,
        OWN,
        &[
            "One {day} day {at}, the {toy} fell into the water.",
            "One {day} morning, {he} went {to}, and the {toy} fell in.",
            "{he} was playing {at} when the {toy} floated away.",
            "{hero} took it {to}, but the water took the {toy} away.",
        ],
        FEEL,
        MEET,
        &[
            "The {helper} jumped into the water and swam to the {toy}.",
            "The {helper} swam very fast and brought the {toy} back to {him}.",
            "With a splash, the {helper} pushed the {toy} back to the land.",
            "Very soon, the {helper} pulled the {toy} out of the water.",
        ],
        THANK,
        KEEP,
    ],
};

/// Lost in the grass.
pub(super) static GRASS: Plot = Plot {
    places: ON_LAND,
    looks: COLORS,
    things: &["ring", "bell", "coin", "button", "whistle", "key"],
    helpers: &["dog", "puppy", "goat", "hen", "fox", "pony"],
    sentences: &[
        OPEN,
        OWN,
        &[
            "One {day} day, {he} lost the {toy} {at}.",
            "One {day} morning, the {toy} fell into the tall grass {at}.",
            "{he} was playing {at} when {he} lost the {toy}.",
            "{hero} ran {to}, and the {toy} fell out of {his} bag.",
        ],
        FEEL,
        MEET,
        &[
            "The {helper} looked and looked, and found the {toy} under a leaf.",
            "The {helper} sniffed the ground and found the {toy} in the grass.",
            "They looked here and there until the {helper} found the {toy}.",
            "Very soon, the {helper} saw the {toy} behind a rock.",
        ],
        THANK,
        KEEP,
    ],
};

/// Down a hole.
pub(super) static HOLE: Plot = Plot {
    places: ON_LAND,
    looks: COLORS,
    things: &["ball", "marble", "coin", "bead", "stone", "drum"],
    helpers: &["mouse", "rabbit", "mole", "badger", "hedgehog", "lizard"],
    sentences: &[
        OPEN,
        OWN,
        &[
            "One {day} day, the {toy} rolled into a deep hole {at}.",
            "One {day} morning, {he} went {to}, and the {toy} fell into a hole.",
            "{he} was playing {at} when the {toy} rolled down a dark hole.",
            "{hero} ran {to}, but the {toy} rolled under the ground.",
        ],
        FEEL,
        MEET,
        &[
            "The {helper} went down the dark hole and came up with the {toy}.",
            "The {helper} dug and dug until the {toy} came out.",
            "Down, down, down went the {helper}, and up came the {toy}!",
            "Very soon, the {helper} pulled the {toy} out of the hole.",
        ],
        THANK,
        KEEP,
    ],
};
