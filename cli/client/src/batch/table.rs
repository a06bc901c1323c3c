//! Tables that people and programs write, and read in spreadsheets: CSV (RFC 4180) and JSON Lines, told apart by the
//! name of the file.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use csv::{ReaderBuilder, StringRecord, Trim, WriterBuilder};
use share_format::text;

use crate::state::private_file;

/// The longest table that is read.
const MAX_BYTES: u64 = 256 * 1024 * 1024;
/// Between the values of a list in one cell of CSV.
const LIST_SEPARATOR: char = '|';

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A line of column names, then a line for each row.
    Csv,
    /// A JSON object a line.
    JsonLines,
}

impl Format {
    /// JSON Lines for names that end in `.jsonl` or `.ndjson`, else CSV.
    pub fn of(path: &Path) -> Self {
        let extension = path.extension().unwrap_or_default();
        let is_json = ["jsonl", "ndjson"].iter().any(|json| extension.eq_ignore_ascii_case(json));
        if is_json { Self::JsonLines } else { Self::Csv }
    }
}

/// Why a table cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason; `InvalidData` for what is no text, `FileTooLarge` for what is too long.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("{} cannot be written", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It has a column that is not known, or twice.
    #[error("{} has a column {column:?}", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column's name.
        column: String,
        /// The columns that there may be.
        known: Vec<String>,
    },
    /// A quotation mark is not closed, or not where its cell ends: what follows would belong to that cell.
    #[error("a quotation mark in line {line} of {} is not closed", path.display())]
    Quote {
        /// The file.
        path: PathBuf,
        /// The line where it is opened, from 1.
        line: u64,
    },
    /// It lacks a column.
    #[error("{} has no column {column:?}", path.display())]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The column's name.
        column: &'static str,
    },
    /// A line of a file that this program writes is not as it writes them.
    #[error("line {line} of {} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// Another process works with it.
    #[error("{} is in use", .0.display())]
    InUse(PathBuf),
}

/// The columns that a table may have.
pub struct Columns {
    /// Those with one value.
    pub values: &'static [&'static str],
    /// Those with a list: separated by `|` in CSV, an array in JSON.
    pub lists: &'static [&'static str],
    /// The one that must be there.
    pub required: &'static str,
    /// Whether there may be others, which are not read.
    pub ignore_others: bool,
}

impl Columns {
    fn has(&self, name: &str) -> bool {
        self.values.contains(&name) || self.lists.contains(&name)
    }
}

/// The values of a row by column; empty ones are left out.
pub type Fields = BTreeMap<String, Vec<String>>;

/// A row of a table.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its line in the file, from 1.
    pub line: u64,
    /// Its values; or the row as it stands, if that does not fit the columns.
    pub fields: Result<Fields, String>,
}

/// A table in memory, whose rows are read as they are needed.
pub struct Table {
    text: String,
    columns: &'static Columns,
    /// The names of the columns in their order, for CSV.
    names: Option<Vec<String>>,
}

impl Table {
    /// Reads a table; from standard input for `-`.
    ///
    /// # Errors
    /// Only for the whole file; a row that does not fit is told when its turn comes.
    pub fn read(path: &Path, columns: &'static Columns) -> Result<Self, TableError> {
        let unreadable = |source| TableError::Unreadable { path: path.to_owned(), source };
        let text = read_text(path).map_err(unreadable)?;
        let is_json = text::is_stdin(path) && text.trim_start().starts_with('{');
        let names = match Format::of(path) {
            Format::Csv if !is_json => {
                check_quotes(&text).map_err(|line| TableError::Quote { path: path.to_owned(), line })?;
                Some(csv_names(path, &text, columns)?)
            }
            _ => None,
        };
        Ok(Self { text, columns, names })
    }

    /// Whether it has a column of this name; for JSON Lines, whether a row has, be it empty.
    pub fn has_column(&self, name: &str) -> bool {
        match &self.names {
            Some(names) => names.iter().any(|known| known == name),
            None => self
                .text
                .lines()
                .any(|line| serde_json::from_str::<serde_json::Value>(line).is_ok_and(|row| row.get(name).is_some())),
        }
    }

    /// The rows, from the first to the last. Empty ones are left out.
    pub fn rows(&self) -> Box<dyn Iterator<Item = Row> + Send + '_> {
        match &self.names {
            Some(names) => Box::new(csv_rows(&self.text, names, self.columns)),
            None => Box::new(json_rows(&self.text, self.columns)),
        }
    }
}

fn read_text(path: &Path) -> io::Result<String> {
    let source: Box<dyn Read> = match text::is_stdin(path) {
        true => Box::new(io::stdin()),
        false => Box::new(File::open(path)?),
    };
    let mut bytes = Vec::new();
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    text::decode(&bytes).map(|text| text.to_string()).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The line of the first quoted cell that does not end as RFC 4180 wants it. The reader would take whatever follows for a
/// part of it: other people's rows.
fn check_quotes(text: &str) -> Result<(), u64> {
    let delimiter = delimiter(text);
    let (mut bytes, mut line, mut at_start) = (text.bytes().peekable(), 1, true);
    while let Some(byte) = bytes.next() {
        if byte == b'"' && at_start {
            let opened = line;
            loop {
                match bytes.next() {
                    Some(b'"') if bytes.peek() == Some(&b'"') => drop(bytes.next()),
                    Some(b'"') => break,
                    Some(byte) => line += u64::from(byte == b'\n'),
                    None => return Err(opened),
                }
            }
            if bytes.peek().is_some_and(|next| ![delimiter, b'\r', b'\n'].contains(next)) {
                return Err(opened);
            }
            at_start = false;
            continue;
        }
        at_start = byte == delimiter || byte == b'\n';
        line += u64::from(byte == b'\n');
    }
    Ok(())
}

fn csv_reader(text: &str) -> csv::Reader<&[u8]> {
    let mut reader = ReaderBuilder::new();
    reader.delimiter(delimiter(text)).flexible(true).trim(Trim::Headers).from_reader(text.as_bytes())
}

fn csv_names(path: &Path, text: &str, columns: &Columns) -> Result<Vec<String>, TableError> {
    let no_column = TableError::NoColumn { path: path.to_owned(), column: columns.required };
    let Ok(names) = csv_reader(text).headers().cloned() else { return Err(no_column) };
    let names: Vec<String> = names.iter().map(str::to_lowercase).collect();
    for (index, name) in names.iter().enumerate() {
        // Spreadsheets add columns without a name.
        let is_wrong = if name.is_empty() {
            false
        } else if columns.has(name) {
            names[..index].contains(name)
        } else {
            !columns.ignore_others
        };
        if is_wrong {
            return Err(TableError::Column {
                path: path.to_owned(),
                column: name.clone(),
                known: [columns.values, columns.lists].concat().into_iter().map(str::to_owned).collect(),
            });
        }
    }
    if !names.iter().any(|name| name == columns.required) {
        return Err(no_column);
    }
    Ok(names)
}

fn csv_rows(text: &str, names: &[String], columns: &'static Columns) -> impl Iterator<Item = Row> {
    csv_reader(text).into_records().filter_map(move |record| {
        // Text is always UTF-8, and flexible records have any length.
        let record = record.ok()?;
        let line = record.position().map_or(0, |position| line_of(text, position));
        let is_empty = record.iter().all(|cell| cell.trim().is_empty());
        (!is_empty).then(|| Row { line, fields: csv_fields(&record, names, columns) })
    })
}

/// The line on which a record begins: its position is that of the end of the one before, and empty lines may follow.
fn line_of(text: &str, position: &csv::Position) -> u64 {
    let rest = text.as_bytes()[position.byte() as usize..].iter();
    let empty = rest.take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n');
    position.line() + empty.count() as u64
}

fn csv_fields(record: &StringRecord, names: &[String], columns: &Columns) -> Result<Fields, String> {
    let is_unnamed = |index: usize| names.get(index).is_none_or(|name| name.is_empty() && !columns.ignore_others);
    let unnamed = || record.iter().enumerate().filter(|(index, cell)| is_unnamed(*index) && !cell.is_empty());
    if let Some((_, first)) = unnamed().next() {
        // Written by `write`, with nothing else in it; or as a stranger wrote it.
        let is_written = record.iter().filter(|cell| !cell.is_empty()).count() == 1;
        return Err(if is_written { without_guard(first).to_owned() } else { csv_line(record.iter()) });
    }
    let cells = names.iter().zip(record).filter(|(name, _)| columns.has(name)).map(|(name, cell)| {
        let cell = without_guard(cell);
        let values = match columns.lists.contains(&name.as_str()) {
            true => cell.split(LIST_SEPARATOR).map(|value| value.trim().to_owned()).collect(),
            false => vec![cell.to_owned()],
        };
        (name.clone(), values)
    });
    Ok(without_empty(cells.collect()))
}

fn json_rows(text: &str, columns: &'static Columns) -> impl Iterator<Item = Row> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(move |(index, line)| Row {
        line: index as u64 + 1,
        fields: json_fields(line, columns).ok_or_else(|| line.to_owned()),
    })
}

fn json_fields(line: &str, columns: &Columns) -> Option<Fields> {
    use serde_json::Value;
    let Value::Object(object) = serde_json::from_str(line).ok()? else { return None };
    let scalar = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let mut fields = Fields::new();
    for (name, value) in object {
        let values = match &value {
            Value::Null => continue,
            _ if !columns.has(&name) && columns.ignore_others => continue,
            Value::Array(values) if columns.lists.contains(&name.as_str()) => values.iter().map(scalar).collect(),
            value if columns.has(&name) => scalar(value).map(|value| vec![value]),
            _ => None,
        };
        fields.insert(name, values?);
    }
    Some(without_empty(fields))
}

fn without_empty(mut fields: Fields) -> Fields {
    fields.values_mut().for_each(|values| values.retain(|value| !value.is_empty()));
    fields.retain(|_, values| !values.is_empty());
    fields
}

/// Writes a table, whole or not at all, that only this user can read.
pub fn write(path: &Path, columns: &[&str], rows: impl Iterator<Item = Result<Fields, String>>) -> io::Result<()> {
    let mut text = String::new();
    if Format::of(path) == Format::Csv {
        text.push_str(&csv_line(columns.iter().copied()));
    }
    for row in rows {
        match (row, Format::of(path)) {
            // Beyond all columns, so that it fits them no more than before.
            (Err(as_it_stands), Format::Csv) => {
                let empty = columns.iter().map(|_| "");
                text.push_str(&csv_line(empty.chain([as_it_stands.trim_end_matches('\n')])));
            }
            (Err(as_it_stands), Format::JsonLines) => {
                text.push_str(&format!("{}\n", as_it_stands.trim_end_matches('\n')))
            }
            (Ok(fields), Format::Csv) => {
                let cell = |name: &&str| fields.get(*name).map(|values| values.join("|")).unwrap_or_default();
                text.push_str(&csv_line(columns.iter().map(cell)));
            }
            (Ok(fields), Format::JsonLines) => {
                let value = |(name, values): (&String, &Vec<String>)| match &values[..] {
                    [value] => (name.clone(), serde_json::Value::from(value.as_str())),
                    values => (name.clone(), serde_json::Value::from(values)),
                };
                let object: serde_json::Map<_, _> = fields.iter().map(value).collect();
                text.push_str(&format!("{}\n", serde_json::Value::Object(object)));
            }
        }
    }
    private_file::replace(path, text.as_bytes())
}

/// A line of CSV with these cells.
pub(super) fn csv_line<T: AsRef<str>>(cells: impl Iterator<Item = T>) -> String {
    let mut writer = WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let cells = cells.map(|cell| with_guard(cell.as_ref()));
    writer.write_record(cells).expect("memory takes every record");
    String::from_utf8(writer.into_inner().expect("memory takes every record")).expect("made of strings")
}

/// The delimiter of a CSV file, by its first line: spreadsheets of many countries write semicolons.
pub(super) fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let count = |delimiter: char| first.matches(delimiter).count();
    [',', ';', '\t'].into_iter().max_by_key(|c| (count(*c), *c == ',')).map_or(b',', |c| c as u8)
}

/// What a spreadsheet would take for a formula.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// The cell as a spreadsheet shows it, and does not run it.
fn with_guard(cell: &str) -> String {
    if is_formula(cell.trim_start_matches('\'')) { format!("'{cell}") } else { cell.to_owned() }
}

/// The cell as it was before [`with_guard`].
pub(super) fn without_guard(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest.trim_start_matches('\''))).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const COLUMNS: Columns =
        Columns { values: &["key", "message"], lists: &["paths"], required: "paths", ignore_others: false };
    const LINKS: Columns = Columns { values: &["key", "link"], lists: &[], required: "link", ignore_others: true };

    fn rows(name: &str, bytes: &[u8]) -> Result<Vec<Row>, TableError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        Ok(Table::read(&path, &COLUMNS)?.rows().collect())
    }

    fn values(fields: &Fields, name: &str) -> String {
        fields.get(name).map(|values| values.join("+")).unwrap_or_default()
    }

    #[test]
    fn a_table_is_read_as_a_spreadsheet_or_a_program_writes_it() {
        let utf16: Vec<u8> = "\u{feff}paths;key\r\na|b;k\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (name, bytes) in [
            ("a.csv", &b"paths,key\na|b,k\n"[..]),
            ("a.csv", b"\xef\xbb\xbfPaths ; Key\r\n\"a| b\";k\r\n;\r\n"),
            ("a.txt", b"key\tpaths\nk\ta|b"),
            ("a.CSV", &utf16),
            ("a.jsonl", br#"{"paths":["a","b"],"key":"k","message":null}"#),
        ] {
            let rows = rows(name, bytes).unwrap();
            assert_eq!(rows.len(), 1, "{name}");
            let fields = rows[0].fields.as_ref().unwrap();
            assert_eq!((values(fields, "paths").as_str(), values(fields, "key").as_str()), ("a+b", "k"));
        }
        let rows = rows("a.csv", b"paths,message\n\na,\"two\nlines, \"\"quoted\"\"\"\nb,'=1\n").unwrap();
        let messages: Vec<_> = rows.iter().map(|row| values(row.fields.as_ref().unwrap(), "message")).collect();
        assert_eq!(messages, ["two\nlines, \"quoted\"", "=1"]);
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 5]);
    }

    #[test]
    fn a_row_that_does_not_fit_is_kept_as_it_stands() {
        let csv = rows("a.csv", b"paths,key\na,b,c\nd,e\n").unwrap();
        assert_eq!(csv[0].fields.as_ref().unwrap_err(), "a,b,c\n");
        assert!(csv[1].fields.is_ok());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("left.csv");
        let mut left: Vec<_> = csv.into_iter().map(|row| row.fields).collect();
        for _ in 0..2 {
            write(&path, &["message", "key", "paths"], left.iter().cloned()).unwrap();
            left = Table::read(&path, &COLUMNS).unwrap().rows().map(|row| row.fields).collect();
            assert_eq!(left[0].as_ref().unwrap_err().trim_end(), "a,b,c", "it never becomes another row");
            assert!(left[1].is_ok());
        }
        for wrong in ["{", "[]", r#"{"paths":{}}"#, r#"{"path":"a"}"#, r#"{"key":["a"]}"#, r#"{"paths":true}"#] {
            let json = rows("a.jsonl", format!("{wrong}\n{{\"paths\":\"a\"}}\n").as_bytes()).unwrap();
            assert_eq!(json[0].fields.as_ref().unwrap_err(), wrong);
            assert!(json[1].fields.is_ok());
        }
    }

    #[test]
    fn other_columns_are_ignored_where_that_is_wished() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("a.csv", "name,key,link,name\n=1,k,l,x\n,j\n"),
            ("a.jsonl", "{\"key\":\"k\",\"link\":\"l\",\"files\":1,\"more\":{\"a\":[]}}\n{\"key\":\"j\"}\n"),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            let rows: Vec<_> = Table::read(&path, &LINKS).unwrap().rows().collect();
            let fields: Vec<_> = rows.into_iter().map(|row| row.fields.unwrap()).collect();
            assert_eq!(fields[0].keys().collect::<Vec<_>>(), ["key", "link"], "{name}");
            assert_eq!((values(&fields[1], "key").as_str(), fields[1].len()), ("j", 1), "{name}");
        }
        for text in ["key,name\nk,n\n", "link,link\nl,l\n"] {
            let path = folder.path().join("b.csv");
            fs::write(&path, text).unwrap();
            assert!(Table::read(&path, &LINKS).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_that_is_no_table_is_refused() {
        assert!(matches!(rows("a.csv", b""), Err(TableError::NoColumn { .. })));
        assert!(matches!(rows("a.csv", b"key\nx\n"), Err(TableError::NoColumn { .. })));
        assert!(matches!(rows("a.csv", b"paths,key,paths\n"), Err(TableError::Column { .. })));
        assert!(
            matches!(rows("a.csv", b"paths,expire\n"), Err(TableError::Column { column, .. }) if column == "expire")
        );
        for (text, opened) in
            [("paths,key\na,\"x\nb,y\n", 2), ("paths,key\na,\"x\nb,\"y\"\n", 2), ("paths\n\"a\" b\n", 2)]
        {
            assert!(matches!(rows("a.csv", text.as_bytes()), Err(TableError::Quote { line, .. }) if line == opened));
        }
        assert!(matches!(rows("a.csv", b"paths\n\xff\xff"), Err(TableError::Unreadable { .. })));
        assert!(matches!(rows("a.csv", b"PK\x03\x04\x00"), Err(TableError::Column { .. })));
    }

    #[test]
    fn what_is_written_is_read_again_and_runs_in_no_spreadsheet() {
        let folder = tempfile::tempdir().unwrap();
        let fields: Fields = [("paths", vec!["-a", "b c"]), ("key", vec!["=cmd|' /C calc'!A0"])]
            .into_iter()
            .map(|(name, values)| (name.to_owned(), values.into_iter().map(str::to_owned).collect()))
            .collect();
        for name in ["a.csv", "a.jsonl"] {
            let path = folder.path().join(name);
            write(&path, &["key", "paths"], [Ok(fields.clone())].into_iter()).unwrap();
            assert_eq!(Table::read(&path, &COLUMNS).unwrap().rows().next().unwrap().fields.unwrap(), fields);
        }
        let csv = fs::read_to_string(folder.path().join("a.csv")).unwrap();
        assert_eq!(csv, "key,paths\n'=cmd|' /C calc'!A0,'-a|b c\n");
    }
}
