//! Multiple choice, as MMLU asks it (Hendrycks et al., arXiv 2009.03300): `question`, `choices`, and
//! `answer` as a letter or as a number from 0.
//!
//! Left out: the few-shot form that compares the likelihood of letters.

use std::path::Path;

use data::chat::Message;
use data::dataset::{Dataset, FromRow, Row};
use data::{Check, Domain, Language, Problem, Reply};
use rewards::{Accuracy, Options, Reading, Rule, extract_as};
use serde_json::Value;

use super::published;
use crate::benchmark::{Benchmark, Judged, LoadError, Loaded, Published, Task};
use crate::protocol::Protocol;

const LETTERS: &str = "ABCDEFGHIJ";
const FORMAT: &str = "Think step by step, then end with a line of the form \"Answer: X\", where X is \
                      the letter of one option.";

/// A multiple-choice benchmark.
#[derive(Debug)]
pub struct Choice {
    name: &'static str,
    description: &'static str,
    published: &'static [Published],
}

impl Choice {
    /// MMLU, or any file of its schema.
    pub fn mmlu() -> Self {
        Self {
            name: "mmlu",
            description: "questions with options to choose from, in the columns of MMLU",
            published: published::MMLU,
        }
    }
}

struct Question(Problem);

impl FromRow for Question {
    const NEEDS: &'static str = "`question`, `choices` (a list) and `answer` (a letter, or a number \
                                 from 0)";

    fn from_row(row: &Row) -> Result<Self, String> {
        let mut question = row
            .text("question")
            .ok_or("no `question` with text in it")?;
        let choices = row.get("choices").and_then(Value::as_array);
        let choices = choices.ok_or("no `choices` that is a list")?;
        if choices.len() < 2 || choices.len() > LETTERS.len() {
            return Err(format!(
                "{} choices; 2 to {} are taken",
                choices.len(),
                LETTERS.len()
            ));
        }
        let answer = match row.get("answer") {
            Some(Value::Number(number)) => {
                let at = number.as_u64().and_then(|at| usize::try_from(at).ok());
                at.and_then(|at| LETTERS.get(at..=at))
            }
            _ => None,
        };
        let answer = answer.map(str::to_owned).or_else(|| row.text("answer"));
        let named = answer.filter(|answer| answer.len() == 1);
        let place = named.as_deref().and_then(|letter| LETTERS.find(letter));
        let place = place.filter(|place| *place < choices.len());
        let place = place.ok_or("`answer` names none of the choices")?;
        question.push('\n');
        for (letter, choice) in LETTERS.chars().zip(choices) {
            let text = choice
                .as_str()
                .map_or_else(|| choice.to_string(), str::to_owned);
            question += &format!("\n{letter}. {}", text.trim());
        }
        Ok(Self(Problem {
            id: row.id(),
            language: Language::detect(&question).code().to_owned(),
            question,
            answer: LETTERS[place..=place].to_owned(),
            solution: None,
            family: row
                .text("subject")
                .unwrap_or_else(|| row.family().to_owned()),
            domain: Domain::General,
            level: 1,
            check: Check::Answer,
        }))
    }

    fn show(&self) -> String {
        self.0.show()
    }
}

impl Benchmark for Choice {
    fn name(&self) -> &str {
        self.name
    }

    fn description(&self) -> &str {
        self.description
    }

    fn published(&self) -> &[Published] {
        self.published
    }

    fn load(&self, file: &Path, _: &Protocol) -> Result<Loaded, LoadError> {
        let gathered = Dataset::open(file)?.records::<Question>().gather()?;
        let tasks = gathered.records.into_iter();
        Ok(Loaded {
            tasks: tasks.map(|question| Task::from(question.0)).collect(),
            skipped: gathered.skipped,
        })
    }

    fn messages(&self, task: &Task) -> Vec<Message> {
        vec![Message::user(format!(
            "{}\n\n{FORMAT}",
            task.problem.question
        ))]
    }

    fn grade(&self, task: &Task, reply: &Reply, _: &[Reply]) -> Judged {
        let reading = Reading {
            letters: true,
            ..Reading::default()
        };
        let options = Options::default();
        let mut found = extract_as(&reply.whole(), &reading);
        // What stands between answer tags is read as any other text is.
        if let Ok(tagged) = &found
            && tagged.rule == Rule::AnswerTag
        {
            found = extract_as(&tagged.text, &reading);
        }
        Judged::of(Accuracy.judge_found(&task.problem, found, &reading, &options))
    }
}

#[cfg(test)]
mod tests {
    use data::Finish;

    use super::*;
    use crate::graded::Outcome;

    fn load(text: &str) -> Loaded {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mmlu.jsonl");
        std::fs::write(&path, text).unwrap();
        Choice::mmlu().load(&path, &Protocol::default()).unwrap()
    }

    #[test]
    fn options_are_lettered_and_letters_graded() {
        let loaded = load(concat!(
            r#"{"question": "Capital of France?", "subject": "geography", "#,
            r#""choices": ["Rome", "Paris", "Bonn"], "answer": 1}"#,
            "\n",
            r#"{"question": "2 + 2?", "choices": [3, 4], "answer": "B"}"#,
            "\n",
            r#"{"question": "2 + 2?", "choices": [3, 4], "answer": "C"}"#,
            "\n"
        ));
        assert_eq!((loaded.tasks.len(), loaded.skipped.len()), (2, 1));
        let task = &loaded.tasks[0];
        assert_eq!(
            (&*task.problem.question, &*task.problem.family),
            (
                "Capital of France?\n\nA. Rome\nB. Paris\nC. Bonn",
                "geography"
            )
        );
        let graded = |text: &str| {
            let reply = Reply {
                text: text.into(),
                reasoning: Some("A is Rome, so no. C?".into()),
                finish: Finish::Stop,
                tokens: 9,
                prompt_tokens: 9,
            };
            Choice::mmlu().grade(task, &reply, &[])
        };
        for right in [
            "Answer: B",
            "B",
            "\\boxed{B}",
            "**B. Paris**",
            "<answer>(B) Paris</answer>",
        ] {
            assert_eq!(graded(right).verdict, Outcome::Right, "{right}");
        }
        let wrong = graded("Answer: A");
        assert_eq!(
            (wrong.verdict, wrong.answer.as_deref()),
            (Outcome::Wrong, Some("A"))
        );
        assert_eq!(graded("who knows").rule, "none");
    }
}
