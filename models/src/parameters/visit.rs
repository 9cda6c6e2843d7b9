//! Lists and reads the parameters of a module.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};

use super::info::ParameterInfo;
use super::path::Path;

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
            self.found.push(self.path.parameter(param.lazy_shape().as_slice()));
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
