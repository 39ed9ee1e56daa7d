//! A small process that starts containers for this one.
//!
//! This process has many threads and, soon, much memory; a container begins with a fork and a good
//! deal of work in the child, which is safe and cheap from a process with one thread and little
//! memory alone. So launchers are forked when a sandbox is made, wait for jobs at a socket, and end
//! with it. A launcher has a mount namespace in which `/tmp` is its own, so nothing is ever left
//! behind on disk; one that started as root goes on as `nobody`.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Gid, Pid, Uid, fork};

use super::job::{self, Job, Reply};
use super::limits::NoIsolation;
use super::root::Root;
use super::tree::Tree;
use super::tree_stream;
use super::work::Worker;

const NOBODY: u32 = 65534;

/// The socket to a launcher, and its process.
pub(crate) struct Launcher {
    pid: Pid,
    socket: UnixStream,
}

impl Launcher {
    /// Forks a launcher whose programs see `root`.
    ///
    /// # Errors
    /// Where the kernel refuses a namespace or a mount.
    pub(crate) fn start(root: &Root) -> Result<Self, NoIsolation> {
        let refused = |error: String| NoIsolation::Refused(error);
        let (ours, theirs) = UnixStream::pair().map_err(|error| refused(error.to_string()))?;
        // SAFETY: the child only ever runs `serve`, which does not return. What it allocates may
        // block where another thread held a lock of the allocator; the patience below ends that.
        match unsafe { fork() }.map_err(|error| refused(format!("fork: {error}")))? {
            ForkResult::Child => serve(theirs, root),
            ForkResult::Parent { child } => {
                drop(theirs);
                let mut launcher = Self {
                    pid: child,
                    socket: ours,
                };
                let first: io::Result<Result<(), String>> = launcher.hear(Duration::from_secs(10));
                match first {
                    Ok(Ok(())) => Ok(launcher),
                    Ok(Err(reason)) => Err(refused(reason)),
                    Err(error) => Err(refused(format!("the launcher does not start: {error}"))),
                }
            }
        }
    }

    /// Has a job done, in `tree` where it is of that kind, waiting for `patience`.
    ///
    /// # Errors
    /// Where the launcher is gone or silent; it is of no further use.
    pub(crate) fn ask(
        &mut self,
        job: &Job,
        tree: Option<&Tree>,
        patience: Duration,
    ) -> io::Result<Reply> {
        job::write(&mut self.socket, job)?;
        if let Some(tree) = tree {
            let mut socket = io::BufWriter::with_capacity(1 << 16, &mut self.socket);
            tree_stream::write(&mut socket, tree)?;
            io::Write::flush(&mut socket)?;
        }
        self.hear(patience)
    }

    fn hear<T: serde::de::DeserializeOwned>(&mut self, patience: Duration) -> io::Result<T> {
        self.socket.set_read_timeout(Some(patience))?;
        job::read(&mut self.socket)
    }
}

impl Drop for Launcher {
    fn drop(&mut self) {
        let _ = kill(self.pid, Signal::SIGKILL);
        let _ = waitpid(self.pid, None);
    }
}

/// The life of a launcher.
fn serve(socket: UnixStream, root: &Root) -> ! {
    std::panic::set_hook(Box::new(|_| {}));
    let served = std::panic::catch_unwind(|| {
        let mut socket = alone(socket)?;
        let prepared = prepare(root).and_then(Worker::new);
        let said = prepared.as_ref().map(|_| ()).map_err(Clone::clone);
        job::write(&mut socket, &said)?;
        let worker = prepared.map_err(io::Error::other)?;
        loop {
            let job: Job = job::read(&mut socket)?;
            let reply = match &job {
                Job::InTree(command) => worker.in_tree(command, &mut socket)?,
                job => worker.reply(job),
            };
            job::write(&mut socket, &reply)?;
        }
    });
    let _: Result<io::Result<()>, _> = served;
    // SAFETY: ends this process without running what the parent registered for its own end.
    unsafe { libc::_exit(0) }
}

/// Leaves everything of the parent's but the socket: its files, its terminal, its session.
fn alone(socket: UnixStream) -> io::Result<UnixStream> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    for standard in 0..3 {
        nix::unistd::dup2(null.as_raw_fd(), standard)?;
    }
    let kept = nix::unistd::dup2(socket.as_raw_fd(), 3)?;
    if socket.as_raw_fd() != 3 {
        drop(socket);
    } else {
        let _ = socket.into_raw_fd();
    }
    let _ = null.into_raw_fd();
    // SAFETY: no other thread runs, and nothing below uses the descriptors that are closed.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 4, u32::MAX, 0) };
    if closed != 0 {
        (4..4096).for_each(|fd| {
            let _ = nix::unistd::close(fd);
        });
    }
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGCHLD] {
        // SAFETY: the default action runs no code.
        unsafe { nix::sys::signal::signal(signal, nix::sys::signal::SigHandler::SigDfl) }?;
    }
    nix::unistd::setsid()?;
    // SAFETY: descriptor 3 is the socket and belongs to nobody else.
    Ok(UnixStream::from(unsafe {
        <OwnedFd as std::os::fd::FromRawFd>::from_raw_fd(kept)
    }))
}

/// Enters a mount namespace with a `/tmp` of its own, in which everything of `root` has a place any
/// user can reach, and drops root's privileges.
fn prepare(root: &Root) -> Result<Root, String> {
    let (uid, gid) = (Uid::effective(), Gid::effective());
    let is_root = uid.is_root() && first_namespace();
    let what = |what: &'static str| move |error: nix::Error| format!("{what}: {error}");
    if is_root {
        unshare(CloneFlags::CLONE_NEWNS).map_err(what("a mount namespace"))?;
    } else {
        unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)
            .map_err(what("a user namespace"))?;
        let written = std::fs::write("/proc/self/setgroups", "deny")
            .and_then(|()| std::fs::write("/proc/self/uid_map", format!("{uid} {uid} 1")))
            .and_then(|()| std::fs::write("/proc/self/gid_map", format!("{gid} {gid} 1")));
        written.map_err(|error| format!("the users of a user namespace: {error}"))?;
    }
    let staged = stage(root)?;
    if is_root {
        let dropped = nix::unistd::setgroups(&[])
            .and_then(|()| {
                let gid = Gid::from_raw(NOBODY);
                nix::unistd::setresgid(gid, gid, gid)
            })
            .and_then(|()| {
                let uid = Uid::from_raw(NOBODY);
                nix::unistd::setresuid(uid, uid, uid)
            })
            .and_then(|()| nix::sys::prctl::set_dumpable(true));
        dropped.map_err(what("becoming nobody"))?;
    }
    Ok(staged)
}

/// Whether this is the first user namespace, where root is the machine's.
fn first_namespace() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.split_whitespace().eq(["0", "0", "4294967295"])
}

/// Covers the folder of temporary files with an empty one that lives in memory, and mounts
/// everything of `root` in it.
fn stage(root: &Root) -> Result<Root, String> {
    let none = None::<&str>;
    let at = |path: PathBuf| {
        move |error: &dyn std::fmt::Display| format!("mounting {}: {error}", path.display())
    };
    let mut sources = Vec::new();
    for bind in &root.binds {
        let opened = File::options()
            .read(true)
            .custom_flags(libc::O_PATH)
            .open(&bind.source);
        sources.push(opened.map_err(|error| at(bind.source.clone())(&error))?);
    }
    let folder = std::env::temp_dir();
    let failed = at(folder.clone());
    mount(none, "/", none, MsFlags::MS_PRIVATE | MsFlags::MS_REC, none)
        .map_err(|error| failed(&error))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    let data = Some("size=1g,mode=1777");
    mount(Some("tmpfs"), &folder, Some("tmpfs"), flags, data).map_err(|error| failed(&error))?;
    let mut staged = root.clone();
    for (number, (bind, source)) in staged.binds.iter_mut().zip(sources).enumerate() {
        let failed = at(bind.source.clone());
        let place = folder.join(format!("root-{number}"));
        let made = if bind.source.is_dir() {
            std::fs::create_dir(&place)
        } else {
            File::create(&place).map(drop)
        };
        made.map_err(|error| failed(&error))?;
        let source = format!("/proc/self/fd/{}", source.as_raw_fd());
        let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
        mount(Some(source.as_str()), &place, none, flags, none).map_err(|error| failed(&error))?;
        bind.source = place;
    }
    Ok(staged)
}
