//! Between Flex's tensors and slices.

use burn::tensor::{Bytes, DType, Shape, TensorData};
use burn_flex::{FlexTensor, Layout};

/// The tensor with its elements in row-major order and nothing else in its storage; the same
/// storage if it is that already.
pub(super) fn contiguous(tensor: FlexTensor) -> FlexTensor {
    let elements = tensor.layout().num_elements();
    let whole = tensor
        .as_slice::<f32>()
        .is_some_and(|slice| slice.len() == elements)
        && tensor.bytes().len() == elements * size_of::<f32>();
    if whole {
        tensor
    } else {
        tensor.to_contiguous()
    }
}

/// The elements of a tensor that went through [`contiguous`].
pub(super) fn slice(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().expect("the tensor was made contiguous")
}

/// A tensor of `values` in row-major order.
pub(super) fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::new(
        Bytes::from_elems(values),
        Layout::contiguous(shape.into()),
        DType::F32,
    )
}

/// The tensor's integers, each checked to lie in `0..bound`; `what` names them in the panic.
pub(super) fn indices(tensor: FlexTensor, bound: usize, what: &str) -> Vec<u32> {
    let check = |value: i64| match usize::try_from(value) {
        Ok(index) if index < bound => index as u32,
        _ => panic!("{what} {value} lies outside 0..{bound}"),
    };
    let data: TensorData = tensor.into_data();
    match data.as_slice::<i32>() {
        Ok(values) => values
            .iter()
            .map(|&value| check(i64::from(value)))
            .collect(),
        Err(_) => data.iter::<i64>().map(check).collect(),
    }
}

/// A four-axis tensor whose last axis is contiguous and whose other strides are not negative: what
/// [`Rows`] can read. Copies only what is not.
pub(super) fn with_rows(tensor: FlexTensor) -> FlexTensor {
    let strides = tensor.layout().strides();
    let width = tensor.layout().shape()[3];
    if strides.iter().all(|&s| s >= 0) && (strides[3] == 1 || width == 1) {
        tensor
    } else {
        tensor.to_contiguous()
    }
}

/// A tensor with strides that are not negative and a stride of 1 along its last axis, or along its
/// last but one where `either` will do. Copies only what has not.
pub(super) fn with_lines(tensor: FlexTensor, either: bool) -> FlexTensor {
    let (strides, dims) = (tensor.layout().strides(), tensor.layout().shape());
    let axes = strides.len();
    let along = |axis: usize| strides[axis] == 1 || dims[axis] == 1;
    if strides.iter().all(|&s| s >= 0) && (along(axes - 1) || either && along(axes - 2)) {
        tensor
    } else {
        tensor.to_contiguous()
    }
}

/// The elements of a tensor that went through [`with_lines`], from its first on, and its strides.
pub(super) fn strided<const D: usize>(tensor: &FlexTensor) -> (&[f32], [usize; D]) {
    let layout = tensor.layout();
    (
        &tensor.storage::<f32>()[layout.start_offset()..],
        std::array::from_fn(|axis| layout.strides()[axis] as usize),
    )
}

/// A four-axis tensor read row by row, without copying a slice or a broadcast of another tensor.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    data: &'a [f32],
    strides: [usize; 3],
    /// The four axes.
    pub(super) dims: [usize; 4],
}

impl<'a> Rows<'a> {
    /// Reads a tensor that went through [`with_rows`].
    pub(super) fn new(tensor: &'a FlexTensor) -> Self {
        let layout = tensor.layout();
        let dims = std::array::from_fn(|axis| layout.shape()[axis]);
        let strides = std::array::from_fn(|axis| layout.strides()[axis] as usize);
        Self {
            data: &tensor.storage::<f32>()[layout.start_offset()..],
            strides,
            dims,
        }
    }

    /// The last axis at three positions.
    #[inline(always)]
    pub(super) fn row(&self, i: usize, j: usize, k: usize) -> &'a [f32] {
        let start = self.offset(i, j, k);
        &self.data[start..start + self.dims[3]]
    }

    /// Everything from one row on, for reading several rows [`Self::step`] apart.
    pub(super) fn from(&self, i: usize, j: usize, k: usize) -> &'a [f32] {
        &self.data[self.offset(i, j, k)..]
    }

    /// Elements between a row and the next along the second axis.
    pub(super) fn step(&self) -> usize {
        self.strides[1]
    }

    #[inline(always)]
    fn offset(&self, i: usize, j: usize, k: usize) -> usize {
        i * self.strides[0] + j * self.strides[1] + k * self.strides[2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrowed_tensor_is_read_in_place() {
        let whole = tensor((0..24).map(|i| i as f32).collect(), [1, 2, 3, 4]);
        let part = with_rows(whole.narrow(3, 1, 2));
        assert!(!part.is_unique(), "still the storage of the whole");
        let rows = Rows::new(&part);
        assert_eq!(rows.row(0, 1, 2), [21.0, 22.0]);
        assert_eq!(rows.step(), 12);
    }

    #[test]
    fn a_permuted_tensor_is_copied() {
        let whole = tensor((0..24).map(|i| i as f32).collect(), [1, 2, 3, 4]);
        let turned = with_rows(whole.permute(&[0, 1, 3, 2]));
        assert_eq!(Rows::new(&turned).row(0, 0, 1), [1.0, 5.0, 9.0]);
        assert_eq!(slice(&contiguous(whole.narrow(1, 1, 1)))[0], 12.0);
    }

    #[test]
    fn indices_of_either_width() {
        let wide = FlexTensor::from_data(TensorData::new(vec![3i64, 0], [2]));
        let short = FlexTensor::from_data(TensorData::new(vec![3i32, 0], [2]));
        assert_eq!(indices(wide, 4, "token"), [3, 0]);
        assert_eq!(indices(short, 4, "token"), [3, 0]);
    }

    #[test]
    #[should_panic(expected = "token -1 lies outside 0..4")]
    fn a_negative_index_is_named() {
        indices(
            FlexTensor::from_data(TensorData::new(vec![-1i32], [1])),
            4,
            "token",
        );
    }
}
