//! Programs of this machine on texts nobody vouches for: a proof checker, say.
//!
//! The program itself is trusted to be what its path says; what it reads is not. Left out: finding it.

use super::job::{Job, Kind};
use super::{Outcome, RunError, Sandbox};

impl Sandbox {
    /// Runs a program that is installed here, `argv[0]` by its path, with `files` of the sandbox's root
    /// (`/name` and text) to read. `processes` lets it start others and see a `/proc` of its own, as
    /// compilers need. Memory is then bounded for each process, not for all.
    ///
    /// # Errors
    /// Where the sandbox fails. A program that is missing is an outcome with exit code 127.
    pub fn run_installed(
        &self,
        argv: &[&str],
        files: &[(&str, &str)],
        processes: bool,
    ) -> Result<Outcome, RunError> {
        if argv.is_empty() {
            return Err(RunError::Broken("no program was named".to_owned()));
        }
        let mut command = self.command(argv.iter().map(|&part| part.to_owned()).collect());
        if processes {
            command.kind = Kind::Build;
        }
        let own = |&(path, text): &(&str, &str)| (path.to_owned(), text.to_owned());
        command.files = files.iter().map(own).collect();
        let patience = command.limits.wall;
        let job = Job::Runs {
            build: None,
            runs: vec![command],
        };
        self.ask(&job, None, patience)?.only()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::sandbox;
    use super::super::{Language, Status};

    #[test]
    fn a_program_reads_its_files_and_nothing_else() {
        let Some(sandbox) = sandbox(Language::Python) else {
            return;
        };
        let run = |argv: &[&str], processes| {
            let files = [("/text", "seven\n")];
            sandbox.run_installed(argv, &files, processes).unwrap()
        };
        assert_eq!(run(&["/bin/cat", "/text"], false).stdout, "seven\n");
        assert_ne!(
            run(&["/bin/cat", "/etc/passwd"], false).status,
            Status::Exited(0)
        );
        assert_eq!(run(&["/no/such"], false).status, Status::Exited(127));
        let forks = ["/bin/sh", "-c", "/bin/cat /text; true"];
        assert_eq!(run(&forks, false).stdout, "");
        assert_eq!(run(&forks, true).stdout, "seven\n");
        assert!(sandbox.run_installed(&[], &[], false).is_err());
    }
}
