//! Statements of every kind, judged by Lean where `lake` is on the PATH and `R1_LEAN_PROJECT` names a built project.

use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;

use super::*;

/// Lean; `None`, said aloud, where there is none that can be isolated.
fn lean() -> Option<&'static Checker> {
    static LEAN: OnceLock<Option<Checker>> = OnceLock::new();
    let found = LEAN.get_or_init(|| {
        let skipped = |why: &str| {
            let _ = writeln!(std::io::stderr(), "skipped: {why}");
        };
        let Some(project) = std::env::var_os("R1_LEAN_PROJECT") else {
            skipped("R1_LEAN_PROJECT names no Lake project that has been built");
            return None;
        };
        match Checker::lean(Path::new(&project)) {
            Ok(checker) => Some(checker),
            Err(error @ (NoChecker::Missing { .. } | NoChecker::Isolation(_))) => {
                skipped(&error.to_string());
                None
            }
            Err(error) => panic!("{error}"),
        }
    });
    found.as_ref()
}

fn is(candidate: &str, reference: Option<&str>, check: impl Fn(&Fidelity) -> bool) {
    let Some(checker) = lean() else { return };
    let reference = reference.map(|text| Statement::read(text, System::Lean).unwrap());
    let reply = format!("<think>So.</think>Here:\n```lean\n{candidate}\n```\n");
    let (fidelity, _) = checker.judge(&reply, reference.as_ref()).unwrap();
    assert!(check(&fidelity), "{candidate}\n{fidelity:?}");
}

const REFERENCE: &str =
    "theorem reference (n : Nat) (h : n > 3) : ∃ m, n * n = 2 * m + 9 := by sorry";

#[test]
fn the_version_is_leans() {
    if let Some(lean) = lean() {
        assert!(lean.version().contains("Lean"), "{}", lean.version());
    }
}

#[test]
fn what_says_the_same_is_faithful_in_lean() {
    for candidate in [
        REFERENCE,
        "theorem t : ∀ k : Nat, k > 3 → ∃ m, k * k = 2 * m + 9 := by sorry",
        "def odd (n : Nat) : Prop := ∃ m, n = 2 * m + 9\n\
         theorem t (k : Nat) (h : k > 3) : odd (k * k) := by sorry",
    ] {
        let proved = Fidelity::Faithful { by: By::Checker };
        is(candidate, Some(REFERENCE), |f| *f == proved);
    }
}

#[test]
fn what_says_something_else_is_never_faithful_in_lean() {
    for candidate in [
        "theorem t (n : Nat) (h : n > 4) : ∃ m, n * n = 2 * m + 9 := by sorry",
        "theorem t (n : Nat) (h : n > 3) : ∃ m, n * n = 4 * m + 9 := by sorry",
    ] {
        is(candidate, Some(REFERENCE), |f| f.is_right() != Some(true));
    }
}

#[test]
fn faults_are_found_in_lean() {
    let vacuous = "theorem t (n : Nat) (h : n < 3) (k : n > 5) : n = 7 := by sorry";
    is(vacuous, None, |f| *f == Fidelity::Vacuous);
    let trivial = "theorem t (n m : Nat) (h : n = 2 * m) : n + m = m + n := by sorry";
    is(trivial, None, |f| *f == Fidelity::Trivial);
    for broken in [
        "theorem t (n : Nat) : n = undefined := by sorry",
        "theorem t (n : Nowhere) : n = n := by sorry",
    ] {
        is(broken, Some(REFERENCE), |f| {
            matches!(f, Fidelity::Broken { .. })
        });
    }
    let cheat = "axiom a : False\ntheorem t : 1 = 2 := a.elim";
    is(cheat, Some(REFERENCE), |f| {
        matches!(f, Fidelity::Refused { .. })
    });
}
