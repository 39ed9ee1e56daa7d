//! Generalised advantage estimation.

/// Advantages and returns of a response's tokens (arXiv 1506.02438, equation 16):
/// A_t = Σ_l (γλ)^l·δ_{t+l} with δ_t = r_t + γ·V_{t+1} − V_t, and A_t + V_t, what the critic is
/// trained towards. After the last token there is nothing: its V is 0.
///
/// # Panics
/// If there is not a value for every reward.
pub fn gae(rewards: &[f64], values: &[f64], gamma: f64, lambda: f64) -> (Vec<f64>, Vec<f64>) {
    assert_eq!(rewards.len(), values.len(), "a value for every reward");
    let mut advantages = vec![0.0; rewards.len()];
    let (mut later, mut next) = (0.0, 0.0);
    for t in (0..rewards.len()).rev() {
        later = rewards[t] + gamma * next - values[t] + gamma * lambda * later;
        advantages[t] = later;
        next = values[t];
    }
    let returns = advantages.iter().zip(values).map(|(a, v)| a + v).collect();
    (advantages, returns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_by_hand() {
        // δ = 0.5·2 − 1, 0.5·4 − 2, 8 − 4 = 0, 0, 4; γλ = ¼: A = ¼, 1, 4.
        let (advantages, returns) = gae(&[0.0, 0.0, 8.0], &[1.0, 2.0, 4.0], 0.5, 0.5);
        assert_eq!(advantages, [0.25, 1.0, 4.0]);
        assert_eq!(returns, [1.25, 3.0, 8.0]);
    }

    #[test]
    fn with_lambda_one_the_return_is_the_reward_to_come() {
        let (advantages, returns) = gae(&[1.0, 2.0, 3.0], &[9.0, -4.0, 0.5], 1.0, 1.0);
        assert_eq!(returns, [6.0, 5.0, 3.0]);
        assert_eq!(advantages, [-3.0, 9.0, 2.5]);
        assert_eq!(gae(&[], &[], 1.0, 1.0), (vec![], vec![]));
    }
}
