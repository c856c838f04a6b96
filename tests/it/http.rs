//! Requests and answers: statuses, codes, headers and error messages.

use crate::harness::http::{Request, Response, assert_is_a_sentence};
use crate::harness::people::{PASSWORD, Person};
use crate::harness::server::{Setup, Site};
use chapp::store::Options;
use serde_json::json;

/// Headers of every answer.
const HEADERS: [(&str, &str); 3] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Headers of every answer that a browser could show as a document.
const DOCUMENT_HEADERS: [(&str, &str); 3] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; \
         media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; \
         trusted-types chapp",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    ),
];

#[track_caller]
fn is_secured(response: &Response) {
    for (name, value) in HEADERS.into_iter().chain(DOCUMENT_HEADERS) {
        assert_eq!(response.get(name), Some(value), "{name} of a {}", response.status);
    }
    assert!(response.get("cache-control").is_some(), "of a {}", response.status);
    assert_eq!(response.get("server"), None);
    assert_eq!(response.get("access-control-allow-origin"), None);
}

/// The address of an asset that the log-in page names.
fn an_asset(site: &Site) -> String {
    let page = site.get("/signup").send();
    let text = page.text();
    let start = text.find("/-/").unwrap();
    text[start..].split('"').next().unwrap().to_owned()
}

#[test]
fn a_script_or_a_style_sheet_can_be_nothing_else_and_carries_no_more_than_it_needs() {
    let site = Site::new();
    let page = site.get("/signup").send();
    let named = |ending: &str| {
        let text = page.text();
        let path = text
            .split('"')
            .find(|part| part.starts_with("/-/") && part.ends_with(ending));
        site.get(path.unwrap()).send()
    };
    for (ending, media_type) in [
        (".css", "text/css; charset=utf-8"),
        (".js", "text/javascript; charset=utf-8"),
    ] {
        let response = named(ending);
        assert_eq!(response.get("content-type"), Some(media_type));
        for (name, value) in HEADERS {
            assert_eq!(response.get(name), Some(value), "{name} of {ending}");
        }
        for (name, _) in DOCUMENT_HEADERS {
            assert_eq!(response.get(name), None, "{name} of {ending}");
        }
    }
    // An SVG can run scripts when it is opened directly.
    is_secured(&named(".svg"));
}

#[test]
fn every_answer_carries_the_headers_that_protect_it() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let as_ada = |method: &str, path: &str| site.request(method, path).cookie(&ada.cookie);
    let answers = [
        (200, as_ada("GET", "/")),
        (303, site.get("/")),
        (200, site.get("/login")),
        (200, site.get(&an_asset(&site))),
        (404, site.get("/-/0/nothing.css")),
        (200, site.get("/healthz")),
        (200, as_ada("HEAD", "/")),
        (200, as_ada("GET", "/api/me")),
        (
            400,
            as_ada("POST", "/api/rooms/1/messages")
                .header("Content-Type", "application/json")
                .body("{"),
        ),
        (401, site.get("/api/me")),
        (403, as_ada("POST", "/api/logout").without("Origin")),
        (404, site.get("/nothing")),
        (405, site.request("DELETE", "/api/me")),
        (415, site.post("/api/login").body("{}")),
        (421, site.get("/").with("Host", "evil.example")),
        (422, as_ada("GET", "/api/rooms/1/messages?limit=0")),
        (
            401,
            site.post("/login")
                .form(&[("name", "Ada"), ("password", "wrong password")]),
        ),
        (101, Request::upgrade(site.address).cookie(&ada.cookie)),
        (400, as_ada("GET", "/ws").header("Origin", &site.origin())),
        (204, as_ada("POST", "/api/logout")),
    ];
    for (status, request) in answers {
        let response = request.send();
        assert_eq!(response.status, status, "{}", String::from_utf8_lossy(&response.body));
        is_secured(&response);
    }
}

#[test]
fn what_is_personal_is_not_cached() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    for path in ["/api/me", "/api/rooms", "/api/rooms/1/messages"] {
        assert_eq!(site.get_as(&ada, path).get("cache-control"), Some("no-store"));
    }
    for path in ["/", "/login"] {
        let response = site.get(path).send();
        assert!(
            matches!(response.get("cache-control"), Some("no-store" | "private, no-cache")),
            "{path}"
        );
    }
    assert_eq!(site.get_as(&ada, "/").get("cache-control"), Some("private, no-cache"));
}

#[test]
fn an_address_where_nothing_is_says_so() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    for path in [
        "/nothing",
        "/api",
        "/api/",
        "/api/me/",
        "/api//me",
        "//api/me",
        "/API/ME",
        "/api/rooms/",
        "/api/rooms/x/messages",
        "/api/rooms/0/messages",
        "/api/rooms/-1/messages",
        "/api/rooms/1.0/messages",
        "/api/rooms/9007199254740992/messages",
        "/api/rooms/99999999999999999999999/messages",
        "/api/rooms/2/messages",
        "/api/rooms/4294967297/messages",
        "/api/rooms/1/messages/1",
        "/index.html",
        "/login.html",
        "/-/",
        "/..",
        "/%2e%2e/Cargo.toml",
    ] {
        let response = site.get_as(&ada, path);
        response.refused(404, "not_found");
    }
    let draft = json!({"client_id": "c1", "body": "hello"});
    let request = site.post("/api/rooms/2/messages").cookie(&ada.cookie).json(&draft);
    let there = request.send().refused(404, "not_found");
    let request = site.post("/api/rooms/77/messages").cookie(&ada.cookie).json(&draft);
    assert_eq!(
        request.send().json(),
        there,
        "a room that is not ours and one that is not there"
    );
}

#[test]
fn a_method_that_an_address_does_not_take_is_told_which_ones_it_takes() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    for (method, path, allowed) in [
        ("DELETE", "/", "GET, HEAD"),
        ("POST", "/healthz", "GET, HEAD"),
        ("PUT", "/login", "GET, HEAD, POST"),
        ("GET", "/api/signup", "POST"),
        ("GET", "/api/login", "POST"),
        ("GET", "/api/logout", "POST"),
        ("POST", "/api/me", "GET, HEAD, PATCH"),
        ("PATCH", "/api/rooms", "GET, HEAD, POST"),
        ("DELETE", "/api/rooms/1/messages", "GET, HEAD, POST"),
        ("POST", "/ws", "GET, HEAD"),
        ("OPTIONS", "/api/me", "GET, HEAD, PATCH"),
        ("TRACE", "/api/me", "GET, HEAD, PATCH"),
        ("BREW", "/api/me", "GET, HEAD, PATCH"),
        ("POST", "/api/me/settings", "PUT"),
        ("POST", "/api/rooms/1/members/1", "PUT, DELETE"),
        ("DELETE", "/api/rooms/1/join", "POST"),
    ] {
        let response = site.request(method, path).cookie(&ada.cookie).send();
        response.refused(405, "method_not_allowed");
        assert_eq!(response.get("allow"), Some(allowed), "{method} {path}");
    }
    assert_eq!(
        site.get_as(&ada, "/api/me").status,
        200,
        "nobody was logged out by a GET"
    );
}

#[test]
fn a_head_is_a_get_without_its_body() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    for path in [
        "/",
        "/login",
        "/healthz",
        "/api/me",
        "/api/rooms",
        "/api/rooms/1/messages",
        "/nothing",
    ] {
        let get = site.get_as(&ada, path);
        let head = site.request("HEAD", path).cookie(&ada.cookie).send();
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.body.len(), 0);
        assert_eq!(head.get("content-type"), get.get("content-type"));
        let length = |response: &Response| response.get("content-length").unwrap_or("0").to_owned();
        assert_eq!(length(&head), length(&get), "{path}");
    }
}

#[test]
fn a_body_that_is_no_json_or_of_another_shape_changes_nothing() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let deep = "[".repeat(100_000);
    let bodies = [
        "",
        " ",
        "{",
        "nonsense",
        "null",
        "7",
        "[]",
        "\"text\"",
        "{}",
        "{\"name\":\"Eve\"}",
        "{\"name\":7,\"password\":\"correct horse\"}",
        "{\"name\":null,\"password\":null}",
        "{\"name\":\"Eve\",\"password\":[\"correct horse\"]}",
        "{\"name\":\"Eve\",\"password\":\"correct horse\"",
        "{\"name\":\"Eve\",\"password\":\"correct horse\"}}",
        "{\"name\":\"\\ud800\",\"password\":\"correct horse\"}",
        "{\"client_id\":\"c1\"}",
        "{\"client_id\":7,\"body\":\"x\"}",
        "{\"client_id\":\"c1\",\"body\":{\"text\":\"x\"}}",
        &deep,
    ];
    for body in bodies {
        for path in ["/api/signup", "/api/login", "/api/rooms/1/messages"] {
            let request = site
                .post(path)
                .cookie(&ada.cookie)
                .header("Content-Type", "application/json");
            request.body(body).send().refused(400, "bad_request");
        }
    }
    let request = site.post("/api/signup").header("Content-Type", "application/json");
    let response = request
        .body(b"{\"name\":\"\xff\xfe\",\"password\":\"correct horse\"}".to_vec())
        .send();
    response.refused(400, "bad_request");
    assert_eq!(site.sign_up("Ben").id, 2, "nobody was made in between");
    assert_eq!(site.head(&ada), 0);
}

#[test]
fn json_must_come_as_json() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let draft = json!({"client_id": "c1", "body": "hello"}).to_string();
    let post = || {
        site.post("/api/rooms/1/messages")
            .cookie(&ada.cookie)
            .body(draft.as_str())
    };
    post().send().refused(415, "unsupported_media_type");
    for other in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/jsonx",
        "text/json",
        "",
    ] {
        post()
            .header("Content-Type", other)
            .send()
            .refused(415, "unsupported_media_type");
    }
    assert_eq!(site.head(&ada), 0);
    let good = [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/json;charset=utf-8",
    ];
    for (n, media_type) in good.iter().enumerate() {
        let status = if n == 0 { 201 } else { 200 };
        assert_eq!(
            post().header("Content-Type", media_type).send().status,
            status,
            "{media_type}"
        );
    }
}

#[test]
fn a_body_over_128_kib_is_refused() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let draft = |length: usize| {
        let draft = json!({"client_id": "c1", "body": "hello"}).to_string();
        let filling = " ".repeat(length - draft.len());
        draft + &filling
    };
    let post = |length: usize| {
        let request = site.post("/api/rooms/1/messages").cookie(&ada.cookie);
        request
            .header("Content-Type", "application/json")
            .body(draft(length))
            .send()
    };
    post((128 << 10) + 1).refused(413, "too_large");
    post(1 << 20).refused(413, "too_large");
    let request = site.post("/api/signup").header("Content-Type", "application/json");
    request.body(draft(1 << 20)).send().refused(413, "too_large");
    assert_eq!(site.head(&ada), 0);
    assert_eq!(post(128 << 10).status, 201);
}

#[test]
fn a_head_that_is_too_long_is_refused_and_the_server_goes_on() {
    let site = Site::new();
    let response = site.get("/healthz").header("X-Long", &"x".repeat(100_000)).send();
    assert_eq!(response.status, 431);
    let response = site.get(&format!("/{}", "x".repeat(100_000))).send();
    assert!(matches!(response.status, 414 | 431), "{}", response.status);
    assert_eq!(site.get("/healthz").send().status, 200);
}

#[test]
fn what_is_not_http_is_hung_up_on_and_the_server_goes_on() {
    use std::io::{Read, Write};
    let site = Site::new();
    for noise in [
        "\x16\x03\x01\x02\0\x01\0\x01\x7c\x03\x03",
        "hello\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\r\n\r\n\r\n\0\0",
    ] {
        let mut stream = std::net::TcpStream::connect(site.address).unwrap();
        stream.set_read_timeout(Some(crate::harness::PATIENCE)).unwrap();
        stream.write_all(noise.as_bytes()).unwrap();
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "{noise:?}");
    }
    assert_eq!(site.get("/healthz").send().status, 200);
}

#[test]
fn parameters_of_history_out_of_bounds_are_named() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("before=x", "before"),
        ("after=1.5", "after"),
        ("around=", "around"),
        ("before=9007199254740992", "seq"),
    ] {
        let response = site.get_as(&ada, &format!("/api/rooms/1/messages?{query}"));
        assert_eq!(response.refused(422, "invalid")["field"], field, "{query}");
    }
    for query in ["before=1&after=2", "around=1&before=2", "after=1&after=2"] {
        let response = site.get_as(&ada, &format!("/api/rooms/1/messages?{query}"));
        response.refused(400, "bad_request");
    }
    for query in [
        "",
        "limit=1",
        "limit=100",
        "of_next_year=x",
        "before=0",
        "after=0",
        "limit=%31",
    ] {
        assert_eq!(
            site.get_as(&ada, &format!("/api/rooms/1/messages?{query}")).status,
            200,
            "{query}"
        );
    }
}

#[test]
fn a_person_whose_browser_wants_a_page_gets_a_sentence_instead_of_json() {
    let site = Site::new();
    let response = site.get("/nothing").header("Accept", "text/html,*/*;q=0.8").send();
    assert_eq!(response.status, 404);
    assert_eq!(response.get("content-type"), Some("text/plain; charset=utf-8"));
    assert_is_a_sentence(response.text());
}

#[test]
fn the_first_visitor_is_welcomed_and_the_next_one_asked_who_they_are() {
    let site = Site::new();
    for path in ["/", "/login"] {
        let response = site.get(path).send();
        assert_eq!(
            (response.status, response.get("location")),
            (303, Some("/signup")),
            "{path}"
        );
    }
    assert_eq!(site.get("/signup").send().status, 200);
    let ada = site.sign_up("Ada");
    let response = site.get("/").send();
    assert_eq!((response.status, response.get("location")), (303, Some("/login")));
    for path in ["/login", "/signup"] {
        assert_eq!(site.get(path).send().status, 200);
        let response = site.get_as(&ada, path);
        assert_eq!((response.status, response.get("location")), (303, Some("/")), "{path}");
    }
    assert_eq!(site.get_as(&ada, "/").status, 200);
}

#[test]
fn people_without_script_sign_up_and_log_in_by_a_form() {
    let site = Site::new();
    let typed = [("name", "Ada Lovelace"), ("password", PASSWORD)];
    for path in ["/signup", "/login"] {
        let response = site.post(path).form(&typed).send();
        assert_eq!((response.status, response.get("location")), (303, Some("/")));
        let cookie = response.new_cookie();
        let me = site.get("/api/me").cookie(&cookie).send();
        assert_eq!(me.json()["user"]["name"], "Ada Lovelace");
        assert_eq!(site.get("/").cookie(&cookie).send().status, 200);
    }
}

#[test]
fn a_form_that_was_wrong_comes_back_with_its_name_and_what_was_wrong() {
    let site = Site::new();
    site.sign_up("Ada");
    for (path, name, password, status, says) in [
        ("/signup", "Ada", PASSWORD, 409, "That name is taken."),
        ("/signup", "Ben", "short", 422, "A password has at least 8 characters."),
        ("/signup", "", PASSWORD, 422, "Enter a name."),
        (
            "/login",
            "Ada",
            "wrong password",
            401,
            "That name and password do not match.",
        ),
        (
            "/login",
            "Nobody",
            PASSWORD,
            401,
            "That name and password do not match.",
        ),
    ] {
        let response = site.post(path).form(&[("name", name), ("password", password)]).send();
        assert_eq!(response.status, status, "{path} {name}");
        assert_eq!(response.get("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(response.get("cache-control"), Some("no-store"));
        assert_eq!(response.get("set-cookie"), None);
        let page = response.text();
        assert!(page.contains(says), "{says}");
        assert!(page.contains(&format!("value=\"{name}\"")));
        assert!(!page.contains(password), "the password is not repeated");
        assert!(!page.contains("{{"), "a placeholder was left");
    }
    let response = site
        .post("/signup")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .send();
    assert_eq!(response.status, 422);
}

#[test]
fn markup_in_a_name_stays_text() {
    let site = Site::new();
    let name = "\"><script>alert(1)</script>'&{{version}}";
    for path in ["/signup", "/login"] {
        let response = site.post(path).form(&[("name", name), ("password", "short")]).send();
        let page = response.text();
        assert!(!page.contains("<script>alert"), "{path}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{path}");
        assert!(page.contains("{{version}}"), "what people type is no placeholder");
    }
    let ada = site.sign_up("<b>Ada</b>");
    let page = site.get_as(&ada, "/");
    assert!(!page.text().contains("<b>Ada</b>"));
    assert_eq!(
        site.get_as(&ada, "/api/me").get("content-type"),
        Some("application/json")
    );
}

#[test]
fn a_page_that_has_not_changed_is_not_sent_again() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    for (path, cookie) in [("/", ada.cookie.as_str()), ("/login", "")] {
        let first = site.get(path).cookie(cookie).send();
        let tag = first.get("etag").unwrap();
        let again = site.get(path).cookie(cookie).header("If-None-Match", tag).send();
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_eq!(again.get("etag"), Some(tag));
        let among = format!("\"other\", {tag}");
        assert_eq!(
            site.get(path)
                .cookie(cookie)
                .header("If-None-Match", &among)
                .send()
                .status,
            304
        );
        assert_eq!(
            site.get(path)
                .cookie(cookie)
                .header("If-None-Match", "\"other\"")
                .send()
                .status,
            200
        );
    }
    let form = site.get("/login").send();
    let tag = form.get("etag").unwrap();
    let wrong = site
        .post("/login")
        .form(&[("name", ""), ("password", "")])
        .header("If-None-Match", tag)
        .send();
    assert_eq!(wrong.status, 401, "what was wrong is always told");
}

#[test]
fn assets_come_with_their_media_type_and_nothing_else_of_the_disk_does() {
    let site = Site::new();
    let css = an_asset(&site);
    let (prefix, _) = css[3..]
        .split_once('/')
        .map(|(hash, rest)| (format!("/-/{hash}"), rest))
        .unwrap();
    for (path, media_type) in [
        ("css/base.css", "text/css; charset=utf-8"),
        ("js/main.js", "text/javascript; charset=utf-8"),
        ("icons/favicon.svg", "image/svg+xml"),
    ] {
        let response = site.get(&format!("{prefix}/{path}")).send();
        assert_eq!(
            (response.status, response.get("content-type")),
            (200, Some(media_type)),
            "{path}"
        );
        assert_eq!(response.get("vary"), Some("accept-encoding"));
        assert_eq!(response.get("set-cookie"), None);
    }
    for path in [
        "index.html",
        "login.html",
        "partials/auth-head.html",
        "css/base.css.br",
        "css/base.css.gz",
        "css/nothing.css",
        "css",
        "css/",
        "../Cargo.toml",
        "css/../../Cargo.toml",
        "..%2fCargo.toml",
        "%2e%2e/Cargo.toml",
        "css/..\\..\\Cargo.toml",
        "/etc/passwd",
        "css//base.css/../../../../etc/passwd",
        "css/base.css\\0.js",
        ".hidden",
    ] {
        let response = site.get(&format!("{prefix}/{path}")).send();
        response.refused(404, "not_found");
    }
}

#[test]
fn no_page_and_no_file_of_it_asks_another_server_for_anything() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let pages = [
        site.get_as(&ada, "/"),
        site.get("/login").send(),
        site.get("/signup").send(),
        Site::new().get("/signup").send(),
    ];
    for page in &pages {
        let text = page.text();
        assert!(!text.contains("{{"), "a placeholder was left");
        assert!(
            text.contains("<link rel=\"stylesheet\"") && text.contains("<script type=\"module\""),
            "a head is missing"
        );
        let named = text
            .split(['"', '\''])
            .filter(|part| part.starts_with("http:") || part.starts_with("https:") || part.starts_with("//"));
        let foreign: Vec<&str> = named.filter(|part| !part.starts_with(&site.origin())).collect();
        assert!(foreign.is_empty(), "{foreign:?}");
        assert!(
            !text.contains("style=\"") && !text.contains(" onclick=") && !text.contains("<style"),
            "inline"
        );
        for path in text.split('"').filter(|part| part.starts_with("/-/")) {
            let path = path.split('#').next().unwrap();
            assert_eq!(site.get(path).send().status, 200, "{path}");
        }
    }
}

#[test]
fn a_full_disk_is_said_to_be_full_and_reading_goes_on() {
    let mut site = Site::new();
    let ada = site.sign_up("Ada");
    site.say(&ada, "c1", "before");
    site.stop();
    let full = Site::on(
        site,
        Setup {
            options: Options {
                disk_free_bytes_min: u64::MAX,
                ..Options::default()
            },
            ..Setup::default()
        },
    );
    full.say(&ada, "c2", "after").refused(507, "storage_full");
    full.try_sign_up("Ben", PASSWORD).refused(507, "storage_full");
    let mut socket = full.socket(&ada);
    socket.post("c2", "after");
    assert_eq!(socket.expect("error")["code"], "storage_full");
    let bodies: Vec<String> = full
        .history(&ada)
        .iter()
        .map(|m| m["body"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(bodies, ["before"]);
    assert_eq!(full.get_as(&ada, "/").status, 200);
    let form = full
        .post("/signup")
        .form(&[("name", "Ben"), ("password", PASSWORD)])
        .send();
    assert_eq!(form.status, 507);
}

#[test]
fn many_requests_on_one_connection_are_answered_in_order() {
    use std::io::{BufRead, BufReader, Read, Write};
    let site = Site::new();
    let mut stream = std::net::TcpStream::connect(site.address).unwrap();
    stream.set_read_timeout(Some(crate::harness::PATIENCE)).unwrap();
    let host = format!("localhost:{}", site.port());
    let one = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let all: String = ["/healthz", "/nothing", "/healthz", "/api/me"].map(one).concat();
    stream.write_all(all.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    for status in ["200", "404", "200", "401"] {
        let mut length = 0;
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        assert!(line.contains(status), "{line}");
        while line.trim_end() != "" {
            line.clear();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
        }
        reader.read_exact(&mut vec![0; length]).unwrap();
    }
}

#[test]
fn a_person_is_shown_what_is_theirs_and_no_more() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let me = site.get_as(&ada, "/api/me").json();
    let mut fields: Vec<&String> = me["user"].as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(fields, ["color", "created_at", "display_name", "id", "name", "role"]);
    let rooms = site.get_as(&ada, "/api/rooms").json();
    let lobby = &rooms["rooms"][0];
    assert_eq!(
        (&lobby["id"], &lobby["kind"], &lobby["name"]),
        (&json!(1), &json!("public"), &json!("Lobby"))
    );
    for field in ["head", "read", "unread", "mentions"] {
        assert_eq!(lobby[field], 0, "{field}");
    }
    let _: Person = ada;
}
