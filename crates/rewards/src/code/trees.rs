//! Scripts that run in a tree: what they may do there, and that nothing else changes.

use super::testing::sandbox;
use super::{Entry, Language, Tree};

fn tree() -> Tree {
    let mut tree = Tree::default();
    tree.write("pkg/__init__.py", *b"").unwrap();
    tree.write("pkg/f.py", *b"def f(x):\n    return 2 * x\n")
        .unwrap();
    let bytes = b"#!/bin/sh\necho ran \"$1\"\n";
    let run = Entry::File {
        bytes: (*bytes).into(),
        executable: true,
    };
    tree.insert("run.sh", run).unwrap();
    let link = Entry::Link {
        target: "pkg/f.py".into(),
    };
    tree.insert("link.py", link).unwrap();
    tree
}

/// What a script writes to standard output; `None` where none can be run.
fn says(script: &str, arguments: &[&str]) -> Option<String> {
    let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
    let variables = [("GREETING".to_owned(), "good day".to_owned())];
    let sandbox = sandbox(Language::Python)?;
    let outcome = sandbox.run_in(&tree(), script, &arguments, &variables);
    let outcome = outcome.expect("the sandbox works");
    assert!(outcome.is_success(), "{outcome:?}");
    Some(outcome.stdout)
}

#[test]
fn a_script_works_in_its_tree_with_processes_of_its_own() {
    let script = "./run.sh \"$1\"; echo $GREETING; pwd; cat link.py | head -n 1\n\
                  python3 -c 'import subprocess; from pkg.f import f; print(f(4)); \
                  subprocess.run([\"echo\", \"child\"])'\n\
                  echo new > pkg/new.txt; cat pkg/new.txt";
    if let Some(said) = says(script, &["a b; c"]) {
        let lines: Vec<&str> = said.lines().collect();
        let first = ["ran a b; c", "good day", "/testbed", "def f(x):"];
        assert_eq!(lines[..4], first);
        // Python's own line comes when its pipe is closed, after its child's.
        assert_eq!(lines[4..], ["child", "8", "new"]);
    }
}

#[test]
fn what_a_script_changes_is_gone_with_it() {
    for _ in 0..3 {
        let Some(said) = says(
            "ls pkg; rm -r pkg; touch x /tmp/y; ls / /tmp . | sort -u",
            &[],
        ) else {
            return;
        };
        assert!(said.starts_with("__init__.py\nf.py\n"), "{said}");
        assert!(said.contains("\nx\n") && said.contains("\ny\n"), "{said}");
    }
}

#[test]
fn a_script_reads_and_writes_nothing_outside() {
    let folder = tempfile::tempdir().unwrap();
    let canary = folder.path().join("canary");
    std::fs::write(&canary, "sings").unwrap();
    let script = "for path in \"$1\" /etc/passwd /root/.bashrc; do\n\
                  cat \"$path\" 2>/dev/null && echo got; echo x 2>/dev/null > \"$path\" && echo got\n\
                  done; touch /usr/bin/x 2>/dev/null && echo got\n\
                  unshare -Ur true 2>/dev/null && echo got; mount -t tmpfs x /tmp 2>/dev/null && echo got\n\
                  python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 22))' \
                  2>/dev/null && echo got; ln -s /etc out; cat out/passwd 2>/dev/null && echo got; echo end";
    if let Some(said) = says(script, &[&canary.display().to_string()]) {
        assert_eq!(said, "end\n");
    }
    assert_eq!(std::fs::read_to_string(&canary).unwrap(), "sings");
}
