//! Administration: sign-up, roles, deactivated people, and the server's name.

mod backup;
mod people;
mod sign_up_policy;

use crate::harness::http::Response;
use crate::harness::people::{PASSWORD, Person};
use crate::harness::server::Site;
use serde_json::{Value, json};

impl Site {
    /// A request about the server or its people.
    pub fn ask(&self, person: &Person, method: &str, path: &str, body: &Value) -> Response {
        let request = self.request(method, path).cookie(&person.cookie);
        match body {
            Value::Null => request.send(),
            body => request.json(body).send(),
        }
    }

    pub fn set_door(&self, owner: &Person, door: &str) {
        let response = self.ask(owner, "PATCH", "/api/server", &json!({"door": door}));
        assert_eq!(response.status, 200, "{}", response.text());
        assert_eq!(response.json()["server"]["door"], door);
    }

    pub fn set_role(&self, by: &Person, whom: &Person, role: &str) -> Response {
        self.ask(by, "PATCH", &format!("/api/people/{}", whom.id), &json!({"role": role}))
    }

    pub fn set_deactivated(&self, by: &Person, whom: &Person, off: bool) -> Response {
        self.ask(
            by,
            "PATCH",
            &format!("/api/people/{}", whom.id),
            &json!({"deactivated": off}),
        )
    }

    pub fn facts(&self, person: &Person) -> Value {
        let response = self.get_as(person, "/api/server");
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()["server"].clone()
    }

    pub fn try_join(&self, name: &str, invite: &str) -> Response {
        let body = json!({"name": name, "password": PASSWORD, "invite": invite});
        self.post("/api/signup").json(&body).send()
    }
}

fn is_a_member(site: &Site, person: &Person) -> bool {
    site.get_as(person, "/api/me").json()["user"]["role"] == "member"
}

#[test]
fn a_member_learns_nothing_of_the_server_and_changes_nothing() {
    let site = Site::new();
    let owner = site.sign_up("Ada");
    let ben = site.sign_up("Ben");
    let attempts = [
        ("GET", "/api/server".to_owned(), Value::Null),
        ("PATCH", "/api/server".to_owned(), json!({"name": "Ben's"})),
        ("PATCH", "/api/server".to_owned(), json!({"door": "nobody"})),
        ("POST", "/api/server/invite".to_owned(), json!({})),
        (
            "PATCH",
            "/api/server/invite".to_owned(),
            json!({"ends_at": u64::MAX >> 12}),
        ),
        ("PATCH", format!("/api/people/{}", owner.id), json!({"role": "member"})),
        ("PATCH", format!("/api/people/{}", ben.id), json!({"role": "owner"})),
        (
            "PATCH",
            format!("/api/people/{}", owner.id),
            json!({"deactivated": true}),
        ),
        ("POST", format!("/api/people/{}/reset", owner.id), Value::Null),
        ("GET", "/api/backup".to_owned(), Value::Null),
    ];
    let before = site.facts(&owner);
    for (method, path, body) in attempts {
        let response = site.ask(&ben, method, &path, &body);
        assert_eq!(response.status, 403, "{method} {path}: {}", response.text());
    }
    let mut after = site.facts(&owner);
    after["storage"] = before["storage"].clone();
    assert_eq!(after, before);
    assert!(is_a_member(&site, &ben));
    for path in ["/api/server", "/api/backup"] {
        assert_eq!(site.get(path).send().status, 401, "{path}");
    }
}

#[test]
fn the_facts_tell_what_there_is() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let ben = site.sign_up("Ben");
    let _here = site.socket(&ben);
    site.say(&ada, "c1", "one");
    site.say(&ben, "c2", "two");
    let facts = site.facts(&ada);
    assert_eq!(facts["name"], "Chapp");
    assert_eq!(facts["door"], "anyone");
    assert_eq!(facts["people"], 2);
    assert_eq!(facts["deactivated"], 0);
    assert_eq!(facts["messages"], 2);
    assert_eq!(facts["connections"], 1);
    assert_eq!(facts["version"], env!("CARGO_PKG_VERSION"));
    let size = std::fs::metadata(site.data()).unwrap().len();
    assert_eq!(facts["storage"]["file_bytes"], size);
    assert!(facts["storage"]["disk_bytes"].as_u64().unwrap() > facts["storage"]["free_bytes"].as_u64().unwrap());
    assert_eq!(facts["backup"], json!({"running": false}));
}

#[test]
fn another_name_is_heard_by_everybody_and_stands_on_every_page() {
    let mut site = Site::new();
    let ada = site.sign_up("Ada");
    let ben = site.sign_up("Ben");
    let mut socket = site.socket(&ben);
    assert_eq!(socket.ready["server"]["name"], "Chapp");
    let name = "<b>Mill & \"race\"</b> 🌾";
    let response = site.ask(&ada, "PATCH", "/api/server", &json!({"name": format!("  {name} ")}));
    assert_eq!(response.json()["server"]["name"], name);
    assert_eq!(
        socket.expect("server")["server"],
        json!({"name": name, "door": "anyone"})
    );
    site.restart();
    assert_eq!(site.socket(&ben).ready["server"]["name"], name);
    let pages = [
        site.get("/login").send(),
        site.get("/signup").send(),
        site.get_as(&ada, "/"),
    ];
    for page in pages {
        assert_eq!(page.status, 200);
        assert!(!page.text().contains("<b>Mill"), "it became markup");
        assert!(
            page.text()
                .contains("&lt;b&gt;Mill &amp; &quot;race&quot;&lt;/b&gt; 🌾")
        );
    }
}

#[test]
fn a_name_that_nobody_could_see_or_read_is_refused() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    let long = "x".repeat(49);
    for name in [
        "",
        "   ",
        "\u{200b}",
        "a\nb",
        "right \u{202e}left",
        "\u{0}",
        long.as_str(),
    ] {
        let response = site.ask(&ada, "PATCH", "/api/server", &json!({"name": name}));
        assert_eq!(response.refused(422, "invalid")["field"], "name", "{name:?}");
    }
    assert_eq!(site.facts(&ada)["name"], "Chapp");
}

#[test]
fn the_qr_code_of_a_link_reads_as_the_link() {
    let site = Site::new();
    let ada = site.sign_up("Ada");
    for link in [
        "http://192.168.1.20:4280/join#k7q2-wren-h5xd-m8tf",
        "http://[2001:db8::1]:4280/signup",
        &format!("http://{}:65535/join#k7q2-wren-h5xd-m8tf", "a".repeat(200)),
        "Grüße 🌾",
    ] {
        let query: String = form_urlencoded::byte_serialize(link.as_bytes()).collect();
        let by_address = site.get_as(&ada, &format!("/api/qr?text={query}"));
        let by_body = site.ask(&ada, "POST", "/api/qr", &json!({"text": link}));
        for response in [by_address, by_body] {
            assert_eq!(response.status, 200, "{}", response.text());
            assert_eq!(read_qr(&response.json()), link);
        }
    }
    for query in ["", "?text=", &format!("?text={}", "x".repeat(301))] {
        let response = site.get_as(&ada, &format!("/api/qr{query}"));
        assert_eq!(response.refused(422, "invalid")["field"], "text");
    }
    assert_eq!(site.get("/api/qr?text=a").send().status, 401);
}

/// Renders the page's QR path with its quiet zone, and decodes it.
fn read_qr(qr: &Value) -> String {
    const QUIET: usize = 4;
    const PIXELS: usize = 4;
    let size = qr["size"].as_u64().unwrap() as usize;
    let side = (size + 2 * QUIET) * PIXELS;
    let mut dark = vec![false; side * side];
    for run in qr["path"].as_str().unwrap().split_terminator('z') {
        let (x, rest) = run.strip_prefix('M').unwrap().split_once(' ').unwrap();
        let (y, rest) = rest.split_once('h').unwrap();
        let (length, back) = rest.split_once("v1h-").unwrap();
        assert_eq!(length, back);
        let [x, y, length] = [x, y, length].map(|number| number.parse::<usize>().unwrap());
        assert!(x + length <= size && y < size);
        for row in 0..PIXELS {
            for column in 0..length * PIXELS {
                dark[((y + QUIET) * PIXELS + row) * side + (x + QUIET) * PIXELS + column] = true;
            }
        }
    }
    let shade = |x: usize, y: usize| if dark[y * side + x] { 0 } else { 255 };
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(side, side, shade);
    let codes = picture.detect_grids();
    assert_eq!(codes.len(), 1);
    codes[0].decode().unwrap().1
}
