//! GGUF: a whole file, and, by its first byte, blocks of numbers of a kind.

#![no_main]

use gguf::{
    File, Kind, Shape, Value, Weights, Writer, dequantise, hugging_face, llama_cpp, quantise,
    tokenizer_metadata,
};
use libfuzzer_sys::fuzz_target;

/// Numbers of a tensor that are read, at most; a file may announce rows without end that are empty.
const MOST: usize = 1 << 16;

fuzz_target!(|bytes: &[u8]| {
    if let [first, blocks @ ..] = bytes
        && let Some(kind) = Kind::numbered(u32::from(*first))
    {
        numbers(kind, blocks);
        return;
    }
    let path = fuzz::file("model.gguf", bytes);
    let Ok(mut file) = File::open(&path) else {
        return;
    };
    assert!(File::is_gguf(&path));
    let _ = file.config();
    if let Ok(parts) = file.tokenizer() {
        let tokens = file.metadata()["tokenizer.ggml.tokens"].as_list();
        let tokens = tokens.map_or(0, <[Value]>::len);
        let vocabulary = &parts.tokenizer["model"]["vocab"];
        assert!(vocabulary.as_object().is_some_and(|it| it.len() <= tokens));
        let _ = tokenizer_metadata(&parts, tokens);
    }
    written(&mut file, bytes.len());
    if let Ok(weights) = Weights::new(file) {
        rows(weights);
    }
});

/// Every block stands for as many numbers as its kind says, whatever the blocks beside it.
fn numbers(kind: Kind, bytes: &[u8]) {
    let width = kind.block_bytes();
    let bytes = &bytes[..bytes.len() / width * width];
    let (mut all, mut one) = (Vec::new(), Vec::new());
    dequantise(kind, bytes, &mut all);
    let blocks = bytes.chunks_exact(width);
    assert_eq!(all.len(), blocks.len() * kind.block());
    for (block, values) in blocks.zip(all.chunks_exact(kind.block())) {
        dequantise(kind, block, &mut one);
        assert!(
            one.iter()
                .map(|x| x.to_bits())
                .eq(values.iter().map(|x| x.to_bits()))
        );
    }
    if !matches!(kind, Kind::F32 | Kind::F16 | Kind::Bf16 | Kind::Q8_0) {
        return;
    }
    let most = all.iter().fold(0.0, |most: f32, x| most.max(x.abs()));
    // Scales are of 16 bits, so what they can hold ends.
    if all.iter().all(|x| x.is_finite()) && (kind != Kind::Q8_0 || most < 8e6) {
        let (mut written, mut back) = (Vec::new(), Vec::new());
        quantise(kind, &all, &mut written);
        assert_eq!(written.len(), bytes.len());
        dequantise(kind, &written, &mut back);
        for (block, values) in back
            .chunks_exact(kind.block())
            .zip(all.chunks_exact(kind.block()))
        {
            let most = values.iter().fold(0.0, |most: f32, x| most.max(x.abs()));
            let step = if kind == Kind::Q8_0 {
                most / 127.0 + 1e-5
            } else {
                0.0
            };
            assert!(block.iter().zip(values).all(|(a, b)| (a - b).abs() <= step));
        }
    }
}

/// What is written of a file is read back: its metadata, and its numbers.
fn written(file: &mut File, length: usize) {
    let shapes: Vec<Shape> = file
        .tensors()
        .iter()
        .filter(|(_, tensor)| tensor.matrix().iter().all(|n| *n < MOST))
        .map(|(name, tensor)| Shape {
            name: name.clone(),
            kind: Kind::F32,
            shape: tensor.shape.clone(),
        })
        .collect();
    let metadata: Vec<(String, Value)> = file.metadata().clone().into_iter().collect();
    if metadata.iter().any(|(key, _)| key == "general.alignment") {
        return;
    }
    let path = fuzz::folder().join("written.gguf");
    let mut writer = Writer::new(&path, &metadata, shapes.clone()).expect("rows of F32");
    let mut values = Vec::new();
    for Shape { name, .. } in &shapes {
        numbers_of(file, name, &mut values);
        assert!(
            values.len() <= 16 * length,
            "{} numbers of {length} bytes",
            values.len()
        );
        writer.tensor(&values).expect("a file can be written");
    }
    writer.finish().expect("a file can be written");
    let mut again = File::open(&path).unwrap_or_else(|error| panic!("{error}"));
    assert!(again.metadata().keys().eq(file.metadata().keys()));
    for (value, before) in again.metadata().values().zip(file.metadata().values()) {
        assert!(same(before, value), "{before:?} has become {value:?}");
    }
    let mut back = Vec::new();
    for Shape { name, .. } in &shapes {
        assert_eq!(again.tensors()[name].shape, file.tensors()[name].shape);
        numbers_of(file, name, &mut values);
        numbers_of(&mut again, name, &mut back);
        assert!(
            values
                .iter()
                .map(|x| x.to_bits())
                .eq(back.iter().map(|x| x.to_bits()))
        );
    }
}

fn numbers_of(file: &mut File, name: &str, values: &mut Vec<f32>) {
    let tensor = file.tensors()[name].clone();
    let mut bytes = Vec::new();
    file.read_rows(name, 0, tensor.matrix()[0], &mut bytes)
        .expect("the file has what its head describes");
    dequantise(tensor.kind, &bytes, values);
}

/// Floats are written with 32 bits, and a list of none has no type.
fn same(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Float(a), Value::Float(b)) => (*a as f32).to_bits() == (*b as f32).to_bits(),
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (a, b) => a == b,
    }
}

/// Rows come one by one as they come together, under names that go there and back.
fn rows(mut weights: Weights) {
    let names: Vec<String> = weights.names().cloned().collect();
    for name in names {
        let ours = llama_cpp(&name).expect("a name that was translated");
        assert_eq!(hugging_face(&ours).as_ref(), Some(&name));
        let shape = weights.shape(&name).expect("it is there").to_vec();
        let rows: usize = shape[..shape.len() - 1].iter().product();
        if rows > 64 || shape.iter().any(|n| *n > MOST) {
            continue;
        }
        let (mut all, mut one) = (Vec::new(), Vec::new());
        weights
            .rows(&name, 0, rows, &mut all)
            .expect("the file has them");
        assert_eq!(all.len(), shape.iter().product::<usize>());
        for row in 0..rows {
            weights
                .rows(&name, row, 1, &mut one)
                .expect("the file has it");
            let width = one.len();
            let there = &all[row * width..][..width];
            assert!(
                one.iter()
                    .map(|x| x.to_bits())
                    .eq(there.iter().map(|x| x.to_bits()))
            );
        }
    }
}
