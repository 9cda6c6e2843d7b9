//! Tied tensors, under each of their names, in every family.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use burn::tensor::Device;
use burn_zoo::models::checkpoint::{
    self, CopyRole, F32Tensor, Mapping, ModelSpec, read_safetensors, write_safetensors,
};
use burn_zoo::models::families::FAMILIES;
use burn_zoo::models::hf::keys::Key;
use burn_zoo::models::parameters;

use crate::golden::{self, Case};

/// A fixture's tensors, and other keys that its weights may have.
struct Tied {
    case: Case,
    tensors: BTreeMap<String, F32Tensor>,
    /// Another key, the key in the file, and the role of the other key.
    copies: Vec<(String, String, CopyRole)>,
}

fn all() -> impl Iterator<Item = Tied> {
    let cases = FAMILIES.iter().flat_map(|family| golden::cases(family.name()));
    cases.filter_map(|case| {
        let tensors = read_safetensors(&case.path.join("model.safetensors")).ok()?;
        let spec = ModelSpec::read(&case.path).unwrap();
        let loaded = checkpoint::load(&case.path, &Device::flex()).unwrap();
        let mapping = Mapping::new(spec.rules(), &loaded.model.parameters());
        let family = spec.family;
        let tables = family.keys.iter().chain(family.head_keys(spec.task)).copied();
        let keys = tables.flatten().flat_map(Key::each).filter_map(|key| match key {
            Key::Copy { checkpoint, .. } => Some(*checkpoint),
            _ => None,
        });
        let copies = keys.filter_map(|key| {
            let with_prefix = format!("{}.{key}", family.prefix);
            let copy = mapping.copy_of(key)?;
            let original = mapping.entries[copy.entry].key.clone();
            let is_head = copy.role != CopyRole::Backbone;
            let name = if is_head || family.prefix.is_empty() { key.into() } else { with_prefix };
            let is_one = tensors.contains_key(&original) && !tensors.contains_key(&name);
            (is_one && copy.role != CopyRole::OtherHead).then_some((name, original, copy.role))
        });
        let copies: Vec<_> = copies.collect();
        (!copies.is_empty()).then_some(Tied { case, tensors, copies })
    })
}

/// The parameters of a directory with these tensors instead of its own.
fn parameters_of(tied: &Tied, tensors: &BTreeMap<String, F32Tensor>) -> BTreeMap<String, Vec<f32>> {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(tied.case.path.join("config.json"), folder.path().join("config.json")).unwrap();
    write_safetensors(&folder.path().join("model.safetensors"), tensors).unwrap();
    let model = checkpoint::load(folder.path(), &Device::flex())
        .unwrap_or_else(|error| panic!("{}: {error}", tied.case.name))
        .model;
    let mut values = BTreeMap::new();
    parameters::read(&model, &mut |path, data| {
        values.insert(path.to_string(), data.iter::<f32>().collect());
    });
    values
}

#[test]
fn any_name_of_a_tied_tensor_is_enough() {
    let mut families = BTreeSet::new();
    for tied in all() {
        let expected = parameters_of(&tied, &tied.tensors);
        for (name, original, _) in &tied.copies {
            let mut tensors = tied.tensors.clone();
            let moved = tensors.remove(original).unwrap();
            tensors.insert(name.clone(), moved);
            let found = parameters_of(&tied, &tensors);
            assert!(found == expected, "{}: {name} instead of {original}", tied.case.name);
        }
        families.insert(tied.case.name.split('/').next().unwrap().to_string());
    }
    assert!(families.len() >= 25, "{families:?}");
}

#[test]
fn another_head_than_the_tied_one_is_the_files() {
    let mut count = 0;
    for tied in all() {
        let expected = parameters_of(&tied, &tied.tensors);
        for (name, original, role) in &tied.copies {
            // DeBERTa has two kinds of heads, and a checkpoint has the names of one kind.
            let module = |key: &str| key.split('.').next().map(String::from);
            let is_there = tied.tensors.keys().any(|key| module(key) == module(name));
            if name.contains("predictions") && !is_there {
                continue;
            }
            let mut tensors = tied.tensors.clone();
            let mut other = tensors[original].clone();
            other.values[1] += 0.5;
            let shifted = other.values.clone();
            tensors.insert(name.clone(), other);
            let more = match role {
                CopyRole::Backbone => continue,
                CopyRole::OutputProjection => 1,
                CopyRole::HeadTwin | CopyRole::OtherHead => 0,
            };
            let found = parameters_of(&tied, &tensors);
            let case = &tied.case.name;
            assert_eq!(found.len(), expected.len() + more, "{case}: {name}");
            let total = |values: &BTreeMap<String, Vec<f32>>| -> f64 {
                values.values().flatten().map(|x| f64::from(*x)).sum()
            };
            let gained = if more == 1 { shifted.iter().map(|x| f64::from(*x)).sum() } else { 0.5 };
            let off = (total(&found) - total(&expected) - gained).abs();
            assert!(off < 1e-3, "{case}: {name} is off by {off}");
            count += 1;
        }
    }
    assert!(count >= 40, "{count}");
}
