//! Problems in words with reference statements, from the files people use.
//!
//! | file | columns read |
//! | --- | --- |
//! | compfiles | `name`, `informal`, `lean4_statement`, `determine`, `is_imo` |
//! | miniF2F | `name`, `informal_prefix`, `header`, `formal_statement` |
//! | any other | `id`, `informal`, and where there is one `formal_statement`, with `system` (`lean`, `coq`) |
//!
//! Left out: what a compfiles statement needs from its file beyond Mathlib. Such a reference does not
//! compile, and is then for a model to compare with.

use data::chat::Message;
use data::dataset::{FromRow, Row};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::statement::{Statement, System};

/// A problem to formalise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FormalProblem {
    /// Unique within a file.
    pub id: String,
    /// The problem in words.
    pub informal: String,
    /// Whether it is from an International Mathematical Olympiad.
    pub is_imo: bool,
    /// The reference as its file has it.
    pub reference_text: Option<String>,
    /// The reference, where the checker can be asked about it: not where it speaks of an answer that
    /// the file leaves to be determined.
    pub reference: Option<Statement>,
}

impl FromRow for FormalProblem {
    const NEEDS: &'static str = "`name` (or `id`) and `informal` (or `informal_prefix`)";

    fn from_row(row: &Row) -> Result<Self, String> {
        let id = row.text("name").unwrap_or_else(|| row.id());
        let informal = row.text("informal").or_else(|| row.text("informal_prefix"));
        let informal = informal.ok_or("no `informal` or `informal_prefix` with text in it")?;
        let informal = informal
            .trim_start_matches("/--")
            .trim_end_matches("-/")
            .trim();
        let flag = row.get("is_imo").and_then(Value::as_bool);
        let compfiles = row.text("lean4_statement").map(|text| {
            let header = "import Mathlib\n\nopen scoped BigOperators Real Nat\n\n";
            format!("{header}{text}")
        });
        let header = row.letters("header").unwrap_or_default();
        let given = row
            .text("formal_statement")
            .map(|text| format!("{header}{text}"));
        let reference_text = compfiles.or(given);
        let system = match row.text("system").as_deref() {
            None | Some("lean") => System::Lean,
            Some("coq") => System::Coq,
            Some(other) => return Err(format!("`system` is `{other}`, neither `lean` nor `coq`")),
        };
        let determined = row.get("determine").and_then(Value::as_array);
        let reference = match determined {
            Some(answers) if !answers.is_empty() => None,
            _ => reference_text
                .as_deref()
                .and_then(|text| Statement::read(text, system).ok()),
        };
        Ok(Self {
            is_imo: flag.unwrap_or_else(|| id.to_ascii_lowercase().starts_with("imo")),
            informal: informal.to_owned(),
            id,
            reference_text,
            reference,
        })
    }

    fn show(&self) -> String {
        let reference = self.reference_text.as_deref().unwrap_or("no reference");
        format!("{}\n\n{reference}", self.informal)
    }
}

/// What a model is asked: one statement, in one fenced block, without a proof.
pub fn ask(problem: &FormalProblem, system: System) -> Vec<Message> {
    let (fence, hole, libraries) = match system {
        System::Coq => ("coq", "Admitted.", "the standard library"),
        System::Lean => ("lean", ":= by sorry", "Mathlib"),
    };
    vec![Message::user(format!(
        "State the following problem in {system}, using {libraries}. Give everything that is needed, \
         imports included, in one fenced block that begins with ```{fence} and states exactly one \
         theorem. Do not prove it: end it with `{hole}`. Do not declare axioms, variables or \
         notations. Where the problem asks for a value, state that the value is right.\n\n{}",
        problem.informal
    ))]
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::Path;

    use data::dataset::Dataset;

    use super::*;

    fn read(path: &Path) -> Vec<FormalProblem> {
        let found = Dataset::open(path).unwrap().records().gather().unwrap();
        assert_eq!(found.skipped, []);
        found.records
    }

    #[test]
    fn problems_of_three_forms_are_read() {
        let mut file = tempfile::NamedTempFile::with_suffix(".jsonl").unwrap();
        let lines = [
            r#"{"name": "Imo1", "is_imo": true, "informal": "x", "lean4_statement": "problem imo1 (n : ℕ) : n = a", "determine": ["determine a : ℕ :="]}"#,
            r#"{"name": "imo_2", "informal_prefix": "/-- y -/\n", "header": "import Mathlib\n", "formal_statement": "theorem imo_2 (n : ℕ) : n = n := by\n"}"#,
            r#"{"id": "c", "informal": "z", "system": "coq", "formal_statement": "Theorem c : 1 = 1."}"#,
        ];
        file.write_all(lines.join("\n").as_bytes()).unwrap();
        let problems = read(file.path());
        assert_eq!(
            (problems[0].is_imo, problems[0].reference.is_none()),
            (true, true)
        );
        assert_eq!(
            (problems[1].informal.as_str(), problems[1].is_imo),
            ("y", true)
        );
        assert_eq!(problems[1].reference.as_ref().unwrap().imports, ["Mathlib"]);
        assert_eq!(problems[2].reference.as_ref().unwrap().system, System::Coq);
        let asked = ask(&problems[2], System::Coq);
        assert!(asked[0].content.contains("```coq") && asked[0].content.ends_with('z'));
    }

    #[test]
    fn published_files_are_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/formal");
        for (name, all, imo, least) in [
            ("compfiles_imo.jsonl", 520, 273, 250),
            ("minif2f_lean4.jsonl", 488, 40, 480),
        ] {
            let path = folder.join(name);
            if !path.exists() {
                let _ = writeln!(std::io::stderr(), "skipped: no {}", path.display());
                continue;
            }
            let problems = read(&path);
            let count = |f: fn(&FormalProblem) -> bool| problems.iter().filter(|p| f(p)).count();
            assert_eq!((problems.len(), count(|p| p.is_imo)), (all, imo), "{name}");
            let read = count(|p| p.reference.is_some());
            assert!(read >= least, "{name}: {read} references of {all}");
        }
    }
}
