//! One chat template: read, checked, rendered.

use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, ErrorKind, context};
use serde_json::Value as Json;

use super::Message;
use super::methods::method;

/// Instructions a rendering may take; a long conversation takes a few thousand.
const FUEL: u64 = 5_000_000;

/// The file that holds a template by itself.
const FILE: &str = "chat_template.jinja";

/// Why a conversation cannot be laid out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChatError {
    /// The template is not Jinja as `minijinja` understands it.
    #[error("{path}: the chat template cannot be read: {reason}")]
    Template {
        /// Where it stands.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },
    /// The template does not take this conversation.
    #[error("the chat template refuses this conversation: {0}")]
    Refused(String),
    /// The model has none.
    #[error(
        "the model has no chat template: ask it to complete a text, or put a chat_template.jinja \
         into its directory"
    )]
    NoTemplate,
    /// There is nothing to lay out.
    #[error("the conversation is empty: give at least one message")]
    Empty,
}

/// A model's chat template.
#[derive(Debug, Clone)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    source: String,
    bos: String,
    eos: String,
}

impl ChatTemplate {
    /// The template `source`, with the texts of the tokens that begin and end a sequence.
    ///
    /// # Errors
    /// [`ChatError::Template`] where `source` is not a template; `path` says where it stands.
    pub fn new(source: &str, bos: &str, eos: &str, path: &Path) -> Result<Self, ChatError> {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build();
        environment.set_syntax(syntax.expect("only the white space is configured"));
        environment.set_fuel(Some(FUEL));
        environment.set_unknown_method_callback(method);
        environment.add_function("raise_exception", |message: String| {
            Err::<Value, _>(minijinja::Error::new(ErrorKind::InvalidOperation, message))
        });
        // Which part of a conversation is learned from, in training; the text is the same.
        let rendered = [
            "{% generation %}",
            "{%- generation %}",
            "{% endgeneration %}",
        ]
        .iter()
        .fold(source.to_owned(), |source, tag| source.replace(tag, ""));
        environment
            .add_template_owned("chat", rendered)
            .map_err(|error| ChatError::Template {
                path: path.to_owned(),
                reason: said(&error),
            })?;
        Ok(Self {
            environment,
            source: source.to_owned(),
            bos: bos.to_owned(),
            eos: eos.to_owned(),
        })
    }

    /// The template of a model's directory: `chat_template.jinja`, else the field `chat_template` of
    /// its `tokenizer_config.json`, given here parsed. `None` where there is neither.
    ///
    /// # Errors
    /// [`ChatError::Template`] where it cannot be read.
    pub(crate) fn of(dir: &Path, config: &Json) -> Result<Option<Self>, ChatError> {
        let file = dir.join(FILE);
        match std::fs::read_to_string(&file) {
            Ok(source) => Self::with_tokens(&source, config, &file).map(Some),
            Err(_) => Self::in_config(&dir.join("tokenizer_config.json"), config),
        }
    }

    /// The template in a parsed `tokenizer_config.json`; messages say it comes from `path`.
    pub(crate) fn in_config(path: &Path, config: &Json) -> Result<Option<Self>, ChatError> {
        let source = in_config(&config["chat_template"]);
        let of = |source| Self::with_tokens(source, config, path);
        source.map(of).transpose()
    }

    fn with_tokens(source: &str, config: &Json, path: &Path) -> Result<Self, ChatError> {
        let text = |key: &str| token_text(&config[key]).unwrap_or_default().to_owned();
        Self::new(source, &text("bos_token"), &text("eos_token"), path)
    }

    /// The template itself.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The conversation as text, with what opens the model's turn at its end if `answer`.
    ///
    /// # Errors
    /// [`ChatError::Refused`] where the template raises an exception or takes too long,
    /// [`ChatError::Empty`] without messages.
    pub fn render(&self, messages: &[Message], answer: bool) -> Result<String, ChatError> {
        if messages.is_empty() {
            return Err(ChatError::Empty);
        }
        let refused = |error: minijinja::Error| ChatError::Refused(said(&error));
        let turns: Vec<Value> = messages
            .iter()
            .map(|turn| Value::from_pairs([("role", turn.role.name()), ("content", &turn.content)]))
            .collect();
        self.environment
            .get_template("chat")
            .and_then(|template| {
                template.render(context! {
                    messages => turns,
                    add_generation_prompt => answer,
                    bos_token => self.bos.as_str(),
                    eos_token => self.eos.as_str(),
                })
            })
            .map_err(refused)
    }
}

/// The one template, or the one called `default` of several.
fn in_config(field: &Json) -> Option<&str> {
    let named = |entry: &&Json| entry["name"] == "default";
    field
        .as_str()
        .or_else(|| field.as_array()?.iter().find(named)?["template"].as_str())
}

/// A token as `tokenizer_config.json` writes it: a string, or an object with its content.
pub(crate) fn token_text(field: &Json) -> Option<&str> {
    field.as_str().or_else(|| field["content"].as_str())
}

fn said(error: &minijinja::Error) -> String {
    let detail = error.detail().map(str::to_owned);
    let what = detail.unwrap_or_else(|| error.kind().to_string());
    match error.line() {
        Some(line) => format!("{what} (line {line} of the template)"),
        None => what,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn template(source: &str) -> Result<ChatTemplate, ChatError> {
        ChatTemplate::new(source, "<s>", "</s>", Path::new("tokenizer_config.json"))
    }

    fn render(source: &str, messages: &[Message]) -> Result<String, ChatError> {
        template(source)?.render(messages, true)
    }

    #[test]
    fn what_templates_use_is_there() {
        let source = "{{ bos_token }}{% for m in messages %}\n\
            {% if loop.first and m['role'] == 'system' %}\n    {% continue %}\n{% endif %}\n\
            {{- m.role.upper() + ':' + m.content.strip().split('</think>')[-1].lstrip('\\n') }}\
            {% endfor %}{% if add_generation_prompt %}{{ 'A:' }}{% endif %}";
        let messages = [
            Message::system("be brief"),
            Message::user(" 2 + 2? "),
            Message::assistant("<think>hm</think>\n4"),
        ];
        assert_eq!(
            render(source, &messages).unwrap(),
            "<s>USER:2 + 2?ASSISTANT:4A:"
        );
    }

    #[test]
    fn a_template_may_refuse() {
        let source = "{% if messages[0].role != 'user' %}\
            {{ raise_exception('begin with the user') }}{% endif %}ok";
        assert_eq!(render(source, &[Message::user("a")]).unwrap(), "ok");
        let error = render(source, &[Message::assistant("a")]).unwrap_err();
        assert!(error.to_string().contains("begin with the user"), "{error}");
        assert_eq!(render(source, &[]), Err(ChatError::Empty));
    }

    #[test]
    fn a_template_has_a_limit() {
        let endless = "{% for a in range(100000) %}{% for b in range(100000) %}{{ b }}\
            {% endfor %}{% endfor %}";
        assert!(matches!(
            render(endless, &[Message::user("a")]),
            Err(ChatError::Refused(_))
        ));
    }

    #[test]
    fn a_broken_template_names_file_and_line() {
        let error = template("ok\n{% if %}").unwrap_err().to_string();
        assert!(error.contains("tokenizer_config.json"), "{error}");
        assert!(error.contains("line 2"), "{error}");
    }

    #[test]
    fn a_file_of_its_own_comes_first_then_the_default() {
        let dir = tempfile::tempdir().unwrap();
        let config = json!({ "chat_template": [
            { "name": "tool_use", "template": "tools" },
            { "name": "default", "template": "{{ eos_token }}" },
        ], "eos_token": { "content": "</s>" } });
        let shown = |config: &Json| {
            let template = ChatTemplate::of(dir.path(), config).unwrap();
            template.map(|it| it.render(&[Message::user("a")], true).unwrap())
        };
        assert_eq!(shown(&json!({})), None);
        assert_eq!(shown(&config).as_deref(), Some("</s>"));
        std::fs::write(dir.path().join(FILE), "{{ messages[0].content }}").unwrap();
        assert_eq!(shown(&config).as_deref(), Some("a"));
    }

    /// Parts of templates, in any order: most orders are none.
    fn any_template() -> impl Strategy<Value = String> {
        let parts = [
            "{% for m in messages %}",
            "{% endfor %}",
            "{% if m.role == 'user' %}",
            "{% else %}",
            "{% endif %}",
            "{{ m.content }}",
            "{{ m['content'] | trim }}",
            "{{ messages[0].role.upper() }}",
            "{{ bos_token * 3 }}",
            "{% set x = messages[1:] %}",
            "{{ x | length }}",
            "{{ raise_exception('no') }}",
            "{% macro f(a) %}{{ f(a) }}{% endmacro %}{{ f(1) }}",
            "{{ 1 / 0 }}",
            "{{ 'a'.split('') }}",
            "{{ range(1000000000) | join }}",
            "{{ strftime_now('%Q') }}",
            "{% break %}",
            "{#",
            "{%-",
            "}}",
            "text",
        ];
        let part = proptest::sample::select(parts.to_vec()).prop_map(str::to_owned);
        let parts = prop_oneof![9 => part, 1 => ".{0,4}"];
        proptest::collection::vec(parts, 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn any_template_is_rendered_or_refused(source in any_template(), said in ".{0,20}") {
            let messages = [Message::user(said.as_str()), Message::assistant("a")];
            // Within the time a template may take, and without a panic.
            let _ = render(&source, &messages);
        }
    }
}
