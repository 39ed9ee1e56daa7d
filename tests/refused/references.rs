//! Outputs of references, as `r1 parity` compares with.

use super::{FAILED, Table, USAGE};

#[test]
fn references_that_cannot_be_read() {
    let mut table = Table::default();
    for (content, named) in [
        (&b""[..], "c.json"),
        (b"{", "c.json"),
        (b"[]", "c.json"),
        (b"{\"cases\": 7}", "c.json"),
        (b"{\"cases\": [{}]}", "c.json"),
        (b"\xff\xfe", "c.json"),
    ] {
        table.refuses_file(content, "c.json", &["parity", "@/c.json"], FAILED, &[named]);
    }
    let dir = tempfile::TempDir::new().expect("a temporary folder");
    std::fs::create_dir(dir.path().join("empty")).expect("a folder");
    table.refuses(
        "an empty folder",
        &dir,
        &["parity", "@/empty"],
        USAGE,
        &["@/empty"],
    );
    table.refuses("nothing", &dir, &["parity", "@/none"], USAGE, &["@/none"]);
}
