//! Image classification.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use burn_zoo::models::backbones::Inputs;
use burn_zoo::models::checkpoint;
use burn_zoo::pipeline::{ImageClassifier, ImageReader, LabelScore, Picture, PixelValues, Scoring};
use safetensors::SafeTensors;
use serde_json::{Value, json};

use super::{Parameters, cases, folder, like};

const MODELS: [&str; 3] = ["deit", "dinov2", "vit"];

fn of(name: &str) -> PathBuf {
    folder("image-classification", name)
}

/// With conversion to RGB, the reference paints a transparent palette color white; the zoo keeps
/// its color.
fn is_painted(model: &str, name: &str) -> bool {
    model == "dinov2" && name.ends_with("palette_clear.png")
}

/// The JPEG decoder differs from the reference's, and values may differ by a level or two.
fn is_exact(name: &str) -> bool {
    !name.ends_with(".jpg")
}

#[test]
fn images_become_the_bytes_that_pillow_makes_of_them() {
    for model in MODELS {
        let text = fs::read_to_string(of(model).join("preprocessor_config.json")).unwrap();
        let mut raw: Value = serde_json::from_str(&text).unwrap();
        raw["do_rescale"] = json!(false);
        raw["do_normalize"] = json!(false);
        let reader = ImageReader::parse(&raw.to_string(), model).unwrap();
        let file = fs::read(of(model).join("pixels.safetensors")).unwrap();
        let expected = SafeTensors::deserialize(&file).unwrap();
        let mut compared = 0;
        for (name, tensor) in expected.iter().filter(|(name, _)| !is_painted(model, name)) {
            let picture = Picture::open(&of("images").join(name)).unwrap();
            let PixelValues { pixels: found, size } = reader.prepare(&picture).unwrap();
            assert_eq!([3, size[0], size[1]], tensor.shape(), "{model}: {name}");
            let difference = found
                .iter()
                .zip(tensor.data())
                .map(|(found, expected)| (*found as i32 - i32::from(*expected)).abs())
                .max();
            // Chroma at a quarter of the resolution is upsampled with other filters.
            let allowed = match name {
                "quarter.jpg" => 12,
                _ if is_exact(name) => 0,
                _ => 3,
            };
            assert!(difference <= Some(allowed), "{model}: {name} differs by {difference:?}");
            compared += 1;
        }
        assert_eq!(compared, if model == "dinov2" { 17 } else { 18 }, "{model}");
    }
}

#[test]
fn classes_are_those_of_the_reference() {
    let mut checked = 0;
    for case in MODELS.iter().flat_map(|model| cases("image-classification", &of(model))) {
        let model = case.name.split(['/', '[']).nth(1).unwrap();
        let inputs = match &case.inputs {
            Value::Array(paths) => paths.clone(),
            one => vec![one.clone()],
        };
        if inputs.iter().any(|input| is_painted(model, input.as_str().unwrap())) {
            continue;
        }
        let path = |input: &Value| of("").join(input.as_str().unwrap());
        let pictures: Result<Vec<Picture>, _> =
            inputs.iter().map(|input| Picture::open(&path(input))).collect();
        let expected = match (case.outcome, &pictures) {
            (Ok(expected), Ok(_)) => expected,
            (Err(_), Err(_)) => {
                checked += 1;
                continue;
            }
            (expected, found) => panic!("{}: {expected:?} and {found:?}", case.name),
        };
        let found = answer(&of(model), &pictures.unwrap(), case.parameters);
        let found = if case.inputs.is_array() { json!(found) } else { json!(found[0]) };
        if inputs.iter().all(|input| is_exact(input.as_str().unwrap())) {
            like(&case.name, &found, &expected);
        } else {
            nearly(&case.name, &found, &expected);
        }
        checked += 1;
    }
    assert!(checked >= 78, "{checked} cases were compared");
}

fn answer(model: &Path, pictures: &[Picture], mut asked: Parameters) -> Vec<Vec<LabelScore>> {
    let mut classifier = ImageClassifier::open(model, &Device::flex()).unwrap();
    if let Some(how) = asked.take("function_to_apply") {
        classifier = classifier.with_scoring(match how.as_str().unwrap() {
            "sigmoid" => Scoring::Sigmoid,
            "softmax" => Scoring::Softmax,
            "none" => Scoring::Raw,
            how => panic!("{how}"),
        });
    }
    let top_k = asked.number("top_k").unwrap_or(5);
    assert!(asked.0.is_empty(), "{:?} was passed over", asked.0);
    classifier.classify(pictures, top_k).unwrap()
}

/// The same labels, with scores closer than the effect of one color level.
fn nearly(what: &str, found: &Value, expected: &Value) {
    let scores = |value: &Value| -> Vec<LabelScore> {
        let mut scores: Vec<LabelScore> = serde_json::from_value(value.clone()).unwrap();
        scores.sort_by(|a, b| a.label.cmp(&b.label));
        scores
    };
    for (found, expected) in scores(found).iter().zip(scores(expected)) {
        assert_eq!(found.label, expected.label, "{what}");
        let difference = (found.score - expected.score).abs();
        assert!(difference < 5e-3, "{what}: {} differs by {difference}", found.label);
    }
}

#[test]
fn another_size_is_read_with_interpolated_positions() {
    let device = Device::flex();
    let picture = Picture::open(&of("images").join("rgb.png")).unwrap();
    let size = [24, 32];
    for model in MODELS {
        let text = fs::read_to_string(of(model).join("preprocessor_config.json")).unwrap();
        let reader = ImageReader::parse(&text, model).unwrap().resizing_to(size).unwrap();
        let PixelValues { pixels, size: found } = reader.prepare(&picture).unwrap();
        assert_eq!(found, size);
        let loaded = checkpoint::load(&of(model), &device).unwrap();
        let pixels = Tensor::from_data(TensorData::new(pixels, [1, 3, 24, 32]), &device);
        let scores = loaded.model.scores(&Inputs::images(pixels));
        let scores: Vec<f32> = scores.into_data().try_into_vec_as().unwrap();
        let classifier = ImageClassifier::open_sized(&of(model), size, &device).unwrap();
        let classifier = classifier.with_scoring(Scoring::Raw);
        let classes = &classifier.classify(std::slice::from_ref(&picture), 9).unwrap()[0];
        assert_eq!(classes.len(), scores.len());
        for LabelScore { label, score } in classes {
            let index = classifier.labels().iter().position(|known| known == label).unwrap();
            assert!((scores[index] - score).abs() < 1e-5, "{model}: {label}");
        }
    }
    let error = ImageClassifier::open_sized(&of("vit"), [3, 32], &device).unwrap_err();
    assert!(error.to_string().contains("3 x 32 pixels holds no patch"), "{error}");
}

#[test]
fn many_images_are_answered_as_each_alone() {
    let classifier = ImageClassifier::open(&of("vit"), &Device::flex()).unwrap();
    let names = ["rgb.png", "gray.png", "palette.png", "still.gif", "bits.png"];
    let read = |index: usize| Picture::open(&of("images").join(names[index % 5])).unwrap();
    let pictures: Vec<Picture> = (0..37).map(read).collect();
    let together = classifier.classify(&pictures, 5).unwrap();
    assert_eq!(together.len(), pictures.len());
    for (picture, expected) in pictures.iter().zip(&together) {
        let alone = classifier.classify(std::slice::from_ref(picture), 5).unwrap();
        like("alone", &json!(alone[0]), &json!(expected));
    }
    assert!(classifier.classify(&[], 5).unwrap().is_empty());
}

#[test]
fn what_is_no_image_is_an_error() {
    let png = fs::read(of("images").join("rgb.png")).unwrap();
    let jpeg = fs::read(of("images").join("full.jpg")).unwrap();
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("a text", b"not an image".to_vec()),
        ("the beginning of one", png[..png.len() / 2].to_vec()),
        ("a signature", png[..8].to_vec()),
        ("half a photo's header", jpeg[..40].to_vec()),
    ] {
        let error = Picture::decode(&bytes).expect_err(what).to_string();
        assert!(error.contains("not a readable image"), "{what}: {error}");
    }
    // A header of 33 bytes that declares 40 gigabytes.
    let mut huge = png.clone();
    huge[16..24].copy_from_slice(&[0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0]);
    let error = Picture::decode(&huge).unwrap_err().to_string();
    assert!(error.contains("pixels") || error.contains("CRC") || error.contains("imit"), "{error}");
}

#[test]
fn a_processor_is_followed_or_refused() {
    let read = |text: Value| ImageReader::parse(&text.to_string(), "vit");
    let size = |text: Value| read(text).unwrap().size();
    // Configs from before there were two sides, and from before there were names.
    assert_eq!(size(json!({ "size": 32 })), Some([32, 32]));
    assert_eq!(size(json!({ "feature_extractor_type": "ViTFeatureExtractor" })), Some([224, 224]));
    assert_eq!(size(json!({ "image_processor_type": "BitImageProcessorFast" })), Some([224, 224]));
    assert_eq!(ImageReader::parse("{}", "deit").unwrap().size(), Some([224, 224]));
    for (text, expected) in [
        (json!({ "image_processor_type": "CLIPImageProcessor" }), "CLIPImageProcessor"),
        (json!({ "resample": 5 }), "resample = 5"),
        (json!({ "size": { "width": 3 } }), "height and a width"),
        (json!({ "size": { "height": 0, "width": 3 } }), "not between 1 and 4096"),
        (json!({ "size": { "shortest_edge": 1_u64 << 40 } }), "not between 1 and 4096"),
        (json!({ "size": { "shortest_edge": 8, "longest_edge": 9 } }), "longest_edge"),
        (json!({ "image_mean": [0.5, 0.5] }), "image_mean"),
        (json!({ "image_std": 0 }), "divides by zero"),
        (json!({ "do_pad": true }), "do_pad"),
        (json!({ "do_resize": "yes" }), "boolean"),
    ] {
        let error = read(text.clone()).expect_err(&text.to_string());
        assert!(error.contains(expected), "{text}: {error}");
    }
    let narrow = Picture { width: 1, height: 9000, rgb: vec![0; 27_000] };
    let bit = read(json!({ "image_processor_type": "BitImageProcessor" })).unwrap();
    assert!(bit.prepare(&narrow).unwrap_err().contains("too narrow"));
}

#[test]
fn training_images_are_mirrored_and_cropped() {
    use burn_zoo::datasets::batch::{Augment, BatchAt, ImageChange};
    let picture = Picture::open(&of("images").join("rgb.png")).unwrap();
    let reader = ImageReader::parse(
        r#"{"size": {"height": 8, "width": 6}, "do_center_crop": false}"#,
        "vit",
    );
    let reader = reader.unwrap();
    let plain = reader.prepare(&picture).unwrap();
    let at = BatchAt { seed: 1, step: 0, micro_step: 0 };
    let change = |kinds: &[Augment], row| ImageChange::new(kinds, at, row);
    let unchanged = reader.prepare_changed(&picture, &ImageChange::default()).unwrap();
    assert_eq!(unchanged, plain);

    let row = (0..).find(|row| change(&[Augment::Flip], *row).is_flipped()).unwrap();
    let flipped = reader.prepare_changed(&picture, &change(&[Augment::Flip], row)).unwrap();
    let mirrored = plain.pixels.chunks(6).flat_map(|row| row.iter().rev().copied());
    assert_eq!(flipped.pixels, mirrored.collect::<Vec<f32>>());
    assert_ne!(flipped, plain);

    let crop = change(&[Augment::Crop], 0);
    let part = crop.crop([picture.height, picture.width]).unwrap();
    let mut rgb = Vec::new();
    for y in part.top..part.top + part.height {
        for x in part.left..part.left + part.width {
            rgb.extend(&picture.rgb[(y * picture.width + x) * 3..][..3]);
        }
    }
    let expected = Picture { width: part.width, height: part.height, rgb };
    let found = reader.prepare_changed(&picture, &crop).unwrap();
    assert_eq!(found, reader.prepare(&expected).unwrap());
    assert!(found != plain && found.size == [8, 6]);
}
