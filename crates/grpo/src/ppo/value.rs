//! The critic's loss.

use burn::tensor::Tensor;

/// Half the squared error of each value, `[n]`; with a clip ε, the larger of it and that of the
/// value held to ±ε around what it was when the responses were sampled. Also 1 where that held
/// value is the larger error, without gradient.
pub(super) fn value_loss(
    values_n: Tensor<1>,
    old_n: Tensor<1>,
    returns_n: Tensor<1>,
    clip: Option<f64>,
) -> (Tensor<1>, Tensor<1>) {
    let squared = |values_n: Tensor<1>| {
        let error_n = values_n - returns_n.clone();
        error_n.clone() * error_n * 0.5
    };
    let free_n = squared(values_n.clone());
    let Some(clip) = clip else {
        return (free_n.clone(), free_n.detach().zeros_like());
    };
    let held_n = squared(old_n.clone() + (values_n - old_n).clamp(-clip, clip));
    let clipped_n = held_n.clone().greater(free_n.clone()).float().detach();
    (free_n.max_pair(held_n), clipped_n)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn worked_by_hand() {
        let device = Device::flex().autodiff();
        let tensor = |values: [f32; 3]| Tensor::<1>::from_floats(values, &device);
        // Old 0, ε = 0.5. 0.25 is within; 1 towards 2 is held at 0.5: ½·1.5²; 1 away from −2 is
        // not: ½·3².
        let values = tensor([0.25, 1.0, 1.0]).require_grad();
        let loss = |clip| {
            value_loss(
                values.clone(),
                tensor([0.0; 3]),
                tensor([1.0, 2.0, -2.0]),
                clip,
            )
        };
        let (loss_n, clipped_n) = loss(Some(0.5));
        let found: Vec<f32> = loss_n.clone().into_data().iter().collect();
        assert_eq!(found, [0.28125, 1.125, 4.5]);
        let clipped: Vec<f32> = clipped_n.into_data().iter().collect();
        assert_eq!(clipped, [0.0, 1.0, 0.0]);
        let gradients = loss_n.sum().backward();
        let gradient: Vec<f32> = values
            .grad(&gradients)
            .unwrap()
            .into_data()
            .iter()
            .collect();
        assert_eq!(
            gradient,
            [-0.75, 0.0, 3.0],
            "a value that is held is not pulled"
        );
        let (free_n, clipped_n) = loss(None);
        let found: Vec<f32> = free_n.into_data().iter().collect();
        assert_eq!(found, [0.28125, 0.5, 4.5]);
        assert_eq!(clipped_n.sum().into_scalar::<f32>(), 0.0);
    }
}
