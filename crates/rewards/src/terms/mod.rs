//! Optional terms of the rubric: how long a response is, and how often it repeats itself.
//!
//! Each is a penalty, from −1 to 0, of one response alone: none can make a wrong answer worth more
//! than an honest one. Left out: rewards that compare the responses of a group, as Kimi k1.5's length
//! reward does, which belong to the algorithm that has the group.

mod length;
mod overlong;
mod repetition;
mod tokens;

pub use length::{Length, LengthConfig};
pub use overlong::{Overlong, OverlongConfig};
pub use repetition::{Repeated, Repetition, RepetitionConfig};
pub use tokens::CountTokens;
pub(crate) use tokens::Tokens;
