//! What strangers write stands in our sentences escaped, and no longer than a line; and never in a library's words.

use serde_json::{Value, json};
use share_format::envelope::{PendingHeader, parse_recipient, random_nonce, seal_bytes};

use super::{Fixture, bounded};
use crate::support::{fault_proxy::FaultProxy, http::Response, program::Outcome, test_env::Sent};

/// What a library says of JSON it cannot read.
const OF_A_LIBRARY: [&str; 6] = ["expected", "unknown variant", "invalid", "missing field", "at line", "duplicate"];
/// Bytes of any error with its hint, in each of the two forms.
const SHORT: usize = 1500;

/// Fetches a share whose sender sealed this as its manifest.
fn with_manifest(fixture: &Fixture, manifest: &str, options: &[&str]) -> Outcome {
    let recipient = parse_recipient(&fixture.key).unwrap();
    let pending = PendingHeader::for_keys(&[recipient]).unwrap();
    let file_key = pending.file_key.clone();
    let sealed = seal_bytes(&pending.finish().unwrap(), &random_nonce().unwrap(), &file_key, manifest.as_bytes());
    let server = FaultProxy::rewriting(&fixture.relay.url, move |request, response| match request.call() {
        "open" => response.with_body(sealed.clone()).into(),
        _ => response.into(),
    });
    bounded(fixture.get(&server.url, "0s").args(options))
}

/// A manifest that could be, with one field changed.
fn manifest(field: &str, value: Value) -> String {
    let entry = json!({ "path": "a", "size": 5, "mtime": 0, "offset": 0 });
    let mut manifest = json!({
        "version": 1, "kind": "file", "nonce": "00".repeat(16), "length": 5, "files": 1, "bytes": 5, "entries": [entry],
    });
    manifest[field] = value;
    manifest.to_string()
}

#[test]
fn a_hostile_manifest_is_told_in_our_words_and_its_hint_points_to_the_sender() {
    let fixture = Fixture::new();
    let hostile = "\u{1b}[2J\u{202e}".repeat(100_000);
    let manifests = [
        manifest("kind", json!("x".repeat(3_000_000))),
        manifest("kind", json!(hostile)),
        manifest("length", json!("five")),
        manifest("entries", json!([{ &hostile: 1 }])),
        manifest("entries", json!([{ "path": "../".repeat(100_000), "size": 5, "mtime": 0, "offset": 0 }])),
        manifest("message", json!(hostile)),
        manifest("version", json!(hostile)),
        manifest("version", json!(0)),
        manifest("nonce", json!("no")),
        "[".repeat(200_000),
        "no JSON".to_owned(),
    ];
    for (number, text) in manifests.iter().enumerate() {
        for (lang, wrong, sender, relay) in [
            ("en", "The list of what is inside this share is wrong: ", "Ask the sender", "whoever runs the relay"),
            (
                "nl",
                "De lijst van wat er in deze zending zit, klopt niet: ",
                "vraag de afzender",
                "beheerder van de server",
            ),
        ] {
            let outcome = with_manifest(&fixture, text, &["--json", "--lang", lang]);
            let error = outcome.fails(8, "corrupt");
            let (message, hint) = (error["message"].as_str().unwrap(), error["hint"].as_str().unwrap());
            assert!(message.starts_with(wrong), "{number}: {message}");
            assert!(OF_A_LIBRARY.iter().all(|words| !message.contains(words)), "{number}: {message}");
            assert!(hint.contains(sender) && !hint.contains(relay), "{number}: {hint}");
            let lengths = [outcome.stdout().len(), outcome.stderr().len()];
            assert!(lengths.iter().all(|length| *length < SHORT), "{number}: {lengths:?}");
            fixture.nothing_saved("a hostile manifest");
        }
    }
    let outcome = with_manifest(&fixture, &manifest("kind", json!(1)), &[]);
    outcome.exits(8).says("is wrong: it is not in the form it should have");
}

#[test]
fn json_shows_no_direction_and_loses_no_character() {
    let fixture = Fixture::new();
    let message = "Zie bijlage \u{202e}gpj.exe\u{2066}\u{200b}\u{feff}";
    let send = fixture.env.share(["send", "--json", "--relay", &fixture.relay.url, "--recipient", &fixture.key]);
    let sent = bounded(send.args(["--message", message, "case.bin"])).exits(0);
    let link = sent.link();
    let listed = bounded(fixture.env.share(["get", &link, "--identity", "key.txt", "--list", "--json"])).exits(0);
    assert_eq!(listed.json()[0]["message"], message);
    assert!(listed.stdout().contains(r"\u202egpj.exe\u2066\u200b\ufeff"), "{listed:?}");
    assert!(listed.stdout().trim_end().chars().all(|c| c.is_ascii_graphic() || c == ' '), "{listed:?}");
}

#[test]
fn what_a_relay_says_of_itself_is_told_in_a_line() {
    let fixture = Fixture::new();
    let name = "\u{202e}x".repeat(20_000);
    let server = FaultProxy::rewriting(&fixture.relay.url, move |request, mut response| {
        if request.path == "/v1" {
            let mut info: Value = serde_json::from_slice(&response.body).unwrap();
            info["software"] = json!(name);
            for number in 0..9 {
                info["page"][format!("{number}{name}")] = json!("0".repeat(64));
            }
            response.body = serde_json::to_vec(&info).unwrap();
        }
        response.into()
    });
    let outcome = bounded(fixture.env.share(["doctor", "--relay", &server.url, "--json"]));
    outcome.fails(8, "page_differs");
    assert!(outcome.stderr().len() < 3000 && outcome.stdout().len() < 3000, "{outcome:?}");
}

#[test]
fn a_command_line_is_repeated_without_what_a_terminal_would_obey() {
    let fixture = Fixture::new();
    let Sent { link, .. } = &fixture.sent;
    let pasted = format!("\u{1b}]0;title\u{7}\u{202e}{}", "x".repeat(100_000));
    for arguments in [&["get", link, &pasted][..], &[&pasted], &["get", link, "--patience", &pasted], &["get", &pasted]]
    {
        let outcome = bounded(fixture.env.share(arguments).arg("--json")).exits(2);
        assert!(outcome.stderr().len() < 5000 && outcome.stdout().len() < 5000, "{outcome:?}");
    }
    // A relay that is none: nothing of what it answers is repeated.
    let server = FaultProxy::answering(|_| Response::of_json("\u{1b}[2J".repeat(1000)).into());
    let link = fixture.sent.through(&server.url).link;
    bounded(fixture.env.share(["get", &link, "--json"])).fails(3, "bad_answer");
}
