//! What docs/batch.md shows is run as it stands there.

use std::{fs, os::unix::fs::symlink, path::Path};

use crate::support::{PATIENCE, batch::BatchFixture};

/// The blocks of this language in the page.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("\n```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned() + "\n").collect()
}

#[test]
fn every_shell_block_of_the_page_works_in_an_empty_environment() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/batch.md")).unwrap();
    let batch = BatchFixture::new();
    batch.env.file("export/2026-0001.pdf", "report");
    batch.env.file("export/2026-0002/a.xml", "<a/>");
    batch.env.file("export/notes.txt", "notes");
    let table = blocks(&page, "csv").remove(0);
    batch.env.file("jobs.csv", table.replace("age1publickey", &batch.key));
    fs::create_dir(batch.env.path("bin")).unwrap();
    symlink(env!("CARGO_BIN_EXE_tested-share"), batch.env.path("bin/share")).unwrap();
    let blocks = blocks(&page, "sh");
    assert!(blocks.len() >= 4, "{blocks:?}");
    for block in blocks {
        let block = block.replace("PATH=/usr/local/bin:", &format!("PATH={}:", batch.env.path("bin").display()));
        let run = batch.env.program("sh", ["-eu", "-c", &block]);
        // As cron starts it: no language, hardly a path.
        let path = format!("{}:/usr/bin:/bin", batch.env.path("bin").display());
        let run = run.env("PATH", path).env("LANG", "").env("RECIPIENT", &batch.key);
        let outcome = run.env("SHARE_RELAY", &batch.relay.url).within(PATIENCE).exits(0);
        assert_eq!(outcome.stderr().lines().filter(|line| line.contains("warning")).count(), 0, "{outcome:?}");
    }
    assert_eq!(batch.results().len(), 2);
    assert!(batch.env.path("dump.json").exists() && batch.env.path("from-query.csv").exists());
    assert!(batch.env.path("inbox/from-a-query/notes.txt").exists());
    batch.get("2026-0001", "in").exits(0);
}
