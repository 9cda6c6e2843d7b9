//! Values of `generation_config.json`, including those of published files.

use std::path::{Path, PathBuf};

use burn_zoo::models::generate::{GenerationConfig, Limit, NO_TOKEN};
use serde_json::{Map, Value, json};

fn read(fields: &Value) -> Result<GenerationConfig, String> {
    let fields = fields.as_object().unwrap();
    GenerationConfig::from_fields(fields).map_err(|error| error.to_string())
}

fn sampled(mut fields: Value) -> GenerationConfig {
    fields["do_sample"] = true.into();
    read(&fields).unwrap()
}

#[test]
fn values_that_say_none_or_off_are_taken_as_such() {
    let default = GenerationConfig::default();
    let none = json!({ "max_length": null, "min_length": -1, "no_repeat_ngram_size": -1, "top_k": -1, "top_p": 0,
        "encoder_no_repeat_ngram_size": 0, "forced_bos_token_id": -1, "forced_eos_token_id": null,
        "suppress_tokens": [-1], "begin_suppress_tokens": [], "decoder_start_token_id": -1,
        "num_beams": null, "stop_strings": null, "eos_token_id": null, "do_sample": null, "temperature": 0,
        "bad_words_ids": null, "repetition_penalty": 1, "early_stopping": null });
    let none = read(&none).unwrap();
    assert_eq!(none.options, default.options);
    assert_eq!((none.longest, none.shortest), (default.longest, Limit::Total(0)));
    // An end token that never occurs differs from a missing one, for which the tokenizer's is used.
    for never in [json!(-1), json!([-1]), json!([])] {
        assert_eq!(
            read(&json!({ "eos_token_id": never })).unwrap().options.eos,
            [NO_TOKEN],
            "{never}"
        );
    }
    let ends = read(&json!({ "eos_token_id": [2, 7.0, -1] })).unwrap().options.eos;
    assert_eq!(ends, [2, 7, NO_TOKEN]);
}

#[test]
fn sampling_is_read_where_it_is_used() {
    assert_eq!(sampled(json!({})).options.sampling.top_k, Some(50));
    for all in [json!(-1), json!(0), json!(0.0)] {
        assert_eq!(sampled(json!({ "top_k": all })).options.sampling.top_k, None, "{all}");
    }
    let sampling =
        sampled(json!({ "top_k": 20.0, "top_p": 1.5, "typical_p": 1, "temperature": 1 }));
    let sampling = sampling.options.sampling;
    assert_eq!((sampling.top_k, sampling.top_p, sampling.temperature), (Some(20), 1.0, 1.0));
    // Only the best token.
    let narrow = sampled(json!({ "top_p": 0, "top_k": 0 })).options.sampling;
    assert_eq!(narrow.candidates(&[1.0, 3.0, 2.0]).len(), 1);
    assert!(sampled(json!({ "temperature": 0 })).options.sampling.is_greedy());
    let unused =
        json!({ "top_k": -7, "top_p": -1, "min_p": "x", "epsilon_cutoff": 0.1, "temperature": -1 });
    assert!(read(&unused).unwrap().options.sampling.is_greedy());
}

#[test]
fn whole_numbers_may_be_floats() {
    let config = json!({ "max_length": 512.0, "min_length": 5.0, "num_beams": 4.0, "num_return_sequences": 2.0,
        "no_repeat_ngram_size": 3.0, "bad_words_ids": [[1.0, 2]], "forced_eos_token_id": [2.0],
        "forced_bos_token_id": [3], "do_sample": 0, "decoder_start_token_id": 1.0, "stop_strings": "x" });
    let config = read(&config).unwrap();
    assert_eq!((config.longest, config.shortest), (Limit::Total(512), Limit::Total(5)));
    assert_eq!((config.n_texts, config.beams.unwrap().width), (2, 4));
    let (options, rules) = (&config.options, &config.options.constraints);
    assert_eq!((rules.no_repeat_ngram, &rules.bad_words), (3, &vec![vec![1, 2]]));
    assert_eq!((rules.forced_bos, &rules.forced_eos, options.start), (Some(3), &vec![2], Some(1)));
    assert_eq!(config.stop_strings, ["x"]);
    assert_eq!(
        read(&json!({ "max_length": 1e30 })).unwrap().longest,
        Limit::Total(i64::MAX as usize)
    );
}

#[test]
fn what_is_refused_is_named_with_its_value() {
    for (field, value) in [
        ("eos_token_id", json!("</s>")),
        ("eos_token_id", json!(-2)),
        ("eos_token_id", json!([1.5])),
        ("max_new_tokens", json!(-1)),
        ("max_length", json!("512")),
        ("num_beams", json!(0)),
        ("forced_bos_token_id", json!([1, 2])),
        ("bad_words_ids", json!([[-1]])),
        ("bad_words_ids", json!([3])),
        ("stop_strings", json!([1])),
        ("do_sample", json!("yes")),
        ("early_stopping", json!("always")),
        ("repetition_penalty", json!(0)),
        ("repetition_penalty", json!("1")),
        ("num_return_sequences", json!(3)),
        ("token_healing", json!(true)),
    ] {
        let error = read(
            &json!({ (field): value, "num_beams": if field == "early_stopping" { 2 } else { 1 } }),
        );
        let error = match field {
            "num_beams" => read(&json!({ "num_beams": value })),
            _ => error,
        };
        let error = error.expect_err(field);
        assert!(error.contains(field) && error.contains(&value.to_string()), "{field}: {error}");
    }
    for (field, value) in [
        ("top_k", json!(-2)),
        ("top_p", json!(-0.5)),
        ("typical_p", json!(0)),
        ("min_p", json!(2)),
        ("temperature", json!(-1)),
        ("epsilon_cutoff", json!(0.1)),
        ("top_k", json!(1.5)),
    ] {
        let error = read(&json!({ "do_sample": true, (field): value })).expect_err(field);
        assert!(error.contains(field) && error.contains(&value.to_string()), "{field}: {error}");
    }
}

/// Every `generation_config.json` below a folder.
fn published(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.file_name().is_some_and(|name| name == "generation_config.json") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn published_settings_are_read() {
    let folder = std::env::var_os("ZOO_DATA").map(|data| Path::new(&data).join("published"));
    let Some(folder) = folder.filter(|folder| folder.is_dir()) else {
        assert!(std::env::var_os("ZOO_MUST_FETCH").is_none(), "ZOO_DATA has no published configs");
        println!("published_settings_are_read: skipped, ZOO_DATA has no folder `published`");
        return;
    };
    let files = published(&folder);
    assert!(files.len() > 50, "{} files", files.len());
    for path in files {
        let fields: Map<String, Value> =
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let config = GenerationConfig::from_fields(&fields);
        let config = config.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let ends = match &fields.get("eos_token_id") {
            Some(Value::Array(ids)) => ids.clone(),
            Some(id) => vec![(*id).clone()],
            None => Vec::new(),
        };
        assert_eq!(json!(config.options.eos), json!(ends), "{}", path.display());
        let is_sampled = fields.get("do_sample") == Some(&json!(true));
        assert_eq!(!config.options.sampling.is_greedy(), is_sampled, "{}", path.display());
    }
}
