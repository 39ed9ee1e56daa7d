//! The fused operations against their composed forms in `f64`, values and gradients, and both
//! against finite differences; and the promises that go with them: the same bits for any number
//! of threads, any layout of the inputs, storage reused.

#![recursion_limit = "256"]

#[path = "fused/against.rs"]
mod against;
#[path = "fused/attention.rs"]
mod attention;
#[path = "fused/elementwise.rs"]
mod elementwise;
#[path = "fused/experts.rs"]
mod experts;
#[path = "fused/inplace.rs"]
mod inplace;
#[path = "fused/int8.rs"]
mod int8;
#[path = "fused/promises.rs"]
mod promises;
