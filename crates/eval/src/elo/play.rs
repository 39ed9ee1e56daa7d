//! A model's samples become attempts.

use super::rules::Attempt;

/// The attempts at a problem that the grades of its samples make, in their order, up to the first that is
/// right: each is handed in after the one before was judged.
///
/// A model has no clock that compares with people's, so all are handed in at the first minute, and time
/// stays out of the score.
pub fn attempts(rights: impl IntoIterator<Item = bool>) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for right in rights {
        attempts.push(Attempt { right, minute: 0 });
        if right {
            break;
        }
    }
    attempts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_hands_in_after_a_right_attempt() {
        let rights = |given: &[bool]| -> Vec<bool> {
            let tried = attempts(given.iter().copied());
            tried.iter().map(|attempt| attempt.right).collect()
        };
        assert_eq!(rights(&[false, true, false, true]), [false, true]);
        assert_eq!(rights(&[false, false]), [false, false]);
        assert_eq!(rights(&[]), [false; 0]);
    }
}
