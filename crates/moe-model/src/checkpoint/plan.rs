//! Which tensor goes into which file, and where in it, before any is written.

use safetensors::Dtype;
use safetensors::tensor::TensorInfo;
use serde_json::{Map, Value, json};

use super::WEIGHTS;

/// The files of a checkpoint.
#[derive(Debug)]
pub(super) struct Plan {
    /// At least one.
    pub(super) files: Vec<PlannedFile>,
}

/// One of them.
#[derive(Debug, Default)]
pub(super) struct PlannedFile {
    pub(super) name: String,
    /// Name and description of its tensors, in the order of their bytes.
    pub(super) tensors: Vec<(String, TensorInfo)>,
    bytes: usize,
}

impl Plan {
    /// Fills files up to `limit` bytes of tensors, in order; one tensor may be more. A single file
    /// is `model.safetensors`, several are `model-00001-of-0000N.safetensors`.
    pub(super) fn new(
        tensors: impl IntoIterator<Item = (String, Vec<usize>, Dtype)>,
        limit: u64,
    ) -> Self {
        let mut files = vec![PlannedFile::default()];
        for (name, shape, dtype) in tensors {
            let bytes = shape.iter().product::<usize>() * dtype.bitsize() / 8;
            let full = |file: &PlannedFile| {
                !file.tensors.is_empty() && (file.bytes + bytes) as u64 > limit
            };
            if files.last().is_some_and(full) {
                files.push(PlannedFile::default());
            }
            let file = files.last_mut().expect("there is always one");
            let data_offsets = (file.bytes, file.bytes + bytes);
            file.bytes += bytes;
            file.tensors.push((
                name,
                TensorInfo {
                    dtype,
                    shape,
                    data_offsets,
                },
            ));
        }
        let count = files.len();
        for (at, file) in files.iter_mut().enumerate() {
            file.name = match count {
                1 => WEIGHTS.into(),
                _ => format!("model-{:05}-of-{count:05}.safetensors", at + 1),
            };
        }
        Self { files }
    }

    /// The index, where there are several files.
    pub(super) fn index(&self) -> Option<Value> {
        if self.files.len() == 1 {
            return None;
        }
        let total: usize = self.files.iter().map(|file| file.bytes).sum();
        let mut weight_map = Map::new();
        for file in &self.files {
            let names = file.tensors.iter().map(|(name, _)| name.clone());
            weight_map.extend(names.map(|name| (name, json!(file.name))));
        }
        Some(json!({ "metadata": { "total_size": total }, "weight_map": weight_map }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(limit: u64) -> Plan {
        let tensor = |name: &str, elements: usize, dtype| (name.to_string(), vec![elements], dtype);
        Plan::new(
            [
                tensor("a", 2, Dtype::F32),
                tensor("b", 4, Dtype::BF16),
                tensor("c", 100, Dtype::F32),
                tensor("d", 1, Dtype::F32),
            ],
            limit,
        )
    }

    #[test]
    fn files_are_filled_in_order() {
        // 8 + 8, then 400 which is alone more than the limit, then 4.
        let plan = plan(16);
        let names: Vec<Vec<&str>> = plan
            .files
            .iter()
            .map(|file| file.tensors.iter().map(|(name, _)| name.as_str()).collect())
            .collect();
        assert_eq!(names, [vec!["a", "b"], vec!["c"], vec!["d"]]);
        assert_eq!(plan.files[1].name, "model-00002-of-00003.safetensors");
        assert_eq!(plan.files[0].tensors[1].1.data_offsets, (8, 16));
        let index = plan.index().unwrap();
        assert_eq!(index["metadata"]["total_size"], 420);
        assert_eq!(index["weight_map"]["d"], "model-00003-of-00003.safetensors");
    }

    #[test]
    fn what_fits_is_one_file_without_an_index() {
        let plan = plan(420);
        assert_eq!(plan.files.len(), 1);
        assert_eq!(plan.files[0].name, WEIGHTS);
        assert_eq!(plan.index(), None);
        assert_eq!(super::Plan::new([], 0).files.len(), 1);
    }
}
