//! What files are known by: the SHA-256 of their content.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use data::files::{sha256, sha256_of};

/// The SHA-256 of a file, in hexadecimal as `sha256sum` prints it; of a folder, that of a list of the
/// files in it and below, each line its name within the folder, a NUL and its own SHA-256, sorted by
/// name. Hidden files, whose names begin with a dot, are left out.
///
/// # Errors
/// When something cannot be read.
pub fn fingerprint(path: &Path) -> io::Result<String> {
    if !path.is_dir() {
        return of_file(path);
    }
    let mut files = Vec::new();
    below(path, &mut files)?;
    of_files(path, files)
}

/// The same for some files of `root`; one alone counts as itself.
pub(crate) fn of_files(root: &Path, mut files: Vec<PathBuf>) -> io::Result<String> {
    if let [file] = &files[..] {
        return of_file(file);
    }
    files.sort();
    let mut list = String::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(&file);
        list += &format!("{}\0{}\n", name.display(), of_file(&file)?);
    }
    Ok(sha256(list.as_bytes()))
}

fn of_file(path: &Path) -> io::Result<String> {
    sha256_of(File::open(path)?)
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let path = entry.path();
        match path.is_dir() {
            true => below(&path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-2, appendix B.1.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_file_has_the_hash_of_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.txt");
        std::fs::write(&file, "abc").unwrap();
        assert_eq!(fingerprint(&file).unwrap(), ABC);
        assert!(fingerprint(&folder.path().join("none")).is_err());
    }

    #[test]
    fn a_folder_is_known_by_names_and_contents() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        write("a.txt", "abc");
        write("sub/b.txt", "abc");
        let list = format!("a.txt\0{ABC}\nsub/b.txt\0{ABC}\n");
        let before = fingerprint(folder.path()).unwrap();
        assert_eq!(before, sha256(list.as_bytes()));
        write(".hidden", "x");
        assert_eq!(fingerprint(folder.path()).unwrap(), before);
        write("sub/b.txt", "abd");
        assert_ne!(fingerprint(folder.path()).unwrap(), before);
    }
}
