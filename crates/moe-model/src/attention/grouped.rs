//! Grouped-query attention (arXiv 2305.13245) with split-half rotary positions, as Llama has it;
//! with biases as Qwen2, with norms of queries and keys as Qwen3.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use kernels::RopeLayout;

use super::Layout;
use crate::cache::LayerCache;
use crate::config::{DecoderConfig, GroupedConfig};
use crate::norm::RmsNorm;
use crate::projection::Projection;

#[derive(Module, Debug)]
pub(crate) struct Grouped {
    q_proj: Projection,
    k_proj: Projection,
    v_proj: Projection,
    o_proj: Projection,
    q_norm: Option<RmsNorm>,
    k_norm: Option<RmsNorm>,
    heads: usize,
    kv_heads: usize,
    head_dim: usize,
    rotated_dim: usize,
}

impl Grouped {
    pub(crate) fn new(grouped: &GroupedConfig, config: &DecoderConfig, device: &Device) -> Self {
        let GroupedConfig {
            heads,
            kv_heads,
            head_dim,
            rotated_dim,
            qkv_bias,
            output_bias,
            qk_norm,
        } = *grouped;
        let read = |heads| Projection::new(config.width, heads * head_dim, qkv_bias, device);
        let norm = || qk_norm.then(|| RmsNorm::new(head_dim, config.norm_eps, device));
        Self {
            q_proj: read(heads),
            k_proj: read(kv_heads),
            v_proj: read(kv_heads),
            o_proj: Projection::new(heads * head_dim, config.width, output_bias, device),
            q_norm: norm(),
            k_norm: norm(),
            heads,
            kv_heads,
            head_dim,
            rotated_dim,
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
        let span = &layout.span;
        cache
            .keys
            .inplace(|keys| kernels::cache_write(keys, k, span));
        let values = cache.values.as_mut().expect("a grouped cache holds values");
        values.inplace(|values| kernels::cache_write(values, v, span));
        self.attend(q, cache.keys.clone(), values.clone(), layout)
    }

    pub(crate) fn cache(&self, rows: usize, capacity: usize, device: &Device) -> LayerCache {
        let shape = [rows, capacity, self.kv_heads, self.head_dim];
        LayerCache::new(shape, Some(shape), device)
    }

    pub(super) fn projections(&mut self) -> Vec<(&'static str, &mut Projection)> {
        vec![
            ("q_proj", &mut self.q_proj),
            ("k_proj", &mut self.k_proj),
            ("v_proj", &mut self.v_proj),
            ("o_proj", &mut self.o_proj),
        ]
    }

    /// Queries, keys and values, `[b, t, heads, head_dim]`, rotated.
    fn project(&self, x_nd: Tensor<2>, layout: &Layout) -> [Tensor<4>; 3] {
        let (b, t, d) = (layout.rows, layout.width, self.head_dim);
        let place = |x: Tensor<2>, heads, norm: &Option<RmsNorm>| {
            let x = match norm {
                Some(norm) => norm.forward(x.reshape([b * t * heads, d])),
                None => x,
            };
            self.rotate(x.reshape([b, t, heads, d]), layout)
        };
        let q = place(self.q_proj.forward(x_nd.clone()), self.heads, &self.q_norm);
        let k = place(
            self.k_proj.forward(x_nd.clone()),
            self.kv_heads,
            &self.k_norm,
        );
        let v = self.v_proj.forward(x_nd);
        [q, k, v.reshape([b, t, self.kv_heads, d])]
    }

    /// Rotates the leading part of each head.
    fn rotate(&self, x_bthd: Tensor<4>, layout: &Layout) -> Tensor<4> {
        let (cos, sin) = (layout.angles.cos_btr.clone(), layout.angles.sin_btr.clone());
        let rest = self.head_dim - self.rotated_dim;
        if rest == 0 {
            return kernels::rope(x_bthd, cos, sin, RopeLayout::Split);
        }
        let turned = x_bthd.clone().narrow(3, 0, self.rotated_dim);
        let turned = kernels::rope(turned, cos, sin, RopeLayout::Split);
        Tensor::cat(vec![turned, x_bthd.narrow(3, self.rotated_dim, rest)], 3)
    }

    fn attend(&self, q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, layout: &Layout) -> Tensor<2> {
        let scale = (self.head_dim as f64).powf(-0.5);
        let mixed = kernels::attention(q, k, v, &layout.span, scale);
        let n = layout.rows * layout.width;
        self.o_proj
            .forward(mixed.reshape([n, self.heads * self.head_dim]))
    }
}
