//! The rows of a table of links: which share each asks for, and the key that names it and its folder.

use std::{collections::HashMap, path::Path};

use share_client::batch::table::{Columns, Fields, Row, Table};
use share_format::{link::Link, names, quote::quoted};

use super::super::rows::KEY_TWICE;
use crate::{
    error::{Error, Kind, Result},
    i18n::fl,
};

/// The columns of a table of links, in the order in which they are written. `error` says why a row is among those that are
/// not done, and means nothing when it is read.
pub const COLUMN_ORDER: [&str; 3] = ["link", "key", "error"];
pub const COLUMNS: Columns =
    Columns { values: &["link", "key", "error"], lists: &[], required: "link", ignore_others: true };

/// A table of links. Rows without one ask for nothing.
pub struct Links {
    table: Table,
    /// The line on which each key stands first, by what makes two of them one folder.
    lines: HashMap<String, u64>,
    /// Rows that have a link.
    pub count: u64,
}

impl Links {
    /// Reads a table.
    pub fn read(path: &Path) -> Result<Self> {
        let table = Table::read(path, &COLUMNS).map_err(share_client::Error::Table)?;
        let mut links = Self { table, lines: HashMap::new(), count: 0 };
        let mut lines = HashMap::new();
        for row in links.rows() {
            if let Some(key) = key_of(&row) {
                lines.entry(names::collision_key(&key)).or_insert(row.line);
            }
        }
        links.count = links.rows().count() as u64;
        links.lines = lines;
        Ok(links)
    }

    /// The rows that have a link, from the first to the last.
    pub fn rows(&self) -> impl Iterator<Item = Row> + Send {
        self.table.rows().filter(|row| row.fields.as_ref().map_or(true, |fields| value(fields, "link").is_some()))
    }

    /// Where a row leads to; and its key in any case, or its line where it has none.
    pub fn link(&self, row: &Row) -> (String, Result<Link>) {
        let key = key_of(row).unwrap_or_else(|| fl!("batch-line", line = row.line));
        let link = self.checked_link(row, &key);
        (key, link)
    }

    fn checked_link(&self, row: &Row, key: &str) -> Result<Link> {
        let Ok(fields) = &row.fields else { return Err(Error::usage(fl!("batch-row-malformed"))) };
        let link = Link::parse(value(fields, "link").unwrap_or_default())?;
        if names::check(key).is_err() || key.contains('/') {
            let bad = Error::new(Kind::Usage, "bad_key", fl!("batch-fetch-key", key = quoted(key)));
            return Err(bad.hint(fl!("batch-fetch-key-hint")));
        }
        match self.lines.get(&names::collision_key(key)) {
            Some(&first) if first != row.line => {
                let twice = Error::new(Kind::Usage, KEY_TWICE, fl!("batch-fetch-twice", line = first));
                Err(twice.hint(fl!("batch-fetch-twice-hint")))
            }
            _ => Ok(link),
        }
    }

    /// The row as it goes to the file of rows that are not done.
    pub fn left_over(&self, row: Row, error: &str) -> std::result::Result<Fields, String> {
        let key = key_of(&row);
        let mut fields = row.fields?;
        fields.extend(key.map(|key| ("key".to_owned(), vec![key])));
        fields.insert("error".to_owned(), vec![error.to_owned()]);
        Ok(fields)
    }
}

/// The key of a row: that of its column, or else the id in its link.
fn key_of(row: &Row) -> Option<String> {
    let fields = row.fields.as_ref().ok()?;
    match value(fields, "key") {
        Some(key) => Some(key.to_owned()),
        None => Some(Link::parse(value(fields, "link")?).ok()?.id.to_string()),
    }
}

fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.get(name)?.first().map(|text| text.trim()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use share_relay_api::ShareId;

    use super::*;

    fn link(number: u8) -> String {
        format!("https://relay.example/s/{}", ShareId::from_random([number; 12]))
    }

    fn read(text: &str) -> Links {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("links.csv");
        std::fs::write(&path, text).unwrap();
        Links::read(&path).unwrap()
    }

    /// The key of each row, with its link or the code of what is wrong with it.
    fn rows(links: &Links) -> Vec<(String, std::result::Result<String, &'static str>)> {
        let rows = links.rows().map(|row| links.link(&row));
        rows.map(|(key, link)| (key, link.map(|link| link.to_string()).map_err(|error| error.code()))).collect()
    }

    #[test]
    fn the_key_is_that_of_the_column_or_else_the_id() {
        let (one, two) = (link(1), link(2));
        let text = format!("status,key,link\nready, a ,{one}\nready,,{two}\nfailed,c,\nfailed,d,  \n");
        let links = read(&text);
        let id = two.rsplit('/').next().unwrap();
        assert_eq!(rows(&links), [("a".to_owned(), Ok(one)), (id.to_owned(), Ok(two.clone()))]);
        assert_eq!(links.count, 2, "rows without a link ask for nothing");
    }

    #[test]
    fn a_bad_row_stops_itself() {
        crate::i18n::choose(Some(crate::i18n::Language::En));
        let (one, two) = (link(1), link(2));
        let text = format!(
            "key,link\na,{one}\nA,{two}\n..,{one}\nb/c,{one}\nnul,{one}\n.share-0123456789abcdef.part,{one}\n\
             d,https://relay.example/s/abc\n,not a link\ne,{one},x\nf,{two}\n"
        );
        let rows = rows(&read(&text));
        let codes: Vec<_> = rows.iter().map(|(_, link)| link.as_ref().map(drop).map_err(|code| *code)).collect();
        let bad = Err("bad_key");
        let (damaged, no_link) = (codes[6], codes[7]);
        assert_eq!(codes[..6], [Ok(()), Err(KEY_TWICE), bad, bad, bad, bad]);
        assert!(damaged.is_err() && no_link.is_err());
        assert_eq!(codes[8..], [Err("usage"), Ok(())]);
        assert_eq!((&*rows[7].0, &*rows[8].0), ("line 9", "line 10"));
    }

    #[test]
    fn what_is_left_over_can_be_run() {
        let one = link(1);
        let links = read(&format!("name,link\nx,{one}\n"));
        let fields = links.left_over(links.rows().next().unwrap(), "why").unwrap();
        let id = one.rsplit('/').next().unwrap();
        assert_eq!(["link", "key", "error"].map(|name| &*fields[name][0]), [&*one, id, "why"]);
    }
}
