//! Tables of measurements whose figures are known.

use data::{Ask, Reply, Scripted};
use serde_json::{Value, json};

use crate::benchmarks;
use crate::trials::{coins, mute, tosser};
use crate::*;

#[test]
fn a_table_puts_results_beside_published_figures() {
    let bench = coins(&[0.0, 1.0], 4);
    let mut manifest = bench.run(&tosser(1), "a").unwrap().manifest;
    manifest.plan.benchmark = "aime-2024".into();
    let table = Table::new(&[manifest], &benchmarks::all());
    let text = table.markdown();
    assert!(
        text.starts_with("## aime-2024\n\n| model | pass@1 | cons@4 | pass@4 |"),
        "{text}"
    );
    assert!(
        text.contains("| script | 50.0 (0.0–100.0) | 50.0 | 50.0 |"),
        "{text}"
    );
    assert!(text.contains("| DeepSeek-R1 | 79.8 |"), "{text}");
    // Both figures of R1-Zero stand in one row.
    assert!(
        text.contains("| DeepSeek-R1-Zero | 71.0 | – | – | 86.7 |"),
        "{text}"
    );
    let widths = text.lines().filter(|line| line.starts_with('|'));
    assert!(
        widths
            .map(|line| line.matches('|').count())
            .all(|count| count == 8)
    );
    assert!(table.html().contains("<td>DeepSeek-R1</td><td>79.8</td>"));
    let json: Value = serde_json::from_str(&table.json()).unwrap();
    let row = &json["sections"][0]["rows"][0];
    assert_eq!(row["figures"]["pass@1"]["value"], 50.0);
    assert_eq!(
        (&row["is_partial"], json.get("pairs")),
        (&false.into(), None)
    );
    assert!(!text.contains('†'), "{text}");
}

/// DeepSeek-R1's figures on the benchmarks it is known by (arXiv 2501.12948v1, table 4).
#[test]
fn the_published_figures_of_r1_stand_in_their_tables() {
    let bench = coins(&[1.0], 1);
    let manifest = bench.run(&tosser(1), "a").unwrap().manifest;
    for (name, metric, value) in [
        ("aime-2024", "pass@1", 79.8),
        ("math-500", "pass@1", 97.3),
        ("livecodebench", "pass@1", 65.9),
        ("codeforces", "rating", 2029.0),
        ("swe-bench-verified", "resolved", 49.2),
    ] {
        let mut manifest = manifest.clone();
        manifest.plan.benchmark = name.into();
        let table = Table::new(&[manifest], &benchmarks::all());
        let rows = &table.sections[0].rows;
        let r1 = rows.iter().find(|row| row.model == "DeepSeek-R1").unwrap();
        assert_eq!(r1.figures[metric].value, value, "{name}");
        assert!(r1.source.contains("2501.12948"), "{name}: {}", r1.source);
        assert!(!r1.is_partial && !r1.protocol.is_empty(), "{name}");
        let line = "| DeepSeek-R1 |";
        let text = table.markdown();
        let line = text.lines().find(|it| it.starts_with(line)).unwrap();
        assert!(line.contains(&format!(" {value:.1} |")), "{line}");
    }
}

#[test]
fn a_part_of_the_tasks_is_marked() {
    let mut bench = coins(&[1.0, 1.0, 1.0, 1.0], 2);
    bench.protocol.first = Some(1);
    let first = bench.run(&tosser(1), "first").unwrap().manifest;
    let table = Table::new(&[first], &[]);
    let text = table.markdown();
    assert!(
        text.contains("| script | 100.0 (100.0–100.0) † |"),
        "{text}"
    );
    assert!(text.contains("the first 1 tasks, 1 of 4 tasks |"), "{text}");
    assert!(text.contains("\n† over a part of the tasks"), "{text}");
    let html = table.html();
    assert!(html.contains("<p>† over a part of the tasks"), "{html}");
    let json: Value = serde_json::from_str(&table.json()).unwrap();
    assert_eq!(json["sections"][0]["rows"][0]["is_partial"], true);
    // A problem without a reply, and a problem with one sample less.
    bench.protocol.first = None;
    let silent = bench.run(&mute(1, "coin-002"), "silent").unwrap().manifest;
    let row = &Table::new(&[silent], &[]).sections[0].rows[0];
    let said = "3 of 4 tasks, 2 samples without a reply";
    assert!(
        row.is_partial && row.protocol.contains(said),
        "{}",
        row.protocol
    );
    let gap = Scripted::new(|ask: &Ask| match (&*ask.id, ask.sample) {
        ("coin-000", 1) => Err(data::Silence::Here("no".into())),
        _ => Ok(Reply::of("\\boxed{1}")),
    });
    let gap = bench.run(&gap, "gap").unwrap().manifest;
    let row = &Table::new(&[gap], &[]).sections[0].rows[0];
    let said = "4 tasks, 1 samples without a reply";
    assert!(
        row.is_partial && row.protocol.contains(said),
        "{}",
        row.protocol
    );
}

#[test]
fn records_that_were_left_out_are_counted() {
    let bench = coins(&[1.0], 1);
    let lines = std::fs::read_to_string(bench.file()).unwrap();
    let broken = json!({"question": "No answer."}).to_string();
    std::fs::write(bench.file(), lines + &broken + "\n").unwrap();
    let manifest = bench.run(&tosser(1), "a").unwrap().manifest;
    let row = &Table::new(&[manifest], &[]).sections[0].rows[0];
    assert!(
        row.protocol.contains("1 tasks, 1 records left out"),
        "{}",
        row.protocol
    );
}

#[test]
fn pairs_stand_in_every_form() {
    let bench = coins(&[1.0, 1.0, 0.0], 1);
    let one = bench.run(&tosser(1), "one").unwrap();
    let wrong = Scripted::new(|_: &Ask| Ok(Reply::of("\\boxed{0}")));
    let other = bench.run(&wrong, "other").unwrap();
    let (first, second) = (
        (&one.manifest, &one.graded[..]),
        (&other.manifest, &other.graded[..]),
    );
    let pair = Pair::of(first, second).unwrap();
    assert_eq!(pair.comparison.problems, 3);
    let table = Table::new(&[one.manifest.clone(), other.manifest.clone()], &[]);
    let table = table.with_pairs(vec![pair.clone()]);
    let said = "script against script, problems: +66.7 points (";
    assert!(table.markdown().contains(said), "{}", table.markdown());
    assert!(
        table.html().contains(&format!("<p>{said}")),
        "{}",
        table.html()
    );
    let json: Value = serde_json::from_str(&table.json()).unwrap();
    assert_eq!(json["pairs"][0]["p_value"], pair.comparison.p_value);
    assert_eq!(
        (&json["pairs"][0]["first"], &json["pairs"][0]["problems"]),
        (&"script".into(), &3.into())
    );
    assert_eq!(Pair::of(first, (&other.manifest, &[])), None);
}
