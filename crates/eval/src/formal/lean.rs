//! Lean 4: reading statements, and questions as files for `lean`.

use super::checker::Question;
use super::statement::{Refused, Statement, System};
use super::text::{outside, words};

/// A tactic of the questions' own; it needs `import Lean`.
const AUTO: &str = include_str!("auto.lean");

/// What is tried to prove a goal, with Lean alone.
const PLAIN: &str =
    "first | assumption | omega | (simp_all; done) | decide | (intros; contradiction)";

/// The same with Mathlib.
const MATHLIB: &str = "first | assumption | omega | positivity | linarith | (norm_num at *; done) \
                       | nlinarith | (simp_all; done) | decide | tauto | (aesop; done)";

/// What a theorem is called. `problem` is how compfiles calls its own.
const THEOREMS: [&str; 4] = ["theorem", "lemma", "example", "problem"];

/// Words that are refused wherever they stand.
const FORBIDDEN: [&str; 42] = [
    "sorry",
    "admit",
    "axiom",
    "constant",
    "opaque",
    "unsafe",
    "partial",
    "macro",
    "macro_rules",
    "syntax",
    "declare_syntax_cat",
    "elab",
    "elab_rules",
    "by_elab",
    "run_tac",
    "run_cmd",
    "run_elab",
    "run_meta",
    "notation",
    "notation3",
    "infix",
    "infixl",
    "infixr",
    "prefix",
    "postfix",
    "instance",
    "attribute",
    "extern",
    "implemented_by",
    "initialize",
    "builtin_initialize",
    "namespace",
    "section",
    "end",
    "variable",
    "universe",
    "export",
    "native_decide",
    "mutual",
    "simproc",
    "include",
    "unseal",
];

/// Axioms that Lean itself has.
const KNOWN_AXIOMS: [&str; 3] = ["propext", "Classical.choice", "Quot.sound"];

pub(super) fn read(text: &str) -> Result<Statement, Refused> {
    let mut imports = Vec::new();
    let mut lines = Vec::new();
    for line in text.lines() {
        if let Some(module) = line.strip_prefix("import ") {
            imports.extend(module.split_whitespace().map(str::to_owned));
        } else if !line.trim_start().starts_with("set_option maxHeartbeats ") {
            lines.push(line);
        }
    }
    let good = |module: &String| {
        module
            .chars()
            .all(|c| c.is_alphanumeric() || "._".contains(c))
    };
    if let Some(bad) = imports.iter().find(|module| !good(module)) {
        return Err(Refused::Forbidden(bad.clone()));
    }
    let text = lines.join("\n");
    let mut places = text
        .match_indices(|c: char| c.is_alphabetic())
        .filter(|(at, _)| {
            let before = text[..*at].chars().next_back();
            let word = words(&text[*at..]).next().unwrap_or_default();
            before.is_none_or(char::is_whitespace) && THEOREMS.contains(&word)
        });
    let (place, _) = places.next().ok_or(Refused::NoTheorem)?;
    if places.next().is_some() {
        return Err(Refused::Several);
    }
    let (preamble, theorem) = text.split_at(place);
    let (binders, conclusion) = parts(theorem)?;
    for part in [preamble, binders, conclusion] {
        let refused = |word: &&str| FORBIDDEN.contains(word) || word.contains(['#', '@']);
        if let Some(word) = words(part).find(refused) {
            return Err(Refused::Forbidden(word.to_owned()));
        }
        outside(part, ":").ok_or(Refused::Unbalanced)?;
    }
    let preamble = preamble.trim().to_owned();
    let names: Vec<&str> = words(&preamble).collect();
    let defined = names
        .windows(2)
        .filter(|pair| ["def", "abbrev"].contains(&pair[0]));
    Ok(Statement {
        system: System::Lean,
        imports,
        defined: defined.map(|pair| pair[1].to_owned()).collect(),
        binders: binders.to_owned(),
        conclusion: conclusion.to_owned(),
        preamble,
    })
}

/// The binders and the conclusion of a theorem; its proof is cut off.
fn parts(theorem: &str) -> Result<(&str, &str), Refused> {
    let keyword = words(theorem).next().unwrap_or_default();
    let mut rest = theorem[keyword.len()..].trim_start();
    if keyword != "example" {
        let end = rest.find(|c: char| c.is_whitespace() || "({[⦃:".contains(c));
        rest = &rest[end.unwrap_or(rest.len())..];
    }
    // The proof begins at the last `:=` outside brackets, brackets of the proof itself aside.
    let proof = |at: &usize| {
        let after = rest[at + 2..].trim_start();
        after.is_empty()
            || words(after)
                .next()
                .is_some_and(|w| w == "by" || w == "sorry")
    };
    let marks = rest.match_indices(":=").map(|(at, _)| at);
    let statement = marks
        .filter(proof)
        .find(|&at| outside(&rest[..at], ":").is_some())
        .map_or(rest, |at| &rest[..at]);
    let colons = outside(statement, ":").ok_or(Refused::Unbalanced)?;
    let colon = colons
        .into_iter()
        .find(|&at| !statement[at..].starts_with(":="));
    let colon = colon.ok_or(Refused::NoTheorem)?;
    let conclusion = statement[colon + 1..].trim();
    if conclusion.is_empty() {
        return Err(Refused::NoTheorem);
    }
    Ok((statement[..colon].trim(), conclusion))
}

/// The file that asks a question; `lean` accepts it where the answer is yes.
pub(super) fn script(question: &Question<'_>) -> String {
    let mut imports: Vec<&str> = vec!["Lean"];
    for import in question.statements().flat_map(|(_, s)| &s.imports) {
        if !imports.contains(&import.as_str()) {
            imports.push(import);
        }
    }
    let tactics = match imports.contains(&"Mathlib") {
        true => MATHLIB,
        false => PLAIN,
    };
    let mut file: String = imports
        .iter()
        .map(|name| format!("import {name}\n"))
        .collect();
    if !matches!(question, Question::Compiles(_)) {
        file.push_str(AUTO);
    }
    file.push_str("noncomputable section\n");
    let mut names = Vec::new();
    for (name, statement) in question.statements() {
        file.push_str(&namespace(name, statement));
        names.push(format!("{name}.statement"));
        names.extend(
            statement
                .defined
                .iter()
                .map(|defined| format!("{name}.{defined}")),
        );
    }
    let unfold = match question {
        Question::Same(..) => String::new(),
        _ => format!("simp only [{}]\n  ", names.join(", ")),
    };
    let statement = "Candidate.statement";
    let (goal, tactic) = match question {
        Question::Compiles(_) => {
            file.push_str("#print axioms Candidate.statement\n");
            return file;
        }
        Question::Vacuous(_) => (
            statement.to_owned(),
            format!("intros\n  fail_if_success (guard_target =~ False)\n  exfalso\n  {tactics}"),
        ),
        Question::Trivial(_) => (
            statement.to_owned(),
            format!("intros\n  r1_forget\n  {tactics}"),
        ),
        Question::Provable(_) => (statement.to_owned(), format!("intros\n  {tactics}")),
        Question::Absurd(_) => (format!("¬ {statement}"), format!("intro h\n  {tactics}")),
        Question::Same(..) => (
            format!("{statement} = Reference.statement"),
            "rfl".to_owned(),
        ),
        Question::Implies(..) => (
            format!("{statement} → Reference.statement"),
            format!(
                "intro h\n  intros\n  first | (apply h <;> assumption) \
                 | (apply h <;> {tactics}) | (have := h; {tactics})"
            ),
        ),
    };
    file.push_str(&format!(
        "theorem r1_answer : {goal} := by\n  {unfold}{tactic}\n#print axioms r1_answer\n"
    ));
    file
}

fn namespace(name: &str, statement: &Statement) -> String {
    let (preamble, whole) = (&statement.preamble, statement.quantified("∀"));
    format!("namespace {name}\n{preamble}\ndef statement : Prop := {whole}\nend {name}\n")
}

/// An axiom that is none of Lean's own, among what `#print axioms` wrote.
pub(super) fn foreign_axiom(stdout: &str) -> Option<String> {
    let (_, listed) = stdout.split_once("depends on axioms: [")?;
    let names = listed.split(']').next()?.split(',').map(str::trim);
    names
        .filter(|name| !KNOWN_AXIOMS.contains(name))
        .map(str::to_owned)
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Statement, Refused> {
        Statement::read(text, System::Lean)
    }

    #[test]
    fn a_theorem_is_taken_apart() {
        let text = "import Mathlib\nopen Real\n\n/-- ours -/\ndef twice (n : ℕ) := 2 * n\n\
                    theorem foo {n : ℕ} (h : n = (3 : ℕ)) -- yes\n : let k := 5; twice n = k := by\n sorry";
        let found = read(text).unwrap();
        assert_eq!(found.imports, ["Mathlib"]);
        assert_eq!(found.binders, "{n : ℕ} (h : n = (3 : ℕ))");
        assert_eq!(found.conclusion, "let k := 5; twice n = k");
        assert_eq!(found.defined, ["twice"]);
        assert!(found.preamble.starts_with("open Real"));
        let bare = read("example : 1 = 1 := sorry").unwrap();
        assert_eq!(
            (bare.binders.as_str(), bare.conclusion.as_str()),
            ("", "1 = 1")
        );
        let file = script(&Question::Implies(&found, &bare));
        let parts = [
            "import Lean\nimport Mathlib\n",
            "def statement : Prop := ∀ {n : ℕ} (h : n = (3 : ℕ)), (let k := 5; twice n = k)\nend Candidate",
            "def statement : Prop := (1 = 1)\nend Reference",
            "theorem r1_answer : Candidate.statement → Reference.statement := by",
            "nlinarith",
        ];
        for part in parts {
            assert!(file.contains(part), "{part}\n{file}");
        }
        assert!(!script(&Question::Provable(&bare)).contains("nlinarith"));
    }

    #[test]
    fn cheating_is_refused() {
        for (text, word) in [
            (
                "axiom a : False\ntheorem b : 1 = 2 := by exact a.elim",
                "axiom",
            ),
            ("theorem b : (sorry : Prop) := by simp", "sorry"),
            ("end Candidate\ntheorem b : True := by simp", "end"),
            ("#eval 1\ntheorem b : True := by simp", "#eval"),
            ("@[simp] def a := 1\ntheorem b : True := by simp", "@"),
            (
                "def a : Nat := 1 notation \"x\" => 1\ntheorem b : True := by simp",
                "notation",
            ),
        ] {
            assert_eq!(read(text), Err(Refused::Forbidden(word.into())), "{text}");
        }
        assert_eq!(read("def a := 1"), Err(Refused::NoTheorem));
        assert_eq!(read("theorem a : x\ntheorem b : y"), Err(Refused::Several));
        assert_eq!(read("theorem a (x : y"), Err(Refused::Unbalanced));
        assert!(matches!(
            read("import A;b\ntheorem a : x"),
            Err(Refused::Forbidden(_))
        ));
    }

    #[test]
    fn axioms_are_told_apart() {
        let list = |axioms: &str| format!("'r1_answer' depends on axioms: [{axioms}]\n");
        assert_eq!(foreign_axiom(&list("propext,\n Quot.sound")), None);
        assert_eq!(
            foreign_axiom(&list("propext, sorryAx")).as_deref(),
            Some("sorryAx")
        );
        assert_eq!(
            foreign_axiom("'r1_answer' does not depend on any axioms"),
            None
        );
    }
}
