//! Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, equations 37–47).
//!
//! Keys and values are read out of one small vector a token, and one rotary key is shared by all
//! heads; only these are cached. Training expands them to ordinary heads. Decoding multiplies the
//! expansion into the query and out of the result instead ("absorbed"), so that a step costs one
//! attention with a single shared key-value head as wide as the cache.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use kernels::RopeLayout;

use super::Layout;
use crate::cache::LayerCache;
use crate::config::{DecoderConfig, LatentConfig};
use crate::norm::RmsNorm;
use crate::projection::Projection;

/// The epsilon of the compression norms, whatever the rest of the model uses.
const LATENT_NORM_EPS: f64 = 1e-6;

#[derive(Module, Debug)]
pub(crate) struct Latent {
    q_proj: Option<Projection>,
    q_a_proj: Option<Projection>,
    q_a_layernorm: Option<RmsNorm>,
    q_b_proj: Option<Projection>,
    kv_a_proj_with_mqa: Projection,
    kv_a_layernorm: RmsNorm,
    kv_b_proj: Projection,
    o_proj: Projection,
    heads: usize,
    rank: usize,
    nope: usize,
    rope: usize,
    value: usize,
    scale: f64,
    interleaved: bool,
}

impl Latent {
    pub(crate) fn new(latent: &LatentConfig, config: &DecoderConfig, device: &Device) -> Self {
        let LatentConfig {
            heads,
            query_rank,
            latent_rank,
            nope_dim,
            rope_dim,
            value_dim,
            bias,
            interleaved,
        } = *latent;
        let queries = heads * (nope_dim + rope_dim);
        let direct = query_rank.is_none();
        Self {
            q_proj: direct.then(|| Projection::plain(config.width, queries, device)),
            q_a_proj: query_rank.map(|rank| Projection::new(config.width, rank, bias, device)),
            q_a_layernorm: query_rank.map(|rank| RmsNorm::new(rank, LATENT_NORM_EPS, device)),
            q_b_proj: query_rank.map(|rank| Projection::plain(rank, queries, device)),
            kv_a_proj_with_mqa: Projection::new(config.width, latent_rank + rope_dim, bias, device),
            kv_a_layernorm: RmsNorm::new(latent_rank, LATENT_NORM_EPS, device),
            kv_b_proj: Projection::plain(latent_rank, heads * (nope_dim + value_dim), device),
            o_proj: Projection::new(heads * value_dim, config.width, bias, device),
            heads,
            rank: latent_rank,
            nope: nope_dim,
            rope: rope_dim,
            value: value_dim,
            scale: config.rope.attention_scale() / ((nope_dim + rope_dim) as f64).sqrt(),
            interleaved,
        }
    }

    pub(crate) fn forward(&self, x_nd: Tensor<2>, layout: &Layout) -> Tensor<2> {
        let (b, t) = (layout.rows, layout.width);
        let (q_nope, q_rope) = self.queries(x_nd.clone(), layout);
        let (latent_nr, k_rope) = self.compress(x_nd, layout);
        let kv = self.kv_b_proj.forward(latent_nr);
        let kv = kv.reshape([b, t, self.heads, self.nope + self.value]);
        let k_nope = kv.clone().narrow(3, 0, self.nope);
        let v = kv.narrow(3, self.nope, self.value);
        let k_rope = k_rope.expand([b, t, self.heads, self.rope]);
        let q = Tensor::cat(vec![q_nope, q_rope], 3);
        let k = Tensor::cat(vec![k_nope, k_rope], 3);
        let mixed = kernels::attention(q, k, v, &layout.span, self.scale);
        self.o_proj
            .forward(mixed.reshape([b * t, self.heads * self.value]))
    }

    pub(crate) fn decode(
        &self,
        x_nd: Tensor<2>,
        layout: &Layout,
        cache: &mut LayerCache,
    ) -> Tensor<2> {
        let (b, t, n) = (layout.rows, layout.width, layout.rows * layout.width);
        let (q_nope, q_rope) = self.queries(x_nd.clone(), layout);
        let (latent_nr, k_rope) = self.compress(x_nd, layout);
        let latent = latent_nr.reshape([b, t, 1, self.rank]);
        let keys = Tensor::cat(vec![latent, k_rope], 3);
        cache
            .keys
            .inplace(|cached| kernels::cache_write(cached, keys, &layout.span));

        let (up_key_hpr, up_value_hrv) = self.absorbed();
        let q_nope = q_nope.reshape([n, self.heads, self.nope]);
        let q_latent = kernels::linear_heads(q_nope, up_key_hpr);
        let q_latent = q_latent.reshape([b, t, self.heads, self.rank]);
        let q = Tensor::cat(vec![q_latent, q_rope], 3);
        let mixed = kernels::attention(
            q,
            cache.keys.clone(),
            cache.keys.clone(),
            &layout.span,
            self.scale,
        );
        let mixed = mixed
            .narrow(3, 0, self.rank)
            .reshape([n, self.heads, self.rank]);
        let values = kernels::linear_heads(mixed, up_value_hrv);
        self.o_proj
            .forward(values.reshape([n, self.heads * self.value]))
    }

    pub(crate) fn cache(&self, rows: usize, capacity: usize, device: &Device) -> LayerCache {
        LayerCache::new([rows, capacity, 1, self.rank + self.rope], None, device)
    }

    pub(super) fn projections(&mut self) -> Vec<(&'static str, &mut Projection)> {
        let named = [
            ("q_proj", self.q_proj.as_mut()),
            ("q_a_proj", self.q_a_proj.as_mut()),
            ("q_b_proj", self.q_b_proj.as_mut()),
            ("kv_a_proj_with_mqa", Some(&mut self.kv_a_proj_with_mqa)),
            ("kv_b_proj", Some(&mut self.kv_b_proj)),
            ("o_proj", Some(&mut self.o_proj)),
        ];
        let present = named.into_iter();
        present
            .filter_map(|(name, projection)| Some((name, projection?)))
            .collect()
    }

    /// Queries without and with position, `[b, t, h, ·]`.
    fn queries(&self, x_nd: Tensor<2>, layout: &Layout) -> (Tensor<4>, Tensor<4>) {
        let q = match (
            &self.q_proj,
            &self.q_a_proj,
            &self.q_a_layernorm,
            &self.q_b_proj,
        ) {
            (Some(direct), ..) => direct.forward(x_nd),
            (None, Some(down), Some(norm), Some(up)) => {
                up.forward(norm.forward(down.forward(x_nd)))
            }
            _ => unreachable!("queries are projected directly or through a compression"),
        };
        let q = q.reshape([layout.rows, layout.width, self.heads, self.nope + self.rope]);
        let q_rope = self.rotate(q.clone().narrow(3, self.nope, self.rope), layout);
        (q.narrow(3, 0, self.nope), q_rope)
    }

    /// The compressed vector `[n, r]` and the rotary key `[b, t, 1, rope]`.
    fn compress(&self, x_nd: Tensor<2>, layout: &Layout) -> (Tensor<2>, Tensor<4>) {
        let joint = self.kv_a_proj_with_mqa.forward(x_nd);
        let k_rope = joint.clone().narrow(1, self.rank, self.rope);
        let k_rope = k_rope.reshape([layout.rows, layout.width, 1, self.rope]);
        let latent = self.kv_a_layernorm.forward(joint.narrow(1, 0, self.rank));
        (latent, self.rotate(k_rope, layout))
    }

    fn rotate(&self, x_bthd: Tensor<4>, layout: &Layout) -> Tensor<4> {
        let angles = &layout.angles;
        let (cos, sin) = (angles.cos_btr.clone(), angles.sin_btr.clone());
        let layout = match self.interleaved {
            true => RopeLayout::Interleaved,
            false => RopeLayout::Split,
        };
        kernels::rope(x_bthd, cos, sin, layout)
    }

    /// `kv_b_proj` as the key side `[h, nope, r]` and the value side `[h, r, value]`.
    fn absorbed(&self) -> (Tensor<3>, Tensor<3>) {
        let weight = self.kv_b_proj.effective();
        let weight = weight.reshape([self.rank, self.heads, self.nope + self.value]);
        let key = weight.clone().narrow(2, 0, self.nope).permute([1, 2, 0]);
        let value = weight.narrow(2, self.nope, self.value).permute([1, 0, 2]);
        (key, value)
    }
}
