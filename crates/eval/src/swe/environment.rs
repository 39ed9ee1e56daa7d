//! How a repository's tests are run.
//!
//! What the tests need beyond the repository (an interpreter of the right version, packages) is installed
//! in folders of this machine beforehand; programs in the sandbox read them where they are. Commands and log
//! formats of the published repositories are known. Left out: making such folders, and networks: a test that
//! needs one fails.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::diff::Patch;
use super::log::LogFormat;

/// How the tests of a repository, or of one version of it, are run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// `owner/name`.
    pub repo: String,
    /// The version it is for; without one, all that have none of their own.
    #[serde(default)]
    pub version: Option<String>,
    /// The shell command that the names of test files are put after; the published one by default.
    #[serde(default)]
    pub test_command: Option<String>,
    /// What it writes; the published by default.
    #[serde(default)]
    pub log: Option<LogFormat>,
    /// Folders of this machine that tests may read.
    #[serde(default)]
    pub folders: Vec<PathBuf>,
    /// Folders that come first on the `PATH`: the `bin` of a virtual environment.
    #[serde(default)]
    pub path: Vec<PathBuf>,
    /// Variables of the tests' environment.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// A folder whose files are laid over the repository first: compiled extensions, made versions.
    #[serde(default)]
    pub overlay: Option<PathBuf>,
}

/// Why there are no environments.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// The file cannot be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is no list of environments.
    #[error("{}: {error}; it must be a JSON list of environments, each with a `repo`", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where it is wrong.
        error: serde_json::Error,
    },
    /// A folder is not there, or its path is not absolute.
    #[error("the environment of {repo} names {}, which is no absolute path of a folder", folder.display())]
    NoFolder {
        /// The repository.
        repo: String,
        /// The folder.
        folder: PathBuf,
    },
}

impl Environment {
    /// The environments of a JSON file.
    ///
    /// # Errors
    /// Where the file or a folder it names is not as it should be.
    pub fn load(path: &Path) -> Result<Vec<Self>, EnvironmentError> {
        let text = std::fs::read_to_string(path).map_err(|error| EnvironmentError::Read {
            path: path.into(),
            error,
        })?;
        let all: Vec<Self> =
            serde_json::from_str(&text).map_err(|error| EnvironmentError::Parse {
                path: path.into(),
                error,
            })?;
        for one in &all {
            let folders = one.folders.iter().chain(&one.path).chain(&one.overlay);
            for folder in folders {
                if !folder.is_absolute() || !folder.is_dir() {
                    let (repo, folder) = (one.repo.clone(), folder.clone());
                    return Err(EnvironmentError::NoFolder { repo, folder });
                }
            }
        }
        Ok(all)
    }

    /// The published command and nothing installed: this machine's Python with its standard library.
    pub fn bare(repo: &str) -> Self {
        Self {
            repo: repo.to_owned(),
            version: None,
            test_command: None,
            log: None,
            folders: vec![],
            path: vec![],
            variables: BTreeMap::new(),
            overlay: None,
        }
    }

    /// The command, names of test files to follow.
    pub fn command(&self) -> &str {
        let published = match self.repo.as_str() {
            "django/django" => {
                "python3 tests/runtests.py --verbosity 2 --settings=test_sqlite --parallel 1"
            }
            "sympy/sympy" => "python3 bin/test -C --verbose",
            "astropy/astropy" => {
                "python3 -m pytest -rA -vv -o console_output_style=classic --tb=no"
            }
            _ => "python3 -m pytest -rA",
        };
        self.test_command.as_deref().unwrap_or(published)
    }

    /// What the command writes.
    pub fn format(&self) -> LogFormat {
        let published = match self.repo.as_str() {
            "django/django" => LogFormat::Django,
            "sympy/sympy" => LogFormat::Sympy,
            "psf/requests" | "pylint-dev/pylint" | "pydicom/pydicom" => LogFormat::PytestShortPaths,
            _ => LogFormat::Pytest,
        };
        self.log.unwrap_or(published)
    }

    /// The names the command is given: the files of the test patch that are programs, as modules for
    /// Django.
    pub fn tests(&self, test_patch: &Patch) -> Vec<String> {
        const DATA: [&str; 11] = [
            "json", "png", "csv", "txt", "md", "jpg", "jpeg", "pkl", "yml", "yaml", "toml",
        ];
        let paths = test_patch.files.iter().map(|file| file.new.as_str());
        let paths = paths.filter(|path| {
            let end = Path::new(path).extension().and_then(|end| end.to_str());
            !end.is_some_and(|end| DATA.contains(&end))
        });
        let name = |path: &str| match self.format() {
            LogFormat::Django => {
                let path = path.strip_suffix(".py").unwrap_or(path);
                path.strip_prefix("tests/")
                    .unwrap_or(path)
                    .replace('/', ".")
            }
            _ => path.to_owned(),
        };
        paths.map(name).collect()
    }

    /// The environment of a repository at a version, among many: its own, or the repository's.
    pub fn of<'a>(all: &'a [Self], repo: &str, version: &str) -> Option<&'a Self> {
        let ours = || all.iter().filter(|one| one.repo == repo);
        let own = ours().find(|one| one.version.as_deref() == Some(version));
        own.or_else(|| ours().find(|one| one.version.is_none()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::diff::parse;
    use super::*;

    #[test]
    fn a_version_has_its_own_environment_or_the_repositorys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("environments.json");
        let text = r#"[{"repo": "a/b"}, {"repo": "a/b", "version": "2", "test_command": "t"}]"#;
        std::fs::write(&path, text).unwrap();
        let all = Environment::load(&path).unwrap();
        assert_eq!(Environment::of(&all, "a/b", "2").unwrap().command(), "t");
        assert_eq!(
            Environment::of(&all, "a/b", "1"),
            Some(&Environment::bare("a/b"))
        );
        assert_eq!(Environment::of(&all, "a/c", "1"), None);
        std::fs::write(&path, r#"[{"repo": "a/b", "folders": ["/nonexistent"]}]"#).unwrap();
        let error = Environment::load(&path).unwrap_err();
        assert!(
            matches!(error, EnvironmentError::NoFolder { .. }),
            "{error}"
        );
        std::fs::write(&path, r#"[{"repo": "a/b", "comand": "t"}]"#).unwrap();
        assert!(
            Environment::load(&path)
                .unwrap_err()
                .to_string()
                .contains("comand")
        );
    }

    #[test]
    fn test_files_are_named_as_the_command_takes_them() {
        let new = |path: &str| format!("--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n");
        let patch = new("tests/forms/test_x.py") + &new("tests/data.json");
        let patch = parse(&patch).unwrap();
        assert_eq!(
            Environment::bare("a/b").tests(&patch),
            ["tests/forms/test_x.py"]
        );
        assert_eq!(
            Environment::bare("django/django").tests(&patch),
            ["forms.test_x"]
        );
    }
}
