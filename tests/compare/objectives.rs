//! The objectives of a comparison, and the reported cost of its models.

use burn::tensor::{Device, Tensor};
use burn_zoo::compare::plan::{Plan, PlannedCandidate};
use burn_zoo::compare::sizing::TypicalWorkload;
use burn_zoo::compare::spec::Spec;
use burn_zoo::compare::task_objective::TaskObjective;
use burn_zoo::datasets::locate::SearchPath;
use burn_zoo::datasets::task::{Example, Task};
use burn_zoo::models::checkpoint::Model;
use burn_zoo::models::heads::cross_entropy::{Targets, cross_entropy_sum};
use burn_zoo::train::{BatchLoss, Objective, TextBatch, TextTargets};

fn plan(architectures: &str, tasks: &str) -> Plan {
    let text = format!("architectures = {architectures}\ntasks = {tasks}\nsize = '20k'");
    Plan::new(toml::from_str::<Spec>(&text).unwrap(), &SearchPath::default(), "flex").unwrap()
}

/// Logits at every position, whether it is a target or not.
fn all_scores(model: &Model, batch: &TextBatch, device: &Device) -> Tensor<2> {
    let inputs = batch.inputs(device);
    let scores: Tensor<3> = match model {
        Model::TokenClassifier(model) => model.forward(&inputs),
        Model::CausalLm(model) => model.forward(&inputs),
        Model::Seq2SeqLm(model) => model.forward(&inputs),
        _ => panic!("no head of these tasks"),
    };
    let [rows, width, classes] = scores.dims();
    scores.reshape([rows * width, classes])
}

#[test]
fn the_loss_is_that_of_all_scores() {
    let device = Device::flex();
    let tasks =
        "['mqar:n_pairs=2,length=16,vocabulary=8', 'listops', 'sort:max_length=5,vocabulary=6']";
    let mut seen = 0;
    for plan in [
        plan("['gpt2', 't5', 'lstm']", tasks),
        plan("['bert']", "['mqar:n_pairs=2,length=16,vocabulary=8']"),
    ] {
        for PlannedCandidate { family, task, objective, sized, .. } in &plan.candidates {
            let task: &Task = &plan.tasks[*task].task;
            let model = sized.model_spec.initialized(0, &device);
            if matches!(model, Model::SequenceClassifier(_)) {
                continue;
            }
            let examples: Vec<Example> = (0..5).map(|index| task.train(0, index)).collect();
            let objective = TaskObjective::new(task, *objective, &model);
            let batch = objective.batch(&examples);
            let BatchLoss { sum: loss, targets: count } = objective.loss(&model, &batch);
            let TextTargets::Classes(classes) = &batch.targets else { panic!("classes") };
            let targets = Targets::new(classes);
            let expected = cross_entropy_sum(all_scores(&model, &batch, &device), &targets);
            let (loss, expected): (f32, f32) = (loss.into_scalar(), expected.into_scalar());
            let what = format!("{} on {}: {loss} and {expected}", family.name(), task.spec);
            assert!(((loss - expected) / expected).abs() < 1e-5, "{what}");
            assert_eq!((count, batch.target_positions().len()), (targets.count(), targets.count()));
            let by_row = batch.targets_by_row();
            assert_eq!((by_row.len(), by_row.iter().sum::<usize>()), (5, count));
            seen += usize::from(count < classes.len());
        }
    }
    assert!(seen >= 5, "most of these ask at some places only: {seen}");
}

#[test]
fn operations_are_those_of_what_is_read_and_scored() {
    let flops = |of: &PlannedCandidate, typical: TypicalWorkload, classes| {
        TypicalWorkload { classes, ..typical }
            .flops(&of.sized.model_spec.architecture.backbone)
            .forward
    };
    let language = plan("['gpt2', 'lstm']", "['stories:context=32']");
    for of in &language.candidates {
        // Each of 32 positions predicts over all symbols, as in `zoo show`.
        let typical = TypicalWorkload::of(&language.tasks[0].task, of.objective);
        assert_eq!((typical.source, typical.text, typical.targets), (0, 32, 32.0));
        let backbone = &of.sized.model_spec.architecture.backbone;
        let expected = backbone.cost().flops_per_token(32) as f64;
        let found = flops(of, typical, language.tasks[0].task.vocab_size());
        assert!((found / expected - 1.0).abs() < 1e-9, "{found} and {expected}");
    }
    let plan = plan("['bert', 'gpt2', 't5']", "['listops']");
    let [bert, gpt2, t5] = &plan.candidates[..] else { panic!("three") };
    let task = &plan.tasks[0].task;
    // The label is predicted once, and the layers do not depend on the number of symbols.
    let typical = TypicalWorkload::of(task, bert.objective);
    assert_eq!(typical.targets, 1.0);
    let wide = flops(bert, typical, 10) - flops(bert, typical, 0);
    let d_model = bert.sized.dimensions.d_model as f64;
    assert!((wide - 2.0 * d_model * 10.0 / typical.text as f64).abs() < 1e-6, "{wide}");
    assert_eq!(TypicalWorkload::of(task, gpt2.objective).targets, 1.0);
    // The sequences of an encoder-decoder pass through one of its stacks each, not through both.
    let typical = TypicalWorkload::of(task, t5.objective);
    assert_eq!(typical.text, 1);
    let twice = TypicalWorkload { source: 2 * typical.source, ..typical };
    let total =
        |typical: TypicalWorkload| flops(t5, typical, 0) * (typical.source + typical.text) as f64;
    let (once, both) = (total(typical), total(twice));
    assert!(both > 1.9 * once && both < 3.0 * once, "{once} and {both}");
    let [encoder, decoder] = [(typical.source, 0), (0, typical.source)]
        .map(|(source, text)| total(TypicalWorkload { source, text, targets: 0.0, ..typical }));
    let whole = total(TypicalWorkload { text: typical.source, ..typical });
    assert!((whole / (encoder + decoder) - 1.0).abs() < 1e-9, "{whole}: {encoder} + {decoder}");
}
