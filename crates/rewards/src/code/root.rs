//! What of this machine programs see.

use std::path::{Path, PathBuf};

/// A folder or file of this machine that programs may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bind {
    /// Where it is.
    pub(crate) source: PathBuf,
    /// Where programs find it.
    pub(crate) target: PathBuf,
    /// Whether it is a device, to be written to as well.
    pub(crate) device: bool,
}

/// The root programs see: mounts, and links by what they point to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Root {
    pub(crate) binds: Vec<Bind>,
    pub(crate) links: Vec<(PathBuf, PathBuf)>,
}

impl Root {
    /// The system's programs and libraries, four devices, and `folders`.
    pub(crate) fn of(folders: &[&Path]) -> Self {
        let mut root = Self::default();
        for name in ["/bin", "/lib", "/lib32", "/lib64", "/sbin", "/usr"] {
            match std::fs::read_link(name) {
                Ok(original) => root.links.push((original, name.into())),
                Err(_) => root.bind(Path::new(name), false),
            }
        }
        root.bind(Path::new("/etc/ld.so.cache"), false);
        root.bind(Path::new("/etc/alternatives"), false);
        for device in ["null", "zero", "random", "urandom"] {
            root.bind(&Path::new("/dev").join(device), true);
        }
        for folder in folders {
            root.bind(folder, false);
        }
        root
    }

    fn bind(&mut self, path: &Path, device: bool) {
        let covered = self.binds.iter().any(|bind| path.starts_with(&bind.target));
        if path.exists() && !covered {
            self.binds.push(Bind {
                source: path.into(),
                target: path.into(),
                device,
            });
        }
    }
}
