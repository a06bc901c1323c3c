//! What people and robots read: the page, statements, and addresses where nothing is.

use share_relay_api::RelayInfo;

use super::*;

#[tokio::test]
async fn at_an_address_where_nothing_is_a_person_reads_a_page_and_a_program_json() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let paths = [("/index.html", ""), ("/favicon", ""), ("/page/testing.js", "../"), ("//a/b/", "../../../")];
    for (path, root) in paths {
        for (language, sentence) in [("nl", "Open dan de hele link"), ("en", "Then open the whole link")] {
            let browser = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8"), ("accept-language", language)];
            let page = server.call("GET", path, &browser, b"").await;
            assert_eq!((page.status, page.header("content-type")), (404, Some("text/html; charset=utf-8")), "{path}");
            assert_eq!(page.header("cache-control"), Some("no-store"));
            let text = String::from_utf8(page.body).unwrap();
            assert!(text.contains(sentence) && text.contains(&format!("href=\"{root}page/style-")), "{text}");
        }
        for program in [&[][..], &[("accept", "*/*")], &[("accept", "application/json")]] {
            let problem = server.call("GET", path, program, b"").await;
            assert_eq!((problem.status, problem.code()), (404, Code::NoSuchPath), "{path}");
        }
    }
    let browser = [("accept", "text/html")];
    for path in ["/accessibility", "/.well-known/security.txt", "/page/operator-logo"] {
        let page = server.call("GET", path, &browser, b"").await;
        assert_eq!((page.status, page.header("content-type")), (404, Some("text/html; charset=utf-8")), "{path}");
        assert_eq!(server.get(path).await.code(), Code::NoSuchPath, "{path}");
    }
    assert_eq!(server.call("GET", "/v1/shares/x", &browser, b"").await.code(), Code::DamagedId);
    let deep = server.call("GET", &"/".repeat(5000), &browser, b"").await;
    let text = String::from_utf8(deep.body).unwrap();
    assert!(deep.status == 404 && text.len() < 4096 && text.contains("href=\"/page/style-"), "{}", text.len());
    server.stop().await;
}

#[tokio::test]
async fn who_comes_without_a_link_reads_whose_relay_this_is_and_what_it_keeps() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a11y.txt"), "# Voor <iedereen>\n\nTekst.").unwrap();
    let file = dir.path().join("operator.json");
    let json = r##"{"name":"Dam & <co>","accent":"#0b5566","abuse":"abuse@dam.example","security":"https://dam.example/",
        "accessibility":{"nl":"a11y.txt"}}"##;
    std::fs::write(&file, json).unwrap();
    let operator = crate::operator::Operator::read(&file).unwrap();
    let (known, unknown) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start_with(&known, Config { operator, ..config() }).await;
    let read = async |path: &str, language: &str| {
        let page = server.call("GET", path, &[("accept-language", language)], b"").await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path}");
        assert_eq!((page.header("cache-control"), page.header("x-robots-tag")), (Some("no-cache"), Some("noindex")));
        assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'; style-src 'self'"));
        let headers = [("accept-language", language), ("if-none-match", page.header("etag").unwrap())];
        assert_eq!(server.call("GET", path, &headers, b"").await.status, 304);
        let text = String::from_utf8(page.body).unwrap();
        assert!(text.contains(&format!("<html lang=\"{language}\">")) && !text.contains("{{"), "{text}");
        assert!(
            text.contains("Dam &#38; &#60;co&#62;") && text.contains("href=\"mailto:abuse@dam.example\""),
            "{text}"
        );
        assert!(!text.contains("<script") && !text.contains("style="), "{text}");
        text
    };
    for (path, language, sentence) in [
        ("/", "nl", "Is dit veilig?"),
        ("/", "en", "Is this safe?"),
        ("/privacy", "nl", "Geen internetadressen."),
        ("/privacy", "en", "No internet addresses."),
        ("/accessibility", "en", "<h1>Voor &#60;iedereen&#62;</h1>"),
    ] {
        let text = read(path, language).await;
        assert!(text.contains(sentence), "{text}");
        let style = text.split_once("page/style-").unwrap().1.split_once('"').unwrap().0;
        assert_eq!(server.get(&format!("/page/style-{style}")).await.status, 200);
    }
    let colours = server.get("/page/operator.css").await;
    assert_eq!((colours.status, &*colours.body), (200, &b":root{--accent-light:#0b5566;}"[..]));
    let security = server.get("/.well-known/security.txt").await;
    let told = "Contact: https://dam.example/\nExpires: 1970-06-30T00:16:40Z\nPreferred-Languages: nl, en\n";
    assert_eq!((security.status, std::str::from_utf8(&security.body)), (200, Ok(told)));
    assert_eq!(security.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(server.get("/robots.txt").await.body, b"User-agent: *\nDisallow: /\n");
    let icon = server.get("/favicon.ico").await;
    assert_eq!((icon.status, icon.header("content-type")), (200, Some("image/svg+xml")));
    assert_eq!(icon.header("cache-control"), Some("max-age=300"));
    server.stop().await;
    let nobodys = Server::start(&unknown).await;
    for path in ["/.well-known/security.txt", "/accessibility"] {
        assert_eq!(nobodys.get(path).await.code(), Code::NoSuchPath, "{path}");
    }
    assert!(String::from_utf8_lossy(&nobodys.get("/").await.body).contains("<p class=\"name\">share</p>"));
    nobodys.stop().await;
}

#[tokio::test]
async fn statements_that_are_elsewhere_are_led_to() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("operator.json");
    let [privacy, accessibility] = ["https://dam.example/privacy", "https://dam.example/toegankelijk?a=b"];
    std::fs::write(&file, format!(r#"{{"privacy":"{privacy}","accessibility":"{accessibility}"}}"#)).unwrap();
    let operator = crate::operator::Operator::read(&file).unwrap();
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_with(&data, Config { operator, ..config() }).await;
    for (path, address) in [("/privacy", privacy), ("/accessibility", accessibility)] {
        let answer = server.get(path).await;
        assert_eq!((answer.status, answer.header("location")), (302, Some(address)));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_mangled_link_is_sent_to_its_page() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let moved = server.get("/S/AB-C/").await;
    assert_eq!((moved.status, moved.header("location")), (308, Some("../../s/AB-C")));
    assert_eq!(server.get("/s/").await.body, server.get("/s/AB-C").await.body);
    assert_eq!(server.call("POST", "/s/a/", &[], b"").await.code(), Code::NoSuchPath);
}

#[tokio::test]
async fn the_page_is_in_the_language_asked_for_and_kept_as_long_as_it_is_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let path = paths::page(&id());
    let mut tags = Vec::new();
    for (accepted, start) in [("nl-NL,nl;q=0.9,en;q=0.8", "<html lang=\"nl\">"), ("en-GB,nl", "<html lang=\"en\">")] {
        let page = server.call("GET", &path, &[("accept-language", accepted)], b"").await;
        assert!(String::from_utf8_lossy(&page.body).contains(start), "{accepted}");
        assert_eq!(page.header("vary"), Some("accept-encoding, accept-language"));
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        assert_eq!(page.header("x-robots-tag"), Some("noindex"));
        let etag = page.header("etag").unwrap().to_owned();
        for tag in [etag.clone(), format!("\"x\", {etag}"), etag.replace("W/", ""), "*".into()] {
            let headers = [("accept-language", accepted), ("if-none-match", &tag), ("accept-encoding", "gzip")];
            let same = server.call("GET", &path, &headers, b"").await;
            assert_eq!((same.status, same.body.len(), same.header("etag")), (304, 0, Some(&*etag)), "{tag}");
            assert_eq!(same.header("cache-control"), Some("no-cache"));
            let about_the_body = ["content-length", "content-type", "content-encoding"];
            assert!(about_the_body.iter().all(|name| same.header(name).is_none()));
        }
        tags.push(etag);
    }
    let headers = [("accept-language", "nl"), ("if-none-match", &*tags[1])];
    assert_eq!(server.call("GET", &path, &headers, b"").await.status, 200, "that of the other language");
    let info: RelayInfo = server.get(paths::INFO).await.json();
    for name in info.page.keys().filter(|name| !name.ends_with(".html")) {
        let file = server.get(&paths::page_file(name)).await;
        assert_eq!(file.header("cache-control"), Some("public, max-age=31536000, immutable"), "{name}");
        let stem = name.rsplit_once('.').unwrap().0;
        let hash = stem.rsplit_once('-').unwrap().1;
        assert!(hash.len() == 8 && hash.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()), "{name}");
        assert_eq!(file.header("cross-origin-resource-policy"), Some("same-origin"));
        assert!(file.header("permissions-policy").unwrap().contains("camera=(), "));
    }
    assert_eq!(server.get(paths::INFO).await.header("cache-control"), Some("no-store"));
    let look = server.get("/page/operator.json").await;
    assert_eq!(look.header("cache-control"), Some("max-age=300"));
    let same = server.call("GET", "/page/operator.json", &[("if-none-match", look.header("etag").unwrap())], b"").await;
    assert_eq!((same.status, same.body.len()), (304, 0));
}

#[tokio::test]
async fn the_page_is_the_same_for_every_id() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir).await;
    let page = server.get(&paths::page(&id())).await;
    let other = server.get("/s/whatever-a-mail-gateway-made-of-it?utm_source=x").await;
    assert_eq!((page.status, &page.body), (200, &other.body));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'self'"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let info: RelayInfo = server.get(paths::INFO).await.json();
    assert_eq!(info.page["index.en.html"], digest::of(&page.body));
    assert!(!info.token_required);
    assert_eq!(server.get(paths::HEALTHZ).await.status, 204);
    assert_eq!(server.get(paths::READYZ).await.json::<serde_json::Value>(), serde_json::json!({ "clock": "settling" }));
    assert_eq!(server.get(paths::METRICS).await.code(), Code::NoSuchPath, "metrics have their own listener");
}
