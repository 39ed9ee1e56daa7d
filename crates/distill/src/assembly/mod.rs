//! Sets of any size to fine-tune on, out of inputs that memory does not hold.
//!
//! ```text
//! inputs ─judge→ segments on the disk ─compare→ no duplicates ─choose→ train, validation ─write→ files, card
//! ```
//!
//! - **Judge**: an entry has a question and an answer, keeps the rules ([`crate::text_check`], where asked for), and
//!   has no text of an evaluation in it ([`data::ngrams`]). What passes is written down with its sketch.
//! - **Compare**: the same texts and near duplicates are told from the sketches ([`corpus::dedup::find_all`]).
//! - **Choose**: a cap for each question, reasoning and general entries in proportion, domains and levels balanced,
//!   and questions split by their words into training and validation.
//! - **Write**: files in the columns that trainers such as TRL read, and a data card.
//!
//! In memory are the entries in work (32 MB at a time), and of every other one some hundred bytes; texts and
//! sketches lie on the disk, once more than the set itself. Every step is whole or not there: the same call after
//! a kill goes on at the last whole segment or file, and ends with the bytes it would have had. The bytes are the
//! same for any number of threads.
//!
//! Left out: paraphrases and translations, of evaluations as of questions in both splits, and tokens, which
//! depend on the student.
//!
//! ```
//! use std::ops::ControlFlow;
//! use data::{Domain, Sample};
//! use distill::assembly::{AssemblySettings, Entry, HeldOut, Input, Side, assemble_to};
//!
//! let entry = |at: u32, source: &str| {
//!     Ok(Entry::from(Sample {
//!         id: format!("{source}-{at}"),
//!         question: format!("What is {at} + 1, asks {source}?"),
//!         response: format!("<think>{at} and 1 make {}.</think><answer>{}</answer>", at + 1, at + 1),
//!         domain: Domain::Mathematics,
//!         language: "en".into(),
//!         source: source.into(),
//!     }))
//! };
//! let inputs = vec![
//!     Input::new("sums", "MIT", Side::Reasoning, (0..60).map(|at| entry(at, "teacher"))),
//!     Input::new("talk", "CC-BY-4.0", Side::General, (0..40).map(|at| entry(at, "people"))),
//! ];
//! let held_out = [HeldOut { name: "test".into(), texts: vec!["what is 3+1, asks teacher".into()] }];
//! let dir = std::env::temp_dir().join(format!("assembly-doc-{}", std::process::id()));
//! let settings = AssemblySettings { dedup: None, ..AssemblySettings::default() };
//! let card = assemble_to(&dir, &settings, &held_out, inputs, &mut |_| ControlFlow::Continue(()))?;
//! assert_eq!(card.held_out["test"], 1);
//! // 59 of the 60, and 20 of the 40.
//! assert_eq!(card.train + card.validation, 79);
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod card;
mod choose;
mod entry;
mod error;
mod finish;
mod judge;
mod markdown;
mod output;
mod settings;
mod spill;
#[cfg(feature = "parquet")]
mod table;
#[cfg(test)]
mod tests;
mod work;

use std::ops::ControlFlow;
use std::path::Path;

use corpus::files::{Claim, Unclaimed};
use data::files::{sha256, write_whole};

pub use card::{CARD, Card, Example, GateTally, InputTally, Lengths};
pub use entry::{Entries, Entry, HeldOut, Input, Side};
pub use error::AssemblyError;
pub use output::WrittenFile;
pub use settings::{AssemblySettings, Balance, Format};

use card::VERSION;
use choose::choose;
use judge::Judge;
use spill::{Row, Spill};
use work::Work;

/// Entries that are in work together: so many bytes of text.
const BATCH: usize = 32 << 20;

/// Where the work is: told after every step that is whole, and between bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many entries were read in all.
    Judged(u64),
    /// So many bands of sketches were compared.
    Compared(usize),
    /// So many entries were written, of so many.
    Written(usize, usize),
}

/// Makes a set in `dir`, which is made when missing, and returns its card. `told` hears how far it is and may
/// stop it. Called again with the same inputs it goes on where it was, and on a set that is whole it does
/// nothing.
///
/// # Errors
/// [`AssemblyError`]: settings, an input that fails or has changed since, a directory of another set, a disk. All
/// but a change can be mended and the same call repeated.
pub fn assemble_to(
    dir: &Path,
    settings: &AssemblySettings,
    held_out: &[HeldOut],
    inputs: Vec<Input>,
    told: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Card, AssemblyError> {
    assemble_by(BATCH, dir, settings, held_out, inputs, told)
}

/// [`assemble_to`] with segments of so many bytes of text.
fn assemble_by(
    batch: usize,
    dir: &Path,
    settings: &AssemblySettings,
    held_out: &[HeldOut],
    inputs: Vec<Input>,
    told: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Card, AssemblyError> {
    settings.validate()?;
    settings::validate_inputs(&inputs)?;
    let identity = identity(batch, settings, held_out, &inputs);
    let whole = Card::read(dir)?;
    if whole.as_ref().is_some_and(|card| card.identity != identity) {
        return Err(AssemblyError::Other { dir: dir.into() });
    }
    let progress = dir.join("progress");
    if let (Some(card), false) = (&whole, progress.exists()) {
        return Ok(card.clone());
    }
    let claim = Claim::new(&progress, &identity).map_err(|error| match error {
        Unclaimed::Held => AssemblyError::Locked { dir: dir.into() },
        Unclaimed::Other => AssemblyError::Other { dir: dir.into() },
        Unclaimed::Io(path, source) => AssemblyError::Io { path, source },
    })?;
    if let Some(card) = whole {
        // Killed between the card and the end.
        claim.finish().map_err(AssemblyError::io)?;
        return Ok(card);
    }
    let mut work = Work {
        dir,
        settings,
        spill: Spill::open(&progress)?,
        told,
    };
    let judge = Judge::new(settings, held_out);
    let mut described = Vec::new();
    for (place, input) in inputs.into_iter().enumerate() {
        described.push((input.name.clone(), input.licence.clone(), input.side));
        work.judge(place, input, &judge, batch)?;
    }
    drop(judge);
    let live = work.compare(&progress)?;
    let side = |row: &Row| described[usize::from(row.input)].2;
    let choice = choose(&work.spill.rows, live, side, settings);
    work.count(&choice)?;
    let files = work.write(&progress, &choice)?;
    let card = work.card(identity, described, &choice, files);
    let markdown = card.markdown();
    write_whole(&dir.join("README.md"), markdown.as_bytes()).map_err(AssemblyError::io)?;
    let mut json = serde_json::to_vec_pretty(&card).expect("a card is JSON");
    json.push(b'\n');
    write_whole(&dir.join(CARD), &json).map_err(AssemblyError::io)?;
    claim.finish().map_err(AssemblyError::io)?;
    Ok(card)
}

/// What a set is made of, hashed; the inputs by their names.
fn identity(
    batch: usize,
    settings: &AssemblySettings,
    held_out: &[HeldOut],
    inputs: &[Input],
) -> String {
    let inputs = inputs.iter().map(|it| (&it.name, &it.licence, it.side));
    let inputs: Vec<_> = inputs.collect();
    let held_out = sha256(&serde_json::to_vec(held_out).expect("texts are JSON"));
    let parts = (VERSION, batch, settings, inputs, held_out);
    sha256(&serde_json::to_vec(&parts).expect("settings are JSON"))
}
