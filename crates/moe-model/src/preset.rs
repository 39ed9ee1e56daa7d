//! Models by name. Only shapes: what they are trained on and how is in the presets of `r1`.

use crate::config::{
    AttentionConfig, DecoderConfig, LatentConfig, MixtureConfig, MtpConfig, RopeConfig,
    RopeScaling, Scores, YarnConfig,
};

/// A model whose settings have a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// DeepSeek-V3 as published (arXiv 2412.19437, section 4.2, and its `config.json`): 671B
    /// parameters, 37B of them active.
    DeepseekV3,
    /// DeepSeek-V3's shape with 16 routed experts, at a size that one GPU trains: 354M parameters,
    /// 127M of them active. The proportions are V3's where they carry over: the rotated part of a
    /// head is half of the other, the latent is a third of the width, the mixture begins after the
    /// first block, half of the groups are open to a token. Two of 16 experts a token, not 8 of
    /// 256, so that each still sees an eighth of the text.
    Seed16,
    /// The mixture of the run preset `small`: 107M parameters.
    Small,
    /// The mixture of the run preset `tiny`: 1.8M parameters.
    Tiny,
    /// The mixture of the run preset `smoke`: 66k parameters.
    Smoke,
}

impl Preset {
    /// All of them, from the largest.
    pub const ALL: [Self; 5] = [
        Self::DeepseekV3,
        Self::Seed16,
        Self::Small,
        Self::Tiny,
        Self::Smoke,
    ];

    /// Its name, as on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::DeepseekV3 => "deepseek-v3",
            Self::Seed16 => "seed-16",
            Self::Small => "small",
            Self::Tiny => "tiny",
            Self::Smoke => "smoke",
        }
    }

    /// The preset of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// Its settings.
    ///
    /// ```
    /// use moe_model::{ParameterCount, Preset};
    ///
    /// let config = Preset::named("deepseek-v3").unwrap().config();
    /// assert_eq!(ParameterCount::new(&config).total, 671_026_419_200);
    /// ```
    pub fn config(self) -> DecoderConfig {
        match self {
            Self::DeepseekV3 => deepseek_v3(),
            Self::Seed16 => seed_16(),
            Self::Small => DecoderConfig {
                vocabulary: 4096,
                max_positions: 1024,
                ..narrow(
                    12,
                    512,
                    1536,
                    latent(8, 128, 48, 16, 64),
                    experts(320, 0.001, 1e-4),
                )
            },
            Self::Tiny => DecoderConfig {
                mtp: None,
                ..narrow(
                    4,
                    128,
                    256,
                    latent(4, 48, 24, 8, 32),
                    experts(64, 0.002, 1e-3),
                )
            },
            Self::Smoke => DecoderConfig {
                vocabulary: 400,
                max_positions: 128,
                ..narrow(2, 32, 64, latent(2, 16, 8, 8, 16), experts(16, 0.001, 1e-4))
            },
        }
    }
}

fn deepseek_v3() -> DecoderConfig {
    DecoderConfig {
        vocabulary: 129_280,
        width: 7168,
        layers: 61,
        inner: 18_432,
        attention: AttentionConfig::Latent(LatentConfig {
            query_rank: Some(1536),
            ..latent(128, 512, 128, 64, 128)
        }),
        mixture: Some(MixtureConfig {
            dense_layers: (0..3).collect(),
            experts: 256,
            active: 8,
            groups: 8,
            active_groups: 4,
            scaling: 2.5,
            ..experts(2048, 0.001, 1e-4)
        }),
        rope: RopeConfig {
            theta: 10_000.0,
            scaling: RopeScaling::Yarn(YarnConfig {
                factor: 40.0,
                mscale: Some(1.0),
                mscale_all_dim: Some(1.0),
                ..YarnConfig::default()
            }),
        },
        max_positions: 163_840,
        // Section 4.2; config.json says 0.02, which nothing reads.
        init_std: 0.006,
        ..seed_16()
    }
}

fn seed_16() -> DecoderConfig {
    DecoderConfig {
        vocabulary: 32_768,
        width: 768,
        layers: 12,
        inner: 2048,
        inner_bias: false,
        attention: AttentionConfig::Latent(LatentConfig {
            query_rank: Some(384),
            ..latent(12, 256, 64, 32, 64)
        }),
        mixture: Some(experts(640, 0.001, 1e-4)),
        // Section 4.2 begins with 0.3 and ends with 0.1.
        mtp: Some(MtpConfig {
            depth: 1,
            weight: 0.3,
        }),
        rope: RopeConfig::plain(10_000.0),
        norm_eps: 1e-6,
        tied: false,
        max_positions: 4096,
        init_std: 0.02,
    }
}

/// A model of the run presets: queries are not compressed, and the initial weights are wider.
fn narrow(
    layers: usize,
    width: usize,
    inner: usize,
    attention: LatentConfig,
    mixture: MixtureConfig,
) -> DecoderConfig {
    DecoderConfig {
        vocabulary: 768,
        width,
        layers,
        inner,
        attention: AttentionConfig::Latent(attention),
        mixture: Some(mixture),
        max_positions: 256,
        init_std: 0.09,
        ..seed_16()
    }
}

fn latent(
    heads: usize,
    latent_rank: usize,
    nope_dim: usize,
    rope_dim: usize,
    value_dim: usize,
) -> LatentConfig {
    LatentConfig {
        heads,
        query_rank: None,
        latent_rank,
        nope_dim,
        rope_dim,
        value_dim,
        bias: false,
        interleaved: true,
    }
}

/// 16 routed experts, two of them and a shared one for each token.
fn experts(inner: usize, bias_speed: f64, balance_weight: f64) -> MixtureConfig {
    MixtureConfig {
        dense_layers: vec![0],
        scores: Scores::Sigmoid,
        experts: 16,
        active: 2,
        shared: 1,
        inner,
        groups: 4,
        active_groups: 2,
        normalise: true,
        scaling: 1.0,
        bias_speed,
        balance_weight,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_valid_and_found_by_its_name() {
        for preset in Preset::ALL {
            assert_eq!(preset.config().validate(), Ok(()));
            assert_eq!(Preset::named(preset.name()), Some(preset));
        }
        assert_eq!(Preset::named("deepseek-v4"), None);
    }
}
