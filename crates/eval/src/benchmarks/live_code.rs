//! LiveCodeBench, code generation (Jain et al., arXiv 2403.07974): contest problems with the day
//! they were released, judged by public and private tests.
//!
//! Outputs of whole programs are compared as the published runner compares them, numbers as decimals
//! ([`Outputs::Decimals`]). Differs from it in this: every test has a sandbox, and a functional problem has
//! one time limit for all its calls (60 s; theirs is 6 s each).

use std::path::Path;
use std::time::Duration;

use data::chat::Message;
use data::dataset::{Dataset, Fault, FromRow, Row};
use data::{Check, CodeTests, Problem, Reply};
use rewards::code::{Limits, Outputs};
use serde_json::{Value, json};

use super::published;
use super::sandbox::Programs;
use crate::benchmark::{Benchmark, Judged, LoadError, Loaded, NotReady, Published, Task};
use crate::protocol::{Date, Protocol};

const FORMAT: &str = "Put the whole program into one ```python code block.";

/// The benchmark. By default the window is that of DeepSeek-R1's figure: August 2024 to January
/// 2025.
#[derive(Debug)]
pub struct LiveCode {
    /// For whole programs: 6 s a case.
    whole: Programs,
    /// For methods of `Solution`.
    functional: Programs,
}

impl Default for LiveCode {
    fn default() -> Self {
        let limits = |seconds| Limits {
            cpu: Duration::from_secs(seconds),
            wall: Duration::from_secs(2 * seconds),
            memory: 4 << 30,
            disk: 256 << 20,
            file_size: 256 << 20,
            output: 64 << 20,
            ..Limits::default()
        };
        Self {
            whole: Programs::new(limits(6)).comparing(Outputs::Decimals),
            functional: Programs::new(limits(60)),
        }
    }
}

/// A row with its date.
struct Dated(Task);

impl FromRow for Dated {
    const NEEDS: &'static str = "`question_content`, `public_test_cases`, `private_test_cases` and \
                                 `contest_date`";

    fn from_row(row: &Row) -> Result<Self, String> {
        if row.get("public_test_cases").is_none() {
            return Err("no `public_test_cases`".to_owned());
        }
        let released = row.text("contest_date").ok_or("no `contest_date`")?;
        let released: Date = released.parse().map_err(|wrong| format!("{wrong}"))?;
        Ok(Self(Task {
            released: Some(released),
            ..Task::from(Problem::from_row(row)?)
        }))
    }

    fn show(&self) -> String {
        self.0.problem.show()
    }
}

impl Benchmark for LiveCode {
    fn name(&self) -> &'static str {
        "livecodebench"
    }

    fn description(&self) -> &'static str {
        "contest problems within a window of dates, judged by public and private tests"
    }

    /// Since 2 numbers are compared as decimals.
    fn version(&self) -> u32 {
        2
    }

    fn published(&self) -> &[Published] {
        published::LIVE_CODE_BENCH
    }

    fn protocol(&self) -> Protocol {
        Protocol {
            window: "2024-08-01..2025-01-31".parse().ok(),
            ..Protocol::of_samples(8)
        }
    }

    fn settings(&self) -> Value {
        json!({ "whole": self.whole.settings(), "functional": self.functional.settings() })
    }

    /// Tests take much memory: what lies outside the window is dropped row by row.
    fn load(&self, file: &Path, protocol: &Protocol) -> Result<Loaded, LoadError> {
        let (mut tasks, mut skipped) = (Vec::new(), Vec::new());
        for record in Dataset::open(file)?.records::<Dated>() {
            match record {
                Ok(Dated(task)) if protocol.covers(&task) => tasks.push(task),
                Ok(_) => {}
                Err(Fault::Skipped(record)) => skipped.push(record),
                Err(Fault::Failed(error)) => return Err(error.into()),
            }
        }
        Ok(Loaded { tasks, skipped })
    }

    fn ready(&self, _: &[Task]) -> Result<(), NotReady> {
        self.whole.ready(self.name())?;
        self.functional.ready(self.name())
    }

    fn messages(&self, task: &Task) -> Vec<Message> {
        vec![Message::user(format!(
            "{}\n\n{FORMAT}",
            task.problem.question
        ))]
    }

    fn grade(&self, task: &Task, reply: &Reply, _: &[Reply]) -> Judged {
        let whole = matches!(
            &task.problem.check,
            Check::Code {
                tests: CodeTests::StdinStdout { .. }
            }
        );
        let programs = if whole { &self.whole } else { &self.functional };
        programs.judge(&task.problem, &reply.whole())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use data::Finish;

    use super::*;
    use crate::graded::Outcome;

    const STDIN: &str = concat!(
        r#"{"question_id": "1_a", "question_content": "Add.", "contest_date": "2024-09-01T00:00:00", "#,
        r#""difficulty": "hard", "starter_code": "", "metadata": "{}", "#,
        r#""public_test_cases": "[{\"input\": \"1 2\", \"output\": \"3\", \"testtype\": \"stdin\"}]", "#,
        r#""private_test_cases": "[{\"input\": \"2 3\", \"output\": \"5\", \"testtype\": \"stdin\"}]"}"#
    );
    const FUNCTIONAL: &str = concat!(
        r#"{"question_id": "2_b", "question_content": "Pair.", "contest_date": "2024-10-01", "#,
        r#""starter_code": "class Solution:\n    def pair(self, a: int, b: str) -> List[int]:", "#,
        r#""metadata": "{\"func_name\": \"pair\"}", "public_test_cases": "[]", "private_test_cases": "#,
        r#""[{\"input\": \"2\\n\\\"xy\\\"\", \"output\": \"[2, 2, true]\", \"testtype\": \"functional\"}]"}"#
    );

    fn tasks(window: &str) -> Vec<Task> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.jsonl");
        let late = STDIN
            .replace("2024-09-01", "2025-02-01")
            .replace("1_a", "3_c");
        std::fs::write(&path, format!("{STDIN}\n{FUNCTIONAL}\n{late}\n")).unwrap();
        let window = Some(window.parse().unwrap());
        let protocol = Protocol {
            window,
            ..Protocol::default()
        };
        LiveCode::default().load(&path, &protocol).unwrap().tasks
    }

    fn reply(program: &str) -> Reply {
        Reply {
            text: format!("So:\n```python\n{program}\n```\n"),
            reasoning: Some("Easy.".into()),
            finish: Finish::Stop,
            tokens: 9,
            prompt_tokens: 9,
        }
    }

    #[test]
    fn the_window_chooses_and_the_difficulty_is_a_level() {
        let ids = |tasks: Vec<Task>| -> Vec<String> {
            tasks.into_iter().map(|task| task.problem.id).collect()
        };
        assert_eq!(ids(tasks("2024-08-01..2025-01-31")), ["1_a", "2_b"]);
        assert_eq!(ids(tasks("2025-02-01..2025-02-01")), ["3_c"]);
        assert_eq!(tasks("2024-09-01..2024-09-01")[0].problem.level, 3);
    }

    #[test]
    fn programs_and_methods_are_run_where_they_can_be() {
        let benchmark = LiveCode::default();
        if let Err(error) = benchmark.ready(&[]) {
            let _ = writeln!(std::io::stderr(), "skipped: {error}");
            return;
        }
        let tasks = tasks("2024-08-01..2025-01-31");
        let verdict = |at: usize, program: &str| {
            let judged = benchmark.grade(&tasks[at], &reply(program), &[]);
            (judged.verdict, judged.rule)
        };
        let right = (Outcome::Right, "program".to_owned());
        let wrong = (Outcome::Wrong, "program".to_owned());
        assert_eq!(verdict(0, "print(sum(map(int, input().split())))"), right);
        assert_eq!(
            verdict(0, "print(float(sum(map(int, input().split()))))"),
            right
        );
        // Passes the public test and not the private one.
        assert_eq!(verdict(0, "input()\nprint(3)"), wrong);
        let method = |value: &str| {
            format!(
                "class Solution:\n    def pair(self, a: int, b: str) -> List[int]:\n        return {value}"
            )
        };
        assert_eq!(verdict(1, &method("[a, len(b), True]")), right);
        assert_eq!(verdict(1, &method("(a, len(b), True)")), right);
        assert_eq!(verdict(1, &method("[a, len(b), False]")), wrong);
        assert_eq!(verdict(1, "def pair(a, b): return [a, 2, True]"), wrong);
    }
}
