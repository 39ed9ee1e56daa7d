//! Tests of the workspace as a whole, in one binary.

mod adapters;
mod bench;
mod corpus;
mod crate_graph;
mod cuda_patch;
mod distilling;
mod exporting;
mod grading;
mod memory;
mod own_checkpoint;
mod own_data;
mod own_problems;
mod own_programs;
mod program;
mod published;
mod refused;
mod reinforcement;
mod resuming;
mod scoring;
mod scripted;
mod serving;
mod smoke;
mod talking;
mod tokenizers;
mod transformers;
mod usage;
