use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::*;
use crate::{Document, PackSettings, Packing, QualitySettings, Source, pack};

/// Two sources, `long` of documents of many lengths over several shards and `short` of one.
fn corpus(dir: &std::path::Path) -> ShardedTokens {
    let text = |i: usize| format!("{i} {}", "abc ".repeat(i % 37));
    let tokenizer = data::Tokenizer::train((0..40).map(text), 300).unwrap();
    let settings = PackSettings {
        shard_tokens: 500,
        quality: QualitySettings::off(),
        dedup: None,
        ..PackSettings::default()
    };
    let documents = |range: std::ops::Range<usize>| {
        range.map(move |i| {
            Ok(Document {
                text: text(i),
                ..Document::default()
            })
        })
    };
    let packing = Packing {
        tokenizer: &tokenizer,
        settings: &settings,
        held_out: &[],
    };
    let sources = vec![
        Source::new("long", documents(0..200)),
        Source::new("short", documents(5..6)),
    ];
    pack(dir, &packing, sources, &mut |_| ControlFlow::Continue(())).unwrap();
    ShardedTokens::open(dir).unwrap()
}

fn settings(length: usize, mixture: &[(&str, f64, Option<u64>)]) -> WindowSettings {
    let weights = mixture.iter().map(|&(name, weight, epochs)| SourceWeight {
        name: name.into(),
        weight,
        epochs,
    });
    WindowSettings {
        length,
        seed: 3,
        mixture: weights.collect(),
    }
}

/// All tokens of a source, and where its documents begin.
fn whole(corpus: &ShardedTokens, documents: std::ops::Range<u64>) -> (Vec<u32>, Vec<usize>) {
    let (mut tokens, mut starts) = (Vec::new(), Vec::new());
    for document in documents {
        starts.push(tokens.len());
        tokens.extend(corpus.document(document).tokens);
    }
    (tokens, starts)
}

#[test]
fn an_epoch_has_every_window_of_the_source_once() {
    let dir = tempfile::tempdir().unwrap();
    let corpus = corpus(dir.path());
    assert!(corpus.manifest().shards.len() > 3);
    let (tokens, begins) = whole(&corpus, 0..200);
    let length = 32;
    let windows = tokens.len() / length;
    let mut stream = Windows::new(&corpus, &settings(length, &[("long", 1.0, Some(2))])).unwrap();
    assert_eq!(
        stream.windows_per_epoch().collect::<Vec<_>>(),
        [windows as u64]
    );
    let drawn: Vec<Window> = stream.by_ref().collect();
    assert_eq!(drawn.len(), 2 * windows);
    assert_eq!(stream.next(), None);
    let mut orders = Vec::new();
    for epoch in 0..2 {
        let drawn = &drawn[epoch * windows..(epoch + 1) * windows];
        // Where each stands: the one place in the source, gone round once, that has all its tokens and begins.
        let round = [&tokens[..], &tokens[..length]].concat();
        let place = |window: &Window| -> usize {
            (0..tokens.len())
                .find(|&at| {
                    let here = (at..at + length).filter(|at| begins.contains(&(at % tokens.len())));
                    let starts: BTreeSet<usize> = here.map(|it| it - at).chain([0]).collect();
                    round[at..at + length] == window.tokens
                        && starts.into_iter().eq(window.starts.iter().copied())
                })
                .expect("a window is a run of the source")
        };
        let places: Vec<usize> = drawn.iter().map(place).collect();
        let first = places.iter().map(|at| at % length).min().unwrap();
        let mut sorted = places.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert!(sorted.len() * 10 > windows * 9, "windows stand apart");
        assert!(
            drawn
                .iter()
                .all(|it| it.epoch == epoch as u64 && it.source == 0)
        );
        assert!(places != sorted, "shuffled");
        orders.push((first, places));
    }
    assert_ne!(orders[0].1, orders[1].1);
}

#[test]
fn a_window_knows_its_documents() {
    let dir = tempfile::tempdir().unwrap();
    let corpus = corpus(dir.path());
    let windows = Windows::new(&corpus, &settings(50, &[])).unwrap();
    let mut many = 0;
    for window in windows.take(300) {
        let ends = window.starts[1..].iter().copied().chain([50]);
        let parts = window.starts.iter().zip(ends).zip(&window.documents);
        for ((&from, to), &document) in parts {
            let whole = corpus.document(document).tokens;
            let part = &window.tokens[from..to];
            assert!(whole.windows(part.len()).any(|run| run == part));
            many += usize::from(part.len() == whole.len());
        }
        assert_eq!(window.starts.len(), window.documents.len());
    }
    assert!(many > 100, "most windows have whole documents: {many}");
    assert_eq!(corpus.labels(200), ("und", "prose"));
}

#[test]
fn shares_are_those_of_the_weights_at_every_moment() {
    let dir = tempfile::tempdir().unwrap();
    let corpus = corpus(dir.path());
    let mixture = settings(16, &[("long", 3.0, None), ("short", 1.0, None)]);
    let windows = Windows::new(&corpus, &mixture).unwrap();
    assert_eq!(windows.sources().collect::<Vec<_>>(), ["long", "short"]);
    let drawn: Vec<usize> = windows.take(12).map(|it| it.source).collect();
    // 1/3, 2/3, 3/3 before 1/1, then 4/3, 5/3, 6/3 before 2/1.
    assert_eq!(drawn, [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
    // Used up, the one leaves its turns to the other.
    let mixture = settings(16, &[("long", 1.0, None), ("short", 1.0, Some(2))]);
    let windows = Windows::new(&corpus, &mixture).unwrap();
    let per_epoch: Vec<u64> = windows.windows_per_epoch().collect();
    let short = windows.take(100).filter(|it| it.source == 1).count() as u64;
    assert_eq!(short, 2 * per_epoch[1]);
}

#[test]
fn a_source_shorter_than_a_window_goes_round() {
    let dir = tempfile::tempdir().unwrap();
    let corpus = corpus(dir.path());
    let (tokens, _) = whole(&corpus, 200..201);
    let length = tokens.len() * 2 + 3;
    let mut windows = Windows::new(&corpus, &settings(length, &[("short", 1.0, None)])).unwrap();
    let window = windows.next().unwrap();
    assert_eq!(window.tokens.len(), length);
    let begins = window.starts[1];
    assert_eq!(window.tokens[begins..begins + tokens.len()], tokens);
    assert!(
        window.starts[1..]
            .windows(2)
            .all(|it| it[1] - it[0] == tokens.len())
    );
}

#[test]
fn a_cursor_resumes_with_the_very_next_window() {
    let dir = tempfile::tempdir().unwrap();
    let corpus = corpus(dir.path());
    let settings = WindowSettings {
        length: 24,
        seed: 11,
        mixture: vec![],
    };
    let mut whole = Windows::new(&corpus, &settings).unwrap();
    let all: Vec<Window> = whole.by_ref().take(400).collect();
    let per_epoch: u64 = whole.windows_per_epoch().sum();
    assert!(per_epoch < 300, "the stream passes into its second epoch");
    for at in [0, 1, 57, 299, 399] {
        let mut stream = Windows::new(&corpus, &settings).unwrap();
        assert_eq!(stream.by_ref().take(at).count(), at);
        let cursor = serde_json::to_string(&stream.cursor()).unwrap();
        let cursor: Cursor = serde_json::from_str(&cursor).unwrap();
        let resumed = Windows::resume(&corpus, &settings, &cursor).unwrap();
        let rest: Vec<Window> = resumed.take(400 - at).collect();
        assert!(rest == all[at..], "{at}");
    }
    let other = WindowSettings {
        seed: 12,
        ..settings
    };
    let first = Windows::new(&corpus, &other).unwrap().next().unwrap();
    assert_ne!(first, all[0]);
    let error = Windows::resume(&corpus, &other, &whole.cursor()).unwrap_err();
    assert!(matches!(error, WindowError::Cursor { .. }));
}

#[test]
fn settings_that_do_not_fit_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let corpus = corpus(dir.path());
    let fault = |length, mixture: &[_]| {
        let error = Windows::new(&corpus, &settings(length, mixture)).unwrap_err();
        error.to_string()
    };
    assert!(fault(0, &[]).contains("length"));
    assert!(fault(8, &[("web", 1.0, None)]).contains("no source `web`; it has `long`, `short`"));
    assert!(fault(8, &[("long", 0.0, None)]).contains("mixture.long.weight = 0"));
    assert!(fault(8, &[("long", f64::NAN, None)]).contains("NaN"));
    assert!(fault(8, &[("long", 1.0, None), ("long", 1.0, None)]).contains("each source once"));
}
