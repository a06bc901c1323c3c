//! How others hear of a batch: figures for Prometheus, signals to a monitoring service, and reports to people.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use crate::support::{
    failures::fails,
    fault_proxy::FaultProxy,
    http::{Request, Response},
    machine::need,
    program::Run,
    test_env::{TestEnv, files_below},
};

/// Of vectors/keys/age.txt.
const KEY: &str = "age19ss75tmxnp43f0ejr6tq4c3jk936avzm7wkxc4wn8ayu6uuwcd3sxsqqep";

/// `jobs.csv` with a row for each of these files, which are there if their names begin with `there`. Rows have the keys
/// `row-0`, `row-1` and so on.
fn jobs(env: &TestEnv, files: &[&str]) {
    let mut table = "paths,key,name,to,recipient\n".to_owned();
    for (number, file) in files.iter().enumerate() {
        if file.starts_with("there") && !env.path(file).exists() {
            env.file(file, "content");
        }
        table.push_str(&format!("{file},row-{number},Anna Bakker,anna@example.org,{KEY}\n"));
    }
    env.file("jobs.csv", table);
}

fn batch(env: &TestEnv, relay: &str, options: &[&str]) -> Run {
    env.share(["batch", "run", "jobs.csv", "--results", "results.csv", "--relay", relay]).args(options)
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as f64
}

/// The values in a file of Prometheus' text exposition format, by metric and labels. Fails the test where the file breaks
/// the format, or what node_exporter wants of it: each metric once, with its text and its type first, no series twice.
#[track_caller]
fn metrics(path: &Path) -> BTreeMap<String, f64> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'), "{text}");
    let (mut values, mut seen) = (BTreeMap::new(), Vec::new());
    let mut lines = text.lines().peekable();
    while let Some(help) = lines.next() {
        let (metric, help) = help.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')).expect("HELP");
        let plain = |c: char| c.is_ascii_lowercase() || c == '_';
        assert!(metric.starts_with("share_batch_") && metric.chars().all(plain) && !help.is_empty(), "{text}");
        assert_eq!(lines.next(), Some(&*format!("# TYPE {metric} gauge")), "{text}");
        assert!(!seen.contains(&metric), "{metric} is there twice");
        seen.push(metric);
        let mut samples = 0;
        while let Some(sample) = lines.next_if(|line| !line.starts_with('#')) {
            let (labels, value) = sample.strip_prefix(metric).unwrap().rsplit_once(' ').unwrap();
            for label in labels.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap().split(',') {
                let (name, value) = label.split_once('=').unwrap();
                let value = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap();
                assert!(name.chars().all(plain) && !value.contains(['"', '\\', '{', '}']), "{sample}");
            }
            let labels = labels.replace("{command=\"run\",file=\"night.prom\"", "").replace('}', "");
            let series = format!("{}{labels}", metric.trim_start_matches("share_batch_"));
            assert!(value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'), "{sample}");
            assert_eq!(values.insert(series, value.parse().unwrap()), None, "{sample}");
            samples += 1;
        }
        assert!(samples > 0, "{metric} has no value");
    }
    values
}

#[test]
fn metrics_tell_of_the_last_run_and_the_last_success() {
    let (env, relay) = TestEnv::with_relay();
    let file = env.path("night.prom");
    let umask = ["sh", "-c", "umask 002 && exec \"$@\"", "sh"];
    let run = || batch(&env, &relay.url, &["--metrics-file", "night.prom"]).under(umask);
    jobs(&env, &["there-1", "there-2"]);
    let begun = now();
    run().succeeds();
    let first = metrics(&file);
    let success = first["last_success_timestamp_seconds"];
    assert!(begun <= first["last_start_timestamp_seconds"] && success <= now(), "{first:?}");
    assert_eq!((first["success"], first["bytes"]), (1.0, 14.0));
    assert_eq!((first["rows,result=\"done\""], first["rows,result=\"failed\""]), (2.0, 0.0));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);

    jobs(&env, &["there-1", "there-2", "missing"]);
    run().output().exits(13);
    let second = metrics(&file);
    assert_eq!((second["success"], second["last_success_timestamp_seconds"]), (0.0, success));
    assert_eq!((second["rows,result=\"before\""], second["rows,result=\"failed\""]), (2.0, 1.0));
    assert_eq!(second["rows,result=\"done\""], 0.0);
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains("row-") && !text.contains("there-") && !text.contains("anna"), "{text}");
}

#[test]
fn a_run_that_hangs_shows_in_the_metrics() {
    let (env, relay) = TestEnv::with_relay();
    jobs(&env, &["there"]);
    let held = FaultProxy::holding_request(&relay.url, "/seal ");
    let run = batch(&env, &held.url, &["--metrics-file", "night.prom"]).start();
    held.wait_until_stopped();
    let meanwhile = metrics(&env.path("night.prom"));
    assert_eq!(meanwhile.keys().collect::<Vec<_>>(), ["last_start_timestamp_seconds"]);
    held.open();
    run.finish().exits(0);
    let after = metrics(&env.path("night.prom"));
    assert_eq!(after["last_start_timestamp_seconds"], meanwhile["last_start_timestamp_seconds"]);
    assert_eq!(after["success"], 1.0);
}

#[test]
fn files_of_others_stay_and_nothing_is_sent() {
    let (env, relay) = TestEnv::with_relay();
    jobs(&env, &["there"]);
    let table = fs::read(env.path("jobs.csv")).unwrap();
    for option in ["--metrics-file", "--report"] {
        let run = |path: &'static str| batch(&env, &relay.url, &[option, path]);
        let says = "jobs.csv is there already, and share batch did not write it";
        fails(|| run("jobs.csv"), 10, "output_exists", says, "Choose another name");
        fails(|| run("none/night.prom"), 2, "usage", "The folder that none/night.prom is to be in is not there", "");
        fails(|| run("/dev/null"), 10, "output_exists", "/dev/null is there already", "Choose another name");
    }
    assert_eq!(fs::read(env.path("jobs.csv")).unwrap(), table);
    assert_eq!(files_below(&relay.data.join("shares")).len(), 0);
}

/// A monitoring service that answers everything with this status.
fn service(status: u16) -> FaultProxy {
    FaultProxy::answering(move |_: &Request| Response::empty(status).with("Location", "/elsewhere").into())
}

/// The paths that were asked for, all of them by POST without a body.
#[track_caller]
fn pings(service: &FaultProxy) -> Vec<String> {
    let requests = service.requests();
    assert!(requests.iter().all(|request| request.method == "POST" && request.body.is_empty()), "{requests:?}");
    requests.into_iter().map(|request| request.path).collect()
}

#[test]
fn a_monitoring_service_hears_of_start_success_and_failure() {
    let (env, relay) = TestEnv::with_relay();
    jobs(&env, &["there"]);
    let hears = |url: &str, exit: i32| {
        let service = service(200);
        let url = format!("{}{url}", service.url);
        let file = format!("@{}", env.file("ping-url", format!("{url}\n")).display());
        batch(&env, &relay.url, &["--ping", &url]).output().exits(exit);
        batch(&env, &relay.url, &["--ping", &file]).output().exits(exit);
        pings(&service)
    };
    assert_eq!(hears("/id-1", 0), ["/id-1/start", "/id-1", "/id-1/start", "/id-1"]);
    jobs(&env, &["there", "missing"]);
    let failed = ["/id-1/start?create=1", "/id-1/fail?create=1"];
    assert_eq!(hears("/id-1/?create=1", 13), [failed, failed].concat());
}

#[test]
fn a_service_that_does_not_listen_is_a_warning_that_does_not_tell_its_address() {
    let (env, relay) = TestEnv::with_relay();
    jobs(&env, &["there"]);
    for (status, says, tries) in [(404, "error 404", 2), (503, "error 503", 4), (302, "points to another address", 2)] {
        let service = service(status);
        let url = format!("{}/secret-id", service.url);
        for json in [&["--json"][..], &[]] {
            let outcome = batch(&env, &relay.url, &["--ping", &url]).args(json).succeeds();
            let told = outcome.stdout() + &outcome.stderr();
            assert!(!told.contains("secret-id"), "{outcome:?}");
            outcome.says("warning: The monitoring service was not told: ").says(says);
        }
        assert_eq!(pings(&service).len(), 2 * tries, "{status}");
    }
    let gone = "http://127.0.0.1:1/secret-id";
    let outcome = batch(&env, &relay.url, &["--ping", gone]).succeeds().says("it cannot be reached");
    assert!(!outcome.stderr().contains("secret-id"), "{outcome:?}");
}

#[test]
fn an_address_to_ping_that_is_none_is_told_at_once() {
    let (env, relay) = TestEnv::with_relay();
    jobs(&env, &["there"]);
    let says = "The address for --ping cannot be used";
    for url in
        ["secret-id", "http://ping.example/secret-id", "https://user:secret-id@ping.example", "file:///secret-id"]
    {
        let run = || batch(&env, &relay.url, &["--ping", url]);
        fails(run, 2, "usage", says, "with https:// and without a user name");
        let told = run().output().stderr();
        assert!(!told.contains("secret-id"), "{told}");
    }
    let run = || batch(&env, &relay.url, &["--ping", "@none"]);
    fails(run, 10, "local_file", "The address for --ping in none cannot be read", "");
    assert_eq!(files_below(&relay.data.join("shares")).len(), 0);
}

/// A folder with a program `sendmail` that notes its arguments, its environment and its input in `mail/`, and then does
/// this; what PATH is with it.
fn with_sendmail(env: &TestEnv, then: &str) -> String {
    let mail = env.path("mail");
    fs::create_dir_all(&mail).unwrap();
    let note = "printf '%s\\n' \"$@\" > args; env > env; cat > message";
    let script = env.file("bin/sendmail", format!("#!/bin/sh\ncd '{}'\n{note}\n{then}\n", mail.display()));
    fs::set_permissions(script, fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", env.path("bin").display(), std::env::var("PATH").unwrap())
}

/// The message that sendmail got, as Python's e-mail library reads it.
fn message(env: &TestEnv) -> Value {
    need("python3");
    let script = "import sys, json, email, email.policy\n\
        m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.strict)\n\
        print(json.dumps({'headers': dict(m.items()), 'body': m.get_content(), 'defects': len(m.defects),\n\
            'date': m['date'].datetime.timestamp(), 'to': [a.addr_spec for a in m['to'].addresses]}))";
    let told = env.program("python3", ["-c", script]).arg(env.path("mail/message")).succeeds();
    told.json().remove(0)
}

#[test]
fn a_report_by_mail_has_counts_and_keys_and_nothing_else() {
    let (env, relay) = TestEnv::with_relay();
    let path = with_sendmail(&env, "exit 0");
    jobs(&env, &["there-1", "missing-file", "there-2"]);
    let run = || batch(&env, &relay.url, &["--report", "mail:Nachtploeg <ops@example.org>"]).env("PATH", &path);
    let secret = "5".repeat(64);
    run().env("SHARE_TOKEN", &secret).output().exits(13);

    let noted = |name: &str| fs::read_to_string(env.path("mail").join(name)).unwrap();
    assert_eq!(noted("args"), "-i\n--\nops@example.org\n");
    assert!(!noted("env").contains(&secret) && noted("env").contains("PATH="), "{}", noted("env"));
    assert!(noted("message").is_ascii() && noted("message").lines().all(|line| line.len() <= 78));
    let english = message(&env);
    assert_eq!((&english["defects"], &english["to"]), (&json!(0), &json!(["ops@example.org"])), "{english}");
    assert_eq!(english["headers"]["Auto-Submitted"], "auto-generated");
    assert_eq!(english["headers"]["Subject"], "share batch run: NOT all is done");
    assert!((now() - english["date"].as_f64().unwrap()).abs() < 600.0, "{english}");
    let body = english["body"].as_str().unwrap();
    assert!(body.contains("3 rows: 2 done (14 B), 1 failed"), "{body}");
    assert!(body.contains("\n  row-1: "), "{body}");
    for hidden in ["there-", "missing-file", "Anna", "anna@", "http", "row-0", "row-2", KEY] {
        assert!(!body.contains(hidden), "{hidden} is told: {body}");
    }

    jobs(&env, &["there-1"]);
    run().env("LANG", "nl_NL.UTF-8").succeeds();
    let dutch = message(&env);
    assert_eq!(dutch["headers"]["Subject"], "share batch run: alles is klaar");
    let body = dutch["body"].as_str().unwrap();
    assert!(body.contains("Eén rij: 0 klaar (0 B), 1 al eerder klaar"), "{body}");
    assert_ne!(dutch["headers"]["Message-ID"], english["headers"]["Message-ID"]);
}

#[test]
fn mail_that_cannot_be_sent_is_a_warning() {
    let (env, relay) = TestEnv::with_relay();
    jobs(&env, &["there"]);
    let path = with_sendmail(&env, "echo secret-text; echo secret-text >&2; exit 75");
    let run = || batch(&env, &relay.url, &["--report", "mail:ops@example.org"]).env("PATH", &path);
    let outcome = run().succeeds().says("warning: sendmail did not take the report (exit status: 75)");
    assert!(!(outcome.stdout() + &outcome.stderr()).contains("secret-text"), "{outcome:?}");
    // One that reads nothing and says that all is well has not taken a report longer than a pipe holds.
    env.file("bin/sendmail", "#!/bin/sh\nexit 0\n");
    let rows: String = (0..500).map(|row| format!("missing,{}-{row},{KEY}\n", "k".repeat(190))).collect();
    env.file("jobs.csv", format!("paths,key,recipient\n{rows}"));
    run().output().exits(13).says("warning: The report could not be handed to sendmail");
}

#[test]
fn an_address_for_reports_that_is_none_is_told_at_once() {
    let (env, relay) = TestEnv::with_relay();
    let path = with_sendmail(&env, "exit 0");
    jobs(&env, &["there"]);
    let says = "That is not an e-mail address for --report: ";
    let none = ["ops", "ops@example.org, eve@example.org", "ops@example.org\nBcc: eve@example.org", "-bs"];
    for address in none.map(|address| format!("mail:{address}")) {
        fails(|| batch(&env, &relay.url, &["--report", &address]).env("PATH", &path), 2, "usage", says, "");
    }
    assert!(!env.path("mail/args").exists());
    if ["/usr/sbin/sendmail", "/usr/lib/sendmail"].iter().any(|path| Path::new(path).exists()) {
        eprintln!("SKIPPED: a computer without sendmail cannot be staged here");
        return;
    }
    let run = || batch(&env, &relay.url, &["--report", "mail:ops@example.org"]).env("PATH", env.path("home"));
    fails(run, 2, "usage", "There is no sendmail program", "--report FILE");
}

#[test]
fn a_report_in_a_file_is_private_and_replaced_by_the_next() {
    let (env, relay) = TestEnv::with_relay();
    let run = || batch(&env, &relay.url, &["--report", "report.txt"]);
    let report = || fs::read_to_string(env.path("report.txt")).unwrap();
    jobs(&env, &["there", "absent"]);
    run().output().exits(13);
    let first = report();
    assert!(first.starts_with("share batch run: NOT all is done\n\n2 rows: "), "{first}");
    assert!(first.contains("\n  row-1: ") && !first.contains("absent"), "{first}");
    assert_eq!(fs::metadata(env.path("report.txt")).unwrap().permissions().mode() & 0o777, 0o600);
    env.file("absent", "here now");
    run().args(["--lang", "nl"]).succeeds();
    assert!(report().starts_with("share batch run: alles is klaar\n\n2 rijen: "), "{}", report());
}
