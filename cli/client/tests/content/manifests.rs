//! Manifests, messages and errors.

use super::*;

#[test]
fn a_manifest_is_plain_json() {
    let manifest = Manifest::of_stream("dump.sql", 5, [0xab; 16], Some("hi\nthere".to_owned())).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&manifest.to_json()).unwrap();
    let mtime = json["entries"][0]["mtime"].as_u64().unwrap();
    assert!(mtime > 1_700_000_000);
    assert_eq!(
        json,
        serde_json::json!({
            "version": 1, "kind": "file", "nonce": "ab".repeat(16), "length": 5, "files": 1, "folders": 0, "bytes": 5,
            "entries": [{ "path": "dump.sql", "size": 5, "mtime": mtime, "offset": 0 }],
            "message": "hi\nthere",
        })
    );
    assert_eq!(Manifest::parse(&manifest.to_json(), &[0xff; 16]).unwrap(), manifest);
}

#[test]
fn a_manifest_with_fields_of_later_versions_is_read() {
    let manifest = Manifest::of_stream("a", 0, [0; 16], None).unwrap();
    let mut json: serde_json::Value = serde_json::from_slice(&manifest.to_json()).unwrap();
    json["colour"] = serde_json::json!({ "of": ["balloon", null] });
    json["entries"][0]["taste"] = serde_json::json!(1.5);
    assert_eq!(Manifest::parse(json.to_string().as_bytes(), &[0xff; 16]).unwrap(), manifest);
}

#[test]
fn a_stream_has_a_name_like_a_file() {
    let name = |name| Manifest::of_stream(name, 0, [0; 16], None);
    assert_eq!(name("re\u{301}sume\u{301}").unwrap().entries[0].path, "r\u{e9}sum\u{e9}");
    for forbidden in ["", "..", "a/b", "a\\b", "CON", "a\u{202e}b"] {
        assert!(matches!(name(forbidden), Err(FormatError::ForbiddenName(..))), "{forbidden:?}");
    }
}

#[test]
fn a_list_of_names_too_long_to_seal_becomes_totals() {
    let sandbox = sandbox();
    let mut folder = sandbox.path().join("d");
    for _ in 0..2 {
        folder.push("ü".repeat(125));
    }
    for n in 0..6_000 {
        write(folder.join(format!("{n:0>200}")), "");
    }
    let json = pack(&[sandbox.path().join("d")]).manifest([0; 16], None).to_json();
    let manifest = Manifest::parse(&json, &[0xff; 16]).unwrap();
    assert_eq!((manifest.entries.len(), manifest.files, manifest.folders), (0, 6_000, 3));
}

#[test]
fn a_sender_travels_as_a_name_that_everybody_can_show() {
    assert_eq!(clean_sender(" Wijkteam Noord\r\n").unwrap(), "Wijkteam Noord");
    assert_eq!(clean_sender(&"😀".repeat(100)).unwrap(), "😀".repeat(100));
    for empty_or_long in ["", " \t\n", &"x".repeat(101)] {
        assert!(matches!(clean_sender(empty_or_long), Err(FormatError::SenderLength)), "{empty_or_long:?}");
    }
    // Not shown, not shown everywhere, and what stands for bytes that are no text.
    for c in ['\n', '\u{1b}', '\u{202e}', '\u{200b}', '\u{e000}', '\u{378}', '\u{fffd}', '\u{2800}'] {
        let error = clean_sender(&format!("a{c}b")).unwrap_err();
        assert!(matches!(error, FormatError::SenderCharacter(found) if found == c), "{error:?}");
        assert!(!error.to_string().contains(c), "{error}");
    }
    for gap in ["  ", " \u{a0}", "\u{3000}\u{2003}", "\u{2003}\u{200d}\u{2003}"] {
        assert!(matches!(clean_sender(&format!("a{gap}b")), Err(FormatError::SenderSpaces)), "{gap:?}");
    }
}

#[test]
fn a_message_travels_with_plain_line_ends() {
    assert_eq!(clean_message("one\r\n\ttwo\n\n").unwrap(), "one\n\ttwo");
    assert!(matches!(clean_message("\u{1b}[2J"), Err(FormatError::MessageCharacter('\u{1b}'))));
    assert!(clean_message(&"é".repeat(32 * 1024)).is_ok());
    assert!(matches!(clean_message(&"é".repeat(32 * 1024 + 1)), Err(FormatError::MessageLong)));
}
