//! Reads a data set: its first record, how many there are, what was skipped, how fast it went, and
//! the most memory it took.
//!
//! ```text
//! cargo run --release -p data --features parquet,zstd,hub --example read -- \
//!     problems|conversations|texts|records FILE|FOLDER|hub:OWNER/NAME [COLUMN-MAP]
//! ```

#![allow(clippy::print_stdout)]

use std::time::Instant;

use data::dataset::{Dataset, Fault, FromRow};
use data::{Conversation, Problem, Record, Text};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, source, map @ ..] = &arguments[..] else {
        return Err("give problems, conversations, texts or records, then what to read".into());
    };
    let map = map
        .first()
        .map_or(Ok(Default::default()), |map| map.parse())?;
    let dataset = Dataset::open(source)?.with_columns(map);
    match kind.as_str() {
        "problems" => read::<Problem>(&dataset),
        "conversations" => read::<Conversation>(&dataset),
        "texts" => read::<Text>(&dataset),
        "records" => read::<Record>(&dataset),
        _ => Err(format!("`{kind}` is none of problems, conversations, texts and records").into()),
    }
}

fn read<T: FromRow>(dataset: &Dataset) -> Result<(), Box<dyn std::error::Error>> {
    println!("{}\n", dataset.sample::<T>()?);
    let start = Instant::now();
    let (mut used, mut skipped) = (0_usize, 0_usize);
    for record in dataset.records::<T>() {
        match record {
            Ok(_) => used += 1,
            Err(Fault::Skipped(record)) => {
                skipped += 1;
                if skipped <= 5 {
                    println!("{record}");
                }
            }
            Err(Fault::Failed(error)) => return Err(error.into()),
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let lengths = dataset
        .files()
        .map(|file| std::fs::metadata(file).map(|found| found.len()));
    let bytes: u64 = lengths.sum::<Result<u64, _>>()?;
    let megabytes = bytes as f64 / 1e6;
    println!("{used} records, {skipped} skipped, {megabytes:.1} MB in {seconds:.2} s");
    println!(
        "{:.0} MB/s, {:.0} records/s",
        megabytes / seconds,
        used as f64 / seconds
    );
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("peak memory {}", peak.trim_start_matches("VmHWM:").trim());
    }
    Ok(())
}
