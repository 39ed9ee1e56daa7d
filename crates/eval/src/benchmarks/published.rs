//! Figures others published, with the protocol each was measured by.
//!
//! Only what stands in a paper is here, each with its table. Shares are in per cent, ratings are
//! ratings. A figure under another protocol than one's own is a landmark, not a rival.
//!
//! Each was held against a second print of it. Those of table 4 (but DeepSeek-V3's on LiveCodeBench, which
//! stands in the paper alone) and of table 5 are in the README of github.com/deepseek-ai/DeepSeek-R1
//! ("DeepSeek-R1-Evaluation", "Distilled Model Evaluation"), those of DeepSeek-V3-Base in that of
//! github.com/deepseek-ai/DeepSeek-V3 ("Base Model"). The later versions of R1's paper (Nature
//! s41586-025-09422-z, table 2) print the same for DeepSeek-R1, and for DeepSeek-R1-Zero 95.9 on MATH-500
//! as well, but 77.9 on AIME 2024 where the first has 71.0; both are here.

use crate::benchmark::Published;

const R1_PROTOCOL: &str = "T 0.6, top-p 0.95, 32,768 tokens, mean over 4 to 64 samples, zero-shot";
const LCB_PROTOCOL: &str =
    "chain of thought, problems of August 2024 to January 2025; T 0.6, top-p 0.95, 32,768 tokens";
const CONTESTS: &str = "problems of 10 Div. 2 contests, expected rating";
const BY_OPENAI: &str = "as OpenAI reports it";
const TABLE_2: &str = "arXiv 2501.12948v1, table 2";
const TABLE_4: &str = "arXiv 2501.12948v1, table 4";
const TABLE_5: &str = "arXiv 2501.12948v1, table 5";
const NATURE_TABLE_2: &str = "Nature s41586-025-09422-z, table 2";
const V3_TABLE_3: &str = "arXiv 2412.19437, table 3";

const fn figure(
    model: &'static str,
    metric: &'static str,
    value: f64,
    protocol: &'static str,
    source: &'static str,
) -> Published {
    Published {
        model,
        metric,
        value,
        protocol,
        source,
    }
}

/// AIME 2024.
pub const AIME_2024: &[Published] = &[
    figure("DeepSeek-R1", "pass@1", 79.8, R1_PROTOCOL, TABLE_4),
    figure("OpenAI-o1-1217", "pass@1", 79.2, BY_OPENAI, TABLE_4),
    figure("DeepSeek-R1-Zero", "pass@1", 71.0, R1_PROTOCOL, TABLE_2),
    figure("DeepSeek-R1-Zero", "cons@64", 86.7, R1_PROTOCOL, TABLE_2),
    figure(
        "DeepSeek-R1-Zero",
        "pass@1",
        77.9,
        R1_PROTOCOL,
        NATURE_TABLE_2,
    ),
    figure("DeepSeek-V3", "pass@1", 39.2, R1_PROTOCOL, TABLE_4),
    figure(
        "DeepSeek-R1-Distill-Qwen-32B",
        "pass@1",
        72.6,
        R1_PROTOCOL,
        TABLE_5,
    ),
    figure(
        "DeepSeek-R1-Distill-Qwen-32B",
        "cons@64",
        83.3,
        R1_PROTOCOL,
        TABLE_5,
    ),
    figure(
        "DeepSeek-R1-Distill-Qwen-7B",
        "pass@1",
        55.5,
        R1_PROTOCOL,
        TABLE_5,
    ),
    figure(
        "DeepSeek-R1-Distill-Qwen-7B",
        "cons@64",
        83.3,
        R1_PROTOCOL,
        TABLE_5,
    ),
    figure(
        "DeepSeek-R1-Distill-Qwen-1.5B",
        "pass@1",
        28.9,
        R1_PROTOCOL,
        TABLE_5,
    ),
    figure(
        "DeepSeek-R1-Distill-Qwen-1.5B",
        "cons@64",
        52.7,
        R1_PROTOCOL,
        TABLE_5,
    ),
];

/// MATH-500.
pub const MATH_500: &[Published] = &[
    figure("DeepSeek-R1", "pass@1", 97.3, R1_PROTOCOL, TABLE_4),
    figure("OpenAI-o1-1217", "pass@1", 96.4, BY_OPENAI, TABLE_4),
    figure("DeepSeek-R1-Zero", "pass@1", 95.9, R1_PROTOCOL, TABLE_2),
    figure("DeepSeek-V3", "pass@1", 90.2, R1_PROTOCOL, TABLE_4),
    figure(
        "DeepSeek-R1-Distill-Qwen-32B",
        "pass@1",
        94.3,
        R1_PROTOCOL,
        TABLE_5,
    ),
    figure(
        "DeepSeek-R1-Distill-Qwen-7B",
        "pass@1",
        92.8,
        R1_PROTOCOL,
        TABLE_5,
    ),
    figure(
        "DeepSeek-R1-Distill-Qwen-1.5B",
        "pass@1",
        83.9,
        R1_PROTOCOL,
        TABLE_5,
    ),
];

/// LiveCodeBench, code generation.
pub const LIVE_CODE_BENCH: &[Published] = &[
    figure("DeepSeek-R1", "pass@1", 65.9, LCB_PROTOCOL, TABLE_4),
    figure("OpenAI-o1-1217", "pass@1", 63.4, LCB_PROTOCOL, TABLE_4),
    figure("DeepSeek-V3", "pass@1", 36.2, LCB_PROTOCOL, TABLE_4),
    figure("DeepSeek-R1-Zero", "pass@1", 50.0, LCB_PROTOCOL, TABLE_2),
    figure(
        "DeepSeek-R1-Distill-Qwen-32B",
        "pass@1",
        57.2,
        LCB_PROTOCOL,
        TABLE_5,
    ),
    figure(
        "DeepSeek-R1-Distill-Qwen-7B",
        "pass@1",
        37.6,
        LCB_PROTOCOL,
        TABLE_5,
    ),
    figure(
        "DeepSeek-R1-Distill-Qwen-1.5B",
        "pass@1",
        16.9,
        LCB_PROTOCOL,
        TABLE_5,
    ),
];

/// Codeforces.
pub const CODEFORCES: &[Published] = &[
    figure("DeepSeek-R1", "rating", 2029.0, CONTESTS, TABLE_4),
    figure("DeepSeek-R1", "percentile", 96.3, CONTESTS, TABLE_4),
    figure("OpenAI-o1-1217", "rating", 2061.0, BY_OPENAI, TABLE_4),
    figure("OpenAI-o1-1217", "percentile", 96.6, BY_OPENAI, TABLE_4),
    figure("DeepSeek-V3", "rating", 1134.0, CONTESTS, TABLE_4),
    figure("DeepSeek-V3", "percentile", 58.7, CONTESTS, TABLE_4),
    figure("DeepSeek-R1-Zero", "rating", 1444.0, CONTESTS, TABLE_2),
];

/// SWE-bench Verified.
pub const SWE_BENCH_VERIFIED: &[Published] = &[
    figure("DeepSeek-R1", "resolved", 49.2, "Agentless", TABLE_4),
    figure("OpenAI-o1-1217", "resolved", 48.9, BY_OPENAI, TABLE_4),
    figure("DeepSeek-V3", "resolved", 42.0, "Agentless", TABLE_4),
];

/// MMLU.
pub const MMLU: &[Published] = &[
    figure(
        "DeepSeek-R1",
        "pass@1",
        90.8,
        "zero-shot, prompts of simple-evals",
        TABLE_4,
    ),
    figure("OpenAI-o1-1217", "pass@1", 91.8, BY_OPENAI, TABLE_4),
    figure(
        "DeepSeek-V3",
        "pass@1",
        88.5,
        "zero-shot, prompts of simple-evals",
        TABLE_4,
    ),
];

/// GSM8K.
pub const GSM8K: &[Published] = &[figure(
    "DeepSeek-V3-Base",
    "pass@1",
    89.3,
    "8-shot, exact match",
    V3_TABLE_3,
)];

/// HumanEval.
pub const HUMANEVAL: &[Published] = &[figure(
    "DeepSeek-V3-Base",
    "pass@1",
    65.2,
    "0-shot completion",
    V3_TABLE_3,
)];

/// MBPP.
pub const MBPP: &[Published] = &[figure(
    "DeepSeek-V3-Base",
    "pass@1",
    75.4,
    "3-shot completion",
    V3_TABLE_3,
)];
