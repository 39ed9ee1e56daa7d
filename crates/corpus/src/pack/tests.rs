use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use data::Tokenizer;

use super::*;
use crate::{ShardedTokens, SourceError};

fn tokenizer() -> Tokenizer {
    Tokenizer::train((0..50).map(text), 400).unwrap()
}

/// Documents of some thirty words, no two alike.
fn text(i: usize) -> String {
    let words: Vec<String> = (0..30)
        .map(|at| format!("w{}", (i * 7919 + at * 31) % 5003))
        .collect();
    format!("{} number {i}.", words.join(" "))
}

fn documents(range: std::ops::Range<usize>) -> impl Iterator<Item = Result<Document, SourceError>> {
    range.map(|i| {
        Ok(Document {
            text: text(i),
            language: Some(if i.is_multiple_of(3) { "aa" } else { "bb" }.into()),
            ..Document::default()
        })
    })
}

/// Two sources, the second with documents of the first among its own.
fn sources() -> Vec<Source<'static>> {
    vec![
        Source::new("first", documents(0..120)),
        Source::new("second", documents(100..200)),
    ]
}

fn settings() -> PackSettings {
    PackSettings {
        shard_tokens: 4000,
        quality: QualitySettings {
            fewest_words: Some(10),
            fewest_letters: None,
            word_length: None,
            ..QualitySettings::default()
        },
        ..PackSettings::default()
    }
}

fn run(
    dir: &Path,
    settings: &PackSettings,
    sources: Vec<Source>,
    told: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Manifest, PackError> {
    let packing = Packing {
        tokenizer: &tokenizer(),
        settings,
        held_out: &[text(7), text(150)],
    };
    pack(dir, &packing, sources, told)
}

fn on(_: &Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Every file of a directory.
fn bytes(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(dir).unwrap().map(|it| it.unwrap().path());
    files
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(&path).unwrap())
        })
        .collect()
}

#[test]
fn every_document_is_kept_or_counted_under_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let short = Ok(Document {
        text: "Too short.".into(),
        ..Document::default()
    });
    let near = Ok(Document {
        text: text(1) + " indeed",
        ..Document::default()
    });
    let sources = vec![
        Source::new("first", documents(0..120)),
        Source::new("second", documents(100..200).chain([short, near])),
    ];
    let manifest = run(dir.path(), &settings(), sources, &mut on).unwrap();
    let report = &manifest.report;
    assert_eq!(report.read, 222);
    assert_eq!(report.rejected, BTreeMap::from([("too_short".into(), 1)]));
    assert_eq!(
        (
            report.held_out,
            report.exact_duplicates,
            report.near_duplicates
        ),
        (2, 20, 1)
    );
    assert_eq!(report.kept.documents, 222 - 1 - 2 - 20 - 1);
    assert_eq!(report.by_source["first"].documents, 119);
    assert_eq!(report.by_source["second"].documents, 79);
    let aa = (0..200).filter(|i| i % 3 == 0 && *i != 150).count() as u64;
    assert_eq!(report.by_language["aa"].documents, aa);
    assert_eq!(report.by_domain["prose"], report.kept);

    let corpus = ShardedTokens::open(dir.path()).unwrap();
    corpus.verify().unwrap();
    corpus.check_tokenizer(&tokenizer()).unwrap();
    assert_eq!(corpus.documents(), 198);
    let tokenizer = tokenizer();
    for (at, i) in [(0, 0), (7, 8), (118, 119), (119, 120), (197, 199)] {
        let document = corpus.document(at);
        assert_eq!(tokenizer.decode(&document.tokens), text(i));
        assert_eq!(*document.tokens.last().unwrap(), tokenizer.end);
        assert_eq!(document.language, if i % 3 == 0 { "aa" } else { "bb" });
    }
    assert!(manifest.shards.len() > 4);
    let whole = manifest
        .shards
        .iter()
        .filter(|it| it.tokens >= 4000)
        .count();
    assert!(whole >= manifest.shards.len() - 2);
}

#[test]
fn a_run_cut_short_anywhere_ends_with_the_same_bytes() {
    let whole = tempfile::tempdir().unwrap();
    let manifest = run(whole.path(), &settings(), sources(), &mut on).unwrap();
    let expected = bytes(whole.path());
    assert!(expected.len() > 5 && !expected.contains_key("progress"));

    let dir = tempfile::tempdir().unwrap();
    let mut runs = 0;
    loop {
        runs += 1;
        // Every run makes one shard more, or fails in one way or another.
        let mut told = 0;
        let failing = runs % 3 == 0;
        let break_off = documents(0..60).chain([Err("the network is gone".into())]);
        let sources = match failing {
            true => vec![
                Source::new("first", break_off),
                Source::new("second", documents(100..200)),
            ],
            false => sources(),
        };
        let shards = std::cell::Cell::new(None);
        let result = run(dir.path(), &settings(), sources, &mut |progress| {
            told += 1;
            let before: usize = shards.get().unwrap_or(progress.shards);
            shards.set(Some(before));
            match progress.shards > before {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        // What a kill while writing leaves.
        for name in [
            "first-00000.tok.partial",
            "second-00009.tok",
            "progress/00002.json.partial",
        ] {
            if dir.path().join("progress").exists() {
                std::fs::write(dir.path().join(name), "half").unwrap();
            }
        }
        match result {
            Ok(again) => {
                assert_eq!(again, manifest);
                break;
            }
            Err(PackError::Stopped | PackError::Source { .. } | PackError::Changed { .. }) => {}
            Err(other) => panic!("{other}"),
        }
        assert!(runs < 40);
    }
    assert!(runs > 4, "{runs}");
    let mut found = bytes(dir.path());
    for left in ["first-00000.tok.partial", "second-00009.tok"] {
        found.remove(left);
    }
    assert_eq!(found, expected);
    // Whole, it is left as it is.
    assert_eq!(
        run(dir.path(), &settings(), sources(), &mut on).unwrap(),
        manifest
    );
}

#[test]
fn threads_do_not_change_a_byte() {
    let packed = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let dir = tempfile::tempdir().unwrap();
        pool.install(|| {
            run(dir.path(), &settings(), sources(), &mut |_| {
                ControlFlow::Continue(())
            })
            .unwrap();
        });
        bytes(dir.path())
    };
    let one = packed(1);
    assert_eq!(packed(2), one);
    assert_eq!(packed(5), one);
}

#[test]
fn what_does_not_fit_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let stop = &mut |progress: &Progress| match progress.shards {
        0 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    };
    assert!(matches!(
        run(dir.path(), &settings(), sources(), stop),
        Err(PackError::Stopped)
    ));
    let manifest = ShardedTokens::open(dir.path()).unwrap_err().to_string();
    assert!(
        manifest.contains("manifest.json") && manifest.contains("not packed"),
        "{manifest}"
    );
    // Other documents, fewer documents, other settings.
    for changed in [documents(1..120), documents(0..5)] {
        let sources = vec![
            Source::new("first", changed),
            Source::new("second", documents(100..200)),
        ];
        let error = run(dir.path(), &settings(), sources, &mut on).unwrap_err();
        assert!(
            matches!(&error, PackError::Changed { name, .. } if name == "first"),
            "{error}"
        );
    }
    let other = PackSettings {
        shard_tokens: 5000,
        ..settings()
    };
    let error = run(dir.path(), &other, sources(), &mut on).unwrap_err();
    assert!(matches!(error, PackError::Other { .. }));
    // Two at once.
    let error = run(dir.path(), &settings(), sources(), &mut |_| {
        let error = run(dir.path(), &settings(), sources(), &mut on).unwrap_err();
        assert!(matches!(error, PackError::Locked { .. }), "{error}");
        ControlFlow::Continue(())
    });
    error.unwrap();
    assert!(matches!(
        run(dir.path(), &other, sources(), &mut on),
        Err(PackError::Other { .. })
    ));
    for name in ["", "Web", "a/b"] {
        let sources = vec![Source::new(name, documents(0..1))];
        let error = run(dir.path(), &settings(), sources, &mut on).unwrap_err();
        assert!(matches!(error, PackError::Settings(_)));
    }
    let twice = vec![
        Source::new("a", documents(0..1)),
        Source::new("a", documents(0..1)),
    ];
    assert!(run(dir.path(), &settings(), twice, &mut on).is_err());
}

#[test]
fn damage_to_what_was_done_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let stop = &mut |progress: &Progress| match progress.shards {
        0 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    };
    run(dir.path(), &settings(), sources(), stop).unwrap_err();
    for file in [
        "first-00000.tok",
        "progress/00000.sketches",
        "progress/00000.json",
    ] {
        let path = dir.path().join(file);
        let good = std::fs::read(&path).unwrap();
        std::fs::write(&path, &good[..good.len() - 1]).unwrap();
        let error = run(dir.path(), &settings(), sources(), &mut on).unwrap_err();
        let name = Path::new(file).file_name().unwrap().to_str().unwrap();
        assert!(error.to_string().contains(name), "{error}");
        std::fs::write(&path, good).unwrap();
    }
    run(dir.path(), &settings(), sources(), &mut on).unwrap();
    let path = dir.path().join("second-00000.tok");
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 2;
    bytes[last] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let error = ShardedTokens::open(dir.path())
        .unwrap()
        .verify()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("second-00000.tok") && error.contains("SHA-256"),
        "{error}"
    );
    bytes.pop();
    std::fs::write(&path, &bytes).unwrap();
    let error = ShardedTokens::open(dir.path()).unwrap_err().to_string();
    assert!(error.contains("second-00000.tok"), "{error}");
    std::fs::remove_file(&path).unwrap();
    let error = ShardedTokens::open(dir.path()).unwrap_err().to_string();
    assert!(error.contains("second-00000.tok"), "{error}");
}
