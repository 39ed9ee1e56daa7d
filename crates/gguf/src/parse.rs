//! The bytes before the tensors: magic, version, metadata, and where each tensor is.

use std::collections::BTreeMap;
use std::io::Read;

use crate::kind::Kind;
use crate::value::Value;

/// Lists within lists, at most.
const DEPTH: usize = 4;
/// Dimensions of a tensor, at most.
const DIMENSIONS: u32 = 4;

/// What stands before the tensors.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) metadata: BTreeMap<String, Value>,
    /// By name: kind, shape with the contiguous axis last, offset from the first tensor.
    pub(crate) tensors: BTreeMap<String, (Kind, Vec<usize>, u64)>,
    /// Where the first tensor begins.
    pub(crate) data: u64,
}

/// Where something is wrong, and what.
pub(crate) type Wrong = (u64, String);

type Parsed<T> = Result<T, Wrong>;

/// Reads the head of a file that is `length` bytes long. Nothing it says makes more memory be taken than
/// the file is long.
pub(crate) fn head(from: impl Read, length: u64) -> Parsed<Head> {
    let mut bytes = Bytes {
        from,
        at: 0,
        length,
    };
    let magic: [u8; 4] = bytes.array()?;
    if magic != *b"GGUF" {
        return Err((
            0,
            "this is no GGUF file; it does not begin with `GGUF`".into(),
        ));
    }
    match bytes.u32()? {
        2 | 3 => {}
        1 => return Err((4, "version 1 is not read; convert the file anew".into())),
        version if version.swap_bytes() <= 3 => {
            return Err((
                4,
                "the file is big-endian; convert it on this machine".into(),
            ));
        }
        version => return Err((4, format!("version {version} is not known; 2 and 3 are"))),
    }
    let (tensors, pairs) = (bytes.u64()?, bytes.u64()?);
    // A tensor takes 28 bytes at least, a pair 13.
    bytes.fits(tensors, 28, "tensors")?;
    bytes.fits(pairs, 13, "pairs of metadata")?;
    let mut metadata = BTreeMap::new();
    for _ in 0..pairs {
        let at = bytes.at;
        let key = bytes.text()?;
        let kind = bytes.u32()?;
        let value = bytes.value(kind, 0)?;
        if metadata.insert(key.clone(), value).is_some() {
            return Err((at, format!("metadata `{key}` is there twice")));
        }
    }
    let mut found = BTreeMap::new();
    for _ in 0..tensors {
        let at = bytes.at;
        let name = bytes.text()?;
        let tensor = bytes.tensor(&name)?;
        if found.insert(name.clone(), tensor).is_some() {
            return Err((at, format!("tensor `{name}` is there twice")));
        }
    }
    let alignment = match metadata.get("general.alignment") {
        None => 32,
        Some(value) => match value.as_count() {
            Some(alignment @ 1..=65_536) if alignment.is_power_of_two() => alignment,
            _ => {
                return Err((
                    0,
                    "`general.alignment` is no power of two up to 65536".into(),
                ));
            }
        },
    };
    let data = bytes.at.next_multiple_of(alignment);
    for (name, (kind, shape, offset)) in &found {
        let size = size(*kind, shape).ok_or_else(|| {
            let (row, block) = (shape.last().copied().unwrap_or(0), kind.block());
            let problem = format!(
                "tensor `{name}` of shape {shape:?} is stored as {} in blocks of {block}, which do not \
                 make up rows of {row}",
                kind.name()
            );
            (bytes.at, problem)
        })?;
        let end = data
            .checked_add(*offset)
            .and_then(|at| at.checked_add(size));
        if end.is_none_or(|end| end > length) {
            let problem = format!(
                "tensor `{name}` takes {size} bytes from byte {} on, and the file has {length}; the \
                 download broke off, get it again",
                data.saturating_add(*offset)
            );
            return Err((bytes.at, problem));
        }
        if !offset.is_multiple_of(alignment) {
            return Err((
                bytes.at,
                format!("tensor `{name}` is not aligned to {alignment} bytes"),
            ));
        }
    }
    Ok(Head {
        metadata,
        tensors: found,
        data,
    })
}

/// Bytes of a tensor; `None` where its rows are no whole number of blocks, or overflow.
pub(crate) fn size(kind: Kind, shape: &[usize]) -> Option<u64> {
    let (row, rows) = shape.split_last()?;
    let rows = rows
        .iter()
        .try_fold(1_usize, |n, &axis| n.checked_mul(axis))?;
    let bytes = kind.row_bytes(*row)?.checked_mul(rows)?;
    u64::try_from(bytes).ok()
}

struct Bytes<R> {
    from: R,
    at: u64,
    length: u64,
}

impl<R: Read> Bytes<R> {
    fn array<const N: usize>(&mut self) -> Parsed<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Parsed<()> {
        let read = self.from.read_exact(bytes);
        read.map_err(|error| {
            (
                self.at,
                format!("the file ends too early ({error}); get it again"),
            )
        })?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// Whether the rest of the file could hold `count` things of at least `each` bytes.
    fn fits(&self, count: u64, each: u64, what: &str) -> Parsed<()> {
        let left = self.length.saturating_sub(self.at);
        match count.checked_mul(each) {
            Some(bytes) if bytes <= left => Ok(()),
            _ => Err((
                self.at,
                format!(
                    "{count} {what} are announced, and {left} bytes are left; the file is damaged"
                ),
            )),
        }
    }

    fn u32(&mut self) -> Parsed<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Parsed<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn text(&mut self) -> Parsed<String> {
        let length = self.u64()?;
        self.fits(length, 1, "bytes of text")?;
        let mut bytes = vec![0; length as usize];
        self.fill(&mut bytes)?;
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    fn value(&mut self, kind: u32, depth: usize) -> Parsed<Value> {
        Ok(match kind {
            0 => Value::Unsigned(u8::from_le_bytes(self.array()?).into()),
            1 => Value::Signed(i8::from_le_bytes(self.array()?).into()),
            2 => Value::Unsigned(u16::from_le_bytes(self.array()?).into()),
            3 => Value::Signed(i16::from_le_bytes(self.array()?).into()),
            4 => Value::Unsigned(self.u32()?.into()),
            5 => Value::Signed(i32::from_le_bytes(self.array()?).into()),
            6 => Value::Float(f32::from_le_bytes(self.array()?).into()),
            7 => Value::Bool(u8::from_le_bytes(self.array()?) != 0),
            8 => Value::Text(self.text()?),
            9 if depth < DEPTH => {
                let (kind, count) = (self.u32()?, self.u64()?);
                let least = match kind {
                    0 | 1 | 7 => 1,
                    2 | 3 => 2,
                    8 | 10..=12 => 8,
                    9 => 12,
                    _ => 4,
                };
                self.fits(count, least, "values of a list")?;
                let mut values = Vec::new();
                for _ in 0..count {
                    values.push(self.value(kind, depth + 1)?);
                }
                Value::List(values)
            }
            9 => return Err((self.at, "lists are nested too deep".into())),
            10 => Value::Unsigned(self.u64()?),
            11 => Value::Signed(i64::from_le_bytes(self.array()?)),
            12 => Value::Float(f64::from_le_bytes(self.array()?)),
            other => {
                return Err((
                    self.at,
                    format!("a value of type {other}, which there is not"),
                ));
            }
        })
    }

    fn tensor(&mut self, name: &str) -> Parsed<(Kind, Vec<usize>, u64)> {
        let at = self.at;
        let dimensions = self.u32()?;
        if dimensions == 0 || dimensions > DIMENSIONS {
            return Err((
                at,
                format!("tensor `{name}` has {dimensions} dimensions; 1 to 4 are read"),
            ));
        }
        let mut shape = Vec::new();
        for _ in 0..dimensions {
            let size = usize::try_from(self.u64()?);
            shape.push(size.map_err(|_| (at, format!("tensor `{name}` is too large")))?);
        }
        // The file has the contiguous axis first.
        shape.reverse();
        let number = self.u32()?;
        let kind = Kind::numbered(number).ok_or_else(|| {
            let problem = format!(
                "tensor `{name}` is quantised in a way (type {number}) that is not read; take a file in \
                 Q4_K_M, Q8_0 or F16"
            );
            (at, problem)
        })?;
        Ok((kind, shape, self.u64()?))
    }
}
