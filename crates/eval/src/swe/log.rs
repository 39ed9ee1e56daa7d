//! What a log says of each test, read as the published harness reads it (`swebench/harness`, log parsers).
//!
//! Where that is lossy it is so here: a pytest name ends at its first blank, and a unittest with a
//! docstring goes by the docstring; the lists of tests were made in the same way. Beyond it, such a unittest
//! goes by its own name as well, and a status on a line of its own belongs to the test that began.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What became of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It passed.
    Passed,
    /// It failed as it was expected to.
    ExpectedFailure,
    /// It failed.
    Failed,
    /// It could not be run to its end.
    Error,
    /// It was not run.
    Skipped,
}

impl Status {
    /// Whether it counts as passed.
    pub fn is_pass(self) -> bool {
        matches!(self, Self::Passed | Self::ExpectedFailure)
    }

    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "PASSED" => Self::Passed,
            "XFAIL" => Self::ExpectedFailure,
            "FAILED" => Self::Failed,
            "ERROR" => Self::Error,
            "SKIPPED" => Self::Skipped,
            _ => return None,
        })
    }
}

/// What wrote a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// `pytest -rA`, or `pytest -v`.
    Pytest,
    /// The same, with paths in parameters cut to their last part (requests, pylint, pydicom).
    PytestShortPaths,
    /// Python's `unittest -v`; `test (module.Class.test)` and `test (module.Class)` are one.
    Unittest,
    /// Django's `runtests.py --verbosity 2`.
    Django,
    /// SymPy's `bin/test --verbose`.
    Sympy,
    /// A line `name: PASSED` for each test, or `FAILED`, `ERROR`, `SKIPPED`, `XFAIL`.
    Plain,
}

/// The tests of a log by name.
pub type Results = BTreeMap<String, Status>;

impl LogFormat {
    /// Reads a log.
    pub fn read(self, log: &str) -> Results {
        let log = without_colours(log);
        let mut results = Results::new();
        match self {
            Self::Pytest | Self::PytestShortPaths => pytest(&log, &mut results),
            Self::Unittest | Self::Django => unittest(&log, &mut results),
            Self::Sympy => sympy(&log, &mut results),
            Self::Plain => plain(&log, &mut results),
        }
        let named = |(name, status): (String, Status)| (self.name(&name), status);
        results.into_iter().map(named).collect()
    }

    /// A test's name as [`LogFormat::read`] gives it.
    pub fn name(self, name: &str) -> String {
        match self {
            Self::PytestShortPaths => short_path(name),
            Self::Unittest => without_method(name),
            Self::Pytest | Self::Django | Self::Sympy | Self::Plain => name.to_owned(),
        }
    }
}

/// The log without the terminal's escape sequences.
fn without_colours(log: &str) -> String {
    let mut text = String::with_capacity(log.len());
    let mut rest = log;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        text += before;
        let end = after.find(|c: char| !c.is_ascii_digit() && c != ';');
        rest = end.map_or("", |end| after[end..].get(1..).unwrap_or(&after[end..]));
    }
    text + rest
}

fn pytest(log: &str, results: &mut Results) {
    for line in log.lines() {
        let line = line
            .replace("MouseButton.LEFT", "1")
            .replace("MouseButton.RIGHT", "3");
        let mut words = line.split_whitespace();
        let (Some(first), Some(second)) = (words.next(), words.next()) else {
            continue;
        };
        match (Status::of(first), Status::of(second)) {
            (Some(status), _) if line.starts_with(first) => {
                results.insert(second.to_owned(), status);
            }
            (_, Some(status)) if first.contains("::") => {
                results.insert(first.to_owned(), status);
            }
            _ => {}
        }
    }
}

/// `name[/some/path]` to `name[/path]`.
fn short_path(name: &str) -> String {
    let parts = name
        .split_once('[')
        .and_then(|(main, rest)| Some((main, rest.rsplit_once(']')?.0)));
    match parts {
        Some((main, option))
            if option.starts_with('/') && !option.starts_with("//") && !option.contains('*') =>
        {
            let last = option.rsplit('/').next().unwrap_or_default();
            format!("{main}[/{last}]")
        }
        _ => name.to_owned(),
    }
}

fn unittest(log: &str, results: &mut Results) {
    // The line before, where it is a test's name and nothing else; the test that has begun.
    let (mut above, mut begun): (Option<&str>, Option<Vec<&str>>) = (None, None);
    for line in log.lines().map(str::trim) {
        if let Some((name, rest)) = line.split_once(" ... ") {
            let last = line
                .rsplit_once(" ... ")
                .map_or(rest, |(_, last)| last)
                .trim();
            let whole = line.rsplit_once(" ... ").map_or(name, |(whole, _)| whole);
            let names: Vec<&str> = above.into_iter().chain([whole]).collect();
            match word(last) {
                Some(status) => record(results, &names, status),
                None => begun = Some(above.into_iter().chain([name]).collect()),
            }
        } else if let Some(status) = word(line) {
            let names = begun.take().unwrap_or_default();
            record(results, &names, status);
        } else {
            for (mark, status) in [("FAIL: ", Status::Failed), ("ERROR: ", Status::Error)] {
                if let Some(name) = line.strip_prefix(mark) {
                    let short = name.split(' ').next().unwrap_or(name);
                    record(results, &[name, short], status);
                }
            }
        }
        above = is_test(line).then_some(line);
    }
    if log.contains("--version is equivalent to version") {
        results.insert("--version is equivalent to version".into(), Status::Passed);
    }
}

fn record(results: &mut Results, names: &[&str], status: Status) {
    for name in names {
        results.insert((*name).to_owned(), status);
    }
}

fn word(text: &str) -> Option<Status> {
    match text {
        "ok" | "OK" => Some(Status::Passed),
        "FAIL" | "unexpected success" => Some(Status::Failed),
        "ERROR" => Some(Status::Error),
        "expected failure" => Some(Status::ExpectedFailure),
        _ if text.starts_with("skipped") => Some(Status::Skipped),
        _ => None,
    }
}

/// Whether a line is `test (module.Class)`.
fn is_test(line: &str) -> bool {
    let parts = line
        .strip_suffix(')')
        .and_then(|line| line.split_once(" ("));
    parts.is_some_and(|(name, class)| !name.contains(' ') && !class.contains([' ', '(']))
}

/// `test (module.Class.test)`, as Python 3.11 and later has it, to `test (module.Class)`.
fn without_method(name: &str) -> String {
    let shortened = || {
        let (test, rest) = name.split_once(" (")?;
        let (class, after) = rest.split_once(')')?;
        let class = class.strip_suffix(test)?.strip_suffix('.')?;
        Some(format!("{test} ({class}){after}"))
    };
    shortened().unwrap_or_else(|| name.to_owned())
}

fn sympy(log: &str, results: &mut Results) {
    for line in log.lines().map(str::trim) {
        // `____ sympy/core/tests/test_x.py:test_y ____`
        let bare = line.trim_matches('_');
        if bare.len() + 2 <= line.len() && bare.contains(".py:") && bare.starts_with(' ') {
            results.insert(bare.trim().to_owned(), Status::Failed);
        }
        let words = line
            .split_whitespace()
            .next()
            .zip(line.split_whitespace().next_back());
        let Some((name, last)) = words.filter(|(name, _)| name.starts_with("test_")) else {
            continue;
        };
        let status = match last {
            "ok" => Status::Passed,
            "F" => Status::Failed,
            "E" => Status::Error,
            _ => continue,
        };
        results.insert(name.to_owned(), status);
    }
}

fn plain(log: &str, results: &mut Results) {
    for line in log.lines() {
        let parts = line.trim().rsplit_once(':');
        let found = parts.and_then(|(name, word)| Some((name, Status::of(word.trim())?)));
        if let Some((name, status)) = found {
            results.insert(name.trim().to_owned(), status);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: LogFormat, log: &str) -> Vec<(String, Status)> {
        format.read(log).into_iter().collect()
    }

    fn own(pairs: &[(&str, Status)]) -> Vec<(String, Status)> {
        pairs
            .iter()
            .map(|(name, status)| ((*name).to_owned(), *status))
            .collect()
    }

    #[test]
    fn pytest_says_it_in_a_summary_or_as_it_goes() {
        let log = "tests/t.py::a PASSED   [ 50%]\n\
                   ==== short test summary info ====\n\
                   \u{1b}[32mPASSED\u{1b}[0m tests/t.py::\u{1b}[1mb[1 2]\u{1b}[0m\n\
                   SKIPPED [1] tests/t.py:3: no reason\n\
                   XFAIL tests/t.py::x - later\n\
                   FAILED tests/t.py::c - assert 1 == 2\n\
                   ERROR tests/t.py::d\nERRORS are many\nnot PASSED at all\n";
        let wanted = [
            ("[1]", Status::Skipped),
            ("tests/t.py::a", Status::Passed),
            ("tests/t.py::b[1", Status::Passed),
            ("tests/t.py::c", Status::Failed),
            ("tests/t.py::d", Status::Error),
            ("tests/t.py::x", Status::ExpectedFailure),
        ];
        assert_eq!(read(LogFormat::Pytest, log), own(&wanted));
        let log = "PASSED t.py::a[/home/x/f.txt]\nPASSED t.py::a[//x]\n";
        let wanted = [
            ("t.py::a[//x]", Status::Passed),
            ("t.py::a[/f.txt]", Status::Passed),
        ];
        assert_eq!(read(LogFormat::PytestShortPaths, log), own(&wanted));
    }

    #[test]
    fn unittest_has_two_names_and_lines_that_are_cut() {
        let log = "test_a (m.T.test_a) ... ok\n\
                   test_b (m.T.test_b)\nIt does so. ... FAIL\n\
                   test_c (m.T.test_c) ... some output\nok\n\
                   test_d (m.T.test_d) ... skipped 'why'\n\
                   test_e (m.T.test_e) ... expected failure\n\
                   ======\nFAIL: test_b (m.T.test_b)\nIt does so.\n------\nok\n";
        let results = LogFormat::Unittest.read(log);
        for (name, status) in [
            ("test_a (m.T)", Status::Passed),
            ("test_b (m.T)", Status::Failed),
            ("It does so.", Status::Failed),
            ("test_c (m.T)", Status::Passed),
            ("test_d (m.T)", Status::Skipped),
            ("test_e (m.T)", Status::ExpectedFailure),
        ] {
            assert_eq!(results.get(name), Some(&status), "{name} {results:?}");
        }
        assert_eq!(LogFormat::Unittest.name("test_a (m.T)"), "test_a (m.T)");
    }

    #[test]
    fn django_keeps_names_to_the_letter() {
        let log = "test_a (x.tests.T) ... ok\n\
                   test_b (x.tests.T) ... Testing against Django installed in 'x' silenced.\nok\n\
                   Docs of a test ... ok\ntest_c (x.tests.T) ... ERROR\n";
        let wanted = [
            ("Docs of a test", Status::Passed),
            ("test_a (x.tests.T)", Status::Passed),
            ("test_b (x.tests.T)", Status::Passed),
            ("test_c (x.tests.T)", Status::Error),
        ];
        assert_eq!(read(LogFormat::Django, log), own(&wanted));
    }

    #[test]
    fn sympy_and_plain_logs_are_read() {
        let log = "sympy/core/tests/test_x.py[3]\ntest_a ok\ntest_b F\ntest_c E  [FAIL]\n\
                   ____ sympy/core/tests/test_x.py:test_b ____\n";
        let wanted = [
            ("sympy/core/tests/test_x.py:test_b", Status::Failed),
            ("test_a", Status::Passed),
            ("test_b", Status::Failed),
        ];
        assert_eq!(read(LogFormat::Sympy, log), own(&wanted));
        let log = "a::b: PASSED\nc: FAILED\nd: fine\n";
        let wanted = [("a::b", Status::Passed), ("c", Status::Failed)];
        assert_eq!(read(LogFormat::Plain, log), own(&wanted));
    }
}
