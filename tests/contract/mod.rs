//! One contract for every family: `cargo test llama::` runs that of one family.

pub(crate) mod checks;
mod decoding;
mod embeddings;
mod invariants;
pub(crate) mod measure;
mod observing;
mod saving;
mod training;

use burn_zoo::models::families::FAMILIES;

/// The checks of every family, each as a test in a module of the family's name: those common to all
/// families, and those for its kind of architecture.
macro_rules! contract {
    ($names:ident, [$($family:ident $(= $name:literal)?),* $(,)?], $checks:tt) => {
        const $names: &[&str] = &[$(contract!(@name $family $($name)?)),*];

        $(mod $family {
            const FAMILY: &str = contract!(@name $family $($name)?);
            contract!(@tests [
                checks::{
                    keys_and_parameters_are_a_bijection,
                    outputs_are_those_of_the_reference,
                    gradients_are_those_of_the_reference,
                    every_tensor_changes_the_output,
                },
                invariants::{rows_are_independent_and_padding_is_invisible},
                observing::{an_observer_sees_every_layer},
                saving::{saving_and_loading_is_the_identity, matrices_of_bf16_are_only_held_so},
                training::{
                    fifty_steps_are_those_of_the_reference,
                    gradients_reach_every_parameter,
                    one_batch_can_be_overfitted,
                    blocks_computed_again_have_the_same_gradients,
                },
            ]);
            contract!(@tests $checks);
        })*
    };
    (@name $family:ident) => { stringify!($family) };
    (@name $family:ident $name:literal) => { $name };
    (@tests [$($module:ident::{$($check:ident),* $(,)?}),* $(,)?]) => {
        $($(#[test]
        fn $check() {
            super::$module::$check(FAMILY);
        })*)*
    };
}

contract!(
    DECODERS,
    [
        bloom, gemma, gemma2, gemma3_text, gpt2, gpt_neo, gpt_neox, gptj, llama, mistral, mixtral,
        olmo2, openai_gpt = "openai-gpt", opt, phi, phi3, qwen2, qwen3, smollm3, stablelm, starcoder2,
    ],
    [
        decoding::{
            greedy_texts_are_those_of_the_reference,
            step_equals_forward,
            left_padded_batches_equal_single_rows,
        },
        embeddings::{vectors_of_the_table_equal_token_ids, gradients_reach_vectors},
        invariants::{the_future_is_invisible},
        training::{a_fully_padded_row_gives_numbers},
    ]
);

contract!(
    ENCODERS,
    [
        albert, bert, camembert, data2vec_text = "data2vec-text", deberta_v2 = "deberta-v2", distilbert,
        electra, ernie, modernbert, mpnet, roberta, xlm_roberta = "xlm-roberta",
    ],
    [
        embeddings::{vectors_of_the_table_equal_token_ids, gradients_reach_vectors},
        invariants::{the_future_is_visible, padding_on_the_left_changes_nothing},
        training::{a_fully_padded_row_gives_numbers},
    ]
);

contract!(
    ENCODER_DECODERS,
    [bahdanau, bart, m2m_100, marian, mbart, mt5, pegasus, t5, transformer],
    [
        decoding::{step_equals_forward_after_a_memory},
        embeddings::{vectors_of_the_table_equal_token_ids, gradients_reach_vectors},
        invariants::{the_text_sees_its_past_and_all_of_the_memory},
        training::{a_fully_padded_row_gives_numbers},
    ]
);

contract!(
    RECURRENT,
    [gru, lstm],
    [
        decoding::{
            greedy_texts_are_those_of_the_reference,
            step_equals_forward,
            left_padded_batches_equal_single_rows,
            a_text_can_outgrow_any_context,
        },
        embeddings::{vectors_of_the_table_equal_token_ids, gradients_reach_vectors},
        invariants::{the_future_is_invisible, padding_on_the_left_changes_nothing},
        training::{a_fully_padded_row_gives_numbers},
    ]
);

contract!(IMAGE_ENCODERS, [deit, dinov2, vit], []);

#[test]
fn every_family_has_a_contract() {
    let families: Vec<&str> = FAMILIES.iter().map(|family| family.name()).collect();
    let mut contracted = [DECODERS, ENCODERS, ENCODER_DECODERS, RECURRENT, IMAGE_ENCODERS].concat();
    contracted.sort_unstable();
    assert_eq!(families, contracted);
}
