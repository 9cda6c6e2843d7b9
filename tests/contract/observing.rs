//! Observers of a forward pass.

use burn_zoo::models::layers::observer::StackRole;
use burn_zoo::models::layers::recorder::Recorder;

use super::checks::device;
use crate::golden::{cases, values};

pub(crate) fn an_observer_sees_every_layer(family: &str) {
    for case in cases(family) {
        let (model, inputs) = (case.load(&device()), case.feed().inputs(&device()));
        let backbone = model.backbone();
        let mut recorder = Recorder::default();
        let seen = values(backbone.observe(&inputs, &mut recorder).last);
        assert!(seen == values(backbone.forward(&inputs)), "{}: other states", case.name);

        // The input of each layer and the final states, of each stack.
        let states =
            [StackRole::Encoder, StackRole::Decoder].map(|role| recorder.hidden_states(role));
        let ran: Vec<_> = states.iter().filter(|states| !states.is_empty()).collect();
        let expected = backbone.config().depths().into_iter().map(|depth| depth + 1);
        assert!(ran.iter().map(|states| states.len()).eq(expected), "{}: layers", case.name);
        let last = ran.last().and_then(|states| states.last()).expect("states");
        assert!(seen == values(last.clone()), "{}: the final states", case.name);
    }
}
