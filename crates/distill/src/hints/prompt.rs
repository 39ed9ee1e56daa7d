//! How a hint is put, and how a response gives away that it had one.

use data::Problem;

use crate::words::{normal, words};

/// A step with fewer words may be found by anybody.
const LONG: usize = 6;

/// Words that speak of a hint and not of a problem.
const PHRASES: [&str; 24] = [
    "hint",
    "hints",
    "similar problem",
    "similar problems",
    "analogous problem",
    "analogous problems",
    "given steps",
    "steps given",
    "provided steps",
    "steps provided",
    "steps above",
    "above steps",
    "steps you gave",
    "example step",
    "example steps",
    "reference steps",
    "the examples",
    "提示",
    "类似题目",
    "类似的题",
    "相似的题",
    "给出的步骤",
    "上面的步骤",
    "参考步骤",
];

/// The question with the steps of similar problems after it, in the problem's language.
pub(super) fn question(problem: &Problem, steps: &[&str]) -> String {
    let introduction = match problem.language.as_str() {
        "zh" => {
            "下面是类似题目中正确的步骤，数字不同。可以参考其思路，但请用本题的数字解答，不要提到这些步骤："
        }
        _ => {
            "These steps were right in similar problems with other numbers. Follow their idea where it \
             helps, work with the numbers of this problem alone, and do not mention these steps:"
        }
    };
    let mut text = format!("{}\n\n{introduction}", problem.question);
    for step in steps {
        text.push_str("\n- ");
        text.push_str(step);
    }
    text
}

/// What of `response` speaks of the hint, if anything does: a phrase such as "the hint" or "similar
/// problem" that the question does not have, or one of the hint's `steps` of six words or more in full.
///
/// ```
/// let steps = ["The tank takes 90 / 15 = 6 minutes to fill."];
/// let refers = |response| distill::refers_to_hint(response, "How long does 80 litres take?", &steps);
/// assert!(refers("As in the hint, 80 / 16 = 5 minutes.").is_some());
/// assert!(refers("The tank takes 90 / 15 = 6 minutes to fill. Here it is 5.").is_some());
/// assert!(refers("It takes 80 / 16 = 5 minutes.").is_none());
/// ```
pub fn refers_to_hint(response: &str, question: &str, steps: &[&str]) -> Option<String> {
    let padded = |text: &str| format!(" {} ", normal(text));
    let (said, asked) = (padded(response), padded(question));
    let given_away = |text: &str| said.contains(text) && !asked.contains(text);
    if let Some(phrase) = PHRASES.iter().find(|phrase| given_away(&padded(phrase))) {
        return Some(format!("speaks of its hint: `{phrase}`"));
    }
    let long = steps.iter().filter(|step| words(step).len() >= LONG);
    let copied = long.into_iter().find(|step| given_away(&padded(step)))?;
    Some(format!("copies a step of its hint: `{copied}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_follows_the_question() {
        let mut problem = crate::chains::problem("What is 7 + 5?", "12");
        let text = question(&problem, &["1 + 2 = 3.", "3 + 4 = 7."]);
        assert!(text.starts_with("What is 7 + 5?\n\nThese steps"));
        assert!(text.ends_with(":\n- 1 + 2 = 3.\n- 3 + 4 = 7."));
        problem.language = "zh".into();
        assert!(question(&problem, &[]).contains("类似题目"));
    }

    #[test]
    fn what_gives_a_hint_away_is_found() {
        let steps = ["2 + 2 = 4", "They share 12 / 3 = 4 apples."];
        let refers = |response| refers_to_hint(response, "A hintless question?", &steps).is_some();
        for response in [
            "The hint helps.",
            "In similar problems one divides.",
            "Using the steps given, 8 / 2 = 4.",
            "根据提示，我们相除。",
            "So they share 12/3 = 4 apples, and",
        ] {
            assert!(refers(response), "{response}");
        }
        for response in [
            "A hinterland of 3.",
            "A problem of similar triangles.",
            // Five words, which its own numbers may make.
            "So 2 + 2 = 4.",
            "They share 12 / 3 = 4 pears.",
        ] {
            assert!(!refers(response), "{response}");
        }
        assert!(refers_to_hint("He gave a hint.", "Tom gives Ann a hint.", &[]).is_none());
    }
}
