//! The backward pass, expert by expert.
//!
//! With a line's weight w, input x, pre-activations a and u, inner h = silu(a) u, and the row's
//! gradient g: `r = g downᵀ`, `dw = r · h`, `ddown += (w h)ᵀ g`, `da = w r u silu'(a)`,
//! `du = w r silu(a)`, `dgate += xᵀ da`, `dup += xᵀ du`, `dx = da gateᵀ + du upᵀ`.

use super::{BLOCK, Problem};
use crate::flex::matmul::{Into, Matrix, matmul};
use crate::flex::parallel::{Pool, for_each_with};
use crate::flex::simd::{LANES, sigmoid, simd_fn, sum_lanes};

/// The gradients: of each line's input, `[n·k, d]`; of the weights, `[n, k]`; of the three stacks.
pub(super) struct Gradients {
    pub(super) rows: Vec<f32>,
    pub(super) shares: Vec<f32>,
    pub(super) gate: Vec<f32>,
    pub(super) up: Vec<f32>,
    pub(super) down: Vec<f32>,
}

static POOL: Pool<Scratch> = Pool::new();

/// A thread's lines.
#[derive(Default)]
struct Scratch {
    x: Vec<f32>,
    grad: Vec<f32>,
    weight: Vec<f32>,
    inner: Vec<f32>,
    gate: Vec<f32>,
    up: Vec<f32>,
}

/// Where an expert's gradients go.
struct Outputs<'a> {
    rows: &'a mut [f32],
    shares: &'a mut [f32],
    gate: &'a mut [f32],
    up: &'a mut [f32],
    down: &'a mut [f32],
}

/// `activations` are the pre-activations by line, `grad` the gradient of the result, `[n, d]`. Without
/// `stacks` the gradients of the stacks are not computed, and empty.
pub(super) fn run(
    problem: &Problem<'_>,
    activations: &[Vec<f32>; 2],
    grad: &[f32],
    stacks: bool,
) -> Gradients {
    let Problem {
        e, d, f, sorted, ..
    } = *problem;
    let lines = sorted.positions().len();
    let mut rows = vec![0.0; lines * d];
    let mut shares_by_line = vec![0.0; lines];
    let stack = if stacks { d * f } else { 0 };
    let [mut gate, mut up, mut down] = [(); 3].map(|()| vec![0.0; e * stack]);
    let per_line = problem.by_expert(&mut rows, d).into_iter();
    let per_line = per_line.zip(problem.by_expert(&mut shares_by_line, 1));
    let stacks = of_each(&mut gate, stack, e)
        .zip(of_each(&mut up, stack, e))
        .zip(of_each(&mut down, stack, e));
    let mut first = 0;
    let tasks =
        per_line
            .zip(stacks)
            .enumerate()
            .map(|(expert, ((rows, shares), ((gate, up), down)))| {
                let begin = first;
                first += shares.len();
                (
                    expert,
                    begin,
                    Outputs {
                        rows,
                        shares,
                        gate,
                        up,
                        down,
                    },
                )
            });
    for_each_with(
        &POOL,
        problem.work() * 6,
        tasks,
        |scratch, (expert, begin, mut outputs)| {
            for (block, places) in sorted.of(expert).chunks(BLOCK).enumerate() {
                let own = block * BLOCK..block * BLOCK + places.len();
                let lines = (begin + own.start) * f..(begin + own.end) * f;
                let [gates, ups] = activations;
                let activations = [&gates[lines.clone()], &ups[lines]];
                scratch.block(
                    problem,
                    expert,
                    places,
                    activations,
                    grad,
                    own.start,
                    &mut outputs,
                );
            }
        },
    );
    let mut shares = vec![0.0; lines];
    for (&place, &share) in sorted.positions().iter().zip(&shares_by_line) {
        shares[place as usize] = share;
    }
    Gradients {
        rows,
        shares,
        gate,
        up,
        down,
    }
}

/// The first `e` pieces of `stack` elements, empty ones where there are none.
fn of_each(all: &mut [f32], stack: usize, e: usize) -> impl Iterator<Item = &mut [f32]> {
    let mut rest = all;
    (0..e).map(move |_| {
        let (own, others) = std::mem::take(&mut rest).split_at_mut(stack);
        rest = others;
        own
    })
}

impl Scratch {
    #[allow(clippy::too_many_arguments)]
    fn block(
        &mut self,
        problem: &Problem<'_>,
        expert: usize,
        places: &[u32],
        [gates, ups]: [&[f32]; 2],
        grad: &[f32],
        first: usize,
        outputs: &mut Outputs<'_>,
    ) {
        let Problem { d, f, .. } = *problem;
        let lines = places.len();
        problem.take(&mut self.x, problem.x, places);
        problem.take(&mut self.grad, grad, places);
        self.weight.clear();
        self.weight
            .extend(places.iter().map(|&place| problem.weight[place as usize]));
        self.inner.resize(lines * f, 0.0);
        self.up.resize(lines * f, 0.0);
        self.gate.resize(lines * f, 0.0);

        let down = Matrix::new(problem.of(problem.down, expert), d);
        let (x, grad) = (Matrix::new(&self.x, d), Matrix::new(&self.grad, d));
        matmul(
            &mut self.gate,
            [lines, d, f],
            grad,
            down.t(),
            1.0,
            Into::Set,
        );
        let shares = &mut outputs.shares[first..first + lines];
        slopes(
            &mut self.gate,
            &mut self.up,
            &mut self.inner,
            shares,
            &self.weight,
            gates,
            ups,
            f,
        );

        let inner = Matrix::new(&self.inner, f);
        let (da, du) = (Matrix::new(&self.gate, f), Matrix::new(&self.up, f));
        if !outputs.down.is_empty() {
            matmul(outputs.down, [f, lines, d], inner.t(), grad, 1.0, Into::Add);
            matmul(outputs.gate, [d, lines, f], x.t(), da, 1.0, Into::Add);
            matmul(outputs.up, [d, lines, f], x.t(), du, 1.0, Into::Add);
        }
        let rows = &mut outputs.rows[first * d..(first + lines) * d];
        let gate = Matrix::new(problem.of(problem.gate, expert), f);
        let up = Matrix::new(problem.of(problem.up, expert), f);
        matmul(rows, [lines, f, d], da, gate.t(), 1.0, Into::Set);
        matmul(rows, [lines, f, d], du, up.t(), 1.0, Into::Add);
    }
}

simd_fn! {
    // `gate` holds r on entry and da on return; `up` returns du, `inner` w h, `shares` r · h.
    fn slopes(
        gate: &mut [f32],
        up: &mut [f32],
        inner: &mut [f32],
        shares: &mut [f32],
        weight: &[f32],
        gates: &[f32],
        ups: &[f32],
        f: usize,
    ) {
        for (line, &w) in weight.iter().enumerate() {
            let own = line * f..(line + 1) * f;
            let (a, u) = (&gates[own.clone()], &ups[own.clone()]);
            let (gate, up) = (&mut gate[own.clone()], &mut up[own.clone()]);
            let inner = &mut inner[own];
            for i in 0..f {
                let sigma = sigmoid(a[i]);
                let silu = a[i] * sigma;
                let slope = sigma * a[i].mul_add(1.0 - sigma, 1.0);
                let r = gate[i];
                inner[i] = r * silu * u[i];
                up[i] = w * r * silu;
                gate[i] = w * r * u[i] * slope;
            }
            shares[line] = sum(inner);
            for i in 0..f {
                inner[i] = w * (a[i] * sigmoid(a[i])) * u[i];
            }
        }
    }
}

/// `Σ x`.
#[inline(always)]
fn sum(x: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let (full, rest) = x.as_chunks::<LANES>();
    for x in full {
        for l in 0..LANES {
            lanes[l] += x[l];
        }
    }
    for (lane, &x) in lanes.iter_mut().zip(rest) {
        *lane += x;
    }
    sum_lanes(lanes)
}
