//! How prompts, documents and responses are laid out, and the strict response template.
//!
//! Left out: the tokens themselves, which are the tokenizer's.

/// Fills the rows of a batch; id 0.
pub const PAD: &str = "<|pad|>";
/// Opens a question.
pub const USER: &str = "<|user|>";
/// Ends a question; what follows is the response.
pub const ASSISTANT: &str = "<|assistant|>";
/// Ends a response or a plain text.
pub const END: &str = "<|end|>";
/// Opens the reasoning.
pub const THINK: &str = "<think>";
/// Closes the reasoning.
pub const THINK_END: &str = "</think>";
/// Opens the answer.
pub const ANSWER: &str = "<answer>";
/// Closes the answer.
pub const ANSWER_END: &str = "</answer>";

/// The tokens that structure a conversation; dropped when tokens become text. In order of id.
pub const SPECIAL: [&str; 4] = [PAD, USER, ASSISTANT, END];
/// The tags of the strict template: single tokens, but part of the text. Their ids follow
/// those of [`SPECIAL`].
pub const TAGS: [&str; 4] = [THINK, THINK_END, ANSWER, ANSWER_END];

/// The same layout as [`prompt`] for tools that read `tokenizer_config.json` (Jinja).
pub const CHAT_TEMPLATE: &str = "{% for message in messages %}\
{% if message['role'] == 'user' %}{{ '<|user|>' + message['content'] }}\
{% elif message['role'] == 'assistant' %}\
{{ '<|assistant|>' + message['content'] + '<|end|>' }}{% endif %}{% endfor %}\
{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

/// A question, ready to be answered.
pub fn prompt(question: &str) -> String {
    format!("{USER}{question}{ASSISTANT}")
}

/// A text to learn from: a question with its response, or a plain text.
pub fn document(question: Option<&str>, text: &str) -> String {
    match question {
        Some(question) => format!("{}{text}{END}", prompt(question)),
        None => format!("{text}{END}"),
    }
}

/// The strict template, with exactly the white space every curated response has.
///
/// ```
/// let response = data::template::strict("7 + 7 = 14.", "14");
/// assert_eq!(response, "<think>\n7 + 7 = 14.\n</think>\n<answer>14</answer>");
/// assert_eq!(data::template::parse(&response), Some(("7 + 7 = 14.", "14")));
/// ```
pub fn strict(think: &str, answer: &str) -> String {
    format!("{THINK}\n{think}\n{THINK_END}\n{ANSWER}{answer}{ANSWER_END}")
}

/// The reasoning and the answer of a response in the strict template, trimmed: exactly one
/// block of each, in this order, nothing but white space outside, no tag inside. Either may be
/// empty. `None` for any other text.
pub fn parse(response: &str) -> Option<(&str, &str)> {
    let rest = response.trim().strip_prefix(THINK)?;
    let (think, rest) = rest.split_once(THINK_END)?;
    let (answer, rest) = rest
        .trim_start()
        .strip_prefix(ANSWER)?
        .split_once(ANSWER_END)?;
    let tagged = |text: &str| TAGS.iter().any(|tag| text.contains(tag));
    (rest.is_empty() && !tagged(think) && !tagged(answer)).then(|| (think.trim(), answer.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_strict_template_is_parsed() {
        assert_eq!(
            parse(" <think>a</think> <answer> 4 </answer>\n"),
            Some(("a", "4"))
        );
        assert_eq!(parse("<think></think><answer></answer>"), Some(("", "")));
        for bad in [
            "",
            "4",
            "<answer>4</answer>",
            "<answer>4</answer><think>a</think>",
            "<think>a</think>so <answer>4</answer>",
            "<think>a</think><answer>4</answer> done",
            "<think>a</think><answer>4</answer><answer>5</answer>",
            "<think>a<answer>3</answer></think><answer>4</answer>",
            "<think><think>a</think></think><answer>4</answer>",
            "<think>a</think><answer>4",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_chat_template_lays_out_the_same() {
        let message = |role, content| minijinja::context! { role => role, content => content };
        let render = |messages: Vec<minijinja::Value>, open: bool| {
            let context =
                minijinja::context! { messages => messages, add_generation_prompt => open };
            minijinja::Environment::new()
                .render_str(CHAT_TEMPLATE, context)
                .unwrap()
        };
        let question = message("user", "2 + 2?");
        assert_eq!(render(vec![question.clone()], true), prompt("2 + 2?"));
        let both = render(vec![question, message("assistant", "4")], false);
        assert_eq!(both, document(Some("2 + 2?"), "4"));
    }

    #[test]
    fn documents_end_and_prompts_do_not() {
        assert_eq!(prompt("2 + 2?"), "<|user|>2 + 2?<|assistant|>");
        assert_eq!(
            document(Some("2 + 2?"), "4"),
            "<|user|>2 + 2?<|assistant|>4<|end|>"
        );
        assert_eq!(document(None, "four"), "four<|end|>");
    }
}
