//! What holds for any damage: an error that names a file, or a model.

use proptest::prelude::*;

use super::*;

/// A change of bytes: at a place, a share of the length, so many are taken away and these put in.
fn any_damage() -> impl Strategy<Value = (f64, usize, Vec<u8>)> {
    let bytes = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..9),
        "[0-9{}\\[\\]\",:a-z-]{0,6}".prop_map(String::into_bytes),
    ];
    // The header, which is short, as often as all that follows it.
    let place = prop_oneof![0.0..0.05, 0.0..1.0];
    (place, 0..20_usize, bytes)
}

fn damaged(whole: &[u8], (place, taken, put): (f64, usize, Vec<u8>)) -> Vec<u8> {
    let start = (place * whole.len() as f64) as usize;
    let end = whole.len().min(start + taken);
    [&whole[..start], &put, &whole[end..]].concat()
}

/// Loads a model of which one file is replaced.
fn load_with(file: &str, content: &[u8]) -> Result<(), TestCaseError> {
    let dir = saved(&small_mixture(), u64::MAX);
    fs::write(dir.path().join(file), content).unwrap();
    match load(dir.path()) {
        Ok(_) => Ok(()),
        Err(error) => {
            let named = error
                .to_string()
                .contains(&dir.path().display().to_string());
            prop_assert!(named, "{error}");
            Ok(())
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_weights_never_panic(damage in any_damage()) {
        let dir = saved(&small_mixture(), u64::MAX);
        let whole = fs::read(dir.path().join(WEIGHTS)).unwrap();
        load_with(WEIGHTS, &damaged(&whole, damage))?;
    }

    #[test]
    fn a_damaged_configuration_never_panics(damage in any_damage()) {
        let dir = saved(&small_mixture(), u64::MAX);
        let whole = fs::read(dir.path().join(CONFIG)).unwrap();
        load_with(CONFIG, &damaged(&whole, damage))?;
    }
}
