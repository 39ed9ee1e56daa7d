//! Files of answers and of responses: `r1 grade` and `r1 score`.

use super::{FAILED, Table};

/// A line, and what its refusal names.
const GRADED: [(&[u8], &str); 12] = [
    (b"", "a.jsonl"),
    (b"\n\n", "a.jsonl"),
    (b"nonsense", "a.jsonl, line 1"),
    (b"[1, 2]", "a.jsonl, line 1"),
    (b"{\"id\": 1, \"gold\": \"2\"}", "pred"),
    (b"{\"id\": 1, \"pred\": \"2\"}", "gold"),
    (b"{\"gold\": \"1\", \"pred\": \"2\"}", "id"),
    (b"{\"id\": 1, \"gold\": 2, \"pred\": [3]}", "line 1"),
    (
        b"{\"id\": 1, \"gold\": \"2\", \"pred\": \"2\", \"opts\": 7}",
        "line 1",
    ),
    (b"{\"id\": 1, \"gold\": \"2\", \"pred\": \"2\"", "line 1"),
    (
        b"{\"id\": 1, \"gold\": \"\xff\xfe\", \"pred\": \"2\"}",
        "line 1",
    ),
    (
        b"{\"id\": 1, \"gold\": \"2\", \"pred\": \"2\", \"expected\": \"maybe\"}",
        "line 1",
    ),
];

#[test]
fn answers_without_what_grading_needs() {
    let mut table = Table::default();
    for (line, named) in GRADED {
        let named = ["a.jsonl", named];
        table.refuses_file(line, "a.jsonl", &["grade", "@/a.jsonl"], FAILED, &named);
    }
}

/// A line of responses, and what its refusal names.
const SCORED: [(&[u8], &str); 8] = [
    (b"", "a.jsonl"),
    (b"{}", "line 1"),
    (
        b"{\"id\": 1, \"problem\": \"p\", \"gold\": \"2\"}",
        "completion",
    ),
    (
        b"{\"id\": 1, \"gold\": \"2\", \"completion\": \"c\"}",
        "problem",
    ),
    (
        b"{\"id\": 1, \"problem\": \"p\", \"completion\": \"c\"}",
        "gold",
    ),
    (
        b"{\"id\": 1, \"problem\": 5, \"gold\": \"2\", \"completion\": \"c\"}",
        "line 1",
    ),
    (
        b"{\"id\": 1, \"problem\": \"p\", \"gold\": \"2\", \"completion\": null}",
        "line 1",
    ),
    (
        b"{\"id\": 1, \"problem\": \"p\", \"gold\": \"2\", \"completion\": \"c\", \"language\": 3}",
        "line 1",
    ),
];

#[test]
fn responses_without_what_scoring_needs() {
    let mut table = Table::default();
    for (line, named) in SCORED {
        let named = ["a.jsonl", named];
        table.refuses_file(line, "a.jsonl", &["score", "@/a.jsonl"], FAILED, &named);
    }
}
