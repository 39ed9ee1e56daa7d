//! The header of a safetensors file: which tensors it has, and where.
//!
//! The file is eight bytes of length, that many bytes of JSON, then the tensors without a gap. The
//! header is read and checked alone, with the file's length, so that no file need be in memory.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::marker::PhantomData;
use std::path::Path;

use safetensors::tensor::TensorInfo;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::error::{CheckpointError, io};

/// Bytes of the header's length.
const LENGTH: u64 = 8;

/// The header of one file.
#[derive(Debug)]
pub(super) struct Header {
    /// Name and description of every tensor, in the order of their bytes.
    pub(super) tensors: Vec<(String, TensorInfo)>,
    /// Where the first tensor begins.
    pub(super) data: u64,
}

/// Reads the header of the file at `path` and checks that the file has what it describes.
pub(super) fn read(file: &mut File, path: &Path) -> Result<Header, CheckpointError> {
    let format = |problem| CheckpointError::Format {
        path: path.into(),
        problem,
    };
    let length = file.metadata().map_err(io(path))?.len();
    if length < LENGTH {
        return Err(format(format!(
            "it has {length} bytes, too few for a header"
        )));
    }
    let mut size = [0; LENGTH as usize];
    file.seek(SeekFrom::Start(0)).map_err(io(path))?;
    file.read_exact(&mut size).map_err(io(path))?;
    let size = u64::from_le_bytes(size);
    if size > length - LENGTH {
        return Err(format(format!(
            "its header claims {size} bytes, the file has {length}"
        )));
    }
    let mut text = vec![0; size as usize];
    file.read_exact(&mut text).map_err(io(path))?;
    let tensors = parse(&text).map_err(format)?;
    let data = LENGTH + size;
    let end = check(&tensors).map_err(format)?;
    if data + end != length {
        return Err(format(match data + end > length {
            true => format!(
                "its tensors need {} bytes, the file has {length}",
                data + end
            ),
            false => format!("{} bytes follow its last tensor", length - data - end),
        }));
    }
    Ok(Header { tensors, data })
}

/// The bytes before the first tensor.
pub(super) fn write(tensors: &[(String, TensorInfo)]) -> Vec<u8> {
    let mut header = Map::new();
    header.insert("__metadata__".into(), json!({ "format": "pt" }));
    header.extend(
        tensors
            .iter()
            .map(|(name, info)| (name.clone(), json!(info))),
    );
    let mut text = Value::Object(header).to_string().into_bytes();
    // Tensors begin at a multiple of eight bytes.
    text.resize(text.len().next_multiple_of(LENGTH as usize), b' ');
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text);
    bytes
}

fn parse(text: &[u8]) -> Result<Vec<(String, TensorInfo)>, String> {
    let Pairs(pairs) = serde_json::from_slice::<Pairs<Value>>(text)
        .map_err(|error| format!("its header is not a JSON object of tensors ({error})"))?;
    let mut tensors = Vec::with_capacity(pairs.len());
    for (name, value) in pairs {
        if name != "__metadata__" {
            let info = serde_json::from_value(value).map_err(|error| {
                format!("its header describes tensor `{name}` wrongly ({error})")
            })?;
            tensors.push((name, info));
        }
    }
    tensors.sort_by_key(|(_, info): &(String, TensorInfo)| info.data_offsets);
    Ok(tensors)
}

/// Where the last tensor ends, once each is as long as its shape says and follows the one before.
fn check(tensors: &[(String, TensorInfo)]) -> Result<u64, String> {
    let mut end = 0;
    for (name, info) in tensors {
        let (from, to) = info.data_offsets;
        if from != end {
            return Err(format!(
                "tensor `{name}` begins at byte {from}, the one before ends at {end}"
            ));
        }
        let bits = info
            .shape
            .iter()
            .try_fold(info.dtype.bitsize(), |bits, n| bits.checked_mul(*n));
        let bytes = bits
            .filter(|bits| bits.is_multiple_of(8))
            .map(|bits| bits / 8);
        if bytes != to.checked_sub(from) || bytes.is_none() {
            return Err(format!(
                "tensor `{name}` lies in bytes {from} to {to}, which is not the size of {:?} of \
                 shape {:?}",
                info.dtype, info.shape
            ));
        }
        end = to;
    }
    Ok(end as u64)
}

/// The pairs of a JSON object. A name that is there twice is an error; a map would keep the last.
pub(super) struct Pairs<T>(pub(super) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor(PhantomData))
    }
}

struct PairsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for PairsVisitor<T> {
    type Value = Pairs<T>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<T>, A::Error> {
        let mut pairs: Vec<(String, T)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some((name, value)) = map.next_entry::<String, T>()? {
            if !seen.insert(name.clone()) {
                return Err(A::Error::custom(format!("`{name}` is there twice")));
            }
            pairs.push((name, value));
        }
        Ok(Pairs(pairs))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// What reading a file of these bytes says.
    fn read_bytes(bytes: &[u8]) -> Result<Header, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let path = file.path().to_owned();
        let found = read(&mut File::open(&path).unwrap(), &path);
        found.map_err(|error| {
            let text = error.to_string();
            assert!(text.starts_with(&path.display().to_string()), "{text}");
            assert!(text.ends_with("copy or download it again"), "{text}");
            text
        })
    }

    fn with_header(json: &str, data: usize) -> Vec<u8> {
        let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
        bytes.extend(json.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        bytes
    }

    #[track_caller]
    fn refused(bytes: &[u8], why: &str) {
        let text = read_bytes(bytes).unwrap_err();
        assert!(text.contains(why), "{text}");
    }

    const TWO: &str = r#"{"b":{"dtype":"F32","shape":[2],"data_offsets":[6,14]},
        "a":{"dtype":"BF16","shape":[3,1],"data_offsets":[0,6]}}"#;

    #[test]
    fn tensors_come_in_the_order_of_their_bytes() {
        let header = read_bytes(&with_header(TWO, 14)).unwrap();
        assert_eq!(header.data, 8 + TWO.len() as u64);
        let names: Vec<&str> = header
            .tensors
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(header.tensors[0].1.shape, [3, 1]);
    }

    #[test]
    fn what_is_written_is_read_back_by_this_and_by_others() {
        let tensors = read_bytes(&with_header(TWO, 14)).unwrap().tensors;
        let mut bytes = write(&tensors);
        assert!(bytes.len().is_multiple_of(8));
        bytes.resize(bytes.len() + 14, 0);
        assert_eq!(read_bytes(&bytes).unwrap().tensors.len(), 2);
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(file.tensor("b").unwrap().shape(), [2]);
    }

    #[test]
    fn damaged_files_are_described() {
        refused(b"", "it has 0 bytes, too few for a header");
        let whole = with_header(TWO, 14);
        refused(&whole[..whole.len() - 1], "its tensors need");
        refused(&with_header(TWO, 15), "1 bytes follow its last tensor");
        refused(&whole[..40], "its header claims");
        let mut huge = whole.clone();
        huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        refused(&huge, "claims 18446744073709551615 bytes, the file has");
        refused(&with_header("{\"a\": 3", 0), "not a JSON object of tensors");
        refused(&with_header("[1]", 0), "not a JSON object of tensors");
        refused(
            &with_header("{\"a\": 3}", 0),
            "describes tensor `a` wrongly",
        );
        refused(
            &with_header(&TWO.replace("F32", "F31"), 14),
            "describes tensor `b` wrongly",
        );
    }

    #[test]
    fn tensors_out_of_place_are_named() {
        refused(
            &with_header(&TWO.replace("\"b\"", "\"a\""), 14),
            "`a` is there twice",
        );
        refused(
            &with_header(&TWO.replace("[6,14]", "[7,15]"), 15),
            "tensor `b` begins at byte 7, the one before ends at 6",
        );
        refused(
            &with_header(&TWO.replace("[3,1]", "[3,2]"), 14),
            "tensor `a` lies in bytes 0 to 6, which is not the size of BF16 of shape [3, 2]",
        );
        refused(
            &with_header(&TWO.replace("[3,1]", "[9223372036854775807,9]"), 14),
            "tensor `a`",
        );
        refused(
            &with_header(&TWO.replace("[6,14]", "[6,2]"), 14),
            "tensor `b`",
        );
    }
}
