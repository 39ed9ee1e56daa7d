//! Judging answers from a file: `r1 grade`.
//!
//! One JSON object a line, `{id, gold, pred, opts?, expected?}`; for each, `{id, verdict, rule,
//! reason}`. Rows marked `disputed` are graded but not counted in the agreement.

use std::io::{BufRead, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use rewards::{Options, Reading, Verdict, grade};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::usage;

/// One answer to judge.
#[derive(Debug, Deserialize)]
struct Row {
    id: Value,
    gold: String,
    pred: String,
    #[serde(default)]
    opts: Option<Opts>,
    /// 1 or `true` where the answer is right.
    #[serde(default)]
    expected: Option<Value>,
    #[serde(default)]
    disputed: Option<Value>,
}

/// How a row is to be read and compared; what is left out has its default. Other keys say where
/// the row comes from and are passed over.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Opts {
    /// `latex`, `expr`, `NativeLetters` or `raw`; the first two by default.
    match_types: Option<Vec<String>>,
    /// Decimal places.
    precision: Option<u32>,
    strict: Option<bool>,
    /// A language by its English name.
    language: Option<String>,
    allow_set_relation_comp: Option<bool>,
}

impl Opts {
    pub(crate) fn settings(&self) -> Result<(Reading, Options)> {
        let types = self.match_types.as_deref();
        let known = ["latex", "expr", "NativeLetters", "raw"];
        if let Some(other) = types
            .unwrap_or_default()
            .iter()
            .find(|name| !known.contains(&name.as_str()))
        {
            bail!(
                "there is no match type `{other}`; there are: {}",
                known.join(", ")
            );
        }
        let asked = |name: &str, default: bool| {
            types.map_or(default, |types| types.iter().any(|other| other == name))
        };
        let reading = Reading {
            latex: asked("latex", true),
            plain: asked("expr", true),
            letters: asked("NativeLetters", false),
            whole: asked("raw", false),
            language: self.language.clone(),
        };
        let default = Options::default();
        let options = Options {
            precision: self.precision.unwrap_or(default.precision),
            strict: self.strict.unwrap_or(default.strict),
            relation_for_set: self
                .allow_set_relation_comp
                .unwrap_or(default.relation_for_set),
            // A text that is the answer is taken as it stands.
            ordered: reading.whole,
        };
        Ok((reading, options))
    }
}

/// How often verdict and expectation agree.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Agreement {
    expected: usize,
    agreed: usize,
    /// Answers expected to be wrong.
    wrong: usize,
    /// Those of them that were found right.
    false_positives: usize,
}

impl Agreement {
    fn count(&mut self, right: bool, expected: bool) {
        self.expected += 1;
        self.agreed += usize::from(right == expected);
        self.wrong += usize::from(!expected);
        self.false_positives += usize::from(right && !expected);
    }
}

/// Judges every line of `path`: verdicts to the standard output, the agreement with what was
/// expected to the standard error. Time is bounded for each line.
///
/// # Errors
/// A file that does not exist ([`UsageError`](usage::UsageError)) or has no line; a line that is no
/// such object, with its number.
pub fn run(path: &Path) -> Result<()> {
    let lines = usage::open(path)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let agreement = judge_lines(lines, &mut out, path);
    out.flush()?;
    let agreement = agreement?;
    if agreement.expected > 0 {
        writeln!(std::io::stderr(), "{}", summary(agreement))?;
    }
    Ok(())
}

fn judge_lines(lines: impl BufRead, out: &mut impl Write, path: &Path) -> Result<Agreement> {
    let mut agreement = Agreement::default();
    let mut rows = 0;
    for (index, line) in lines.lines().enumerate() {
        let place = || format!("{}, line {}", path.display(), index + 1);
        let line = line.with_context(place)?;
        if line.trim().is_empty() {
            continue;
        }
        let row: Row = serde_json::from_str(&line).with_context(place)?;
        let expected = expected(&row).with_context(place)?;
        let (reading, options) = row
            .opts
            .as_ref()
            .map_or_else(|| Opts::default().settings(), Opts::settings)
            .with_context(place)?;
        let grade = grade(&row.gold, &row.pred, &reading, &options);
        let verdict = match grade.verdict {
            Verdict::Unjudged { .. } => "unjudged",
            Verdict::Judged { score: 1.0, .. } => "right",
            Verdict::Judged { .. } => "wrong",
        };
        if let Some(expected) = expected.filter(|_| !is_disputed(&row)) {
            agreement.count(verdict == "right", expected);
        }
        let line = json!({
            "id": row.id,
            "verdict": verdict,
            "rule": grade.rule.map_or("none", rewards::Rule::name),
            "reason": grade.verdict.reason(),
        });
        writeln!(out, "{line}")?;
        rows += 1;
    }
    ensure!(
        rows > 0,
        "{}: there are no answers; write one JSON object a line, {{\"id\", \"gold\", \"pred\"}}",
        path.display()
    );
    Ok(agreement)
}

fn is_disputed(row: &Row) -> bool {
    !matches!(row.disputed, None | Some(Value::Null | Value::Bool(false)))
}

fn expected(row: &Row) -> Result<Option<bool>> {
    match &row.expected {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(right)) => Ok(Some(*right)),
        Some(Value::Number(number)) if number.as_f64() == Some(1.0) => Ok(Some(true)),
        Some(Value::Number(number)) if number.as_f64() == Some(0.0) => Ok(Some(false)),
        Some(other) => bail!("`expected` is {other}; write 1, 0, true or false"),
    }
}

fn summary(agreement: Agreement) -> String {
    let percent = |part: usize, all: usize| 100.0 * part as f64 / all.max(1) as f64;
    format!(
        "agreement {:.2} % ({} of {}), false positives {:.2} % ({} of {} wrong answers)",
        percent(agreement.agreed, agreement.expected),
        agreement.agreed,
        agreement.expected,
        percent(agreement.false_positives, agreement.wrong),
        agreement.false_positives,
        agreement.wrong,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> Result<(Vec<Value>, Agreement)> {
        let mut out = Vec::new();
        let agreement = judge_lines(text.as_bytes(), &mut out, Path::new("rows.jsonl"))?;
        let lines = String::from_utf8(out)?;
        let values = lines.lines().map(serde_json::from_str);
        Ok((values.collect::<Result<_, _>>()?, agreement))
    }

    #[test]
    fn each_row_has_its_verdict_and_its_rule() {
        let (lines, agreement) = judged(concat!(
            r#"{"id": 1, "gold": "1/2", "pred": "so \\boxed{0.5}", "expected": 1}"#,
            "\n\n",
            r#"{"id": "b", "gold": "12", "pred": "A: 13", "expected": false}"#,
            "\n",
            r#"{"id": "c", "gold": "1/0", "pred": "12", "opts": null}"#,
            "\n",
            r#"{"id": "d", "gold": "1/3", "pred": "0.33", "expected": 0, "opts": {"precision": 2, "label": "x"}}"#,
            "\n",
            r#"{"id": "e", "gold": "3", "pred": "3", "expected": 0, "disputed": "by its author"}"#,
        ))
        .unwrap();
        let verdicts: Vec<&str> = lines
            .iter()
            .map(|l| l["verdict"].as_str().unwrap())
            .collect();
        assert_eq!(verdicts, ["right", "wrong", "unjudged", "right", "right"]);
        let rules: Vec<&str> = lines.iter().map(|l| l["rule"].as_str().unwrap()).collect();
        assert_eq!(
            rules,
            ["boxed", "phrase", "last_number", "whole", "last_number"]
        );
        assert_eq!(
            (lines[0]["id"].as_i64(), lines[1]["id"].as_str()),
            (Some(1), Some("b"))
        );
        let counted = Agreement {
            expected: 3,
            agreed: 2,
            wrong: 2,
            false_positives: 1,
        };
        assert_eq!(agreement, counted);
        assert_eq!(
            summary(agreement),
            "agreement 66.67 % (2 of 3), false positives 50.00 % (1 of 2 wrong answers)"
        );
    }

    #[test]
    fn a_bad_line_is_named() {
        for bad in [
            r#"{"id": 1, "gold": "1"}"#,
            "no json",
            r#"{"id": 1, "gold": "1", "pred": "1", "expected": "yes"}"#,
            r#"{"id": 1, "gold": "1", "pred": "1", "opts": {"match_types": ["tex"]}}"#,
        ] {
            let text = format!("{}\n{bad}", r#"{"id": 1, "gold": "1", "pred": "1"}"#);
            let error = judged(&text).unwrap_err().to_string();
            assert!(error.contains("rows.jsonl, line 2"), "{error}");
        }
    }
}
