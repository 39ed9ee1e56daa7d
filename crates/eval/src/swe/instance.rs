//! SWE-bench's instances, in the published schema (Jimenez et al., arXiv 2310.06770v3, section 2).
//!
//! Columns beyond the schema are passed over; the two lists of tests are lists or JSON in a text. Files
//! without them load, and are not judged.

use data::dataset::{FromRow, Row};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::diff::{parse, touched};
use super::mirror::Mirror;

/// An issue of a repository, with the tests that tell whether it is resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Unique; `owner__name-number`.
    pub instance_id: String,
    /// `owner/name`.
    pub repo: String,
    /// The commit the patch is made for.
    pub base_commit: String,
    /// The gold patch.
    pub patch: String,
    /// What the tests that judge need beyond the commit.
    #[serde(default)]
    pub test_patch: String,
    /// The issue.
    pub problem_statement: String,
    /// What was said of it before the gold patch; the published prompts do not show it.
    #[serde(default)]
    pub hints_text: String,
    /// When the gold patch was made.
    #[serde(default)]
    pub created_at: String,
    /// The repository's version, which says what environment it needs.
    #[serde(default)]
    pub version: String,
    /// The commit the environment is made for.
    #[serde(default)]
    pub environment_setup_commit: String,
    /// Tests the gold patch makes pass.
    #[serde(default, rename = "FAIL_TO_PASS", deserialize_with = "names")]
    pub fail_to_pass: Vec<String>,
    /// Tests that pass before and after it.
    #[serde(default, rename = "PASS_TO_PASS", deserialize_with = "names")]
    pub pass_to_pass: Vec<String>,
}

impl FromRow for Instance {
    const NEEDS: &'static str =
        "`instance_id`, `repo`, `base_commit`, `patch` and `problem_statement`";

    fn from_row(row: &Row) -> Result<Self, String> {
        let columns = row.columns().iter();
        let columns = columns.filter(|(_, value)| !value.is_null());
        let columns = columns.map(|(name, value)| (name.clone(), value.clone()));
        serde_json::from_value(Value::Object(columns.collect())).map_err(|error| error.to_string())
    }

    fn show(&self) -> String {
        format!(
            "[{}]\n{}\n\n[patch]\n{}",
            self.instance_id, self.problem_statement, self.patch
        )
    }
}

impl Instance {
    /// The files the gold patch changes, as they were: path and text. What is no text is left out.
    ///
    /// # Errors
    /// Where the patch cannot be read or the repository is not to be had.
    pub fn oracle(&self, mirror: &Mirror) -> Result<Vec<(String, String)>, String> {
        let wrong = |reason: String| format!("{}: {reason}", self.instance_id);
        let patch = parse(&self.patch).map_err(|error| wrong(error.to_string()))?;
        let paths = touched(&patch);
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let files = mirror.files(&self.repo, &self.base_commit, &paths);
        let files = files.map_err(|error| wrong(error.to_string()))?;
        let text = |path: &str| Some(std::str::from_utf8(files.file(path)?).ok()?.to_owned());
        let shown = files
            .iter()
            .filter_map(|(path, _)| Some((path.to_owned(), text(path)?)));
        Ok(shown.collect())
    }

    /// What a model is asked: the issue, the files shown with it (path and text), and the form of the
    /// answer.
    pub fn question(&self, shown: &[(&str, &str)]) -> String {
        let mut text = format!(
            "This is an issue of the repository {}.\n\n<issue>\n{}\n</issue>\n",
            self.repo,
            self.problem_statement.trim()
        );
        for (path, content) in shown {
            text += &format!("\n<file path=\"{path}\">\n{content}</file>\n");
        }
        text + "\nResolve it. Answer with one patch in unified diff format, as `git diff` writes it, \
                with paths from the root of the repository, in a block that begins with ```diff. Do \
                not change tests.\n"
    }
}

/// A list of texts, or the JSON of one; an empty text is an empty list.
fn names<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        List(Vec<String>),
        Text(String),
    }
    match Form::deserialize(from)? {
        Form::List(list) => Ok(list),
        Form::Text(text) if text.trim().is_empty() => Ok(vec![]),
        Form::Text(text) => serde_json::from_str(&text).map_err(serde::de::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use data::dataset::Dataset;

    use super::super::diff::parse;
    use super::*;

    #[test]
    fn lists_of_tests_are_lists_or_texts() {
        let read = |lists: &str| -> Result<Instance, _> {
            serde_json::from_str(&format!(
                r#"{{"instance_id": "a__b-1", "repo": "a/b", "base_commit": "c", "patch": "",
                    "problem_statement": "It fails.", {lists}}}"#
            ))
        };
        let list = read(r#""FAIL_TO_PASS": ["x"], "PASS_TO_PASS": []"#).unwrap();
        let text = read(r#""FAIL_TO_PASS": "[\"x\"]", "PASS_TO_PASS": "", "more": 1"#).unwrap();
        assert_eq!((&list, &*list.fail_to_pass), (&text, &["x".to_owned()][..]));
        assert!(read(r#""FAIL_TO_PASS": "x""#).is_err());
        let question = list.question(&[("m.py", "x = 1\n")]);
        assert!(question.contains("<issue>\nIt fails.\n</issue>"));
        assert!(question.contains("<file path=\"m.py\">\nx = 1\n</file>"));
    }

    /// The public copies beside the checkout, where they are.
    #[test]
    fn published_gold_patches_are_read_and_printed_back() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/swe");
        for (name, count) in [
            ("swebench_verified_localize.jsonl", 500),
            ("swe_bench_lite_localize.jsonl", 274),
        ] {
            let path = folder.join(name);
            if !path.exists() {
                continue;
            }
            let dataset = Dataset::open(&path).unwrap();
            let gathered = dataset.records::<Instance>().gather().unwrap();
            assert_eq!((gathered.records.len(), gathered.skipped.len()), (count, 0));
            for instance in gathered.records {
                let patch = parse(&instance.patch).unwrap_or_else(|error| {
                    panic!("{}: {error}\n{}", instance.instance_id, instance.patch)
                });
                assert_eq!(
                    parse(&patch.to_string()).unwrap(),
                    patch,
                    "{}",
                    instance.instance_id
                );
            }
        }
    }
}
