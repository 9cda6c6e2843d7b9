//! Plots about sharing, fear, working for a wish, and finding someone else's property.

use super::plot::{COLORS, END, OPEN, Plot};
use crate::text::stories::words::ON_LAND;

/// Sharing food.
pub(super) static SHARE: Plot = Plot {
    places: ON_LAND,
    looks: &["warm", "sweet", "fresh", "big", "tasty", "soft", "nice", "lovely"],
    things: &["cake", "pie", "bun", "cookie", "pear", "peach", "plum", "melon"],
    helpers: &["dog", "cat", "mouse", "duck", "bird", "goat", "pony", "rabbit"],
    sentences: &[
        OPEN,
        &[
            "One {day} day, {he} took a {thing} {to}.",
            "One {day} morning, {his} mom made a {thing} for {him}.",
            "{he} was going to eat a {thing} {at}.",
            "{hero} got a {thing} and went {to}.",
        ],
        &[
            "Then {he} saw a {size} {helper} all alone.",
            "A {size} {helper} was sitting {at}.",
            "On the way, {he} met a {size} {helper}.",
            "A {size} {helper} looked at the {toy}.",
        ],
        &[
            "\"I am so hungry,\" said the {helper}.",
            "\"May I have some, please?\" asked the {helper}.",
            "The {helper} had no food at all.",
            "\"That {toy} smells so good!\" said the {helper}.",
        ],
        &[
            "{hero} gave half of the {toy} to the {helper}.",
            "\"Let's share it,\" said {hero}.",
            "{hero} cut the {toy} in two and gave the {helper} one half.",
            "\"You can have some of my {toy},\" said {hero}.",
        ],
        &[
            "",
            "\"Thank you! This is the best {toy}!\" said the {helper}.",
            "They ate the {toy} and laughed.",
            "The {helper} was not hungry and not sad anymore.",
        ],
        END,
    ],
};

/// Being afraid.
pub(super) static AFRAID: Plot = Plot {
    places: ON_LAND,
    looks: &["big", "dark", "deep", "strange", "lonely", "cold", "scary", "quiet"],
    things: &["cave", "hut", "tunnel", "tent", "cellar", "den", "mine", "tower"],
    helpers: &["dog", "bear", "bird", "horse", "cat", "turtle", "deer", "fox"],
    sentences: &[
        OPEN,
        &[
            "{hero} was scared of a {thing} {at}.",
            "One {day} day, {he} found a {thing} {at}.",
            "One {day} morning, {he} came to a {thing} {at}.",
            "There was a {thing} {at}, and {hero} had never been in it.",
        ],
        &[
            "{he} did not want to go near the {toy}.",
            "\"I am scared,\" said {hero}.",
            "{hero} looked in and began to shake.",
            "\"What if there is a monster in the {toy}?\" asked {hero}.",
        ],
        &[
            "\"Don't be scared,\" said a {size} {helper}.",
            "A {size} {helper} came by and said, \"You can do it!\"",
            "Then a {size} {helper} said, \"Let's go together.\"",
            "But a {size} {helper} was not scared at all.",
        ],
        &[
            "Step by step, they went into the {toy}.",
            "{hero} went into the {toy} with the {helper}.",
            "They walked into the {toy} very slowly.",
            "{he} took a deep breath and went into the {toy}.",
        ],
        &[
            "",
            "The {toy} was not scary at all.",
            "\"I did it!\" said {hero}.",
            "They found a box of gold in the {toy}.",
            "In the {toy} it was warm and quiet.",
        ],
        END,
    ],
};

/// A wish, and work for it. `helpers` holds the work.
pub(super) static WISH: Plot = Plot {
    places: ON_LAND,
    looks: COLORS,
    things: &["bike", "drum", "book", "kite", "doll", "train", "wagon", "coat"],
    helpers: &[
        "sweep the floor",
        "wash the cups",
        "feed the hens",
        "water the plants",
        "carry the wood",
        "pick the beans",
        "clean the room",
        "bake the bread",
    ],
    sentences: &[
        OPEN,
        &[
            "{he} wanted a {thing} more than anything.",
            "One {day} day, {he} saw a {thing} in a shop.",
            "{his} wish was to have a {thing}.",
            "Every night, {he} had a dream about a {thing}.",
        ],
        &[
            "\"Mom, can I have a {toy}?\" asked {hero}.",
            "{he} told {his} mom about the {toy}.",
            "\"I wish I had that {toy},\" {he} said to {his} mom.",
            "\"Please, Mom, I want a {toy}!\" said {hero}.",
        ],
        &[
            "\"Yes, if you {helper} for me,\" said Mom.",
            "\"First you have to {helper},\" said Mom.",
            "Mom said, \"You can have it if you {helper}.\"",
            "\"Will you {helper} every day?\" asked Mom.",
        ],
        &[
            "So {hero} went to {helper} every day.",
            "{hero} worked very hard for a week.",
            "It was hard to {helper}, but {he} did not stop.",
            "{he} did it every {day} morning.",
        ],
        &[
            "Then Mom gave {him} the {toy}.",
            "One day, the {toy} was on {his} bed!",
            "Mom was proud and gave {him} the {toy}.",
            "At last, {hero} had a {toy}.",
        ],
        &[
            "",
            "\"Thank you, Mom!\" said {hero}.",
            "{hero} was so happy that {he} jumped up and down.",
            "{hero} gave Mom a big hug.",
        ],
        &[
            "{he} took the {toy} {to} and played all day long.",
            "{hero} was very proud.",
            "{he} kept the {toy} safe and was always happy to help.",
            "That night, {hero} went to bed with a smile.",
            "All the children {at} wanted to see the {toy}.",
        ],
    ],
};

/// Something is found: the shortest plot.
pub(super) static FOUND: Plot = Plot {
    places: ON_LAND,
    looks: COLORS,
    things: &["ring", "hat", "ball", "book", "drum", "bell", "basket", "cup"],
    helpers: &["bird", "mouse", "dog", "duck", "horse", "squirrel", "goat", "sheep"],
    sentences: &[
        OPEN,
        &[
            "One {day} day, {he} found a {thing} {at}.",
            "One {day} morning, {hero} went {to} and saw a {thing}.",
            "{he} was playing {at} and found a {thing}.",
            "There was a {thing} {at}, and {hero} picked it up.",
        ],
        &[
            "\"That is my {toy}!\" said a {size} {helper}.",
            "\"Whose {toy} is this?\" {he} asked a {size} {helper}.",
            "Then {he} met a {size} {helper} who had lost a {toy}.",
            "A {size} {helper} was looking for the {toy}.",
        ],
        &[
            "",
            "{hero} gave the {toy} to the {helper}.",
            "\"Here you are,\" said {hero}.",
            "\"You found it! Thank you!\" said the {helper}.",
        ],
        END,
    ],
};
