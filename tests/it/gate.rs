//! The gate: is a request meant for this server, and does it come from its own page?

use crate::harness::http::{Request, Response};
use crate::harness::people::{PASSWORD, Person, credentials};
use crate::harness::server::{Setup, Site};
use chapp::config::Host;
use serde_json::json;

fn with_hosts(hosts: &[(&str, Option<u16>)]) -> Site {
    let hosts = hosts.iter().map(|(name, port)| Host {
        name: (*name).to_owned(),
        port: *port,
    });
    Site::with(Setup {
        hosts: hosts.collect(),
        ..Setup::default()
    })
}

/// A post that would be accepted.
fn a_post(site: &Site, person: &Person) -> Request {
    let request = site.post("/api/rooms/1/messages").cookie(&person.cookie);
    request.json(&json!({"client_id": "c1", "body": "hello"}))
}

/// A handshake that would be accepted.
fn an_upgrade(site: &Site, person: &Person) -> Request {
    Request::upgrade(site.address).cookie(&person.cookie)
}

#[track_caller]
fn nothing_was_posted(site: &Site, person: &Person) {
    assert_eq!(site.head(person), 0);
}

#[test]
fn a_host_that_is_not_ours_is_refused_before_all_else() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let port = site.port();
    let wrong = [
        format!("evil.example:{port}"),
        "evil.example".to_owned(),
        // A foreign name that resolves to this machine: DNS rebinding.
        format!("chapp.localhost.evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        format!("evil.localhost:{port}"),
        format!("localhost:{}", port ^ 1),
        "localhost".to_owned(),
        "localhost:".to_owned(),
        format!("localhost:{port}0"),
        format!("127.0.0.1:{}", port ^ 1),
        format!("127.0.0.2:{port}"),
        format!("192.168.0.1:{port}"),
        format!("0.0.0.0:{port}"),
        format!("[::1]:{port}"),
        format!("2130706433:{port}"),
    ];
    for host in wrong {
        // With our own Origin, as after a rebinding, and with one that matches the Host.
        let paths = ["/", "/healthz", "/api/me", "/login", "/nothing", "/-/0/css/base.css"];
        for path in paths {
            let request = site.get(path).cookie(&ada.cookie).with("Host", &host);
            request.send().refused(421, "wrong_host");
        }
        a_post(&site, &ada)
            .with("Host", &host)
            .send()
            .refused(421, "wrong_host");
        let own_origin = format!("http://{host}");
        let request = a_post(&site, &ada).with("Host", &host).with("Origin", &own_origin);
        request.send().refused(421, "wrong_host");
        let request = an_upgrade(&site, &ada).with("Host", &host).with("Origin", &own_origin);
        request.send().refused(421, "wrong_host");
        let request = site.post("/api/signup").with("Host", &host);
        let response = request.json(&credentials("Eve", PASSWORD)).send();
        response.refused(421, "wrong_host");
    }
    nothing_was_posted(&site, &ada);
}

#[test]
fn the_refusal_of_a_host_says_what_to_do_and_repeats_nothing_harmful() {
    let site = Site::new();
    let response = site.get("/").with("Host", "chat.example.org").send();
    let title = response.refused(421, "wrong_host")["title"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        title.contains("chat.example.org") && title.contains("--host"),
        "{title}"
    );
    let request = site.get("/").with("Host", "<script>alert(1)</script>");
    let response = request.header("Accept", "text/html").send();
    assert_eq!(response.status, 400);
    assert!(!response.text().contains("script"), "{}", response.text());
    assert_eq!(response.get("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(response.get("x-content-type-options"), Some("nosniff"));
}

#[test]
fn each_of_our_own_names_is_ours_in_any_case() {
    let site = Site::new();
    let port = site.port();
    for name in [
        "chapp.localhost",
        "localhost",
        "127.0.0.1",
        "LOCALHOST",
        "Chapp.LocalHost",
        "[::ffff:127.0.0.1]",
    ] {
        let response = site.get("/healthz").with("Host", &format!("{name}:{port}")).send();
        assert_eq!((response.status, response.text()), (200, "ok\n"), "{name}");
    }
}

#[test]
fn a_name_given_by_host_is_ours_at_its_port() {
    let site = with_hosts(&[
        ("chat.example.org", None),
        ("chapp.lan", Some(80)),
        ("behind", Some(8443)),
    ]);
    let ada = site.sign_up("Ada");
    let port = site.port();
    for host in [
        format!("chat.example.org:{port}"),
        format!("CHAT.Example.ORG:{port}"),
        "chapp.lan".into(),
        "chapp.lan:80".into(),
        "behind:8443".into(),
    ] {
        let request = a_post(&site, &ada)
            .with("Host", &host)
            .with("Origin", &format!("http://{host}"));
        assert!(matches!(request.send().status, 200 | 201), "{host}");
    }
    for host in [
        "chat.example.org",
        "chat.example.org:80",
        "behind",
        "x.chapp.lan",
        "chapp.lan:8443",
    ] {
        site.get("/healthz")
            .with("Host", host)
            .send()
            .refused(421, "wrong_host");
    }
    let request = site.get("/healthz").with("Host", &format!("chapp.lan:{port}"));
    request.send().refused(421, "wrong_host");
}

#[test]
fn an_address_is_ours_only_where_the_connection_came_to_it() {
    let site = Site::with(Setup {
        listen: "[::]:0",
        ..Setup::default()
    });
    let port = site.port();
    for (address, own, other) in [("127.0.0.1", "127.0.0.1", "[::1]"), ("::1", "[::1]", "127.0.0.1")] {
        let address = std::net::SocketAddr::new(address.parse().unwrap(), port);
        let with_host = |host: &str| {
            let request = Request::new(address, "GET", "/healthz");
            request.with("Host", &format!("{host}:{port}")).send()
        };
        assert_eq!(with_host(own).status, 200);
        with_host(other).refused(421, "wrong_host");
    }
}

/// Headers that only our own page sends.
fn origins_of_others(site: &Site) -> Vec<String> {
    let port = site.port();
    vec![
        "null".to_owned(),
        "https://evil.example".to_owned(),
        "http://evil.example".to_owned(),
        format!("http://evil.example:{port}"),
        format!("http://chapp.localhost.evil.example:{port}"),
        // Another program on this machine: the browser sends our cookie to it as well.
        format!("http://chapp.localhost:{}", port ^ 1),
        format!("http://localhost:{}", port ^ 1),
        "http://chapp.localhost".to_owned(),
        "http://localhost".to_owned(),
        format!("https://chapp.localhost:{port}"),
        format!("ws://chapp.localhost:{port}"),
        format!("HTTP//chapp.localhost:{port}"),
        format!("http://user@chapp.localhost:{port}"),
        format!("http://chapp.localhost:{port}/"),
        format!("http://chapp.localhost:{port}, http://evil.example"),
        format!("http://127.0.0.2:{port}"),
        "file://".to_owned(),
        "*".to_owned(),
        String::new(),
    ]
}

#[test]
fn another_origin_with_our_cookie_changes_nothing() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    for origin in origins_of_others(&site) {
        let refused = |request: Request| request.with("Origin", &origin).send().refused(403, "forbidden");
        refused(a_post(&site, &ada));
        refused(site.post("/api/logout").cookie(&ada.cookie));
        refused(
            site.post("/api/login")
                .cookie(&ada.cookie)
                .json(&credentials("Ada", PASSWORD)),
        );
        refused(
            site.post("/api/signup")
                .cookie(&ada.cookie)
                .json(&credentials("Eve", PASSWORD)),
        );
        refused(
            site.post("/login")
                .cookie(&ada.cookie)
                .form(&[("name", "Ada"), ("password", PASSWORD)]),
        );
        refused(site.request("DELETE", "/api/rooms").cookie(&ada.cookie));
        refused(an_upgrade(&site, &ada));
    }
    nothing_was_posted(&site, &ada);
    assert_eq!(site.get_as(&ada, "/api/me").status, 200);
}

#[test]
fn no_origin_with_our_cookie_changes_nothing() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    a_post(&site, &ada).without("Origin").send().refused(403, "forbidden");
    an_upgrade(&site, &ada)
        .without("Origin")
        .send()
        .refused(403, "forbidden");
    let logout = site.post("/api/logout").cookie(&ada.cookie);
    logout.without("Origin").send().refused(403, "forbidden");
    nothing_was_posted(&site, &ada);
    assert_eq!(site.get_as(&ada, "/api/me").status, 200);
}

#[test]
fn without_a_cookie_an_origin_may_be_missing_but_not_be_another() {
    let site = Site::new();
    let sign_up = |name: &str| {
        site.post("/api/signup")
            .json(&credentials(name, PASSWORD))
            .without("Origin")
    };
    assert_eq!(sign_up("Ada").send().status, 201);
    for (n, origin) in origins_of_others(&site).iter().enumerate() {
        let response = sign_up(&format!("Eve {n}")).header("Origin", origin).send();
        response.refused(403, "forbidden");
    }
}

#[test]
fn each_of_our_own_origins_may_post_and_connect() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    for name in ["chapp.localhost", "localhost", "127.0.0.1"] {
        let host = format!("{name}:{}", site.port());
        let origin = format!("http://{host}");
        let request = a_post(&site, &ada).with("Host", &host).with("Origin", &origin);
        assert!(matches!(request.send().status, 200 | 201), "{host}");
        let request = an_upgrade(&site, &ada).with("Host", &host).with("Origin", &origin);
        assert_eq!(request.send().status, 101, "{host}");
    }
}

#[test]
fn a_request_that_another_site_began_is_refused() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    for site_value in ["same-site", "cross-site", "none", "nonsense"] {
        let refused = |request: Request| {
            request
                .header("Sec-Fetch-Site", site_value)
                .send()
                .refused(403, "forbidden")
        };
        refused(a_post(&site, &ada));
        refused(an_upgrade(&site, &ada));
        for path in ["/api/me", "/api/rooms", "/api/rooms/1/messages", "/healthz", "/"] {
            refused(site.get(path).cookie(&ada.cookie));
        }
        // In a frame, by a form, by a script tag.
        for (mode, destination) in [
            ("navigate", "iframe"),
            ("navigate", "embed"),
            ("no-cors", "script"),
            ("cors", "empty"),
        ] {
            if site_value != "none" {
                let request = site.get("/").cookie(&ada.cookie).header("Sec-Fetch-Mode", mode);
                refused(request.header("Sec-Fetch-Dest", destination));
            }
        }
        let post = a_post(&site, &ada).header("Sec-Fetch-Mode", "navigate");
        refused(post.header("Sec-Fetch-Dest", "document"));
    }
    nothing_was_posted(&site, &ada);
    let ours = |request: Request| request.header("Sec-Fetch-Site", "same-origin").send().status;
    assert_eq!(ours(a_post(&site, &ada)), 201);
    assert_eq!(ours(site.get("/api/me").cookie(&ada.cookie)), 200);
}

#[test]
fn a_link_from_anywhere_opens_a_page_and_nothing_else() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let follow = |path: &str, site_value: &str| -> Response {
        let request = site.get(path).cookie(&ada.cookie).header("Sec-Fetch-Site", site_value);
        request
            .header("Sec-Fetch-Mode", "navigate")
            .header("Sec-Fetch-Dest", "document")
            .send()
    };
    for site_value in ["cross-site", "same-site", "none"] {
        assert_eq!(follow("/", site_value).status, 200, "{site_value}");
        assert_eq!(follow("/nothing", site_value).status, 404, "{site_value}");
    }
    for site_value in ["cross-site", "same-site"] {
        follow("/api/me", site_value).refused(403, "forbidden");
        follow("/api/rooms/1/messages", site_value).refused(403, "forbidden");
    }
    assert_eq!(follow("/api/me", "none").status, 200, "typed into the address bar");
}

#[test]
fn without_a_session_nothing_answers_but_the_way_in() {
    let site = Site::new();
    site.sign_up("Ada");
    for (method, path) in [
        ("GET", "/api/me"),
        ("HEAD", "/api/me"),
        ("GET", "/api/rooms"),
        ("GET", "/api/rooms/1/messages"),
        ("GET", "/api/rooms/2/messages"),
        ("POST", "/api/rooms/1/messages"),
        ("POST", "/api/logout"),
        ("GET", "/ws"),
    ] {
        let request = site.request(method, path).without("Origin");
        let response = request.json(&json!({"client_id": "c1", "body": "hello"})).send();
        match method {
            "HEAD" => assert_eq!(response.status, 401),
            _ => drop(response.refused(401, "unauthenticated")),
        }
    }
    Request::upgrade(site.address).send().refused(401, "unauthenticated");
    let chat = site.get("/").send();
    assert_eq!((chat.status, chat.get("location")), (303, Some("/login")));
    for (path, status) in [
        ("/login", 200),
        ("/signup", 200),
        ("/healthz", 200),
        ("/api/nothing", 404),
        ("/files/1/x", 404),
    ] {
        assert_eq!(site.get(path).send().status, status, "{path}");
    }
}

#[test]
fn every_401_says_that_a_session_is_missing_and_makes_no_browser_ask_for_a_password() {
    let site = Site::new();
    site.sign_up("Ada");
    let wrong = credentials("Ada", "not the password");
    for request in [
        site.get("/api/me"),
        site.get("/api/me").header("Accept", "text/html"),
        site.get("/api/me").header("Authorization", "Basic QWRhOmFkYQ=="),
        site.request("HEAD", "/api/rooms"),
        site.get("/ws"),
        site.post("/api/login").json(&wrong),
        site.post("/login")
            .form(&[("name", "Ada"), ("password", "not the password")]),
    ] {
        let response = request.send();
        assert_eq!(response.status, 401);
        assert_eq!(response.get("www-authenticate"), Some("Session realm=\"Chapp\""));
    }
    for path in ["/login", "/nothing", "/healthz"] {
        assert_eq!(site.get(path).send().get("www-authenticate"), None, "{path}");
    }
}
