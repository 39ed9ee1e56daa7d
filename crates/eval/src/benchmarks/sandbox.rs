//! Grading programs: the tests of a problem, run in the sandbox of `rewards`.

use std::sync::OnceLock;

use data::Problem;
use rewards::Code;
use rewards::code::{Language, Limits, Outputs, Sandbox, version};
use serde_json::{Value, json};

use crate::benchmark::{Judged, NotReady};

/// A sandbox that is made when it is first needed.
#[derive(Debug)]
pub struct Programs {
    limits: Limits,
    outputs: Outputs,
    code: OnceLock<Code>,
}

impl Programs {
    /// One under these limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            outputs: Outputs::default(),
            code: OnceLock::new(),
        }
    }

    /// The same, with the outputs of whole programs compared so.
    #[must_use]
    pub fn comparing(self, outputs: Outputs) -> Self {
        Self { outputs, ..self }
    }

    /// The limits and the versions of Python and rustc, for [`crate::Benchmark::settings`].
    pub fn settings(&self) -> Value {
        let Limits {
            cpu, wall, memory, ..
        } = &self.limits;
        json!({
            "cpu_s": cpu.as_secs_f64(),
            "wall_s": wall.as_secs_f64(),
            "memory": memory,
            "python": version(Language::Python),
            "rustc": version(Language::Rust),
        })
    }

    /// Makes the sandbox and runs a Python program in it.
    ///
    /// # Errors
    /// Where the kernel isolates nothing or there is no Python.
    pub fn ready(&self, benchmark: &str) -> Result<(), NotReady> {
        self.ready_for(benchmark, Language::Python)
    }

    /// The same for a language.
    ///
    /// # Errors
    /// As [`Programs::ready`].
    pub fn ready_for(&self, benchmark: &str, language: Language) -> Result<(), NotReady> {
        let has = |sandbox: &Sandbox| sandbox.has(language).map_err(|error| error.to_string());
        let tried = self.sandbox().and_then(has);
        tried.map_err(|reason| NotReady {
            benchmark: benchmark.to_owned(),
            reason,
        })
    }

    /// The sandbox.
    ///
    /// # Errors
    /// Where the kernel isolates nothing.
    pub fn sandbox(&self) -> Result<&Sandbox, String> {
        let sandbox = self.code().sandbox();
        sandbox
            .map(AsRef::as_ref)
            .map_err(|error| error.to_string())
    }

    /// Grades the program in `response` by the tests of `problem`.
    pub fn judge(&self, problem: &Problem, response: &str) -> Judged {
        let (verdict, program) = self.code().judge(problem, response);
        let rule = if program.is_some() { "program" } else { "none" };
        Judged::new(&verdict, program.map(|program| program.source), rule)
    }

    fn code(&self) -> &Code {
        let new = || Code::new(self.limits.clone()).comparing(self.outputs);
        self.code.get_or_init(new)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_settings_say_which_python_and_which_rustc_grade() {
        let settings = Programs::new(Limits::default()).settings();
        assert_eq!(settings["cpu_s"], 10.0);
        for (name, program) in [("python", "python3"), ("rustc", "rustc")] {
            let said = Command::new(program).arg("--version").output();
            let Ok(said) = said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
            else {
                continue;
            };
            let number = said.split_whitespace().nth(1);
            assert_eq!(settings[name].as_str(), number, "{said}");
        }
    }
}
