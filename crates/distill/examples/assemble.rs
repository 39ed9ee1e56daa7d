//! How long a set takes, and whether what should be gone is: made-up samples, of which known shares are copies, edited
//! copies, evaluation texts and loops. Prints a line of JSON.
//!
//! ```text
//! assemble DIR [SAMPLES] [jsonl|jsonl_zst|parquet]
//! ```
//!
//! SAMPLES are those that are fit, 800,000 by default, three quarters of them reasoning; on top of them come 3 copies,
//! 4 edited copies, 2 evaluation texts and 2 loops for every 89. All rules are on but that of the language. Called again
//! after a kill it goes on.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use data::chat::Message;
use data::dataset::Dataset;
use data::{Domain, seed};
use distill::RuleConfig;
use distill::assembly::{
    AssemblySettings, Card, Entry, Format, HeldOut, Input, Progress, Side, assemble_to,
};
use rand::{Rng, RngExt};

/// Words that make it read as English; the numbers between them make samples differ.
const WORDS: &str = "the of and to in is that it was for on are as with they at be this from have or by one had not but what \
    all were when we there can an your which their said if do will each about how up out them then she many some so \
    these would other into has more her two like him see time could no make than first been its who now people my made \
    over did down only way find use may water long little very after words called just where most know get through back \
    much before go good new write our used me man too any day same right look think also around another came come work \
    three word must because does part even place well such here take why things help put years different away again off \
    went old number great tell men say small every found still between name should home big give air line set own under \
    read last never us left end along while might next sound below saw something thought both few those always looked \
    show large often together asked house world going want school important until form food keep children feet land \
    side without boy once animals life enough took sometimes four head above kind began almost live page got earth need \
    far hand high year mother light parts country father let night following picture being study second eyes soon times \
    story boys since white days ever paper hard near sentence better best across during today others however sure means \
    knew try told young miles sun ways thing whole hear example heard several change answer room sea against top turned \
    learn point city play toward five using himself usually money seen car morning given train speed apples cost price";

/// Of a hundred samples: so many copies, then edited ones, evaluation texts, loops; the rest are fit.
const KINDS: [(&str, usize); 4] = [("copy", 3), ("edit", 4), ("eval", 2), ("loop", 2)];
const FIT: usize = 89;

const EVALUATIONS: usize = 500;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments
        .next()
        .ok_or("usage: assemble DIR [SAMPLES] [FORMAT]")?;
    let fit: usize = arguments.next().map_or(Ok(800_000), |it| it.parse())?;
    let format = arguments.next().unwrap_or_else(|| "parquet".into());
    let format: Format = serde_json::from_value(format.into())?;
    let count = (fit * 100).div_ceil(FIT);
    let settings = AssemblySettings {
        format,
        // Words drawn at random are of no language.
        rules: Some(RuleConfig {
            min_language: 0.0,
            ..RuleConfig::default()
        }),
        ..AssemblySettings::default()
    };
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let held_out: Vec<String> = (0..EVALUATIONS).map(|at| evaluation(&words, at)).collect();
    let inputs = [Side::Reasoning, Side::General].map(|side| {
        let (words, held_out) = (words.clone(), held_out.clone());
        let samples = (0..count).filter(move |at| self::side(*at) == side);
        let entries = samples.map(move |at| Ok(sample(&words, &held_out, at, side)));
        let name = match side {
            Side::Reasoning => "reasoning",
            Side::General => "general",
        };
        Input::new(name, "CC0-1.0", side, entries)
    });
    let held_out = [HeldOut {
        name: "made-up".into(),
        texts: held_out.clone(),
    }];
    let start = Instant::now();
    let mut steps: Vec<(Progress, f64)> = Vec::new();
    let card = assemble_to(
        Path::new(&dir),
        &settings,
        &held_out,
        inputs.into(),
        &mut |it| {
            steps.push((it, start.elapsed().as_secs_f64()));
            eprint!("\r{it:?}    ");
            let _ = std::io::stderr().flush();
            ControlFlow::Continue(())
        },
    )?;
    let seconds = start.elapsed().as_secs_f64();
    let peak = peak()?;
    eprintln!();
    let ended = |wanted: fn(&Progress) -> bool| {
        let step = steps.iter().rev().find(|(step, _)| wanted(step));
        step.map(|(_, at)| (at * 10.0).round() / 10.0)
    };
    let line = serde_json::json!({
        "read": card.read,
        "kept": card.train + card.validation,
        "seconds": (seconds * 10.0).round() / 10.0,
        "judged_at": ended(|it| matches!(it, Progress::Judged(_))),
        "compared_at": ended(|it| matches!(it, Progress::Compared(_))),
        "samples_per_second": (card.read as f64 / seconds).round(),
        "peak_rss_mb": peak / 1024,
        "characters": card.lengths.values().map(|it| it.sum).sum::<u64>(),
        "lengths": card.lengths,
        "made": made(count),
        "dropped": card.gates.iter().filter(|it| it.dropped > 0)
            .map(|it| (it.gate.clone(), it.dropped)).collect::<BTreeMap<_, _>>(),
        "kept_of_a_kind": kinds(Path::new(&dir), &card)?,
    });
    println!("{line}");
    Ok(())
}

/// Which kind a sample is. The first have nothing to be copies of, and loops are reasoning: the rules are for it.
fn kind(at: usize) -> &'static str {
    let mut bound = 0;
    let kind = KINDS.iter().find(|(_, share)| {
        bound += share;
        at >= 400 && at % 100 < bound
    });
    match kind {
        Some(("loop", _)) if side(at) == Side::General => "fit",
        Some((kind, _)) => kind,
        None => "fit",
    }
}

/// Every fourth hundred is general.
fn side(at: usize) -> Side {
    match at / 100 % 4 {
        3 => Side::General,
        _ => Side::Reasoning,
    }
}

/// A sample of some 300 to 600 tokens; which kind it is its place decides, and stands in its id.
fn sample(words: &[&str], held_out: &[String], at: usize, side: Side) -> Entry {
    let kind = kind(at);
    // Those copied stand later in a hundred, four hundred before, which are of the same side.
    let original = match kind {
        "copy" | "edit" => at - 400 + 50 + at % 7,
        _ => at,
    };
    let mut stream = seed::stream(1, &["sample", &original.to_string()]);
    let question = format!("Sample {original}: {}?", text(words, &mut stream, 30));
    let length = stream.random_range(190..420);
    let mut body = text(words, &mut stream, length);
    let mut own = seed::stream(1, &["own", &at.to_string()]);
    match kind {
        "edit" => body = edited(&body, &mut own),
        "eval" => body += &held_out[at % held_out.len()],
        "loop" => body += &"\nso we try it once more and again".repeat(20),
        _ => {}
    }
    let answer = original % 1000;
    let body = match side {
        Side::Reasoning => format!("<think>\n{body}\n</think>\n<answer>{answer}</answer>"),
        Side::General => body,
    };
    Entry {
        messages: vec![Message::user(question), Message::assistant(body)],
        source: ["teacher", "people"][usize::from(side == Side::General)].into(),
        domain: match side {
            Side::General => Domain::General,
            Side::Reasoning => Domain::ALL[original % 3],
        },
        language: "en".into(),
        id: format!("{kind}-{at}"),
        level: Some(1 + original as u32 % 5),
    }
}

/// Sentences of twelve words, with a number in one of eight places.
fn text(words: &[&str], stream: &mut impl Rng, count: usize) -> String {
    let mut text = String::with_capacity(count * 6);
    for at in 0..count {
        match stream.random_range(0..8) {
            0 => text += &stream.random_range(2..1000).to_string(),
            _ => text += words[stream.random_range(0..words.len())],
        }
        text += match (at % 12, at % 48) {
            (_, 47) => ".\n",
            (11, _) => ". ",
            _ => " ",
        };
    }
    text
}

/// A copy with one word in a hundred replaced: some 0.9 of its runs of five stay.
fn edited(text: &str, stream: &mut impl Rng) -> String {
    let word = |word: &str| match stream.random_bool(0.01) {
        true => "edited".to_owned(),
        false => word.to_owned(),
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn evaluation(words: &[&str], at: usize) -> String {
    text(
        words,
        &mut seed::stream(1, &["evaluation", &at.to_string()]),
        40,
    )
}

/// How many of each kind there are.
fn made(count: usize) -> BTreeMap<&'static str, usize> {
    let mut made = BTreeMap::new();
    (0..count).for_each(|at| *made.entry(kind(at)).or_default() += 1);
    made
}

/// How many of each kind the files have, by their ids.
fn kinds(dir: &Path, card: &Card) -> Result<BTreeMap<String, usize>, Box<dyn Error>> {
    let mut kinds = BTreeMap::new();
    for file in &card.files {
        let set = Dataset::open(dir.join(&file.name))?;
        for entry in set.records::<Entry>() {
            let id = entry?.id;
            let kind = id.split('-').next().unwrap_or_default();
            *kinds.entry(kind.to_owned()).or_insert(0) += 1;
        }
    }
    Ok(kinds)
}

/// The most memory this process has had, in KiB.
fn peak() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let value = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(value.ok_or("no VmHWM")?.parse()?)
}
