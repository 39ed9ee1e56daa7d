//! What is tried from within a sandbox before it is trusted.

use std::ffi::CStr;
use std::net::TcpStream;
use std::path::Path;

/// What works in here that must not, or the other way round; nothing where the sandbox holds.
pub(crate) fn wrong() -> Vec<&'static str> {
    let reads = |path: &str| std::fs::read(path).is_ok_and(|bytes| !bytes.is_empty());
    let writes = |path: &str| std::fs::write(path, "x").is_ok();
    let checks = [
        (std::process::id() == 1, "it sees other processes"),
        (nix::unistd::getppid().as_raw() == 0, "it sees its parent"),
        (!nix::unistd::getuid().is_root(), "it is root"),
        (!reads("/etc/passwd"), "it reads /etc/passwd"),
        (!Path::new("/proc/self").exists(), "it sees /proc"),
        (!Path::new("/sys/kernel").exists(), "it sees /sys"),
        (!writes("/probe"), "it writes to /"),
        (!writes("/usr/probe"), "it writes to /usr"),
        (!writes("/dev/probe"), "it writes to /dev"),
        (writes("/tmp/probe"), "it has no /tmp of its own"),
        (
            TcpStream::connect("127.0.0.1:9").is_err(),
            "it has a network",
        ),
        (!makes_a_socket(), "it opens sockets"),
        (!forks(), "it starts processes"),
        (!mounts(c"/tmp"), "it mounts file systems"),
        (
            nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWUSER).is_err(),
            "it makes namespaces",
        ),
    ];
    checks
        .into_iter()
        .filter(|(holds, _)| !holds)
        .map(|(_, what)| what)
        .collect()
}

fn makes_a_socket() -> bool {
    // SAFETY: the call takes no pointers, and the process ends soon.
    unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_STREAM, 0) >= 0 }
}

fn forks() -> bool {
    // SAFETY: the process has one thread; a child would end at once.
    match unsafe { libc::fork() } {
        // SAFETY: nothing of the child is needed any more.
        0 => unsafe { libc::_exit(0) },
        pid => pid > 0,
    }
}

fn mounts(target: &CStr) -> bool {
    let (none, kind) = (std::ptr::null(), c"tmpfs".as_ptr());
    // SAFETY: the strings live through the call.
    unsafe { libc::mount(kind, target.as_ptr(), kind, 0, none) == 0 }
}
