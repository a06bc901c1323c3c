//! `share doctor`: whether a relay serves browsers exactly the released page.

use serde_json::json;
use share_relay_api::{page, paths};

use crate::support::{
    fault_proxy::{FaultProxy, Reply},
    http::{Request, Response},
    test_env::{Relay, TestEnv},
};

/// A relay of this release behind something that changes answers.
fn behind(relay: &Relay, change: impl Fn(&Request, &mut Response) + Send + Sync + 'static) -> FaultProxy {
    FaultProxy::rewriting(&relay.url, move |request, mut response| -> Reply {
        change(request, &mut response);
        response.into()
    })
}

/// A file of the released page, by its name without the hash.
fn file(stem: &str) -> (String, &'static str) {
    let is_it = |name: &&&str| name.starts_with(&format!("{stem}-"));
    let name = *page::released().keys().find(is_it).unwrap();
    (paths::page_file(name), name)
}

/// Whether a request is for the document in this language.
fn is_document(request: &Request, language: &str) -> bool {
    request.path.starts_with("/s/") && request.header("accept-language") == Some(language)
}

#[test]
fn a_relay_that_serves_the_released_page_passes() {
    let (env, relay) = TestEnv::with_relay();
    let told = env.share(["doctor", "--relay", &relay.url]).succeeds().stdout();
    assert!(told.contains("serves exactly the page of share "), "{told}");
    let told = env.share(["doctor", "--json", "--relay", &relay.url]).succeeds().json();
    assert_eq!(told, [json!({ "event": "doctor", "version": 1, "relay": relay.url, "page": "released" })]);
    env.share(["config", "set", "relay", &relay.url]).succeeds();
    env.share(["doctor"]).succeeds();
}

#[test]
fn a_changed_file_is_found_although_its_hash_is_told_as_it_should_be() {
    let (env, relay) = TestEnv::with_relay();
    let (style, start) = (file("style"), file("start"));
    let is_file = |path: String| move |request: &Request| request.path == path;
    type IsChanged = Box<dyn Fn(&Request) -> bool + Send + Sync>;
    let changed: [(&str, IsChanged); 4] = [
        (style.1, Box::new(is_file(style.0))),
        (start.1, Box::new(is_file(start.0))),
        ("index.en.html", Box::new(|request| is_document(request, "en"))),
        ("index.nl.html", Box::new(|request| is_document(request, "nl"))),
    ];
    for (name, is_changed) in changed {
        let server = behind(&relay, move |request, response| {
            if is_changed(request) {
                response.body.push(b' ');
            }
        });
        let outcome = env.share(["doctor", "--json", "--relay", &server.url]).output();
        let message = outcome.fails(8, "page_differs")["message"].as_str().unwrap().to_owned();
        assert!(message.ends_with(&format!("differ: {name}")), "{message}");
    }
}

#[test]
fn headers_that_make_another_page_of_the_same_bytes_are_found() {
    let (env, relay) = TestEnv::with_relay();
    let changed = [
        ("Content-Security-Policy", "default-src *"),
        ("Content-Type", "text/plain"),
        ("Refresh", "0; url=https://elsewhere.example/"),
        ("Link", "<more.css>; rel=stylesheet"),
    ];
    for (name, value) in changed {
        let server = behind(&relay, move |request, response| {
            if is_document(request, "nl") {
                *response = response.clone().with(name, value);
            }
        });
        let outcome = env.share(["doctor", "--json", "--relay", &server.url]).output();
        let message = outcome.fails(8, "page_differs")["message"].as_str().unwrap().to_owned();
        assert!(message.ends_with("differ: index.nl.html (headers)"), "{name}: {message}");
    }
}

#[test]
fn a_page_served_for_one_link_alone_is_found_by_that_link() {
    let (env, relay) = TestEnv::with_relay();
    let sent = env.send(&relay.url, [env.file("a", "x")]);
    let (link, path) = (sent.link.clone(), paths::page(&sent.share_id()));
    let server = behind(&relay, move |request, response| {
        if request.path == path {
            response.body.push(b' ');
        }
    });
    env.share(["doctor", "--relay", &server.url]).succeeds();
    env.share(["doctor", &link]).succeeds();
    env.share(["doctor", "--json", &link.replace(&relay.url, &server.url)]).output().fails(8, "page_differs");
}

#[test]
fn a_missing_file_and_another_list_are_found() {
    let (env, relay) = TestEnv::with_relay();
    let (worker, _) = file("worker");
    let missing = behind(&relay, move |request, response| {
        if request.path == worker {
            response.status = 404;
        }
    });
    env.share(["doctor", "--json", "--relay", &missing.url]).output().fails(8, "page_differs");
    let more = behind(&relay, |request, response| {
        if request.path == "/v1" {
            let mut info: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
            info["page"]["\u{202e}more.js"] = json!("0".repeat(64));
            response.body = serde_json::to_vec(&info).unwrap();
        }
    });
    let outcome = env.share(["doctor", "--json", "--relay", &more.url]).output();
    let message = outcome.fails(8, "page_differs")["message"].as_str().unwrap().to_owned();
    assert!(message.ends_with("\\u{202e}more.js"), "{message}");
}

#[test]
fn in_dutch_it_says_what_it_found_and_what_to_do() {
    let (env, relay) = TestEnv::with_relay();
    let doctor = |url: &str| env.share(["doctor", "--relay", url]).env("LANG", "nl_NL.UTF-8").output();
    let told = doctor(&relay.url).exits(0).stdout();
    assert!(told.contains("geeft browsers precies de pagina van share "), "{told}");
    let (path, name) = file("style");
    let changed = behind(&relay, move |request, response| {
        if request.path == path {
            response.body.push(b' ');
        }
    });
    let told = doctor(&changed.url).exits(8).stderr();
    for sentence in [&format!("deze bestanden zijn anders: {name}"), "typ dan geen woorden op die pagina"] {
        assert!(told.contains(sentence), "{told}");
    }
}

#[test]
fn without_a_relay_there_is_nothing_to_check() {
    let env = TestEnv::new();
    env.share(["doctor", "--json"]).output().fails(2, "usage");
    env.share(["doctor", "--json", "--relay", "http://127.0.0.1:1"]).output().fails(3, "unreachable");
}
