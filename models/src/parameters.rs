//! Visiting a module's parameters by path, such as `layers.0.attention.query.weight`.
//!
//! Burn includes an enum's variant in the path (`layers.0.PreNorm.attention…`). Here it is omitted,
//! so that a path depends on the position of a parameter and not on the wiring around it. Wrapper
//! fields are omitted, too: a head's `backbone`, a backbone's `stack`, an embedding's
//! `input_embedding`, a span's `ends`, and the head inside another head (`head`, `scorer`,
//! `masked`).

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{FloatDType, Shape, Tensor, TensorData};
use zoo_kernels::linear::is_weight_only_half;

/// A parameter's path and shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterInfo {
    /// Module path, separated by dots.
    pub path: String,
    /// Shape in Burn's layout; a linear layer's weight is `[d_input, d_output]`.
    pub shape: Vec<usize>,
}

/// Path suffixes of constants, which are loaded from checkpoints but not trained.
const CONSTANT: [&str; 3] = ["final_logits_bias", "mask_token", COMPUTED];

/// Path suffix of computed tables, which some checkpoints contain nevertheless.
const COMPUTED: &str = "sinusoid.weight";

/// Path suffixes of the parameters of norms.
const OF_NORMS: [&str; 2] = [".gamma", ".beta"];

impl ParameterInfo {
    /// Whether it is not trained.
    pub fn is_constant(&self) -> bool {
        CONSTANT.iter().any(|end| self.path.ends_with(end))
    }

    /// Whether it is a buffer in the reference implementation, which does not count it as a
    /// parameter.
    pub fn is_buffer(&self) -> bool {
        self.path.ends_with("final_logits_bias")
    }

    /// Whether its value follows from the config, so that a checkpoint need not contain it.
    pub fn is_computed(&self) -> bool {
        self.path.ends_with(COMPUTED)
    }

    /// The number of its elements.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// The current path of a module traversal.
///
/// Used by every visitor and mapper that needs paths.
#[derive(Debug, Default)]
pub struct Path {
    parts: Vec<Option<String>>,
}

/// Fields that are omitted from paths.
const TRANSPARENT: [&str; 7] =
    ["backbone", "stack", "input_embedding", "ends", "head", "scorer", "masked"];

impl Path {
    /// Enters a module; enum variants and wrapper fields are omitted from the path.
    pub fn enter(&mut self, name: &str, container: &str) {
        let is_transparent = container.starts_with("Enum:") || TRANSPARENT.contains(&name);
        self.parts.push((!is_transparent).then(|| name.to_string()));
    }

    /// Leaves the current module.
    pub fn exit(&mut self) {
        self.parts.pop();
    }

    /// The current path.
    pub fn join(&self) -> String {
        let parts: Vec<&str> = self.parts.iter().flatten().map(String::as_str).collect();
        parts.join(".")
    }
}

/// Every float parameter of `module`, in field order. Does not initialize or read values.
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

/// The number of parameters of `module`; a tied weight counts once.
pub fn count<M: Module>(module: &M) -> usize {
    list(module).iter().map(ParameterInfo::count).sum()
}

/// Calls `receive` with the path and value of each float parameter.
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

/// Casts every float parameter to another dtype, except the scales and shifts of norms, which stay
/// in f32. A cast to f32 leaves weights in half precision if the device upcasts them in products.
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
