//! The mathematics verifier on two texts: a gold answer, and after a line of `=====` the answer.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rewards::{Options, Verdict, verify_with};

fuzz_target!(|text: &str| {
    let (gold, answer) = fuzz::halves(text);
    let options = [
        Options::default(),
        Options {
            strict: false,
            relation_for_set: true,
            ordered: true,
            ..Options::default()
        },
        Options {
            precision: 2,
            ..Options::default()
        },
    ];
    for options in &options {
        let judge = |gold: &str, answer: &str| verify_with(gold, answer, options);
        let verdict = judge(gold, answer);
        assert!(matches!(verdict.score(), None | Some(0.0 | 1.0)));
        assert_eq!(judge(gold, answer), verdict, "the same question twice");

        // Whether there is a judgement is a matter of the gold answer alone.
        let unjudged = |verdict: &Verdict| matches!(verdict, Verdict::Unjudged { .. });
        let itself = judge(gold, gold);
        assert_ne!(itself.score(), Some(0.0), "a text is worth itself");
        assert_eq!(unjudged(&itself), unjudged(&verdict));

        assert_ne!(judge(gold, "").score(), Some(1.0), "nothing is an answer");
        let spaced = format!("  {answer}\n");
        assert_eq!(judge(gold, &spaced).score(), verdict.score(), "blanks");
    }
    // Whole numbers are what they are.
    if let (Ok(left), Ok(right)) = (gold.parse::<i64>(), answer.parse::<i64>()) {
        let score = verify_with(gold, answer, &options[0]).score();
        assert_eq!(score, Some(f32::from(left == right)), "{left} and {right}");
    }
});
