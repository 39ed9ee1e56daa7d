//! Unified diffs: a patch, or a reply with one in it, and after a line of `=====` the file it is for.

#![no_main]

use eval::swe::diff::{Content, MOST_FUZZ, Patch, apply, parse, touched};
use eval::swe::diff_of;
use libfuzzer_sys::fuzz_target;
use rewards::code::{Entry, Tree};

fuzz_target!(|text: &str| {
    let (reply, file) = fuzz::halves(text);
    if let Some(found) = diff_of(reply) {
        assert!(found.len() <= reply.len());
        let _ = parse(&found);
    }
    let Ok(patch) = parse(reply) else { return };
    printed(&patch);
    let mut tree = Tree::default();
    for path in touched(&patch) {
        // A path that leaves the tree is none of it.
        let _ = tree.write(path, file.as_bytes());
    }
    applied(&tree, &patch, reply.len() + file.len());
    let bare = Tree::default();
    applied(&bare, &patch, reply.len());
});

/// What is printed is read again, and then printed to the letter.
fn printed(patch: &Patch) {
    let text = patch.to_string();
    let again = parse(&text).unwrap_or_else(|error| panic!("{error} of {text:?}"));
    assert_eq!(again.files.len(), patch.files.len());
    for (before, after) in patch.files.iter().zip(&again.files) {
        assert_eq!(
            (before.change, &before.content),
            (after.change, &after.content)
        );
        assert_eq!((&before.old, &before.new), (&after.old, &after.new));
    }
    assert_eq!(again.to_string(), text);
}

/// A patch is all or nothing, puts nothing outside, and its lines add up.
fn applied(tree: &Tree, patch: &Patch, most: usize) {
    for fuzz in [0, MOST_FUZZ] {
        let Ok((after, files)) = apply(tree, patch, fuzz) else {
            continue;
        };
        assert_eq!(files.len(), patch.files.len());
        for (path, entry) in after.iter() {
            assert!(
                path.split('/')
                    .all(|part| !matches!(part, "" | "." | ".." | ".git"))
            );
            if let Entry::File { bytes, .. } = entry {
                // A line end may be put in before what follows a line without one, and `\r` before each.
                assert!(
                    bytes.len() <= 3 * most + 3,
                    "{} bytes of {most}",
                    bytes.len()
                );
            }
        }
        let untouched = |(path, _): &(&str, &Entry)| !touched(patch).contains(path);
        assert!(
            after
                .iter()
                .filter(untouched)
                .eq(tree.iter().filter(untouched))
        );
        for (file, placed) in patch.files.iter().zip(&files) {
            if let Content::Text(hunks) = &file.content {
                assert_eq!(hunks.len(), placed.hunks.len());
            }
            let lines: Vec<usize> = placed.hunks.iter().map(|hunk| hunk.line).collect();
            assert!(lines.is_sorted(), "{lines:?}");
            assert!(placed.hunks.iter().all(|hunk| hunk.fuzz <= fuzz));
        }
    }
}
