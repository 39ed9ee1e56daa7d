//! Ways out of the sandbox, and that none leads anywhere.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::testing::{python, sandbox};
use super::{Language, Limit, Status};

/// Runs a program that tries things in turn and says `done`; what it said before that.
fn tries(body: &str) -> Option<String> {
    let program = format!(
        "import os, sys\n\
         def attempt(what):\n    \
             try:\n        \
                 print('got', what())\n    \
             except Exception as error:\n        \
                 print('refused', type(error).__name__)\n\
         {body}\nprint('done')\n"
    );
    let outcome = python(&program)?;
    assert!(outcome.is_success(), "{outcome:?}");
    let said = outcome
        .stdout
        .strip_suffix("done\n")
        .expect("it comes to its end");
    Some(said.to_owned())
}

fn all_refused(body: &str) {
    if let Some(said) = tries(body) {
        assert!(!said.is_empty() && !said.contains("got"), "{said}");
    }
}

#[test]
fn no_file_outside_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let canary = folder.path().join("canary");
    std::fs::write(&canary, "the canary sings").unwrap();
    all_refused(&format!(
        "for path in ({:?}, '/etc/passwd', '/etc/shadow', '/proc/self/environ', '/proc/1/maps',\n\
         {:?}, '/root/.bashrc', '/sys/kernel/vmcoreinfo', '/dev/mem', '/dev/sda', '/dev/vda'):\n    \
             attempt(lambda: open(path, 'rb').read(99))\n    \
             attempt(lambda: open('/../../..' + path, 'rb').read(99))\n    \
             attempt(lambda: open('/usr/../..' + path, 'rb').read(99))",
        canary.display(),
        std::env::current_exe().unwrap().display(),
    ));
}

#[test]
fn nothing_outside_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let canary = folder.path().join("canary");
    std::fs::write(&canary, "x").unwrap();
    all_refused(&format!(
        "for path in ({:?}, '/canary', '/usr/canary', '/usr/lib/canary', '/etc/canary', '/dev/canary',\n\
         '/etc/ld.so.cache', sys.executable, os.__file__, '/program.py'):\n    \
             attempt(lambda: open(path, 'w').write('gone'))\n    \
             attempt(lambda: os.remove(path))\n    \
             attempt(lambda: os.chmod(path, 0o777))\n    \
             attempt(lambda: os.rename('/program.py', path))",
        canary.display()
    ));
    assert_eq!(std::fs::read_to_string(&canary).unwrap(), "x");
}

#[test]
fn a_fork_bomb_does_not_go_off() {
    all_refused(
        "import subprocess, multiprocessing\n\
         for _ in range(1000):\n    attempt(os.fork)\n\
         attempt(lambda: subprocess.run([sys.executable, '-c', 'print(1)']))\n\
         attempt(lambda: os.posix_spawn('/bin/sh', ['sh'], {}))\n\
         attempt(lambda: multiprocessing.Process(target=print).start())\n\
         attempt(os.forkpty)",
    );
}

#[test]
fn threads_are_counted() {
    let said = tries(
        "import threading, time\n\
         threading.stack_size(65536)\n\
         count = 0\n\
         try:\n    \
             while True:\n        \
                 threading.Thread(target=time.sleep, args=(1,), daemon=True).start()\n        \
                 count += 1\n\
         except RuntimeError:\n    print(count)",
    );
    if let Some(said) = said {
        let count: u32 = said.trim().parse().unwrap();
        assert!((1..=16).contains(&count), "{count} threads");
    }
}

#[test]
fn no_connection_gets_out() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    all_refused(&format!(
        "import socket\n\
         attempt(lambda: socket.create_connection(('127.0.0.1', {port}), 2))\n\
         attempt(lambda: socket.create_connection(('1.1.1.1', 53), 2))\n\
         attempt(lambda: socket.getaddrinfo('example.com', 80))\n\
         attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))\n\
         attempt(lambda: socket.socket(socket.AF_UNIX).connect('\\0bus'))\n\
         attempt(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))\n\
         attempt(lambda: socket.socket(socket.AF_VSOCK))"
    ));
    let accepted = listener.accept().map(|_| ()).unwrap_err();
    assert_eq!(accepted.kind(), ErrorKind::WouldBlock);
}

#[test]
fn the_disk_is_not_filled() {
    let said = tries(
        "total = 0\n\
         try:\n    \
             for n in range(100):\n        \
                 with open(f'/tmp/{n}', 'wb') as file:\n            \
                     for _ in range(8):\n                total += file.write(bytes(1 << 20))\n\
         except OSError as error:\n    print(error.errno)\n\
         print(total >> 20)\n\
         try:\n    \
             with open('/dev/null', 'r+b') as null: null.write(bytes(1 << 20))\n    \
             with open('/tmp/long', 'wb') as file: file.truncate(1 << 40)\n\
         except OSError as error:\n    print(error.errno)",
    );
    if let Some(said) = said {
        // ENOSPC after at most 16 MiB; EFBIG for a file of a terabyte.
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!((lines[0], lines[2]), ("28", "27"), "{said}");
        assert!(lines[1].parse::<u32>().unwrap() <= 16, "{said}");
    }
}

#[test]
fn nobody_else_is_killed() {
    let Some(sandbox) = sandbox(Language::Python) else {
        return;
    };
    for target in [
        "os.kill(os.getppid(), 9)",
        "os.killpg(0, 9)",
        "os.kill(0, 9)",
        "os.kill(-1, 9)",
        "[os.kill(pid, 9) for pid in range(2, 40000)]",
    ] {
        let program = format!("import os\n{target}");
        sandbox
            .run(&program, Language::Python, "")
            .expect("whoever watches is alive");
    }
    let well = sandbox
        .run("print(input())", Language::Python, "well")
        .unwrap();
    assert_eq!(well.stdout, "well\n");
}

#[test]
fn memory_ends_at_its_limit() {
    let Some(outcome) = python("kept = []\nwhile True:\n    kept.append(bytearray(1 << 24))")
    else {
        return;
    };
    assert_eq!(outcome.status, Status::Exited(1), "{outcome:?}");
    assert!(outcome.stderr.contains("MemoryError"), "{outcome:?}");
    assert!(outcome.memory < 256 << 20, "{outcome:?}");
    all_refused(
        "import mmap, ctypes\n\
         attempt(lambda: mmap.mmap(-1, 1 << 30))\n\
         attempt(lambda: os.memfd_create('x'))\n\
         import resource\n\
         attempt(lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40)))\n\
         attempt(lambda: resource.setrlimit(resource.RLIMIT_CPU, (-1, -1)))",
    );
}

#[test]
fn sleeping_and_spinning_end_at_their_limits() {
    if sandbox(Language::Python).is_none() {
        return;
    }
    let limits = super::Limits {
        cpu: Duration::from_secs(1),
        wall: Duration::from_secs(5),
        ..super::Limits::default()
    };
    let quick = super::Sandbox::new(limits).expect("there was one before");
    let began = Instant::now();
    let asleep = "import time, signal\nsignal.pthread_sigmask(0, range(1, 64))\ntime.sleep(9**9)";
    let outcome = quick.run(asleep, Language::Python, "").unwrap();
    assert_eq!(outcome.killed_by, Some(Limit::Wall), "{outcome:?}");
    assert!(began.elapsed() < Duration::from_secs(30), "{outcome:?}");
    let spins = "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass";
    let outcome = quick.run(spins, Language::Python, "").unwrap();
    // On a busy machine a second of processor time may take longer than five on the clock.
    assert!(
        matches!(outcome.killed_by, Some(Limit::Cpu | Limit::Wall)),
        "{outcome:?}"
    );
    // Nothing is left running: a new program gets its turn at once.
    let next = quick.run("print(1)", Language::Python, "").unwrap();
    assert!(next.is_success(), "{next:?}");
}

#[test]
fn a_gigabyte_of_output_is_not_kept() {
    for stream in ["stdout", "stderr"] {
        let program =
            format!("import sys\nfor _ in range(1024): sys.{stream}.write('x' * (1 << 20))");
        let Some(outcome) = python(&program) else {
            return;
        };
        assert_eq!(outcome.killed_by, Some(Limit::Output), "{stream}");
        assert!(outcome.stdout.len() + outcome.stderr.len() <= (1 << 20) + 1);
    }
}

#[test]
fn the_kernel_is_not_asked_for_more() {
    let said = tries(
        "import ctypes\n\
         libc = ctypes.CDLL(None, use_errno=True)\n\
         calls = dict(unshare=(0x10000000,), mount=(b'none', b'/tmp', b'tmpfs', 0, None),\n    \
             umount2=(b'/tmp', 2), chroot=(b'/tmp',), ptrace=(16, 1, 0, 0), setns=(0, 0),\n    \
             setuid=(0,), setgid=(0,), keyctl=(0,), reboot=(0,), swapoff=(b'/x',), shmget=(0, 4096, 950),\n    \
             personality=(0x0400000,), sethostname=(b'x', 1), bpf=(0,), memfd_create=(b'x', 0))\n\
         for name, args in calls.items():\n    \
             call = getattr(libc, name, None)\n    \
             if call is not None:\n        print('got' if call(*args) != -1 else 'refused', name)\n\
         for number in (425, 321, 323, 298, 313, 304, 310):\n    \
             print('got' if libc.syscall(number, 0, 0, 0, 0) != -1 else 'refused', number)\n\
         print('refused', os.getuid(), os.getpid(), os.getppid())",
    );
    if let Some(said) = said {
        assert!(!said.contains("got"), "{said}");
        assert!(said.ends_with("refused 1000 1 0\n"), "{said}");
    }
}

#[test]
fn runs_leave_nothing_to_each_other() {
    let leave = "open('/tmp/left', 'w').write('x')\nimport os\nprint(sorted(os.listdir('/tmp')))";
    for _ in 0..4 {
        let Some(outcome) = python(leave) else {
            return;
        };
        assert_eq!(outcome.stdout, "['left']\n");
    }
}

#[test]
fn compiling_reads_and_starts_nothing_outside() {
    let Some(sandbox) = sandbox(Language::Rust) else {
        return;
    };
    let read = r#"fn main() { print!("{}", include_str!("/etc/passwd")); }"#;
    let outcome = sandbox.run(read, Language::Rust, "").unwrap();
    assert!(
        !outcome.is_success() && !outcome.stdout.contains("root"),
        "{outcome:?}"
    );
    let endless =
        "macro_rules! m { ($($t:tt)*) => { m!($($t)* $($t)* x) } }\nfn main() { m!(x x); }";
    assert!(
        !sandbox
            .run(endless, Language::Rust, "")
            .unwrap()
            .is_success()
    );
}

#[test]
fn rust_programs_are_held_as_python_is() {
    let Some(sandbox) = sandbox(Language::Rust) else {
        return;
    };
    let program = r#"
        use std::{fs, net::TcpStream, process::Command, thread};
        fn main() {
            assert!(fs::read("/etc/passwd").is_err());
            assert!(fs::write("/usr/x", "x").is_err());
            assert!(fs::write("/built/program", "x").is_err());
            assert!(fs::write("/tmp/x", "x").is_ok());
            assert!(TcpStream::connect("127.0.0.1:80").is_err());
            assert!(Command::new("/bin/sh").spawn().is_err());
            assert_eq!(thread::spawn(|| 7).join().unwrap(), 7);
            let line = std::io::read_to_string(std::io::stdin()).unwrap();
            println!("{}", line.len());
        }"#;
    let outcome = sandbox.run(program, Language::Rust, "abc").unwrap();
    assert!(
        outcome.is_success() && outcome.stdout == "3\n",
        "{outcome:?}"
    );
    let greedy = "fn main() { let mut v = vec![]; loop { v.push(vec![1u8; 1 << 24]); } }";
    assert!(
        !sandbox
            .run(greedy, Language::Rust, "")
            .unwrap()
            .is_success()
    );
}
