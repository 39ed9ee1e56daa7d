//! The architecture of a model by a preset's numbers.

use moe_model::{
    AttentionConfig, DecoderConfig, GroupedConfig, LatentConfig, MixtureConfig, MtpConfig,
    RopeConfig, Scores,
};

use crate::preset;

/// Which model is trained.
#[derive(Debug, Clone, Copy)]
pub enum Shape<'a> {
    /// A mixture of experts with latent attention.
    Mixture(&'a preset::Model),
    /// A dense model with grouped-query attention.
    Dense(&'a preset::Student),
}

/// The model with this many tokens.
pub(crate) fn decoder_config(shape: Shape<'_>, vocabulary: usize) -> DecoderConfig {
    match shape {
        Shape::Mixture(model) => DecoderConfig {
            vocabulary,
            width: model.width,
            layers: model.layers,
            inner: model.dense_inner,
            inner_bias: false,
            attention: AttentionConfig::Latent(LatentConfig {
                heads: model.heads,
                query_rank: (model.q_rank > 0).then_some(model.q_rank),
                latent_rank: model.kv_rank,
                nope_dim: model.nope_dim,
                rope_dim: model.rope_dim,
                value_dim: model.value_dim,
                bias: false,
                interleaved: true,
            }),
            mixture: Some(MixtureConfig {
                dense_layers: (0..model.dense_layers).collect(),
                scores: Scores::Sigmoid,
                experts: model.experts,
                active: model.active_experts,
                shared: model.shared_experts,
                inner: model.expert_inner,
                groups: model.groups,
                active_groups: model.active_groups,
                normalise: true,
                scaling: model.routed_scaling,
                bias_speed: model.bias_speed,
                balance_weight: model.balance_alpha,
            }),
            mtp: (model.mtp_depth > 0).then_some(MtpConfig {
                depth: model.mtp_depth,
                weight: model.mtp_weight,
            }),
            rope: RopeConfig::plain(10_000.0),
            norm_eps: 1e-6,
            tied: false,
            max_positions: model.max_positions,
            init_std: INIT_STD,
        },
        Shape::Dense(student) => DecoderConfig {
            vocabulary,
            width: student.width,
            layers: student.layers,
            inner: student.inner,
            inner_bias: false,
            attention: AttentionConfig::Grouped(GroupedConfig::new(
                student.heads,
                student.kv_heads,
                student.width / student.heads,
            )),
            mixture: None,
            mtp: None,
            rope: RopeConfig::plain(10_000.0),
            norm_eps: 1e-6,
            tied: true,
            max_positions: 4096,
            init_std: INIT_STD,
        },
    }
}

/// Standard deviation of the initial weights, for models far narrower than DeepSeek-V3 (0.006).
const INIT_STD: f64 = 0.09;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;

    fn of_run(name: &str) -> DecoderConfig {
        let preset = Preset::load(name, &[]).unwrap();
        decoder_config(Shape::Mixture(&preset.model), preset.tasks.vocabulary)
    }

    #[test]
    fn a_model_has_the_shape_of_the_run_of_its_name() {
        for name in ["smoke", "tiny", "small"] {
            let model = moe_model::Preset::named(name).unwrap();
            assert_eq!(of_run(name), model.config(), "{name}");
        }
    }

    #[test]
    fn the_paper_runs_deepseek_v3() {
        let published = moe_model::Preset::DeepseekV3.config();
        // Trained without stretched positions; the length is that of R1's responses.
        let as_run = DecoderConfig {
            rope: RopeConfig::plain(10_000.0),
            max_positions: 69_632,
            init_std: INIT_STD,
            ..published
        };
        assert_eq!(of_run("paper"), as_run);
    }
}
