//! Statements of every kind, judged by Coq.

use std::io::Write;
use std::sync::OnceLock;

use super::*;

/// Coq; `None`, said aloud, where there is none that can be isolated.
fn coq() -> Option<&'static Checker> {
    static COQ: OnceLock<Result<Checker, NoChecker>> = OnceLock::new();
    match COQ.get_or_init(Checker::coq) {
        Ok(checker) => Some(checker),
        Err(error @ (NoChecker::Missing { .. } | NoChecker::Isolation(_))) => {
            let _ = writeln!(std::io::stderr(), "skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn judged(candidate: &str, reference: Option<&str>) -> Option<Fidelity> {
    let checker = coq()?;
    let reference = reference.map(|text| Statement::read(text, System::Coq).unwrap());
    let reply = format!("<think>So.</think>Here:\n```coq\n{candidate}\n```\n");
    Some(checker.judge(&reply, reference.as_ref()).unwrap().0)
}

fn is(candidate: &str, reference: Option<&str>, check: impl Fn(&Fidelity) -> bool) {
    if let Some(fidelity) = judged(candidate, reference) {
        assert!(check(&fidelity), "{candidate}\n{fidelity:?}");
    }
}

const PROVED: Fidelity = Fidelity::Faithful { by: By::Checker };

#[test]
fn the_version_is_known() {
    if let Some(coq) = coq() {
        assert!(coq.version().contains("version"), "{}", coq.version());
    }
}

const SQUARES: &str = "Require Import ZArith.\nOpen Scope Z_scope.\n\
    Theorem reference (x y z : Z) (h : x * x + y * y = z * z) (k : z > 0) : exists n, x * y = 2 * n.";

#[test]
fn what_says_the_same_is_faithful() {
    for candidate in [
        // Other names, another order, a power, an inequality turned.
        "Require Import ZArith.\nOpen Scope Z_scope.\nTheorem t : forall c b a : Z, 0 < c -> \
         a ^ 2 + b ^ 2 = c ^ 2 -> exists m : Z, a * b = 2 * m.\nProof.\nAdmitted.",
        // The same to the letter.
        SQUARES,
        // A notion of its own.
        "From Coq Require Import ZArith. Open Scope Z_scope.\n\
         Definition even (n : Z) : Prop := exists k, n = 2 * k.\n\
         Lemma t (x y z : Z) : x * x + y * y = z * z /\\ z > 0 -> even (x * y).",
    ] {
        is(candidate, Some(SQUARES), |f| *f == PROVED);
    }
}

#[test]
fn what_says_something_else_is_never_faithful() {
    for candidate in [
        // The triple has another sign; a weaker hypothesis; a stronger conclusion.
        "Require Import ZArith. Open Scope Z_scope.\nTheorem t (x y z : Z) \
         (h : x * x - y * y = z * z) (k : z > 0) : exists n, x * y = 2 * n.",
        "Require Import ZArith. Open Scope Z_scope.\nTheorem t (x y z : Z) \
         (h : x * x + y * y = z * z) (k : z > 0) : exists n, x * y = 4 * n.",
    ] {
        is(candidate, Some(SQUARES), |f| f.is_right() != Some(true));
    }
    let absurd = "Theorem t (n : nat) (h : n > 0) : n * n = n.";
    is(absurd, Some(SQUARES), |f| *f == Fidelity::Absurd);
}

#[test]
fn vacuous_and_trivial_statements_are_found() {
    for vacuous in [
        "Require Import Reals. Open Scope R_scope.\n\
         Theorem t (x y : R) : 0 < x /\\ x < 0 -> x + y = 3.",
        "Theorem t (n : nat) (h : n < 0) : n = 7.",
        "Require Import ZArith. Open Scope Z_scope.\n\
         Theorem t (n m : Z) (h : 2 * n = 2 * m + 1) : n = 0.",
        "Theorem t (A : Prop) (h : A) (k : ~ A) (n : nat) : n = 1.",
    ] {
        is(vacuous, None, |f| *f == Fidelity::Vacuous);
    }
    for trivial in [
        "Theorem t (n m : nat) (h : n * n = m) : True.",
        "Theorem t (n m : nat) (h : n * n = 2 * m) : n + m = m + n.",
        "Theorem t (n : nat) (h : n > 3) : exists m, n = m.",
    ] {
        is(trivial, None, |f| *f == Fidelity::Trivial);
    }
}

#[test]
fn what_the_reference_has_as_well_is_no_fault() {
    let easy = "Theorem reference (n : nat) : n + 0 = n.";
    is("Goal forall k : nat, k + 0 = k.", Some(easy), |f| {
        *f == PROVED
    });
    // Both are theorems of the automation, so their equivalence says nothing.
    let another = "Theorem t (a b : nat) : a + b = b + a.";
    is(another, Some(easy), |f| f.is_right().is_none());
}

#[test]
fn without_a_reference_nothing_is_faithful() {
    is(SQUARES, None, |f| f.is_right().is_none());
}

#[test]
fn claims_of_false_are_not_vacuous() {
    let no_solution = "Require Import ZArith. Open Scope Z_scope.\nTheorem t (x y z : Z) \
        (h : 0 < x) (i : 0 < y) (j : 0 < z) (k : x * x * y * y = z * z * (z * z - x * x - y * y)) : False.";
    is(no_solution, None, |f| f.is_right().is_none());
}

#[test]
fn what_does_not_compile_is_broken() {
    for broken in [
        "Theorem t (n : nat) : n = undefined.",
        "Theorem t (x : R) : x = x.",
        "Require Import Nowhere.\nTheorem t : 1 = 2.",
        "Theorem t (n : nat) : n.",
    ] {
        is(broken, Some(SQUARES), |f| {
            matches!(f, Fidelity::Broken { .. })
        });
    }
}

#[test]
fn cheats_are_refused() {
    for (cheat, word) in [
        ("Axiom a : False.\nTheorem t : 1 = 2.", "Axiom"),
        (
            "Parameter f : nat -> nat.\nTheorem t : f 1 = 2.",
            "Parameter",
        ),
        ("Variable n : nat.\nTheorem t : n = 2.", "Variable"),
        (
            "Definition a : False. Admitted.\nTheorem t : 1 = 2.",
            "Definition a",
        ),
        (
            "Definition a : nat := ltac:(exact 0).\nTheorem t : a = 2.",
            "ltac",
        ),
        (
            "Notation \"a > b\" := True.\nTheorem t : 1 > 2.",
            "Notation",
        ),
        ("Ltac lia := idtac.\nTheorem t : 1 > 2.", "Ltac lia"),
        ("End Candidate.\nTheorem t : 1 > 2.", "End"),
        ("Load secret.\nTheorem t : 1 > 2.", "Load"),
        ("Drop.\nTheorem t : 1 > 2.", "Drop"),
        ("Theorem t : 1 = 1. Qed.\nTheorem u : 2 = 2.", "several"),
        ("Theorem t := 1.", ":="),
        ("(* Theorem t : True.", "do not match"),
        ("Theorem t : (True.", "do not match"),
        ("Definition x := 1.", "no theorem"),
    ] {
        is(cheat, Some(SQUARES), |f| match f {
            Fidelity::Refused { reason } => reason.contains(word),
            _ => false,
        });
    }
    if let Some(checker) = coq() {
        let (fidelity, found) = checker.judge("It is true.", None).unwrap();
        assert!(matches!(fidelity, Fidelity::Refused { .. }) && found.is_none());
    }
}

/// The sandbox, not the reading, is what keeps a file out of reach; a hole is caught by its axiom.
#[test]
fn axioms_behind_the_reading_are_found() {
    let Some(checker) = coq() else { return };
    let holed = Statement {
        system: System::Coq,
        imports: vec![],
        preamble: "Axiom a : nat.\n".into(),
        defined: vec![],
        binders: String::new(),
        conclusion: "a = a".into(),
    };
    let said = checker.answer(&Question::Compiles(&holed)).unwrap();
    assert!(said.unwrap_err().contains("the axiom"), "{holed:?}");
}
