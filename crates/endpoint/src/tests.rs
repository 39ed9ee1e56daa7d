//! The client before a server of its own: failures that pass and failures that stay, limits, and a
//! run that was broken off.

mod server;

use std::collections::BTreeSet;
use std::ops::ControlFlow::{Break, Continue};
use std::time::{Duration, Instant};

use data::chat::Message;
use data::journal::Journal;
use data::{Answers, Ask, Reply, Unanswered};
use serde_json::json;

use crate::{Endpoint, EndpointError, Settings};
use server::{Act, Server, said};

const MINUTE: Duration = Duration::from_secs(60);

fn settings(server: &Server) -> Settings {
    let mut settings = Settings::new(&server.url, "model-1");
    (settings.pause, settings.longest_pause) = (0.001, 5.0);
    (settings.timeout, settings.retries) = (5.0, 3);
    (settings.concurrency, settings.max_tokens) = (1, 100);
    settings
}

fn endpoint(settings: &Settings) -> Endpoint {
    settings.validate().unwrap();
    Endpoint::with(settings, None, MINUTE)
}

fn asks(count: u32) -> Vec<Ask> {
    let ask = |sample| Ask {
        id: "a".into(),
        sample,
        messages: vec![Message::user(format!("question {sample:03}"))],
    };
    (0..count).map(ask).collect()
}

type Given = Vec<(u32, Result<Reply, Unanswered>)>;

/// What the model gives, in order of the samples, and what ended it.
fn all(model: &impl Answers, asks: Vec<Ask>) -> (Given, Option<EndpointError>) {
    let mut given = Given::new();
    let outcome = model.answer(&mut asks.into_iter(), &mut |ask, reply| {
        given.push((ask.sample, reply));
        Continue(())
    });
    given.sort_by_key(|given| given.0);
    let error = outcome.err().map(|error| *error.downcast().unwrap());
    (given, error)
}

fn one(model: &impl Answers) -> Result<Reply, Unanswered> {
    let (mut given, error) = all(model, asks(1));
    assert_eq!(error, None);
    given.remove(0).1
}

fn stopped(script: impl Fn(usize, &str) -> Act + Send + Sync + 'static) -> (EndpointError, usize) {
    let server = Server::start(script);
    let (given, error) = all(&endpoint(&settings(&server)), asks(3));
    assert!(given.is_empty());
    (error.unwrap(), server.requests())
}

#[test]
fn a_reply_is_read() {
    let server = Server::start(|_, _| {
        let message = json!({ "content": "4", "reasoning_content": "2 + 2" });
        let choice = json!({ "message": message, "finish_reason": "stop" });
        let usage = json!({ "prompt_tokens": 10, "completion_tokens": 5 });
        Act::Body(json!({ "choices": [choice], "usage": usage }).to_string())
    });
    let mut settings = settings(&server);
    (settings.seed, settings.temperature) = (Some(1), Some(0.6));
    let model = endpoint(&settings);
    let reply = one(&model).unwrap();
    assert_eq!(reply.whole(), "<think>2 + 2</think><answer>4</answer>");
    assert_eq!((reply.prompt_tokens, reply.tokens), (10, 5));
    one(&model).unwrap();
    let state = server.state();
    let asked = &state.asked[0];
    assert!(asked.head.starts_with("POST /v1/chat/completions"));
    assert!(!asked.head.to_lowercase().contains("authorization"));
    assert_eq!(
        (&asked.body["model"], &asked.body["temperature"]),
        (&json!("model-1"), &json!(0.6))
    );
    // The same sample is asked for with the same seed.
    assert_eq!(asked.body["seed"], state.asked[1].body["seed"]);
}

#[test]
fn failures_that_pass_are_tried_again() {
    let server = Server::start(|number, _| match number {
        0 => Act::Status(500, "", "oops".into()),
        1 => Act::Tear,
        2 => Act::Body("<html>".into()),
        _ => Act::Say("4"),
    });
    assert_eq!(one(&endpoint(&settings(&server))).unwrap().text, "4");
    assert_eq!(server.requests(), 4);
}

#[test]
fn a_failure_that_stays_costs_one_sample() {
    let server = Server::start(|_, question| match question {
        "question 001" => Act::Status(503, "", "busy".into()),
        "question 002" => Act::Status(400, "", "context_length_exceeded".into()),
        _ => Act::Say("4"),
    });
    let (given, error) = all(&endpoint(&settings(&server)), asks(4));
    assert_eq!((given.len(), error), (4, None));
    assert!(given[0].1.is_ok() && given[3].1.is_ok());
    let busy = given[1].1.clone().unwrap_err().reason;
    assert!(
        busy.contains("503 (busy)") && busy.contains("4 tries"),
        "{busy}"
    );
    let long = given[2].1.clone().unwrap_err().reason;
    assert!(long.contains("refuses this prompt"), "{long}");
    // One, four, one, one.
    assert_eq!(server.requests(), 7);
}

#[test]
fn a_server_that_asks_for_a_pause_gets_it() {
    let server = Server::start(|number, _| match number {
        0 => Act::Status(429, "Retry-After: 1\r\n", "slow down".into()),
        _ => Act::Say("4"),
    });
    let mut settings = settings(&server);
    settings.concurrency = 2;
    let model = endpoint(&settings);
    // The second sample comes while the first waits, and waits too.
    let late = asks(2).into_iter().inspect(|ask| {
        std::thread::sleep(Duration::from_millis(100 * u64::from(ask.sample)));
    });
    let mut came = 0;
    let outcome = model.answer(&mut late.into_iter(), &mut |_, reply| {
        came += u32::from(reply.is_ok());
        Continue(())
    });
    assert!(outcome.is_ok() && came == 2);
    let state = server.state();
    let waits: Vec<Duration> = state.asked[1..]
        .iter()
        .map(|a| a.at - state.asked[0].at)
        .collect();
    assert!(
        waits.iter().all(|wait| *wait >= Duration::from_millis(950)),
        "{waits:?}"
    );
}

#[test]
fn a_long_pause_ends_the_call() {
    let script = |_, _: &str| Act::Status(429, "Retry-After: 3600\r\n", "tomorrow".into());
    let (error, requests) = stopped(script);
    assert!(
        error
            .to_string()
            .contains("3600 s, more than `longest_pause`"),
        "{error}"
    );
    assert_eq!(requests, 1);
}

#[test]
fn silence_ends_in_time() {
    let server = Server::start(|_, _| Act::Slow(2_000));
    let mut settings = settings(&server);
    (settings.timeout, settings.retries) = (0.1, 1);
    let start = Instant::now();
    let silent = one(&endpoint(&settings)).unwrap_err();
    assert!(start.elapsed() < Duration::from_millis(1_500));
    assert!(silent.reason.contains("cannot be reached"), "{silent}");
    assert_eq!(server.requests(), 2);
}

#[test]
fn what_every_request_would_meet_ends_the_call() {
    let body = |text: &str| json!({ "error": { "message": text } }).to_string();
    let status =
        move |code, text: &'static str| stopped(move |_, _| Act::Status(code, "", body(text)));
    for (code, words) in [
        (401, "check the key"),
        (403, "check the key"),
        (402, "top up"),
        (404, "`model-1`"),
        (400, "change the settings"),
        (422, "change the settings"),
    ] {
        let (error, requests) = status(code, "the server's words");
        let said = error.to_string();
        assert!(
            said.contains(words) && said.contains("the server's words"),
            "{code}: {said}"
        );
        assert_eq!(requests, 1, "{code}");
    }
    let moved = |_, _: &str| Act::Status(307, "Location: http://b/v1\r\n", String::new());
    let (error, requests) = stopped(moved);
    assert!(
        error.to_string().contains("moved to http://b/v1"),
        "{error}"
    );
    assert_eq!(requests, 1);
    let (error, _) = stopped(|_, _| Act::Status(429, "", "insufficient_quota".into()));
    assert!(matches!(error, EndpointError::Unpaid { .. }), "{error}");
    let (error, _) = stopped(|_, _| Act::Status(400, "", "Model Not Exist".into()));
    assert!(matches!(error, EndpointError::NotFound { .. }), "{error}");
}

#[test]
fn replies_under_way_are_given_before_the_error() {
    let server = Server::start(|_, question| match question {
        "question 000" => Act::Slow(300),
        _ => Act::Status(401, "", "no".into()),
    });
    let mut settings = settings(&server);
    settings.concurrency = 2;
    let (given, error) = all(&endpoint(&settings), asks(9));
    assert!(matches!(error, Some(EndpointError::Refused { .. })));
    assert_eq!(given.len(), 1);
    assert_eq!(given[0].1.clone().unwrap().text, "late");
}

#[test]
fn a_server_that_is_gone_is_not_asked_for_ever() {
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut settings = Settings::new(format!("http://{address}/v1"), "m");
    (settings.retries, settings.concurrency) = (0, 2);
    let model = endpoint(&settings);
    let (given, error) = all(&model, asks(1000));
    assert!(
        matches!(error, Some(EndpointError::Down { samples: 18.., .. })),
        "{error:?}"
    );
    assert!((18..=20).contains(&given.len()), "{}", given.len());
    assert!(given.iter().all(|(_, reply)| reply.is_err()));
    assert_eq!(model.spent(), 0.0);
}

#[test]
fn as_many_as_allowed_are_under_way_and_each_comes_once() {
    let server = Server::start(|_, _| Act::Slow(50));
    let mut settings = settings(&server);
    settings.concurrency = 8;
    let (given, error) = all(&endpoint(&settings), asks(40));
    assert_eq!(error, None);
    let samples: Vec<u32> = given.iter().map(|given| given.0).collect();
    assert_eq!(samples, (0..40).collect::<Vec<_>>());
    let state = server.state();
    assert_eq!((state.most, state.asked.len()), (8, 40));
}

#[test]
fn a_minute_takes_what_it_may() {
    let server = Server::start(|_, _| Act::Say("4"));
    let mut settings = settings(&server);
    (settings.concurrency, settings.requests_per_minute) = (4, Some(3));
    let minute = Duration::from_millis(400);
    let model = Endpoint::with(&settings, None, minute);
    assert_eq!(all(&model, asks(7)).0.len(), 7);
    let state = server.state();
    let mut times: Vec<Instant> = state.asked.iter().map(|asked| asked.at).collect();
    times.sort();
    // Between a request and the third after it lies a minute, but for the way to the server.
    for pair in times.windows(4) {
        assert!(pair[3] - pair[0] >= minute - Duration::from_millis(60));
    }
}

#[test]
fn tokens_of_a_minute_are_counted_as_they_were_taken() {
    let server = Server::start(|_, _| Act::Say("4"));
    let mut settings = settings(&server);
    // A request can take 144 and takes 15: one at a time at first, then 10 in a minute.
    settings.tokens_per_minute = Some(150 + 144 - 15);
    let minute = Duration::from_millis(600);
    let model = Endpoint::with(&settings, None, minute);
    let start = Instant::now();
    assert_eq!(all(&model, asks(10)).0.len(), 10);
    assert!(start.elapsed() < minute);
    assert_eq!(all(&model, asks(1)).0.len(), 1);
    assert!(start.elapsed() >= minute);
}

#[test]
fn the_budget_ends_before_the_request_that_could_exceed_it() {
    let server = Server::start(|_, _| Act::Say("4"));
    let mut settings = settings(&server);
    // In millionths: a reply reads 10 and says 5 tokens, 10 + 20. A request can read 44 and say 100, 444.
    // After five, 150 + 444 are within 600; after six, 180 + 444 are not.
    (settings.prompt_price, settings.completion_price) = (1.0, 4.0);
    settings.cost_limit = Some(600e-6);
    let model = endpoint(&settings);
    let (given, error) = all(&model, asks(50));
    assert_eq!(given.len(), 6);
    let said = error.unwrap().to_string();
    assert!(said.contains("raise `cost_limit`"), "{said}");
    assert_eq!(server.requests(), 6);
    assert!((model.spent() - 180e-6).abs() < 1e-12);
    // With several at once too, and what was paid before counts.
    settings.concurrency = 8;
    let model = endpoint(&settings);
    model.charge(30, 15);
    assert_eq!(all(&model, asks(50)).0.len(), 3);
    assert!(model.spent() <= 600e-6);
}

#[test]
fn a_request_that_may_have_been_charged_counts() {
    let server = Server::start(|number, _| match number {
        0 => Act::Tear,
        1 => Act::Status(500, "", String::new()),
        _ => Act::Say("4"),
    });
    let mut settings = settings(&server);
    settings.completion_price = 1e6;
    let model = endpoint(&settings);
    one(&model).unwrap();
    // The torn one the most, 100; the refused one nothing; the reply 5.
    assert_eq!(model.spent(), 105.0);
}

#[test]
fn the_key_is_sent_and_never_shown() {
    let key = "sk-SECRET-0123456789";
    let server = Server::start(move |number, _| match number {
        0 => Act::Say("4"),
        1 => Act::Status(400, "", format!("context window: {key}")),
        2 => Act::Body(format!("not JSON {key}")),
        _ => Act::Status(401, "", format!("Incorrect API key provided: {key}")),
    });
    let mut settings = settings(&server);
    settings.key = "SOME_KEY".into();
    let model = Endpoint::with(&settings, Some(key.into()), MINUTE);
    let (given, error) = all(&model, asks(5));
    assert_eq!(given.len(), 2);
    let error = error.unwrap();
    assert!(error.to_string().contains("SOME_KEY"), "{error}");
    let shown = format!(
        "{model:?} {given:?} {error} {error:?} {:?}",
        settings.identity()
    );
    assert!(!shown.contains("SECRET"), "{shown}");
    let state = server.state();
    assert!(state.asked[0].head.contains(&format!("Bearer {key}")));
}

#[test]
fn a_key_comes_from_the_environment() {
    let server = Server::start(|_, _| Act::Say("4"));
    let mut settings = settings(&server);
    settings.key = "NO_SUCH_KEY_ANYWHERE".into();
    let none = Endpoint::new(&settings).unwrap_err();
    assert!(none.to_string().contains("NO_SUCH_KEY_ANYWHERE"), "{none}");
    // A variable that every test has.
    settings.key = "CARGO_PKG_NAME".into();
    one(&Endpoint::new(&settings).unwrap()).unwrap();
    assert!(server.state().asked[0].head.contains("Bearer endpoint"));
}

#[test]
fn nothing_new_is_asked_after_the_listener_leaves() {
    let server = Server::start(|_, _| Act::Slow(20));
    let mut settings = settings(&server);
    settings.concurrency = 4;
    let mut seen = 0;
    let outcome = endpoint(&settings).answer(&mut asks(100).into_iter(), &mut |_, _| {
        seen += 1;
        if seen < 8 { Continue(()) } else { Break(()) }
    });
    assert!(outcome.is_ok());
    // Eight, and at most what was under way or waiting to be heard: which is paid for, and heard.
    assert!((8..=8 + 4 + 4).contains(&seen), "{seen}");
    assert_eq!(seen, server.requests());
}

#[test]
fn a_run_that_was_broken_off_asks_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("replies.jsonl");
    let server = Server::start(|number, _| {
        if number % 3 == 0 {
            Act::Slow(10)
        } else {
            Act::Say("4")
        }
    });
    let mut settings = settings(&server);
    settings.concurrency = 4;
    let open = || Journal::open(&path, &settings.identity(), endpoint(&settings)).unwrap();
    for most in [5, 17] {
        let (mut seen, journal) = (0, open());
        let outcome = journal.answer(&mut asks(60).into_iter(), &mut |_, reply| {
            assert!(reply.is_ok());
            seen += 1;
            if seen < most { Continue(()) } else { Break(()) }
        });
        assert!(outcome.is_ok() && seen == most);
    }
    let before = server.requests();
    assert!((17..60).contains(&before), "{before}");
    let (given, error) = all(&open(), asks(60));
    assert_eq!((given.len(), error), (60, None));
    let questions = server.questions();
    assert_eq!(
        (
            questions.len(),
            questions.iter().collect::<BTreeSet<_>>().len()
        ),
        (60, 60)
    );
    // A third time nothing is asked, and in any order the same is said.
    let mut backwards = asks(60);
    backwards.reverse();
    assert_eq!(all(&open(), backwards).0, given);
    assert_eq!(server.requests(), 60);
    assert!(!std::fs::read_to_string(&path).unwrap().contains("http"));
}

#[test]
fn the_order_of_asking_changes_no_reply() {
    let server =
        Server::start(|_, question| Act::Body(said(&question.replace("question", "answer"))));
    let mut settings = settings(&server);
    settings.concurrency = 5;
    let forwards = all(&endpoint(&settings), asks(30)).0;
    let mut backwards = asks(30);
    backwards.reverse();
    settings.concurrency = 1;
    assert_eq!(all(&endpoint(&settings), backwards).0, forwards);
    assert_eq!(forwards[7].1.clone().unwrap().text, "answer 007");
}
