//! Operations with a custom backward pass.
//!
//! Burn derives the backward pass of a composition from its parts, and saves the state that each
//! part needs. An operation here specifies what it saves and how gradients are computed from it,
//! on tensors without gradients, so that one implementation serves all backends.

#![allow(deprecated, reason = "two supported backends are deprecated")]

use std::array;
use std::fmt::Debug;
use std::marker::PhantomData;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{
    Autodiff, AutodiffBackend, Backend, BackendTensor, DispatchAutodiffContext,
    DispatchKindConversion, DispatchTensor,
};

use crate::backend::BackendKind;

/// A tensor of any number of dimensions, converted by
/// [`Tensor::from_dispatch`](burn::tensor::Tensor::from_dispatch) and
/// [`Tensor::into_dispatch`](burn::tensor::Tensor::into_dispatch).
pub(crate) type Any = DispatchTensor;

/// An operation on `N` tensors with a custom backward pass.
pub(crate) trait Operation<const N: usize>: Clone + Debug + Send + 'static {
    /// The state saved for the backward pass.
    type Saved: Clone + Debug + Send + 'static;

    /// The result and the state saved for the backward pass. These tensors have no gradients.
    fn forward(&self, inputs: [Any; N]) -> (Any, Self::Saved);

    /// The result only, if no input has gradients. It may overwrite inputs whose memory is not
    /// shared.
    fn infer(&self, inputs: [Any; N]) -> Any {
        self.forward(inputs).0
    }

    /// The gradients of the `wanted` inputs, given the gradient of the result.
    fn backward(&self, saved: Self::Saved, gradient: Any, wanted: [bool; N]) -> [Option<Any>; N];
}

/// Computes an operation and records its backward pass if an input has gradients.
///
/// # Panics
///
/// Panics if [`is_known`] is false for an input.
pub(crate) fn apply<O: Operation<N>, const N: usize>(operation: O, inputs: [Any; N]) -> Any {
    let tracked = inputs.iter().find(|input| input.autodiff != DispatchAutodiffContext::Disabled);
    let Some(tracked) = tracked else {
        return operation.infer(inputs);
    };
    match BackendKind::of(tracked) {
        #[cfg(feature = "flex")]
        Some(BackendKind::Flex) => record::<burn::backend::Flex, O, N>(operation, inputs),
        #[cfg(feature = "ndarray")]
        Some(BackendKind::NdArray) => record::<burn::backend::NdArray, O, N>(operation, inputs),
        #[cfg(feature = "tch")]
        Some(BackendKind::LibTorch) => record::<burn::backend::LibTorch, O, N>(operation, inputs),
        #[cfg(feature = "cube")]
        Some(BackendKind::Cube) => record::<burn::backend::Cube, O, N>(operation, inputs),
        None => panic!("custom gradients are not supported on this backend"),
    }
}

/// Whether [`apply`] can record an operation on this tensor.
pub(crate) fn is_known(x: &Any) -> bool {
    use burn::backend::GradientCheckpointingStrategy::Disabled;
    match x.autodiff {
        DispatchAutodiffContext::Disabled => true,
        context => {
            context == DispatchAutodiffContext::Enabled(Disabled) && BackendKind::of(x).is_some()
        }
    }
}

/// Computes an operation on the tensors of one backend, and records its backward pass.
fn record<B, O, const N: usize>(operation: O, inputs: [Any; N]) -> Any
where
    B: Backend,
    O: Operation<N>,
    Any: DispatchKindConversion<B> + DispatchKindConversion<Autodiff<B>>,
{
    // Inputs without gradients are constants.
    let inputs = inputs.map(|input| match input.autodiff {
        DispatchAutodiffContext::Disabled => {
            <Autodiff<B> as AutodiffBackend>::from_inner(primitive::<B>(input))
        }
        DispatchAutodiffContext::Enabled(_) => primitive::<Autodiff<B>>(input),
    });
    let nodes = array::from_fn(|i| inputs[i].node());
    let (result, saved) = operation.forward(inputs.map(|input| any::<B>(input.into_primitive())));
    let result = primitive::<B>(result);
    let step = Step::<B, O, N> { operation, backend: PhantomData };
    let prepared = step.prepare::<NoCheckpointing>(nodes).compute_bound().stateful();
    any::<Autodiff<B>>(match prepared {
        OpsKind::Tracked(prepared) => prepared.finish(saved, result),
        OpsKind::UnTracked(prepared) => prepared.finish(result),
    })
}

/// # Panics
///
/// Panics if the tensor is on another backend.
fn primitive<B: Backend>(tensor: Any) -> B::FloatTensorPrimitive
where
    Any: DispatchKindConversion<B>,
{
    match <Any as DispatchKindConversion<B>>::try_into_backend(tensor) {
        Ok(tensor) => tensor.float(),
        Err(error) => panic!("the inputs of an operation must be on one backend: {error}"),
    }
}

fn any<B: Backend>(tensor: B::FloatTensorPrimitive) -> Any
where
    Any: DispatchKindConversion<B>,
{
    <Any as DispatchKindConversion<B>>::from_backend(BackendTensor::Float(tensor))
}

/// The backward pass of an operation on one backend.
#[derive(Debug)]
struct Step<B, O, const N: usize> {
    operation: O,
    backend: PhantomData<B>,
}

impl<B, O, const N: usize> Backward<B, N> for Step<B, O, N>
where
    B: Backend,
    O: Operation<N>,
    Any: DispatchKindConversion<B>,
{
    type State = O::Saved;

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = any::<B>(gradients.consume::<B>(&ops.node));
        let wanted = array::from_fn(|i| ops.parents[i].is_some());
        let found = self.operation.backward(ops.state, gradient, wanted);
        for (parent, gradient) in ops.parents.iter().zip(found) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                gradients.register::<B>(parent.id, primitive::<B>(gradient));
            }
        }
    }
}
