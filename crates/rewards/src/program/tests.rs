//! Programs that judge, and programs that fail in every way there is.

use std::time::{Duration, Instant};

use super::*;
use crate::accuracy::tests::problem;

fn reward(command: &str, milliseconds: u64) -> ProgramReward {
    ProgramReward::new("own", command, Duration::from_millis(milliseconds))
}

fn verdict(reward: &ProgramReward, response: &str) -> Verdict {
    reward.score(&problem("12", "en"), response)
}

/// A shell loop that answers every line with `answer`.
fn always(answer: &str) -> String {
    format!("while read -r line; do {answer}; done")
}

fn unjudged(reward: &ProgramReward, response: &str) -> String {
    let verdict = verdict(reward, response);
    assert_eq!(verdict.score(), None, "{verdict:?}");
    assert!(verdict.reason().contains(&reward.command), "{verdict:?}");
    verdict.reason().to_owned()
}

#[test]
fn a_program_is_started_once_and_asked_line_by_line() {
    let count = "n=0; while read -r line; do n=$((n+1)); echo \"{\\\"score\\\": $n}\"; done";
    let reward = reward(count, 10_000);
    let scores: Vec<_> = (0..3).map(|_| verdict(&reward, "a\nb").score()).collect();
    assert_eq!(scores, [Some(1.0), Some(2.0), Some(3.0)]);
    assert_eq!(reward.name(), "own");
}

#[test]
fn the_program_reads_what_is_to_be_judged() {
    let command = "while read -r line; do case \"$line\" in \
                   *'\"gold\":\"12\"'*'\"completion\":\"twelve\"'*'\"language\":\"en\"'*) \
                   echo '{\"score\": 1, \"reason\": \"said\"}';; \
                   *) echo '{\"score\": 0}';; esac; done";
    let reward = reward(command, 10_000);
    let said = verdict(&reward, "twelve");
    assert_eq!((said.score(), said.reason()), (Some(1.0), "said"));
    assert_eq!(verdict(&reward, "thirteen").score(), Some(0.0));
}

#[test]
fn what_is_no_score_is_unjudged_and_the_program_goes_on() {
    for answer in [
        "echo '{\"score\": NaN}'",
        "echo '{\"score\": \"high\"}'",
        "echo '{\"score\": null, \"reason\": \"no idea\"}'",
    ] {
        let reward = reward(&always(answer), 10_000);
        for _ in 0..5 {
            let reason = unjudged(&reward, "a");
            assert!(!reason.contains("in a row"), "{reason}");
        }
    }
}

#[test]
fn a_program_that_ends_says_why_and_is_started_anew() {
    let dies = "read -r line; echo 'no such model' >&2; exit 3";
    let reward = reward(dies, 10_000);
    for _ in 0..3 {
        let reason = unjudged(&reward, "a");
        assert!(reason.contains("exit status: 3"), "{reason}");
        assert!(reason.contains("no such model"), "{reason}");
    }
    let reason = unjudged(&reward, "a");
    assert!(reason.contains("3 times in a row"), "{reason}");

    // One bad response in between costs no other its score.
    let trips = "while read -r line; do case \"$line\" in *bad*) exit 1;; esac; \
                 echo '{\"score\": 1}'; done";
    let reward = super::tests::reward(trips, 10_000);
    for _ in 0..4 {
        unjudged(&reward, "bad");
        assert_eq!(verdict(&reward, "good").score(), Some(1.0));
    }
}

#[test]
fn a_program_that_does_not_exist_is_named() {
    let reason = unjudged(&reward("no-such-program-at-all", 10_000), "a");
    assert!(
        reason.contains("not found") || reason.contains("127"),
        "{reason}"
    );
}

#[test]
fn a_late_answer_is_none_and_never_the_next_ones() {
    let slow = "while read -r line; do case \"$line\" in *slow*) sleep 30;; esac; \
                echo '{\"score\": 1}'; done";
    let reward = reward(slow, 300);
    let began = Instant::now();
    let reason = unjudged(&reward, "slow");
    assert!(
        reason.contains("300ms") && reason.contains("flush"),
        "{reason}"
    );
    assert_eq!(verdict(&reward, "quick").score(), Some(1.0));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_program_that_reads_nothing_holds_nobody() {
    let reward = reward("sleep 30", 200);
    let began = Instant::now();
    unjudged(&reward, &"long ".repeat(200_000));
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn more_lines_than_questions_are_out_of_step() {
    let reward = reward(
        &always("echo '{\"score\": 1}'; echo '{\"score\": 0}'"),
        10_000,
    );
    assert_eq!(verdict(&reward, "a").score(), Some(1.0));
    std::thread::sleep(Duration::from_millis(200));
    let reason = unjudged(&reward, "a");
    assert!(reason.contains("before it was asked"), "{reason}");

    let chatty = super::tests::reward(&always("echo loading; echo '{\"score\": 1}'"), 10_000);
    let reason = unjudged(&chatty, "a");
    assert!(
        reason.contains("`loading`") && reason.contains("standard error"),
        "{reason}"
    );
}

#[test]
fn an_endless_line_is_cut_off() {
    let reward = reward("read -r line; while :; do printf '%01000d' 0; done", 10_000);
    let reason = unjudged(&reward, "a");
    assert!(reason.contains("bytes"), "{reason}");
}

#[test]
fn the_program_and_what_it_started_end_with_the_reward() {
    let dir = std::env::temp_dir().join(format!("rewards-program-{}", std::process::id()));
    let file = dir.to_string_lossy();
    let command = format!(
        "sleep 60 & echo $! > {file}; {}",
        always("echo '{\"score\": 1}'")
    );
    let reward = reward(&command, 10_000);
    assert_eq!(verdict(&reward, "a").score(), Some(1.0));
    let inner: i32 = std::fs::read_to_string(&dir)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    drop(reward);
    let gone = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        // A zombie that init has not collected yet has ended as well.
        std::fs::read_to_string(format!("/proc/{inner}/stat"))
            .map_or(true, |stat| stat.contains(") Z "))
    });
    std::fs::remove_file(dir).unwrap();
    assert!(!cfg!(target_os = "linux") || gone);
}

#[test]
fn the_example_judges() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/program_reward.py");
    let python = std::process::Command::new("python3")
        .arg("--version")
        .output();
    if !python.is_ok_and(|output| output.status.success()) {
        return;
    }
    let reward = reward(&format!("python3 '{example}'"), 20_000);
    assert_eq!(
        verdict(&reward, "<think>I check.</think>12").score(),
        Some(1.0)
    );
    assert_eq!(verdict(&reward, "<think>So.</think>12").score(), Some(0.0));
    let none = unjudged(&reward, "12");
    assert!(none.contains("no reasoning"), "{none}");
}
