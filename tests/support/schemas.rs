//! The JSON schemas of what `share --json` prints, in `docs/json`. Every line that a test has it print is checked against
//! them, see [`program`](super::program).

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output},
    sync::LazyLock,
};

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

use crate::support::terminal::SHARE;

pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/json");

struct EventSchemas {
    schemas: Schemas,
    by_event: BTreeMap<String, SchemaIndex>,
}

static SCHEMAS: LazyLock<EventSchemas> = LazyLock::new(EventSchemas::compile);

impl EventSchemas {
    /// Fails the test unless each file is a valid schema.
    fn compile() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.enable_format_assertions();
        let files = fs::read_dir(FOLDER).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let events: Vec<_> = files.filter_map(|name| Some(name.strip_suffix(".schema.json")?.to_owned())).collect();
        let by_event = events.into_iter().map(|event| {
            let path = Path::new(FOLDER).canonicalize().unwrap().join(format!("{event}.schema.json"));
            let compiled = compiler.compile(path.to_str().unwrap(), &mut schemas);
            (event, compiled.unwrap_or_else(|error| panic!("{error:#}")))
        });
        let by_event = by_event.collect();
        Self { schemas, by_event }
    }
}

/// The events that have a schema, in alphabetical order.
pub fn events() -> impl Iterator<Item = &'static str> {
    SCHEMAS.by_event.keys().map(String::as_str)
}

/// Why this line of standard output is not what the schema of its event describes.
pub fn check(line: &[u8]) -> Result<(), String> {
    let object: Value = serde_json::from_slice(line).map_err(|error| format!("not JSON: {error}"))?;
    let event = object["event"].as_str().ok_or("an object without an event")?;
    let schema = SCHEMAS.by_event.get(event).ok_or_else(|| format!("docs/json/{event}.schema.json is missing"))?;
    SCHEMAS
        .schemas
        .validate(&object, *schema)
        .map_err(|error| format!("not as docs/json/{event}.schema.json: {error:#}"))
}

/// Checks what a program printed, if it is `share` and was asked for objects. Where it was killed, its last line may be cut
/// off.
pub fn check_output(command: &Command, output: &Output) -> Result<(), String> {
    if !prints_objects(command) {
        return Ok(());
    }
    let was_killed = output.status.code().is_none();
    output.stdout.split_inclusive(|byte| *byte == b'\n').try_for_each(|line| match line.ends_with(b"\n") {
        true => check(line),
        false if was_killed => Ok(()),
        false => Err("the last line has no end".to_owned()),
    })
}

/// Whether this runs `share`, by itself or by way of another program, with `--json`. Help is always a text.
fn prints_objects(command: &Command) -> bool {
    let has = |wanted: &str| command.get_args().any(|word| word == wanted);
    let mut words = std::iter::once(command.get_program()).chain(command.get_args());
    let is_share = words.any(|word| Path::new(word).file_name() == Path::new(SHARE).file_name());
    is_share && has("--json") && !has("--help")
}
