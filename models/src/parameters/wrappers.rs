//! Modules around a parameter, or around a module, that declare properties of the parameters inside.
//!
//! They are omitted from paths, and dereference to the module inside. [`Path`](super::Path)
//! recognizes them by their type, which Burn passes to every visitor, so that a field's name decides
//! nothing.

use std::ops::Deref;

use burn::module::Module;

use super::info::{InitialScale, ParameterDtype, ParameterProperties, ParameterRole};

/// Parameters that are loaded and not trained.
#[derive(Module, Debug)]
pub struct Constant<M: Module> {
    module: M,
}

/// Constants that the reference implementation registers as buffers and does not count as
/// parameters.
#[derive(Module, Debug)]
pub struct Buffer<M: Module> {
    module: M,
}

/// Constants that follow from the config, so that a checkpoint need not contain them.
#[derive(Module, Debug)]
pub struct Computed<M: Module> {
    module: M,
}

/// Parameters that stay in f32 in a model that is cast to half precision.
#[derive(Module, Debug)]
pub struct KeepF32<M: Module> {
    module: M,
}

/// A projection whose result is added to the residual stream. The standard deviation of its initial
/// weights is divided by `sqrt(2 n_layers)`.
///
/// Reference: Radford et al. 2019, §2.3, GPT-2.
#[derive(Module, Debug)]
pub struct ResidualOutput<M: Module> {
    module: M,
}

/// Parameters with initial weights of variance 1, whatever the model's.
#[derive(Module, Debug)]
pub struct UnitVariance<M: Module> {
    module: M,
}

impl ParameterProperties {
    /// These properties with the one that a wrapper declares; `None` if `container`, the type of a
    /// module as Burn writes it for visitors, is not a wrapper.
    pub(super) fn inside(self, container: &str) -> Option<Self> {
        Some(match container.strip_prefix("Struct:")? {
            "Constant" => Self { role: ParameterRole::Constant, ..self },
            "Buffer" => Self { role: ParameterRole::Buffer, ..self },
            "Computed" => Self { role: ParameterRole::Computed, ..self },
            "KeepF32" => Self { dtype: ParameterDtype::F32, ..self },
            "ResidualOutput" => Self { scale: InitialScale::Residual, ..self },
            "UnitVariance" => Self { scale: InitialScale::Unit, ..self },
            _ => return None,
        })
    }
}

impl<M: Module> Constant<M> {
    /// Declares the parameters of `module` constant.
    pub fn new(module: M) -> Self {
        Self { module: module.no_grad() }
    }
}

impl<M: Module> Buffer<M> {
    /// Declares the parameters of `module` buffers.
    pub fn new(module: M) -> Self {
        Self { module: module.no_grad() }
    }
}

impl<M: Module> Computed<M> {
    /// Declares the parameters of `module` computed.
    pub fn new(module: M) -> Self {
        Self { module: module.no_grad() }
    }
}

impl<M: Module> KeepF32<M> {
    /// Keeps the parameters of `module` in f32.
    pub fn new(module: M) -> Self {
        Self { module }
    }
}

impl<M: Module> ResidualOutput<M> {
    /// Declares `module` a projection to the residual stream.
    pub fn new(module: M) -> Self {
        Self { module }
    }
}

impl<M: Module> UnitVariance<M> {
    /// Declares that the initial weights of `module` have variance 1.
    pub fn new(module: M) -> Self {
        Self { module }
    }
}

impl<M: Module> Deref for Constant<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.module
    }
}

impl<M: Module> Deref for Buffer<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.module
    }
}

impl<M: Module> Deref for Computed<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.module
    }
}

impl<M: Module> Deref for KeepF32<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.module
    }
}

impl<M: Module> Deref for ResidualOutput<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.module
    }
}

impl<M: Module> Deref for UnitVariance<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.module
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Param;
    use burn::nn::Initializer;
    use burn::tensor::{DType, Device, FloatDType, Tensor};

    use super::*;
    use crate::parameters::{self, ParameterInfo};

    type Matrix = Param<Tensor<2>>;

    /// Fields with names that say nothing, or that are those of other parameters elsewhere.
    #[derive(Module, Debug)]
    struct Fields {
        a: Constant<Matrix>,
        weight: Buffer<Matrix>,
        output: Option<Computed<Matrix>>,
        query: Vec<KeepF32<Matrix>>,
        up: ResidualOutput<Matrix>,
        key: UnitVariance<KeepF32<Matrix>>,
        gamma: Matrix,
        sinusoid: Matrix,
        down: Matrix,
    }

    fn fields(device: &Device) -> Fields {
        let ones = || Initializer::Ones.init([2, 3], device);
        Fields {
            a: Constant::new(ones()),
            weight: Buffer::new(ones()),
            output: Some(Computed::new(ones())),
            query: vec![KeepF32::new(ones())],
            up: ResidualOutput::new(ones()),
            key: UnitVariance::new(KeepF32::new(ones())),
            gamma: ones(),
            sinusoid: ones(),
            down: ones(),
        }
    }

    #[test]
    fn types_declare_properties_whatever_a_field_is_called() {
        let default = ParameterProperties::default();
        let role = |role| ParameterProperties { role, ..default };
        let f32 = ParameterProperties { dtype: ParameterDtype::F32, ..default };
        let expected = [
            ("a", role(ParameterRole::Constant)),
            ("weight", role(ParameterRole::Buffer)),
            ("output", role(ParameterRole::Computed)),
            ("query.0", f32),
            ("up", ParameterProperties { scale: InitialScale::Residual, ..default }),
            ("key", ParameterProperties { scale: InitialScale::Unit, ..f32 }),
            ("gamma", default),
            ("sinusoid", default),
            ("down", default),
        ];
        let info = |(path, properties): (&str, _)| ParameterInfo {
            properties,
            ..ParameterInfo::new(path, [2, 3])
        };
        assert_eq!(parameters::list(&fields(&Device::flex())), expected.map(info));
    }

    #[test]
    fn a_cast_keeps_what_is_declared_f32() {
        let cast = parameters::cast(fields(&Device::flex()), FloatDType::F16);
        let mut kept = Vec::new();
        parameters::read(&cast, &mut |path, data| {
            if data.dtype() == DType::F32 {
                kept.push(path.to_string());
            }
        });
        assert_eq!(kept, ["query.0", "key"]);
    }

    #[test]
    fn constants_have_no_gradient() {
        let device = Device::flex().autodiff();
        let model = fields(&device);
        // Neither before nor after values are loaded.
        let loaded = parameters::replace(model.clone(), &mut |parameter| {
            Some(burn::tensor::TensorData::ones::<f32, _>(parameter.shape.clone()).into())
        });
        for model in [model, loaded] {
            let computed = model.output.as_ref().map(|table| table.val());
            let constants = [Some(model.a.val()), Some(model.weight.val()), computed];
            let trained =
                [model.query[0].val(), model.up.val(), model.key.val(), model.gamma.val()];
            let all = constants.clone().into_iter().flatten().chain(trained.clone());
            let sum = all.reduce(|sum, x| sum * x).expect("several parameters");
            let gradients = sum.sum().backward();
            assert!(constants.iter().flatten().all(|x| x.grad(&gradients).is_none()));
            assert!(trained.iter().all(|x| x.grad(&gradients).is_some()));
        }
    }
}
