//! One contract, run over every family: `cargo test llama::` runs one family's.

mod checks;
mod saving;

use burn_zoo::models::families::FAMILIES;

macro_rules! contract {
    ($($family:ident),* $(,)?) => {
        const CONTRACTED: &[&str] = &[$(stringify!($family)),*];

        $(mod $family {
            use super::{checks, saving};

            const FAMILY: &str = stringify!($family);

            #[test]
            fn keys_and_parameters_are_a_bijection() {
                checks::keys_and_parameters_are_a_bijection(FAMILY);
            }
            #[test]
            fn outputs_are_those_of_the_reference() {
                checks::outputs_are_those_of_the_reference(FAMILY);
            }
            #[test]
            fn gradients_are_those_of_the_reference() {
                checks::gradients_are_those_of_the_reference(FAMILY);
            }
            #[test]
            fn fifty_steps_are_those_of_the_reference() {
                checks::fifty_steps_are_those_of_the_reference(FAMILY);
            }
            #[test]
            fn greedy_texts_are_those_of_the_reference() {
                checks::greedy_texts_are_those_of_the_reference(FAMILY);
            }
            #[test]
            fn saving_and_loading_is_the_identity() {
                saving::saving_and_loading_is_the_identity(FAMILY);
            }
            #[test]
            fn step_equals_forward() {
                checks::step_equals_forward(FAMILY);
            }
            #[test]
            fn left_padded_batches_equal_single_rows() {
                checks::left_padded_batches_equal_single_rows(FAMILY);
            }
            #[test]
            fn rows_are_independent_and_padding_is_invisible() {
                checks::rows_are_independent_and_padding_is_invisible(FAMILY);
            }
            #[test]
            fn the_future_is_invisible() {
                checks::the_future_is_invisible(FAMILY);
            }
            #[test]
            fn a_fully_padded_row_gives_numbers() {
                checks::a_fully_padded_row_gives_numbers(FAMILY);
            }
            #[test]
            fn gradients_reach_every_parameter() {
                checks::gradients_reach_every_parameter(FAMILY);
            }
            #[test]
            fn every_tensor_changes_the_output() {
                checks::every_tensor_changes_the_output(FAMILY);
            }
            #[test]
            fn one_batch_can_be_overfitted() {
                checks::one_batch_can_be_overfitted(FAMILY);
            }
        })*
    };
}

contract!(
    gemma,
    gemma2,
    gemma3_text,
    gpt2,
    gpt_neo,
    gptj,
    llama,
    mistral,
    olmo2,
    opt,
    phi,
    phi3,
    qwen2,
    qwen3,
    smollm3,
);

#[test]
fn every_family_has_a_contract() {
    let families: Vec<&str> = FAMILIES.iter().map(|family| family.name()).collect();
    assert_eq!(families, CONTRACTED);
}
