//! Vectors of sentences, in which those that mean about the same lie close together.
//!
//! [`SentenceEncoder`] reads a directory as `sentence-transformers` writes it: a BERT encoder
//! (arXiv 1810.04805), how its vectors become one (arXiv 1908.10084, section 3), and a tokenizer.
//! all-MiniLM-L6-v2 is the model it was made for; others of the same architecture load as well.
//!
//! | file | |
//! | --- | --- |
//! | `config` | the settings of a directory, and what is refused |
//! | `weights` | tensors out of `model.safetensors` |
//! | `bert` | the encoder itself |
//! | `sentence` | texts to vectors |
//!
//! Left out: training, decoders, other architectures, files other than safetensors.

mod bert;
mod config;
mod error;
mod sentence;
mod weights;

pub use error::EncoderError;
pub use sentence::SentenceEncoder;
