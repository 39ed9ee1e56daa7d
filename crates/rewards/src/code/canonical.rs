//! The reference solutions of HumanEval and MBPP pass; what is wrong with them makes them fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use data::Problem;
use data::import::programs;

use super::testing::{sandbox, shared};
use super::{Code, Language, Limits, Sandbox};
use crate::reward::Reward;

/// The problems, with a response each, that are not scored `wanted`.
fn others(
    problems: &[Problem],
    respond: impl Fn(&Problem) -> String + Sync,
    wanted: f32,
) -> Vec<String> {
    let limits = Limits {
        cpu: std::time::Duration::from_secs(60),
        wall: std::time::Duration::from_secs(120),
        ..Limits::default()
    };
    let code = Code::within(Arc::new(
        Sandbox::new(limits).expect("there was one before"),
    ));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut others = Vec::new();
        while let Some(problem) = problems.get(next.fetch_add(1, Ordering::Relaxed)) {
            let response = format!("```python\n{}\n```", respond(problem));
            let verdict = code.score(problem, &response);
            if verdict.score() != Some(wanted) {
                others.push(format!("{}: {verdict:?}", problem.id));
            }
        }
        others
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        started
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    })
}

fn solution(problem: &Problem) -> String {
    problem
        .solution
        .clone()
        .expect("there is a reference solution")
}

fn read(name: &str) -> Option<Vec<Problem>> {
    sandbox(Language::Python)?;
    Some(programs(shared(name)?).unwrap().problems)
}

#[test]
fn every_solution_of_humaneval_passes() {
    let Some(problems) = read("HumanEval.jsonl.gz") else {
        return;
    };
    assert_eq!(others(&problems, solution, 1.0), [""; 0]);
}

#[test]
fn the_stubs_of_humaneval_fail() {
    let Some(mut problems) = read("HumanEval.jsonl.gz") else {
        return;
    };
    problems.truncate(40);
    let stub = |problem: &Problem| {
        let (stub, _) = problem.question.rsplit_once("```").unwrap();
        stub.rsplit_once("```python\n").unwrap().1.to_owned()
    };
    assert_eq!(others(&problems, stub, 0.0), [""; 0]);
}

#[test]
fn a_tenth_of_the_solutions_of_mbpp_pass() {
    let Some(problems) = read("mbpp.jsonl") else {
        return;
    };
    let tenth: Vec<Problem> = problems.into_iter().step_by(10).collect();
    assert_eq!(others(&tenth, solution, 1.0), [""; 0]);
}

#[test]
#[ignore = "a minute or two"]
fn every_solution_of_mbpp_passes() {
    let Some(problems) = read("mbpp.jsonl") else {
        return;
    };
    assert_eq!(others(&problems, solution, 1.0), [""; 0]);
}
