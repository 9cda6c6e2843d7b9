//! Preprocessing by `preprocessor_config.json`: resize, crop, and normalization.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::resize::{Filter, resize};
use super::{Picture, PixelValues};
use crate::pipeline::PipelineError;

/// The file's name.
pub(in crate::pipeline) const FILE: &str = "preprocessor_config.json";

/// The maximum side of the model's input, in pixels.
const MAX_SIDE: usize = 4096;

/// The maximum side of an intermediate image: resizing the short side of a narrow image makes the
/// other side long.
const MAX_LONG_SIDE: usize = 1 << 16;

/// Preprocesses images to model input.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageReader {
    resize: Option<Target>,
    filter: Filter,
    crop: Option<[usize; 2]>,
    /// The factor from a byte to a color value.
    scale: f64,
    normalize: Option<[[f32; 3]; 2]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// Height and width.
    Exact([usize; 2]),
    /// The shorter side; the aspect ratio is preserved.
    Shortest(usize),
}

#[derive(Deserialize)]
struct ConfigJson {
    do_resize: bool,
    size: Value,
    resample: usize,
    do_center_crop: bool,
    crop_size: Value,
    do_rescale: bool,
    rescale_factor: f64,
    do_normalize: bool,
    image_mean: Value,
    image_std: Value,
}

/// Defaults of transformers' image processors.
fn defaults(kind: &str) -> Option<Value> {
    let half = json!([0.5, 0.5, 0.5]);
    let common = json!({
        "do_resize": true, "resample": 2, "size": { "height": 224, "width": 224 },
        "do_center_crop": false, "crop_size": { "height": 224, "width": 224 },
        "do_rescale": true, "rescale_factor": 1.0 / 255.0,
        "do_normalize": true, "image_mean": half, "image_std": half,
    });
    let own = match kind {
        "ViTImageProcessor" => json!({}),
        "DeiTImageProcessor" => json!({
            "resample": 3, "size": { "height": 256, "width": 256 }, "do_center_crop": true,
        }),
        "BitImageProcessor" => json!({
            "resample": 3, "size": { "shortest_edge": 224 }, "do_center_crop": true,
            "image_mean": [0.48145466, 0.4578275, 0.40821073],
            "image_std": [0.26862954, 0.26130258, 0.27577711],
        }),
        _ => return None,
    };
    let mut all = common;
    for (field, value) in own.as_object().into_iter().flatten() {
        all[field] = value.clone();
    }
    Some(all)
}

impl ImageReader {
    /// Reads `preprocessor_config.json` from a directory. If it specifies no image processor, the
    /// model type selects one.
    ///
    /// # Errors
    ///
    /// The file is missing or requests an unsupported operation.
    pub fn read(folder: &Path, model_type: &str) -> Result<Self, PipelineError> {
        let path = folder.join(FILE);
        let error = |reason: String| PipelineError::File { path: path.clone(), reason };
        let text = std::fs::read_to_string(&path).map_err(|source| {
            error(format!("{source}; the file specifies how images are resized and normalized"))
        })?;
        Self::parse(&text, model_type).map_err(error)
    }

    /// Parses the contents of a `preprocessor_config.json`; see [`ImageReader::read`].
    ///
    /// # Errors
    ///
    /// The field, its value, and the supported values.
    pub fn parse(text: &str, model_type: &str) -> Result<Self, String> {
        let fields: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        let named = ["image_processor_type", "feature_extractor_type"]
            .into_iter()
            .find_map(|field| fields.get(field)?.as_str());
        let kind = match (named, model_type) {
            (Some(named), _) => {
                named.trim_end_matches("Fast").replace("FeatureExtractor", "ImageProcessor")
            }
            (None, "vit") => "ViTImageProcessor".into(),
            (None, "deit") => "DeiTImageProcessor".into(),
            (None, _) => "BitImageProcessor".into(),
        };
        let mut config = defaults(&kind).ok_or_else(|| {
            format!(
                "image_processor_type = {kind:?} is not supported; supported are \
                 ViTImageProcessor, DeiTImageProcessor and BitImageProcessor"
            )
        })?;
        for (field, value) in fields {
            if !value.is_null() {
                config[field] = value;
            }
        }
        if config["do_pad"] == json!(true) {
            return Err("do_pad = true is not supported".into());
        }
        let config: ConfigJson =
            serde_json::from_value(config).map_err(|error| error.to_string())?;
        config.reader(kind == "BitImageProcessor")
    }

    /// The output height and width, if it is the same for every image.
    pub fn size(&self) -> Option<[usize; 2]> {
        match (self.crop, &self.resize) {
            (Some(crop), _) => Some(crop),
            (None, Some(Target::Exact(size))) => Some(*size),
            _ => None,
        }
    }

    /// Resizes images to this height and width instead, without a crop.
    ///
    /// # Errors
    ///
    /// A side that is too long.
    pub fn resizing_to(self, size: [usize; 2]) -> Result<Self, String> {
        size.into_iter().try_for_each(|pixels| side("size", pixels as u64).map(drop))?;
        Ok(Self { resize: Some(Target::Exact(size)), crop: None, ..self })
    }

    /// The pixel values of an image.
    ///
    /// # Errors
    ///
    /// An image too narrow to resize.
    pub fn prepare(&self, picture: &Picture) -> Result<PixelValues, String> {
        let target = self.resize.map(|target| target.of([picture.height, picture.width]));
        let resized = target.transpose()?.map(|size| resize(picture, size, self.filter));
        let resized = resized.as_ref().unwrap_or(picture);
        let [height, width] = self.crop.unwrap_or([resized.height, resized.width]);
        // Rounded down; pixels outside of the image are black.
        let start = |whole: usize, part: usize| (whole as i64 - part as i64).div_euclid(2);
        let (top, left) = (start(resized.height, height), start(resized.width, width));
        let mut pixels = Vec::with_capacity(3 * height * width);
        for color in 0..3 {
            let values_of = self.normalized(color);
            for y in 0..height as i64 {
                for x in 0..width as i64 {
                    pixels.push(values_of[usize::from(resized.at(y + top, x + left, color))]);
                }
            }
        }
        Ok(PixelValues { pixels, size: [height, width] })
    }

    /// The normalized value of each byte, for one color channel.
    fn normalized(&self, color: usize) -> [f32; 256] {
        std::array::from_fn(|byte| {
            // Computed in f64, then rounded to f32, as in the reference.
            let value = (byte as f64 * self.scale) as f32;
            match self.normalize {
                Some([mean, std]) => (value - mean[color]) / std[color],
                None => value,
            }
        })
    }
}

impl Picture {
    /// One color channel of a pixel; 0 outside of the image.
    fn at(&self, y: i64, x: i64, color: usize) -> u8 {
        let inside = |at: i64, end: usize| usize::try_from(at).ok().filter(|&at| at < end);
        match (inside(y, self.height), inside(x, self.width)) {
            (Some(y), Some(x)) => self.rgb[(y * self.width + x) * 3 + color],
            _ => 0,
        }
    }
}

impl Target {
    fn of(self, [height, width]: [usize; 2]) -> Result<[usize; 2], String> {
        match self {
            Self::Exact(size) => Ok(size),
            Self::Shortest(short) => {
                // Rounded down after a division in f64, as in Python.
                let long = |long: usize, short_side: usize| {
                    ((short * long) as f64 / short_side as f64) as usize
                };
                let size = if width <= height {
                    [long(height, width), short]
                } else {
                    [short, long(width, height)]
                };
                match size[0].max(size[1]) > MAX_LONG_SIDE {
                    true => Err(format!(
                        "an image of {width} x {height} pixels is too narrow to resize"
                    )),
                    false => Ok(size),
                }
            }
        }
    }
}

impl ConfigJson {
    fn reader(&self, keeps_shape: bool) -> Result<ImageReader, String> {
        let filter = match self.resample {
            1 => Filter::Lanczos,
            2 => Filter::Bilinear,
            3 => Filter::Bicubic,
            other => {
                let known = "1 (Lanczos), 2 (bilinear) and 3 (bicubic) are";
                return Err(format!("resample = {other} is not supported; {known}"));
            }
        };
        let target = || match self.size["shortest_edge"].as_u64() {
            Some(_) if self.size.get("longest_edge").is_some_and(|edge| !edge.is_null()) => {
                Err(format!("size = {} is not supported; remove longest_edge", self.size))
            }
            Some(edge) => Ok(Target::Shortest(side("size", edge)?)),
            // In older files the size is one number: a square, or here the shorter side.
            None => match self.size.as_u64() {
                Some(edge) if keeps_shape => Ok(Target::Shortest(side("size", edge)?)),
                _ => Ok(Target::Exact(sides("size", &self.size)?)),
            },
        };
        let crop = || sides("crop_size", &self.crop_size);
        let normalize = || -> Result<_, String> {
            let mean = colors("image_mean", &self.image_mean)?;
            let std = colors("image_std", &self.image_std)?;
            match std.contains(&0.0) {
                true => Err(format!("image_std = {} divides by zero", self.image_std)),
                false => Ok([mean, std]),
            }
        };
        if !self.rescale_factor.is_finite() {
            return Err(format!("rescale_factor = {} is not a finite number", self.rescale_factor));
        }
        Ok(ImageReader {
            resize: self.do_resize.then(target).transpose()?,
            filter,
            crop: self.do_center_crop.then(crop).transpose()?,
            scale: if self.do_rescale { self.rescale_factor } else { 1.0 },
            normalize: self.do_normalize.then(normalize).transpose()?,
        })
    }
}

/// One value for all channels, or one for each.
fn colors(field: &str, value: &Value) -> Result<[f32; 3], String> {
    let numbers = match value {
        Value::Array(list) => list.iter().map(Value::as_f64).collect::<Option<Vec<_>>>(),
        one => one.as_f64().map(|one| vec![one; 3]),
    };
    let numbers = numbers.map(|list| list.into_iter().map(|x| x as f32).collect::<Vec<f32>>());
    numbers
        .filter(|list| list.iter().all(|number| number.is_finite()))
        .and_then(|list| list.try_into().ok())
        .ok_or_else(|| format!("{field} = {value} is not one number for each of three colors"))
}

fn sides(field: &str, value: &Value) -> Result<[usize; 2], String> {
    let unreadable = || format!("{field} = {value} does not specify a height and a width");
    let one = |name: &str| value.as_u64().or_else(|| value[name].as_u64()).ok_or_else(unreadable);
    Ok([side(field, one("height")?)?, side(field, one("width")?)?])
}

fn side(field: &str, pixels: u64) -> Result<usize, String> {
    match usize::try_from(pixels) {
        Ok(pixels) if (1..=MAX_SIDE).contains(&pixels) => Ok(pixels),
        _ => Err(format!("{field}: {pixels} pixels are not between 1 and {MAX_SIDE}")),
    }
}
