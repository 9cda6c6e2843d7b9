//! Every plot.

use super::plot::Plot;
use super::{daily, lost};

pub(in crate::text::stories) static PLOTS: &[&Plot] = &[
    &lost::TREE,
    &lost::WATER,
    &lost::GRASS,
    &lost::HOLE,
    &daily::SHARE,
    &daily::AFRAID,
    &daily::WISH,
    &daily::FOUND,
];
