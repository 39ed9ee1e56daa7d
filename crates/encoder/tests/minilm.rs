//! all-MiniLM-L6-v2, where its directory is: `R1_WEIGHTS` names the folder that holds
//! `minilm/all-minilm-l6-v2`.

use burn::tensor::Device;
use encoder::SentenceEncoder;

#[test]
fn vectors_are_those_of_transformers() {
    let Some(folder) = std::env::var_os("R1_WEIGHTS") else {
        say("skipped: R1_WEIGHTS names no folder of weights");
        return;
    };
    let dir = std::path::Path::new(&folder).join("minilm/all-minilm-l6-v2");
    if !dir.exists() {
        say(&format!("skipped: {} does not exist", dir.display()));
        return;
    }
    let encoder = SentenceEncoder::load(&dir, &Device::flex()).unwrap();
    assert_eq!((encoder.width(), encoder.max_tokens()), (384, 256));
    let long = "word ".repeat(400);
    let texts = [
        "A man eats an apple.",
        "Someone is eating fruit.",
        "The stock market fell by 3 % on Monday.",
        "鸡兔同笼，头三十五",
        "",
        &long,
    ];
    // The mean of transformers' hidden states (5.24, f32), scaled to length 1.
    let wanted = [
        [0.0742, 0.00323, -0.01019, 0.02262, -0.11587, -0.06296],
        [0.02927, 0.02171, -0.01615, 0.03157, -0.06475, 0.04141],
        [0.05693, -0.03236, 0.02031, 0.02391, 0.0216, 0.0012],
        [-0.03563, 0.14505, 0.01519, 0.00826, -0.08193, 0.00574],
        [-0.11884, 0.0483, -0.00255, -0.01101, 0.05195, 0.01029],
        [-0.00812, -0.09559, -0.03867, 0.04966, -0.04379, 0.02372],
    ];
    let vectors = encoder.embed(&texts);
    for (vector, wanted) in vectors.iter().zip(wanted) {
        for (found, wanted) in vector.iter().zip(wanted) {
            assert!((found - wanted).abs() < 2e-5, "{found} {wanted}");
        }
    }
    let alike: f32 = vectors[0].iter().zip(&vectors[1]).map(|(a, b)| a * b).sum();
    assert!((alike - 0.65663).abs() < 2e-5, "{alike}");
}

/// Past the test harness, which shows only what failing tests print.
fn say(line: &str) {
    use std::io::Write;
    drop(writeln!(std::io::stderr(), "{line}"));
}
