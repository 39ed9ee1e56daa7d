//! The whole of it on a small repository with a history: five issues, and replies of every kind.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rewards::code::Language;

use super::diff::Placed;
use super::{Environment, Harness, Instance, LogFormat, Settings, Summary, Verdict};
use crate::benchmarks::{self, SweBench};
use crate::testing::{Bench, in_turn};
use crate::{Table, TaskSet};

/// A library, a commit for each line: its files with five mistakes, in the middle of one file so that
/// there are lines above and below.
const LIBRARY: &str = "\
\"\"\"Small sums.\"\"\"


def double(x):
    \"\"\"Twice x.\"\"\"
    return x + 2


def mean(values):
    \"\"\"The mean.\"\"\"
    total = sum(values)
    return total // len(values)


def first(values):
    \"\"\"The first, or None.\"\"\"
    return values[0]


def clamp(x, low, high):
    \"\"\"x between low and high.\"\"\"
    return max(high, min(low, x))


def words(text):
    \"\"\"The words.\"\"\"
    return text.split(' ')
";

/// What is wrong, what is right, and the test that shows it.
const ISSUES: [(&str, &str, &str); 5] = [
    ("    return x + 2\n", "    return 2 * x\n", "double(3), 6"),
    (
        "    return total // len(values)\n",
        "    return total / len(values)\n",
        "mean([1, 2]), 1.5",
    ),
    (
        "    return values[0]\n",
        "    return values[0] if values else None\n",
        "first([]), None",
    ),
    (
        "    return max(high, min(low, x))\n",
        "    return max(low, min(high, x))\n",
        "clamp(5, 0, 3), 3",
    ),
    (
        "    return text.split(' ')\n",
        "    return text.split()\n",
        "words('a  b'), ['a', 'b']",
    ),
];

const TESTS: &str = "\
import unittest

from sums import *


class Sums(unittest.TestCase):
    def test_double_two(self):
        self.assertEqual(double(2), 4)

    def test_first(self):
        self.assertEqual(first([7, 8]), 7)

    def test_words(self):
        self.assertEqual(words('a b'), ['a', 'b'])
";

fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@t",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git is on the PATH");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The repository's bare clone in `folder`, and an instance for each issue.
pub(crate) fn instances(folder: &Path) -> Vec<Instance> {
    let work = folder.join("work");
    std::fs::create_dir_all(work.join("tests")).unwrap();
    git(&work, &["init", "-q"]);
    let write = |name: &str, text: &str| std::fs::write(work.join(name), text).unwrap();
    write("sums.py", LIBRARY);
    write("tests/__init__.py", "");
    write("tests/test_sums.py", TESTS);
    std::os::unix::fs::symlink("/etc", work.join("outside")).unwrap();
    let mut library = LIBRARY.to_owned();
    let instance = |(at, (wrong, right, test)): (usize, &(&str, &str, &str))| {
        git(&work, &["add", "-A"]);
        git(&work, &["commit", "-q", "-m", &format!("Before {at}")]);
        let base = git(&work, &["rev-parse", "HEAD"]).trim().to_owned();
        library = library.replace(wrong, right);
        write("sums.py", &library);
        let patch = git(&work, &["diff", "sums.py"]);
        let more = format!("\n    def test_issue_{at}(self):\n        self.assertEqual({test})\n");
        write("tests/test_sums.py", &(TESTS.to_owned() + &more));
        let test_patch = git(&work, &["diff", "tests"]);
        write("tests/test_sums.py", TESTS);
        let name = |test: &str| format!("{test} (tests.test_sums.Sums)");
        Instance {
            instance_id: format!("someone__sums-{at}"),
            repo: "someone/sums".into(),
            base_commit: base,
            patch,
            test_patch,
            problem_statement: format!("`{test}` are not the same."),
            hints_text: String::new(),
            created_at: String::new(),
            version: "1".into(),
            environment_setup_commit: String::new(),
            fail_to_pass: vec![name(&format!("test_issue_{at}"))],
            pass_to_pass: ["test_double_two", "test_first", "test_words"]
                .map(name)
                .to_vec(),
        }
    };
    let instances = ISSUES.iter().enumerate().map(instance).collect();
    let clones = folder.join("clones");
    std::fs::create_dir_all(&clones).unwrap();
    git(
        &clones,
        &["clone", "-q", "--bare", "../work", "someone__sums.git"],
    );
    instances
}

/// Settings for the clones of `folder`.
pub(crate) fn settings(folder: &Path) -> Settings {
    let mut settings = Settings::new(folder.join("clones"));
    settings.limits.wall = Duration::from_secs(10);
    settings.logs = Some(folder.join("logs"));
    settings.environments = vec![Environment {
        test_command: Some("python3 -m unittest -v".into()),
        log: Some(LogFormat::Unittest),
        ..Environment::bare("someone/sums")
    }];
    settings
}

/// A harness on the clones of `folder`; `None`, where this machine cannot isolate programs.
pub(crate) fn harness(folder: &Path) -> Option<Harness> {
    let harness = Harness::new(settings(folder)).ok()?;
    let sandbox = rewards::code::Sandbox::new(rewards::code::Limits::default()).ok()?;
    sandbox.has(Language::Python).ok()?;
    Some(harness)
}

#[test]
fn replies_of_every_kind_get_their_verdicts() {
    let folder = tempfile::tempdir().unwrap();
    let instances = instances(folder.path());
    let Some(harness) = harness(folder.path()) else {
        return;
    };
    let mut reports = Vec::new();
    let mut judge = |at: usize, reply: &str| {
        let report = harness.judge(&instances[at], reply).unwrap();
        reports.push(report.clone());
        report
    };
    for (at, instance) in instances.iter().enumerate() {
        let reply = format!(
            "<think>Hm.</think>The fix:\n```diff\n{}```\n",
            instance.patch
        );
        let report = judge(at, &reply);
        assert_eq!(report.verdict, Verdict::Resolved, "{report:?}");
        assert_eq!((report.fuzz(), report.pass_to_pass.success.len()), (0, 3));
    }
    let change = |at: usize, with: &str| {
        format!(
            "```diff\n{}```",
            instances[at].patch.replace(ISSUES[at].1, with)
        )
    };
    // Wrong, and right but for a test that passed before.
    assert_eq!(
        judge(0, &change(0, "    return 3 * x\n")).verdict,
        Verdict::Unresolved
    );
    let report = judge(
        4,
        &change(
            4,
            "    return [w for w in text.split(' ') if w][:2] * (text != 'a b')\n",
        ),
    );
    assert_eq!(report.verdict, Verdict::Unresolved);
    let name = |test: &str| vec![format!("{test} (tests.test_sums.Sums)")];
    assert_eq!(
        report.pass_to_pass.failure,
        name("test_words"),
        "{report:?}"
    );
    assert_eq!(report.fail_to_pass.success, name("test_issue_4"));
    // No patch, a broken one, one that fits nowhere.
    assert_eq!(
        judge(0, "Add instead of multiplying.").verdict,
        Verdict::Malformed
    );
    let broken = instances[0].patch.replace(",7 +", ",70 +");
    assert_eq!(judge(0, &broken).verdict, Verdict::Malformed);
    let elsewhere = change(1, ISSUES[1].1).replace("total = sum(values)", "total = 0");
    let elsewhere = elsewhere.replace("    return total // len(values)", "    return total // 7");
    assert_eq!(judge(1, &elsewhere).verdict, Verdict::DoesNotApply);
    // Lines moved, and an outer line of context that is not the file's.
    let fuzzy = fuzzy(&instances[3].patch);
    let report = judge(3, &fuzzy);
    assert_eq!(report.verdict, Verdict::Resolved, "{report:?}\n{fuzzy}");
    let placed = report.files[0].hunks[0];
    assert!(
        report.reason.contains("fuzz") && report.fuzz() > 0,
        "{report:?}"
    );
    assert!(matches!(placed, Placed { offset: 7, .. }), "{report:?}");
    // Never ending.
    let endless = change(2, "    while True: pass\n");
    assert_eq!(judge(2, &endless).verdict, Verdict::Timeout);
    let summary = Summary::of(&reports);
    assert_eq!((summary.instances, summary.fuzzy), (12, 1));
    assert_eq!(summary.resolved(), Some(0.5));
    let reply = &data::files::sha256(endless.as_bytes())[..12];
    let logs = folder.path().join("logs/someone__sums-2").join(reply);
    for name in ["reply.txt", "patch.diff", "test_output.txt", "report.json"] {
        assert!(logs.join(name).is_file(), "{name}");
    }
}

/// The patch with its lines moved, and an outer line of context that is not the file's.
fn fuzzy(patch: &str) -> String {
    let moved = patch.replace("@@ -19,7 +19,7 @@", "@@ -12,7 +12,7 @@");
    moved.replacen("\n \n", "\n # gone\n", 1)
}

#[test]
fn dangerous_patches_change_nothing_and_tests_are_the_instances_own() {
    let folder = tempfile::tempdir().unwrap();
    let instances = instances(folder.path());
    let Some(harness) = harness(folder.path()) else {
        return;
    };
    let verdict = |patch: &str| harness.judge(&instances[0], patch).unwrap();
    for path in [
        "../../escaped",
        "/tmp/escaped",
        "outside/escaped",
        ".git/hooks/pre-commit",
    ] {
        let patch = format!("--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n");
        let report = verdict(&patch);
        assert_eq!(report.verdict, Verdict::DoesNotApply, "{path} {report:?}");
    }
    // The tests, made to pass instead of the program; a module that stands in for the tests' own.
    let cheat = "--- a/tests/test_sums.py\n+++ b/tests/test_sums.py\n@@ -1,3 +1,2 @@\n import unittest\n-\n\
                 -from sums import *\n+double = lambda x: 2 * x\n";
    let report = verdict(cheat);
    assert_eq!(report.verdict, Verdict::Unresolved, "{report:?}");
    // A patch that reaches out when it is run finds nothing to reach.
    let canary = folder.path().join("canary");
    std::fs::write(&canary, "sings").unwrap();
    let reach = format!(
        "--- a/sums.py\n+++ b/sums.py\n@@ -1,1 +1,7 @@\n+import os, socket\n+for what in (lambda: \
         open({path:?}, 'w'), lambda: os.remove({path:?}), lambda: open('/etc/passwd'), lambda: \
         socket.create_connection(('127.0.0.1', 22))):\n+    try:\n+        what(); raise SystemExit('out')\n\
         +    except OSError:\n+        pass\n \"\"\"Small sums.\"\"\"\n",
        path = canary.display().to_string()
    );
    let report = verdict(&reach);
    assert_eq!(report.verdict, Verdict::Unresolved, "{report:?}");
    assert_eq!(
        report.pass_to_pass.success.len(),
        3,
        "it ran to its end: {report:?}"
    );
    assert_eq!(std::fs::read_to_string(&canary).unwrap(), "sings");
}

#[test]
fn what_is_the_instances_fault_is_not_the_replys() {
    let folder = tempfile::tempdir().unwrap();
    let instances = instances(folder.path());
    let Some(harness) = harness(folder.path()) else {
        return;
    };
    let gold = harness.judge_gold(&instances[0]).unwrap();
    assert_eq!(gold.verdict, Verdict::Resolved, "{gold:?}");
    let why = |change: &dyn Fn(&mut Instance)| {
        let mut instance = instances[0].clone();
        change(&mut instance);
        let report = harness.judge_gold(&instance).unwrap();
        assert_eq!(report.verdict, Verdict::NotRun, "{report:?}");
        report.reason
    };
    assert!(why(&|i| i.fail_to_pass.clear()).contains("no test"));
    assert!(why(&|i| i.base_commit = "0123456789".into()).contains("git ls-tree"));
    assert!(why(&|i| i.repo = "some/other".into()).contains("no environment"));
    assert!(why(&|i| i.test_patch = "none".into()).contains("tests' patch"));
    let missing = Environment {
        test_command: Some("no-such-command".into()),
        ..Environment::bare("someone/sums")
    };
    let mut settings = Settings::new(folder.path().join("clones"));
    settings.environments = vec![missing];
    let harness = Harness::new(settings).unwrap();
    let report = harness.judge_gold(&instances[0]).unwrap();
    assert_eq!(report.verdict, Verdict::NotRun, "{report:?}");
    assert!(report.reason.contains("127"), "{report:?}");
}

#[test]
fn instances_are_a_benchmark() {
    let folder = tempfile::tempdir().unwrap();
    let instances = instances(folder.path());
    if harness(folder.path()).is_none() {
        return;
    }
    let line = |instance: &Instance| serde_json::to_string(instance).unwrap() + "\n";
    let lines: String = instances.iter().map(line).collect();
    let bench = Bench::new(SweBench::any(Some(settings(folder.path()))), &lines, 1);
    let wrong = instances[1].patch.replace(" / ", " * ");
    let fuzzy = fuzzy(&instances[3].patch);
    let absent = instances[4].patch.replace("sums.py", "sum.py");
    let replies: [(&str, &[&str]); 5] = [
        ("someone__sums-0", &[&instances[0].patch]),
        ("someone__sums-1", &[&wrong]),
        ("someone__sums-2", &["I would rather not."]),
        ("someone__sums-3", &[&fuzzy]),
        ("someone__sums-4", &[&absent]),
    ];
    let done = bench.measured(&in_turn(&replies));
    let reasons: Vec<(&str, &str)> = done
        .graded
        .iter()
        .map(|grade| (&*grade.rule, grade.reason.split(':').next().unwrap()))
        .collect();
    assert_eq!(
        reasons,
        [
            ("patch", "resolved"),
            ("patch", "unresolved"),
            ("none", "malformed"),
            ("patch", "resolved"),
            ("patch", "does not apply"),
        ]
    );
    let metrics = done.manifest.metrics.iter();
    let metrics: Vec<(&str, f64)> = metrics.map(|it| (&*it.name, it.value)).collect();
    assert_eq!(
        metrics,
        [
            ("resolved", 40.0),
            ("fuzzy", 20.0),
            ("malformed", 20.0),
            ("does not apply", 20.0)
        ]
    );
    let table = Table::new(&[done.manifest], &benchmarks::all()).markdown();
    let head = "| model | pass@1 | does not apply | fuzzy | malformed | resolved |";
    assert!(table.contains(head), "{table}");
    // A repository that is not there is told of before anything is asked.
    let elsewhere = Settings::new(folder.path().join("nowhere"));
    let bench = Bench::new(SweBench::any(Some(elsewhere)), &lines, 1);
    let error = bench
        .run(&in_turn(&replies), "run")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("`swe-bench` cannot be graded here: someone__sums-0: "),
        "{error}"
    );
    let verified = Bench::new(SweBench::verified(None), &lines, 1);
    let error = TaskSet::load(&verified.benchmark, &verified.file(), &verified.protocol);
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("5 instances and swe-bench-verified has 500")
    );
}
