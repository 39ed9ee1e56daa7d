//! Grouped-query attention (arXiv 2305.13245) with split-half rotary positions, as Llama has it.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};
use kernels::RopeLayout;

use super::{Layout, projection};
use crate::cache::LayerCache;
use crate::config::{DecoderConfig, GroupedConfig};

#[derive(Module, Debug)]
pub(crate) struct Grouped {
    q_proj: Linear,
    k_proj: Linear,
    v_proj: Linear,
    o_proj: Linear,
    heads: usize,
    kv_heads: usize,
    head_dim: usize,
}

impl Grouped {
    pub(crate) fn new(grouped: &GroupedConfig, config: &DecoderConfig, device: &Device) -> Self {
        let GroupedConfig {
            heads,
            kv_heads,
            head_dim,
        } = *grouped;
        Self {
            q_proj: projection(config.width, heads * head_dim, device),
            k_proj: projection(config.width, kv_heads * head_dim, device),
            v_proj: projection(config.width, kv_heads * head_dim, device),
            o_proj: projection(heads * head_dim, config.width, device),
            heads,
            kv_heads,
            head_dim,
        }
    }

    pub(crate) fn forward(&self, x_nd: Tensor<2>, layout: &Layout) -> Tensor<2> {
        let [q, k, v] = self.project(x_nd, layout);
        self.attend(q, k, v, layout)
    }

    pub(crate) fn decode(
        &self,
        x_nd: Tensor<2>,
        layout: &Layout,
        cache: &mut LayerCache,
    ) -> Tensor<2> {
        let [q, k, v] = self.project(x_nd, layout);
        let offsets = &layout.span.offsets;
        cache
            .keys
            .inplace(|keys| kernels::cache_write(keys, k, offsets));
        let values = cache.values.as_mut().expect("a grouped cache holds values");
        values.inplace(|values| kernels::cache_write(values, v, offsets));
        self.attend(q, cache.keys.clone(), values.clone(), layout)
    }

    pub(crate) fn cache(&self, rows: usize, capacity: usize, device: &Device) -> LayerCache {
        let shape = [rows, capacity, self.kv_heads, self.head_dim];
        LayerCache::new(shape, Some(shape), device)
    }

    /// Queries, keys and values, `[b, t, heads, head_dim]`, rotated.
    fn project(&self, x_nd: Tensor<2>, layout: &Layout) -> [Tensor<4>; 3] {
        let split =
            |x: Tensor<2>, heads| x.reshape([layout.rows, layout.width, heads, self.head_dim]);
        let rotate = |x: Tensor<4>| {
            let angles = &layout.angles;
            kernels::rope(
                x,
                angles.cos_btr.clone(),
                angles.sin_btr.clone(),
                RopeLayout::Split,
            )
        };
        let q = rotate(split(self.q_proj.forward(x_nd.clone()), self.heads));
        let k = rotate(split(self.k_proj.forward(x_nd.clone()), self.kv_heads));
        let v = split(self.v_proj.forward(x_nd), self.kv_heads);
        [q, k, v]
    }

    fn attend(&self, q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, layout: &Layout) -> Tensor<2> {
        let scale = (self.head_dim as f64).powf(-0.5);
        let mixed = kernels::attention(q, k, v, &layout.span, scale);
        let n = layout.rows * layout.width;
        self.o_proj
            .forward(mixed.reshape([n, self.heads * self.head_dim]))
    }
}
