//! Texts as vectors in the place of token ids.

use burn::tensor::Tensor;
use burn_zoo::models::backbones::{DecoderInput, Inputs, TokenBatch, TokenSource};
use burn_zoo::models::checkpoint::Model;

use super::checks::device;
use super::invariants::end;
use crate::golden::{Case, Feed, cases, ids, outputs, outputs_for, values};

/// The vectors of the model's own token embedding table.
fn vectors(model: &Model, tokens: &TokenBatch) -> Tensor<3> {
    let table = model.backbone().token_embedding().expect("a text model");
    table.forward(tokens.source.ids().expect("token ids").clone())
}

/// The same texts as vectors; `None` if the model needs their ids, to shift them or to find their
/// ends.
fn embedded(case: &Case, model: &Model, feed: &Feed) -> Option<Inputs> {
    let inputs = feed.inputs(&model.backbone().device());
    let is_shifted = model.backbone().capabilities().decoder == DecoderInput::Shifted;
    let has_end = matches!(model, Model::SequenceClassifier(_)) && end(case).is_some();
    if (is_shifted && inputs.decoder.is_none()) || has_end {
        return None;
    }
    let embed = |tokens: TokenBatch| {
        let source = vectors(model, &tokens).into();
        TokenBatch { source, ..tokens }
    };
    let (tokens, decoder) = (inputs.tokens.map(embed), inputs.decoder.map(embed));
    Some(Inputs { tokens, decoder, ..inputs })
}

pub(crate) fn vectors_of_the_table_equal_token_ids(family: &str) {
    let mut compared = 0;
    for case in cases(family) {
        let (model, feed) = (case.load(&device()), case.feed());
        let Some(inputs) = embedded(&case, &model, &feed) else { continue };
        let expected = outputs(&model, &feed, &device());
        let found = outputs_for(&model, &feed, &inputs);
        assert_eq!(found.len(), expected.len(), "{}", case.name);
        for (found, expected) in found.iter().zip(&expected) {
            let is_same = found.kept() == expected.kept();
            assert!(is_same, "{}: {} differs", case.name, found.name);
        }
        compared += 1;
        let Model::CausalLm(lm) = &model else { continue };
        // With a cache, in two steps.
        let (first, rest) = feed.ids[0].split_at(feed.ids[0].len() / 2);
        let [mut of_ids, mut of_vectors] = [lm.cache(0), lm.cache(0)];
        for part in [first, rest] {
            let part = ids(&[part.to_vec()], &device());
            let table = lm.backbone.token_embedding().expect("a text model");
            let found = values(lm.step(table.forward(part.clone()), &mut of_vectors));
            assert!(found == values(lm.step(part, &mut of_ids)), "{}: a step", case.name);
        }
    }
    assert!(compared > 0, "{family} has no case without ids");
}

pub(crate) fn gradients_reach_vectors(family: &str) {
    for case in cases(family) {
        let model = case.load(&device().autodiff());
        let Some(mut inputs) = embedded(&case, &model, &case.feed().row(0)) else { continue };
        let tokens = inputs.tokens.as_mut().expect("texts");
        let TokenSource::Embeddings(x) = &tokens.source else { panic!("vectors") };
        let x = x.clone().detach().require_grad();
        tokens.source = TokenSource::Embeddings(x.clone());
        let scores = model.scores(&inputs);
        let gradients = (scores.clone() * scores).sum().backward();
        let found = values(x.grad(&gradients).expect("a gradient"));
        let is_finite = found.iter().all(|value| value.is_finite());
        assert!(is_finite && found.iter().any(|value| *value != 0.0), "{}", case.name);
    }
}
