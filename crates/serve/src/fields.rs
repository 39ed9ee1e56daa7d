//! The fields both endpoints share.

use std::sync::Arc;

use lm::{Request, Sampling, StopStrings};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::STREAM;
use crate::error::ApiError;
use crate::router::App;

/// Samples a request may ask for.
const MOST_SAMPLES: u32 = 128;

/// Stop strings a request may give.
const MOST_STOPS: usize = 16;

/// How to sample, as OpenAI names it, with the names vLLM gives the rest.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct SamplingFields {
    temperature: Option<f64>,
    top_p: Option<f64>,
    top_k: Option<usize>,
    min_p: Option<f64>,
    repetition_penalty: Option<f64>,
    seed: Option<i64>,
    n: Option<u32>,
    stop: Option<OneOrMany>,
    #[serde(default)]
    pub(crate) stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
}

/// What comes with a stream.
#[derive(Debug, Default, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
    #[serde(default, rename = "include_obfuscation")]
    _include_obfuscation: IgnoredAny,
}

/// A string or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// What a request comes to.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) request: Request,
    pub(crate) stops: Arc<[String]>,
    pub(crate) stream: bool,
    pub(crate) include_usage: bool,
}

impl SamplingFields {
    pub(crate) fn samples(&self) -> u32 {
        self.n.unwrap_or(1)
    }

    /// The request for `tokens`; without `max_tokens` a row's room is the limit.
    pub(crate) fn plan(
        self,
        app: &App,
        tokens: Vec<u32>,
        max_tokens: Option<usize>,
        top_log_probs: Option<usize>,
    ) -> Result<Plan, ApiError> {
        let samples = self.samples();
        if !(1..=MOST_SAMPLES).contains(&samples) {
            return Err(field("n", format!("must be from 1 to {MOST_SAMPLES}")));
        }
        let stops: Vec<String> = match self.stop {
            None => Vec::new(),
            Some(OneOrMany::One(stop)) => vec![stop],
            Some(OneOrMany::Many(stops)) => stops,
        };
        if stops.len() > MOST_STOPS || stops.iter().any(String::is_empty) {
            let reason = format!("give at most {MOST_STOPS} strings, none of them empty");
            return Err(field("stop", reason));
        }
        let room = app.worker.options().capacity.saturating_sub(tokens.len());
        if room == 0 {
            return Err(ApiError::Invalid(format!(
                "the prompt has {} tokens and the context {}: shorten it",
                tokens.len(),
                app.worker.options().capacity
            )));
        }
        let defaults = app.settings.sampling;
        let sampling = Sampling {
            temperature: self.temperature.unwrap_or(defaults.temperature),
            top_p: self.top_p.unwrap_or(defaults.top_p),
            top_k: self.top_k.unwrap_or(defaults.top_k),
            min_p: self.min_p.unwrap_or(defaults.min_p),
            repetition_penalty: self
                .repetition_penalty
                .unwrap_or(defaults.repetition_penalty),
        };
        sampling
            .validate()
            .map_err(|error| ApiError::Invalid(error.to_string()))?;
        let stop = (!stops.is_empty()).then(|| {
            let stop: Box<dyn lm::Stop> = Box::new(StopStrings::new(&app.tokenizer, &stops));
            stop
        });
        Ok(Plan {
            request: Request {
                samples: 0..samples,
                sampling,
                end_tokens: app.tokenizer.ends().to_vec(),
                seed: self.seed.map_or_else(rand::random, |seed| seed as u64),
                top_log_probs,
                stop,
                ..Request::new(STREAM, tokens, max_tokens.unwrap_or(room))
            },
            stops: stops.into(),
            stream: self.stream.unwrap_or(false),
            include_usage: self.stream_options.unwrap_or_default().include_usage,
        })
    }
}

pub(crate) fn field(field: &'static str, reason: impl Into<String>) -> ApiError {
    ApiError::Field {
        field,
        reason: reason.into(),
    }
}

/// Reads a body, and refuses what this server does not do rather than doing something else.
pub(crate) fn parse<T: DeserializeOwned>(
    body: &[u8],
    known: &[&str],
) -> Result<(T, SamplingFields), ApiError> {
    let invalid = |error: serde_json::Error| ApiError::Invalid(format!("the body: {error}"));
    let json: serde_json::Value = serde_json::from_slice(body).map_err(invalid)?;
    let Some(fields) = json.as_object() else {
        return Err(ApiError::Invalid("the body is not a JSON object".into()));
    };
    for (name, value) in fields {
        let name = name.as_str();
        if known.contains(&name) || SHARED.contains(&name) || HARMLESS.contains(&name) {
            continue;
        }
        let off = value.is_null()
            || *value == false
            || *value == 0
            || *value == 0.0
            || value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(serde_json::Map::is_empty);
        let named = NOT_DONE.iter().find(|(other, _)| *other == name);
        match named {
            Some(_) if off => {}
            Some((_, default)) if default.is_some_and(|default| *value == default) => {}
            Some((name, _)) => return Err(field(name, "this server does not do that")),
            None => return Err(ApiError::Invalid(format!("there is no field `{name}`"))),
        }
    }
    Ok((typed(&json)?, typed(&json)?))
}

/// The fields of `T`; should one be of another type, it is named.
fn typed<T: DeserializeOwned>(json: &serde_json::Value) -> Result<T, ApiError> {
    serde_path_to_error::deserialize(json)
        .map_err(|error| ApiError::Invalid(format!("the body: {error}")))
}

/// The names of [`SamplingFields`].
const SHARED: [&str; 11] = [
    "model",
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "repetition_penalty",
    "seed",
    "n",
    "stop",
    "stream",
    "stream_options",
];

/// Fields that change nothing about the reply.
const HARMLESS: [&str; 6] = [
    "user",
    "metadata",
    "store",
    "service_tier",
    "safety_identifier",
    "prompt_cache_key",
];

/// Fields of OpenAI's API that are refused unless they are off, with the value that is off too.
const NOT_DONE: [(&str, Option<&str>); 16] = [
    ("audio", None),
    ("best_of", None),
    ("echo", None),
    ("frequency_penalty", None),
    ("function_call", Some("none")),
    ("functions", None),
    ("logit_bias", None),
    ("modalities", None),
    ("parallel_tool_calls", None),
    ("prediction", None),
    ("presence_penalty", None),
    ("reasoning_effort", None),
    ("response_format", None),
    ("suffix", Some("")),
    ("tool_choice", Some("none")),
    ("tools", None),
];

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::{Value, json};

    use super::*;

    fn refused(body: &str) -> Option<String> {
        let parsed = parse::<SamplingFields>(body.as_bytes(), &["messages"]);
        parsed.err().map(|error| error.to_string())
    }

    #[test]
    fn fields_are_known_harmless_or_refused() {
        for body in [
            r#"{"temperature": 0.5, "messages": [], "user": "me"}"#,
            r#"{"tools": [], "tool_choice": "none", "frequency_penalty": 0, "logit_bias": {}}"#,
            r#"{"stop": "a", "stream_options": {"include_usage": true}}"#,
            r#"{"stop": ["a", "b"], "suffix": null, "presence_penalty": 0.0}"#,
        ] {
            assert_eq!(refused(body), None, "{body}");
        }
        for (body, named) in [
            (r#"{"temprature": 0.5}"#, "temprature"),
            (r#"{"tools": [{}]}"#, "tools"),
            (r#"{"frequency_penalty": 0.1}"#, "frequency_penalty"),
            (
                r#"{"response_format": {"type": "json_object"}}"#,
                "response_format",
            ),
            (r#"{"temperature": "hot"}"#, "temperature"),
            ("[]", "object"),
            ("{", "EOF"),
        ] {
            let message = refused(body).unwrap_or_default();
            assert!(message.contains(named), "{body}: {message}");
        }
    }

    fn known(name: &str) -> bool {
        let not_done = NOT_DONE.iter().any(|(other, _)| *other == name);
        not_done || SHARED.contains(&name) || HARMLESS.contains(&name) || name == "messages"
    }

    proptest! {
        #[test]
        fn any_body_is_parsed_or_refused(bytes in vec(any::<u8>(), 0..200), text in ".{0,100}") {
            refused(&text);
            drop(parse::<SamplingFields>(&bytes, &["messages"]));
        }

        #[test]
        fn a_field_nobody_knows_is_named(name in "[a-z_]{1,12}", value in any::<i8>()) {
            prop_assume!(!known(&name));
            let message = refused(&json!({ &name: value }).to_string()).unwrap_or_default();
            prop_assert!(message.contains(&format!("`{name}`")), "{message}");
        }

        #[test]
        fn a_field_of_any_type_is_taken_or_named(
            name in select(SHARED.to_vec()),
            value in prop_oneof![
                any::<f64>().prop_map(Value::from),
                any::<i64>().prop_map(Value::from),
                any::<bool>().prop_map(Value::from),
                ".{0,6}".prop_map(Value::from),
                vec(".{0,3}", 0..3).prop_map(Value::from),
                Just(Value::Null),
                Just(json!({ "include_usage": "yes" })),
            ],
        ) {
            if let Some(message) = refused(&json!({ name: value }).to_string()) {
                prop_assert!(message.contains(name), "{message}");
            }
        }
    }
}
