//! Small texts that people write: words, keys, tokens, messages. They come from a file or from standard input, made by
//! any editor: Windows puts a byte order mark before UTF-8, or writes UTF-16.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use zeroize::Zeroizing;

/// Whether standard input is meant.
pub fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// The bytes of a file, or of standard input for `-`. `FileTooLarge` beyond this many. The buffer never moves, so it
/// leaves no copy.
pub fn read_bytes(path: &Path, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let source: Box<dyn Read> = match is_stdin(path) {
        true => Box::new(io::stdin()),
        false => Box::new(File::open(path)?),
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(most + 1024));
    source.take(most as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// The text of a file, or of standard input for `-`.
pub fn read(path: &Path, most: usize) -> io::Result<Zeroizing<String>> {
    decode(&read_bytes(path, most)?).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The text in these bytes, without its byte order mark: UTF-8, or UTF-16 where the mark says so. `None` if it is neither.
pub fn decode(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let utf16 = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, odd) = rest.as_chunks();
        let text = char::decode_utf16(pairs.iter().copied().map(unit));
        let mut decoded = Zeroizing::new(String::with_capacity(2 * rest.len()));
        text.into_iter().try_for_each(|c| c.map(|c| decoded.push(c))).ok()?;
        odd.is_empty().then_some(decoded)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => std::str::from_utf8(rest).ok().map(|text| Zeroizing::new(text.to_owned())),
        _ => std::str::from_utf8(bytes).ok().map(|text| Zeroizing::new(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_as_its_mark_says() {
        let utf16 = |unit: fn(u16) -> [u8; 2]| "\u{feff}Hallo é 😀".encode_utf16().flat_map(unit).collect::<Vec<_>>();
        for bytes in [
            "Hallo é 😀".as_bytes().to_vec(),
            "\u{feff}Hallo é 😀".as_bytes().to_vec(),
            utf16(u16::to_le_bytes),
            utf16(u16::to_be_bytes),
        ] {
            assert_eq!(decode(&bytes).unwrap().as_str(), "Hallo é 😀", "{bytes:?}");
        }
        assert_eq!(decode(b"").unwrap().as_str(), "");
        for wrong in [&b"\xff"[..], b"\xff\xfea", b"\xff\xfe\x00\xd8", b"\xef\xbb\xbf\xff"] {
            assert!(decode(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn too_much_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "12345").unwrap();
        assert_eq!(read(file.path(), 5).unwrap().as_str(), "12345");
        assert_eq!(read(file.path(), 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
