//! What surrounds the programs: a home or none, the locale, standard input, who reads their output, and the texts that
//! people made elsewhere.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::Stdio,
};

use crate::support::{
    failures::send_something,
    http::Request,
    program::{Outcome, Run},
    test_env::{Sent, TestEnv},
    until,
};

/// As somebody without an account, and so without a home, in a folder where anyone may write. `None`, and said so, where
/// this machine does not let a test do that.
fn nobody(env: &TestEnv, run: impl FnOnce() -> Run) -> Option<Run> {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        eprintln!("SKIPPED: only root can run a program as somebody without an account");
        return None;
    }
    let anyone = fs::Permissions::from_mode(0o777);
    fs::set_permissions(env.path(""), anyone.clone()).unwrap();
    let numbers = ["--reuid=61234", "--regid=61234", "--clear-groups"];
    Some(run().under(["setpriv"].into_iter().chain(numbers).chain(["env", "--unset=HOME"])))
}

/// The programs lie where only their owner may enter.
fn copy_of(env: &TestEnv, program: &str) -> String {
    let copy = env.path(Path::new(program).file_name().unwrap());
    fs::copy(program, &copy).unwrap();
    copy.to_str().unwrap().to_owned()
}

#[test]
fn without_a_home_it_gets_and_tells_what_it_cannot_do() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    fs::set_permissions(&sent.words, fs::Permissions::from_mode(0o644)).unwrap();
    let share = copy_of(&env, env!("CARGO_BIN_EXE_tested-share"));
    let words = sent.words.to_str().unwrap();
    let run = |arguments: &[&str]| nobody(&env, || env.program(&share, arguments)).map(Run::output);
    let get = ["get", &sent.link, "--yes", "--passphrase-file", words];
    let Some(listed) = run(&[&get[..], &["--list"]].concat()) else { return };
    assert!(listed.exits(0).stdout().contains("case.bin"));
    let got = run(&[&get[..], &["--output", "in"]].concat()).unwrap().exits(0);
    got.says("downloading it again counts as another one: The system tells no home folder");
    assert!(env.path("in/case.bin").exists());
    run(&["doctor", "--relay", &relay.url]).unwrap().exits(0);
    for arguments in [&["send", words, "--relay", &relay.url][..], &["list"], &["login", &relay.url]] {
        let told = run(arguments).unwrap().exits(10).says("share: The system tells no home folder");
        told.says("hint: Name a folder with the variable HOME");
    }
}

#[test]
fn a_home_that_cannot_be_written_is_named_with_a_way_on() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let file = env.file("case.bin", "x");
    // Not even root can write there.
    let at_proc = |run: Run| run.env("HOME", "/proc/home").output();
    let send = env.share(["send", "--relay", &relay.url]).arg(&file);
    let here = env.share(["send", "--here"]).arg(&file);
    let login = env.share(["config", "set", "relay", &relay.url]);
    for run in [send, here, login] {
        let told = at_proc(run).exits(10).says("/proc/home/").says(": No such file or directory");
        told.says("hint: Let share read and write there, or name another home folder with the variable HOME.");
    }
    at_proc(env.get(&sent, "in")).exits(0).says("cannot be kept in /proc/home/");
    assert!(env.path("in/case.bin").exists());
}

#[test]
fn the_locale_is_that_of_the_first_variable_that_is_set() {
    let env = TestEnv::new();
    let says = |variables: &[(&str, &str)], text: &str| {
        let run = env.share(["send", "none", "--relay", "http://127.0.0.1:9"]);
        let run = variables.iter().fold(run.env("LANG", ""), |run, (name, value)| run.env(name, value));
        run.output().exits(10).says(text);
    };
    let dutch = ("LANG", "nl_NL.UTF-8");
    says(&[dutch], "bestaat niet");
    says(&[("LC_ALL", "C"), dutch], "does not exist");
    says(&[("LC_MESSAGES", "C.UTF-8"), dutch], "does not exist");
    says(&[("LC_ALL", "nl_NL"), ("LC_MESSAGES", "C"), ("LANG", "en_US.UTF-8")], "bestaat niet");
    says(&[("LC_ALL", ""), dutch], "bestaat niet");
}

#[test]
fn times_are_those_of_the_zone_that_is_named() {
    let (env, relay) = TestEnv::with_relay();
    send_something(&env, &relay.url, &[]);
    let minute = |zone: &str| {
        let listed = env.share(["list"]).env("TZ", zone).succeeds().stdout();
        listed[14..16].parse::<u32>().unwrap()
    };
    assert_eq!((minute("UTC") + 45) % 60, minute("Asia/Kathmandu"), "its clocks are 5 h 45 min ahead");
}

#[test]
fn a_dash_is_standard_input_for_words_keys_tokens_and_messages() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    let words = fs::read(&sent.words).unwrap();
    let get = |link: &str, option: &str, input: &[u8]| -> Outcome {
        env.share(["get", link, "--yes", "--force", "--output", "in", option, "-"]).output_with_input(input)
    };
    get(&sent.link, "--passphrase-file", &words).exits(0);
    get(&sent.link, "--passphrase-file", b"").exits(4);

    let keygen = env.program("age-keygen", [""; 0]).succeeds();
    let identity = keygen.stdout();
    let key = identity.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let send = ["send", sent.words.to_str().unwrap(), "--json", "--relay", &relay.url, "--recipients-file", "-"];
    let to_key = env.share(send).output_with_input(format!("# ours\n{key}\n").as_bytes()).exits(0).json();
    let link = to_key[0]["link"].as_str().unwrap();
    get(link, "--identity", identity.as_bytes()).exits(0);

    let file = sent.words.to_str().unwrap();
    let send = ["send", file, "--json", "--relay", &relay.url, "--passphrase-file", "w", "--message", "@-"];
    let told = env.share(send).output_with_input("voor u".as_bytes()).exits(0).json();
    let told = Sent { link: told[0]["link"].as_str().unwrap().to_owned(), words: env.path("w") };
    assert!(env.get(&told, "in").arg("--list").succeeds().stdout().contains("voor u"));

    let token = env.share_relay(["token", "add", "anna", "--data"]).arg(&relay.data).succeeds().stdout();
    let login = ["login", &relay.url, "--token-file", "-"];
    env.share(login).output_with_input(token.as_bytes()).exits(0);
    env.share(login).output_with_input(b"none").exits(2);

    // One input cannot be two things, and words cannot be written to it.
    for arguments in [
        &["send", "-", "--name", "x", "--message", "@-"][..],
        &["send", "-", "--name", "x", "--recipients-file", "-"],
        &["send", "x", "--passphrase-file", "-"],
        &["get", &sent.link, "--identity", "-", "--identity", "-"],
    ] {
        env.share(arguments).output_with_input(b"x").exits(2).says("share: ");
    }
    assert!(!env.path("-").exists());
}

#[test]
fn texts_of_windows_are_read_as_they_are_meant() {
    let (env, relay) = TestEnv::with_relay();
    let utf8 = |text: &str| format!("\u{feff}{text}\r\n").into_bytes();
    let utf16 =
        |text: &str| format!("\u{feff}{text}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    for (name, written) in [("utf8", utf8 as fn(&str) -> Vec<u8>), ("utf16", utf16)] {
        env.file("message", written("Hallo é"));
        let sent = send_something(&env, &relay.url, &["--message", "@message"]);
        let words = env.file("words", written(&sent.passphrase()));
        let got = env.get(&Sent { words, ..sent }, name).succeeds();
        assert!(got.stderr().contains("\n  Hallo é\n"), "{got:?}");
    }
    let sent = send_something(&env, &relay.url, &["--message", "\u{feff}Hallo"]);
    assert!(env.get(&sent, "in").succeeds().stderr().contains("\n  Hallo\n"), "a mark on the command line too");
}

#[test]
fn who_stops_reading_hears_no_complaint() {
    let (env, relay) = TestEnv::with_relay();
    let sent = send_something(&env, &relay.url, &[]);
    env.share_relay(["token", "add", "anna", "--data", "relay"]).succeeds();
    let gone = |mut run: Run| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = run.command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        output.status.code()
    };
    let words = sent.words.to_str().unwrap();
    for arguments in [
        &["list"][..],
        &["list", "--json"],
        &["status", &sent.link],
        &["config", "show"],
        &["--help"],
        &["send", "--help"],
        &["--version"],
        &["get", &sent.link, "--list", "--passphrase-file", words],
        &["get", &sent.link, "--yes", "--output", "-", "--quiet", "--passphrase-file", words],
    ] {
        assert_eq!(gone(env.share(arguments)), Some(141), "{arguments:?}");
    }
    assert_eq!(gone(env.share_relay(["token", "list", "--data", "relay"])), Some(141));
    assert_eq!(gone(env.share_relay(["--help"])), Some(0));
    assert_eq!(env.events(&sent).iter().filter(|event| *event == "receipt").count(), 0, "nothing was received");
}

/// Does what a service manager does that keeps the socket (sd_listen_fds(3)).
const MANAGER: &str = "\
import os, socket, sys
listening = socket.create_server(('127.0.0.1', 0))
os.dup2(listening.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))
print(listening.getsockname()[1], file=sys.stderr, flush=True)
os.execvp(sys.argv[1], sys.argv[1:])";

#[test]
fn a_socket_that_the_service_manager_keeps_is_listened_on() {
    let env = TestEnv::new();
    let relay = env.start_relay(|run| run.under(["python3", "-c", MANAGER]));
    let log = fs::read_to_string(env.path("relay.log")).unwrap();
    let port = log.lines().next().unwrap();
    assert_eq!(relay.url, format!("http://127.0.0.1:{port}"));
    assert_eq!(Request::get("/healthz").send(&relay.url).status, 204);
}

#[test]
fn a_hang_up_does_not_end_a_relay_and_a_wrong_log_level_silences_none() {
    let env = TestEnv::new();
    let relay = env.relay_logging("verbose,share-relay=debug");
    let log = || fs::read_to_string(env.path("relay.log")).unwrap();
    assert!(log().contains("store opened") && log().contains("nothing is called verbose"), "{}", log());
    assert!(log().contains("nothing is called share-relay"), "{}", log());
    let hang_up = env.program("kill", ["-HUP", &relay.child.id().to_string()]);
    hang_up.succeeds();
    until("the signal is told", || log().contains("SIGHUP"));
    assert_eq!(Request::get("/healthz").send(&relay.url).status, 204);
}

#[test]
fn a_new_relay_needs_a_folder_it_can_make_and_says_so() {
    let env = TestEnv::new();
    let relay = copy_of(&env, env!("CARGO_BIN_EXE_tested-share-relay"));
    fs::create_dir(env.path("lib")).unwrap();
    let data = env.path("lib/share-relay");
    // Without tokens it does not listen there, but makes the folder that the first one needs.
    let init = || env.program(&relay, ["serve", "--init", "--listen", "0.0.0.0:0", "--data"]).arg(&data);
    let add = || env.program(&relay, ["token", "add", "alice", "--data"]).arg(&data);
    let Some(run) = nobody(&env, init) else { return };
    let told = run.output().exits(1).says(&format!("error: cannot make the folder {}", data.display()));
    let says = told.stderr();
    // As it says, and as docs/operating.md does.
    let command = says.split(['(', ')']).nth(1).unwrap().replace("USER", "61234");
    env.program("sh", ["-c", &command]).succeeds();
    nobody(&env, add).unwrap().output().exits(1).says("is not the data folder of a relay");
    nobody(&env, init).unwrap().output().exits(1).says("add a sender token first");
    nobody(&env, add).unwrap().succeeds();
}
