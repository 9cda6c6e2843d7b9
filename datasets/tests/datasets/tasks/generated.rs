//! Properties of every task that needs no file.

use super::{generated, train};
use std::collections::{HashMap, HashSet};
use zoo_datasets::locate::SearchPath;
use zoo_datasets::task::{
    Example, Labels, Lengths, Metric, Origin, TASKS, Target, Task, TaskInfo, TaskKind, TaskSpec,
    TokenTable,
};

fn without_files() -> impl Iterator<Item = &'static TaskInfo> {
    TASKS.iter().filter(|info| matches!(info.origin, Origin::Drawn | Origin::Made))
}

/// Checks the invariants of an example.
pub(super) fn check(task: &Task, example: &Example) {
    let spec = &task.spec;
    let Lengths { input, target } = task.lengths;
    assert!((1..=input).contains(&example.input.len()), "{spec}: {example:?}");
    let own = |id: u32| id >= TokenTable::UNKNOWN && (id as usize) < task.tokens.len();
    let may_begin = task.kind == TaskKind::Language;
    let may_mask = task.kind == TaskKind::Masked;
    let fits = |&id: &u32| {
        own(id) || (may_begin && id == TokenTable::BEGIN) || (may_mask && id == TokenTable::MASK)
    };
    assert!(example.input.iter().all(fits), "{spec}: {example:?}");
    let labels = task.label_count() as u32;
    match (&example.target, task.kind) {
        (Target::Class(label), TaskKind::Classification) => {
            assert!(*label < labels, "{spec}: {example:?}")
        }
        (Target::Tags(tags), TaskKind::Tagging(_) | TaskKind::Language | TaskKind::Masked) => {
            assert_eq!(tags.len(), example.input.len(), "{spec}: {example:?}");
            assert!(tags.iter().flatten().all(|tag| *tag < labels), "{spec}: {example:?}");
        }
        (Target::Sequence(ids), TaskKind::Transduction) => {
            assert!((1..=target).contains(&ids.len()), "{spec}: {example:?}");
            assert!(ids.iter().all(|&id| own(id)), "{spec}: {example:?}");
        }
        _ => panic!("the target does not match the kind: {spec}: {example:?}"),
    }
    let targets = example.target.ids().into_iter().map(|label| task.label_token(label));
    assert!(targets.clone().all(|id| (id as usize) < task.vocab_size()), "{spec}: {example:?}");
    assert!(targets.count() > 0, "no targets: {spec}: {example:?}");
}

#[test]
fn every_example_is_well_formed() {
    for info in without_files() {
        let task = generated(info.name);
        for example in task.validation.iter().chain(&task.test).chain(&train(&task, 1, 200)) {
            check(&task, example);
        }
        assert!(info.kinds.contains(&task.kind));
        assert!(task.chance.is_finite() && task.chance >= 0.0);
        assert_eq!(task.data_hash.len(), 64);
    }
}

#[test]
fn equal_seeds_give_equal_examples_and_different_seeds_do_not() {
    for info in without_files() {
        let (task, again) = (generated(info.name), generated(info.name));
        assert_eq!(task.data_hash, again.data_hash, "{}", info.name);
        assert_eq!(train(&task, 7, 20), train(&again, 7, 20), "{}", info.name);
        assert_eq!(task.train(7, 19), again.train(7, 19), "{}", info.name);
        assert_ne!(train(&task, 7, 20), train(&task, 8, 20), "{}", info.name);
        assert_eq!((task.validation, task.test), (again.validation, again.test));
    }
}

#[test]
fn nothing_is_both_trained_and_tested_on() {
    for info in without_files().filter(|info| !info.name.ends_with("-masked")) {
        let task = generated(info.name);
        let identity = |example: &Example| match (&example.target, info.name) {
            (Target::Sequence(day), "dates") => day.clone(),
            _ => example.input.clone(),
        };
        let validation: HashSet<Vec<u32>> = task.validation.iter().map(identity).collect();
        let test: HashSet<Vec<u32>> = task.test.iter().map(identity).collect();
        assert_eq!(validation.len(), task.validation.len(), "{} repeats", info.name);
        assert_eq!(test.len(), task.test.len(), "{} repeats", info.name);
        assert!(validation.is_disjoint(&test), "{}", info.name);
        // For every seed, including the one that the held-out examples are sampled with.
        for seed in 0..3 {
            for example in train(&task, seed, 1000) {
                let seen = identity(&example);
                assert!(!validation.contains(&seen) && !test.contains(&seen), "{}", info.name);
            }
        }
    }
}

#[test]
fn parameters_change_the_data_and_its_hash() {
    let hashes: HashSet<String> = [
        "copy",
        "reverse",
        "sort",
        "sort:max_length=11",
        "sort:train=100",
        "sort:test=999",
        "mqar",
        "mqar:power_a=0.5",
        "dyck",
        "dyck:types=3",
        "induction",
        "dates",
        "modadd",
        "modadd:p=89",
    ]
    .into_iter()
    .map(|text| generated(text).data_hash)
    .collect();
    assert_eq!(hashes.len(), 14);
}

#[test]
fn a_fixed_training_set_is_traversed_in_epochs() {
    let task = generated("reverse:train=50,min_length=8");
    assert_eq!(task.train_size(), Some(50));
    let epoch = |seed, epoch: u64| -> Vec<Example> {
        (50 * epoch..50 * (epoch + 1)).map(|index| task.train(seed, index)).collect()
    };
    let set = |examples: Vec<Example>| examples.into_iter().collect::<HashSet<_>>();
    assert_ne!(epoch(1, 0), epoch(1, 1));
    assert_ne!(epoch(1, 0), epoch(2, 0));
    let all = set(epoch(1, 0));
    assert_eq!(all.len(), 50);
    for (seed, number) in [(1, 1), (1, 9), (2, 0)] {
        assert_eq!(set(epoch(seed, number)), all);
    }
    assert_eq!(generated("reverse").train_size(), None);
}

#[test]
fn settings_without_enough_examples_are_an_error() {
    for text in [
        "copy:min_length=1,max_length=1",
        "sort:vocabulary=2,max_length=4",
        "listops:min_length=60,max_depth=2",
        "dates:first_year=2000,last_year=2001",
    ] {
        let error = TaskSpec::parse(text).unwrap().build(&SearchPath::default()).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("different examples") && error.is_usage(), "{text}: {message}");
    }
}

#[test]
fn no_answer_is_much_more_frequent_than_others() {
    for (name, labels, most) in
        [("listops", 10, 0.25), ("mqar", 32, 0.06), ("induction", 16, 0.12), ("dyck", 5, 0.35)]
    {
        let task = generated(name);
        let mut counts: HashMap<u32, usize> = HashMap::new();
        for id in train(&task, 1, 2000).iter().flat_map(|example| example.target.ids()) {
            *counts.entry(id).or_default() += 1;
        }
        let total: usize = counts.values().sum();
        let share = *counts.values().max().unwrap() as f64 / total as f64;
        println!("{name}: {} labels, the most frequent one {share:.3}", counts.len());
        assert_eq!(counts.len(), labels, "{name}");
        assert!(share < most, "{name}: {share}");
        assert!((task.chance / 100.0 - share).abs() < 0.05, "{name}: chance {}", task.chance);
    }
}

#[test]
fn chance_is_the_best_score_without_the_input() {
    let bits = generated("stories").chance;
    assert!((3.8..4.6).contains(&bits), "characters of English take about 4.2 bits: {bits}");
    assert_eq!(generated("copy").chance, 0.0);
    assert!(generated("modadd").chance < 2.5);
    assert!(Metric::ExactMatch.higher_is_better() && !Metric::BitsPerCharacter.higher_is_better());
}

#[test]
fn label_tokens_follow_the_input_tokens() {
    let task = generated("dyck:types=2");
    assert!(matches!(task.labels, Labels::Names(_)));
    assert_eq!((task.tokens.len(), task.label_count(), task.vocab_size()), (10, 3, 13));
    assert_eq!((task.label_token(0), task.label_token(2)), (10, 12));
    assert_eq!((task.label_name(0), task.label_name(3)), (Some("none"), None));
    let task = generated("induction");
    assert_eq!(task.vocab_size(), task.tokens.len());
    assert_eq!((task.label_token(7), task.label_name(7)), (7, Some("0")));
}
