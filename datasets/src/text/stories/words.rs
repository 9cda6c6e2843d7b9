//! The heroes of the stories, and the words that any plot may use.
//!
//! Every word that may follow "a" starts with a consonant, so no template needs "an".

/// The hero of a story: a named child, or an animal without a name.
#[derive(Clone, Copy)]
pub(super) struct Hero {
    /// The noun after the adjective at the first mention: `girl named Lily`, `fox`.
    pub(super) first: &'static str,
    /// Every later mention: `Lily`, `the fox`.
    pub(super) later: &'static str,
    pub(super) pronouns: Pronouns,
}

/// The pronouns of a hero, as subject, object and possessive.
#[derive(Clone, Copy)]
pub(super) struct Pronouns {
    pub(super) subject: &'static str,
    pub(super) object: &'static str,
    pub(super) possessive: &'static str,
}

const fn she(first: &'static str, later: &'static str) -> Hero {
    let pronouns = Pronouns { subject: "she", object: "her", possessive: "her" };
    Hero { first, later, pronouns }
}

const fn he(first: &'static str, later: &'static str) -> Hero {
    let pronouns = Pronouns { subject: "he", object: "him", possessive: "his" };
    Hero { first, later, pronouns }
}

const fn it(first: &'static str, later: &'static str) -> Hero {
    let pronouns = Pronouns { subject: "it", object: "it", possessive: "its" };
    Hero { first, later, pronouns }
}

pub(super) static HEROES: &[Hero] = &[
    she("girl named Lily", "Lily"),
    she("girl named Mia", "Mia"),
    she("girl named Rosa", "Rosa"),
    she("girl named Zoe", "Zoe"),
    she("girl named Anna", "Anna"),
    she("girl named Kim", "Kim"),
    he("boy named Tom", "Tom"),
    he("boy named Ben", "Ben"),
    he("boy named Max", "Max"),
    he("boy named Sam", "Sam"),
    he("boy named Leo", "Leo"),
    he("boy named Jack", "Jack"),
    it("fox", "the fox"),
    it("cat", "the cat"),
    it("bear", "the bear"),
    it("pig", "the pig"),
    it("rabbit", "the rabbit"),
    it("frog", "the frog"),
];

/// Adjectives of a hero.
pub(super) static TRAITS: &[&str] =
    &["little", "small", "kind", "brave", "happy", "shy", "funny", "clever", "good", "quiet"];

/// Adjectives of a helper.
pub(super) static SIZES: &[&str] =
    &["big", "small", "kind", "brown", "gray", "young", "friendly", "wise", "white", "black"];

/// Where a hero lives.
pub(super) static HOMES: &[&str] = &[
    "in a small house",
    "near the woods",
    "in a little town",
    "on a farm",
    "by the sea",
    "under a big tree",
    "in a green valley",
    "far away from the city",
];

pub(super) static DAYS: &[&str] =
    &["sunny", "windy", "warm", "cold", "bright", "quiet", "fine", "lovely"];

/// A place where something happens: as a position, and as a direction.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) at: &'static str,
    pub(super) to: &'static str,
}

const fn place(at: &'static str, to: &'static str) -> Place {
    Place { at, to }
}

pub(super) static ON_LAND: &[Place] = &[
    place("in the park", "to the park"),
    place("in the garden", "to the garden"),
    place("in the forest", "to the forest"),
    place("on the hill", "to the hill"),
    place("near the barn", "to the barn"),
    place("in the meadow", "to the meadow"),
    place("behind the school", "to the school"),
    place("in the yard", "to the yard"),
];

pub(super) static BY_WATER: &[Place] = &[
    place("by the river", "to the river"),
    place("at the pond", "to the pond"),
    place("by the lake", "to the lake"),
    place("at the beach", "to the beach"),
    place("by the stream", "to the stream"),
    place("near the old bridge", "to the old bridge"),
];
