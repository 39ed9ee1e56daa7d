//! One container: what a program sees, what it may do, and how it is started.
//!
//! | against | by |
//! | --- | --- |
//! | reading and writing outside | an own root of read-only mounts, Landlock where the kernel has it |
//! | the network | an empty network namespace, no sockets but unnamed pairs |
//! | other processes | an own pid namespace and session, seccomp |
//! | privileges | an own user namespace, an ordinary user, `no_new_privs`, seccomp |
//! | exhaustion | rlimits, a `/tmp` of limited size, one process |
//!
//! There is no `/proc` (but an own one for compilers), no `/etc` but the loader's cache, no `/home`, and of `/dev` four devices.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use hakoniwa::landlock::{CompatMode, FsAccess, Resource, Ruleset};
use hakoniwa::{Container, MountOptions, Namespace, Rlimit};
use nix::sys::resource;
use nix::sys::statvfs::{FsFlags, statvfs};
use seccompiler::BpfProgram;

use super::job::{BUILT, Command, Kind};
use super::limits::Limits;
use super::probe;
use super::root::Root;
use super::tree::PLACE;

/// What standard error begins with once everything that isolates is in place.
pub(crate) const READY: u8 = 1;

/// Who a program is in its own user namespace.
const USER: u32 = 1000;

/// What a container of a launcher needs beyond the command.
pub(crate) struct Setting<'a> {
    pub(crate) root: &'a Root,
    /// Whether the kernel has Landlock.
    pub(crate) landlock: bool,
    pub(crate) run: Arc<BpfProgram>,
    pub(crate) build: Arc<BpfProgram>,
    /// The folder a build writes to and a run reads, or the tree of a command that has one.
    pub(crate) built: Option<&'a Path>,
}

/// The container and what to start in it; `None` starts the probe.
pub(crate) fn command(
    setting: &Setting<'_>,
    command: Option<&Command>,
    limits: &Limits,
) -> Result<hakoniwa::Command, String> {
    let kind = command.map_or(Kind::Run, |command| command.kind);
    let mut container = container(setting, kind, limits)?;
    for (path, text) in command.iter().flat_map(|command| &command.files) {
        container.file(path, text);
    }
    let filter = match kind {
        Kind::Run => Arc::clone(&setting.run),
        Kind::Build | Kind::InTree => Arc::clone(&setting.build),
    };
    let argv = match command {
        Some(command) => Some(texts(&command.argv)?),
        None => None,
    };
    let libraries = command.map_or("", |command| &command.libraries);
    let usual = [
        ("PATH", "/usr/bin:/bin"),
        ("LANG", "C.UTF-8"),
        ("HOME", "/tmp"),
        ("TMPDIR", "/tmp"),
        ("LD_LIBRARY_PATH", libraries),
    ];
    let own = command.iter().flat_map(|command| &command.variables);
    let own = own.map(|(name, value)| (&**name, &**value));
    let variables: BTreeMap<&str, &str> = usual.into_iter().chain(own).collect();
    let variables = variables
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let variables = texts(&variables.collect::<Vec<String>>())?;
    let memory = limits.memory;
    let start = move || start(argv.as_deref(), &variables, memory, &filter);
    // SAFETY: a launcher has one thread, so its child may do what it could do itself.
    let mut started = unsafe { container.command_from_closure(start) };
    started.current_dir(if kind == Kind::InTree { PLACE } else { "/tmp" });
    Ok(started)
}

/// What the container's first process does: the last steps of isolation, then the program.
fn start(argv: Option<&[CString]>, variables: &[CString], memory: u64, filter: &BpfProgram) -> i32 {
    let ready = nix::unistd::setsid()
        .and_then(|_| resource::setrlimit(resource::Resource::RLIMIT_AS, memory, memory))
        .map_err(|error| error.to_string())
        .and_then(|()| seccompiler::apply_filter(filter).map_err(|error| error.to_string()));
    let error = std::io::stderr();
    match (ready, argv) {
        (Err(reason), _) => {
            let _ = nix::unistd::write(error, reason.as_bytes());
            125
        }
        (Ok(()), None) => {
            let wrong = probe::wrong().join("\n");
            let _ = nix::unistd::write(&error, &[READY]);
            let _ = nix::unistd::write(&error, wrong.as_bytes());
            0
        }
        (Ok(()), Some(argv)) => {
            let _ = nix::unistd::write(error, &[READY]);
            let _ = nix::unistd::execve(&argv[0], argv, variables);
            127
        }
    }
}

fn container(setting: &Setting<'_>, kind: Kind, limits: &Limits) -> Result<Container, String> {
    let mut container = Container::empty();
    for namespace in [
        Namespace::User,
        Namespace::Mount,
        Namespace::Pid,
        Namespace::Network,
        Namespace::Ipc,
        Namespace::Uts,
        Namespace::Cgroup,
    ] {
        container.unshare(namespace);
    }
    if kind != Kind::Run {
        // Compilers find their own parts by where they themselves are.
        container.procfsmount("/proc");
    }
    container.uidmap(USER).gidmap(USER).hostname("sandbox");
    for bind in &setting.root.binds {
        mount(&mut container, &bind.source, &bind.target, bind.device)?;
    }
    for (original, link) in &setting.root.links {
        container.symlink(text(original)?, text(link)?);
    }
    if let Some(built) = setting.built {
        let folder = match kind {
            Kind::InTree => Path::new(PLACE),
            Kind::Build | Kind::Run => Path::new(BUILT).parent().unwrap_or(Path::new("/")),
        };
        mount(&mut container, built, folder, kind != Kind::Run)?;
    }
    let size = format!("size={},nr_inodes=4096,mode=1777", limits.disk);
    let options = MountOptions::NOSUID | MountOptions::NODEV;
    container.mount("tmpfs", "/tmp", "tmpfs", options, Some(size));
    if setting.landlock {
        container.landlock_ruleset(ruleset(kind, setting.built.is_some()));
    }
    let cpu = limits.cpu.as_secs() + u64::from(limits.cpu.subsec_nanos() > 0);
    for (resource, most) in [
        (Rlimit::Cpu, cpu.max(1)),
        (Rlimit::Fsize, limits.file_size),
        (Rlimit::Nproc, limits.threads),
        (Rlimit::Nofile, if kind == Kind::Run { 64 } else { 1024 }),
        (Rlimit::Stack, 32 << 20),
        (Rlimit::Core, 0),
        (Rlimit::Memlock, 0),
        (Rlimit::Msgqueue, 0),
    ] {
        container.setrlimit(resource, most, most);
    }
    Ok(container)
}

fn ruleset(kind: Kind, builds: bool) -> Ruleset {
    let mut ruleset = Ruleset::default();
    ruleset
        .restrict(Resource::FS, CompatMode::Enforce)
        .restrict(Resource::NET_TCP_CONNECT, CompatMode::Relax)
        .restrict(Resource::NET_TCP_BIND, CompatMode::Relax)
        .allow_path("/", FsAccess::R | FsAccess::X)
        .allow_path("/dev", FsAccess::R | FsAccess::W)
        .allow_path("/tmp", FsAccess::R | FsAccess::W);
    match kind {
        Kind::Build if builds => ruleset.allow_path("/built", FsAccess::R | FsAccess::W),
        Kind::InTree => ruleset.allow_path(PLACE, FsAccess::R | FsAccess::W),
        Kind::Build | Kind::Run => &mut ruleset,
    };
    ruleset
}

/// Mounts `source` at `target`, read-only unless `write`. Flags the source's mount has must be kept.
fn mount(
    container: &mut Container,
    source: &Path,
    target: &Path,
    write: bool,
) -> Result<(), String> {
    let found = statvfs(source).map_err(|error| format!("{}: {error}", source.display()))?;
    let mut options = MountOptions::BIND | MountOptions::REC | MountOptions::NOSUID;
    for (flag, option) in [
        (FsFlags::ST_NODEV, MountOptions::NODEV),
        (FsFlags::ST_NOEXEC, MountOptions::NOEXEC),
    ] {
        if found.flags().contains(flag) {
            options |= option;
        }
    }
    if !write {
        options |= MountOptions::RDONLY;
    }
    container.mount(text(source)?, text(target)?, "", options, None);
    Ok(())
}

fn text(path: &Path) -> Result<&str, String> {
    path.to_str()
        .ok_or_else(|| format!("{} is no UTF-8", path.display()))
}

fn texts<T: AsRef<str>>(all: &[T]) -> Result<Vec<CString>, String> {
    all.iter()
        .map(|text| {
            let bytes = Path::new(text.as_ref()).as_os_str().as_bytes();
            CString::new(bytes).map_err(|error| error.to_string())
        })
        .collect()
}
