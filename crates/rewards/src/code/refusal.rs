//! Where the kernel gives no isolation, there is no sandbox.

use std::process::Command;

use super::testing::skipped;
use super::{Limits, NoIsolation, Sandbox};

const INSIDE: &str = "R1_TEST_WITHOUT_NAMESPACES";

#[test]
fn without_user_namespaces_there_is_no_sandbox() {
    if std::env::var_os(INSIDE).is_some() {
        let refused = Sandbox::new(Limits::default()).map(|_| ()).unwrap_err();
        assert!(matches!(refused, NoIsolation::Refused(_)), "{refused}");
        return;
    }
    // In a user namespace of its own, this very test may forbid further ones.
    let test = std::env::current_exe().unwrap();
    let script = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    let name = "code::refusal::without_user_namespaces_there_is_no_sandbox";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "sh", "-c", script, "sh"])
        .arg(test)
        .args(["--exact", name])
        .env(INSIDE, "1")
        .output();
    match output {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout);
            if said.contains("running 1 test") {
                assert!(output.status.success(), "{said}");
            } else {
                skipped(String::from_utf8_lossy(&output.stderr));
            }
        }
        Err(error) => skipped(format!("unshare: {error}")),
    }
}
