//! `zoo sweep`

use anyhow::Result;

use super::super::{Global, usage};
use super::args::ComparisonArgs;
use super::command::carry_out;
use crate::compare::spec::Amount;

/// Train architectures at several sizes and fit scaling laws.
#[derive(clap::Args)]
#[command(after_help = "\
The law is loss = a · C^-b + c, where C is the training compute in FLOPs; 95 % intervals show how well \
four or more sizes determine it. The front has the best size for each amount of compute. The task must be \
language modeling, since its score is a loss.

Examples:
  zoo sweep gpt2 --task stories --sizes 10k,20k,50k,100k
  zoo sweep gpt2 lstm --task names --sizes 5k,10k,20k,50k,100k --steps 500 --jobs 2
  zoo sweep llama --task shakespeare --sizes 50k,100k,200k,500k --plan")]
pub(crate) struct SweepArgs {
    /// Families (`zoo list`)
    #[arg(value_name = "FAMILY", required = true)]
    architectures: Vec<String>,
    /// Comma-separated sizes; fitting a law needs at least four
    #[arg(
        long,
        value_name = "AMOUNTS",
        value_delimiter = ',',
        default_value = "10k,20k,50k,100k,200k"
    )]
    sizes: Vec<Amount>,
    #[command(flatten)]
    args: ComparisonArgs,
}

pub(in crate::cli) fn run(global: &Global, args: &SweepArgs) -> Result<()> {
    let SweepArgs { architectures, sizes, args } = args;
    if args.tasks.is_empty() {
        return Err(usage("no task given; pass one with --task, such as stories"));
    }
    let mut spec = args.spec(architectures, global.seed(), sizes[0]);
    spec.sizes.clone_from(sizes);
    carry_out(global, spec, args, None)
}
