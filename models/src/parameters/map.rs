//! Replaces and casts the parameters of a module.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{FloatDType, Shape, Tensor, TensorData};
use zoo_kernels::linear::is_weight_only_half;

use super::info::{ParameterDtype, ParameterInfo};
use super::path::Path;

/// A value for a parameter.
#[derive(Debug, Clone)]
pub struct ParameterValue {
    /// The values, in the dtype that the parameter will have.
    pub data: TensorData,
    /// Whether `data` is the transpose, that is, column-major. The parameter keeps this memory
    /// layout.
    pub is_transposed: bool,
}

impl From<TensorData> for ParameterValue {
    fn from(data: TensorData) -> Self {
        Self { data, is_transposed: false }
    }
}

/// Replaces every parameter for which `source` returns a value; the parameter takes the value's
/// dtype.
///
/// # Panics
///
/// Panics if the shape of a value differs from the parameter's.
pub fn replace<M: Module>(
    module: M,
    source: &mut dyn FnMut(&ParameterInfo) -> Option<ParameterValue>,
) -> M {
    struct Replace<'a> {
        path: Path,
        source: &'a mut dyn FnMut(&ParameterInfo) -> Option<ParameterValue>,
    }
    impl ModuleMapper for Replace<'_> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.exit();
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let info = self.path.parameter(param.lazy_shape().as_slice());
            let Some(ParameterValue { data, is_transposed }) = (self.source)(&info) else {
                return param;
            };
            let dtype = data.dtype();
            let tensor = Tensor::from_data(data, (&param.lazy_device(), dtype));
            let tensor = if is_transposed { tensor.transpose() } else { tensor };
            assert_eq!(tensor.shape(), Shape::from(info.shape), "the shape of {}", info.path);
            let id = param.id;
            param.transform_for_load(tensor, id)
        }
    }
    module.map(&mut Replace { path: Path::default(), source })
}

/// Casts every float parameter to another dtype, except those that are declared
/// [`KeepF32`](super::KeepF32), such as the scales and shifts of norms. A cast to f32 leaves weights
/// in half precision if the device upcasts them in products.
///
/// On an autodiff device the parameters of the result depend on those of `module`: a loss computed
/// with the result has gradients for the original parameters, in their dtype.
pub fn cast<M: Module>(module: M, dtype: FloatDType) -> M {
    struct Cast {
        path: Path,
        dtype: FloatDType,
    }
    impl ModuleMapper for Cast {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.exit();
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if self.path.properties().dtype == ParameterDtype::F32 {
                return param;
            }
            param.map(|tensor| match self.dtype {
                FloatDType::F32 if is_weight_only_half(&tensor) => tensor,
                dtype => tensor.cast(dtype),
            })
        }
    }
    module.map(&mut Cast { path: Path::default(), dtype })
}
