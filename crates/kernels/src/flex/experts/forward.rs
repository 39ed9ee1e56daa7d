//! Each expert on its rows.

use super::{BLOCK, Problem};
use crate::flex::matmul::{Into, Matrix, matmul};
use crate::flex::parallel::{Pool, for_each_with};
use crate::flex::product::{self, Product, Weight};
use crate::flex::simd::{sigmoid, simd_fn};

static POOL: Pool<Scratch> = Pool::new();

/// A thread's gathered rows, its pre-activations where nobody keeps them, and their activation.
#[derive(Default)]
struct Scratch {
    x: Vec<f32>,
    gate: Vec<f32>,
    up: Vec<f32>,
    inner: Vec<f32>,
    sums: product::Scratch,
}

/// The experts' unweighted results by line, `[n·k, d]`. `keep` receives the two pre-activations by
/// line, `[n·k, f]` each.
pub(super) fn run(problem: &Problem<'_>, keep: Option<&mut [Vec<f32>; 2]>) -> Vec<f32> {
    let Problem { d, f, sorted, .. } = *problem;
    let mut results = vec![0.0; sorted.positions().len() * d];
    let (gates, ups) = match keep {
        Some([gates, ups]) => (
            problem.by_expert(gates, f).into_iter().map(Some).collect(),
            problem.by_expert(ups, f).into_iter().map(Some).collect(),
        ),
        None => (none(problem.e), none(problem.e)),
    };
    let outputs = problem
        .by_expert(&mut results, d)
        .into_iter()
        .zip(gates)
        .zip(ups);
    for_each_with(
        &POOL,
        problem.work() * 3,
        outputs.enumerate(),
        |scratch, (expert, ((results, mut gates), mut ups))| {
            let blocks = sorted
                .of(expert)
                .chunks(BLOCK)
                .zip(results.chunks_mut((BLOCK * d).max(1)));
            for (block, (places, results)) in blocks.enumerate() {
                let lines = block * BLOCK * f..(block * BLOCK + places.len()) * f;
                let gate = gates.as_deref_mut().map(|gates| &mut gates[lines.clone()]);
                let up = ups.as_deref_mut().map(|ups| &mut ups[lines.clone()]);
                scratch.block(problem, expert, places, results, gate, up);
            }
        },
    );
    results
}

fn none<'a>(e: usize) -> Vec<Option<&'a mut [f32]>> {
    (0..e).map(|_| None).collect()
}

impl Scratch {
    fn block(
        &mut self,
        problem: &Problem<'_>,
        expert: usize,
        places: &[u32],
        results: &mut [f32],
        gate: Option<&mut [f32]>,
        up: Option<&mut [f32]>,
    ) {
        let Problem { d, f, .. } = *problem;
        let lines = places.len();
        problem.take(&mut self.x, problem.x, places);
        if gate.is_none() && up.is_none() {
            self.alone(problem, expert, lines, results);
            return;
        }
        self.gate.resize(lines * f, 0.0);
        self.up.resize(lines * f, 0.0);
        self.inner.resize(lines * f, 0.0);
        let gate = gate.unwrap_or(&mut self.gate);
        let up = up.unwrap_or(&mut self.up);
        let x = Matrix::new(&self.x, d);
        let gate_matrix = Matrix::new(problem.of(problem.gate, expert), f);
        let up_matrix = Matrix::new(problem.of(problem.up, expert), f);
        matmul(gate, [lines, d, f], x, gate_matrix, 1.0, Into::Set);
        matmul(up, [lines, d, f], x, up_matrix, 1.0, Into::Set);
        activate(&mut self.inner, gate, up);
        let down = Matrix::new(problem.of(problem.down, expert), d);
        matmul(
            results,
            [lines, f, d],
            Matrix::new(&self.inner, f),
            down,
            1.0,
            Into::Set,
        );
    }
}

impl Scratch {
    /// The same for nobody's gradient: each row's bits are its own, whoever else has this expert.
    fn alone(&mut self, problem: &Problem<'_>, expert: usize, lines: usize, results: &mut [f32]) {
        let Problem { d, f, .. } = *problem;
        for space in [&mut self.gate, &mut self.up, &mut self.inner] {
            space.resize(lines * f, 0.0);
        }
        let mut multiply = |out: &mut [f32], x, weight, [d, f]: [usize; 2]| {
            let weight = Weight::strided(problem.of(weight, expert), 0, f, 1);
            let product = Product {
                x,
                x_row: d,
                x_head: 0,
                weight,
                heads: 1,
                sizes: [lines, d, f],
            };
            product::run_alone(out, &product, &mut self.sums);
        };
        multiply(&mut self.gate, &self.x, problem.gate, [d, f]);
        multiply(&mut self.up, &self.x, problem.up, [d, f]);
        activate(&mut self.inner, &self.gate, &self.up);
        multiply(results, &self.inner, problem.down, [f, d]);
    }
}

simd_fn! {
    fn activate(inner: &mut [f32], gate: &[f32], up: &[f32]) {
        let (gate, up) = (&gate[..inner.len()], &up[..inner.len()]);
        for i in 0..inner.len() {
            inner[i] = gate[i] * sigmoid(gate[i]) * up[i];
        }
    }
}
