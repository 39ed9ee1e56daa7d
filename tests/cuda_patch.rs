//! The stand-in for cubecl's LLVM compiler must be of the version that cubecl-cuda asks for, or cargo
//! would ignore it and fetch the real one.

use crate::program::toml;

/// The version of a package in Cargo.lock, and whether it comes from the registry.
fn locked(name: &str) -> (String, bool) {
    let lock = toml("Cargo.lock");
    let packages = lock["package"].as_array().expect("a list of packages");
    let found: Vec<_> = packages
        .iter()
        .filter(|package| package["name"].as_str() == Some(name))
        .collect();
    assert_eq!(found.len(), 1, "{name} is locked once");
    let version = found[0]["version"].as_str().expect("a version");
    (version.to_owned(), found[0].get("source").is_some())
}

#[test]
fn the_stand_in_has_the_version_of_what_it_stands_for() {
    let manifest = toml("xtask/patches/cubecl-llvm/Cargo.toml");
    let version = manifest["package"]["version"].as_str().expect("a version");
    assert_eq!(locked("cubecl-cuda").0, version);
    assert_eq!(locked("cubecl-llvm"), (version.to_owned(), false));
}
