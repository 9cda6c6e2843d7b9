//! Activation checkpointing: a computation is repeated in the backward pass, so that only its
//! inputs are saved.
//!
//! Reference: Chen et al. 2016, <https://arxiv.org/abs/1604.06174>

use std::fmt::Debug;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::tensor::Tensor;

use crate::gradient::{Any, Operation, apply, is_known};

/// A tensor of any number of dimensions.
pub type Untyped = Any;

/// A computation on tensors of any number of dimensions.
pub trait Work: Clone + Debug + Send + 'static {
    /// The result, given tensors on an autodiff device, in the order of [`recomputed`]'s inputs.
    ///
    /// It is called twice, the second time in the backward pass, and must return the same result
    /// both times. The result must depend on every input.
    fn compute(&self, inputs: Vec<Any>) -> Any;
}

/// The result of a computation, of which only the inputs are saved for the backward pass; `None` if
/// that cannot be recorded.
///
/// Only `inputs` get gradients, not other tensors that the computation uses.
pub fn recomputed(work: impl Work, inputs: &[Any]) -> Option<Any> {
    if !inputs.iter().all(is_known) {
        return None;
    }
    let device = Tensor::<1>::from_dispatch(inputs.first()?.clone()).device().inner();
    let shared = Arc::new(Mutex::new(Shared::default()));
    // An operation has a fixed number of inputs, so the inputs are collected one by one in a chain
    // of operations that ends in the computation.
    let mut chain = Tensor::<1>::zeros([1], &device).into_dispatch();
    for (index, input) in inputs.iter().enumerate() {
        chain = apply(Link { index, shared: Arc::clone(&shared) }, [chain, input.clone()]);
    }
    Some(apply(Recomputed { work, shared }, [chain]))
}

/// The state shared by the links of a chain and the computation at its end.
#[derive(Debug, Default)]
struct Shared {
    inputs: Vec<Any>,
    gradients: Vec<Option<Any>>,
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Passes an input to the computation, and returns its gradient in the backward pass.
#[derive(Debug, Clone)]
struct Link {
    index: usize,
    shared: Arc<Mutex<Shared>>,
}

impl Operation<2> for Link {
    type Saved = ();

    fn forward(&self, inputs: [Any; 2]) -> (Any, ()) {
        let [chain, input] = inputs;
        lock(&self.shared).inputs.push(input);
        (chain, ())
    }

    fn backward(&self, (): (), gradient: Any, _: [bool; 2]) -> [Option<Any>; 2] {
        let own = lock(&self.shared).gradients.get_mut(self.index).and_then(Option::take);
        [Some(gradient), own]
    }
}

#[derive(Debug, Clone)]
struct Recomputed<W> {
    work: W,
    shared: Arc<Mutex<Shared>>,
}

impl<W: Work> Operation<1> for Recomputed<W> {
    type Saved = ();

    fn forward(&self, _: [Any; 1]) -> (Any, ()) {
        let inputs = lock(&self.shared).inputs.clone();
        // On an autodiff device, as in the backward pass, but as constants.
        let inputs = inputs.into_iter().map(|x| with_gradients(x).into_dispatch());
        let result = self.work.compute(inputs.collect());
        (Tensor::<1>::from_dispatch(result).inner().into_dispatch(), ())
    }

    fn backward(&self, (): (), gradient: Any, _: [bool; 1]) -> [Option<Any>; 1] {
        let inputs = mem::take(&mut lock(&self.shared).inputs);
        let inputs: Vec<_> = inputs.into_iter().map(|x| with_gradients(x).require_grad()).collect();
        let given = inputs.iter().map(|x| x.clone().into_dispatch()).collect();
        let result = Tensor::<1>::from_dispatch(self.work.compute(given));
        // The gradient of this product with respect to `result` is `gradient`.
        let gradients = (result * with_gradients(gradient)).sum().backward();
        let of_inputs = inputs.iter().map(|x| x.grad(&gradients).map(Tensor::into_dispatch));
        lock(&self.shared).gradients = of_inputs.collect();
        let device = inputs[0].device().inner();
        [Some(Tensor::<1>::zeros([1], &device).into_dispatch())]
    }
}

/// A tensor of any number of dimensions, as a constant on an autodiff device.
fn with_gradients(x: Any) -> Tensor<1> {
    Tensor::from_inner(Tensor::from_dispatch(x))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::testing::{agree, devices, random};

    /// `tanh(a b) b`, with a count of calls.
    #[derive(Debug, Clone)]
    struct Product(Arc<AtomicUsize>);

    fn product(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
        a.matmul(b.clone()).tanh().matmul(b)
    }

    impl Work for Product {
        fn compute(&self, inputs: Vec<Any>) -> Any {
            self.0.fetch_add(1, Ordering::Relaxed);
            let [a, b] = inputs.try_into().expect("two inputs");
            product(Tensor::from_dispatch(a), Tensor::from_dispatch(b)).into_dispatch()
        }
    }

    #[test]
    fn recomputed_result_and_gradients_equal_the_plain_ones() {
        for device in devices() {
            let count = Arc::new(AtomicUsize::new(0));
            let of = |x: Tensor<1>| x.reshape([5, 5]);
            agree(
                [random([25], &device), random([25], &device)],
                &|[a, b]| {
                    let work = Product(Arc::clone(&count));
                    // The second input is also used outside, so that its gradients add up.
                    let inputs = [of(a), of(b.clone())].map(Tensor::into_dispatch);
                    let result = recomputed(work, &inputs).expect("a known backend");
                    (Tensor::<2>::from_dispatch(result) + of(b)).flatten(0, 1)
                },
                &|[a, b]| (product(of(a), of(b.clone())) + of(b)).flatten(0, 1),
            );
            // One call without gradients, and one for each pass.
            assert_eq!(count.load(Ordering::Relaxed), 3);
        }
    }

    #[test]
    fn constants_get_no_gradient() {
        for device in devices() {
            let constant = random([2, 2], &device.clone().autodiff());
            let x = random([2, 2], &device.autodiff()).require_grad();
            let work = Product(Arc::default());
            let inputs = [x.clone(), constant.clone()].map(Tensor::into_dispatch);
            let result = Tensor::<2>::from_dispatch(recomputed(work, &inputs).expect("known"));
            let gradients = result.sum().backward();
            assert!(x.grad(&gradients).is_some() && constant.grad(&gradients).is_none());
        }
    }
}
