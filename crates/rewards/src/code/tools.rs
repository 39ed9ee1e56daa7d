//! Where the interpreter and the compiler are.
//!
//! Found once, by asking each `python3` and `rustc` of the PATH where it really lives: what stands on
//! the PATH may be a shim. Left out: virtual environments, whose packages the sandbox does not see.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::language::Language;

/// The version of what runs programs of a language in a sandbox made now, as `3.12.4` or `1.95.0`; `None` where
/// nothing does.
pub fn version(language: Language) -> Option<String> {
    static FOUND: OnceLock<[Option<String>; 2]> = OnceLock::new();
    let [python, rust] = FOUND.get_or_init(|| {
        let Tools { python, rust } = Tools::find();
        let script = "import platform; print(platform.python_version())";
        let python = python.and_then(|tool| said(&tool.program, &["-I", "-c", script]));
        let rust = rust.and_then(|tool| said(&tool.program, &["--version"]));
        // `rustc 1.95.0 (59807616e 2026-04-14)`
        let number = |said: String| said.split(' ').nth(1).map(str::to_owned);
        [
            python.map(|said| said.trim().to_owned()),
            rust.and_then(number),
        ]
    });
    match language {
        Language::Python => python.clone(),
        Language::Rust => rust.clone(),
    }
}

/// An interpreter or compiler, and the folder it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tool {
    pub(crate) program: PathBuf,
    pub(crate) folder: PathBuf,
}

/// What this machine can run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tools {
    pub(crate) python: Option<Tool>,
    pub(crate) rust: Option<Tool>,
}

impl Tools {
    /// What the PATH and the usual places hold.
    pub(crate) fn find() -> Self {
        Self {
            python: candidates("python3").iter().find_map(|path| python(path)),
            rust: candidates("rustc").iter().find_map(|path| rust(path)),
        }
    }
}

fn candidates(name: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let home = std::env::var_os("HOME").map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(home.map(|home| home.join(".cargo/bin")))
        .chain(["/usr/local/bin".into(), "/usr/bin".into()])
        .map(|folder| folder.join(name))
        .filter(|path| path.is_file())
        .collect()
}

fn python(path: &Path) -> Option<Tool> {
    let script = "import os, sys\n\
                  print(os.path.realpath(sys._base_executable))\n\
                  print(os.path.realpath(sys.base_prefix))\n\
                  assert sys.version_info >= (3, 10)";
    let said = said(path, &["-I", "-c", script])?;
    let (program, folder) = said.split_once('\n')?;
    Some(Tool {
        program: program.into(),
        folder: folder.trim_end().into(),
    })
}

fn rust(path: &Path) -> Option<Tool> {
    let sysroot = said(path, &["--print", "sysroot"])?;
    let folder = PathBuf::from(sysroot.trim_end()).canonicalize().ok()?;
    let program = folder.join("bin/rustc");
    program.is_file().then_some(Tool { program, folder })
}

fn said(program: &Path, args: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .current_dir("/")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(text)
}
