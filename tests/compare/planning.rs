//! The objective and model size for every architecture and task.

use burn_zoo::compare::batch::text_batch;
use burn_zoo::compare::objective::{ObjectiveKind, role};
use burn_zoo::compare::plan::{Plan, PlanError};
use burn_zoo::compare::sizing::TOLERANCE;
use burn_zoo::compare::spec::Spec;
use burn_zoo::datasets::locate::SearchPath;
use burn_zoo::datasets::task::{TaskSpec, TokenTable};
use burn_zoo::models::families::FAMILIES;
use burn_zoo::train::{Rows, TextBatch, TextTargets};

fn plan(text: &str) -> Result<Plan, PlanError> {
    Plan::new(toml::from_str::<Spec>(text).unwrap(), &SearchPath::default(), "flex")
}

/// Families that support a task.
fn able(task: &str) -> Vec<&'static str> {
    let task = TaskSpec::parse(task).unwrap().build(&SearchPath::default()).unwrap();
    let is_able = |family: &&&burn_zoo::models::families::Family| {
        role(family).is_some_and(|role| ObjectiveKind::of(role, task.kind).is_ok())
    };
    FAMILIES.iter().filter(is_able).map(|family| family.name()).collect()
}

#[test]
fn every_family_hits_the_budget() {
    for (task, size, match_by) in [
        ("sort", "100k", "params"),
        ("listops", "1M", "params"),
        ("mqar", "2M", "flops"),
        ("stories", "500k", "params"),
    ] {
        let names = able(task);
        assert!(names.len() > 10, "{task}: {names:?}");
        let text = format!(
            "architectures = {names:?}\ntasks = ['{task}']\nsize = '{size}'\nmatch = '{match_by}'"
        );
        let plan = plan(&text).unwrap();
        assert_eq!(plan.candidates.len(), names.len());
        for candidate in &plan.candidates {
            let (name, sized) = (candidate.family.name(), &candidate.sized);
            assert!(sized.deviation.abs() <= TOLERANCE, "{name} on {task}: {}", sized.deviation);
            let parameters = sized.parameters;
            assert_eq!(parameters.body + parameters.embeddings, parameters.total);
            // The vocabulary is small, and tensors of its size are excluded from the budget.
            assert!(parameters.embeddings > 0, "{name} on {task}");
            assert!(sized.dimensions.n_layers >= 1 && sized.dimensions.d_model >= 8, "{name}");
        }
    }
}

#[test]
fn what_cannot_be_done_is_said_before_anything_runs() {
    for (text, expected) in [
        ("architectures = ['bert']\ntasks = ['sort']", "an encoder does not generate"),
        ("architectures = ['bert', 'gpt2']\ntasks = ['stories']", "bert cannot do stories"),
        ("architectures = ['t5']\ntasks = ['stories']", "needs a source text"),
        ("architectures = ['gpt2']\ntasks = ['stories-masked']", "after a mask"),
        ("architectures = ['vit']\ntasks = ['sort']", "images"),
        ("architectures = ['gpt9']\ntasks = ['sort']", "gpt9"),
        ("architectures = ['gpt2']\ntasks = ['sorted']", "sort"),
        ("architectures = ['gpt2', 'gpt2']\ntasks = ['sort']", "twice"),
        ("architectures = ['gpt2']\ntasks = ['sort', 'sort']", "twice"),
        ("architectures = ['gpt2']\ntasks = ['sort']\nsize = '30'", "smallest"),
        ("architectures = ['gpt2']\ntasks = ['sort:max_length=0']", "max_length"),
        ("architectures = []\ntasks = ['sort']", "architectures"),
    ] {
        let error = plan(text).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn runs_of_one_comparison_differ_and_trials_have_a_seed_of_their_own() {
    let plan = plan("architectures = ['gpt2', 'llama']\ntasks = ['sort', 'copy']\nsize = '20k'");
    let plan = plan.unwrap();
    let mut keys = std::collections::HashSet::new();
    for candidate in &plan.candidates {
        for trial in plan.trials(candidate) {
            assert!(!plan.seeds().contains(&trial.seed) && trial.scored.test.is_none());
            assert!(keys.insert(trial.key()));
        }
        for seed in plan.seeds() {
            assert!(keys.insert(plan.run(candidate, seed, 1e-3).key()));
        }
    }
    // The search starts with two of three rates.
    assert_eq!(keys.len(), 4 * (2 + 3));
    let again = plan.run(&plan.candidates[0], 0, 1e-3);
    assert!(keys.contains(&again.key()), "the same run has the same name");
}

fn classes(batch: &TextBatch) -> &[i64] {
    let TextTargets::Classes(classes) = &batch.targets else { panic!("classes") };
    classes
}

#[test]
fn batches_say_what_each_position_should() {
    let task = |text: &str| TaskSpec::parse(text).unwrap().build(&SearchPath::default()).unwrap();
    let sort = task("sort:max_length=6");
    let examples: Vec<_> = (0..5).map(|index| sort.train(3, index)).collect();
    let batch = text_batch(&sort, ObjectiveKind::Continues, TokenTable::BEGIN, &examples);
    for (row, example) in examples.iter().enumerate() {
        let width = batch.text.width;
        let text = &batch.text.ids[row * width..(row + 1) * width];
        let targets = &classes(&batch)[row * width..(row + 1) * width];
        let target = example.target.ids();
        let n = example.input.len();
        assert_eq!(text[..n], example.input);
        assert_eq!(text[n], TokenTable::SEPARATOR);
        assert_eq!(text[n + 1..][..target.len()], target);
        assert!(targets[..n].iter().all(|&target| target == -100));
        let said: Vec<i64> =
            target.iter().chain([&TokenTable::END]).map(|&symbol| i64::from(symbol)).collect();
        assert_eq!(targets[n..][..said.len()], said);
        assert!(targets[n + said.len()..].iter().all(|&target| target == -100));
        assert_eq!(batch.text.lengths[row], n + said.len());
    }
    let batch = text_batch(&sort, ObjectiveKind::Writes, 0, &examples);
    let source = batch.source.clone().unwrap();
    let inputs: Vec<Vec<u32>> = examples.iter().map(|example| example.input.clone()).collect();
    assert_eq!(source, Rows::new(&inputs, TokenTable::PADDING));
    assert_eq!(batch.text.ids[0], 0);
    assert_eq!(classes(&batch)[0], i64::from(examples[0].target.ids()[0]));

    let listops = task("listops");
    let examples: Vec<_> = (0..5).map(|index| listops.train(3, index)).collect();
    let labels: Vec<i64> =
        examples.iter().map(|example| i64::from(example.target.ids()[0])).collect();
    let pooled = text_batch(&listops, ObjectiveKind::Pooled, 0, &examples);
    assert_eq!(classes(&pooled), labels);
    let written = text_batch(&listops, ObjectiveKind::Continues, 0, &examples);
    let said: Vec<i64> =
        classes(&written).iter().copied().filter(|&target| target != -100).collect();
    let first = i64::from(listops.label_token(0));
    assert_eq!(said, labels.iter().map(|label| label + first).collect::<Vec<_>>());
}
