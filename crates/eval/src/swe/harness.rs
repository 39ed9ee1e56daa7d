//! A reply judged: its patch applied, the tests' patch applied, the tests run, their log read.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rewards::code::{Limits, NoIsolation, Outcome, Sandbox, Status as Ended, Tree};

use super::diff::{MOST_FUZZ, Patch, apply, parse, touched};
use super::environment::Environment;
use super::instance::Instance;
use super::mirror::Mirror;
use super::reply;
use super::report::{Report, Tally, Verdict};

/// What judging needs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Bare clones of the repositories.
    pub mirror: Mirror,
    /// How their tests are run.
    pub environments: Vec<Environment>,
    /// What one run of tests may use up.
    pub limits: Limits,
    /// The most fuzz a model's patch may need; the patches of tests get none.
    pub most_fuzz: usize,
    /// Where logs are kept, a folder for each instance; `None` keeps none.
    pub logs: Option<PathBuf>,
}

impl Settings {
    /// Clones in `folder`, no environments and no logs; half an hour a run, as published, with 8 GiB of
    /// address space a process, 256 threads and processes, and 32 MiB of output.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let half_an_hour = Duration::from_secs(1800);
        Self {
            mirror: Mirror::new(folder),
            environments: vec![],
            limits: Limits {
                cpu: half_an_hour,
                wall: half_an_hour,
                memory: 8 << 30,
                threads: 256,
                file_size: 256 << 20,
                disk: 256 << 20,
                output: 32 << 20,
            },
            most_fuzz: MOST_FUZZ,
            logs: None,
        }
    }
}

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
    /// to the instance's folder of logs.
    ///
    /// # Errors
    /// Where a log cannot be written. What keeps an instance from being judged is a verdict.
    pub fn judge(&self, instance: &Instance, reply: &str) -> io::Result<Report> {
        self.keep(instance, "reply.txt", reply)?;
        let diff = reply::diff(reply);
        self.keep(instance, "patch.diff", diff.as_deref().unwrap_or_default())?;
        self.finish(instance, diff.as_deref())
    }

    /// Judges the gold patch, which shows whether an instance can be judged on this machine.
    ///
    /// # Errors
    /// As [`Harness::judge`].
    pub fn judge_gold(&self, instance: &Instance) -> io::Result<Report> {
        self.keep(instance, "patch.diff", &instance.patch)?;
        self.finish(instance, Some(&instance.patch))
    }

    fn finish(&self, instance: &Instance, diff: Option<&str>) -> io::Result<Report> {
        let mut report = Report::new(&instance.instance_id);
        let mut log = None;
        let judged = self.try_judge(instance, diff, &mut report, &mut log);
        (report.verdict, report.reason) = match judged {
            Ok(verdict) => (verdict, report.counts()),
            Err(stop) => stop,
        };
        if let Some(log) = log {
            self.keep(instance, "test_output.txt", &log)?;
        }
        let text = serde_json::to_string_pretty(&report)?;
        self.keep(instance, "report.json", &(text + "\n"))?;
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
        let tree = self.patched(&base, &patch, report)?;
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
    fn base(&self, instance: &Instance) -> Result<(Tree, &Environment), Stop> {
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

    /// The repository with the model's patch.
    fn patched(&self, base: &Tree, patch: &Patch, report: &mut Report) -> Result<Tree, Stop> {
        let applied = apply(base, patch, self.settings.most_fuzz);
        let (tree, files) = applied.map_err(|error| (Verdict::DoesNotApply, error.to_string()))?;
        report.files = files;
        Ok(tree)
    }

    /// Runs a command with arguments in a tree, its output and errors together.
    fn run(
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

    /// The repository of an instance, for trying things that judge nothing.
    ///
    /// # Errors
    /// Where it is not to be had.
    pub fn probe(&self, instance: &Instance) -> Result<Probe<'_>, Stop> {
        let (base, environment) = self.base(instance)?;
        Ok(Probe { base, environment })
    }

    /// A probe's repository with a patch.
    ///
    /// # Errors
    /// Where it does not apply.
    pub fn apply_to(&self, probe: &Probe<'_>, patch: &Patch) -> Result<Tree, Stop> {
        let applied = apply(&probe.base, patch, self.settings.most_fuzz);
        let applied = applied.map_err(|error| (Verdict::DoesNotApply, error.to_string()))?;
        Ok(applied.0)
    }

    /// Runs a command in a tree as the tests of a probe's repository are run.
    ///
    /// # Errors
    /// Where the sandbox fails.
    pub fn run_probe(
        &self,
        probe: &Probe<'_>,
        tree: &Tree,
        command: &str,
    ) -> Result<Outcome, Stop> {
        self.run(tree, probe.environment, command, &[])
    }

    fn keep(&self, instance: &Instance, name: &str, text: &str) -> io::Result<()> {
        let Some(logs) = &self.settings.logs else {
            return Ok(());
        };
        let id = &instance.instance_id;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !id.chars().all(plain) || id.starts_with('.') || id.is_empty() {
            return Err(io::Error::other(format!(
                "`{id}` is no name for a folder of logs"
            )));
        }
        let folder = logs.join(id);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(name), text)
    }
}

/// A repository before any patch, and how its tests are run.
#[derive(Debug)]
pub struct Probe<'a> {
    base: Tree,
    environment: &'a Environment,
}

impl Probe<'_> {
    /// The repository.
    pub fn base(&self) -> &Tree {
        &self.base
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
