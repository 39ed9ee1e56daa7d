//! Greedy decoding with drafts (speculative decoding, arXiv 2211.17192, at temperature 0).
//!
//! A drafter guesses the tokens to come; the model reads the last token and the guesses in one pass
//! and keeps the guesses that are its own choices, with the choice after them. What it says is what
//! it says without drafts, up to the rounding of its logits: a pass over more tokens may add in
//! another order. Sampling at a temperature is left out.

use burn::tensor::{Int, Tensor, TensorData};
use data::Finish;

use crate::engine::logits_at;
use crate::sampling::argmax;
use crate::{Cache, CausalLm, TokenBatch};

/// Guesses what a model will say, for all rows of a batch.
pub trait Drafter {
    /// Learns the tokens settled since the last call, the prompt's at first, and guesses what
    /// follows: any number of tokens for each row, none included.
    ///
    /// # Shapes
    /// `hidden_btd` is `[b, t, d]`, the rectangle of `settled`: at each of its real tokens the
    /// model's hidden state of the token BEFORE it. The first token of a prompt, before which there
    /// is none, is not in `settled`.
    fn draft(&mut self, hidden_btd: Tensor<3>, settled: &TokenBatch) -> Vec<Vec<u32>>;

    /// Keeps the named rows in the order given.
    fn select(&mut self, rows: &[usize]);
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub struct Speculation {
    /// Tokens after which a response is cut off.
    pub max_new_tokens: usize,
    /// The token that ends a response.
    pub end_token: u32,
    /// Tokens of a drafter's guess that are looked at.
    pub max_draft: usize,
}

/// A response, and what the drafts were worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speculated {
    /// Response tokens; the end token is last when `finish` is `Stop`.
    pub tokens: Vec<u32>,
    /// Why it ended.
    pub finish: Finish,
    /// Tokens guessed and looked at.
    pub drafted: usize,
    /// Those of them that are in the response.
    pub accepted: usize,
}

impl Speculated {
    fn new() -> Self {
        Self {
            tokens: Vec::new(),
            finish: Finish::Length,
            drafted: 0,
            accepted: 0,
        }
    }

    /// Adds `tokens`, all but the last of them guessed, as far as the response goes.
    fn extend(&mut self, tokens: &[u32], options: &Speculation) {
        let before = self.tokens.len();
        for &token in tokens {
            if self.is_done(options) {
                break;
            }
            self.tokens.push(token);
            if token == options.end_token {
                self.finish = Finish::Stop;
            }
        }
        self.accepted += (self.tokens.len() - before).min(tokens.len() - 1);
    }

    fn is_done(&self, options: &Speculation) -> bool {
        // The first token is drawn whatever the budget, as in `generate`.
        self.finish == Finish::Stop || self.tokens.len() >= options.max_new_tokens.max(1)
    }

    /// The last token, and the part of `draft` there is room for and a choice after.
    fn read(&self, draft: &mut Vec<u32>, options: &Speculation) -> Vec<u32> {
        let room = options.max_new_tokens - self.tokens.len() - 1;
        draft.truncate(options.max_draft.min(room));
        let last = self.tokens.last().expect("a live row has a token");
        [&[*last], draft.as_slice()].concat()
    }
}

/// Continues every prompt with the most likely tokens, in order of the prompts.
///
/// All prompts are rows of one batch; each accepts as much of its draft as agrees. `drafter` makes
/// the drafter, given the number of rows and the columns a cache needs for the longest of them. The
/// model should be a [`valid`](burn::module::Module::valid) one.
///
/// # Panics
/// If a prompt is empty.
pub fn speculate<M: CausalLm, D: Drafter>(
    model: &M,
    prompts: &[&[u32]],
    options: &Speculation,
    drafter: impl FnOnce(usize, usize) -> D,
) -> Vec<Speculated> {
    if prompts.is_empty() {
        return Vec::new();
    }
    let batch = TokenBatch::new(prompts);
    let columns = batch.width() + options.max_new_tokens + options.max_draft;
    let mut cache = model.cache(prompts.len(), columns);
    let mut drafter = drafter(prompts.len(), columns);
    let mut hidden_btd = model.decode(&batch, &mut cache);
    let mut done = vec![Speculated::new(); prompts.len()];
    let mut settled: Vec<Vec<u32>> = choices(model, &hidden_btd, &batch, 1)
        .iter()
        .zip(prompts)
        .map(|(chosen, prompt)| [&prompt[1..], chosen].concat())
        .collect();
    for (response, settled) in done.iter_mut().zip(&settled) {
        response.extend(&settled[settled.len() - 1..], options);
    }
    // live[i] is the response of the cache's row i.
    let mut live: Vec<usize> = (0..prompts.len()).collect();
    loop {
        let alive: Vec<usize> = (0..live.len())
            .filter(|&i| !done[live[i]].is_done(options))
            .collect();
        if alive.is_empty() {
            return done;
        }
        if alive.len() < live.len() {
            cache.select(&alive);
            drafter.select(&alive);
            hidden_btd = hidden_btd.select(0, index(&alive, &model.device()));
            settled = alive.iter().map(|&i| settled[i].clone()).collect();
            live = alive.iter().map(|&i| live[i]).collect();
        }
        let batch = TokenBatch::new(&settled);
        let mut drafts = drafter.draft(hidden_btd.narrow(1, 0, batch.width()), &batch);
        let read: Vec<Vec<u32>> = live
            .iter()
            .zip(&mut drafts)
            .map(|(&row, draft)| done[row].read(draft, options))
            .collect();
        let batch = TokenBatch::new(&read);
        let mut kept = cache.lengths().to_vec();
        hidden_btd = model.decode(&batch, &mut cache);
        let chosen = choices(model, &hidden_btd, &batch, usize::MAX);
        for (i, (draft, chosen)) in drafts.iter().zip(chosen).enumerate() {
            let pairs = draft.iter().zip(&chosen);
            let agreed = pairs.take_while(|(guess, choice)| guess == choice).count();
            kept[i] += 1 + agreed;
            settled[i] = chosen[..=agreed].to_vec();
            let response = &mut done[live[i]];
            response.drafted += draft.len();
            response.extend(&settled[i], options);
        }
        cache.truncate(&kept);
    }
}

/// The model's choice after each of the last `count` tokens of each row.
fn choices<M: CausalLm>(
    model: &M,
    hidden_btd: &Tensor<3>,
    batch: &TokenBatch,
    count: usize,
) -> Vec<Vec<u32>> {
    let ranges = || {
        let rows = batch.lengths().iter().enumerate();
        rows.map(|(row, &length)| {
            let first = row * batch.width();
            first + length - length.min(count)..first + length
        })
    };
    let logits = logits_at(model, hidden_btd.clone(), ranges().flatten().collect());
    let mut best = logits.chunks(model.vocabulary()).map(argmax);
    ranges()
        .map(|range| {
            best.by_ref()
                .take(range.len())
                .map(|id| id as u32)
                .collect()
        })
        .collect()
}

fn index(rows: &[usize], device: &burn::tensor::Device) -> Tensor<1, Int> {
    let rows: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
    let count = rows.len();
    Tensor::from_data(TensorData::new(rows, [count]), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(max_new_tokens: usize) -> Speculation {
        Speculation {
            max_new_tokens,
            end_token: 9,
            max_draft: 2,
        }
    }

    #[test]
    fn a_response_ends_in_the_middle_of_a_draft() {
        let mut response = Speculated::new();
        response.extend(&[4], &options(5));
        response.extend(&[5, 9, 6], &options(5));
        assert_eq!(response.tokens, [4, 5, 9]);
        assert_eq!((response.finish, response.accepted), (Finish::Stop, 2));
        let mut response = Speculated::new();
        response.extend(&[5, 6, 7], &options(2));
        assert_eq!(response.tokens, [5, 6]);
        assert_eq!((response.finish, response.accepted), (Finish::Length, 2));
    }

    #[test]
    fn no_guess_is_read_that_there_is_no_room_for() {
        let mut response = Speculated::new();
        response.extend(&[4], &options(3));
        let mut draft = vec![5, 6, 7];
        assert_eq!(response.read(&mut draft, &options(9)), [4, 5, 6]);
        assert_eq!(response.read(&mut draft, &options(3)), [4, 5]);
        assert_eq!(response.read(&mut draft, &options(2)), [4]);
        assert_eq!(draft, [0; 0]);
    }
}
