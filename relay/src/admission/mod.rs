//! Who may send: sender tokens today. Nothing here knows of shares, calls or HTTP.

pub mod tokens;
