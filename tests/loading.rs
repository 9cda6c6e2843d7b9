//! Invalid checkpoints: each is rejected with the file, the key and the reason.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use burn_zoo::models::checkpoint::{
    self, F32Tensor, Files, KeyProblem, LoadDtype, LoadError, Model, ModelSpec, TaskRequirement,
    read_safetensors, write_safetensors,
};
use burn_zoo::models::families::Task;
use burn_zoo::models::precision::Precision;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::golden;

/// A copy of a fixture's model, to be corrupted.
fn copy(case: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(golden::folder().join(case)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if name.to_string_lossy().starts_with("model") || name == "config.json" {
            fs::copy(&path, folder.path().join(name)).unwrap();
        }
    }
    let path = folder.path().to_path_buf();
    (folder, path)
}

/// The expected error, and the corruption.
type Break<T> = (&'static str, fn(&mut T));

fn load(path: &Path) -> LoadError {
    checkpoint::load(path, &Device::flex()).map(|_| ()).unwrap_err()
}

fn edit_config(path: &Path, edit: impl FnOnce(&mut Value)) {
    let file = path.join("config.json");
    let mut config: Value = golden::json(&file);
    edit(&mut config);
    fs::write(file, config.to_string()).unwrap();
}

fn edit_weights(path: &Path, edit: impl FnOnce(&mut BTreeMap<String, F32Tensor>)) {
    let file = path.join("model.safetensors");
    let mut tensors = read_safetensors(&file).unwrap();
    edit(&mut tensors);
    write_safetensors(&file, &tensors).unwrap();
}

#[test]
fn a_directory_that_is_no_model_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let message = load(&folder.path().join("absent")).to_string();
    assert!(message.contains("absent") && message.contains("no such directory"), "{message}");
    assert!(load(folder.path()).to_string().contains("no config.json"));

    let (_guard, path) = copy("gpt2/base");
    fs::remove_file(path.join("model.safetensors")).unwrap();
    assert!(load(&path).to_string().contains("neither model.safetensors nor"));
    fs::write(path.join("pytorch_model.bin"), b"x").unwrap();
    let message = load(&path).to_string();
    assert!(message.contains("pickled") && message.contains("safetensors"), "{message}");
}

#[test]
fn a_config_that_cannot_be_followed_is_refused() {
    let cases: &[Break<Value>] = &[
        ("model_type \"barthez\" is not supported; supported are albert, ", |c| {
            c["model_type"] = json!("barthez");
        }),
        ("activation_function = \"mish\" is not supported", |c| {
            c["activation_function"] = json!("mish");
        }),
        ("add_cross_attention", |c| c["add_cross_attention"] = json!(true)),
        ("n_head = 5 is not valid: it must divide 32", |c| c["n_head"] = json!(5)),
        ("n_head = 0", |c| c["n_head"] = json!(0)),
        ("n_layer = 1000000000000 is not valid: it must be at most", |c| {
            c["n_layer"] = json!(1_000_000_000_000_u64);
        }),
        ("layer_norm_epsilon", |c| c["layer_norm_epsilon"] = json!(-1e-5)),
        ("architectures = \"GPT2DoubleHeadsModel\" is not supported", |c| {
            c["architectures"] = json!(["GPT2DoubleHeadsModel"]);
        }),
        ("invalid type: string \"many\"", |c| c["n_layer"] = json!("many")),
    ];
    for (expected, edit) in cases {
        let (_guard, path) = copy("gpt2/base");
        edit_config(&path, edit);
        let message = load(&path).to_string();
        assert!(message.contains(expected), "{message}");
        assert!(message.contains("config.json"), "{message}");
    }
    let (_guard, path) = copy("gpt2/base");
    fs::write(path.join("config.json"), "{\"model_type\": ").unwrap();
    assert!(load(&path).to_string().contains("cannot be parsed"));
}

#[test]
fn a_broken_weights_file_is_refused() {
    let breaks: &[Break<Vec<u8>>] = &[
        ("truncated", |bytes| bytes.truncate(bytes.len() - 1)),
        ("truncated", |bytes| bytes.truncate(100)),
        ("not a safetensors file", |bytes| bytes.truncate(5)),
        ("longer than its header says", |bytes| bytes.push(0)),
        ("not a safetensors file", |bytes| bytes[7] = 0xff),
        ("not a safetensors file", |bytes| bytes[20] ^= 0x55),
    ];
    for (expected, edit) in breaks {
        let (_guard, path) = copy("gpt2/base");
        let file = path.join("model.safetensors");
        let mut bytes = fs::read(&file).unwrap();
        edit(&mut bytes);
        fs::write(&file, bytes).unwrap();
        let error = load(&path);
        let message = error.to_string();
        assert!(message.contains(expected) && message.contains("model.safetensors"), "{message}");
    }
}

#[test]
fn shards_and_their_index_must_agree() {
    let shard = "model-00002-of-00004.safetensors";
    let (_guard, path) = copy("llama/sharded");
    fs::remove_file(path.join(shard)).unwrap();
    assert!(load(&path).to_string().contains(shard));

    let edit = |edit: fn(&mut Value)| {
        let (guard, path) = copy("llama/sharded");
        let file = path.join("model.safetensors.index.json");
        let mut index: Value = golden::json(&file);
        edit(&mut index);
        fs::write(file, index.to_string()).unwrap();
        let message = load(&path).to_string();
        drop(guard);
        message
    };
    let message = edit(|index| {
        index["weight_map"]["lm_head.extra"] = json!("model-00001-of-00004.safetensors");
    });
    assert!(message.contains("lacks lm_head.extra"), "{message}");
    let message = edit(|index| {
        // One of several keys of its shard.
        let map = index["weight_map"].as_object_mut().unwrap();
        let key = map.keys().find(|key| map.values().filter(|v| *v == &map[*key]).count() > 1);
        let key = key.unwrap().clone();
        map.remove(&key);
    });
    assert!(message.contains("which the index does not list"), "{message}");
    // A copy or an unused tensor may be in the index or in the shards alone.
    let (_guard, path) = copy("llama/sharded");
    let file = path.join("model.safetensors.index.json");
    let mut index: Value = golden::json(&file);
    let shard = index["weight_map"]["model.norm.weight"].clone();
    index["weight_map"]["model.layers.0.self_attn.rotary_emb.inv_freq"] = shard;
    fs::write(file, index.to_string()).unwrap();
    checkpoint::load(&path, &Device::flex()).unwrap();
    // A name outside the directory is not opened.
    let message = edit(|index| {
        index["weight_map"]["lm_head.weight"] = json!("../secret.safetensors");
    });
    assert!(message.contains("is not the name of a file"), "{message}");
    assert!(edit(|index| *index = json!([1])).contains("index.json"));
}

#[test]
fn every_key_that_does_not_fit_is_listed() {
    let (_guard, path) = copy("llama/base");
    edit_weights(&path, |tensors| {
        tensors.remove("model.norm.weight").unwrap();
        tensors.remove("model.layers.1.mlp.up_proj.weight").unwrap();
        let bias = F32Tensor { shape: vec![4], values: vec![0.0; 4] };
        tensors.insert("model.layers.0.self_attn.q_proj.bias".into(), bias.clone());
        tensors.insert("model.layers.7.input_layernorm.weight".into(), bias.clone());
        tensors.insert("model.layers.0.input_layernorm.weight".into(), bias);
    });
    let LoadError::Keys { problems, .. } = load(&path) else {
        panic!("the keys are the problem");
    };
    let missing = problems.iter().filter(|p| matches!(p, KeyProblem::Missing { .. })).count();
    let unused = problems.iter().filter(|p| matches!(p, KeyProblem::Unused { .. })).count();
    assert_eq!((missing, unused, problems.len()), (2, 2, 5), "{problems:?}");
    let message = load(&path).to_string();
    for expected in [
        "missing     model.norm.weight [32]",
        "missing     model.layers.1.mlp.up_proj.weight [56, 32]",
        "unused      model.layers.0.self_attn.q_proj.bias (in model.safetensors)",
        "unused      model.layers.7.input_layernorm.weight",
        "misshapen   model.layers.0.input_layernorm.weight: expected [32], found [4]",
    ] {
        assert!(message.contains(expected), "{expected} is not in\n{message}");
    }
}

#[test]
fn a_family_follows_from_the_class_or_the_keys() {
    let family = |case: &str, without: &[&str]| {
        let (guard, path) = copy(case);
        edit_config(&path, |config| {
            let fields = config.as_object_mut().unwrap();
            without.iter().for_each(|field| drop(fields.remove(*field)));
        });
        let found = checkpoint::load(&path, &Device::flex()).map_err(|error| error.to_string());
        drop(guard);
        found.map(|loaded| loaded.spec.family.name())
    };
    let nothing = ["model_type", "architectures"];
    assert_eq!(family("llama/base", &nothing[..1]), Ok("llama"));
    assert_eq!(family("bert/base", &nothing), Ok("bert"));
    let error = family("llama/base", &nothing).unwrap_err();
    assert!(error.contains("no model_type") && error.contains("llama, mistral"), "{error}");
    let (_guard, path) = copy("llama/base");
    fs::write(path.join("config.json"), "{}").unwrap();
    fs::remove_file(path.join("model.safetensors")).unwrap();
    let error = load(&path).to_string();
    assert!(error.contains("neither architectures nor the weights"), "{error}");
}

#[test]
fn a_caller_takes_the_part_that_it_needs() {
    let masked = TaskRequirement { name: "a masked language model", tasks: &[Task::MaskedLm] };
    let device = Device::flex();
    let load = |path: &Path, requirement: TaskRequirement| {
        let spec = ModelSpec::read_for(path, requirement, &device)?;
        checkpoint::load_as(path, spec, &device, LoadDtype::F32).map(|loaded| loaded.model)
    };
    for class in [json!(["BertForMaskedLM"]), json!(["HF_ColBERT"]), Value::Null] {
        let (_guard, path) = copy("bert/base");
        edit_config(&path, |config| config["architectures"] = class.clone());
        edit_weights(&path, |tensors| {
            let weight = F32Tensor { shape: vec![2, 2], values: vec![0.0; 4] };
            tensors.insert("linear.weight".into(), weight);
        });
        let model = load(&path, TaskRequirement::HIDDEN_STATES).unwrap();
        assert!(matches!(model, Model::BaseModel(_)), "{class}");
        assert!(matches!(load(&path, masked).unwrap(), Model::MaskedLm(_)), "{class}");
        // An unknown key within the base model is not ignored.
        edit_weights(&path, |tensors| {
            let weight = F32Tensor { shape: vec![2], values: vec![0.0; 2] };
            tensors.insert("bert.encoder.layer.0.output.gate".into(), weight);
        });
        let error = load(&path, TaskRequirement::HIDDEN_STATES).unwrap_err().to_string();
        assert!(error.contains("unused      bert.encoder.layer.0.output.gate"), "{error}");
    }
    let error = load(&golden::folder().join("bert/sequence"), masked).unwrap_err().to_string();
    let expected = ["accepted classes of its family", "BertForMaskedLM"];
    assert!(expected.iter().all(|part| error.contains(part)), "{error}");
}

#[test]
fn a_second_copy_of_a_table_must_be_a_copy() {
    let (_guard, path) = copy("bart/base");
    edit_weights(&path, |tensors| {
        let mut table = tensors["model.shared.weight"].clone();
        tensors.insert("model.encoder.embed_tokens.weight".into(), table.clone());
        table.values[3] += 0.5;
        tensors.insert("model.decoder.embed_tokens.weight".into(), table);
    });
    let message = load(&path).to_string();
    assert!(
        message.contains("untied      model.decoder.embed_tokens.weight differs from model.shared"),
        "{message}"
    );
    assert!(!message.contains("model.encoder"), "{message}");
}

#[test]
fn a_tied_weight_and_its_copy_are_floats() {
    for (case, copy_key, key) in [
        ("gpt2/base", "lm_head.weight", "transformer.wte.weight"),
        ("t5/base", "lm_head.weight", "shared.weight"),
    ] {
        for changed in [copy_key, key] {
            let (_guard, path) = copy(case);
            edit_weights(&path, |tensors| {
                let embedding = tensors[key].clone();
                tensors.insert(copy_key.into(), embedding);
            });
            let file = path.join("model.safetensors");
            let mut bytes = fs::read(&file).unwrap();
            let found = format!("\"{changed}\":{{\"dtype\":\"F32\"");
            let at = bytes.windows(found.len()).position(|window| window == found.as_bytes());
            bytes[at.unwrap() + found.len() - 4] = b'I';
            fs::write(&file, bytes).unwrap();
            let message = load(&path).to_string();
            assert!(message.contains(changed), "{case}, {changed}: {message}");
        }
    }
}

#[test]
fn a_computed_table_may_be_missing() {
    let (_guard, path) = copy("pegasus/base");
    edit_weights(&path, |tensors| {
        for side in ["encoder", "decoder"] {
            tensors.remove(&format!("model.{side}.embed_positions.weight")).unwrap();
        }
    });
    let device = Device::flex();
    let model = checkpoint::load(&path, &device).unwrap().model;
    let case = golden::Case::read(golden::folder().join("pegasus/base"));
    case.assert_outputs(&golden::outputs(&model, &case.feed(), &device), "");
}

#[test]
fn an_output_projection_is_tied_unless_the_file_has_another() {
    let outputs = |edit: &dyn Fn(&mut BTreeMap<String, F32Tensor>)| {
        let (_guard, path) = copy("t5/base");
        edit_weights(&path, edit);
        let device = Device::flex();
        let model = checkpoint::load(&path, &device).unwrap().model;
        let case = golden::Case::read(golden::folder().join("t5/base"));
        let found = golden::outputs(&model, &case.feed(), &device);
        (case.error(&found, ""), model.parameters().len())
    };
    let copied = |tensors: &mut BTreeMap<String, F32Tensor>, shift: f32| {
        let mut output = tensors["shared.weight"].clone();
        output.values.iter_mut().for_each(|value| *value += shift);
        tensors.insert("lm_head.weight".into(), output);
    };
    let (error, tied) = outputs(&|_| {});
    assert!(error < 1e-5, "{error}");
    assert_eq!(outputs(&|tensors| copied(tensors, 0.0)), (error, tied));
    let (error, untied) = outputs(&|tensors| copied(tensors, 0.5));
    assert!(error > 1e-2 && untied == tied + 1, "{error}, {untied} parameters");
}

#[test]
fn the_file_says_under_which_names_its_head_is() {
    // Published files have either name, and a field with the other value or none.
    for (case, is_legacy) in [("deberta-v2/base", false), ("deberta-v2/legacy", true)] {
        for said in [json!(true), json!(false), Value::Null] {
            let (_guard, path) = copy(case);
            edit_config(&path, |config| match said {
                Value::Null => drop(config.as_object_mut().unwrap().remove("legacy")),
                _ => config["legacy"] = said.clone(),
            });
            let loaded = checkpoint::load(&path, &Device::flex()).unwrap();
            let case = golden::Case::read(golden::folder().join(case));
            let found = golden::outputs(&loaded.model, &case.feed(), &Device::flex());
            assert!(case.error(&found, "") < 1e-5, "{}: {said}", case.name);
            // So that transformers finds the head's tensors again.
            assert_eq!(loaded.spec.config["legacy"], json!(is_legacy), "{}: {said}", case.name);
        }
    }
}

#[test]
fn a_headless_checkpoint_loads_as_what_it_is() {
    let (_guard, path) = copy("llama/base");
    edit_config(&path, |config| config["architectures"] = json!(["LlamaModel"]));
    edit_weights(&path, |tensors| {
        tensors.remove("lm_head.weight").unwrap();
        let bare = |(key, tensor): (String, F32Tensor)| {
            (key.strip_prefix("model.").unwrap().to_string(), tensor)
        };
        *tensors = std::mem::take(tensors).into_iter().map(bare).collect();
    });
    let loaded = checkpoint::load(&path, &Device::flex()).unwrap();
    let message = loaded.into_causal_lm().unwrap_err().to_string();
    assert!(message.contains("LlamaForCausalLM"), "{message}");
}

#[test]
fn a_number_that_a_format_has_not_is_not_written() {
    let (_guard, path) = copy("llama/base");
    edit_weights(&path, |tensors| tensors.get_mut("model.norm.weight").unwrap().values[0] = 7e4);
    let loaded = checkpoint::load(&path, &Device::flex()).unwrap();
    let spec = &loaded.spec;
    let at = tempfile::tempdir().unwrap();
    let save = |precision| {
        let files = Files { precision, ..Files::default() };
        checkpoint::save(at.path(), &loaded.model, spec.family, &spec.config, files)
    };
    let error = save(Precision::F16).unwrap_err().to_string();
    assert!(error.contains("model.norm.weight") && error.contains("too large for f16"), "{error}");
    assert!(!at.path().join("model.safetensors").exists());
    save(Precision::Bf16).unwrap();
}
