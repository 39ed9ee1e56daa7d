//! Generation with every architecture: what a sample says depends on its request alone.

mod small;
#[path = "small/families.rs"]
mod small_families;

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor};
use lm::{
    CausalLm, Draw, Engine, EngineOptions, Event, GenerateOptions, NotFinite, Prompt, Reason,
    Request, RequestError, Rollout, Sampling, Ticket, TokenBatch, differing_tokens, generate,
};
use moe_model::{CheckpointError, Decoder, SaveOptions};
use small_families::{dense, mixture, models};

fn prompt(i: u32) -> Prompt {
    Prompt {
        id: format!("p{i}"),
        tokens: (0..=(i * 7) % 11).map(|at| (at * 5 + i) % 31).collect(),
    }
}

fn options(samples: u32, max_rows: usize) -> GenerateOptions {
    GenerateOptions {
        samples,
        sampling: Sampling::PLAIN,
        max_new_tokens: 9,
        end_token: 2,
        seed: 9,
        max_rows,
        memory: None,
    }
}

/// Tokens and the bits of their log-probabilities, by prompt id and sample.
type Said = BTreeMap<(String, u32), (Vec<u32>, Vec<u32>)>;

fn said(prompts: &[Prompt], rollouts: &[Rollout]) -> Said {
    let one = |rollout: &Rollout| {
        let bits = rollout.log_probs.iter().map(|p| p.to_bits()).collect();
        let key = (prompts[rollout.prompt].id.clone(), rollout.sample);
        (key, (rollout.tokens.clone(), bits))
    };
    rollouts.iter().map(one).collect()
}

fn with_threads<R: Send>(threads: usize, f: impl FnOnce() -> R + Send) -> R {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.unwrap().install(f)
}

#[test]
fn batch_order_and_threads_do_not_change_a_bit() {
    let prompts: Vec<Prompt> = (0..6).map(prompt).collect();
    let shuffled: Vec<Prompt> = [4, 0, 5, 2, 1, 3].map(prompt).into();
    for model in models(5) {
        let run = |prompts: &[Prompt], samples, max_rows, threads| {
            let options = options(samples, max_rows);
            let rollouts =
                with_threads(threads, || generate(&model, prompts, &options, &mut |_| ())).unwrap();
            assert_eq!(rollouts.len(), prompts.len() * samples as usize);
            said(prompts, &rollouts)
        };
        let wanted = run(&prompts, 16, 1, 1);
        for (samples, max_rows, threads) in
            [(16, 5, 2), (16, 64, 1), (16, 64, 2), (3, 2, 1), (1, 64, 2)]
        {
            for prompts in [&prompts, &shuffled] {
                for (key, found) in run(prompts, samples, max_rows, threads) {
                    let setting = (&key, samples, max_rows, threads);
                    assert_eq!(found, wanted[&key], "{setting:?}");
                }
            }
        }
    }
}

/// Makes every weight NaN.
struct Spoil;

impl ModuleMapper for Spoil {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|weight| weight * f32::NAN)
    }
}

#[test]
fn logits_that_are_not_finite_end_it_by_name() {
    let prompts: Vec<Prompt> = (0..3).map(prompt).collect();
    for model in models(3) {
        let model = model.map(&mut Spoil);
        for sampling in [Sampling::PLAIN, Sampling::GREEDY] {
            let options = GenerateOptions {
                sampling,
                ..options(2, 1)
            };
            let error = generate(&model, &prompts, &options, &mut |_| ()).unwrap_err();
            let NotFinite { id, after, .. } = &error;
            assert!(prompts.iter().any(|prompt| prompt.id == *id) && *after == 0);
            assert!(error.to_string().contains(&format!("of prompt `{id}`")));
        }
    }
}

#[test]
fn differing_tokens_are_counted() {
    let rollout = |tokens: &[u32]| Rollout {
        prompt: 0,
        sample: 0,
        tokens: tokens.to_vec(),
        log_probs: Vec::new(),
        finish: lm::Reason::Length.finish().unwrap(),
    };
    let count = |a: &[u32], b: &[u32]| differing_tokens(&[rollout(a)], &[rollout(b)]);
    assert_eq!(count(&[1, 2, 3], &[1, 2, 3]), 0);
    assert_eq!(count(&[1, 2, 3], &[1, 5, 3]), 1);
    assert_eq!(count(&[1, 2], &[1, 2, 3, 4]), 2);
}

/// A sample's tokens, their log-probabilities, and why it ended.
type Heard = (Vec<u32>, Vec<f32>, Option<Reason>);

/// Steps until nothing is left; `each` may change the engine after every step.
fn drive(
    engine: &mut Engine<'_, Decoder>,
    mut each: impl FnMut(&mut Engine<'_, Decoder>, usize),
) -> BTreeMap<(Ticket, u32), Heard> {
    let mut heard: BTreeMap<_, Heard> = BTreeMap::new();
    for step in 0.. {
        let events = engine.step();
        if events.is_empty() {
            assert_eq!((engine.running(), engine.waiting()), (0, 0));
            break;
        }
        for event in events {
            match event {
                Event::Token(spoken) => {
                    let entry = heard.entry((spoken.ticket, spoken.sample)).or_default();
                    assert!(entry.2.is_none(), "nothing is said after the end");
                    entry.0.push(spoken.token);
                    entry.1.push(spoken.log_prob);
                }
                Event::Finished {
                    ticket,
                    sample,
                    reason,
                } => {
                    heard.get_mut(&(ticket, sample)).unwrap().2 = Some(reason);
                }
            }
        }
        each(engine, step);
    }
    heard
}

fn request(i: u32, samples: u32) -> Request {
    let Prompt { id, tokens } = prompt(i);
    Request {
        samples: 0..samples,
        end_tokens: vec![2],
        seed: 9,
        ..Request::new(id, tokens, 9)
    }
}

#[test]
fn cancelled_and_late_neighbours_do_not_change_a_bit() {
    let prompts: Vec<Prompt> = (0..6).map(prompt).collect();
    for model in models(6) {
        let wanted = said(
            &prompts,
            &generate(&model, &prompts, &options(4, 64), &mut |_| ()).unwrap(),
        );
        let mut engine = Engine::new(&model, EngineOptions::new(3, 20)).unwrap();
        let tickets: Vec<Ticket> = (0..5)
            .map(|i| engine.submit(request(i, 4)).unwrap())
            .collect();
        assert_eq!((engine.waiting(), engine.free_rows()), (20, 3));
        let mut late = None;
        let heard = drive(&mut engine, |engine, step| match step {
            1 => engine.cancel(tickets[0]),
            3 => engine.cancel(tickets[3]),
            4 => late = Some(engine.submit(request(5, 4)).unwrap()),
            _ => assert!(engine.waiting() == 0 || engine.running() + engine.free_rows() == 3),
        });
        let late = late.unwrap();
        let all = [(tickets[1], 1), (tickets[2], 2), (tickets[4], 4), (late, 5)];
        for (ticket, i) in all {
            for sample in 0..4 {
                let (tokens, log_probs, reason) = &heard[&(ticket, sample)];
                let (expected, bits) = &wanted[&(format!("p{i}"), sample)];
                assert_eq!(tokens, expected);
                assert!(
                    log_probs
                        .iter()
                        .map(|p| p.to_bits())
                        .eq(bits.iter().copied())
                );
                let ended = if tokens.last() == Some(&2) {
                    Reason::EndToken
                } else {
                    Reason::Length
                };
                assert_eq!(*reason, Some(ended));
            }
        }
        assert!(
            heard.keys().all(|(ticket, _)| *ticket != tickets[3]),
            "it never had a row"
        );
        assert_eq!(engine.free_rows(), 3);
    }
}

fn settings() -> Vec<Sampling> {
    let plain = Sampling::PLAIN;
    vec![
        plain,
        Sampling::GREEDY,
        Sampling {
            temperature: 0.6,
            top_p: 0.7,
            ..plain
        },
        Sampling { top_k: 3, ..plain },
        Sampling {
            min_p: 0.2,
            temperature: 1.4,
            ..plain
        },
        Sampling {
            top_k: 9,
            top_p: 0.9,
            min_p: 0.05,
            ..plain
        },
    ]
}

/// What requests with these settings say side by side.
fn mixed(model: &Decoder, settings: &[Sampling], draw: Draw) -> Vec<Heard> {
    let options = EngineOptions {
        draw,
        ..EngineOptions::new(4, 20)
    };
    let mut engine = Engine::new(model, options).unwrap();
    for (i, &sampling) in settings.iter().enumerate() {
        let request = Request {
            sampling,
            ..request(i as u32, 1)
        };
        engine.submit(request).unwrap();
    }
    drive(&mut engine, |_, _| ()).into_values().collect()
}

#[test]
fn requests_with_different_settings_share_a_batch() {
    let mut settings = settings();
    settings.push(Sampling {
        repetition_penalty: 1.8,
        ..Sampling::PLAIN
    });
    for model in models(7) {
        let together = mixed(&model, &settings, Draw::Host);
        for (i, &sampling) in settings.iter().enumerate() {
            let options = GenerateOptions {
                sampling,
                ..options(1, 1)
            };
            let alone = generate(&model, &[prompt(i as u32)], &options, &mut |_| ()).unwrap();
            assert_eq!(together[i].0, alone[0].tokens);
            assert_eq!(together[i].1, alone[0].log_probs);
        }
    }
}

#[test]
fn a_packed_model_says_the_same_to_the_bit() {
    let settings = settings();
    for model in models(8) {
        let packed = model.clone().packed().packed();
        assert_eq!(packed.parameters(), model.parameters());
        let dir = tempfile::tempdir().unwrap();
        let saved = packed.save(dir.path(), &SaveOptions::default());
        assert!(matches!(saved, Err(CheckpointError::Packed)));
        assert_eq!(
            mixed(&packed, &settings, Draw::Host),
            mixed(&model, &settings, Draw::Host)
        );
        let batch = TokenBatch::new(&[[3, 1, 4, 1, 5], [9, 2, 6, 5, 3]]);
        let [plain, packed] = [&model, &packed].map(|model| {
            let hidden_btd = model.forward(&batch).hidden_btd;
            let [b, t, d] = hidden_btd.dims();
            model.logits(hidden_btd.reshape([b * t, d])).into_data()
        });
        assert_eq!(plain, packed);
    }
}

#[test]
fn the_device_draws_what_the_host_draws() {
    for model in models(8) {
        let host = mixed(&model, &settings(), Draw::Host);
        for sync_every in [1, 4] {
            let device = mixed(&model, &settings(), Draw::Device { sync_every });
            assert_eq!(host.len(), device.len());
            for (host, device) in host.iter().zip(&device) {
                assert_eq!((&host.0, host.2), (&device.0, device.2));
                for (a, b) in host.1.iter().zip(&device.1) {
                    assert!((a - b).abs() < 1e-4, "{a} {b}");
                }
            }
        }
    }
}

#[test]
fn top_log_probs_are_those_of_the_model() {
    let model = Decoder::init(&dense(), 3, &Device::flex()).unwrap();
    let mut engine = Engine::new(&model, EngineOptions::new(1, 20)).unwrap();
    let request = Request {
        sampling: Sampling {
            temperature: 0.5,
            ..Sampling::PLAIN
        },
        top_log_probs: Some(31),
        ..request(1, 1)
    };
    engine.submit(request).unwrap();
    let events = engine.step();
    let Event::Token(spoken) = &events[0] else {
        panic!("{events:?}");
    };
    let top = spoken.top.as_ref().unwrap();
    let total: f32 = top.likeliest.iter().map(|(_, p)| p.exp()).sum();
    assert!((total - 1.0).abs() < 1e-5);
    assert!(top.likeliest.windows(2).all(|pair| pair[0].1 >= pair[1].1));
    let of_token = top.likeliest.iter().find(|(id, _)| *id == spoken.token);
    assert_eq!(of_token.unwrap().1, top.taken);
    // At half the temperature weights are squared.
    let squares: f32 = top.likeliest.iter().map(|(_, p)| (2.0 * p).exp()).sum();
    assert!((spoken.log_prob - (2.0 * top.taken - squares.ln())).abs() < 1e-4);
}

/// Stops at the second token it hears.
#[derive(Debug, Default)]
struct AtSecond(u32);

impl lm::Stop for AtSecond {
    fn fresh(&self) -> Box<dyn lm::Stop> {
        Box::new(Self::default())
    }

    fn push(&mut self, _: u32) -> bool {
        self.0 += 1;
        self.0 == 2
    }
}

#[test]
fn a_stop_ends_each_sample_by_itself() {
    let model = Decoder::init(&dense(), 3, &Device::flex()).unwrap();
    for draw in [Draw::Host, Draw::Device { sync_every: 3 }] {
        let options = EngineOptions {
            draw,
            ..EngineOptions::new(2, 20)
        };
        let mut engine = Engine::new(&model, options).unwrap();
        let request = Request {
            stop: Some(Box::new(AtSecond(0))),
            end_tokens: Vec::new(),
            ..request(1, 5)
        };
        engine.submit(request).unwrap();
        let heard = drive(&mut engine, |_, _| ());
        assert_eq!(heard.len(), 5);
        assert!(heard.values().all(|(tokens, _, _)| tokens.len() == 2));
        assert!(
            heard
                .values()
                .all(|(_, _, reason)| *reason == Some(Reason::Stopped))
        );
    }
}

#[test]
fn a_shortage_names_the_rows_that_fit() {
    let model = Decoder::init(&mixture(None), 3, &Device::flex()).unwrap();
    // Three blocks of a latent of 8 and a rotary key of 4 are 144 bytes a token; 31 logits twice.
    let options = EngineOptions {
        memory: Some(20_000),
        ..EngineOptions::new(10, 20)
    };
    let row = 20 * 144 + 2 * 4 * 31;
    assert_eq!(options.bytes_a_row(&model), row);
    let shortage = Engine::new(&model, options).unwrap_err();
    assert_eq!((shortage.needed, shortage.fitting), (10 * row, 6));
    assert!(
        shortage.to_string().contains("at most 6 rows"),
        "{shortage}"
    );
    let fits = EngineOptions {
        max_rows: shortage.fitting,
        ..options
    };
    assert!(Engine::new(&model, fits).is_ok());
}

#[test]
fn wrong_requests_are_refused() {
    let model = Decoder::init(&dense(), 3, &Device::flex()).unwrap();
    let mut engine = Engine::new(&model, EngineOptions::new(1, 12)).unwrap();
    let mut refused = |change: &dyn Fn(&mut Request)| {
        let mut request = Request::new("p", vec![1, 2, 3], 9);
        change(&mut request);
        engine.submit(request).unwrap_err()
    };
    assert_eq!(refused(&|r| r.tokens.clear()), RequestError::Empty);
    assert_eq!(refused(&|r| r.max_new_tokens = 0), RequestError::NoTokens);
    let long = RequestError::TooLong {
        prompt: 3,
        new: 10,
        capacity: 12,
    };
    assert_eq!(refused(&|r| r.max_new_tokens = 10), long);
    let unknown = RequestError::Token {
        token: 31,
        vocabulary: 31,
    };
    assert_eq!(refused(&|r| r.tokens.push(31)), unknown);
    let sampling = |r: &mut Request| r.sampling.min_p = 2.0;
    assert!(matches!(refused(&sampling), RequestError::Sampling(_)));
    assert_eq!(engine.waiting(), 0);
    engine.submit(Request::new("p", vec![1, 2, 3], 9)).unwrap();
    assert_eq!(engine.waiting(), 1);
}
