//! Tests of the workspace as a whole, in one binary.

mod crate_graph;
mod cuda_patch;
mod program;
mod smoke;
mod usage;
