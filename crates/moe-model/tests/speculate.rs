//! Greedy decoding with drafts says what greedy decoding says.

mod small;

use burn::tensor::{Device, Tensor};
use lm::{
    CausalLm, Drafter, GenerateOptions, Prompt, Rollout, Sampling, Speculated, Speculation,
    TokenBatch, generate, speculate,
};
use moe_model::{Decoder, DecoderConfig, MtpConfig};

const TOKENS: usize = 24;

/// A model whose choices vary: the same weights would repeat one token for ever.
fn model(seed: u64) -> Decoder {
    let config = DecoderConfig {
        vocabulary: 13,
        mtp: Some(MtpConfig {
            depth: 1 + seed as usize % 2,
            weight: 0.3,
        }),
        init_std: 0.5,
        ..small::mixture((seed % 2 == 1).then_some(7))
    };
    Decoder::init(&config, seed, &Device::flex()).unwrap()
}

fn prompts(seed: u64) -> Vec<Vec<u32>> {
    (0..6u32)
        .map(|row| {
            (0..=row * 2)
                .map(|i| (i * 5 + row * 3 + seed as u32) % 13)
                .collect()
        })
        .collect()
}

fn options(end_token: u32, max_draft: usize) -> Speculation {
    Speculation {
        max_new_tokens: TOKENS,
        end_token,
        max_draft,
    }
}

fn plainly(model: &Decoder, prompts: &[Vec<u32>], end_token: u32) -> Vec<Rollout> {
    let prompts: Vec<Prompt> = prompts
        .iter()
        .map(|tokens| Prompt {
            id: String::new(),
            tokens: tokens.clone(),
        })
        .collect();
    let options = GenerateOptions {
        samples: 1,
        sampling: Sampling::GREEDY,
        max_new_tokens: TOKENS,
        end_token,
        seed: 0,
        max_rows: 64,
        memory: None,
    };
    generate(model, &prompts, &options, &mut |_| ()).unwrap()
}

fn rows(prompts: &[Vec<u32>]) -> Vec<&[u32]> {
    prompts.iter().map(Vec::as_slice).collect()
}

#[track_caller]
fn assert_same(plain: &[Rollout], drafted: &[Speculated]) {
    assert_eq!(plain.len(), drafted.len());
    for (plain, drafted) in plain.iter().zip(drafted) {
        assert_eq!(plain.tokens, drafted.tokens);
        assert_eq!(plain.finish, drafted.finish);
        assert!(drafted.accepted <= drafted.drafted);
        assert!(drafted.accepted < drafted.tokens.len());
    }
}

#[test]
fn a_module_drafts_and_changes_nothing() {
    let (mut accepted, mut refused, mut ended) = (0, 0, 0);
    for seed in 0..12 {
        let (model, prompts) = (model(seed), prompts(seed));
        for end_token in [seed as u32 % 13, 99] {
            let plain = plainly(&model, &prompts, end_token);
            let drafted = speculate(
                &model,
                &rows(&prompts),
                &options(end_token, 1),
                |rows, columns| model.drafter(rows, columns).unwrap(),
            );
            assert_same(&plain, &drafted);
            accepted += drafted.iter().map(|row| row.accepted).sum::<usize>();
            refused += drafted
                .iter()
                .map(|row| row.drafted - row.accepted)
                .sum::<usize>();
            ended += plain
                .iter()
                .filter(|row| row.tokens.ends_with(&[end_token]))
                .count();
        }
    }
    // Random weights agree with themselves by luck: all three cases must have come up.
    assert!(
        accepted > 20 && refused > 200 && ended > 5,
        "{accepted} {refused} {ended}"
    );
}

/// The module's first choice after each position of `tokens`, read at once.
fn first_choices(model: &Decoder, tokens: &[u32]) -> (Tensor<3>, Vec<u32>) {
    let batch = TokenBatch::new(&[tokens]);
    let hidden_btd = model.forward(&batch).hidden_btd;
    let modules = model
        .multi_token(&batch, hidden_btd.clone())
        .unwrap()
        .modules;
    let states = modules[0].hidden_btd.clone();
    let [_, t, d] = states.dims();
    let best = model.logits(states.reshape([t, d])).argmax(1).into_data();
    (hidden_btd, best.iter::<i64>().map(|id| id as u32).collect())
}

#[test]
fn drafts_are_the_choices_of_the_module_in_training() {
    for seed in 0..4 {
        let model = model(seed);
        let texts = [
            [1u32, 5, 2, 8, 3, 9, 4, 12, 7, 6],
            [3, 1, 4, 1, 5, 9, 2, 6, 5, 3],
        ];
        let read = texts.map(|text| first_choices(&model, &text));
        let mut drafter = model.drafter(2, 12).unwrap();
        // Tokens settled for each row before, call by call; the rows change places after the second.
        let mut at = [0, 0];
        let mut rows = [0, 1];
        for (call, more) in [[4, 2], [1, 2], [2, 1], [1, 1]].into_iter().enumerate() {
            if call == 2 {
                rows = [1, 0];
                drafter.select(&rows);
            }
            let width = *more.iter().max().unwrap();
            let parts = rows.map(|row| {
                let hidden_btd = read[row].0.clone();
                (
                    hidden_btd.narrow(1, at[row], width),
                    &texts[row][at[row] + 1..],
                )
            });
            let settled: Vec<&[u32]> = parts.iter().zip(more).map(|(p, n)| &p.1[..n]).collect();
            let hidden = parts.iter().map(|part| part.0.clone()).collect();
            let drafts = drafter.draft(Tensor::cat(hidden, 0), &TokenBatch::new(&settled));
            for (place, row) in rows.into_iter().enumerate() {
                at[row] += more[place];
                assert_eq!(
                    drafts[place],
                    [read[row].1[at[row] - 1]],
                    "seed {seed}, call {call}"
                );
            }
        }
    }
}

/// Knows what will be said, and errs now and then.
struct Prophet {
    said: Vec<Vec<u32>>,
    at: Vec<usize>,
    err_every: usize,
    calls: usize,
}

impl Drafter for Prophet {
    fn draft(&mut self, hidden_btd: Tensor<3>, settled: &TokenBatch) -> Vec<Vec<u32>> {
        let [b, t, _] = hidden_btd.dims();
        assert_eq!((b, t), (settled.rows(), settled.width()));
        self.calls += 1;
        let rows = self.said.iter().zip(&mut self.at).zip(settled.lengths());
        rows.enumerate()
            .map(|(row, ((said, at), settled))| {
                *at += settled;
                let rest = said[*at..].iter().enumerate();
                rest.map(
                    |(i, &token)| match (row + self.calls + i) % self.err_every {
                        0 => (token + 1) % 13,
                        _ => token,
                    },
                )
                .take(row % 5)
                .collect()
            })
            .collect()
    }

    fn select(&mut self, rows: &[usize]) {
        self.said = rows.iter().map(|&row| self.said[row].clone()).collect();
        self.at = rows.iter().map(|&row| self.at[row]).collect();
    }
}

#[test]
fn drafts_of_any_length_may_be_right_or_wrong() {
    for seed in 0..6 {
        let (model, prompts) = (model(seed), prompts(seed));
        for end_token in [seed as u32 + 1, 99] {
            let plain = plainly(&model, &prompts, end_token);
            for err_every in [2, 5, 1000] {
                let drafted = speculate(&model, &rows(&prompts), &options(end_token, 3), |_, _| {
                    Prophet {
                        said: plain.iter().map(|row| row.tokens.clone()).collect(),
                        // the prompt's first token is never settled
                        at: vec![0; prompts.len()],
                        err_every,
                        calls: 0,
                    }
                    .after(&prompts)
                });
                assert_same(&plain, &drafted);
                let refused: usize = drafted.iter().map(|row| row.drafted - row.accepted).sum();
                assert_eq!(refused == 0, err_every == 1000);
            }
        }
    }
}

impl Prophet {
    /// Puts the prompts, all but their first tokens, before what is said.
    fn after(mut self, prompts: &[Vec<u32>]) -> Self {
        let pairs = self.said.iter_mut().zip(prompts);
        pairs.for_each(|(said, prompt)| *said = [&prompt[1..], said.as_slice()].concat());
        self
    }
}

#[test]
fn a_model_without_modules_has_no_drafter() {
    let config = DecoderConfig {
        mtp: None,
        ..model(0).config().clone()
    };
    let model = Decoder::init(&config, 0, &Device::flex()).unwrap();
    assert!(model.drafter(1, 8).is_none());
    assert_eq!(model.parameters().0, model.count().total);
}
