//! Writing texts: against the reference, and what must hold besides.

mod batches;
mod drafts;
mod reference;
mod sampling;
