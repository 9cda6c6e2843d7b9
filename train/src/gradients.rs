//! The global norm and the accumulation of gradients.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::{Tensor, TensorReadError};
use zoo_kernels::squares::sum_of_squares;
use zoo_models::parameters::Path;

/// The L2 norm of all gradients together.
///
/// # Errors
///
/// A device failure.
pub fn gradient_norm<M: Module>(
    module: &M,
    gradients: &GradientsParams,
) -> Result<f64, TensorReadError> {
    let mut norm = Norm { gradients, sum: None };
    module.visit(&mut norm);
    let Some(sum) = norm.sum else {
        return Ok(0.0);
    };
    Ok(sum.try_into_scalar::<f64>()?.sqrt())
}

struct Norm<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for Norm<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.get::<D>(param.id) else {
            return;
        };
        let square = sum_of_squares(&gradient);
        self.sum = Some(match self.sum.take() {
            Some(sum) => sum + square,
            None => square,
        });
    }
}

/// Adds the gradients of another micro-batch.
pub fn accumulate<M: Module>(
    module: &M,
    sum: GradientsParams,
    further: GradientsParams,
) -> GradientsParams {
    struct Add {
        sum: GradientsParams,
        further: GradientsParams,
    }
    impl ModuleVisitor for Add {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let id: ParamId = param.id;
            let total = match (self.sum.remove::<D>(id), self.further.remove::<D>(id)) {
                (Some(sum), Some(further)) => sum + further,
                (Some(one), None) | (None, Some(one)) => one,
                (None, None) => return,
            };
            self.sum.register::<D>(id, total);
        }
    }
    let mut add = Add { sum, further };
    module.visit(&mut add);
    add.sum
}

/// The values of every gradient by parameter path.
///
/// # Errors
///
/// A device failure.
pub fn by_path<M: Module>(
    module: &M,
    gradients: &GradientsParams,
) -> Result<BTreeMap<String, Vec<f32>>, TensorReadError> {
    let mut read = ByPath { path: Path::default(), gradients, found: Ok(BTreeMap::new()) };
    module.visit(&mut read);
    read.found
}

struct ByPath<'a> {
    path: Path,
    gradients: &'a GradientsParams,
    found: Result<BTreeMap<String, Vec<f32>>, TensorReadError>,
}

impl ModuleVisitor for ByPath<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let (Some(gradient), Ok(found)) = (self.gradients.get::<D>(param.id), &mut self.found)
        else {
            return;
        };
        match gradient.try_into_vec_as::<f32>() {
            Ok(values) => {
                found.insert(self.path.join(), values);
            }
            Err(error) => self.found = Err(error),
        }
    }
}
