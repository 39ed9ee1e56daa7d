//! Benchmarks that are a file of problems with checkable answers: AIME, MATH-500, GSM8K, AMC,
//! HumanEval, MBPP, and any other file of the schema.
//!
//! Left out: few-shot examples; every problem is asked by itself.

use std::path::Path;

use data::chat::Message;
use data::import::{Imported, mixed};
use data::{Check, Problem, Reply};
use rewards::Accuracy;
use rewards::code::Limits;
use serde_json::Value;

use super::published;
use super::sandbox::Programs;
use crate::benchmark::{Benchmark, Judged, LoadError, Loaded, NotReady, Published, Task};
use crate::protocol::Protocol;

/// What is said after a problem of mathematics: the directive DeepSeek recommends for R1 (its model
/// card, "Usage Recommendations").
const BOXED: &str = "Please reason step by step, and put your final answer within \\boxed{}.";

/// A file of problems as a benchmark.
#[derive(Debug)]
pub struct ProblemFile {
    name: &'static str,
    description: &'static str,
    published: &'static [Published],
    samples: u32,
    /// What is said after the question.
    instruction: &'static str,
    /// How many problems the file must have to be the one the figures are about.
    count: Option<usize>,
    /// Which of its problems are meant.
    keep: fn(&Problem) -> bool,
    programs: Programs,
    /// Whether its answers may be programs.
    runs: bool,
}

impl ProblemFile {
    fn new(name: &'static str, description: &'static str, samples: u32) -> Self {
        Self {
            name,
            description,
            published: &[],
            samples,
            instruction: "",
            count: None,
            keep: |_| true,
            programs: Programs::new(Limits::default()),
            runs: true,
        }
    }

    /// A file of mathematics: the answer is asked for in a box, and nothing is run.
    fn mathematics(name: &'static str, description: &'static str, samples: u32) -> Self {
        Self {
            instruction: BOXED,
            runs: false,
            ..Self::new(name, description, samples)
        }
    }

    /// AIME 2024, both papers.
    pub fn aime_2024() -> Self {
        Self {
            published: published::AIME_2024,
            count: Some(30),
            ..Self::mathematics(
                "aime-2024",
                "30 competition problems whose answers are integers",
                64,
            )
        }
    }

    /// MATH-500 (Lightman et al., arXiv 2305.20050).
    pub fn math_500() -> Self {
        Self {
            published: published::MATH_500,
            count: Some(500),
            ..Self::mathematics("math-500", "500 problems of the MATH test set", 16)
        }
    }

    /// The test set of GSM8K (Cobbe et al., arXiv 2110.14168).
    pub fn gsm8k() -> Self {
        Self {
            published: published::GSM8K,
            count: Some(1319),
            ..Self::mathematics("gsm8k", "1,319 word problems of grade school", 4)
        }
    }

    /// AMC 12 of 2023, the 40 problems whose answers are numbers.
    pub fn amc_2023() -> Self {
        Self {
            count: Some(40),
            ..Self::mathematics(
                "amc-2023",
                "40 problems of AMC 12 of 2023, answers without their options",
                64,
            )
        }
    }

    /// HumanEval (Chen et al., arXiv 2107.03374).
    pub fn humaneval() -> Self {
        Self {
            published: published::HUMANEVAL,
            count: Some(164),
            ..Self::new(
                "humaneval",
                "164 Python functions to complete, judged by tests",
                16,
            )
        }
    }

    /// The test split of MBPP (Austin et al., arXiv 2108.07732): tasks 11 to 510. The question shows
    /// the first test; the others are hidden.
    pub fn mbpp() -> Self {
        Self {
            published: published::MBPP,
            count: Some(500),
            keep: |problem| {
                let number = problem.id.rsplit('-').next().and_then(|id| id.parse().ok());
                number.is_some_and(|number: u32| (11..=510).contains(&number))
            },
            ..Self::new("mbpp", "500 short Python programs, judged by tests", 4)
        }
    }

    /// Any file of problems; the question is asked as it stands.
    pub fn problems() -> Self {
        Self::new(
            "problems",
            "any file of problems with answers, checks or tests",
            1,
        )
    }
}

impl Benchmark for ProblemFile {
    fn name(&self) -> &str {
        self.name
    }

    fn description(&self) -> &str {
        self.description
    }

    fn published(&self) -> &[Published] {
        self.published
    }

    fn protocol(&self) -> Protocol {
        Protocol::of_samples(self.samples)
    }

    fn settings(&self) -> Value {
        match self.runs {
            true => self.programs.settings(),
            false => Value::Null,
        }
    }

    fn load(&self, file: &Path, _: &Protocol) -> Result<Loaded, LoadError> {
        let Imported { problems, skipped } = mixed(file).map_err(LoadError::Read)?;
        let kept = problems.into_iter().filter(self.keep);
        let tasks: Vec<Task> = kept.map(Task::from).collect();
        match self.count {
            Some(count) if count != tasks.len() => Err(LoadError::Unfit {
                path: file.into(),
                reason: format!(
                    "it has {} tasks and {} has {count}; measure another file as `problems`",
                    tasks.len(),
                    self.name
                ),
            }),
            _ => Ok(Loaded { tasks, skipped }),
        }
    }

    fn ready(&self, tasks: &[Task]) -> Result<(), NotReady> {
        match tasks.iter().any(|task| is_program(&task.problem)) {
            true => self.programs.ready(self.name),
            false => Ok(()),
        }
    }

    fn messages(&self, task: &Task) -> Vec<Message> {
        let question = &task.problem.question;
        vec![Message::user(match self.instruction {
            "" => question.clone(),
            instruction => format!("{question}\n\n{instruction}"),
        })]
    }

    fn grade(&self, task: &Task, reply: &Reply, _: &[Reply]) -> Judged {
        let response = reply.whole();
        if is_program(&task.problem) {
            return self.programs.judge(&task.problem, &response);
        }
        Judged::of(Accuracy.judge(&task.problem, &response))
    }
}

fn is_program(problem: &Problem) -> bool {
    matches!(problem.check, Check::Code { .. })
}
