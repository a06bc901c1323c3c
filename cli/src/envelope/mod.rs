//! (under construction)
pub mod words;
