//! What a model takes, from its settings alone: `r1 count`.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use moe_model::{CacheCount, DecoderConfig, ParameterCount, Preset};
use serde_json::{Value, json};

use crate::usage::{UsageError, unknown};

/// Prints the counts of a preset's name, a checkpoint's directory or a `config.json`.
///
/// # Errors
/// A name or path that does not exist ([`UsageError`]); a `config.json` that describes no model.
pub fn run(model: &str, json: bool) -> Result<()> {
    let config = config(model)?;
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", to_json(model, &config))?;
    } else {
        writeln!(out, "{}", table(&rows(&config)))?;
    }
    Ok(())
}

/// A name goes before a directory that is called the same; `./tiny` is the directory.
fn config(model: &str) -> Result<DecoderConfig> {
    if let Some(preset) = Preset::named(model) {
        return Ok(preset.config());
    }
    let path = Path::new(model);
    if path.is_dir() {
        let file = path.join("config.json");
        if file.is_file() {
            return Ok(DecoderConfig::read(&file)?);
        }
        return Err(UsageError(format!("{model} is a directory without config.json")).into());
    }
    if path.is_file() {
        return Ok(DecoderConfig::read(path)?);
    }
    let names = Preset::ALL.map(Preset::name);
    let error = unknown("model", model, &names);
    let paths = "; or give a directory with config.json, or such a file";
    Err(UsageError(error.0 + paths).into())
}

/// Bytes of a number.
const F32: usize = 4;
const BF16: usize = 2;

fn to_json(model: &str, config: &DecoderConfig) -> Value {
    let count = ParameterCount::new(config);
    let cache = CacheCount::new(config);
    let bytes = |numbers: usize| json!({ "f32": numbers * F32, "bf16": numbers * BF16 });
    json!({
        "model": model,
        "total": count.total,
        "active": count.active,
        "mtp": count.mtp,
        "bytes": bytes(count.total),
        "cache_bytes_per_token": { "held": bytes(cache.held), "expanded": bytes(cache.expanded) },
    })
}

type Row = [String; 4];

fn rows(config: &DecoderConfig) -> Vec<Row> {
    let count = ParameterCount::new(config);
    let cache = CacheCount::new(config);
    let row = |name: &str, numbers: usize| {
        let bytes = |each| size(numbers * each);
        [name.to_owned(), grouped(numbers), bytes(F32), bytes(BF16)]
    };
    let mut rows = vec![
        ["".into(), "numbers".into(), "f32".into(), "bf16".into()],
        row("parameters", count.total),
        row("active for a token", count.active),
        row("KV cache a token", cache.held),
        row("KV cache, expanded", cache.expanded),
    ];
    if count.mtp > 0 {
        rows.insert(3, row("to predict further tokens", count.mtp));
    }
    rows
}

fn table(rows: &[Row]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let line = |row: &Row| {
        let name = format!("{:<1$}", row[0], width(0));
        let cells = (1..4).map(|column| format!("  {:>1$}", row[column], width(column)));
        name + &cells.collect::<String>()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Digits in groups of three: `1,234`.
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in decimal units: `1.42 GB`.
fn size(bytes: usize) -> String {
    let units = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let n = bytes as f64;
    match units.iter().find(|(size, _)| n >= *size) {
        Some((size, unit)) => format!("{:.2} {unit}", n / size),
        None => format!("{n} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_aligned_columns() {
        let config = Preset::DeepseekV3.config();
        let expected = "                                   numbers        f32      bf16
parameters                 671,026,419,200    2.68 TB   1.34 TB
active for a token          37,552,297,472  150.21 GB  75.10 GB
to predict further tokens   11,610,068,224   46.44 GB  23.22 GB
KV cache a token                    35,136  140.54 kB  70.27 kB
KV cache, expanded               2,498,560    9.99 MB   5.00 MB";
        assert_eq!(table(&rows(&config)), expected);
    }

    #[test]
    fn the_same_is_told_to_programs() {
        let json = to_json("tiny", &Preset::Tiny.config());
        let total = json["total"].as_u64().unwrap();
        assert_eq!(json["bytes"]["bf16"], 2 * total);
        // Four blocks of a latent of 48 and a rotary key of 8; four heads of 24 + 8 + 32.
        assert_eq!(json["cache_bytes_per_token"]["held"]["f32"], 4 * 4 * 56);
        assert_eq!(
            json["cache_bytes_per_token"]["expanded"]["f32"],
            4 * 4 * 256
        );
    }

    #[test]
    fn a_directory_and_its_file_count_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.json");
        let text = r#"{"model_type": "llama", "vocab_size": 10, "hidden_size": 8,
            "num_hidden_layers": 1, "intermediate_size": 12, "num_attention_heads": 2,
            "max_position_embeddings": 16}"#;
        std::fs::write(&file, text).unwrap();
        let counts = [dir.path(), &file].map(|path| {
            let config = config(path.to_str().unwrap()).unwrap();
            ParameterCount::new(&config).total
        });
        // Two of 10·8; four of 8·8; three of 8·12; three norms of 8.
        assert_eq!(counts, [160 + 256 + 288 + 24; 2]);
        std::fs::remove_file(&file).unwrap();
        let error = config(dir.path().to_str().unwrap()).unwrap_err();
        assert!(error.is::<UsageError>(), "{error}");
    }

    #[test]
    fn sizes_are_decimal() {
        assert_eq!(size(999), "999 B");
        assert_eq!(size(70_272), "70.27 kB");
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_000_000), "1,000,000");
    }
}
