//! Activation checkpointing: only the inputs of blocks are kept, and the blocks are recomputed in
//! the backward pass, which trades time for memory.

use burn::module::{Flag, Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use zoo_kernels::recompute::{Untyped, Work, recomputed};
use zoo_kernels::seed;

use crate::blocks::{Block, BlockConfig};
use crate::layers::mask::Mask;
use crate::layers::observer::LayerId;
use crate::layers::position::Positions;
use crate::layers::{AttentionContext, EncoderOutput};

/// Enables activation checkpointing: the model's blocks are recomputed in the backward pass.
///
/// It applies only to training; [`Module::valid`] disables it.
pub fn checkpoint_blocks<M: Module>(model: M) -> M {
    #[derive(Default)]
    struct Switch {
        path: Vec<String>,
    }
    impl ModuleMapper for Switch {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.push(name.to_string());
        }

        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.pop();
        }

        fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
            // Dropout layers have a flag, too.
            let is_ours = self.path.last().is_some_and(|name| name == FLAG);
            if is_ours { flag.with_value(true) } else { flag }
        }
    }
    model.map(&mut Switch::default())
}

/// The name of the flag in `TransformerStack`.
const FLAG: &str = "recomputes";

/// [`Block::forward`] without a state or an observer.
pub(super) fn forward(
    block: &Block,
    config: &BlockConfig,
    x: Tensor<3>,
    mut context: AttentionContext<'_>,
) -> Tensor<3> {
    let drops = [config.dropout, config.attention.mechanism.dropout(), config.feed_forward.dropout];
    let encoder = context.encoder.filter(|_| config.has_cross_attention());
    let again = Again {
        block: block.clone().map(&mut Constant),
        mask: context.mask.clone(),
        positions: constant(context.positions),
        encoder: encoder.map(|encoder| encoder.mask.clone()),
        layer: context.layer,
        // The dropout mask must be the same in both passes.
        seed: drops.iter().any(|p| *p > 0.0).then(|| seed::draw(&x.device())),
    };
    let mut inputs = vec![x.clone().into_dispatch()];
    inputs.extend(learned(context.positions));
    inputs.extend(encoder.map(|encoder| encoder.hidden_states.clone().into_dispatch()));
    block.visit(&mut Parameters(&mut inputs));
    match recomputed(again, &inputs) {
        Some(result) => Tensor::from_dispatch(result),
        None => block.forward(x, &mut context),
    }
}

/// The position tensor that has gradients.
fn learned(positions: &Positions) -> Option<Untyped> {
    match positions {
        Positions::None | Positions::Rotary(_) => None,
        Positions::Bias(bias) => Some(bias.clone().into_dispatch()),
        Positions::Disentangled(relative) => Some(relative.vectors.clone().into_dispatch()),
    }
}

/// The positions without gradients: a tensor with gradients would keep itself alive through this
/// reference.
fn constant(positions: &Positions) -> Positions {
    match positions.clone() {
        Positions::Bias(bias) => Positions::Bias(bias.inner()),
        Positions::Disentangled(mut relative) => {
            relative.vectors = relative.vectors.inner();
            Positions::Disentangled(relative)
        }
        positions => positions,
    }
}

struct Constant;

impl ModuleMapper for Constant {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(Tensor::inner)
    }
}

struct Parameters<'a>(&'a mut Vec<Untyped>);

impl ModuleVisitor for Parameters<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.val().into_dispatch());
    }
}

/// A block and the parts of its context without gradients.
#[derive(Debug, Clone)]
struct Again {
    block: Block,
    mask: Mask,
    positions: Positions,
    encoder: Option<Mask>,
    layer: LayerId,
    seed: Option<u64>,
}

impl Work for Again {
    fn compute(&self, inputs: Vec<Untyped>) -> Untyped {
        let mut replacements = Replacements(inputs.into_iter());
        let x = replacements.next::<3>();
        if let Some(seed) = self.seed {
            x.device().seed(seed);
        }
        let positions = match self.positions.clone() {
            Positions::Bias(_) => Positions::Bias(replacements.next()),
            Positions::Disentangled(mut relative) => {
                relative.vectors = replacements.next();
                Positions::Disentangled(relative)
            }
            positions => positions,
        };
        let encoder = self.encoder.as_ref().map(|mask| (replacements.next::<3>(), mask));
        let encoder =
            encoder.as_ref().map(|(hidden_states, mask)| EncoderOutput { hidden_states, mask });
        let block = self.block.clone().map(&mut replacements);
        let mut context = AttentionContext {
            mask: &self.mask,
            positions: &positions,
            state: None,
            encoder,
            observer: None,
            layer: self.layer,
        };
        block.forward(x, &mut context).into_dispatch()
    }
}

/// Tensors that replace a module's parameters, in the same order.
struct Replacements(std::vec::IntoIter<Untyped>);

impl Replacements {
    fn next<const D: usize>(&mut self) -> Tensor<D> {
        match self.0.next() {
            Some(tensor) => Tensor::from_dispatch(tensor),
            None => panic!("the inputs do not match the recorded block"),
        }
    }
}

impl ModuleMapper for Replacements {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|_| self.next())
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;
    use crate::families::{self, Size, SizedModel};
    use crate::heads::CausalLm;
    use crate::layers::mask::{AttentionPattern, Padding};
    use crate::layers::observer::StackRole;

    fn sized() -> SizedModel {
        let size = Size {
            vocab_size: 7,
            context: 6,
            d_model: 8,
            n_layers: 1,
            n_heads: 2,
            n_kv_heads: None,
            d_ff: None,
            dropout: 0.4,
            eos: None,
        };
        families::find("gpt2").expect("a family").sized(&size).expect("sizes")
    }

    fn config() -> BlockConfig {
        sized().architecture.backbone.stacks()[0].layers[0].clone()
    }

    #[test]
    fn checkpointing_sets_only_the_flag_of_stacks() {
        #[derive(Default)]
        struct Flags(Vec<bool>);
        impl ModuleVisitor for Flags {
            fn visit_flag(&mut self, flag: &Param<Flag>) {
                self.0.push(flag.is_enabled());
            }
        }
        let architecture = sized().architecture;
        let device = Device::flex().autodiff();
        let model = CausalLm::new(&architecture.backbone, &device).expect("a decoder");
        let flags = |model: &CausalLm| {
            let mut flags = Flags::default();
            model.visit(&mut flags);
            flags.0
        };
        // Dropout is disabled in this model and must stay so.
        let model = model.valid();
        let (before, after) = (flags(&model), flags(&checkpoint_blocks(model)));
        assert!(before.len() > 1 && before.iter().all(|is_on| !is_on), "{before:?}");
        assert_eq!(after.iter().filter(|is_on| **is_on).count(), 1, "{after:?}");
    }

    #[test]
    fn recomputation_repeats_the_dropout_mask() {
        let device = Device::flex().autodiff();
        let config = config();
        let mask = Mask::new(AttentionPattern::Causal, Padding::none());
        let context = || AttentionContext {
            mask: &mask,
            positions: &Positions::None,
            state: None,
            encoder: None,
            observer: None,
            layer: LayerId { stack: StackRole::Decoder, index: 0 },
        };
        let random = || Tensor::<3>::random([2, 6, 8], Distribution::Normal(0.0, 1.0), &device);
        let (x, weights) = (random().require_grad(), random());
        // Zero weights would hide the effect of dropout.
        struct Random;
        impl ModuleMapper for Random {
            fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
                param.map(|x| x.random_like(Distribution::Normal(0.0, 0.5)).detach().require_grad())
            }
        }
        let block = config.init(&device).map(&mut Random);
        // All threads share the device's random generator, so other tests may advance it.
        let is_same = || {
            let results = [false, true].map(|is_plain| {
                device.seed(3);
                let found = if is_plain {
                    device.seed(seed::draw(&x.device()));
                    block.forward(x.clone(), &mut context())
                } else {
                    forward(&block, &config, x.clone(), context())
                };
                let gradients = (found.clone() * weights.clone()).sum().backward();
                [found.inner(), x.grad(&gradients).expect("a gradient")].map(Tensor::into_data)
            });
            let [again, plain] = results;
            again == plain
        };
        assert!((0..100).any(|_| is_same()));
    }
}
