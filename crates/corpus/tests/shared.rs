//! The crate on real text: languages by the hundred, and near duplicates of web pages. Skipped where the texts
//! are not there.

#[path = "../examples/near.rs"]
mod near;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use corpus::{
    Document, PackSettings, Packing, QualitySettings, ShardedTokens, Source, SourceWeight,
    WindowSettings, Windows,
};
use data::Tokenizer;

fn shared(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    Some(root.join(path)).filter(|path| path.exists())
}

#[test]
fn near_duplicates_of_web_pages_are_told() {
    let Some(path) = shared("text/c4_demo.jsonl") else {
        return;
    };
    let measured = near::measure(&path).unwrap();
    assert!(
        measured.pairs > 2000 && measured.alike > 500,
        "{measured:?}"
    );
    assert!(measured.precision() > 0.85, "{measured:?}");
    assert!(measured.recall() > 0.85, "{measured:?}");
    assert_eq!(
        (measured.missed, measured.strangers),
        (0, 0),
        "{measured:?}"
    );
}

/// The declaration of human rights in every language, web pages, an encyclopaedia and programs.
fn sources() -> Option<Vec<Source<'static>>> {
    let json = |path: &str| -> Option<Vec<serde_json::Value>> {
        let text = std::fs::read_to_string(shared(path)?).unwrap();
        Some(
            text.lines()
                .map(|it| serde_json::from_str(it).unwrap())
                .collect(),
        )
    };
    let text = |record: &serde_json::Value, field: &str| record[field].as_str().map(str::to_owned);
    let udhr = json("lang/udhr_all.jsonl")?.into_iter().map(move |record| {
        Ok(Document {
            text: text(&record, "text").unwrap(),
            language: text(&record, "code"),
            ..Document::default()
        })
    });
    let code = json("code/mbpp.jsonl")?.into_iter().map(move |record| {
        Ok(Document {
            text: text(&record, "code").unwrap(),
            language: Some("python".into()),
            ..Document::default()
        })
    });
    let wiki = std::fs::read_to_string(shared("text/wiki_demo.txt")?).unwrap();
    let wiki: Vec<_> = wiki
        .lines()
        .map(|line| {
            Ok(Document {
                text: line.into(),
                ..Document::default()
            })
        })
        .collect();
    let web: Vec<_> = corpus::jsonl(&shared("text/c4_demo.jsonl")?)
        .unwrap()
        .collect();
    Some(vec![
        Source::new("udhr", udhr),
        Source::new("web", web.into_iter()),
        Source::new("wiki", wiki.into_iter()),
        Source::new("code", code),
    ])
}

#[test]
fn a_mixture_of_more_than_fifty_two_languages_is_packed_and_reported() {
    let (Some(sources), Some(json)) = (sources(), shared("tokenizers/smollm2.tokenizer.json"))
    else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(json, dir.path().join("tokenizer.json")).unwrap();
    std::fs::write(
        dir.path().join("generation_config.json"),
        r#"{"eos_token_id": 0}"#,
    )
    .unwrap();
    let tokenizer = Tokenizer::open(dir.path()).unwrap();
    let settings = PackSettings {
        quality: QualitySettings {
            fewest_words: Some(10),
            ..QualitySettings::default()
        },
        ..PackSettings::default()
    };
    let held_out = ["Write a function to find the minimum cost path to reach (m, n)".to_owned()];
    let packing = Packing {
        tokenizer: &tokenizer,
        settings: &settings,
        held_out: &held_out,
    };
    let out = dir.path().join("corpus");
    let manifest =
        corpus::pack(&out, &packing, sources, &mut |_| ControlFlow::Continue(())).unwrap();
    let report = &manifest.report;
    assert!(
        report.by_language.len() >= 300,
        "{}",
        report.by_language.len()
    );
    for (language, counts) in &report.by_language {
        let tokens = counts.tokens_per_character();
        // A character has at most four bytes, and a byte is a token at most.
        assert!(tokens > 0.1 && tokens < 4.0, "{language}: {tokens}");
    }
    let english = report.by_language["eng"].tokens_per_character();
    assert!(english < 0.3 && report.by_language["khm"].tokens_per_character() > 3.0 * english);
    // Identified, since the source does not say.
    assert!(report.by_language["en"].documents > 250);
    assert!(
        report.by_domain["code"].documents > 600,
        "{:?}",
        report.by_domain
    );
    assert!(
        report.by_domain["prose"].documents > 600,
        "{:?}",
        report.by_domain
    );
    let dropped = report.rejected.values().sum::<u64>()
        + report.held_out
        + report.exact_duplicates
        + report.near_duplicates;
    assert_eq!(report.read, report.kept.documents + dropped);

    let corpus = ShardedTokens::open(&out).unwrap();
    corpus.verify().unwrap();
    let mixture = [("udhr", 2.0), ("web", 1.0), ("wiki", 1.0), ("code", 1.0)];
    let mixture = mixture.map(|(name, weight)| SourceWeight {
        name: name.into(),
        weight,
        epochs: None,
    });
    let drawn = WindowSettings {
        length: 512,
        seed: 1,
        mixture: mixture.into(),
    };
    let windows = Windows::new(&corpus, &drawn).unwrap().take(100);
    let udhr = windows.filter(|window| window.source == 0).count();
    assert_eq!(udhr, 40);
}
