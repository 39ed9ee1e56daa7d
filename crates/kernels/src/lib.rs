//! The operations a transformer's training step spends its time in and burn lacks, as plain
//! functions over [`Tensor`](burn::tensor::Tensor).
//!
//! Each operation exists in two forms:
//!
//! - the *composed* form, in [`composed`]: burn's own operations, correct on every device and in
//!   every float type, differentiated by burn;
//! - the *fused* form, compiled in by the feature `flex`: one pass over the data in `f32` on the
//!   CPU, vectorised for the processor it runs on, spread over rayon's threads, with a backward
//!   pass written by hand.
//!
//! The functions at the root choose: `f32` tensors on the Flex backend run fused, everything else
//! (GPUs, fusion, `f64`) runs composed. The two agree to rounding, and the fused form gives the
//! same bits for any number of threads: a sum over rows is always taken in the same fixed pieces.
//!
//! What is left out: second derivatives (burn has none), half precision on the CPU (it falls to
//! the composed form), and dropout.
//!
//! # Shapes
//!
//! A tensor's name ends in its axes: `n` rows, `d` width, `b` batch, `t` positions, `s` key
//! positions or cache capacity, `h` heads, `g` key-value heads, `e` experts, `k` chosen experts,
//! `f` inner width of a feed-forward block, `v` vocabulary, `r` rotary pairs.
//!
//! A wrong shape is a bug of the caller and panics with the shapes involved.

#![recursion_limit = "256"]

mod adamw;
mod adamw_int8;
mod attention;
mod cache_write;
pub mod composed;
mod embedding;
mod experts;
#[cfg(feature = "flex")]
mod flex;
mod lanes;
mod linear;
mod log_prob;
mod rms_norm;
mod rope;
#[cfg(feature = "flex")]
mod route;
mod select_experts;
mod swiglu;

pub use adamw::{AdamWStep, adamw};
pub use adamw_int8::{INT8_BLOCK, Int8Moments, adamw_int8};
pub use attention::{Span, attention};
pub use cache_write::{cache_copy, cache_write};
pub use embedding::embedding;
pub use experts::experts;
pub use lanes::{has_lanes, lanes, side_by_side};
pub use linear::{Packed, linear, linear_heads, linear_packed};
pub use log_prob::log_prob;
pub use rms_norm::rms_norm;
pub use rope::{RopeLayout, rope};
pub use select_experts::{Selection, select_experts};
pub use swiglu::swiglu;
