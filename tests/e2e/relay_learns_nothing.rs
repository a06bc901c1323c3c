//! The relay learns nothing: all it is told, all it tells, all it stores and all it logs holds no word, no name, no
//! message, no key and no piece of what was sent.

use std::{collections::HashSet, fs, path::Path};

use base64::{Engine, engine::general_purpose};
use share_format::envelope::{self, Opener};

use crate::support::{
    PATIENCE,
    fault_proxy::{Direction, FaultProxy},
    random::noise,
    test_env::{Relay, Sent, TestEnv, files_below},
};

/// An environment whose programs reach the relay through a tap only.
struct Tapped {
    env: TestEnv,
    relay: Relay,
    tap: FaultProxy,
}

impl Tapped {
    fn new() -> Self {
        let env = TestEnv::new();
        // It logs all that it can.
        let relay = env.relay_logging("trace");
        let tap = FaultProxy::recording(&relay.url);
        Self { env, relay, tap }
    }

    /// Everything the relay was told, told, stored or logged, named.
    fn evidence(&self) -> Vec<(String, Vec<u8>)> {
        let mut all: Vec<_> = self
            .tap
            .streams()
            .into_iter()
            .map(|(direction, bytes)| (format!("what went {direction:?}"), bytes))
            .collect();
        for path in files_below(&self.relay.data).into_iter().filter(|path| path.is_file()) {
            all.push((path.display().to_string(), fs::read(&path).unwrap()));
            all.push(("a file's name".into(), path.display().to_string().into_bytes()));
        }
        all.push(("the log".into(), fs::read(self.env.path("relay.log")).unwrap()));
        let bytes: usize = all.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(self.tap.passed(Direction::ToRelay) > 0 && self.tap.passed(Direction::FromRelay) > 0);
        eprintln!("searching {} KiB of evidence", bytes / 1024);
        all
    }

    /// Opens the share as its recipient does; gives the file key and the manifest's plaintext.
    fn secrets(&self, sent: &Sent) -> ([u8; 16], Vec<u8>) {
        let sealed = fs::read(self.relay.share(sent).join("manifest.age")).unwrap();
        let (header, rest) = sealed.split_at(envelope::header_len(&sealed).unwrap().unwrap());
        let words = Opener::Passphrase(sent.passphrase().into());
        let key = envelope::open_header(header, &words).unwrap();
        (*key.expose(), envelope::open_bytes(&key, rest).unwrap())
    }
}

/// Bytes, and where they were found.
type Evidence = [(String, Vec<u8>)];

/// Which of these the evidence holds, and where.
fn held(evidence: &Evidence, secrets: &[(&str, Vec<u8>)]) -> Option<String> {
    secrets.iter().find_map(|(what, secret)| {
        assert!(secret.len() > 4, "{what} is so short that ciphertext holds it by chance");
        let is_held =
            |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window[0] == secret[0] && window == secret);
        let place = evidence.iter().find(|(_, bytes)| is_held(bytes));
        place.map(|(place, _)| format!("{what} is in {place}"))
    })
}

/// Where the evidence holds any 16 bytes in a row of the plaintext. Such a window holds a whole 8-byte block of the
/// plaintext, so that is what is looked for, at every offset of the evidence.
fn window_held<'a>(evidence: &'a Evidence, plaintext: &[u8]) -> Option<&'a str> {
    let blocks: HashSet<&[u8]> = plaintext.chunks_exact(8).collect();
    let place = evidence.iter().find(|(_, bytes)| bytes.windows(8).any(|window| blocks.contains(window)));
    place.map(|(place, _)| place.as_str())
}

/// Any 16 bytes in a row of the manifest that the evidence holds too.
fn manifest_held(evidence: &Evidence, manifest: &[u8]) -> Option<String> {
    // A receipt has a "time" too, and it may be the same second: the two then share `time":1795340681,"`.
    let is_time = |window: &[u8]| window.windows(4).any(|text| text == b"me\":");
    let windows: HashSet<&[u8]> = manifest.windows(16).filter(|window| !is_time(window)).collect();
    let mut all = evidence.iter().flat_map(|(_, bytes)| bytes.windows(16));
    all.find(|window| windows.contains(window)).map(|window| String::from_utf8_lossy(window).into_owned())
}

/// Every way the words could be written, and the file key.
fn keys(words: &str, file_key: &[u8; 16]) -> Vec<(&'static str, Vec<u8>)> {
    let hex: String = file_key.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut secrets = vec![
        ("the file key", file_key.to_vec()),
        ("the file key in hex", hex.to_uppercase().into_bytes()),
        ("the file key in hex", hex.into_bytes()),
        ("the file key in base64", general_purpose::STANDARD_NO_PAD.encode(file_key).into_bytes()),
        ("the file key in base64", general_purpose::URL_SAFE_NO_PAD.encode(file_key).into_bytes()),
    ];
    for separator in ["-", " ", "", "+", "%20", "_", ","] {
        secrets.push(("the words", words.replace('-', separator).into_bytes()));
        let pairs = words.split('-').zip(words.split('-').skip(1));
        // Short pairs could stand in ciphertext by chance.
        let pairs = pairs.map(|(one, other)| format!("{one}{separator}{other}")).filter(|pair| pair.len() >= 7);
        secrets.extend(pairs.map(|pair| ("two words", pair.into_bytes())));
    }
    secrets.push(("the words in base64", general_purpose::STANDARD_NO_PAD.encode(words).into_bytes()));
    secrets
}

/// The words that stand in text: runs of letters and digits within long runs of printable characters. Random bytes
/// have no such long runs, but hold any short word by chance.
fn words_in_text(evidence: &Evidence) -> HashSet<String> {
    let mut found = HashSet::new();
    for (_, bytes) in evidence {
        let runs = bytes.split(|byte| !matches!(byte, b' '..=b'~' | b'\r' | b'\n'));
        for run in runs.filter(|run| run.len() >= 24) {
            let words = run.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
            found.extend(words.map(|word| String::from_utf8_lossy(word).to_lowercase()));
        }
    }
    found
}

fn send_and_get(tapped: &Tapped, arguments: &[&str], paths: &[&Path]) -> Sent {
    let sent = tapped.env.send(&tapped.tap.url, arguments.iter().map(Path::new).chain(paths.iter().copied()));
    let get = |output: &str| tapped.env.get(&sent, output);
    get("unused").arg("--list").within(PATIENCE).exits(0);
    get("in").within(PATIENCE).exits(0);
    tapped.env.share(["status", &sent.link]).within(PATIENCE).exits(0);
    sent
}

#[test]
fn of_a_file_its_name_its_message_and_its_sender() {
    let tapped = Tapped::new();
    let name = "jaarrekening Vandersmissen 2026 🔒.pdf";
    let message = "Voor Wilhelmina: de cijfers van de zomer, vertrouwelijk.";
    let plaintext = noise(8 * 1024 * 1024 + 70_001);
    let file = tapped.env.file(name, &plaintext);
    let sender = "Wijkteam Vogelenzang";
    let sent = send_and_get(&tapped, &["--message", message, "--from", sender], &[&file]);

    let (file_key, manifest) = tapped.secrets(&sent);
    let evidence = tapped.evidence();
    assert_eq!(window_held(&evidence, &plaintext), None);
    assert_eq!(manifest_held(&evidence, &manifest), None);
    assert_eq!(held(&evidence, &keys(&sent.passphrase(), &file_key)), None);
    let mut secrets: Vec<(&str, Vec<u8>)> =
        vec![("the message", message.into()), ("the name", name.into()), ("the sender", sender.into())];
    for word in ["Vogelenzang", "jaarrekening", "Vandersmissen", "Wilhelmina", "vertrouwelijk", "%F0%9F%94%92"] {
        secrets.push(("a word of name, message or sender", word.into()));
    }
    assert_eq!(held(&evidence, &secrets), None);
}

#[test]
fn of_a_folder_and_the_names_in_it() {
    let tapped = Tapped::new();
    let mut plaintext = Vec::new();
    for number in 0..40 {
        let bytes = noise(50_000 + number * 1000);
        tapped.env.file(format!("dossier-Hendrika/geheim-verslag-{number}.docx"), &bytes);
        plaintext.push(bytes);
    }
    let sent = send_and_get(&tapped, &[], &[&tapped.env.path("dossier-Hendrika")]);

    let (file_key, manifest) = tapped.secrets(&sent);
    let evidence = tapped.evidence();
    assert!(plaintext.iter().all(|bytes| window_held(&evidence, bytes).is_none()));
    assert_eq!(manifest_held(&evidence, &manifest), None);
    assert_eq!(held(&evidence, &keys(&sent.passphrase(), &file_key)), None);
    let names = ["dossier-Hendrika", "Hendrika", "geheim-verslag", "verslag-1", ".docx"];
    assert_eq!(held(&evidence, &names.map(|name| ("a name", name.into()))), None);
}

#[test]
fn of_standard_input() {
    let tapped = Tapped::new();
    let plaintext = noise(300_000);
    let words = tapped.env.path("words");
    let send =
        tapped.env.share(["send", "-", "--name", "loonstaten-oktober.csv", "--json", "--relay", &tapped.tap.url]);
    let outcome = send.arg("--passphrase-file").arg(&words).output_with_input(&plaintext).exits(0);
    let sent = Sent { link: outcome.link(), words };
    tapped.env.get(&sent, "in").within(PATIENCE).exits(0);

    let (file_key, manifest) = tapped.secrets(&sent);
    let evidence = tapped.evidence();
    assert_eq!(window_held(&evidence, &plaintext), None);
    assert_eq!(manifest_held(&evidence, &manifest), None);
    assert_eq!(held(&evidence, &keys(&sent.passphrase(), &file_key)), None);
    assert_eq!(
        held(&evidence, &["loonstaten-oktober", "loonstaten", "oktober"].map(|name| ("the name", name.into()))),
        None
    );
}

#[test]
fn of_any_single_word() {
    let tapped = Tapped::new();
    let file = tapped.env.file("brief.pdf", noise(100_000));
    let sent = send_and_get(&tapped, &[], &[&file]);
    // The protocol's own vocabulary is what another share with other words says too.
    let other = Tapped::new();
    let file = other.env.file("brief.pdf", noise(100_000));
    let other_sent = send_and_get(&other, &[], &[&file]);

    let vocabulary = words_in_text(&other.evidence());
    let found = words_in_text(&tapped.evidence());
    let (words, other_words) = (sent.passphrase(), other_sent.passphrase());
    let ours: Vec<_> = words.split('-').filter(|word| !vocabulary.contains(*word)).collect();
    assert!(ours.len() >= 3, "the words are hardly ever words of the protocol");
    assert!(ours.iter().all(|word| !found.contains(*word)), "a word is in what the relay saw");
    assert!(!other_words.split('-').all(|word| vocabulary.contains(word)));
    assert!(vocabulary.contains("manifest") && vocabulary.contains("authorization"), "this would find words");
}

#[test]
fn the_search_finds_what_is_there() {
    let plaintext = noise(10_000);
    let leak = vec![("a leak".to_owned(), [b"xyz", &plaintext[4321..4321 + 16], b"abc"].concat())];
    assert_eq!(window_held(&leak, &plaintext), Some("a leak"));
    assert!(manifest_held(&leak, &plaintext).is_some());
    assert_eq!(held(&leak, &[("x", plaintext[4325..4330].to_vec())]).as_deref(), Some("x is in a leak"));
    assert_eq!(window_held(&leak, &noise(10_001)), None);
}
