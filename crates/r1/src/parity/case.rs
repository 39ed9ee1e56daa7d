//! A reference case as it lies on disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

/// The file that makes a directory a case.
pub(super) const CASE: &str = "case.json";

/// A case.
pub(super) struct Case {
    pub(super) dir: PathBuf,
    pub(super) file: CaseFile,
    /// The reference's tensors by name, with their shapes.
    pub(super) expected: BTreeMap<String, Numbers>,
    /// Its gradients; none where the case has none.
    pub(super) gradients: BTreeMap<String, Numbers>,
}

/// A tensor.
pub(super) struct Numbers {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f32>,
}

/// `case.json`, as far as it is used.
#[derive(Deserialize)]
pub(super) struct CaseFile {
    pub(super) batches: BTreeMap<String, Batch>,
    /// The batches again with the balance loss of the routers in the loss.
    #[serde(default)]
    pub(super) aux: Option<BTreeMap<String, Aux>>,
    pub(super) generate: Option<Generate>,
    pub(super) generate_eos: Option<GenerateEos>,
    #[serde(default)]
    pub(super) noise: Noise,
}

/// Token ids `[b][t]` with their mask, and the loss over the labels that are not negative.
#[derive(Deserialize)]
pub(super) struct Batch {
    pub(super) input_ids: Vec<Vec<u32>>,
    pub(super) attention_mask: Vec<Vec<u8>>,
    pub(super) labels: Vec<Vec<i64>>,
    pub(super) loss: f64,
    #[serde(default)]
    pub(super) grad_norms: BTreeMap<String, f64>,
}

/// What a batch's balance loss comes to: alone and unweighted, and in the loss.
#[derive(Deserialize)]
pub(super) struct Aux {
    pub(super) aux_loss: f64,
    pub(super) loss_with_aux: f64,
    #[serde(default)]
    pub(super) router_grad_norms_with_aux: BTreeMap<String, f64>,
}

/// Greedy continuations without an end token.
#[derive(Deserialize)]
pub(super) struct Generate {
    pub(super) input_ids: Vec<Vec<u32>>,
    pub(super) attention_mask: Vec<Vec<u8>>,
    pub(super) max_new_tokens: usize,
    pub(super) expected_ids: Vec<Vec<u32>>,
}

/// The same continuations with one: it is the last token said, padding follows.
#[derive(Deserialize)]
pub(super) struct GenerateEos {
    pub(super) eos_token_id: u32,
    pub(super) expected_ids: Vec<Vec<u32>>,
}

/// How far the reference's own kernels are apart.
#[derive(Default, Deserialize)]
pub(super) struct Noise {
    #[serde(default)]
    pub(super) max_abs_logit_diff: f64,
}

impl Case {
    pub(super) fn open(dir: &Path) -> Result<Self> {
        let path = dir.join(CASE);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let file = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        let gradients = dir.join("grads_nopad.safetensors");
        Ok(Self {
            dir: dir.to_path_buf(),
            file,
            expected: tensors(&dir.join("expected.safetensors"))?,
            gradients: match gradients.exists() {
                true => tensors(&gradients)?,
                false => BTreeMap::new(),
            },
        })
    }
}

pub(super) fn tensors(path: &Path) -> Result<BTreeMap<String, Numbers>> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    let file = SafeTensors::deserialize(&bytes).with_context(|| path.display().to_string())?;
    let mut all = BTreeMap::new();
    for (name, view) in file.tensors() {
        if view.dtype() != Dtype::F32 {
            continue;
        }
        let words = view.data().as_chunks::<4>().0;
        let values = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
        let shape = view.shape().to_vec();
        all.insert(name, Numbers { shape, values });
    }
    Ok(all)
}

/// The ids of each row that are not padding, and where they stand.
pub(super) fn real(ids: &[Vec<u32>], mask: &[Vec<u8>]) -> Result<Vec<(Vec<usize>, Vec<u32>)>> {
    ensure!(
        ids.len() == mask.len(),
        "as many rows of ids as of the mask"
    );
    ids.iter()
        .zip(mask)
        .map(|(ids, mask)| {
            ensure!(
                ids.len() == mask.len(),
                "as many ids as entries of the mask"
            );
            let at: Vec<usize> = (0..ids.len()).filter(|&i| mask[i] != 0).collect();
            let kept = at.iter().map(|&i| ids[i]).collect();
            Ok((at, kept))
        })
        .collect()
}
