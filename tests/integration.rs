//! Tests of the workspace as a whole, in one binary.

mod bench;
mod crate_graph;
mod cuda_patch;
mod grading;
mod own_problems;
mod program;
mod reinforcement;
mod smoke;
mod transformers;
mod usage;
