//! What responses are judged by: a rubric, and a sandbox where the problems ask for programs.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use anyhow::{Result, anyhow};
use data::{Check, Problem, Tokenizer};
use grpo::Group;
use rewards::code::{Language, Limits, Sandbox};
use rewards::{Code, Options, Reading, Rubric, RubricConfig};

use super::files::read_lines;
use super::tasks::{HELD_OUT, TRAIN};
use crate::Artifact;

/// The rubric `config` describes, for problems of `tasks`.
///
/// # Errors
/// Where there are problems whose answers are programs and nothing to run them in.
pub(super) fn rubric(config: &RubricConfig, tasks: &Artifact) -> Result<Rubric> {
    with_code(Rubric::new(config), tasks)
}

/// The same with lengths in the tokens of `tokenizer`.
pub(super) fn counting(
    config: &RubricConfig,
    tokenizer: &Tokenizer,
    tasks: &Artifact,
) -> Result<Rubric> {
    let tokenizer = tokenizer.clone();
    let counter = Arc::new(move |text: &str| tokenizer.encode_text(text).len());
    with_code(Rubric::counting(config, counter), tasks)
}

/// The rubric `config` describes, for `problems`, which came from `source`.
///
/// # Errors
/// As [`rubric`].
pub(crate) fn rubric_for(
    config: &RubricConfig,
    problems: &[Problem],
    source: &Path,
) -> Result<Rubric> {
    let rubric = Rubric::new(config);
    match has_programs(problems) {
        true => Ok(rubric.with_code(Code::within(sandbox(source)?))),
        false => Ok(rubric),
    }
}

fn with_code(rubric: Rubric, tasks: &Artifact) -> Result<Rubric> {
    for name in [TRAIN, HELD_OUT] {
        let file = tasks.file(name);
        if file.exists() && has_programs(&read_lines::<Problem>(&file)?) {
            return Ok(rubric.with_code(Code::within(sandbox(&file)?)));
        }
    }
    Ok(rubric)
}

/// What to say of the responses of `groups` that could not be judged, where there are any: how many, and
/// why, as `rubric` says of the first. They are left out of their groups.
pub(super) fn missing<'a>(
    rubric: &Rubric,
    groups: impl Iterator<Item = &'a Group>,
) -> Option<String> {
    let mut all = groups.flat_map(|group| {
        let scores = group.completions.iter().zip(&group.scores);
        scores
            .filter(|(_, score)| !score.is_judged())
            .map(|(completion, _)| (&group.problem, &completion.text))
    });
    let (problem, text) = all.next()?;
    let count = 1 + all.count();
    let (reading, options) = (Reading::default(), Options::default());
    let (_, why) = rubric.explained(problem, text, &reading, &options);
    let why = why
        .into_iter()
        .map(|part| format!("{}: {}", part.name, part.reason));
    let why: Vec<String> = why.collect();
    Some(format!(
        "{count} responses are left out, unjudged; {}",
        why.join("; ")
    ))
}

/// Whether some answers are programs.
pub(super) fn has_programs(problems: &[Problem]) -> bool {
    problems
        .iter()
        .any(|problem| matches!(problem.check, Check::Code { .. }))
}

/// The sandbox of this process, made and tried out when it is first asked for.
///
/// # Errors
/// Where the kernel isolates nothing or no language is there: the programs of `file` could not be
/// judged, and a run would learn nothing from them.
pub(super) fn sandbox(file: &Path) -> Result<Arc<Sandbox>> {
    static SANDBOX: OnceLock<Result<Arc<Sandbox>, String>> = OnceLock::new();
    let made = SANDBOX.get_or_init(|| {
        let sandbox = Sandbox::new(Limits::default()).map_err(|error| error.to_string())?;
        let missing = |language| sandbox.has(language).err().map(|error| error.to_string());
        match (missing(Language::Python), missing(Language::Rust)) {
            (Some(python), Some(_)) => Err(python),
            _ => Ok(Arc::new(sandbox)),
        }
    });
    made.clone().map_err(|reason| {
        anyhow!(
            "{} has problems whose answers are programs, and programs cannot be run here: {reason}. \
             Leave those problems out, or run this where they can",
            file.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use data::tasks::{Split, Stream, TaskSettings};
    use data::{Completion, Finish};

    use super::*;

    #[test]
    fn an_answer_that_cannot_be_judged_is_said_with_its_reason() {
        let rubric = Rubric::new(&RubricConfig::default());
        let tasks = Stream::new(&TaskSettings::default(), Split::Train, 1).unwrap();
        let mut problem = tasks.map(|worked| worked.problem).next().unwrap();
        let group = |problem: &Problem| {
            let text = "<think>So</think><answer>7</answer>".to_owned();
            Group {
                scores: vec![rubric.score(problem, &text); 2],
                completions: vec![
                    Completion {
                        problem: problem.id.clone(),
                        sample: 0,
                        tokens: Vec::new(),
                        log_probs: Vec::new(),
                        text,
                        finish: Finish::Stop,
                    };
                    2
                ],
                problem: problem.clone(),
                prompt: Vec::new(),
                parts: Vec::new(),
            }
        };
        assert_eq!(missing(&rubric, [group(&problem)].iter()), None);
        (problem.check, problem.answer) = (Check::Answer, String::new());
        let said = missing(&rubric, [group(&problem)].iter()).unwrap();
        assert!(said.starts_with("2 responses are left out"), "{said}");
        assert!(said.contains("accuracy: "), "{said}");
    }
}
