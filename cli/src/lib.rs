//! `share`: sends a large or private file to one particular person.
//!
//! How a file travels: `content` reads and packs it, `envelope` seals it, `transfer` moves it through `client`
//! to a relay; and back the same way. `commands` has a file for each subcommand that reads like its story.

pub mod content;
pub mod envelope;
pub mod i18n;
pub mod link;
pub mod system;
