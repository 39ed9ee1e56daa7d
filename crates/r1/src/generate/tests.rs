use std::io::Write;

use clap::Parser;
use data::reasoning;
use rayon::ThreadPoolBuilder;
use serde_json::Value;

use super::testing::Small;
use super::*;

#[derive(Debug, Parser)]
struct Command {
    #[command(flatten)]
    generate: Generate,
}

const PROMPTS: &str = concat!(
    "{\"prompt\": \"3 + 7?\"}\n",
    "{\"id\": \"text\", \"text\": \"First, 12 + 7 = \"}\n",
    "{\"id\": \"open\", \"text\": \"First, <think>\"}\n",
    "{\"prompt\": \"一\"}\n",
);

fn args(small: &Small, flags: &[&str]) -> Generate {
    let prompts = small.dir.path().join("prompts.jsonl");
    std::fs::write(&prompts, PROMPTS).unwrap();
    let paths = [small.dir.path(), &prompts].map(|path| path.to_str().unwrap().to_owned());
    let words = ["r1", &paths[0], "--prompts", &paths[1], "--quiet"];
    Command::parse_from(words.iter().chain(flags)).generate
}

/// What is written to the output, and that it is.
fn written(small: &Small, flags: &[&str]) -> Result<String> {
    let out = small.dir.path().join("out.jsonl");
    let _ = std::fs::remove_file(&out);
    let output = ["--output", out.to_str().unwrap()];
    run(&args(small, &[flags, &output].concat()))?;
    Ok(std::fs::read_to_string(out).unwrap())
}

#[test]
fn rows_and_threads_do_not_change_a_byte() {
    let small = Small::new();
    let flags = ["--samples=3", "--max-new-tokens=20", "--seed=4", "--rows"];
    let of = |rows: &str| written(&small, &[&flags[..], &[rows]].concat()).unwrap();
    let one = of("1");
    assert_eq!(one.lines().count(), 12);
    for rows in ["2", "5", "64"] {
        assert_eq!(of(rows), one, "{rows} rows");
        let pool = ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        assert_eq!(pool.install(|| of(rows)), one, "{rows} rows, 3 threads");
    }
    let tight = written(&small, &[&flags[..3], &["--memory=30K"]].concat()).unwrap();
    assert_eq!(tight, one, "as few rows as the memory holds");
}

#[test]
fn a_line_says_what_was_said() {
    let small = Small::new();
    let flags = ["--samples=2", "--max-new-tokens=20", "--temperature=1"];
    let text = written(&small, &flags).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let order: Vec<String> = lines
        .iter()
        .map(|line| format!("{} {}", line["id"], line["sample"]))
        .collect();
    let expected = [
        "1 0",
        "1 1",
        "\"text\" 0",
        "\"text\" 1",
        "\"open\" 0",
        "\"open\" 1",
        "4 0",
        "4 1",
    ];
    assert_eq!(order, expected);
    for line in &lines {
        let tokens = line["tokens"].as_u64().unwrap();
        let whole = line["finish"] == "length";
        assert!(if whole { tokens == 20 } else { tokens <= 20 }, "{line}");
        assert!(line["logprob"].as_f64().unwrap() < 0.0, "{line}");
        let said = line["text"].as_str().unwrap();
        let open = line["id"] == "open";
        let (reasoning, answer) = reasoning::split(said, open);
        assert_eq!(line["reasoning"].as_str(), reasoning.as_deref());
        assert_eq!(line["answer"], answer);
        assert!(
            !open || reasoning.is_some() || said.trim().is_empty(),
            "{line}"
        );
    }
    let greedy = written(&small, &["--greedy", "--max-new-tokens=3"]).unwrap();
    assert!(
        greedy.lines().all(|line| line.contains("\"logprob\":0.0")),
        "{greedy}"
    );
}

#[test]
fn a_stop_string_ends_and_is_cut() {
    let small = Small::new();
    let flags = ["--greedy", "--max-new-tokens=20"];
    let texts = |text: String| -> Vec<Value> {
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let free = texts(written(&small, &flags).unwrap());
    let said = free[0]["text"].as_str().unwrap();
    // Its third character on: certainly said.
    let (at, _) = said.char_indices().nth(2).unwrap();
    let stop: String = said[at..].chars().take(2).collect();
    let stopped = texts(written(&small, &[&flags[..], &["--stop", &stop]].concat()).unwrap());
    assert_eq!(
        stopped[0]["text"],
        data::before(said, std::slice::from_ref(&stop))
    );
    assert_eq!(stopped[0]["finish"], "stop");
    assert!(stopped[0]["tokens"].as_u64() < free[0]["tokens"].as_u64());
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_written() {
    let small = Small::new();
    let usage = |flags: &[&str]| {
        let error = run(&args(&small, flags)).unwrap_err();
        assert!(error.is::<UsageError>(), "{error:#}");
        error.to_string()
    };
    assert!(usage(&["--samples=0"]).contains("--samples"));
    assert!(usage(&["--max-new-tokens=0"]).contains("--max-new-tokens"));
    assert!(usage(&["--rows=0"]).contains("--rows"));
    assert!(usage(&["--stop="]).contains("--stop"));
    assert!(usage(&["--top-p=2"]).contains("top_p"));
    let there = small.dir.path().join("there.jsonl");
    std::fs::write(&there, "kept").unwrap();
    let output = ["--output", there.to_str().unwrap()];
    assert!(usage(&output).contains("--force"));
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "kept");

    let short = ["--rows=4", "--memory=10K"];
    let error = run(&args(&small, &short)).unwrap_err();
    let error = format!("{error:#}");
    assert!(
        error.contains("--memory 10240: 4 rows of 128 tokens need"),
        "{error}"
    );

    run(&args(
        &small,
        &[&output[..], &["--force", "--max-new-tokens=1"]].concat(),
    ))
    .unwrap();
    assert_eq!(std::fs::read_to_string(&there).unwrap().lines().count(), 4);
}

#[test]
fn writing_that_fails_ends_the_work() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or(ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let small = Small::new();
    let args = args(&small, &[]);
    let asked = prompts::read(&args.prompts, &small.speaker, Some(4)).unwrap();
    let requests: Vec<Request> = asked
        .iter()
        .map(|it| Request::new(it.name.clone(), it.tokens.clone(), 4))
        .collect();
    let job = Job {
        asked: &asked,
        requests: &requests,
        stop: &[],
        rows: 1,
    };
    let failed = job.write(
        &small.model,
        &small.speaker.tokenizer,
        &Console::Quiet,
        Full(2),
    );
    let failed: io::Error = failed.unwrap_err().downcast().unwrap();
    assert_eq!(failed.kind(), ErrorKind::StorageFull);
}
