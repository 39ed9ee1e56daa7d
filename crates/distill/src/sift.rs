//! Any gate over any stream: what passes goes on, what does not is told of.

use crate::candidate::Dropped;

/// What of `items` passes `check`, in order and one at a time; `stopped` hears of the others, each with its
/// reason.
///
/// ```
/// use data::Domain;
/// use distill::{Gate, RuleConfig, sift, text_check};
/// let texts = ["<think>So twelve it is.</think><answer>12</answer>", "It is 12."];
/// let rules = RuleConfig::default();
/// let check = |text: &&str| text_check("What is 7 + 5?", text, Domain::Mathematics, "en", &rules);
/// let mut reasons = Vec::new();
/// let kept = sift(texts, check, |_, dropped| reasons.push(dropped.gate)).count();
/// assert_eq!((kept, reasons), (1, vec![Gate::Template]));
/// ```
pub fn sift<T>(
    items: impl IntoIterator<Item = T>,
    mut check: impl FnMut(&T) -> Result<(), Dropped>,
    mut stopped: impl FnMut(T, Dropped),
) -> impl Iterator<Item = T> {
    items
        .into_iter()
        .filter_map(move |item| match check(&item) {
            Ok(()) => Some(item),
            Err(dropped) => {
                stopped(item, dropped);
                None
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candidate::Gate;

    #[test]
    fn every_item_goes_on_or_is_told_of() {
        let odd = |at: &u32| match at % 2 {
            1 => Ok(()),
            _ => Err(Dropped::at(Gate::Answer, at.to_string())),
        };
        let mut told = Vec::new();
        let kept: Vec<u32> =
            sift(0..5, odd, |at, dropped| told.push((at, dropped.detail))).collect();
        assert_eq!(kept, [1, 3]);
        assert_eq!(told, [(0, "0".into()), (2, "2".into()), (4, "4".into())]);
    }
}
