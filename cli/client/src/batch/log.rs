//! A table that grows by one synced line at a time, and is held by one process: results, and words.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    hash::Hash,
    io::{self, Read, Seek, SeekFrom, Write},
    marker::PhantomData,
    path::{Path, PathBuf},
};

use csv::{ReaderBuilder, WriterBuilder};
use serde::{Serialize, de::DeserializeOwned};
use share_format::text;
use zeroize::Zeroizing;

use super::table::{self, Format, TableError};
use crate::{state::private_file, system};

/// Files opened before giving up; each can only be lost to another process at the same moment.
const TRIES: usize = 16;
/// The longest file that is read.
const MAX_BYTES: u64 = 1024 * 1024 * 1024;

/// A table of `T`, whose fields are texts and numbers, held by this process until it is dropped.
pub struct Log<T> {
    path: PathBuf,
    file: File,
    private: bool,
    lines: PhantomData<T>,
}

/// A line of a table that a [`Log`] keeps.
pub trait Line: Serialize + DeserializeOwned + Default {
    /// A column that lines of no other kind have, and that is never empty: it tells such a table from others.
    const MARK: &'static str;

    /// What is in its column `key`.
    fn key(&self) -> &str;

    /// Whether a last line without an end is a whole one all the same, as some editors leave it.
    fn is_whole(&self) -> bool {
        true
    }
}

impl<T: Line> Log<T> {
    /// Opens the table, or begins one, and gives the lines that it has. A last line that was cut off is removed, and one that
    /// only lacks its end gets that. A table that a spreadsheet has saved in its own way is written anew.
    ///
    /// # Errors
    /// [`TableError::InUse`] while another process has it open; [`TableError::NoColumn`] and [`TableError::Damaged`] for
    /// what is no table of these lines, which then stays as it is.
    pub fn open(path: &Path, private: bool) -> Result<(Self, Vec<T>), TableError> {
        let unreadable = |source| TableError::Unreadable { path: path.to_owned(), source };
        let file = hold(path, private).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => TableError::InUse(path.to_owned()),
            _ => TableError::Unwritable { path: path.to_owned(), source: error },
        })?;
        let mut bytes = Zeroizing::new(Vec::new());
        (&file).take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(unreadable(io::ErrorKind::FileTooLarge.into()));
        }
        let text = text::decode(&bytes).ok_or_else(|| unreadable(io::ErrorKind::InvalidData.into()))?;
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        let mut lines: Vec<T> = read(path, whole)?;
        // A later replacement keeps a link to the file.
        let path = fs::canonicalize(path).map_err(unreadable)?;
        let mut log = Self { path: path.clone(), file, private, lines: PhantomData };
        let unended = read::<T>(&path, &text).ok().filter(|all| all.len() == lines.len() + 1);
        let unended = unended.and_then(|mut all| all.pop()).filter(T::is_whole);
        let is_ours = text.len() == bytes.len() && (whole.is_empty() || whole.starts_with(&header::<T>(&path)));
        let mended = match (is_ours, unended.is_some()) {
            (false, _) => {
                lines.extend(unended);
                log.replace(lines.iter())
            }
            (true, true) => {
                lines.extend(unended);
                log.file.write_all(b"\n").and_then(|()| log.file.sync_data())
            }
            (true, false) if whole.len() < text.len() => log.file.set_len(whole.len() as u64),
            (true, false) => Ok(()),
        };
        mended.map_err(|source| TableError::Unwritable { path, source })?;
        Ok((log, lines))
    }

    /// An error once another file has the name, as editors leave it: what is written here would be lost.
    fn check_in_place(&self) -> io::Result<()> {
        match system::is_same_file(&self.file, &self.path)? {
            true => Ok(()),
            false => Err(io::Error::other("another file has its name now")),
        }
    }

    /// Adds a line, which is on disk when this returns.
    pub fn append(&mut self, line: &T) -> io::Result<()> {
        self.check_in_place()?;
        let end = self.file.seek(SeekFrom::End(0))?;
        let mut text = Zeroizing::new(if end == 0 { header::<T>(&self.path) } else { String::new() });
        text.push_str(&written(&self.path, line));
        let result = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        if result.is_err() {
            // Half a line would spoil the next one. Where this fails too, the next `open` does it.
            let _ = self.file.set_len(end);
        }
        result
    }

    /// Leaves the last line of each key, in the order in which the keys came first.
    pub fn compact<K: Eq + Hash>(&mut self, key: impl Fn(&T) -> K) -> Result<(), TableError> {
        let unreadable = |source| TableError::Unreadable { path: self.path.clone(), source };
        let mut text = Zeroizing::new(String::new());
        self.check_in_place().map_err(unreadable)?;
        let read_all = self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.read_to_string(&mut text));
        read_all.map_err(unreadable)?;
        let lines = read::<T>(&self.path, &text)?;
        let mut places = HashMap::new();
        let mut last: Vec<&T> = Vec::new();
        for line in &lines {
            match places.get(&key(line)) {
                Some(place) => last[*place] = line,
                None => {
                    places.insert(key(line), last.len());
                    last.push(line);
                }
            }
        }
        if last.len() == lines.len() {
            return Ok(());
        }
        self.replace(last.into_iter()).map_err(|source| TableError::Unwritable { path: self.path.clone(), source })
    }

    /// Puts these lines in the place of all there are, whole or not at all.
    pub fn replace<'a>(&mut self, lines: impl Iterator<Item = &'a T>) -> io::Result<()>
    where
        T: 'a,
    {
        let folder = folder_of(&self.path);
        let mut file = tempfile::Builder::new().prefix(private_file::UNFINISHED_PREFIX).tempfile_in(folder)?;
        let mut text = Zeroizing::new(header::<T>(&self.path));
        lines.for_each(|line| text.push_str(&written(&self.path, line)));
        file.write_all(text.as_bytes())?;
        if !self.private {
            file.as_file().set_permissions(self.file.metadata()?.permissions())?;
        }
        file.as_file().sync_all()?;
        // Held before it has the name, so that no other process gets between.
        private_file::lock(file.as_file().try_clone()?)?;
        self.file = file.persist(&self.path)?;
        system::sync_dir(folder)
    }
}

/// Opens the file, or makes it, and takes its lock; `WouldBlock` if another process has it.
fn hold(path: &Path, private: bool) -> io::Result<File> {
    for _ in 0..TRIES {
        let options = || OpenOptions::new().read(true).append(true).open(path);
        let file = match (options(), private) {
            (Err(error), true) if error.kind() == io::ErrorKind::NotFound => {
                match system::create_private(path) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                    created => drop(created?),
                }
                options()?
            }
            (Err(error), false) if error.kind() == io::ErrorKind::NotFound => {
                OpenOptions::new().read(true).append(true).create(true).open(path)?
            }
            (file, _) => file?,
        };
        if !file.metadata()?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if private {
            system::make_private(&file)?;
        }
        let file = match private_file::lock(file.try_clone()?)? {
            Some(locked) => locked,
            None => file,
        };
        // Another process may have replaced it between opening and locking.
        if system::is_same_file(&file, path)? {
            system::sync_dir(folder_of(path))?;
            return Ok(file);
        }
    }
    // A link that leads nowhere, say.
    Err(io::ErrorKind::ResourceBusy.into())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn read<T: Line>(path: &Path, text: &str) -> Result<Vec<T>, TableError> {
    let damaged = |line| TableError::Damaged { path: path.to_owned(), line };
    let known = names::<T>();
    if Format::of(path) == Format::JsonLines {
        let parsed = |line: &str| {
            let value: serde_json::Value = serde_json::from_str(line).ok()?;
            let fields = value.as_object()?;
            let is_ours = fields.keys().all(|name| known.contains(name)) && fields.contains_key(T::MARK);
            is_ours.then(|| serde_json::from_value(value).ok())?
        };
        let lines = text.lines().enumerate();
        return lines.map(|(index, line)| parsed(line).ok_or_else(|| damaged(index as u64 + 1))).collect();
    }
    let reader = ReaderBuilder::new().delimiter(table::delimiter(text)).from_reader(text.as_bytes());
    let mut records = reader.into_records();
    let names = records.reader_mut().headers().cloned().map_err(|_| damaged(1))?;
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    if let Some(column) = ["key", T::MARK].into_iter().find(|column| !text.is_empty() && !has(column)) {
        return Err(TableError::NoColumn { path: path.to_owned(), column });
    }
    // Spreadsheets add empty columns, and rows of empty cells.
    if let Some(other) = names.iter().find(|name| !name.is_empty() && !known.iter().any(|known| known == name)) {
        return Err(TableError::Column { path: path.to_owned(), column: other.to_owned(), known });
    }
    let line = |position: Option<&csv::Position>| position.map_or(0, csv::Position::line);
    let parsed = records.filter_map(|record| {
        let record = match record {
            Ok(record) => record,
            Err(error) => return Some(Err(damaged(line(error.position())))),
        };
        if record.iter().all(str::is_empty) {
            return None;
        }
        let plain: csv::StringRecord = record.iter().map(table::without_guard).collect();
        Some(plain.deserialize(Some(&names)).map_err(|_| damaged(line(record.position()))))
    });
    parsed.collect()
}

/// The names of the columns.
fn names<T: Serialize + Default>() -> Vec<String> {
    let both = serialized(&T::default(), true);
    both.lines().next().map(|names| names.split(',').map(str::to_owned).collect()).unwrap_or_default()
}

/// The line of column names; none for JSON Lines.
fn header<T: Serialize + Default>(path: &Path) -> String {
    match Format::of(path) {
        Format::JsonLines => String::new(),
        Format::Csv => names::<T>().join(",") + "\n",
    }
}

fn written(path: &Path, line: &impl Serialize) -> Zeroizing<String> {
    Zeroizing::new(match Format::of(path) {
        Format::JsonLines => {
            let mut value = serde_json::to_value(line).expect("lines of texts and numbers always become JSON");
            if let Some(fields) = value.as_object_mut() {
                fields.retain(|_, value| !value.is_null() && value != "");
            }
            format!("{value}\n")
        }
        Format::Csv => {
            let plain = Zeroizing::new(serialized(line, false));
            let mut reader = ReaderBuilder::new().has_headers(false).from_reader(plain.as_bytes());
            let record = reader.records().next().expect("it is one line").expect("it has just been written");
            table::csv_line(record.iter())
        }
    })
}

fn serialized(line: &impl Serialize, with_names: bool) -> String {
    let mut writer = WriterBuilder::new().has_headers(with_names).from_writer(Vec::new());
    writer.serialize(line).expect("lines have texts and numbers only");
    String::from_utf8(writer.into_inner().expect("memory takes every record")).expect("made of strings")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Row {
        key: String,
        number: Option<u32>,
        text: String,
    }

    impl Line for Row {
        const MARK: &'static str = "text";

        fn key(&self) -> &str {
            &self.key
        }
    }

    fn line(key: &str, text: &str) -> Row {
        Row { key: key.to_owned(), number: None, text: text.to_owned() }
    }

    fn opened(path: &Path) -> (Log<Row>, Vec<Row>) {
        Log::open(path, true).unwrap()
    }

    #[test]
    fn lines_are_there_again_whole_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["log.csv", "log.jsonl"] {
            let path = folder.path().join(name);
            let lines = [line("=1", "a, \"b\""), line("k", "'quoted'"), line("é", "-x")];
            let (mut log, before) = opened(&path);
            assert_eq!(before, []);
            lines.iter().for_each(|line| log.append(line).unwrap());
            assert!(matches!(Log::<Row>::open(&path, true), Err(TableError::InUse(_))), "it is held");
            drop(log);
            fs::write(&path, [fs::read(&path).unwrap(), b"half a li".to_vec()].concat()).unwrap();
            let (mut log, read) = opened(&path);
            assert_eq!(read, lines, "{name}");
            log.replace(lines[1..].iter()).unwrap();
            assert!(matches!(Log::<Row>::open(&path, true), Err(TableError::InUse(_))), "it is still held");
            log.append(&lines[0]).unwrap();
            log.append(&line("k", "newer")).unwrap();
            log.compact(|line| line.key.clone()).unwrap();
            drop(log);
            assert_eq!(opened(&path).1, [line("k", "newer"), lines[2].clone(), lines[0].clone()], "{name}");
        }
    }

    #[test]
    fn nothing_is_written_to_a_file_that_has_lost_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.csv");
        let (mut log, _) = opened(&path);
        log.append(&line("k", "a")).unwrap();
        let copy = folder.path().join("copy");
        fs::copy(&path, &copy).unwrap();
        fs::rename(&copy, &path).unwrap();
        assert!(log.append(&line("l", "b")).is_err() && log.compact(|line| line.key.clone()).is_err());
        #[cfg(unix)]
        {
            let dangling = folder.path().join("dangling.csv");
            std::os::unix::fs::symlink("nowhere", &dangling).unwrap();
            assert!(Log::<Row>::open(&dangling, true).is_err());
        }
    }

    #[test]
    fn what_a_spreadsheet_has_saved_is_taken_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.csv");
        fs::write(&path, "\u{feff}text;key;\r\na;k;\r\n;;\r\n").unwrap();
        let (mut log, lines) = opened(&path);
        assert_eq!(lines, [line("k", "a")]);
        log.append(&line("l", "b")).unwrap();
        drop(log);
        assert_eq!(opened(&path).1, [line("k", "a"), line("l", "b")]);
        assert!(fs::read_to_string(&path).unwrap().starts_with("key,number,text\n"));
    }

    #[test]
    fn another_file_is_refused_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("a.csv", "name,place\nx,y\n"),
            ("b.jsonl", "{\n"),
            ("c.csv", "key,number\nk,many\n"),
            ("d.csv", "key,paths\nk,p\n"),
            ("e.jsonl", "{\"paths\":\"p\"}\n"),
            ("f.csv", "key,number\nk,1\n"),
            ("g.jsonl", "{\"key\":\"k\"}\n"),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            assert!(Log::<Row>::open(&path, false).is_err(), "{name}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}
