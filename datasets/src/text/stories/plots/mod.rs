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
mod plot;
mod table;

pub(super) use plot::Plot;
pub(super) use table::PLOTS;
