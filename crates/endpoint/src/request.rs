//! What is sent for one sample.

use data::Ask;
use data::seed;
use rand::Rng;
use serde_json::{Map, Value, json};

use crate::Settings;

/// The body of the request for `ask`.
pub(crate) fn body(settings: &Settings, ask: &Ask) -> Value {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| _ = body.insert(name.to_owned(), value);
    put("model", json!(settings.model));
    put("messages", json!(ask.messages));
    put(settings.max_tokens_name.name(), json!(settings.max_tokens));
    if let Some(temperature) = settings.temperature {
        put("temperature", json!(temperature));
    }
    if let Some(top_p) = settings.top_p {
        put("top_p", json!(top_p));
    }
    if !settings.stop.is_empty() {
        put("stop", json!(settings.stop));
    }
    if let Some(seed) = settings.seed {
        put("seed", json!(own_seed(seed, ask)));
    }
    body.extend(settings.extra.clone());
    Value::Object(body)
}

/// The seed of a sample, from 0 to 2³¹ − 1, which every server takes.
fn own_seed(seed: u64, ask: &Ask) -> u32 {
    let sample = ask.sample.to_string();
    seed::stream(seed, &["endpoint", &ask.id, &sample]).next_u32() >> 1
}

/// More tokens than the messages can have: a token is at least a byte, and a turn brings a few marks.
pub(crate) fn most_prompt_tokens(ask: &Ask) -> u64 {
    let turn = |content: &str| content.len() as u64 + 16;
    16 + ask.messages.iter().map(|m| turn(&m.content)).sum::<u64>()
}

#[cfg(test)]
mod tests {
    use data::chat::Message;

    use super::*;
    use crate::LimitName;

    fn ask(id: &str, sample: u32) -> Ask {
        let messages = vec![Message::system("Be brief."), Message::user("2 + 2?")];
        let id = id.to_owned();
        Ask {
            id,
            sample,
            messages,
        }
    }

    #[test]
    fn what_is_not_set_is_not_sent() {
        let mut settings = Settings::new("http://a/v1", "m");
        settings.max_tokens = 5;
        let expected = json!({
            "model": "m",
            "messages": [
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": "2 + 2?" },
            ],
            "max_tokens": 5,
        });
        assert_eq!(body(&settings, &ask("a", 0)), expected);
        settings.max_tokens_name = LimitName::MaxCompletionTokens;
        (settings.temperature, settings.top_p) = (Some(0.6), Some(0.95));
        settings.stop = vec!["###".into()];
        settings.extra.insert("top_k".into(), json!(20));
        let full = body(&settings, &ask("a", 0));
        assert_eq!(full["max_completion_tokens"], 5);
        assert_eq!(full["temperature"], 0.6);
        assert_eq!(full["top_p"], 0.95);
        assert_eq!(full["stop"], json!(["###"]));
        assert_eq!(full["top_k"], 20);
        assert!(full.get("max_tokens").is_none());
    }

    #[test]
    fn seeds_depend_on_seed_id_and_sample() {
        let seed = |seed, id, sample| own_seed(seed, &ask(id, sample));
        assert_eq!(seed(1, "a", 0), seed(1, "a", 0));
        let others = [seed(2, "a", 0), seed(1, "b", 0), seed(1, "a", 1)];
        assert!(!others.contains(&seed(1, "a", 0)), "{others:?}");
    }

    #[test]
    fn a_prompt_has_fewer_tokens_than_said() {
        // 16, and 9 + 16 and 6 + 16 for the turns.
        assert_eq!(most_prompt_tokens(&ask("a", 0)), 63);
    }
}
