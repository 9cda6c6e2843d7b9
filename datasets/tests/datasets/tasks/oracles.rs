//! The targets of each generated task, recomputed by an independent method.

use super::{generated, names, train, written};
use std::collections::HashMap;
use zoo_datasets::task::{Example, Target, Task, TokenTable};

pub(super) fn examples(task: &Task) -> Vec<Example> {
    let mut examples = train(task, 3, 500);
    examples.extend(task.validation.iter().chain(&task.test).cloned());
    examples
}

pub(super) fn sequence(example: &Example) -> &[u32] {
    match &example.target {
        Target::Sequence(ids) => ids,
        other => panic!("{other:?}"),
    }
}

fn tags(example: &Example) -> &[Option<u32>] {
    match &example.target {
        Target::Tags(tags) => tags,
        other => panic!("{other:?}"),
    }
}

/// The value of an expression, by replacing innermost brackets until none are left.
fn value(expression: &str) -> u32 {
    let mut text = expression.to_owned();
    while let Some(end) = text.find(']') {
        let start = text[..end].rfind('[').unwrap();
        let mut words = text[start + 1..end].split_whitespace();
        let operator = words.next().unwrap();
        let mut values: Vec<f64> = words.map(|word| word.parse().unwrap()).collect();
        values.sort_by(f64::total_cmp);
        let (count, half) = (values.len(), values.len() / 2);
        let found = match operator {
            "MIN" => values[0],
            "MAX" => values[count - 1],
            "MED" if count % 2 == 1 => values[half],
            "MED" => ((values[half - 1] + values[half]) / 2.0).floor(),
            "SM" => values.iter().sum::<f64>() % 10.0,
            other => panic!("{other:?}"),
        };
        text.replace_range(start..=end, &format!("{found}"));
    }
    text.trim().parse().unwrap()
}

/// The maximum nesting depth.
fn depth(expression: &str) -> usize {
    let mut open = 0_usize;
    let change = |c| {
        open = match c {
            '[' => open + 1,
            ']' => open - 1,
            _ => open,
        };
        open
    };
    expression.chars().map(change).max().unwrap_or(0)
}

#[test]
fn an_expression_has_its_value() {
    assert_eq!(value("[MAX 2 9 [MIN 4 7 ] 0 ]"), 9);
    assert_eq!(value("[MED 1 4 ]"), 2, "int(2.5)");
    let task = generated("listops");
    for example in examples(&task) {
        let text = task.tokens.decode(&example.input);
        let Target::Class(label) = example.target else { panic!("a class") };
        assert_eq!(label, value(&text), "{text}");
        assert_eq!(task.label_name(label).unwrap(), label.to_string());
        assert!((16..=64).contains(&example.input.len()), "{text}");
        assert!(depth(&text) <= 3, "the digits' level is the fourth: {text}");
    }
}

#[test]
fn expressions_of_long_range_arena_are_as_published() {
    // Fewer held-out examples than published, which saves most of the time.
    let task = generated("listops-lra:validation=200,test=200");
    assert_eq!(task.train_size(), Some(96_000));
    assert_eq!(task.references.len(), 4);
    let (mut lengths, mut deepest, mut labels) = (Vec::new(), 0, HashMap::new());
    for example in task.validation.iter().chain(&task.test).chain(&train(&task, 1, 600)) {
        let text = task.tokens.decode(&example.input);
        let Target::Class(label) = example.target else { panic!("a class") };
        assert_eq!(label, value(&text));
        *labels.entry(label).or_insert(0) += 1;
        lengths.push(example.input.len());
        deepest = deepest.max(depth(&text));
    }
    lengths.sort_unstable();
    let (shortest, median, longest) = (lengths[0], lengths[500], lengths[999]);
    println!("{shortest} to {longest}, median {median}, {deepest} deep, labels {labels:?}");
    assert!(shortest > 500 && longest < 2000, "{shortest} to {longest}");
    assert!((700..1200).contains(&median), "{median}");
    assert_eq!(deepest, 9, "nine levels of operators above one of digits");
    assert_eq!(labels.len(), 10);
    assert!(labels.values().all(|&count| count < 250), "{labels:?}");
    assert!(generated("listops").references.is_empty(), "other lengths, other results");
}

#[test]
fn a_repeated_key_has_its_value() {
    let task = generated("mqar");
    let mut distances = Vec::new();
    for example in examples(&task) {
        let (input, tags) = (written(&task, &example.input), names(&task, tags(&example)));
        let pairs: HashMap<&str, &str> =
            input[..16].chunks(2).map(|pair| (pair[0], pair[1])).collect();
        assert_eq!(pairs.len(), 8, "each key once: {input:?}");
        assert!(pairs.keys().all(|key| key.starts_with('k')), "{input:?}");
        assert!(pairs.values().all(|value| value.starts_with('v')), "{input:?}");
        let mut queries = Vec::new();
        for (position, tag) in tags.into_iter().enumerate() {
            if let Some(tag) = tag {
                assert!(position >= 16 && position % 2 == 0, "{position}");
                assert_eq!(pairs[input[position]], tag);
                queries.push(input[position]);
                distances.push((position - 16) / 2);
            }
        }
        queries.sort_unstable();
        queries.dedup();
        assert_eq!(queries.len(), 8, "each key is queried once: {input:?}");
    }
    // Of 24 positions with weights 1/i, the first is sampled far more often than the last.
    let share = |position| {
        distances.iter().filter(|&&d| d == position).count() as f64 * 8.0 / distances.len() as f64
    };
    assert!(share(0) > 0.75 && (0.05..0.45).contains(&share(23)), "{} {}", share(0), share(23));
}

#[test]
fn the_answer_follows_the_marker() {
    let task = generated("induction:length=32,vocabulary=20");
    let mut positions = HashMap::new();
    for example in examples(&task) {
        let input = written(&task, &example.input);
        let tags = names(&task, tags(&example));
        let markers: Vec<usize> = (0..32).filter(|&position| input[position] == "*").collect();
        assert_eq!((markers.len(), markers[1]), (2, 31), "{input:?}");
        assert_eq!(tags[31], Some(input[markers[0] + 1]));
        assert!(tags[..31].iter().all(Option::is_none));
        *positions.entry(markers[0]).or_insert(0) += 1;
    }
    assert_eq!(positions.len(), 30, "any position except the last two: {positions:?}");
}

#[test]
fn sequences_are_copied_reversed_and_sorted() {
    for (name, change) in [
        ("copy", (|_: &mut Vec<u64>| {}) as fn(&mut Vec<u64>)),
        ("reverse", |numbers| *numbers = (0..numbers.len()).rev().map(|i| numbers[i]).collect()),
        ("sort", |numbers| {
            // The rank of a number: smaller ones, plus equal ones before it.
            let before = numbers.clone();
            for (i, &number) in before.iter().enumerate() {
                let smaller = before.iter().filter(|&&other| other < number).count();
                let equal = before[..i].iter().filter(|&&other| other == number).count();
                numbers[smaller + equal] = number;
            }
        }),
    ] {
        let task = generated(name);
        let numbers = |ids: &[u32]| -> Vec<u64> {
            written(&task, ids).iter().map(|number| number.parse().unwrap()).collect()
        };
        let mut lengths = [0; 20];
        for example in examples(&task) {
            let mut expected = numbers(&example.input);
            change(&mut expected);
            assert_eq!(numbers(sequence(&example)), expected, "{name}");
            lengths[example.input.len()] += 1;
        }
        assert_eq!(lengths[..4], [0; 4], "{name}");
        assert!(lengths[4..=12].iter().all(|&count| count > 100), "{name}: {lengths:?}");
    }
}

#[test]
fn a_bracket_is_closed_by_its_partner() {
    for (text, types, max_depth) in [("dyck", 4, 8), ("dyck:types=6,max_depth=3,length=30", 6, 3)] {
        let task = generated(text);
        let partner = |label: &str| match label {
            ")" => "(".to_owned(),
            "]" => "[".to_owned(),
            "}" => "{".to_owned(),
            ">" => "<".to_owned(),
            other => other.replace(')', "("),
        };
        let mut kinds = HashMap::new();
        for example in examples(&task) {
            let input = written(&task, &example.input);
            for (position, tag) in names(&task, tags(&example)).into_iter().enumerate() {
                // The prefix after repeatedly removing adjacent pairs.
                let mut left = input[..=position].to_vec();
                while let Some(at) = (1..left.len())
                    .find(|&at| partner(left[at]) == left[at - 1] && left[at] != left[at - 1])
                {
                    left.drain(at - 1..=at);
                }
                assert!(left.len() <= max_depth, "{left:?}");
                match left.last() {
                    None => assert_eq!(tag, Some("none")),
                    Some(open) => {
                        assert_eq!(partner(tag.unwrap()), *open, "{input:?} at {position}")
                    }
                }
                *kinds.entry(tag).or_insert(0) += 1;
            }
        }
        assert_eq!(kinds.len(), types + 1);
    }
}

#[test]
fn sums_are_modulo_p_and_every_pair_occurs_once() {
    let task = generated("modadd:p=23,fraction=0.3");
    let size = task.train_size().unwrap();
    assert_eq!((size, task.validation.len(), task.test.len()), (159, 185, 185));
    let mut pairs = HashMap::new();
    for example in train(&task, 5, size).iter().chain(&task.validation).chain(&task.test) {
        let input = written(&task, &example.input);
        let [a, "+", b, "="] = input[..] else { panic!("{input:?}") };
        let Target::Class(sum) = example.target else { panic!("a class") };
        let (a, b): (u32, u32) = (a.parse().unwrap(), b.parse().unwrap());
        assert_eq!(task.label_name(sum).unwrap(), ((a + b) % 23).to_string());
        *pairs.entry((a, b)).or_insert(0) += 1;
    }
    assert_eq!(pairs.len(), 23 * 23);
    assert!(pairs.values().all(|&count| count == 1));
}

#[test]
fn a_language_task_targets_the_next_token() {
    let task = generated("stories:context=100");
    for example in examples(&task).iter().take(1000) {
        let tags: Vec<u32> = tags(example).iter().map(|tag| tag.unwrap()).collect();
        assert_eq!(tags[..tags.len() - 1], example.input[1..]);
    }
    // Every character but the first is a target once, a hundred at a time, in any order.
    let held_out = zoo_datasets::text::Stories::held_out();
    let text: Vec<char> = held_out.text(0, 200).chars().skip(1).collect();
    let mut expected: Vec<String> =
        text.chunks(100).map(|window| window.iter().collect()).collect();
    let targets = task.validation.iter().map(|example| task.tokens.decode(&example.target.ids()));
    let mut targets: Vec<String> = targets.collect();
    assert!(targets != expected, "the windows are not shuffled");
    expected.sort();
    targets.sort();
    assert!(targets == expected, "{} windows, not {}", targets.len(), expected.len());
    let text: String = text.into_iter().collect();
    assert!(!text.contains(&task.tokens.decode(&task.test[3].target.ids())));
}

#[test]
fn a_masked_task_targets_masked_tokens() {
    let task = generated("stories-masked");
    let (mut targets, mut total) = (0, 0);
    for example in examples(&task) {
        for (&shown, tag) in example.input.iter().zip(tags(&example)) {
            assert!(tag.is_some() || shown >= TokenTable::FIRST);
            targets += usize::from(tag.is_some());
            total += 1;
        }
    }
    let share = targets as f64 / total as f64;
    assert!((0.14..0.16).contains(&share), "{share}");
}
