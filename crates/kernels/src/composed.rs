//! Every operation written in burn's own operations: the definition the fused forms are tested
//! against, and what runs on devices other than the CPU.
//!
//! The signatures and panics are those of the functions of the same name at the root.

pub use crate::adamw::composed as adamw;
pub use crate::adamw_int8::composed as adamw_int8;
pub use crate::attention::composed as attention;
pub use crate::cache_write::{composed as cache_write, composed_copy as cache_copy};
pub use crate::embedding::composed as embedding;
pub use crate::experts::composed as experts;
pub use crate::linear::{composed as linear, composed_heads as linear_heads};
pub use crate::log_prob::composed as log_prob;
pub use crate::rms_norm::composed as rms_norm;
pub use crate::rope::composed as rope;
pub use crate::select_experts::composed as select_experts;
pub use crate::swiglu::composed as swiglu;
