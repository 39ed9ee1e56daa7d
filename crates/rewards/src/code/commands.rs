//! How programs of each language are started.

use super::job::{BUILT, Command, Kind};
use super::limits::{Limits, RunError};
use super::sandbox::Sandbox;
use super::tools::Tool;

impl Sandbox {
    pub(super) fn command(&self, argv: Vec<String>) -> Command {
        Command {
            kind: Kind::Run,
            argv,
            files: vec![],
            stdin: String::new(),
            variables: vec![],
            libraries: String::new(),
            limits: self.limits.clone(),
        }
    }

    /// Python on a driver, with files beside it. Without `site`, whose work may take longer than the
    /// program's.
    pub(super) fn python(&self, driver: &str, files: &[(&str, &str)]) -> Result<Command, RunError> {
        let tool = self.tools.python.as_ref();
        let tool = tool.ok_or_else(|| missing("python3", "Python 3.10 or newer"))?;
        let program = tool.program.display().to_string();
        let argv = [&*program, "-I", "-S", "-B", "/driver.py"];
        let mut command = self.command(argv.map(str::to_owned).to_vec());
        command.libraries = libraries(tool);
        let driver = [("/driver.py", driver)];
        let files = files.iter().chain(&driver);
        let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        command.files = files.map(own).collect();
        Ok(command)
    }

    pub(super) fn rustc(&self, program: &str) -> Result<Command, RunError> {
        let tool = self.tools.rust.as_ref();
        let tool = tool.ok_or_else(|| missing("rustc", "Rust"))?;
        let argv = [
            &*tool.program.to_string_lossy(),
            "--edition=2021",
            "--crate-name=program",
            "--cap-lints=allow",
            "-Copt-level=2",
            "-Cstrip=symbols",
            "--sysroot",
            &*tool.folder.to_string_lossy(),
            "-o",
            BUILT,
            "/program.rs",
        ];
        Ok(Command {
            kind: Kind::Build,
            argv: argv.map(str::to_owned).to_vec(),
            files: vec![("/program.rs".to_owned(), program.to_owned())],
            stdin: String::new(),
            variables: vec![],
            libraries: libraries(tool),
            limits: Limits::compiler(),
        })
    }
}

/// Libraries found by where a program is need `/proc`, which there is none of.
fn libraries(tool: &Tool) -> String {
    tool.folder.join("lib").display().to_string()
}

fn missing(tool: &'static str, what: &str) -> RunError {
    RunError::NoLanguage {
        tool,
        reason: format!("it was not found; install {what} and put it on the PATH"),
    }
}
