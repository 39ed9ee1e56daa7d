//! The server as its clients see it, against what the model says without one.

mod load;
mod refusals;
mod server;

use data::Finish;
use data::reasoning::split;
use lm::Rollout;
use serde_json::{Value, json};
use server::{CONTEXT, Server};

fn question(text: &str, seed: u64) -> Value {
    json!({
        "model": "smoke",
        "messages": [{ "role": "user", "content": text }],
        "seed": seed,
        "max_tokens": 40,
    })
}

fn finish(rollout: &Rollout) -> &'static str {
    match rollout.finish {
        Finish::Stop => "stop",
        _ => "length",
    }
}

#[test]
fn a_reply_is_what_the_model_says_offline() {
    let server = Server::start(4, 16, None);
    for seed in 0..4 {
        let mut body = question("one and two?", seed);
        body["n"] = json!(3);
        let (status, reply) = server.chat(&body);
        assert_eq!(status, 200, "{reply}");
        let prompt = server.tokenizer.encode_prompt("one and two?");
        let offline = server.offline(prompt.clone(), 3, seed, 40);
        let mut tokens = 0;
        for (at, rollout) in offline.iter().enumerate() {
            let choice = &reply["choices"][at];
            let (reasoning, answer) = split(&server.tokenizer.decode(&rollout.tokens), false);
            assert_eq!(choice["message"]["content"], answer);
            assert_eq!(choice["message"]["reasoning_content"], json!(reasoning));
            assert_eq!(choice["finish_reason"], finish(rollout));
            assert_eq!(choice["index"], at);
            tokens += rollout.tokens.len();
        }
        assert_eq!(reply["object"], "chat.completion");
        assert_eq!(reply["usage"]["prompt_tokens"], prompt.len());
        assert_eq!(reply["usage"]["completion_tokens"], tokens);
        assert_eq!(reply["usage"]["total_tokens"], prompt.len() + tokens);
    }
}

#[test]
fn a_stream_says_the_same_piece_by_piece() {
    let server = Server::start(4, 16, None);
    for seed in 0..4 {
        let mut body = question("why?", seed);
        body["n"] = json!(2);
        let (_, whole) = server.chat(&body);
        body["stream"] = json!(true);
        body["stream_options"] = json!({ "include_usage": true });
        let chunks = server.stream("/v1/chat/completions", &body);
        let (last, chunks) = chunks.split_last().unwrap();
        assert_eq!(last["usage"], whole["usage"]);
        assert_eq!(last["choices"], json!([]));
        for at in 0..2 {
            let of = |field: &str| -> String {
                let mine = chunks.iter().map(|chunk| &chunk["choices"][0]);
                mine.filter(|choice| choice["index"] == at)
                    .filter_map(|choice| choice["delta"][field].as_str())
                    .collect()
            };
            let message = &whole["choices"][at]["message"];
            assert_eq!(of("role"), "assistant");
            assert_eq!(of("content"), message["content"].as_str().unwrap());
            let reasoning = message["reasoning_content"].as_str();
            assert_eq!(of("reasoning_content"), reasoning.unwrap_or_default());
            let reasons: Vec<&Value> = chunks
                .iter()
                .map(|chunk| &chunk["choices"][0])
                .filter(|choice| choice["index"] == at && !choice["finish_reason"].is_null())
                .map(|choice| &choice["finish_reason"])
                .collect();
            assert_eq!(reasons, [&whole["choices"][at]["finish_reason"]]);
        }
    }
}

#[test]
fn reasoning_is_told_from_the_answer() {
    let server = Server::start(2, 4, None);
    // A prompt that ends within the reasoning, as DeepSeek-R1's template has it, is continued there.
    let (status, reply) = server.post(
        "/v1/completions",
        &json!({ "model": "smoke", "prompt": "<|user|>1<|assistant|><think>", "seed": 1 }),
    );
    assert_eq!(status, 200, "{reply}");
    let prompt = server.tokenizer.encode("<|user|>1<|assistant|><think>");
    let offline = server.offline(prompt, 1, 1, 16);
    let text = server.tokenizer.decode(&offline[0].tokens);
    assert_eq!(
        reply["choices"][0]["text"], text,
        "a completion keeps its text whole"
    );
}

#[test]
fn log_probs_are_the_models_own() {
    let server = Server::start(2, 4, None);
    let mut body = question("one?", 3);
    body["logprobs"] = json!(true);
    body["top_logprobs"] = json!(4);
    body["temperature"] = json!(0);
    let (_, reply) = server.chat(&body);
    let entries = reply["choices"][0]["logprobs"]["content"]
        .as_array()
        .unwrap();
    assert_eq!(reply["usage"]["completion_tokens"], entries.len());
    for entry in entries {
        let top = entry["top_logprobs"].as_array().unwrap();
        assert_eq!(top.len(), 4);
        // Greedy: the likeliest is the one taken.
        assert_eq!(top[0]["token"], entry["token"]);
        assert_eq!(top[0]["logprob"], entry["logprob"]);
        let values: Vec<f64> = top.iter().map(|t| t["logprob"].as_f64().unwrap()).collect();
        assert!(
            values.is_sorted_by(|a, b| a >= b) && values[0] < 0.0,
            "{values:?}"
        );
    }
    body["stream"] = json!(true);
    let chunks = server.stream("/v1/chat/completions", &body);
    let streamed: Vec<Value> = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["logprobs"]["content"].as_array())
        .flatten()
        .cloned()
        .collect();
    assert_eq!(&streamed, entries);
}

#[test]
fn a_stop_string_ends_the_reply_before_it() {
    let server = Server::start(2, 4, None);
    let prompt = server.tokenizer.encode_raw("one, two");
    let offline = server.offline(prompt, 1, 5, 60);
    let text = server.tokenizer.decode(&offline[0].tokens);
    let characters: Vec<(usize, char)> = text.char_indices().collect();
    let (at, _) = characters[characters.len() / 2];
    let stop: String = text[at..].chars().take(2).collect();
    let before = &text[..text.find(&stop).unwrap()];
    let body = json!({ "model": "smoke", "prompt": "one, two", "seed": 5, "max_tokens": 60,
        "stop": [stop], "stream": false });
    let (status, reply) = server.post("/v1/completions", &body);
    assert_eq!(status, 200, "{reply}");
    assert_eq!(reply["choices"][0]["text"], before);
    assert_eq!(reply["choices"][0]["finish_reason"], "stop");
}

#[test]
fn a_conversation_is_laid_out_by_the_template() {
    let server = Server::start(2, 4, None);
    let body = json!({ "model": "smoke", "seed": 2, "max_completion_tokens": 8, "messages": [
        { "role": "user", "content": [{ "type": "text", "text": "one" }] },
        { "role": "assistant", "content": "two", "reasoning_content": "is not fed back" },
        { "role": "user", "content": "three <|end|>" },
    ]});
    let (status, reply) = server.chat(&body);
    assert_eq!(status, 200, "{reply}");
    let mut prompt = server.tokenizer.encode_prompt("one");
    prompt.extend(server.tokenizer.encode_text("two"));
    prompt.push(server.tokenizer.end);
    prompt.extend(server.tokenizer.encode_prompt("three <|end|>"));
    assert_eq!(reply["usage"]["prompt_tokens"], prompt.len());
    let offline = server.offline(prompt, 1, 2, 8);
    let (_, answer) = split(&server.tokenizer.decode(&offline[0].tokens), false);
    assert_eq!(reply["choices"][0]["message"]["content"], answer);
}

#[test]
fn the_server_describes_itself() {
    let server = Server::start(2, 4, None);
    let get = |path: &str| server.send("GET", path, "", "");
    let (status, models) = get("/v1/models").json();
    assert_eq!((status, &models["data"][0]["id"]), (200, &json!("smoke")));
    assert_eq!(models["data"][0]["max_model_len"], CONTEXT);
    assert_eq!(get("/v1/models/smoke").json().0, 200);
    assert_eq!(get("/health").json(), (200, json!({ "status": "ok" })));
    let page = get("/").text();
    assert!(page.contains("/v1/chat/completions") && !page.contains("http://"));
    let (_, reply) = server.chat(&question("one?", 1));
    let metrics = get("/metrics").text();
    let said = reply["usage"]["completion_tokens"].as_u64().unwrap();
    for line in [
        format!("r1_generated_tokens_total {said}"),
        "r1_requests_total{endpoint=\"chat_completions\",status=\"200\"} 1".to_owned(),
        "r1_time_to_first_token_seconds_count 1".to_owned(),
    ] {
        assert!(metrics.contains(&line), "{line} is not in\n{metrics}");
    }
}
