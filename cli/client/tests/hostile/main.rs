//! Hostile archives and manifests: every one is refused for its own reason, and leaves nothing behind.
#![allow(missing_docs)]

mod raw;

use std::{
    fs,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use raw::*;
use serde_json::{Value, json};
use share_client::files::{ContentWriter, FilesError, content_writer::Found, unpack::unpack};
use share_client::system::HeldFolder;
use share_format::{
    Fault::{self, *},
    FormatError,
    manifest::Manifest,
    names::NameError::{self, *},
};

/// What a case must be refused for.
#[derive(Debug, PartialEq)]
enum Refusal {
    Manifest(Fault),
    Archive(Fault),
    Newer,
}

impl Refusal {
    fn of(error: &FilesError) -> Self {
        match error {
            FilesError::Format(FormatError::Manifest(fault)) => Self::Manifest(fault.clone()),
            FilesError::Format(FormatError::Archive(_, fault)) => Self::Archive(fault.clone()),
            FilesError::Format(FormatError::Newer) => Self::Newer,
            other => panic!("not a refusal: {other:?}"),
        }
    }
}

fn archive(fault: Fault) -> Refusal {
    Refusal::Archive(fault)
}

fn name(error: NameError) -> Refusal {
    Refusal::Archive(Name(error))
}

fn listed(fault: Fault) -> Refusal {
    Refusal::Manifest(fault)
}

/// The nonce of every manifest's own age file.
const OWN_NONCE: [u8; 16] = [0xff; 16];

/// Opens a share in a directory of its own and gives the error; nothing may be outside the staging directory.
fn open(manifest: &[u8], content: impl Read) -> Result<(), FilesError> {
    let sandbox = tempfile::tempdir().unwrap();
    let staging = sandbox.path().join("output/staging");
    fs::create_dir_all(&staging).unwrap();
    fs::write(sandbox.path().join("output/neighbour"), "mine").unwrap();
    let result = Manifest::parse(manifest, &OWN_NONCE)
        .map_err(FilesError::from)
        .and_then(|manifest| unpack(content, &manifest, &staging));
    assert_eq!(names(sandbox.path()), ["output"]);
    assert_eq!(names(&sandbox.path().join("output")), ["neighbour", "staging"]);
    assert_eq!(fs::read(sandbox.path().join("output/neighbour")).unwrap(), b"mine");
    only_plain(&staging);
    result
}

/// Opens it with the content scattered piece by piece, in no order, as several connections bring it. Content of another
/// length than the manifest gives never comes that far: the envelope holds it to that length. `None` for that.
fn open_scattered(manifest: &[u8], content: &[u8]) -> Option<Result<(), FilesError>> {
    let manifest = match Manifest::parse(manifest, &OWN_NONCE) {
        Ok(manifest) => manifest,
        Err(error) => return Some(Err(error.into())),
    };
    if content.len() as u64 != manifest.length {
        return None;
    }
    let sandbox = tempfile::tempdir().unwrap();
    let staging = sandbox.path().join("output/staging");
    fs::create_dir_all(&staging).unwrap();
    fs::write(sandbox.path().join("output/neighbour"), "mine").unwrap();
    let result = scatter_all(&manifest, content, &staging);
    assert_eq!(names(sandbox.path()), ["output"]);
    assert_eq!(names(&sandbox.path().join("output")), ["neighbour", "staging"]);
    only_plain(&staging);
    Some(result)
}

fn scatter_all(manifest: &Manifest, content: &[u8], staging: &Path) -> Result<(), FilesError> {
    let folder = Arc::new(HeldFolder::open(staging).unwrap());
    let listed = !manifest.entries.is_empty();
    let scatter = match listed {
        true => ContentWriter::create(manifest, folder, Found::Nothing)?,
        false => ContentWriter::whole("content", manifest.length, folder, Found::Nothing)?,
    };
    const PIECE: usize = 777;
    let count = content.len().div_ceil(PIECE);
    // 7,919 is a prime, and larger than any count here, so this visits each piece once, out of order.
    for number in (0..count).map(|i| (i * 7_919 + 3) % count) {
        let piece = &content[number * PIECE..content.len().min((number + 1) * PIECE)];
        scatter.write_at((number * PIECE) as u64, piece)?;
    }
    if listed {
        return scatter.finish();
    }
    let mut whole = vec![0; content.len()];
    scatter.read_at(0, &mut whole)?;
    assert!(whole == content);
    let unpacked = staging.join("unpacked");
    fs::create_dir(&unpacked).unwrap();
    unpack(&whole[..], manifest, &unpacked)
}

fn names(folder: &Path) -> Vec<String> {
    let children = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = children.map(|child| child.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Even what was staged before the refusal is files and folders only.
fn only_plain(folder: &Path) {
    for child in fs::read_dir(folder).unwrap() {
        let child = child.unwrap();
        match child.file_type().unwrap() {
            kind if kind.is_dir() => only_plain(&child.path()),
            kind => assert!(kind.is_file(), "{:?}", child.path()),
        }
    }
}

fn honest_cases() -> Vec<(&'static str, Case)> {
    let (manifest, content) = honest();
    let executable = entry_with(b"run", 100, "0000755");
    vec![
        ("honest", Case { manifest: manifest.to_string().into(), content }),
        ("honest_file", single(b"hello", |_| {})),
        ("honest_names", files(&[file("-rf"), file(&"b".repeat(200)), file("grüße 🎉"), file("日本語.txt")])),
        // Bytes decide: not case, nor what Unicode will make of characters that it has not assigned yet.
        (
            "honest_order",
            tree(&["Y", "Z", "_", "a/", "a/A", "a/Y", "a/b/", "a/b/A", "a/b/c", "a b", "a.b", "ab", "b/", "b/a"]),
        ),
        ("honest_order_of_utf8", tree(&["z", "é", "ｅ", "𐐀", "𐐩", "😀"])),
        ("honest_unassigned", tree(&["a\u{378}", "\u{378}", "\u{379}/", "\u{379}/\u{378}", "\u{1fffd}", "\u{e1000}"])),
        // Letters that came with Unicode 16 and 17; the first has had its capital, the second, only since then.
        ("honest_recent", tree(&["ɤ", "\u{a7cb}b", "\u{a7ce}", "\u{a7d0}", "\u{10d50}", "\u{16ea0}", "\u{16ebc}"])),
        ("honest_executable", files(&[executable])),
        ("honest_private", Case { manifest: private().0.to_string().into(), content: private().1 }),
        ("honest_private_file", single(b"hello", |m| m["entries"][0]["private"] = json!(true))),
        ("honest_private_totals", totals(1, 0, tar(&[entry_with(b"run", 100, "0000700")]))),
        ("honest_spaced", raw::manifest(format!("\r\n\t {:#} \n", honest().0))),
        ("honest_escaped", written("\"d/a\"", r#""\u0064\/a""#)),
        ("honest_later_field_deep", later(&nested(126))),
        (
            "honest_later_field_of_all_kinds",
            later(r#"[null,true,-0,1.5e-3,1e308,1e-400,18446744073709551616,"\ud83d\ude00",{"":[]}]"#),
        ),
        ("honest_sender", sender("Wijkteam Noord & Zuid: \"ëxtra\" <zorg> 🏡")),
        ("honest_sender_of_a_hundred", sender(&"😀".repeat(100))),
        ("honest_sender_of_one", sender("é")),
        ("honest_sender_joined", sender("می\u{200c}خواهم 👩\u{200d}💻 ❤\u{fe0f}")),
        ("honest_sender_unassigned", sender("a\u{378}")),
        ("honest_hundred_bytes", files(&[file(&"x".repeat(100)), file(&"y".repeat(101))])),
    ]
}

#[test]
fn honest_shares_are_not_refused() {
    for (test, Case { manifest, content }) in honest_cases() {
        open(&manifest, &content[..]).unwrap_or_else(|error| panic!("{test}: {error:?}"));
        open_scattered(&manifest, &content).unwrap().unwrap_or_else(|error| panic!("{test}: {error:?}"));
    }
}

macro_rules! refused {
    ($($test:ident: $case:expr => $refusal:expr;)+) => {
        $(
            #[test]
            fn $test() {
                let Case { manifest, content } = $case;
                let error = open(&manifest, &content[..]).expect_err("must be refused");
                assert_eq!(Refusal::of(&error), $refusal);
                assert_shows_nothing_raw(&error);
                if let Some(scattered) = open_scattered(&manifest, &content) {
                    let error = scattered.expect_err("must be refused when it comes in no order too");
                    let refusal = Refusal::of(&error);
                    // Of a tar with two faults, one comes first.
                    assert!(refusal == $refusal || ($refusal, refusal) == (archive(Unlisted), archive(Malformed)));
                    assert_shows_nothing_raw(&error);
                }
            }
        )+

        /// All cases, for the vectors other implementations share.
        fn cases() -> Vec<(&'static str, Case, Refusal)> {
            vec![$((stringify!($test), $case, $refusal)),+]
        }
    };
}

/// No control or bidirectional character reaches the terminal through an error or its causes, and no more than a line of
/// what the sender wrote.
fn assert_shows_nothing_raw(error: &FilesError) {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        assert!(text.chars().count() < 300, "{text}");
        assert!(!text.chars().any(|c| c.is_control() || ('\u{200b}'..='\u{200f}').contains(&c) || c == '\u{202e}'));
        next = error.source();
    }
}

refused! {
    // Names.
    dot_dot: named("../x") => name(Dots);
    dot_dot_below_a_folder: named("d/../../x") => name(Dots);
    dot: named("./x") => name(Dots);
    absolute: named("/etc/x") => name(Empty);
    network_share: named("//server/x") => name(Empty);
    empty_component: named("d//x") => name(Empty);
    no_name: named("") => name(Empty);
    a_file_that_ends_in_a_slash: named("x/") => name(Empty);
    drive: named("C:/x") => name(Character(':'));
    drive_without_slash: named("C:x") => name(Character(':'));
    alternate_stream: named("a:b") => name(Character(':'));
    backslashes: named("..\\x") => name(Character('\\'));
    wildcard: named("*") => name(Character('*'));
    device_con: named("CON") => name(Device);
    device_in_a_folder: named("d/aux") => name(Device);
    device_with_extension: named("nul.tar.gz") => name(Device);
    device_with_space: named("PRN .txt") => name(Device);
    device_com1: named("com1") => name(Device);
    device_with_superscript: named("COM¹.log") => name(Device);
    device_console: named("conin$") => name(Device);
    device_with_dotless_i: named("conın$") => name(Device);
    device_with_variation_selector: named("com1\u{fe0f}.log") => name(Device);
    staging: named(".share-0123456789abcdef.part") => name(Staging);
    staging_in_capitals: named(".SHARE-0123456789ABCDEF.PART") => name(Staging);
    staging_with_long_s: named(".ſhare-0123456789abcdef.part") => name(Staging);
    staging_with_ligature: named(".share-0123456789abcdﬀ.part") => name(Staging);
    trailing_dot: named("x.") => name(Ending);
    trailing_space: named("x ") => name(Ending);
    trailing_wide_space: named("x\u{3000}") => name(Ending);
    line_feed: named("a\nb") => name(Character('\n'));
    line_feed_in_pax: named("å\nb") => archive(Malformed);
    carriage_return: named("a\rb") => name(Character('\r'));
    escape_sequence: named("\u{1b}[2Jx") => name(Character('\u{1b}'));
    delete_character: named("x\u{7f}") => name(Character('\u{7f}'));
    c1_control: named("x\u{9b}2J") => name(Character('\u{9b}'));
    right_to_left_override: named("gpj\u{202e}exe.sh") => name(Character('\u{202e}'));
    bidi_isolate: named("a\u{2066}b") => name(Character('\u{2066}'));
    zero_width_space: named("pass\u{200b}words") => name(Character('\u{200b}'));
    joiner_after_latin: named("a\u{200d}b") => name(Character('\u{200d}'));
    byte_order_mark: named("\u{feff}x") => name(Character('\u{feff}'));
    soft_hyphen: named("a\u{ad}b") => name(Character('\u{ad}'));
    tag_characters: named("x\u{e0041}") => name(Character('\u{e0041}'));
    private_use: named("x\u{f02f}y") => name(Character('\u{f02f}'));
    line_separator: named("a\u{2028}b") => name(Character('\u{2028}'));
    not_composed: named("e\u{301}") => name(NotComposed);
    component_too_long: named(&"x".repeat(256)) => name(Long);
    path_too_long: named(&format!("{}/x", vec!["x".repeat(99); 8].join("/"))) => name(Long);
    too_deep: named(&vec!["x"; 101].join("/")) => name(Deep);
    a_nul_in_the_name: changed_file(|block| put(block, 0, "file\0.sh")) => archive(Malformed);
    not_utf8: changed_file(|block| put(block, 0, b"fil\xff")) => archive(Malformed);
    not_utf8_in_pax: files(&[pax(&record("path", b"\xff\xfe")), file("__")]) => archive(Malformed);

    // Two names for one file, and files in files.
    same_name_twice: files(&[file("a"), file("a")]) => archive(SameName);
    same_name_in_another_case: files(&[file("README"), file("readme")]) => archive(SameName);
    same_name_not_side_by_side: files(&[file("A"), file("B"), file("a")]) => archive(SameName);
    same_name_around_a_folder: tree(&["d/", "d/A", "d/Z/", "d/Z/f", "d/Z/g/", "d/a"]) => archive(SameName);
    same_name_of_a_folder_and_a_file: tree(&["A/", "A/x", "B", "a"]) => archive(SameName);
    same_name_deep_inside: tree(&["d/", "d/e/", "d/e/É", "d/e/é"]) => archive(SameName);
    same_name_but_for_a_dotless_i: files(&[file("FILE"), file("fıle")]) => archive(SameName);
    same_name_but_for_a_ligature: files(&[file("OFF"), file("oﬀ")]) => archive(SameName);
    same_name_after_full_folding: files(&[file("STRASSE"), file("straße")]) => archive(SameName);
    same_name_unassigned: files(&[file("\u{378}"), file("\u{378}")]) => archive(SameName);
    same_name_but_for_a_selector: files(&[file("☺"), file("☺\u{fe0f}")]) => archive(SameName);
    composed_and_decomposed: files(&[file("\u{e9}"), file("e\u{301}")]) => name(NotComposed);
    folder_twice: totals(0, 2, tar(&[folder("d/"), folder("d/")])) => archive(SameName);
    folder_and_file: totals(1, 1, tar(&[folder("d/"), file("d")])) => archive(SameName);
    folder_again_in_another_case: tree(&["D/", "D/x", "d/"]) => archive(SameName);
    folder_again_in_another_case_and_out_of_order: tree(&["d/", "d/x", "D/"]) => archive(Order);
    file_under_a_file: files(&[file("a"), file("a/b")]) => archive(NoFolder);
    file_in_a_folder_not_listed: files(&[file("a/b")]) => archive(NoFolder);
    file_in_a_folder_of_another_case: tree(&["D/", "d/x"]) => archive(NoFolder);
    back_into_a_folder: totals(3, 1, tar(&[folder("d/"), file("d/a"), file("e"), file("d/b")])) => archive(Order);
    out_of_order: files(&[file("b"), file("a")]) => archive(Order);
    in_the_order_of_letters: files(&[file("a"), file("B")]) => archive(Order);
    in_the_order_of_whole_paths: tree(&["a/", "a b", "a/b"]) => archive(Order);
    in_the_order_of_utf16: tree(&["𐐀", "ｅ"]) => archive(Order);

    // Things that are neither file nor folder.
    symbolic_link: promised(0, 0, &[link("a", b'2', "/etc/passwd")]) => archive(Type(b'2'));
    file_through_a_symbolic_link: files(&[link("a", b'2', "/tmp"), file("a/x")]) => archive(Type(b'2'));
    hard_link: files(&[file("a"), link("b", b'1', "a")]) => archive(Type(b'1'));
    hard_link_with_bytes: files(&[entry("b", b'1', b"hello")]) => archive(Type(b'1'));
    character_device: promised(0, 0, &[link("a", b'3', "")]) => archive(Type(b'3'));
    block_device: promised(0, 0, &[link("a", b'4', "")]) => archive(Type(b'4'));
    pipe: promised(0, 0, &[link("a", b'6', "")]) => archive(Type(b'6'));
    contiguous_file: files(&[entry("a", b'7', b"hello")]) => archive(Type(b'7'));
    old_file: files(&[entry("a", 0, b"hello")]) => archive(Type(0));
    gnu_sparse_file: files(&[entry("a", b'S', b"hello")]) => archive(Type(b'S'));
    gnu_long_name: files(&[entry("././@LongLink", b'L', b"../x\0"), file("a")]) => archive(Type(b'L'));
    gnu_long_link: files(&[entry("././@LongLink", b'K', b"../x\0"), file("a")]) => archive(Type(b'K'));
    gnu_multivolume: files(&[entry("a", b'M', b"hello")]) => archive(Type(b'M'));
    gnu_volume_label: promised(0, 0, &[entry("a", b'V', b"")]) => archive(Type(b'V'));
    global_pax_header: files(&[entry("g", b'g', &record("path", b"../x")), file("a")]) => archive(Type(b'g'));
    solaris_pax_header: files(&[entry("X", b'X', &record("path", b"../x")), file("a")]) => archive(Type(b'X'));
    unknown_type: files(&[entry("a", b'\x1b', b"hello")]) => archive(Type(0x1b));

    // Pax headers that say more, less or something else than they should.
    pax_path_outside: files(&[pax(&record("path", "../é".as_bytes())), file("../_")]) => name(Dots);
    pax_path_without_need: files(&[pax(&record("path", b"b")), file("a")]) => archive(Malformed);
    pax_path_twice: files(&[pax(&[record("path", b"\xc3\xa9"), record("path", b"../x")].concat()), file("_")])
        => archive(Malformed);
    pax_path_and_other_name: files(&[pax(&record("path", "é".as_bytes())), file("other")]) => archive(Malformed);
    pax_size: files(&[pax(&record("size", b"4")), file("a")]) => archive(Malformed);
    pax_size_negative: files(&[pax(&record("size", b"-1")), file("a")]) => archive(Malformed);
    pax_size_too_large: files(&[pax(&record("size", b"18446744073709551616")), file("a")]) => archive(Malformed);
    pax_size_nearly_too_large: files(&[pax(&record("size", b"18446744073709551615")), empty("a")])
        => archive(Totals);
    pax_link: files(&[pax(&record("linkpath", b"/etc/passwd")), file("a")]) => archive(Malformed);
    pax_sparse_name: files(&[pax(&record("GNU.sparse.name", b"../x")), file("a")]) => archive(Malformed);
    pax_time: files(&[pax(&record("mtime", b"-1e9")), file("a")]) => archive(Malformed);
    pax_owner: files(&[pax(&record("uid", b"0")), file("a")]) => archive(Malformed);
    pax_attributes: files(&[pax(&record("SCHILY.xattr.security.capability", b"x")), file("a")])
        => archive(Malformed);
    pax_record_too_long: files(&[pax(b"99 path=\xc3\xa9\n"), file("_")]) => archive(Malformed);
    pax_record_without_length: files(&[pax(b"path=\xc3\xa9\n"), file("_")]) => archive(Malformed);
    pax_record_padded: files(&[pax(b"012 path=\xc3\xa9\n"), file("_")]) => archive(Malformed);
    pax_without_records: files(&[pax(b""), file("a")]) => archive(Malformed);
    pax_twice: files(&[pax(&record("path", "é".as_bytes())), pax(&record("path", "é".as_bytes())), file("_")])
        => archive(Type(b'x'));
    pax_at_the_end: files(&[pax(&record("path", "é".as_bytes()))]) => archive(Type(0));
    pax_of_8_gib: files(&[header(b"PaxHeader", b'x', 0o77_777_777_777, |_| {}), file("a")]) => archive(Malformed);
    pax_of_a_megabyte: files(&[pax(&record("path", &[b'x'; 1 << 20])), file("a")]) => archive(Malformed);

    // Headers.
    checksum: files(&[{
        let mut block = file("a");
        block[0] = b'b';
        block
    }]) => archive(Malformed);
    setuid: changed_file(|block| put(block, 100, "0004755")) => archive(Malformed);
    readable_by_its_group: changed_file(|block| put(block, 100, "0000640")) => archive(Malformed);
    private_and_setuid: changed_file(|block| put(block, 100, "0004600")) => archive(Malformed);
    private_and_read_only: changed_file(|block| put(block, 100, "0000400")) => archive(Malformed);
    without_rights: changed_file(|block| put(block, 100, "0000000")) => archive(Malformed);
    private_folder_that_none_can_enter: totals(0, 1, tar(&[header(b"d/", b'5', 0, |block| put(block, 100, "0000600"))]))
        => archive(Malformed);
    writable_by_all: changed_file(|block| put(block, 100, "0000666")) => archive(Malformed);
    owner: changed_file(|block| put(block, 108, "0000001")) => archive(Malformed);
    owner_by_name: changed_file(|block| put(block, 265, "root")) => archive(Malformed);
    prefix_field: changed_file(|block| put(block, 345, "../..")) => archive(Malformed);
    link_name_on_a_file: changed_file(|block| put(block, 157, "/etc/passwd")) => archive(Malformed);
    device_number: changed_file(|block| put(block, 329, "0000010")) => archive(Malformed);
    gnu_header: changed_file(|block| put(block, 257, b"ustar  \0")) => archive(Malformed);
    header_before_posix: changed_file(|block| block[257..].fill(0)) => archive(Malformed);
    bytes_after_the_fields: changed_file(|block| block[511] = 1) => archive(Malformed);
    size_in_base_256: changed_file(|block| put(block, 124, [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]))
        => archive(Malformed);
    size_negative: changed_file(|block| block[124..136].fill(0xff)) => archive(Malformed);
    size_without_digits: changed_file(|block| put(block, 124, "hello")) => archive(Malformed);
    size_with_spaces: changed_file(|block| put(block, 124, "          5")) => archive(Malformed);
    time_in_base_256: changed_file(|block| block[136] = 0x80) => archive(Malformed);
    time_beyond_octal: changed_file(|block| put(block, 136, [0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]))
        => archive(Malformed);
    time_beyond_any_clock: changed_file(|block| put(block, 136, [0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0]))
        => archive(Malformed);
    folder_without_slash: totals(0, 1, tar(&[folder("d")])) => archive(Malformed);
    folder_with_bytes: totals(0, 1, tar(&[entry("d/", b'5', b"hello")])) => archive(Totals);

    // Sizes and counts.
    size_past_the_end: changed_file(|block| put(block, 124, "00000004000")) => archive(Totals);
    size_past_the_end_but_promised: promised(2048, 2048, &[header(b"a", b'0', 2048, |_| {}), padded(b"hello")])
        => archive(Truncated);
    size_of_8_gib: promised(5, 512, &[header(b"a", b'0', 0o77_777_777_777, |_| {}), padded(b"hello")])
        => archive(Totals);
    size_of_10_gib: promised(5, 1536, &[pax(&record("size", b"10737418240")), empty("a"), padded(b"hello")])
        => archive(Totals);
    size_of_10_gib_and_promised: promised(10 << 30, 1024 + (10 << 30), &[pax(&record("size", b"10737418240")), empty("a")])
        => archive(Truncated);
    more_bytes_than_promised: files(&[entry("a", b'0', b"hello!")]) => archive(Totals);
    fewer_bytes_than_promised: files(&[entry("a", b'0', b"hell")]) => archive(Totals);
    more_files_than_promised: totals(1, 0, tar(&[file("a"), file("b")])) => archive(Totals);
    fewer_files_than_promised: totals(2, 0, tar(&[file("a")])) => listed(Totals);
    a_folder_for_a_file: totals(2, 0, tar(&[file("a"), folder("b/"), file("c")])) => archive(Totals);
    padding_with_bytes: totals(1, 0, tar(&[header(b"a", b'0', 5, |_| {}), [b"hello".to_vec(), vec![1; 507]].concat()]))
        => archive(Malformed);
    no_end: totals(1, 0, [file("a"), file("b")].concat()) => archive(Totals);
    half_an_end: totals(1, 0, [file("a"), vec![0; 512], file("b")].concat()) => archive(Malformed);
    second_archive_after_the_end: totals(1, 0, [tar(&[file("a")]), tar(&[file("../b")])].concat())
        => archive(Trailing);
    zeros_after_the_end: totals(1, 0, [tar(&[file("a")]), vec![0; 512]].concat()) => archive(Trailing);
    bytes_past_the_length: {
        let (manifest, content) = honest();
        Case { manifest: manifest.to_string().into(), content: [content, vec![0]].concat() }
    } => archive(Trailing);

    // Tars that are not what the manifest lists.
    another_name: other_tar(&[folder("d/"), file("d/a"), entry("d/c", b'0', &[b'b'; 600])]) => archive(Unlisted);
    another_size: other_tar(&[folder("d/"), file("d/a"), entry("d/b", b'0', &[b'b'; 601])]) => archive(Unlisted);
    another_time: other_tar(&[folder("d/"), entry_with(b"d/a", 136, "17777777777"), entry("d/b", b'0', &[b'b'; 600])]) => archive(Unlisted);
    executable_after_all: other_tar(&[folder("d/"), entry_with(b"d/a", 100, "0000755"), entry("d/b", b'0', &[b'b'; 600])])
        => archive(Unlisted);
    private_after_all: other_tar(&[folder("d/"), entry_with(b"d/a", 100, "0000600"), entry("d/b", b'0', &[b'b'; 600])])
        => archive(Unlisted);
    not_private_after_all: lie(|m| m["entries"][1]["private"] = json!(true)) => archive(Unlisted);
    folder_not_private_after_all: lie(|m| m["entries"][0]["private"] = json!(true)) => archive(Unlisted);
    file_for_a_folder: other_tar(&[empty("d"), file("d/a"), entry("d/b", b'0', &[b'b'; 600])]) => archive(Unlisted);
    one_entry_less: lie(|manifest| {
        manifest["entries"].as_array_mut().unwrap().pop();
        (manifest["files"], manifest["bytes"], manifest["length"]) = (json!(1), json!(5), json!(1536 + 1024));
    }) => archive(Unlisted);

    // A single file.
    file_cut_off: single(b"hell", |_| {}) => archive(Truncated);
    file_with_more: single(b"hello!", |_| {}) => archive(Trailing);
    file_outside: single(b"hello", |m| m["entries"][0]["path"] = json!("../a")) => listed(Name(Dots));
    file_in_a_folder: single(b"hello", |m| m["entries"][0]["path"] = json!("d/a")) => listed(NoFolder);
    file_that_is_a_folder: single(b"", |m| {
        (m["length"], m["bytes"], m["entries"][0]["size"]) = (json!(0), json!(0), json!(0));
        m["entries"][0]["folder"] = json!(true);
    }) => listed(Totals);
    file_not_named: single(b"hello", |m| m["entries"] = json!([])) => listed(Totals);
    file_twice: single(b"hello", |m| {
        let entry = m["entries"][0].clone();
        m["entries"].as_array_mut().unwrap().push(entry);
    }) => listed(Totals);
    file_of_another_length: single(b"hello", |m| m["length"] = json!(6)) => listed(Totals);
    file_that_begins_later: single(b"hello", |m| m["entries"][0]["offset"] = json!(1)) => listed(Totals);

    // Manifests.
    manifest_empty: manifest("") => listed(Malformed);
    manifest_not_json: manifest("\u{1b}[31m") => listed(Malformed);
    manifest_not_utf8: manifest(b"{\"version\":1,\"\xff\":0}") => listed(Malformed);
    manifest_a_list: manifest("[]") => listed(Malformed);
    manifest_cut_off: manifest("{\"version\":1") => listed(Malformed);
    manifest_with_more: manifest(format!("{}{{}}", honest().0)) => listed(Malformed);
    manifest_nested: manifest(format!("{{\"version\":1,\"x\":{}", "[".repeat(100_000))) => listed(Malformed);
    manifest_too_long: manifest(" ".repeat(4 << 20)) => listed(TooMany);
    manifest_as_a_list: manifest(r#"[1,"tar","00000000000000000000000000000000",4096,2,1,605,[]]"#) => listed(Malformed);
    manifest_version_as_a_list: manifest("[1]") => listed(Malformed);
    manifest_byte_order_mark: written("{", "\u{feff}{") => listed(Malformed);
    manifest_nul_at_the_end: manifest(format!("{}\0", honest().0)) => listed(Malformed);
    manifest_comma_at_the_end: written("\"version\":1}", "\"version\":1,}") => listed(Malformed);
    manifest_space_of_another_kind: written("{", "{\u{a0}") => listed(Malformed);
    later_field_twice: later("1,\"later\":{}") => listed(Malformed);
    later_field_twice_within: later(r#"[{"a":1,"\u0061":1}]"#) => listed(Malformed);
    later_field_too_deep: later(&nested(127)) => listed(Malformed);
    later_field_not_utf8: manifest([&b"{\"later\":\"\xff\","[..], &honest().0.to_string().as_bytes()[1..]].concat()) => listed(Malformed);
    later_field_with_half_a_pair: later(r#"["\ud83d"]"#) => listed(Malformed);
    later_field_with_half_a_pair_in_a_name: later(r#"{"\ude00":0}"#) => listed(Malformed);
    later_field_with_a_control_character: later("\"\u{1b}\"") => listed(Malformed);
    later_field_with_an_unknown_escape: later(r#""\x""#) => listed(Malformed);
    later_field_beyond_a_float: later("1e309") => listed(Malformed);
    later_field_with_a_zero_in_front: later("01") => listed(Malformed);
    later_field_without_value: later("") => listed(Malformed);
    manifest_twice_a_field: manifest(honest().0.to_string().replacen('{', "{\"length\":1,", 1)) => listed(Malformed);
    manifest_twice_a_field_escaped: written("{", r#"{"\u006cength":4096,"#) => listed(Malformed);
    manifest_twice_a_field_of_an_entry: written("\"size\":5}", "\"size\":5,\"size\":5}") => listed(Malformed);
    entry_as_a_list: written(
        r#"{"mtime":1700000000,"offset":1024,"path":"d/a","size":5}"#,
        r#"["d/a",false,5,1700000000,false,1024]"#,
    ) => listed(Malformed);
    entries_as_an_object: lie(|m| m["entries"] = json!({})) => listed(Malformed);
    entries_null: lie(|m| m["entries"] = Value::Null) => listed(Malformed);
    folders_null: lie(|m| m["folders"] = Value::Null) => listed(Malformed);
    folder_null: lie(|m| m["entries"][0]["folder"] = Value::Null) => listed(Malformed);
    folder_as_a_number: lie(|m| m["entries"][0]["folder"] = json!(1)) => listed(Malformed);
    executable_as_text: lie(|m| m["entries"][1]["executable"] = json!("false")) => listed(Malformed);
    private_as_text: lie(|m| m["entries"][1]["private"] = json!("true")) => listed(Malformed);
    private_as_a_number: lie(|m| m["entries"][1]["private"] = json!(1)) => listed(Malformed);
    private_null: lie(|m| m["entries"][1]["private"] = Value::Null) => listed(Malformed);
    executable_null: lie(|m| m["entries"][1]["executable"] = Value::Null) => listed(Malformed);
    size_null: lie(|m| m["entries"][1]["size"] = Value::Null) => listed(Malformed);
    kind_null: lie(|m| m["kind"] = Value::Null) => listed(Malformed);
    nonce_null: lie(|m| m["nonce"] = Value::Null) => listed(Malformed);
    entry_null: lie(|m| m["entries"][1] = Value::Null) => listed(Malformed);
    manifest_null: manifest("null") => listed(Malformed);
    message_null: lie(|m| m["message"] = Value::Null) => listed(Malformed);
    path_null: lie(|m| m["entries"][1]["path"] = Value::Null) => listed(Malformed);
    path_with_half_a_pair: written("d/a", r"d/\ud83d") => listed(Malformed);
    message_as_a_list: lie(|m| m["message"] = json!(["hello"])) => listed(Malformed);
    kind_as_an_object: written("\"tar\"", r#"{"tar":null}"#) => listed(Malformed);
    kind_in_capitals: lie(|m| m["kind"] = json!("TAR")) => listed(Malformed);
    size_as_a_float: written("\"size\":5}", "\"size\":5.0}") => listed(Malformed);
    size_with_exponent: written("\"size\":600}", "\"size\":6e2}") => listed(Malformed);
    size_negative_zero: written("\"size\":0", "\"size\":-0") => listed(Malformed);
    size_beyond_64_bits: written("\"size\":5}", "\"size\":18446744073709551616}") => listed(Malformed);
    version_as_a_float: lie(|m| m["version"] = json!(1.0)) => listed(Malformed);
    version_as_text: lie(|m| m["version"] = json!("1")) => listed(Malformed);
    version_null: lie(|m| m["version"] = Value::Null) => listed(Malformed);
    version_beyond_64_bits: written("\"version\":1", "\"version\":18446744073709551616") => listed(Malformed);
    version_minus_two: written("\"version\":1", "\"version\":-2") => listed(Malformed);
    version_plus_two: written("\"version\":1", "\"version\":+2") => listed(Malformed);
    version_two_with_a_zero_in_front: written("\"version\":1", "\"version\":02") => listed(Malformed);
    version_two_as_a_float: written("\"version\":1", "\"version\":2.0") => listed(Malformed);
    version_two_with_exponent: written("\"version\":1", "\"version\":2e0") => listed(Malformed);
    version_a_thousand_with_exponent: written("\"version\":1", "\"version\":1e3") => listed(Malformed);
    version_two_as_text: lie(|m| m["version"] = json!("2")) => listed(Malformed);
    version_two_in_a_list: lie(|m| m["version"] = json!([2])) => listed(Malformed);
    version_two_as_a_list: manifest("[2]") => listed(Malformed);
    version_two_and_one: written("\"version\":1", "\"version\":2,\"version\":1") => listed(Malformed);
    version_two_twice: written("\"version\":1", "\"version\":2,\"version\":2") => listed(Malformed);
    version_two_twice_a_field: manifest(r#"{"version":2,"x":1,"x":1}"#) => listed(Malformed);
    version_two_and_no_more: manifest(r#"{"version":2}{}"#) => listed(Malformed);
    version_two_spaced: manifest("\r\n\t { \"version\" : 2 } ") => Refusal::Newer;
    version_two_of_all_kinds: manifest(r#"{"kind":null,"files":[-1,1.5e3,"\u0000"],"version":2}"#) => Refusal::Newer;
    version_beyond_a_float: written("\"version\":1", "\"version\":9007199254740993") => Refusal::Newer;
    version_huge: lie(|m| *m = json!({ "version": u64::MAX })) => Refusal::Newer;
    version_two_and_malformed: manifest(r#"{"version":2,"later":"\ud83d"}"#) => listed(Malformed);
    version_two: lie(|m| *m = json!({ "version": 2, "kind": "balloon" })) => Refusal::Newer;
    version_zero: lie(|m| m["version"] = json!(0)) => listed(Malformed);
    version_missing: lie(|m| *m = json!({})) => listed(Malformed);
    unknown_kind: lie(|m| m["kind"] = json!("\u{1b}]0;x\u{7}\u{202e}")) => listed(Malformed);
    nonce_short: lie(|m| m["nonce"] = json!("00")) => listed(Malformed);
    nonce_with_sign: lie(|m| m["nonce"] = json!("+0000000000000000000000000000000")) => listed(Malformed);
    nonce_of_the_manifest_too: lie(|m| m["nonce"] = json!("ff".repeat(16))) => listed(Nonce);
    nonce_upper_case: lie(|m| m["nonce"] = json!("AA".repeat(16))) => listed(Malformed);
    negative_size: lie(|m| m["entries"][1]["size"] = json!(-5)) => listed(Malformed);
    fractional_size: lie(|m| m["entries"][1]["size"] = json!(5.5)) => listed(Malformed);
    size_as_text: lie(|m| m["entries"][1]["size"] = json!("5\u{1b}")) => listed(Malformed);
    huge_size: lie(|m| m["entries"][1]["size"] = json!(u64::MAX)) => listed(Totals);
    sizes_that_overflow: lie(|m| {
        m["entries"][1]["size"] = json!((1_u64 << 63) - 512);
        m["entries"][2]["size"] = json!((1_u64 << 63) - 512);
    }) => listed(Totals);
    huge_length: lie(|m| m["length"] = json!(1_u64 << 60)) => listed(Totals);
    huge_totals: lie(|m| {
        m["entries"] = json!([]);
        (m["length"], m["bytes"]) = (json!(1_u64 << 60), json!(1_u64 << 59));
    }) => listed(Totals);
    totals_that_overflow: lie(|m| {
        m["entries"] = json!([]);
        m["bytes"] = json!(u64::MAX);
    }) => listed(Totals);
    offset_elsewhere: lie(|m| m["entries"][2]["offset"] = json!(2560)) => listed(Totals);
    offset_in_another_file: lie(|m| m["entries"][2]["offset"] = json!(1024)) => listed(Totals);
    negative_offset: lie(|m| m["entries"][2]["offset"] = json!(-1)) => listed(Malformed);
    length_too_small: lie(|m| m["length"] = json!(2048)) => listed(Totals);
    length_in_half_a_block: lie(|m| {
        m["entries"] = json!([]);
        m["length"] = json!(4000);
    }) => listed(Totals);
    more_files_than_listed: lie(|m| m["files"] = json!(3)) => listed(Totals);
    more_bytes_than_listed: lie(|m| m["bytes"] = json!(606)) => listed(Totals);
    more_folders_than_listed: lie(|m| m["folders"] = json!(2)) => listed(Totals);
    nothing_inside: lie(|m| {
        m["entries"] = json!([]);
        (m["files"], m["folders"], m["bytes"]) = (json!(0), json!(0), json!(0));
    }) => listed(Totals);
    listed_outside: lie(|m| m["entries"][1]["path"] = json!("d/../../a")) => listed(Name(Dots));
    listed_with_escape: lie(|m| m["entries"][1]["path"] = json!("d/\u{1b}[2J")) => listed(Name(Character('\u{1b}')));
    listed_not_side_by_side: lie(|m| {
        for (entry, path) in [(0, "D"), (1, "E"), (2, "d")] {
            m["entries"][entry]["path"] = json!(path);
        }
    }) => listed(SameName);
    listed_twice: lie(|m| m["entries"][2]["path"] = json!("d/a")) => listed(SameName);
    listed_in_another_case: lie(|m| m["entries"][1]["path"] = json!("d/B")) => listed(SameName);
    listed_out_of_order: lie(|m| m["entries"][2]["path"] = json!("d/0")) => listed(Order);
    listed_in_a_file: lie(|m| m["entries"][2]["path"] = json!("d/a/b")) => listed(NoFolder);
    listed_folder_with_bytes: lie(|m| m["entries"][0]["size"] = json!(5)) => listed(Totals);
    listed_executable_folder: lie(|m| m["entries"][0]["executable"] = json!(true)) => listed(Totals);
    listed_time_before_1970: lie(|m| m["entries"][1]["mtime"] = json!(-1)) => listed(Malformed);
    listed_time_too_late: lie(|m| m["entries"][1]["mtime"] = json!(0o100_000_000_000_u64)) => listed(Totals);
    listed_too_many: lie(|m| m["entries"] = many(10_001)) => listed(TooMany);
    promised_too_many: lie(|m| {
        m["entries"] = json!([]);
        m["files"] = json!(1_000_000);
    }) => listed(TooMany);
    promised_counts_that_overflow: lie(|m| {
        m["entries"] = json!([]);
        (m["files"], m["folders"]) = (json!(u64::MAX), json!(u64::MAX));
    }) => listed(TooMany);
    message_with_escape: lie(|m| m["message"] = json!("\u{1b}[2J")) => listed(Message);
    message_with_carriage_return: lie(|m| m["message"] = json!("safe\rrm -rf")) => listed(Message);
    sender_empty: sender("") => listed(Sender);
    sender_of_a_space: sender(" ") => listed(Sender);
    sender_with_a_space_before: sender(" x") => listed(Sender);
    sender_with_a_wide_space_after: sender("x\u{3000}") => listed(Sender);
    sender_too_long: sender(&"x".repeat(101)) => listed(Sender);
    sender_too_long_in_emoji: sender(&"😀".repeat(101)) => listed(Sender);
    sender_with_escape: sender("\u{1b}[2J") => listed(Sender);
    sender_with_nul: sender("a\0b") => listed(Sender);
    sender_with_line_feed: sender("a\nb") => listed(Sender);
    sender_with_line_feed_after: sender("a\n") => listed(Sender);
    sender_with_tab: sender("a\tb") => listed(Sender);
    sender_with_c1_control: sender("a\u{9b}2J") => listed(Sender);
    sender_with_right_to_left_override: sender("a\u{202e}b") => listed(Sender);
    sender_with_bidi_isolate: sender("a\u{2066}b") => listed(Sender);
    sender_with_zero_width_space: sender("a\u{200b}b") => listed(Sender);
    sender_with_soft_hyphen: sender("a\u{ad}b") => listed(Sender);
    sender_with_byte_order_mark: sender("\u{feff}a") => listed(Sender);
    sender_with_joiner_after_latin: sender("a\u{200d}b") => listed(Sender);
    sender_with_selector_after_latin: sender("a\u{fe0f}") => listed(Sender);
    sender_with_tag_characters: sender("🏴\u{e0067}\u{e007f}") => listed(Sender);
    sender_with_line_separator: sender("a\u{2028}b") => listed(Sender);
    sender_with_private_use: sender("a\u{e000}") => listed(Sender);
    sender_of_a_filler: sender("\u{3164}") => listed(Sender);
    sender_with_a_noncharacter: sender("a\u{ffff}") => listed(Sender);
    sender_with_a_braille_blank: sender("a\u{2800}b") => listed(Sender);
    sender_with_two_spaces: sender("a  b") => listed(Sender);
    sender_with_spaces_of_two_kinds: sender("a\u{a0} b") => listed(Sender);
    sender_with_joined_spaces: sender("a\u{2003}\u{200d}\u{2003}b") => listed(Sender);
    sender_null: lie(|m| m["sender"] = Value::Null) => listed(Malformed);
    sender_as_a_number: lie(|m| m["sender"] = json!(1)) => listed(Malformed);
    sender_as_a_list: lie(|m| m["sender"] = json!(["x"])) => listed(Malformed);
    sender_as_an_object: lie(|m| m["sender"] = json!({ "name": "x" })) => listed(Malformed);
    sender_with_half_a_pair: written("{", r#"{"sender":"\ud83d","#) => listed(Malformed);
    sender_twice: written("{", r#"{"sender":"a","sender":"a","#) => listed(Malformed);
    message_too_long: lie(|m| m["message"] = json!("x".repeat(64 * 1024 + 1))) => listed(Message);
}

/// The honest share, from somebody of this name.
fn sender(name: &str) -> Case {
    lie(|m| m["sender"] = json!(name))
}

fn changed_file(change: impl FnOnce(&mut [u8])) -> Case {
    files(&[changed(change)])
}

fn link(name: &str, kind: u8, target: &str) -> Vec<u8> {
    header(name.as_bytes(), kind, 0, |block| put(block, 157, target))
}

fn empty(name: &str) -> Vec<u8> {
    entry(name, b'0', b"")
}

/// A file with another value in one field of its header.
fn entry_with(name: &[u8], at: usize, field: &str) -> Vec<u8> {
    [header(name, b'0', 5, |block| put(block, at, field)), padded(b"hello")].concat()
}

/// One entry of so many bytes promised, in so many bytes of blocks besides its header.
fn promised(bytes: u64, blocks: u64, entries: &[Vec<u8>]) -> Case {
    let manifest = json!({
        "version": 1, "kind": "tar", "nonce": "00".repeat(16), "length": 512 + blocks + 1024,
        "files": 1, "bytes": bytes,
    });
    Case { manifest: manifest.to_string().into(), content: tar(entries) }
}

fn many(count: u64) -> Value {
    (0..count)
        .map(|n| json!({ "path": format!("{n:06}"), "size": 0, "mtime": 0, "offset": 512 * (n + 1) }))
        .collect::<Vec<_>>()
        .into()
}

#[test]
fn cut_off_at_every_block() {
    let (manifest, content) = honest();
    for length in (0..content.len()).step_by(512) {
        let error = open(manifest.to_string().as_bytes(), &content[..length]).unwrap_err();
        assert_eq!(Refusal::of(&error), archive(Truncated), "at {length}");
    }
}

#[test]
fn cut_off_within_a_block() {
    let (manifest, content) = honest();
    for length in (1..content.len()).filter(|length| length % 37 == 0) {
        let error = open(manifest.to_string().as_bytes(), &content[..length]).unwrap_err();
        assert_eq!(Refusal::of(&error), archive(Truncated), "at {length}");
    }
}

#[test]
fn cut_off_at_every_block_as_promised() {
    let (mut manifest, content) = honest();
    for length in (0..content.len()).step_by(512) {
        manifest["length"] = json!(length);
        let error = open(manifest.to_string().as_bytes(), &content[..length]).unwrap_err();
        assert_eq!(Refusal::of(&error), listed(Totals), "at {length}");
    }
}

#[test]
fn cut_off_at_every_block_under_totals() {
    let content = tar(&[folder("d/"), file("d/a"), file("d/b")]);
    for length in (0..content.len()).step_by(512) {
        let Case { manifest, content } = totals(2, 1, content[..length].to_vec());
        let refusal = Refusal::of(&open(&manifest, &content[..]).unwrap_err());
        assert!([archive(Truncated), archive(Malformed), listed(Totals)].contains(&refusal), "{refusal:?} at {length}");
    }
}

/// The same for a tar that is listed and comes in no order: what is no file's byte is held to the manifest.
#[test]
fn every_byte_that_is_not_a_files_is_checked_where_it_lands() {
    let (manifest, content) = honest();
    let (json, files) = (manifest.to_string(), [1024..1029, 2048..2648]);
    // All of each header's fields; of what is zero and of the files' own bytes some.
    let chosen = |at: &usize| (*at < 2048 && at % 512 < 345 && at / 512 != 2) || at.is_multiple_of(37);
    for at in (0..content.len()).filter(chosen) {
        let mut changed = content.clone();
        changed[at] ^= 0x20;
        let result = open_scattered(json.as_bytes(), &changed).unwrap();
        match result {
            Ok(()) => assert!(files.iter().any(|file| file.contains(&at)), "flipped at {at}"),
            Err(error) => {
                let padding = (1029..1536).contains(&at) || (2648..3072).contains(&at) || at >= 3584;
                let fault = if padding { Malformed } else { Unlisted };
                assert_eq!(Refusal::of(&error), archive(fault), "flipped at {at}");
            }
        }
    }
}

/// Every byte of an honest tar's headers, padding and end counts: whatever is flipped, the tar is refused.
#[test]
fn every_flipped_byte_outside_the_file() {
    let Case { manifest, content } = files(&[file("é")]);
    let (bytes, padding) = (1536..1541, 1541..);
    // One in sixteen of the zeros after the header, each of which costs a file.
    let flipped = |at: &usize| !bytes.contains(at) && (!padding.contains(at) || at.is_multiple_of(16));
    for at in (0..content.len()).filter(flipped) {
        let mut content = content.clone();
        content[at] ^= 0x41;
        let error = open(&manifest, &content[..]).expect_err(&format!("flipped at {at}"));
        assert!(matches!(Refusal::of(&error), Refusal::Archive(_)));
    }
}

/// Entries without end, made as they are read: more than promised is refused at the first.
#[test]
fn a_million_entries() {
    struct Endless(u64, Vec<u8>);
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.1.is_empty() && self.0 < 1_000_000 {
                self.0 += 1;
                self.1 = empty(&format!("{:07}", self.0));
            }
            let count = buffer.len().min(self.1.len());
            buffer[..count].copy_from_slice(&self.1[..count]);
            self.1.drain(..count);
            Ok(count)
        }
    }
    let manifest = json!({
        "version": 1, "kind": "tar", "nonce": "00".repeat(16), "length": 512 * 1_000_000 + 1024, "files": 3, "bytes": 0,
    });
    let mut endless = Endless(0, Vec::new());
    let error = open(manifest.to_string().as_bytes(), &mut endless).unwrap_err();
    assert_eq!(Refusal::of(&error), archive(Totals));
    assert_eq!(endless.0, 4);
}

/// A reader that fails, as one does that finds a forged chunk, is not taken for the end.
#[test]
fn an_error_of_the_reader_is_passed_on() {
    let (manifest, content) = honest();
    for length in (0..=content.len()).step_by(512) {
        let forged = io::Error::new(io::ErrorKind::InvalidData, "forged");
        let reader = content[..length].chain(Failing(Some(forged)));
        match open(manifest.to_string().as_bytes(), reader).unwrap_err() {
            FilesError::Format(FormatError::Input(error)) => assert_eq!(error.to_string(), "forged"),
            other => panic!("{other:?} at {length}"),
        }
    }
}

struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// The cases as other implementations of the format can read them. `UPDATE_VECTORS=1` writes them anew.
#[test]
fn the_shared_vectors_are_these_cases() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/archives.json");
    let honest = honest_cases().into_iter().map(|(test, case)| vector(test, &case, None));
    let hostile = cases().into_iter().map(|(test, case, refusal)| vector(test, &case, Some(why(&refusal))));
    let vectors: Vec<_> = honest.chain(hostile).flatten().collect();
    let vectors = format!("[\n{}\n]\n", vectors.join(",\n"));
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        fs::write(path, &vectors).unwrap();
    }
    assert!(fs::read_to_string(path).unwrap() == vectors, "run with UPDATE_VECTORS=1");
}

/// One line of JSON; nothing for what is too large to keep. A manifest that is no text is given in hexadecimal. The content is given as its runs of bytes
/// that are not zero, each with its place; a character stands for the byte of its number.
fn vector(test: &str, case: &Case, refused: Option<&str>) -> Option<String> {
    let manifest = std::str::from_utf8(&case.manifest).ok();
    let hex = || case.manifest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    if case.manifest.len() + case.content.len() > 8 * 1024 {
        return None;
    }
    let mut runs: Vec<(usize, String)> = Vec::new();
    for (at, byte) in case.content.iter().enumerate().filter(|(_, byte)| **byte != 0) {
        match runs.last_mut() {
            Some((start, run)) if *start + run.chars().count() == at => run.push(char::from(*byte)),
            _ => runs.push((at, char::from(*byte).to_string())),
        }
    }
    let (field, manifest) = manifest.map_or_else(|| ("manifest_hex", hex()), |text| ("manifest", text.to_owned()));
    let vector = json!({
        "name": test, field: manifest, "bytes": case.content.len(), "runs": runs, "refused": refused,
    });
    Some(vector.to_string())
}

fn why(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Newer => "newer version",
        Refusal::Manifest(fault) | Refusal::Archive(fault) => match fault {
            Truncated => "ends too early",
            Trailing => "something follows the end",
            Malformed => "not in the prescribed form",
            Type(_) => "neither file nor folder",
            Name(_) => "forbidden name",
            SameName => "same name",
            NoFolder => "no such folder",
            Order => "not in order",
            Totals => "sizes or counts contradict",
            TooMany => "too many",
            Unlisted => "not as listed",
            Message => "message",
            Sender => "sender",
            Nonce => "one nonce for both files",
        },
    }
}
