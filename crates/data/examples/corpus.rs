//! Shows documents of every style, and how many tokens texts take.
#![allow(clippy::print_stdout)]

use data::corpus::{Corpus, Mixture, Style, cold_start, general, solution};
use data::tasks::{Split, Stream, TaskSettings};
use data::{Language, Tokenizer, seed, template};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = TaskSettings::default();
    let corpus = || Corpus::new(&settings, &Mixture::default(), 1);
    let text = |document: &data::corpus::Document| {
        template::document(document.question.as_deref(), &document.text)
    };
    let tokenizer = Tokenizer::train(corpus()?.take(20_000).map(|d| text(&d)), 768)?;
    for style in Style::ALL.map(Style::name).into_iter().chain(["plain"]) {
        println!("\n======== {style}");
        for document in corpus()?
            .filter(|document| document.style == style)
            .take(20)
        {
            println!(
                "[{}] {}",
                document.question.unwrap_or_default(),
                document.text
            );
            println!("--");
        }
    }
    println!("\n======== cold start");
    for (at, worked) in Stream::new(&settings, Split::Train, 3)?
        .take(12)
        .enumerate()
    {
        let sample = cold_start(&worked, &mut seed::stream(3, &[&at.to_string()]));
        println!(
            "[{}] {}\n--",
            worked.problem.question,
            sample.map_or_else(String::new, |s| s.response)
        );
    }
    println!("\n======== general");
    for sample in general(24, 1) {
        println!(
            "[{}] {}",
            sample.question,
            sample.response.replace('\n', " ")
        );
    }
    println!(
        "\n======== tokens (vocabulary of {})",
        tokenizer.vocab_size()
    );
    let lengths: Vec<usize> = corpus()?
        .take(5000)
        .map(|d| {
            tokenizer
                .encode_document(d.question.as_deref(), &d.text)
                .0
                .len()
        })
        .collect();
    summary("document", lengths);
    for level in 1..=4 {
        let settings = TaskSettings {
            levels: vec![level],
            ..settings.clone()
        };
        for style in Style::ALL {
            let (mut questions, mut solutions) = (Vec::new(), Vec::new());
            for worked in Stream::new(&settings, Split::Train, 3)?.take(1000) {
                let text = solution(
                    &worked,
                    style,
                    false,
                    &mut seed::stream(1, &[&worked.problem.id]),
                );
                questions.push(tokenizer.encode_prompt(&worked.problem.question).len());
                solutions.push(tokenizer.encode_text(&text).len());
            }
            if style == Style::Guess {
                summary(&format!("level {level} prompt"), questions);
            }
            summary(&format!("level {level} {}", style.name()), solutions);
        }
        let responses = Stream::new(&settings, Split::Train, 3)?
            .take(1000)
            .filter_map(|worked| {
                let sample = cold_start(&worked, &mut seed::stream(1, &[&worked.problem.id]))?;
                Some(tokenizer.encode_text(&sample.response).len())
            });
        summary(&format!("level {level} cold start"), responses.collect());
    }
    let (mut tokens, mut han) = (0, 0);
    for document in corpus()?
        .filter(|d| d.language == Language::Zh.code())
        .take(3000)
    {
        let only: String = text(&document)
            .chars()
            .filter(|c| *c as u32 > 0x2e7f)
            .collect();
        han += only.chars().count();
        tokens += tokenizer.encode_text(&only).len();
    }
    println!("{:.3} tokens per Han character", tokens as f64 / han as f64);
    Ok(())
}

fn summary(name: &str, mut lengths: Vec<usize>) {
    lengths.sort_unstable();
    let mean = lengths.iter().sum::<usize>() as f64 / lengths.len() as f64;
    let at = |share: f64| lengths[((lengths.len() - 1) as f64 * share) as usize];
    println!(
        "{name:24} mean {mean:5.1}  95 % {:3}  longest {:3}",
        at(0.95),
        at(1.0)
    );
}
