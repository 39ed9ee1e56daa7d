//! The card as a person reads it.

use std::collections::BTreeMap;

use super::card::{Card, GATES, GateTally, Lengths};
use super::entry::Side;

impl Card {
    /// The card as a person reads it, with the header by which `datasets` finds the files.
    pub fn markdown(&self) -> String {
        let mut text = String::from("---\nconfigs:\n- config_name: default\n  data_files:\n");
        for split in ["train", "validation"] {
            if self.files.iter().any(|file| file.name.starts_with(split)) {
                text += &format!("  - split: {split}\n    path: {split}-*\n");
            }
        }
        text += &format!(
            "---\n\n# A set to fine-tune on\n\n{} entries to train on and {} to validate with, of {} read; {} questions, {} of \
             them in validation and in no other entry.\n\nColumns: `messages` (a list of `role` and `content`), `source`, \
             `domain`, `language`, `id`, `level`.\n\n",
            self.train, self.validation, self.read, self.problems[0], self.problems[1]
        );
        text += "## Gates\n\n| gate | what passes | stopped | left |\n| --- | --- | --- | --- |\n";
        for (tally, (_, passes)) in self.gates.iter().zip(GATES) {
            let GateTally {
                gate,
                dropped,
                left,
                ..
            } = tally;
            text += &format!("| {gate} | {passes} | {dropped} | {left} |\n");
        }
        text += "\n## Sources\n\n| input | side | licence | read | kept |\n| --- | --- | --- | --- | --- |\n";
        for input in &self.inputs {
            let side = side(input.side);
            text += &format!(
                "| {} | {side} | {} | {} | {} |\n",
                cell(&input.name),
                cell(&input.licence),
                input.read,
                input.kept
            );
        }
        text += "\n## Entries\n\n";
        let sides = self.sides.iter().map(|(it, n)| (side(*it).to_owned(), *n));
        text += &counts("side", sides.collect());
        text += &counts("domain", self.domains.clone());
        text += &counts("level", self.levels.clone());
        text += &counts("language", self.languages.clone());
        text += &counts("source", self.sources.clone());
        text += "## Lengths\n\nCharacters of all messages; so many in a hundred entries have no more.\n\n";
        text += "| side | 1 | 5 | 25 | 50 | 75 | 95 | 99 | 100 | sum |\n";
        text += "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
        for (of, it) in &self.lengths {
            let Lengths {
                p1, p5, p25, p50, ..
            } = it;
            let Lengths {
                p75,
                p95,
                p99,
                max,
                sum,
                ..
            } = it;
            let of = side(*of);
            text += &format!(
                "| {of} | {p1} | {p5} | {p25} | {p50} | {p75} | {p95} | {p99} | {max} | {sum} |\n"
            );
        }
        if !self.held_out.is_empty() {
            text += "\n## Evaluations\n\nEntries stopped for a text of one.\n\n";
            text += &counts("evaluation", self.held_out.clone());
        }
        text += "\n## What was stopped\n\n";
        for tally in &self.gates {
            for example in &tally.examples {
                text += &format!(
                    "- **{}**: {} (`{}` of {}): {}\n",
                    tally.gate,
                    cell(&example.detail),
                    cell(&example.id),
                    cell(&example.source),
                    cell(&example.start.chars().take(120).collect::<String>())
                );
            }
        }
        text
    }
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Reasoning => "reasoning",
        Side::General => "general",
    }
}

/// A text that breaks no table and no list.
fn cell(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace('|', "\\|").replace('<', "&lt;")
}

fn counts(name: &str, counts: BTreeMap<String, u64>) -> String {
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut text = format!("| {name} | entries |\n| --- | --- |\n");
    for (name, count) in counts {
        text += &format!("| {} | {count} |\n", cell(&name));
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_breaks_no_table() {
        assert_eq!(cell("a|b\n<think> c"), "a\\|b &lt;think> c");
        let two = counts("of", [("x".to_owned(), 1), ("y".to_owned(), 2)].into());
        assert_eq!(
            two,
            "| of | entries |\n| --- | --- |\n| y | 2 |\n| x | 1 |\n\n"
        );
    }
}
