//! Which crate may import which, and what must stay free of the tensor library.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};
use toml::Value;

use crate::program::{root, toml};

/// Every arrow between two crates of the workspace. Algorithms never import the model.
const ALLOWED: [(&str, &[&str]); 18] = [
    ("data", &[]),
    ("gguf", &[]),
    ("kernels", &[]),
    ("xtask", &[]),
    ("encoder", &["kernels"]),
    ("lm", &["data", "kernels"]),
    ("moe-model", &["gguf", "kernels", "lm"]),
    ("trainer", &["kernels", "lm"]),
    ("rewards", &["data"]),
    ("corpus", &["data", "rewards"]),
    ("endpoint", &["data"]),
    ("sft", &["data", "lm", "trainer"]),
    ("grpo", &["data", "lm", "rewards", "trainer"]),
    (
        "distill",
        &["corpus", "data", "lm", "rewards", "sft", "trainer"],
    ),
    ("eval", &["data", "lm", "rewards"]),
    ("serve", &["data", "lm"]),
    (
        "r1",
        &[
            "corpus",
            "data",
            "distill",
            "encoder",
            "endpoint",
            "eval",
            "gguf",
            "grpo",
            "kernels",
            "lm",
            "moe-model",
            "rewards",
            "serve",
            "sft",
            "trainer",
        ],
    ),
    ("integration", &["data", "eval", "r1"]),
];

/// Crates that compile without the tensor library.
const LIGHT: [&str; 8] = [
    "corpus", "data", "distill", "endpoint", "eval", "gguf", "rewards", "xtask",
];

#[test]
fn there_is_no_arrow_but_these() {
    let allowed = BTreeMap::from(ALLOWED);
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo describes the workspace");
    let members: BTreeSet<&str> = metadata
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    assert_eq!(
        members,
        allowed.keys().copied().collect(),
        "the crates of the workspace"
    );
    for package in &metadata.packages {
        for dependency in &package.dependencies {
            let inside = members.contains(dependency.name.as_str());
            if inside && dependency.kind == DependencyKind::Normal {
                assert!(
                    allowed[package.name.as_str()].contains(&dependency.name.as_str()),
                    "{} must not import {}",
                    package.name,
                    dependency.name
                );
            }
        }
    }
}

#[test]
fn light_crates_never_reach_the_tensor_library() {
    let lock = lock();
    for start in LIGHT {
        let mut seen = BTreeSet::from([start.to_owned()]);
        let mut open = vec![start.to_owned()];
        while let Some(package) = open.pop() {
            assert!(
                !package.starts_with("burn") && !package.starts_with("cubecl"),
                "{start} reaches {package}"
            );
            for dependency in &lock[&package] {
                if seen.insert(dependency.clone()) {
                    open.push(dependency.clone());
                }
            }
        }
    }
}

/// Cargo.lock as names: whatever any version of a package depends on, for any platform.
fn lock() -> BTreeMap<String, Vec<String>> {
    let lock = toml("Cargo.lock");
    let mut graph: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in lock["package"].as_array().expect("a list of packages") {
        let name = package["name"].as_str().expect("a name").to_owned();
        let dependencies = package.get("dependencies").and_then(Value::as_array);
        graph.entry(name).or_default().extend(
            // "name", or "name version" where there are two.
            dependencies
                .into_iter()
                .flatten()
                .filter_map(|entry| Some(entry.as_str()?.split(' ').next()?.to_owned())),
        );
    }
    graph
}
