//! A reply judged: its patch applied, the tests' patch applied, the tests run, their log read.

use std::io;
use std::path::{Path, PathBuf};

use data::files::sha256;
use rewards::code::{NoIsolation, Outcome, Sandbox, Status as Ended, Tree};

use super::diff::{AppliedFile, Patch, apply, parse, touched};
use super::environment::Environment;
use super::instance::Instance;
use super::logs::Logs;
use super::reply;
use super::report::{Report, Tally, Verdict};
use super::settings::Settings;

/// Judges replies; may be used from several threads at a time.
#[derive(Debug)]
pub struct Harness {
    settings: Settings,
    sandbox: Sandbox,
}

/// What a step comes to that goes wrong: a verdict, and why.
pub type Stop = (Verdict, String);

impl Harness {
    /// A harness with a sandbox that sees every environment's folders.
    ///
    /// # Errors
    /// Where this machine cannot isolate programs.
    pub fn new(settings: Settings) -> Result<Self, NoIsolation> {
        let folders = settings.environments.iter();
        let folders = folders.flat_map(|one| one.folders.iter().chain(&one.path));
        let folders: Vec<&Path> = folders.map(PathBuf::as_path).collect();
        let sandbox = Sandbox::beside(settings.limits.clone(), &folders)?;
        Ok(Self { settings, sandbox })
    }

    /// Judges a reply: `reply.txt`, `patch.diff`, `test_output.txt` and, last, `report.json` are written
    /// to the reply's folder of logs, `INSTANCE/` and the first 12 digits of the reply's SHA-256.
    ///
    /// # Errors
    /// Where a log cannot be written. What keeps an instance from being judged is a verdict.
    pub fn judge(&self, instance: &Instance, reply: &str) -> io::Result<Report> {
        let logs = self.logs(instance, &sha256(reply.as_bytes())[..12])?;
        logs.keep("reply.txt", reply)?;
        let diff = reply::diff(reply);
        logs.keep("patch.diff", diff.as_deref().unwrap_or_default())?;
        self.finish(instance, diff.as_deref(), &logs)
    }

    /// Judges the gold patch, which shows whether an instance can be judged on this machine; its logs are
    /// in `INSTANCE/gold`.
    ///
    /// # Errors
    /// As [`Harness::judge`].
    pub fn judge_gold(&self, instance: &Instance) -> io::Result<Report> {
        let logs = self.logs(instance, "gold")?;
        logs.keep("patch.diff", &instance.patch)?;
        self.finish(instance, Some(&instance.patch), &logs)
    }

    fn finish(&self, instance: &Instance, diff: Option<&str>, logs: &Logs) -> io::Result<Report> {
        let mut report = Report::new(&instance.instance_id);
        let mut log = None;
        let judged = self.try_judge(instance, diff, &mut report, &mut log);
        (report.verdict, report.reason) = match judged {
            Ok(verdict) => (verdict, report.counts()),
            Err(stop) => stop,
        };
        report.say_fuzz();
        if let Some(log) = log {
            logs.keep("test_output.txt", &log)?;
        }
        let text = serde_json::to_string_pretty(&report)?;
        logs.keep("report.json", &(text + "\n"))?;
        Ok(report)
    }

    fn try_judge(
        &self,
        instance: &Instance,
        diff: Option<&str>,
        report: &mut Report,
        log: &mut Option<String>,
    ) -> Result<Verdict, Stop> {
        let malformed = |reason: String| (Verdict::Malformed, reason);
        let diff = diff.ok_or_else(|| malformed("the reply has no diff".to_owned()))?;
        let patch = parse(diff).map_err(|error| malformed(error.to_string()))?;
        let tests = self.tests(instance)?;
        let (base, environment) = self.base(instance)?;
        let (tree, files) = self.patched(&base, &patch)?;
        report.files = files;
        let tree = with_tests(&base, tree, &tests)?;
        let outcome = self.run(
            &tree,
            environment,
            environment.command(),
            &environment.tests(&tests),
        )?;
        report.seconds = outcome.wall.as_secs_f64();
        let ended = ended(&outcome);
        let written = outcome.stdout + &outcome.stderr;
        let results = environment.format().read(&written);
        *log = Some(written);
        let name = |name: &String| environment.format().name(name);
        report.fail_to_pass = Tally::of(&instance.fail_to_pass, name, &results);
        report.pass_to_pass = Tally::of(&instance.pass_to_pass, name, &results);
        match ended {
            Some((Verdict::NotRun, _)) if !results.is_empty() => {}
            Some(stop) => return Err(stop),
            None => {}
        }
        let all = report.fail_to_pass.all_passed() && report.pass_to_pass.all_passed();
        Ok(if all {
            Verdict::Resolved
        } else {
            Verdict::Unresolved
        })
    }

    /// The patch of the tests.
    fn tests(&self, instance: &Instance) -> Result<Patch, Stop> {
        if instance.fail_to_pass.is_empty() {
            return Err(not_run("the instance names no test that must come to pass"));
        }
        parse(&instance.test_patch).map_err(|error| not_run(format!("the tests' patch: {error}")))
    }

    /// The repository before any patch, and how its tests are run.
    pub(super) fn base(&self, instance: &Instance) -> Result<(Tree, &Environment), Stop> {
        let (repo, version) = (&instance.repo, &instance.version);
        let environment = Environment::of(&self.settings.environments, repo, version);
        let environment = environment
            .ok_or_else(|| not_run(format!("there is no environment of {repo} {version}")))?;
        let tree = self.settings.mirror.tree(repo, &instance.base_commit);
        let mut tree = tree.map_err(|error| not_run(error.to_string()))?;
        if let Some(overlay) = &environment.overlay {
            tree.read_folder(overlay)
                .map_err(|error| not_run(format!("{}: {error}", overlay.display())))?;
        }
        Ok((tree, environment))
    }

    /// The repository with the model's patch, and what that changed.
    pub(super) fn patched(
        &self,
        base: &Tree,
        patch: &Patch,
    ) -> Result<(Tree, Vec<AppliedFile>), Stop> {
        let applied = apply(base, patch, self.settings.most_fuzz);
        applied.map_err(|error| (Verdict::DoesNotApply, error.to_string()))
    }

    /// Runs a command with arguments in a tree, its output and errors together.
    pub(super) fn run(
        &self,
        tree: &Tree,
        environment: &Environment,
        command: &str,
        arguments: &[String],
    ) -> Result<Outcome, Stop> {
        let folders = environment
            .path
            .iter()
            .map(|folder| folder.display().to_string());
        let path: String = folders.map(|folder| folder + ":").collect();
        let variables = environment.variables.iter();
        let variables: Vec<(String, String)> = variables
            .map(|(name, value)| (name.clone(), value.clone()))
            .chain([("FIRST_PATH".to_owned(), path)])
            .collect();
        let script = format!("exec 2>&1\nexport PATH=\"$FIRST_PATH$PATH\"\n{command} \"$@\"");
        let outcome = self.sandbox.run_in(tree, &script, arguments, &variables);
        outcome.map_err(|error| not_run(error.to_string()))
    }

    fn logs(&self, instance: &Instance, reply: &str) -> io::Result<Logs> {
        Logs::of(self.settings.logs.as_deref(), &instance.instance_id, reply)
    }
}

/// A patched repository with the files of the tests as they were, and then the tests' patch.
fn with_tests(base: &Tree, mut tree: Tree, tests: &Patch) -> Result<Tree, Stop> {
    for path in touched(tests) {
        tree.remove(path);
        if let Some(entry) = base.get(path) {
            let put = tree.insert(path, entry.clone());
            put.map_err(|error| (Verdict::DoesNotApply, format!("over a test: {error}")))?;
        }
    }
    match apply(&tree, tests, 0) {
        Ok((tree, _)) => Ok(tree),
        // A model's patch may stand in the way; without it, the instance is at fault.
        Err(error) => Err(match apply(base, tests, 0) {
            Ok(_) => (Verdict::DoesNotApply, format!("over a test: {error}")),
            Err(error) => not_run(format!("the tests' patch: {error}")),
        }),
    }
}

fn not_run(reason: impl Into<String>) -> Stop {
    (Verdict::NotRun, reason.into())
}

/// What the end of a run says by itself.
fn ended(outcome: &Outcome) -> Option<Stop> {
    use rewards::code::Limit;
    match (outcome.killed_by, outcome.status) {
        (Some(limit @ (Limit::Cpu | Limit::Wall)), _) => {
            Some((Verdict::Timeout, format!("a run {limit}")))
        }
        (Some(limit @ Limit::Output), _) => Some((Verdict::Unresolved, format!("a run {limit}"))),
        (None, Ended::Exited(code @ (126 | 127))) => {
            let last = outcome.stdout.lines().next_back().unwrap_or_default();
            Some(not_run(format!(
                "the command ends with exit code {code}: {last}"
            )))
        }
        _ => None,
    }
}
