//! The fused operations on burn's Flex backend, `f32` on the CPU.
//!
//! [`simd`] compiles a kernel for each vector width and picks one at run time, [`parallel`] spreads
//! fixed pieces over threads, [`buffer`] reads and builds tensors, [`record`] puts an operation on
//! the tape, [`lanes`] keeps whole computations on a thread each, [`product`] multiplies rows with
//! weights in an order of its own, in [`panel`]s and the registers of [`vector`]. Each other file is one operation: its loops, its gradient, and its binding to burn.

mod adamw;
mod adamw_int8;
mod attention;
mod buffer;
mod cache_write;
mod embedding;
mod experts;
pub(crate) mod lanes;
mod linear;
mod log_prob;
mod matmul;
mod panel;
mod parallel;
mod product;
mod record;
mod rms_norm;
mod rope;
mod select_experts;
mod simd;
mod sorted;
mod swiglu;
mod vector;

pub(crate) use adamw::adamw;
pub(crate) use adamw_int8::adamw_int8;
pub(crate) use attention::attention;
pub(crate) use cache_write::{cache_copy, cache_write};
pub(crate) use embedding::embedding;
pub(crate) use experts::experts;
pub(crate) use linear::{linear, linear_heads, linear_packed, pack_weight};
pub(crate) use log_prob::log_prob;
pub(crate) use rms_norm::rms_norm;
pub(crate) use rope::rope;
pub(crate) use select_experts::select_experts;
pub(crate) use swiglu::swiglu;
