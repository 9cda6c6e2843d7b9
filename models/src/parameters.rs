//! Walking a module's parameters by path, such as `layers.0.attention.query.weight`.
//!
//! Burn puts an enum's variant into the path (`layers.0.PreNorm.attention…`); here it is left out,
//! so that a path says where a parameter is and not which wiring surrounds it. So are the fields that
//! every model has around its own: a head's `backbone`, a backbone's `stack`, an embedding's `input_embedding`,
//! a span's `ends`, and the head that another one is made of (`head`, `scorer`, `masked`).

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{FloatDType, Shape, Tensor, TensorData};

use crate::kernels::linear::is_weight_only_half;

/// A parameter's path and shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterInfo {
    /// Module path, dots between the parts.
    pub path: String,
    /// Shape as Burn holds it; a linear layer's weight is `[d_input, d_output]`.
    pub shape: Vec<usize>,
}

/// The ends of the paths of what a checkpoint brings and training leaves as it is.
const CONSTANT: [&str; 3] = ["final_logits_bias", "mask_token", COMPUTED];

/// The end of the paths of tables that are computed, and which some checkpoints hold all the same.
const COMPUTED: &str = "sinusoid.weight";

/// The ends of the paths of what norms hold.
const OF_NORMS: [&str; 2] = [".gamma", ".beta"];

impl ParameterInfo {
    /// Whether training leaves it as it is.
    pub fn is_constant(&self) -> bool {
        CONSTANT.iter().any(|end| self.path.ends_with(end))
    }

    /// Whether the reference keeps it as a buffer, which is not counted as a parameter.
    pub fn is_buffer(&self) -> bool {
        self.path.ends_with("final_logits_bias")
    }

    /// Whether its value follows from the config, so that a checkpoint need not hold it.
    pub fn is_computed(&self) -> bool {
        self.path.ends_with(COMPUTED)
    }

    /// The number of its elements.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// The part of a path that the traversal is in.
///
/// Shared by every visitor and mapper that needs paths.
#[derive(Debug, Default)]
pub struct Path {
    parts: Vec<Option<String>>,
}

/// Fields that add nothing to a path.
const TRANSPARENT: [&str; 7] =
    ["backbone", "stack", "input_embedding", "ends", "head", "scorer", "masked"];

impl Path {
    /// Enters a module; a variant of an enum adds nothing to the path, nor do some fields.
    pub fn enter(&mut self, name: &str, container: &str) {
        let is_transparent = container.starts_with("Enum:") || TRANSPARENT.contains(&name);
        self.parts.push((!is_transparent).then(|| name.to_string()));
    }

    /// Leaves the module entered last.
    pub fn exit(&mut self) {
        self.parts.pop();
    }

    /// The path so far.
    pub fn join(&self) -> String {
        let parts: Vec<&str> = self.parts.iter().flatten().map(String::as_str).collect();
        parts.join(".")
    }
}

/// Every float parameter of `module`, in the order of its fields. Reads no values.
pub fn list<M: Module>(module: &M) -> Vec<ParameterInfo> {
    struct List {
        path: Path,
        found: Vec<ParameterInfo>,
    }
    impl ModuleVisitor for List {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let shape = param.lazy_shape().as_slice().to_vec();
            self.found.push(ParameterInfo { path: self.path.join(), shape });
        }
    }
    let mut visitor = List { path: Path::default(), found: Vec::new() };
    module.visit(&mut visitor);
    visitor.found
}

/// The number of parameters of `module`; a tied weight is one parameter and counts once.
pub fn count<M: Module>(module: &M) -> usize {
    list(module).iter().map(ParameterInfo::count).sum()
}

/// Hands every float parameter's path and value to `receive`, one at a time.
pub fn read<M: Module>(module: &M, receive: &mut dyn FnMut(&str, TensorData)) {
    struct Read<'a> {
        path: Path,
        receive: &'a mut dyn FnMut(&str, TensorData),
    }
    impl ModuleVisitor for Read<'_> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            (self.receive)(&self.path.join(), param.val().into_data());
        }
    }
    module.visit(&mut Read { path: Path::default(), receive });
}

/// A value for a parameter.
#[derive(Debug, Clone)]
pub struct ParameterValue {
    /// The numbers, in the format that the parameter shall have.
    pub data: TensorData,
    /// Whether they are those of the transpose, a matrix's columns one after the other; the parameter will lie
    /// in memory as they do.
    pub is_transposed: bool,
}

impl From<TensorData> for ParameterValue {
    fn from(data: TensorData) -> Self {
        Self { data, is_transposed: false }
    }
}

/// Replaces every parameter for which `source` has a value, in the value's format.
///
/// # Panics
///
/// Panics if a value's shape is not the parameter's.
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
            let shape = param.lazy_shape();
            let info = ParameterInfo { path: self.path.join(), shape: shape.as_slice().to_vec() };
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

/// Holds every float parameter in another format, but for the scales and shifts of norms, which stay
/// in 32-bit floats. Where a device computes with 16 bits as with 32, what is held in 16 stays so.
///
/// On a device with gradients the result's parameters depend on those of `module`: a loss computed with
/// the result has gradients for the original, in the original's format.
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
            let path = self.path.join();
            if OF_NORMS.iter().any(|end| path.ends_with(end)) {
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
