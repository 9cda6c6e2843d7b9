//! The path, shape and properties of a parameter.

/// A parameter's path, shape and properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterInfo {
    /// Module path, separated by dots.
    pub path: String,
    /// Shape in Burn's layout; a linear layer's weight is `[d_input, d_output]`.
    pub shape: Vec<usize>,
    /// What its type declares.
    pub properties: ParameterProperties,
}

impl ParameterInfo {
    /// A trained parameter.
    pub fn new(path: impl Into<String>, shape: impl Into<Vec<usize>>) -> Self {
        let properties = ParameterProperties::default();
        Self { path: path.into(), shape: shape.into(), properties }
    }

    /// Whether it is trained.
    pub fn is_trained(&self) -> bool {
        self.properties.role == ParameterRole::Trained
    }

    /// The number of its elements.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// The properties of a parameter. Without a wrapper around it, a parameter has the first of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ParameterProperties {
    /// Whether it is trained, and where its value comes from.
    pub role: ParameterRole,
    /// Its dtype in a model that is cast.
    pub dtype: ParameterDtype,
    /// The standard deviation of its initial values, if it is a matrix.
    pub scale: InitialScale,
}

/// Whether a parameter is trained, and where its value comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ParameterRole {
    /// Initialized or loaded, then trained.
    #[default]
    Trained,
    /// Loaded, and not trained.
    Constant,
    /// A constant that the reference implementation does not count as a parameter.
    Buffer,
    /// A constant that follows from the config, so that a checkpoint need not contain it.
    Computed,
}

/// The dtype of a parameter in a model that is cast.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ParameterDtype {
    /// The model's.
    #[default]
    Model,
    /// f32.
    F32,
}

/// The standard deviation of a matrix's initial values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InitialScale {
    /// The model's.
    #[default]
    Model,
    /// The model's, reduced by the number of layers that add to the residual stream.
    Residual,
    /// 1.
    Unit,
}
