//! Scripts in a whole tree of files.

use super::job::{Job, Kind};
use super::limits::{Outcome, RunError};
use super::sandbox::Sandbox;
use super::tree::Tree;

impl Sandbox {
    /// Runs a script of the system's shell in a copy of `tree`, at [`super::PLACE`]. The script may change
    /// the copy, which vanishes with it, and start processes; the limits' memory holds for each of
    /// them, and what is written to the tree is bounded by a gigabyte with the tree itself. `variables`
    /// are set beside `HOME`, `LANG`, `TMPDIR` and a `PATH` on which this machine's Python comes first.
    ///
    /// # Errors
    /// Where the sandbox fails, or the tree does not fit in.
    pub fn run_in(
        &self,
        tree: &Tree,
        script: &str,
        arguments: &[String],
        variables: &[(String, String)],
    ) -> Result<Outcome, RunError> {
        let python = self.tools.python.iter();
        let folders = python.filter_map(|tool| Some(tool.program.parent()?.display().to_string()));
        let usual = ["/usr/local/bin", "/usr/bin", "/bin"].map(str::to_owned);
        let path: Vec<String> = folders.chain(usual).collect();
        let shell = ["/bin/sh", "-c", script, "sh"].map(str::to_owned);
        let argv = shell.into_iter().chain(arguments.iter().cloned()).collect();
        let mut command = self.command(argv);
        command.kind = Kind::InTree;
        command.variables = vec![("PATH".to_owned(), path.join(":"))];
        command.variables.extend_from_slice(variables);
        let reply = self.ask(&Job::InTree(command), Some(tree), self.limits.wall)?;
        reply.only()
    }
}
