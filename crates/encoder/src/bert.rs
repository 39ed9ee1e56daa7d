//! The encoder of BERT (arXiv 1810.04805; arXiv 1706.03762, sections 3.1 and 3.2): attention to
//! both sides, layer norms after the sums.

use burn::tensor::activation::{gelu, softmax};
use burn::tensor::{Int, Tensor};
use kernels::Packed;

use crate::EncoderError;
use crate::config::BertConfig;
use crate::weights::Weights;

/// The encoder with its weights.
#[derive(Debug)]
pub(crate) struct Bert {
    words_vd: Tensor<2>,
    positions_pd: Tensor<2>,
    /// Of the one segment there is.
    segment_d: Tensor<1>,
    norm: Norm,
    blocks: Vec<Block>,
    heads: usize,
}

#[derive(Debug)]
struct Block {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    attention_norm: Norm,
    up: Linear,
    down: Linear,
    norm: Norm,
}

#[derive(Debug)]
struct Linear {
    weight: Weight,
    bias: Tensor<1>,
}

/// As products of few rows read it fastest, where the device has such a form.
#[derive(Debug)]
enum Weight {
    Packed(Packed),
    Plain(Tensor<2>),
}

#[derive(Debug)]
struct Norm {
    weight: Tensor<1>,
    bias: Tensor<1>,
    eps: f64,
}

impl Bert {
    pub(crate) fn load(config: &BertConfig, from: &Weights<'_>) -> Result<Self, EncoderError> {
        let (d, eps) = (config.hidden_size, config.layer_norm_eps);
        let embedding = |name: &str, rows: usize| {
            from.matrix(&format!("embeddings.{name}_embeddings.weight"), [rows, d])
        };
        let segments = embedding("token_type", config.type_vocab_size)?;
        let blocks = (0..config.num_hidden_layers)
            .map(|layer| Block::load(config, from, layer))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            words_vd: embedding("word", config.vocab_size)?,
            positions_pd: embedding("position", config.max_position_embeddings)?,
            segment_d: segments.slice([0..1, 0..d]).reshape([d]),
            norm: Norm::load(from, "embeddings.LayerNorm", d, eps)?,
            blocks,
            heads: config.num_attention_heads,
        })
    }

    /// The vectors of tokens.
    ///
    /// # Shapes
    /// `tokens_bt` `[b, t]`; `seen_bt` `[b, t]`, 1 for a token and 0 for what only fills up; the result
    /// `[b, t, d]`, meaningless where nothing is seen.
    pub(crate) fn forward(&self, tokens_bt: Tensor<2, Int>, seen_bt: Tensor<2>) -> Tensor<3> {
        let [b, t] = tokens_bt.dims();
        let d = self.segment_d.dims()[0];
        let words = self.words_vd.clone().select(0, tokens_bt.reshape([b * t]));
        let places = self.positions_pd.clone().slice([0..t, 0..d]);
        let x = words.reshape([b, t, d]) + places.unsqueeze() + self.segment_d.clone().unsqueeze();
        // What is not seen weighs e^−10000, which is 0.
        let hidden_b11t = ((seen_bt - 1.0) * 10_000.0).reshape([b, 1, 1, t]);
        let mut x_nd = self.norm.forward(x.reshape([b * t, d]));
        for block in &self.blocks {
            x_nd = block.forward(x_nd, hidden_b11t.clone(), self.heads);
        }
        x_nd.reshape([b, t, d])
    }
}

impl Block {
    fn load(config: &BertConfig, from: &Weights<'_>, layer: usize) -> Result<Self, EncoderError> {
        let (d, inner, eps) = (
            config.hidden_size,
            config.intermediate_size,
            config.layer_norm_eps,
        );
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let linear = |part: &str, shape| Linear::load(from, &name(part), shape);
        let norm = |part: &str| Norm::load(from, &name(part), d, eps);
        Ok(Self {
            query: linear("attention.self.query", [d, d])?,
            key: linear("attention.self.key", [d, d])?,
            value: linear("attention.self.value", [d, d])?,
            output: linear("attention.output.dense", [d, d])?,
            attention_norm: norm("attention.output.LayerNorm")?,
            up: linear("intermediate.dense", [d, inner])?,
            down: linear("output.dense", [inner, d])?,
            norm: norm("output.LayerNorm")?,
        })
    }

    fn forward(&self, x_nd: Tensor<2>, hidden_b11t: Tensor<4>, heads: usize) -> Tensor<2> {
        let [b, _, _, t] = hidden_b11t.dims();
        let d = x_nd.dims()[1];
        let e = d / heads;
        let split = |linear: &Linear| {
            let out = linear.forward(x_nd.clone());
            out.reshape([b, t, heads, e]).swap_dims(1, 2)
        };
        let scores = split(&self.query).matmul(split(&self.key).transpose());
        let weights = softmax(scores / (e as f64).sqrt() + hidden_b11t, 3);
        let mixed = weights.matmul(split(&self.value)).swap_dims(1, 2);
        let mixed = self.output.forward(mixed.reshape([b * t, d]));
        let x_nd = self.attention_norm.forward(x_nd + mixed);
        let inner = gelu(self.up.forward(x_nd.clone()));
        self.norm.forward(x_nd + self.down.forward(inner))
    }
}

impl Linear {
    fn load(from: &Weights<'_>, name: &str, shape: [usize; 2]) -> Result<Self, EncoderError> {
        let weight = from.projection(&format!("{name}.weight"), shape)?;
        let packed = Packed::new(weight.clone()).map(Weight::Packed);
        Ok(Self {
            weight: packed.unwrap_or(Weight::Plain(weight)),
            bias: from.vector(&format!("{name}.bias"), shape[1])?,
        })
    }

    fn forward(&self, x_nd: Tensor<2>) -> Tensor<2> {
        let bias = Some(self.bias.clone());
        match &self.weight {
            Weight::Packed(weight) => kernels::linear_packed(x_nd, weight, bias),
            Weight::Plain(weight) => kernels::linear(x_nd, weight.clone(), bias),
        }
    }
}

impl Norm {
    fn load(from: &Weights<'_>, name: &str, d: usize, eps: f64) -> Result<Self, EncoderError> {
        Ok(Self {
            weight: from.vector(&format!("{name}.weight"), d)?,
            bias: from.vector(&format!("{name}.bias"), d)?,
            eps,
        })
    }

    /// Mean 0 and variance 1, then weight and bias (arXiv 1607.06450, equation 4).
    fn forward(&self, x_nd: Tensor<2>) -> Tensor<2> {
        let centred = x_nd.clone() - x_nd.mean_dim(1);
        let variance = (centred.clone() * centred.clone()).mean_dim(1);
        let scaled = centred / (variance + self.eps).sqrt();
        scaled * self.weight.clone().unsqueeze() + self.bias.clone().unsqueeze()
    }
}
