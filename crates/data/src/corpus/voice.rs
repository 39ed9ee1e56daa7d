//! The words of a solution: each line of a derivation, said in either language.

use crate::Language;

/// A line of a solution, free of wording.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Line {
    /// A computation, by where it stands.
    Compute(Place, String),
    /// An attempt that gives what was wanted, or what was wanted instead.
    Try {
        shown: String,
        instead_of: Option<i64>,
    },
    /// What the question says, one comparison each.
    Facts(Vec<String>),
    /// An order put together.
    Order(Place, String),
    /// Who stands at the place asked for, by what that is called in English and Chinese.
    Standing([String; 2], String),
    /// Computations or facts that are looked at again, and what comes of it.
    Check(Vec<String>, Outcome),
    /// Talk, by its number.
    Talk(usize),
    /// An answer without a reason.
    Maybe(String),
}

/// Where a line stands among its like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The only one.
    Only,
    /// The first of several.
    First,
    /// A later one.
    Next,
    /// A repetition, after a slip was noticed.
    Again,
}

/// What a check finds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// All is well.
    Right,
    /// The last number should have been this one.
    Not(i64),
    /// The last fact does not hold.
    Broken,
}

/// How many talks there are.
pub(super) const TALKS: usize = 6;

const TALK: [[&str; TALKS]; 2] = [
    [
        "Hmm, let me think.",
        "This looks easy.",
        "I have seen this before.",
        "It is a nice question.",
        "I am not sure.",
        "Let me think again.",
    ],
    [
        "嗯，让我想想。",
        "这题很容易。",
        "这题我见过。",
        "这是个好问题。",
        "我不太确定。",
        "让我再想想。",
    ],
];

impl Line {
    /// The line in a language; `variant` picks one of two phrasings.
    pub(super) fn say(&self, language: Language, variant: bool) -> String {
        let comma = language.pick(", ", "，");
        let period = language.pick(".", "。");
        match self {
            Self::Compute(place, body) => {
                format!(
                    "{}{body}{period}",
                    compute_opening(*place, language, variant)
                )
            }
            Self::Try {
                shown,
                instead_of: None,
            } => {
                format!(
                    "{}{shown}{comma}{}{period}",
                    language.pick("Try ", "试 "),
                    language.pick("yes", "对")
                )
            }
            Self::Try {
                shown,
                instead_of: Some(want),
            } => {
                let not = language.pick("not", "不是");
                format!(
                    "{}{shown}{comma}{not} {want}{period}",
                    language.pick("Try ", "试 ")
                )
            }
            Self::Facts(facts) => {
                format!(
                    "{}{}{period}",
                    language.pick("We know ", "已知 "),
                    facts.join(comma)
                )
            }
            Self::Order(Place::Again, order) => {
                format!("{}{order}{period}", language.pick("Again, ", "重排 "))
            }
            Self::Order(_, order) => format!("{}{order}{period}", language.pick("So ", "所以 ")),
            Self::Standing(called, name) => {
                let is = language.pick(" is ", "是");
                format!("{}{is}{name}{period}", called[language as usize])
            }
            Self::Check(parts, outcome) => {
                let parts = parts.join(comma);
                let opening = language.pick("Check: ", "检验：");
                match outcome {
                    Outcome::Right => {
                        format!("{opening}{parts}{}", language.pick(". Right.", "，对。"))
                    }
                    Outcome::Not(want) => {
                        let not = language.pick("not", "不是");
                        format!("{opening}{parts}{comma}{not} {want}{period}")
                    }
                    Outcome::Broken => {
                        format!(
                            "{opening}{parts}{comma}{}{period}",
                            language.pick("no", "不对")
                        )
                    }
                }
            }
            Self::Talk(number) => TALK[language as usize][*number].to_owned(),
            Self::Maybe(answer) => {
                format!(
                    "{}{answer}{period}",
                    language.pick("Maybe it is ", "可能是 ")
                )
            }
        }
    }
}

fn compute_opening(place: Place, language: Language, variant: bool) -> &'static str {
    let [en, zh] = match (place, variant) {
        (Place::Only, false) => ["We get ", "得到 "],
        (Place::Only, true) => ["So ", "算出 "],
        (Place::First, false) => ["First, ", "先算 "],
        (Place::First, true) => ["Start: ", "首先 "],
        (Place::Next, false) => ["Then ", "再算 "],
        (Place::Next, true) => ["Next, ", "然后 "],
        (Place::Again, _) => ["Again, ", "重算 "],
    };
    language.pick(en, zh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_said_in_both_languages() {
        let check = Line::Check(vec!["13 - 5 = 8".into()], Outcome::Not(7));
        assert_eq!(check.say(Language::En, false), "Check: 13 - 5 = 8, not 7.");
        assert_eq!(check.say(Language::Zh, false), "检验：13 - 5 = 8，不是 7。");
        let check = Line::Check(vec!["a > b".into(), "b > c".into()], Outcome::Right);
        assert_eq!(
            check.say(Language::En, false),
            "Check: a > b, b > c. Right."
        );
        let standing = Line::Standing(["The tallest".into(), "最高的".into()], "小明".into());
        assert_eq!(standing.say(Language::Zh, false), "最高的是小明。");
        let compute = Line::Compute(Place::First, "7 + 5 = 12".into());
        assert_eq!(compute.say(Language::En, false), "First, 7 + 5 = 12.");
        assert_eq!(compute.say(Language::Zh, true), "首先 7 + 5 = 12。");
    }
}
