//! What the tests of the sandbox share.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use data::{Case, Check, CodeTests, Problem};

use super::{Code, Language, Limits, Outcome, Sandbox};
use crate::reward::{Reward, Verdict};

/// Says that a test was skipped, where a test harness does not swallow it.
pub(crate) fn skipped(why: impl std::fmt::Display) {
    let name = std::thread::current().name().unwrap_or("a test").to_owned();
    let _ = writeln!(std::io::stderr(), "skipped: {name}: {why}");
}

/// The tests' sandbox; `None`, said aloud, where this machine cannot isolate programs or has no
/// such language.
pub(crate) fn sandbox(language: Language) -> Option<&'static Arc<Sandbox>> {
    static SANDBOX: OnceLock<Result<Arc<Sandbox>, String>> = OnceLock::new();
    let made = SANDBOX.get_or_init(|| {
        let limits = Limits {
            cpu: Duration::from_secs(4),
            wall: Duration::from_secs(20),
            memory: 256 << 20,
            ..Limits::default()
        };
        Sandbox::new(limits)
            .map(Arc::new)
            .map_err(|error| error.to_string())
    });
    match made {
        Ok(sandbox) => match sandbox.has(language) {
            Ok(()) => Some(sandbox),
            Err(error) => {
                skipped(error);
                None
            }
        },
        Err(error) => {
            skipped(error);
            None
        }
    }
}

/// Runs a Python program without input; `None` where that cannot be.
pub(crate) fn python(program: &str) -> Option<Outcome> {
    let sandbox = sandbox(Language::Python)?;
    Some(
        sandbox
            .run(program, Language::Python, "")
            .expect("the sandbox works"),
    )
}

/// A problem with these tests.
pub(crate) fn problem(tests: CodeTests) -> Problem {
    Problem {
        check: Check::Code { tests },
        ..crate::accuracy::tests::problem("", "en")
    }
}

/// Tests that are calls.
pub(crate) fn calls(shown: &[&str], hidden: &[&str]) -> CodeTests {
    let own = |tests: &[&str]| tests.iter().map(|test| (*test).to_owned()).collect();
    CodeTests::Functional {
        preamble: String::new(),
        setup: String::new(),
        shown: own(shown),
        hidden: own(hidden),
    }
}

/// Tests that are inputs with outputs.
pub(crate) fn cases(cases: &[(&str, &str)]) -> CodeTests {
    let case = |(input, output): &(&str, &str)| Case {
        input: (*input).to_owned(),
        output: (*output).to_owned(),
    };
    CodeTests::StdinStdout {
        shown: cases.iter().map(case).collect(),
        hidden: vec![],
    }
}

/// The verdict on a program; `None` where none can be run.
pub(crate) fn verdict(language: Language, program: &str, tests: &CodeTests) -> Option<Verdict> {
    let code = Code::within(Arc::clone(sandbox(language)?));
    let name = match language {
        Language::Python => "python",
        Language::Rust => "rust",
    };
    let response = format!("<think>So.</think>\n```{name}\n{program}\n```\n");
    Some(code.score(&problem(tests.clone()), &response))
}

/// Checks what a Python program scores.
pub(crate) fn scores(program: &str, tests: &CodeTests, score: Option<f32>) {
    if let Some(verdict) = verdict(Language::Python, program, tests) {
        assert_eq!(verdict.score(), score, "{program}\n{verdict:?}");
    }
}

/// A file of the sets beside the checkout; `None`, said aloud, where it is missing.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/code");
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    skipped(format!("no {}", path.display()));
    None
}
