//! Tar blocks and manifests made by hand, so that they can lie. Nothing here uses the code under test.

use serde_json::{Value, json};

/// A share as an attacker could send it.
pub struct Case {
    pub manifest: Vec<u8>,
    pub content: Vec<u8>,
}

/// A header block with the fields of an honest file; `change` makes it dishonest, then the checksum is set.
pub fn header(name: &[u8], kind: u8, size: u64, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name);
    let mode = if kind == b'5' { 0o755 } else { 0o644 };
    put(&mut block, 100, format!("{mode:07o}"));
    put(&mut block, 108, "0000000");
    put(&mut block, 116, "0000000");
    put(&mut block, 124, format!("{size:011o}"));
    put(&mut block, 136, format!("{:011o}", 1_700_000_000));
    block[156] = kind;
    put(&mut block, 257, "ustar\x0000");
    put(&mut block, 329, "0000000");
    put(&mut block, 337, "0000000");
    change(&mut block);
    set_checksum(&mut block);
    block
}

fn set_checksum(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    put(block, 148, format!("{sum:07o}\0"));
}

/// Writes a field.
pub fn put(block: &mut [u8], at: usize, text: impl AsRef<[u8]>) {
    block[at..at + text.as_ref().len()].copy_from_slice(text.as_ref());
}

/// Bytes filled up to whole blocks.
pub fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut blocks = bytes.to_vec();
    blocks.resize(bytes.len().next_multiple_of(512), 0);
    blocks
}

/// An honest file of five bytes.
pub fn file(name: &str) -> Vec<u8> {
    entry(name, b'0', b"hello")
}

/// An honest folder; the name ends in a slash.
pub fn folder(name: &str) -> Vec<u8> {
    entry(name, b'5', b"")
}

/// An entry of any type, with a pax header where the name needs one.
pub fn entry(name: &str, kind: u8, bytes: &[u8]) -> Vec<u8> {
    if name.len() <= 100 && name.is_ascii() {
        return [header(name.as_bytes(), kind, bytes.len() as u64, |_| {}), padded(bytes)].concat();
    }
    let plain: String = name.chars().map(|c| if c.is_ascii() { c } else { '_' }).take(100).collect();
    let header = header(plain.as_bytes(), kind, bytes.len() as u64, |_| {});
    [pax(&[record("path", name.as_bytes())].concat()), header, padded(bytes)].concat()
}

/// A file whose header is changed.
pub fn changed(change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    [header(b"file", b'0', 5, change), padded(b"hello")].concat()
}

/// A pax extended header with these records.
pub fn pax(records: &[u8]) -> Vec<u8> {
    let header = header(b"PaxHeader", b'x', records.len() as u64, |block| {
        put(block, 136, format!("{:011o}", 0));
    });
    [header, padded(records)].concat()
}

/// An honest pax record.
pub fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let length = (rest + 1..).find(|length| rest + length.to_string().len() == *length).unwrap();
    [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
}

/// A tar of these entries.
pub fn tar(entries: &[Vec<u8>]) -> Vec<u8> {
    [entries.concat(), vec![0; 1024]].concat()
}

/// A tar under a manifest that gives only totals, as honest as it can be: the content is what lies.
pub fn totals(files: u64, folders: u64, content: Vec<u8>) -> Case {
    let manifest = json!({
        "version": 1, "kind": "tar", "nonce": "00".repeat(16), "length": content.len(),
        "files": files, "folders": folders, "bytes": files * 5,
    });
    Case { manifest: manifest.to_string().into(), content }
}

/// Totals for entries of which the attacker counts each as a file.
pub fn files(entries: &[Vec<u8>]) -> Case {
    totals(entries.len() as u64, 0, tar(entries))
}

/// Totals for a tar of these files and folders; a folder's path ends in a slash.
pub fn tree(paths: &[&str]) -> Case {
    let of = |path: &&str| if path.ends_with('/') { folder(path) } else { file(path) };
    let folders = paths.iter().filter(|path| path.ends_with('/')).count();
    totals((paths.len() - folders) as u64, folders as u64, tar(&paths.iter().map(of).collect::<Vec<_>>()))
}

/// One file of this name.
pub fn named(name: &str) -> Case {
    files(&[file(name)])
}

/// The honest share that the manifest's lies are told about: a folder `d` with `a` (5 bytes) and `b` (600).
pub fn honest() -> (Value, Vec<u8>) {
    let content = tar(&[folder("d/"), file("d/a"), entry("d/b", b'0', &[b'b'; 600])]);
    let mtime = 1_700_000_000;
    let manifest = json!({
        "version": 1, "kind": "tar", "nonce": "00".repeat(16), "length": content.len(),
        "files": 2, "folders": 1, "bytes": 605,
        "entries": [
            { "path": "d", "folder": true, "size": 0, "mtime": mtime, "offset": 512 },
            { "path": "d/a", "size": 5, "mtime": mtime, "offset": 1024 },
            { "path": "d/b", "size": 600, "mtime": mtime, "offset": 2048 },
        ],
    });
    (manifest, content)
}

/// The same, all of it private, and `a` executable.
pub fn private() -> (Value, Vec<u8>) {
    let (mut manifest, _) = honest();
    manifest["entries"].as_array_mut().unwrap().iter_mut().for_each(|entry| entry["private"] = json!(true));
    manifest["entries"][1]["executable"] = json!(true);
    let with = |name: &[u8], kind, size, mode| header(name, kind, size, |block| put(block, 100, mode));
    let (a, b) = (with(b"d/a", b'0', 5, "0000700"), with(b"d/b", b'0', 600, "0000600"));
    let entries = [with(b"d/", b'5', 0, "0000700"), a, padded(b"hello"), b, padded(&[b'b'; 600])];
    (manifest, tar(&entries))
}

/// The honest share with one lie in its manifest.
pub fn lie(change: impl FnOnce(&mut Value)) -> Case {
    let (mut manifest, content) = honest();
    change(&mut manifest);
    Case { manifest: manifest.to_string().into(), content }
}

/// The honest manifest with another tar of the same length.
pub fn other_tar(entries: &[Vec<u8>]) -> Case {
    let (mut manifest, _) = honest();
    let content = tar(entries);
    manifest["length"] = content.len().into();
    Case { manifest: manifest.to_string().into(), content }
}

/// A share of one file, its manifest changed.
pub fn single(content: &[u8], change: impl FnOnce(&mut Value)) -> Case {
    let mut manifest = json!({
        "version": 1, "kind": "file", "nonce": "00".repeat(16), "length": 5, "files": 1, "bytes": 5,
        "entries": [{ "path": "a", "size": 5, "mtime": 0, "offset": 0 }],
    });
    change(&mut manifest);
    Case { manifest: manifest.to_string().into(), content: content.to_vec() }
}

/// A manifest of these bytes.
pub fn manifest(json: impl Into<Vec<u8>>) -> Case {
    Case { manifest: json.into(), content: honest().1 }
}

/// The honest manifest with something written in another way.
pub fn written(honest_way: &str, other_way: &str) -> Case {
    let json = honest().0.to_string();
    assert!(json.contains(honest_way));
    manifest(json.replacen(honest_way, other_way, 1))
}

/// The honest manifest with a field of a later version, of this value.
pub fn later(value: &str) -> Case {
    written("{", &format!("{{\"later\":{value},"))
}

/// Lists in lists, so many.
pub fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}
