//! A hub on this machine, and a cache filled beforehand.

mod server;

use std::path::Path;
use std::sync::{Arc, Mutex};

use server::{COMMIT, Server, sha256};
use tempfile::TempDir;

use super::*;
use crate::Problem;

const SHORT: &[u8] = b"{\"question\": \"1 + 1?\", \"answer\": 2}\n";

/// More than is kept outside the store.
fn long() -> Vec<u8> {
    SHORT.repeat(4000)
}

fn settings(endpoint: &str, cache: &TempDir) -> Settings {
    Settings {
        endpoint: endpoint.to_owned(),
        cache: cache.path().to_owned(),
        offline: false,
        token: None,
    }
}

fn hub(server: &Server, cache: &TempDir) -> Hub {
    Hub::new(settings(&server.endpoint(), cache))
}

fn offline(cache: &TempDir) -> Hub {
    let settings = settings("http://127.0.0.1:1", cache);
    Hub::new(Settings {
        offline: true,
        ..settings
    })
}

fn cache() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn blob(cache: &TempDir, etag: &str) -> PathBuf {
    cache.path().join("datasets--owner--name/blobs").join(etag)
}

#[test]
fn a_data_set_is_downloaded_once_and_then_read_from_the_cache() {
    let long = long();
    let server = Server::start(&[("data/train.jsonl", &long), ("data/test.jsonl", SHORT)]);
    let cache = cache();
    let dataset = hub(&server, &cache).dataset("owner/name").unwrap();
    let file = dataset.files().next().unwrap().to_owned();
    assert!(file.ends_with(format!("snapshots/{COMMIT}/data/train.jsonl")));
    assert_eq!(std::fs::read(&file).unwrap(), long);
    assert_eq!(std::fs::read(blob(&cache, &sha256(&long))).unwrap(), long);
    let problem = dataset.records::<Problem>().next().unwrap().unwrap();
    assert_eq!(
        (problem.id.as_str(), problem.family.as_str()),
        ("name-train-1", "name")
    );
    // The store is asked once: the hub sends on, the store serves.
    assert_eq!(server.downloads(), 2);
    hub(&server, &cache).dataset("owner/name:train").unwrap();
    assert_eq!(server.downloads(), 2);
    let again = offline(&cache).dataset("owner/name").unwrap();
    assert_eq!(again.files().next().unwrap(), file);
}

#[test]
fn a_download_that_breaks_off_goes_on() {
    let long = long();
    let server = Server::start(&[("train.jsonl", &long)]);
    let cache = cache();
    server.state().cut = Some(50_000);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = seen.clone();
    let hub = hub(&server, &cache).with_progress(move |file, done, all| {
        told.lock().unwrap().push((file.to_owned(), done, all));
    });
    hub.dataset("owner/name").unwrap();
    let length = long.len() as u64;
    assert_eq!(
        seen.lock().unwrap().last(),
        Some(&("train.jsonl".to_owned(), length, length))
    );
    let ranges: Vec<String> = server
        .state()
        .asked
        .iter()
        .filter_map(|asked| asked.2.clone())
        .collect();
    // Asked of the hub, then of the store.
    assert_eq!(ranges, ["50000-", "50000-"]);
    // What another run left behind is taken up.
    let second = self::cache();
    let part = blob(&second, &format!("{}.incomplete", sha256(&long)));
    std::fs::create_dir_all(part.parent().unwrap()).unwrap();
    std::fs::write(&part, &long[..70_000]).unwrap();
    self::hub(&server, &second).dataset("owner/name").unwrap();
    assert!(
        server
            .state()
            .asked
            .iter()
            .any(|asked| asked.2.as_deref() == Some("70000-"))
    );
    assert_eq!(std::fs::read(blob(&second, &sha256(&long))).unwrap(), long);
    assert!(!part.exists());
}

#[test]
fn what_is_damaged_is_thrown_away() {
    let long = long();
    let server = Server::start(&[("train.jsonl", &long)]);
    let cache = cache();
    server.state().damaged = true;
    let error = hub(&server, &cache)
        .dataset("owner/name")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("train.jsonl: has SHA-256") && error.contains(&sha256(&long)),
        "{error}"
    );
    let blobs = cache.path().join("datasets--owner--name/blobs");
    assert_eq!(std::fs::read_dir(blobs).unwrap().count(), 0);
    server.state().damaged = false;
    hub(&server, &cache).dataset("owner/name").unwrap();
}

#[test]
fn the_token_goes_to_the_hub_alone() {
    let server = Server::start(&[("train.jsonl", &long())]);
    let cache = cache();
    let token = Some("secret".to_owned());
    let settings = settings(&server.endpoint(), &cache);
    Hub::new(Settings { token, ..settings })
        .dataset("owner/name")
        .unwrap();
    for (_, path, _, token) in &server.state().asked {
        assert_eq!(*token, !path.starts_with("/store/"), "{path}");
    }
}

#[test]
fn without_a_network_the_cache_serves_or_the_message_helps() {
    let cache = cache();
    let cut_off = Hub::new(settings("http://127.0.0.1:1", &cache));
    let error = cut_off.dataset("owner/name").unwrap_err().to_string();
    assert!(
        error.contains("http://127.0.0.1:1/api/datasets/owner/name"),
        "{error}"
    );
    assert!(
        error.contains("HF_ENDPOINT") && error.contains(cache.path().to_str().unwrap()),
        "{error}"
    );
    let error = offline(&cache)
        .dataset("owner/name")
        .unwrap_err()
        .to_string();
    assert!(error.contains("HF_HUB_OFFLINE is set"), "{error}");
    fill(&cache, "refs/main", COMMIT.as_bytes());
    let snapshot = format!("snapshots/{COMMIT}");
    fill(
        &cache,
        &format!("{snapshot}/main/train-00000-of-00002.jsonl"),
        SHORT,
    );
    let error = offline(&cache)
        .dataset("owner/name:main/train")
        .unwrap_err()
        .to_string();
    assert!(error.contains("1 of the 2 files"), "{error}");
    fill(
        &cache,
        &format!("{snapshot}/main/train-00001-of-00002.jsonl"),
        SHORT,
    );
    let by_commit = format!("owner/name@{COMMIT}:main/train");
    for hub in [&offline(&cache), &cut_off] {
        for name in ["owner/name:main/train", &by_commit] {
            let dataset = hub.dataset(name).unwrap();
            assert_eq!(
                dataset.records::<Problem>().gather().unwrap().records.len(),
                2
            );
        }
    }
}

/// Puts a file into the cache as another client would have.
fn fill(cache: &TempDir, name: &str, content: &[u8]) {
    let path = cache.path().join("datasets--owner--name").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

#[test]
fn the_hub_says_no_in_several_ways() {
    let server = Server::start(&[("train.jsonl", SHORT)]);
    let cache = cache();
    let message = |name: &str| hub(&server, &cache).dataset(name).unwrap_err().to_string();
    assert!(message("other/name").contains("not found; check owner"));
    assert!(message("owner/name:test").contains("it has train.jsonl"));
    assert!(message("owner name").contains("write owner/name"));
    for (status, said) in [
        (401, "HF_TOKEN"),
        (403, "accept its conditions"),
        (503, "status 503"),
    ] {
        server.state().status = Some(status);
        let message = message("owner/name");
        assert!(message.contains(said), "{message}");
    }
}

fn index(shards: &[&str]) -> Vec<u8> {
    let map: serde_json::Map<_, _> = shards
        .iter()
        .enumerate()
        .map(|(at, shard)| (format!("layer.{at}"), (*shard).into()))
        .collect();
    serde_json::json!({ "metadata": {}, "weight_map": map })
        .to_string()
        .into_bytes()
}

#[test]
fn a_model_is_what_is_needed_to_open_it() {
    let shards = [
        "a-00001-of-00002.safetensors",
        "a-00002-of-00002.safetensors",
    ];
    let map = index(&[shards[0], shards[1], shards[0]]);
    let weights = long();
    let server = Server::start(&[
        ("config.json", b"{}"),
        ("tokenizer.json", b"{\"a\": 1}"),
        ("chat_template.jinja", b"{{ x }}"),
        ("consolidated.safetensors", b"twice"),
        ("pytorch_model.bin", b"no"),
        ("model.safetensors.index.json", &map),
        (shards[0], &weights),
        (shards[1], &weights[..weights.len() - 1]),
    ]);
    let cache = cache();
    let model = hub(&server, &cache).model("owner/name").unwrap();
    assert_eq!((model.commit.as_str(), model.cached), (COMMIT, false));
    let mut names: Vec<String> = std::fs::read_dir(&model.dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut expected = model.files.clone();
    expected.sort();
    assert_eq!(names, expected);
    assert_eq!(names.len(), 6, "{names:?}");
    assert_eq!(std::fs::read(model.dir.join(shards[0])).unwrap(), weights);
    let kept = offline(&cache).model("owner/name").unwrap();
    assert_eq!((&kept.dir, kept.cached), (&model.dir, true));
    std::fs::remove_file(model.dir.join(shards[1])).unwrap();
    let error = offline(&cache).model("owner/name").unwrap_err().to_string();
    assert!(
        error.contains("there is no a-00002-of-00002.safetensors"),
        "{error}"
    );
}

#[test]
fn a_model_that_cannot_be_opened_is_not_downloaded() {
    let weights = long();
    for (files, lacks) in [
        (
            vec![("config.json", &b"{}"[..]), ("model.safetensors", &weights)],
            "tokenizer.json",
        ),
        (
            vec![("config.json", b"{}"), ("tokenizer.json", b"{}")],
            "model.safetensors",
        ),
    ] {
        let server = Server::start(&files);
        let error = hub(&server, &cache())
            .model("owner/name")
            .unwrap_err()
            .to_string();
        assert!(error.contains(&format!("there is no {lacks}")), "{error}");
        assert_eq!(server.downloads(), 0);
    }
    let part = offline(&cache())
        .model("owner/name:x")
        .unwrap_err()
        .to_string();
    assert!(part.contains("taken whole"), "{part}");
}

#[test]
fn revisions_with_slashes_are_asked_for_and_remembered() {
    let server = Server::start(&[("main/train/0000.jsonl", SHORT)]);
    let cache = cache();
    let name = "owner/name@refs/convert/parquet";
    let file = hub(&server, &cache)
        .dataset(name)
        .unwrap()
        .files()
        .next()
        .map(Path::to_owned);
    assert!(
        server.state().asked[0]
            .1
            .ends_with("/revision/refs%2Fconvert%2Fparquet")
    );
    let again = offline(&cache).dataset(name).unwrap();
    assert_eq!(again.files().next(), file.as_deref());
}
