//! Shards and an index that do not belong together.

use super::*;

#[test]
fn a_shard_that_is_missing_is_named_by_its_index() {
    let dir = saved(&small_dense(), 3000);
    let shard = files(dir.path())
        .into_iter()
        .find(|name| name.starts_with("model-00002"))
        .unwrap();
    fs::remove_file(dir.path().join(&shard)).unwrap();
    refused(
        dir.path(),
        INDEX,
        &format!("names the shard `{shard}` (for `model.layers.0."),
    );
    refused(dir.path(), INDEX, "which is not there; copy or download it");
}

#[test]
fn an_index_that_is_wrong_about_its_shards_is_refused() {
    let name = "model.norm.weight";
    let with = |edit: &dyn Fn(&mut Value)| {
        let dir = saved(&small_dense(), 3000);
        edit_json(&dir.path().join(INDEX), edit);
        dir
    };
    let first = files(saved(&small_dense(), 3000).path())
        .into_iter()
        .find(|name| name.starts_with("model-00001"))
        .unwrap();
    let dir = with(&|index| index["weight_map"][name] = json!(first));
    let why = format!("puts tensor `{name}` in `{first}`, but it lies in `model-");
    refused(dir.path(), INDEX, &why);

    let dir = with(&|index| index["weight_map"]["more"] = json!(first));
    let why = format!("puts tensor `more` in `{first}`, which does not have it");
    refused(dir.path(), INDEX, &why);

    let dir = with(&|index| drop(index["weight_map"].as_object_mut().unwrap().remove(name)));
    refused(
        dir.path(),
        INDEX,
        &format!("does not list tensor `{name}`, which lies in `model-"),
    );

    for outside in [
        "../a.safetensors",
        "/a.safetensors",
        "..",
        "a/b.safetensors",
        "a\\b",
        "",
    ] {
        let dir = with(&|index| index["weight_map"][name] = json!(outside));
        let why = format!("puts tensor `{name}` in `{outside}`, outside the directory");
        refused(dir.path(), INDEX, &why);
    }

    let dir = with(&|index| index["weight_map"] = json!(3));
    refused(dir.path(), INDEX, "is not an index of shards");
    let dir = with(&|_| ());
    let path = dir.path().join(INDEX);
    let text = fs::read_to_string(&path).unwrap();
    let twice = text.replace(
        "\"weight_map\":{",
        &format!("\"weight_map\":{{\"{name}\":\"x\","),
    );
    fs::write(&path, twice).unwrap();
    refused(dir.path(), INDEX, &format!("`{name}` is there twice"));
}

#[test]
fn a_tensor_in_two_shards_is_refused() {
    let dir = saved(&small_dense(), 3000);
    let shards: Vec<String> = files(dir.path())
        .into_iter()
        .filter(|name| name.contains("-of-"))
        .collect();
    let mut first = None;
    edit_tensors(&dir.path().join(&shards[0]), |tensors| {
        first = Some(tensors[0].clone())
    });
    let first = first.unwrap();
    let name = first.0.clone();
    edit_tensors(&dir.path().join(&shards[1]), |tensors| tensors.push(first));
    let why = format!(
        "tensor `{name}` lies in `{}` and in `{}`",
        shards[0], shards[1]
    );
    refused(dir.path(), INDEX, &why);
}
