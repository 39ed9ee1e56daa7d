//! Which files of a data set are meant by a split, a configuration or a pattern.
//!
//! Names alone decide, as `main/train-00000-of-00002.parquet` and `test.jsonl` do. Files that differ in
//! nothing but the number of a shard belong together; whatever else could be meant is refused with
//! a list, since two configurations read as one would pass unnoticed.

use std::collections::BTreeMap;

use super::glob::{fits, is_pattern};
use crate::dataset::is_data;

/// Why nothing was picked, and what there is.
pub(super) type Unclear = (String, String);

/// Shards of one table: the name they share, and their files.
type Tables<'a> = BTreeMap<String, Vec<&'a str>>;

/// The files of a data set that `part` means, in order.
pub(super) fn data(files: &[String], part: Option<&str>) -> Result<Vec<String>, Unclear> {
    // Some repositories describe themselves in a file that has the form of records.
    let records = |file: &&str| is_data(file) && *file != "dataset_infos.json";
    let data: Vec<&str> = files.iter().map(String::as_str).filter(records).collect();
    if let Some(pattern) = part.filter(|part| is_pattern(part) || is_data(part)) {
        let mut found: Vec<String> = Vec::new();
        found.extend(
            data.iter()
                .filter(|f| fits(pattern, f))
                .map(ToString::to_string),
        );
        found.sort();
        return match found.is_empty() {
            true => Err((
                format!("no file with records is named {pattern}"),
                list(&data),
            )),
            false => Ok(found),
        };
    }
    let mut tables = Tables::new();
    for file in data {
        tables.entry(table(file)).or_default().push(file);
    }
    let names: Vec<&str> = tables.keys().map(String::as_str).collect();
    let chosen = match part {
        None => with_split(&names, "train").or_else(|| (names.len() == 1).then(|| names.clone())),
        Some(part) => match part.split_once('/') {
            Some((config, split)) => with_split(&with_word(&names, config), split),
            None => called(&names, part)
                .or_else(|| {
                    let config = with_word(&names, part);
                    with_split(&config, "train").or((config.len() == 1).then_some(config))
                })
                .or_else(|| with_split(&names, part)),
        },
    };
    let wanted = part.unwrap_or("train");
    match chosen.as_deref() {
        Some([name]) => whole(name, &tables[*name], &list(&names)),
        Some(several) => {
            let reason = format!("`{wanted}` could be several; write one as a pattern behind `:`");
            Err((reason, list(several)))
        }
        None => {
            let reason = format!("no file with records is named as `{wanted}` is");
            Err((reason, list(&names)))
        }
    }
}

/// The tables of a split: called exactly so where there are such, else having it in their name.
fn with_split<'a>(names: &[&'a str], split: &str) -> Option<Vec<&'a str>> {
    called(names, split).or_else(|| {
        let found = with_word(names, split);
        (!found.is_empty()).then_some(found)
    })
}

/// The tables that are called just so, as `train-*.parquet` and `train/*.parquet` are.
fn called<'a>(names: &[&'a str], split: &str) -> Option<Vec<&'a str>> {
    let exact = |name: &&&str| {
        let path = name.split_once('.').map_or(**name, |(path, _)| path);
        let mut steps = path.rsplit('/');
        let last = steps.next().map(|step| step.trim_end_matches(['*', '-']));
        let meant = if last == Some("") { steps.next() } else { last };
        meant == Some(split)
    };
    let found: Vec<&str> = names.iter().filter(exact).copied().collect();
    (!found.is_empty()).then_some(found)
}

/// The tables that have a word in their name, between marks.
fn with_word<'a>(names: &[&'a str], word: &str) -> Vec<&'a str> {
    let has = |name: &&&str| {
        let mut places = name.match_indices(word);
        places.any(|(at, _)| {
            let before = name[..at].chars().next_back();
            let after = name[at + word.len()..].chars().next();
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        })
    };
    names.iter().filter(has).copied().collect()
}

/// The name that the shards of a table share: numbers that stand alone become `*`.
fn table(file: &str) -> String {
    let (folder, name) = file.rsplit_once('/').map_or(("", file), |(a, b)| (a, b));
    let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
    let shared = match shard(stem) {
        Some((stem, ..)) => format!("{stem}-*"),
        None if !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_digit()) => "*".to_owned(),
        None => stem.to_owned(),
    };
    let folder = if folder.is_empty() {
        String::new()
    } else {
        format!("{folder}/")
    };
    format!("{folder}{shared}.{extension}")
}

/// Name, number and count of `train-00000-of-00002` or `train-00000-of-00002-a1b2c3`.
fn shard(stem: &str) -> Option<(&str, u32, u32)> {
    let (before, after) = stem.rsplit_once("-of-")?;
    let count = after.split('-').next()?.parse().ok()?;
    let (name, number) = before.rsplit_once('-')?;
    Some((name, number.parse().ok()?, count))
}

/// All the shards of a table, if none is missing.
fn whole(name: &str, files: &[&str], all: &str) -> Result<Vec<String>, Unclear> {
    let mut files: Vec<String> = files.iter().map(ToString::to_string).collect();
    files.sort();
    let stem = |file: &str| {
        let name = file.rsplit('/').next().unwrap_or(file);
        name.split('.').next().unwrap_or(name).to_owned()
    };
    let first = files.first().map(|file| stem(file)).unwrap_or_default();
    match shard(&first) {
        Some((_, _, count)) if files.len() != count as usize => Err((
            format!("{} of the {count} files {name} are there", files.len()),
            all.to_owned(),
        )),
        _ => Ok(files),
    }
}

/// The first names of many.
fn list(names: &[&str]) -> String {
    const SHOWN: usize = 20;
    match names.len() {
        0 => "no file with records (*.jsonl, *.json, *.parquet)".to_owned(),
        n if n > SHOWN => format!("{} and {} more", names[..SHOWN].join(", "), n - SHOWN),
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(files: &[&str], part: Option<&str>) -> Result<Vec<String>, String> {
        let files: Vec<String> = files.iter().map(ToString::to_string).collect();
        data(&files, part).map_err(|(reason, files)| format!("{reason}; it has {files}"))
    }

    const GSM8K: [&str; 6] = [
        "README.md",
        "main/test-00000-of-00001.parquet",
        "main/train-00001-of-00002.parquet",
        "main/train-00000-of-00002.parquet",
        "socratic/test-00000-of-00001.parquet",
        "socratic/train-00000-of-00001.parquet",
    ];

    #[test]
    fn configurations_and_splits_are_found_by_name() {
        let train = [
            "main/train-00000-of-00002.parquet",
            "main/train-00001-of-00002.parquet",
        ];
        assert_eq!(pick(&GSM8K, Some("main/train")).unwrap(), train);
        assert_eq!(pick(&GSM8K, Some("main")).unwrap(), train);
        assert_eq!(pick(&GSM8K, Some("main/*.parquet")).unwrap().len(), 3);
        let test = ["socratic/test-00000-of-00001.parquet"];
        assert_eq!(pick(&GSM8K, Some("socratic/test")).unwrap(), test);
        assert_eq!(pick(&GSM8K, Some(test[0])).unwrap(), test);
        let converted = [
            "main/train/0000.parquet",
            "main/train/0001.parquet",
            "main/test/0000.parquet",
        ];
        assert_eq!(pick(&converted, None).unwrap(), converted[..2]);
        let chat = [
            "data/train_sft-00000-of-00001-a1b2.parquet",
            "data/train_gen-00000-of-00001.parquet",
        ];
        assert_eq!(pick(&chat, Some("train_sft")).unwrap(), chat[..1]);
        assert_eq!(
            pick(&["aime.jsonl", "README.md"], None).unwrap(),
            ["aime.jsonl"]
        );
        assert_eq!(
            pick(&["a.jsonl", "gsm8k_train.jsonl.gz"], None).unwrap(),
            ["gsm8k_train.jsonl.gz"]
        );
    }

    #[test]
    fn what_could_be_several_or_none_is_refused_with_a_list() {
        let message = |files: &[&str], part| pick(files, part).unwrap_err();
        let several = message(&GSM8K, None);
        assert!(several.contains("several"), "{several}");
        assert!(
            several.contains("main/train-*.parquet, socratic/train-*.parquet"),
            "{several}"
        );
        let none = message(&GSM8K, Some("validation"));
        assert!(
            none.contains("`validation`") && none.contains("main/test-*.parquet"),
            "{none}"
        );
        let missing = message(&["train-00000-of-00003.parquet"], None);
        assert!(missing.contains("1 of the 3 files"), "{missing}");
        assert!(message(&["README.md"], None).contains("no file with records"));
        assert!(message(&GSM8K, Some("*.csv")).contains("*.csv"));
    }
}
