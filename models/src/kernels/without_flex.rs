//! What `flex` offers, where it is not compiled in: nothing.

use burn::tensor::Tensor;

use super::adamw::Update;
use super::attention::Scores;
use super::cross_entropy::Classes;
use super::elementwise::Function;
use super::gradient::Any;
use super::linear::Weights;
use super::norm::Norm;

pub(super) fn few_rows<const D: usize, const N: usize>(
    _: &Tensor<D>,
    _: &[Weights; N],
) -> Option<[Tensor<D>; N]> {
    None
}

pub(super) fn attention(_: &[Any; 3], _: &Option<Any>, _: &Scores) -> Option<Any> {
    None
}

pub(super) fn cross_entropy_sum(_: Any, _: &Classes) -> Option<Any> {
    None
}

pub(super) fn curve(_: Function, _: Any) -> Option<Any> {
    None
}

pub(super) fn gated(_: Function, _: [Any; 2]) -> Option<Any> {
    None
}

pub(super) fn keep() {}

pub(super) fn linear(_: Any, _: (Any, Option<Any>)) -> Option<Any> {
    None
}

pub(super) fn norm(_: Norm, _: Any, _: (Any, Option<Any>)) -> Option<Any> {
    None
}

pub(super) fn sum_of_squares(_: &Any) -> Option<Any> {
    None
}

pub(super) fn step(
    tensors: [Any; 3],
    gradient: Any,
    _: Update,
) -> Result<[Any; 3], Box<([Any; 3], Any)>> {
    Err(Box::new((tensors, gradient)))
}
