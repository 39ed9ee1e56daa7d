//! Coq: reading statements, and questions as files for `coqtop`.

use super::checker::Question;
use super::statement::{Refused, Statement, System};
use super::text::{outside, words};

/// The automation, and the imports it needs.
const AUTO: &str = include_str!("auto.v");

/// What a sentence before the theorem may begin with.
const BEFORE: [&str; 9] = [
    "Require",
    "From",
    "Import",
    "Open",
    "Local",
    "Definition",
    "Fixpoint",
    "Inductive",
    "Record",
];

const THEOREMS: [&str; 8] = [
    "Theorem",
    "Lemma",
    "Proposition",
    "Corollary",
    "Fact",
    "Remark",
    "Example",
    "Goal",
];

/// Words that are refused wherever they stand before the proof.
const FORBIDDEN: [&str; 3] = ["ltac", "Admitted", "admit"];

/// Axioms of the standard library, which theorems about real numbers rest on.
const KNOWN_AXIOMS: [&str; 7] = [
    "sig_forall_dec",
    "sig_not_dec",
    "functional_extensionality_dep",
    "classic",
    "constructive_definite_description",
    "constructive_indefinite_description",
    "proof_irrelevance",
];

pub(super) fn read(text: &str) -> Result<Statement, Refused> {
    let sentences = sentences(text);
    let first = |sentence: &&str| words(sentence).next().unwrap_or_default().to_owned();
    let states = |sentence: &&str| THEOREMS.contains(&first(sentence).as_str());
    let place = sentences
        .iter()
        .position(states)
        .ok_or(Refused::NoTheorem)?;
    if sentences[place + 1..].iter().any(states) {
        return Err(Refused::Several);
    }
    let mut defined = Vec::new();
    for sentence in &sentences[..place] {
        defined.extend(before(sentence)?);
    }
    for sentence in &sentences[..=place] {
        if let Some(word) = words(sentence).find(|word| FORBIDDEN.contains(word)) {
            return Err(Refused::Forbidden(word.to_owned()));
        }
        outside(sentence, ":").ok_or(Refused::Unbalanced)?;
    }
    let theorem = sentences[place];
    let head = first(&theorem);
    let rest = theorem[head.len()..].trim_start();
    let (binders, conclusion) = if head == "Goal" {
        ("", rest)
    } else {
        let rest = rest.trim_start_matches(|c: char| c.is_alphanumeric() || "_'".contains(c));
        let colon = colon(rest)?;
        (rest[..colon].trim(), rest[colon + 1..].trim())
    };
    if conclusion.is_empty() {
        return Err(Refused::NoTheorem);
    }
    Ok(Statement {
        system: System::Coq,
        imports: vec![],
        preamble: sentences[..place]
            .iter()
            .map(|s| format!("{s}.\n"))
            .collect(),
        defined,
        binders: binders.to_owned(),
        conclusion: conclusion.to_owned(),
    })
}

/// The first colon outside brackets that is no part of `:=`.
fn colon(text: &str) -> Result<usize, Refused> {
    let colons = outside(text, ":").ok_or(Refused::Unbalanced)?;
    let first = colons.first().copied().ok_or(Refused::NoTheorem)?;
    match text[first..].starts_with(":=") {
        true => Err(Refused::Forbidden(":=".to_owned())),
        false => Ok(first),
    }
}

/// Checks a sentence before the theorem; gives the name it defines, where it defines one that unfolds.
fn before(sentence: &str) -> Result<Option<String>, Refused> {
    let mut parts = words(sentence);
    let mut head = parts.next().unwrap_or_default();
    if !BEFORE.contains(&head) {
        return Err(Refused::Forbidden(shown(sentence)));
    }
    if head == "Local" {
        head = parts.next().unwrap_or_default();
        if !["Open", "Definition"].contains(&head) {
            return Err(Refused::Forbidden(shown(sentence)));
        }
    }
    if ["Definition", "Fixpoint", "Inductive", "Record"].contains(&head) && !sentence.contains(":=")
    {
        // It would open a proof, or leave a hole.
        return Err(Refused::Forbidden(shown(sentence)));
    }
    let name = parts.next().unwrap_or_default();
    Ok((head == "Definition").then(|| name.to_owned()))
}

fn shown(sentence: &str) -> String {
    sentence.chars().take(40).collect()
}

/// The sentences, without their full stops. A sentence ends at a stop before white space.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut from, mut quoted) = (0, false);
    for (at, c) in text.char_indices() {
        if c == '"' {
            quoted = !quoted;
        }
        let ends = text[at + c.len_utf8()..]
            .chars()
            .next()
            .is_none_or(char::is_whitespace);
        if c == '.' && ends && !quoted {
            found.push(text[from..at].trim());
            from = at + 1;
        }
    }
    found.push(text[from..].trim());
    found.retain(|sentence| !sentence.is_empty());
    found
}

/// The file that asks a question; `coqtop` accepts it where the answer is yes.
pub(super) fn script(question: &Question<'_>) -> String {
    let mut file = String::new();
    let mut unfold = String::new();
    for (name, statement) in question.statements() {
        file.push_str(&module(name, statement));
        unfold.push_str(&format!("unfold {name}.statement in *; "));
        for defined in &statement.defined {
            unfold.push_str(&format!("try unfold {name}.{defined} in *; "));
        }
    }
    let (goal, tactic) = match question {
        Question::Compiles(_) => {
            file.push_str("Print Assumptions Candidate.statement.\n");
            return file;
        }
        Question::Vacuous(_) => (
            "Candidate.statement",
            "intros; lazymatch goal with |- False => fail | _ => exfalso end; r1_solve",
        ),
        Question::Trivial(_) => ("Candidate.statement", "intros; r1_forget; r1_solve"),
        Question::Provable(_) => ("Candidate.statement", "intros; r1_solve"),
        Question::Absurd(_) => (
            "~ Candidate.statement",
            "let H := fresh in intros H; first [timeout 20 (r1_absurd H) | r1_solve]",
        ),
        Question::Same(..) => (
            "Candidate.statement = Reference.statement",
            "timeout 20 reflexivity",
        ),
        Question::Implies(..) => (
            "Candidate.statement -> Reference.statement",
            "let H := fresh in intros H; intros; r1_follow H",
        ),
    };
    file.push_str(AUTO);
    file.push_str(&format!(
        "Theorem r1_answer : {goal}.\nProof. {unfold}{tactic}. Qed.\nPrint Assumptions r1_answer.\n"
    ));
    file
}

fn module(name: &str, statement: &Statement) -> String {
    let (preamble, whole) = (&statement.preamble, statement.quantified("forall"));
    format!("Module {name}.\n{preamble}Definition statement : Prop := {whole}.\nEnd {name}.\n")
}

/// An axiom that is none of the standard library's, among what `Print Assumptions` wrote.
pub(super) fn foreign_axiom(stdout: &str) -> Option<String> {
    let listed = stdout.lines().skip_while(|line| *line != "Axioms:").skip(1);
    let names = listed.filter(|line| !line.is_empty() && !line.starts_with(char::is_whitespace));
    let names = names.filter_map(|line| line.split([' ', ':']).next());
    let known = |name: &str| {
        let last = name.rsplit('.').next().unwrap_or(name);
        KNOWN_AXIOMS.contains(&last) && !name.starts_with("Candidate.")
    };
    names.filter(|name| !known(name)).map(str::to_owned).next()
}
