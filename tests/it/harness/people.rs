//! The people of a site.

use super::http::{Request, Response};
use super::server::Site;
use super::socket::Socket;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// The password of everybody, unless a test is about passwords.
pub const PASSWORD: &str = "correct horse battery";

/// A person in one browser, with their session cookie.
#[derive(Clone)]
pub struct Person {
    pub id: u64,
    pub name: String,
    /// `NAME=TOKEN`.
    pub cookie: String,
}

impl Person {
    /// The person in the answer to a sign-up or log-in.
    pub fn of(response: &Response) -> Person {
        let user = &response.json()["user"];
        Person {
            id: user["id"].as_u64().unwrap(),
            name: user["name"].as_str().unwrap().to_owned(),
            cookie: response.new_cookie(),
        }
    }

    pub fn token(&self) -> &str {
        self.cookie.split_once('=').unwrap().1
    }
}

pub fn credentials(name: &str, password: &str) -> Value {
    json!({"name": name, "password": password})
}

/// The code of the password reset link in a text.
pub fn reset_code(text: &str) -> String {
    let code = text.split("/reset").nth(1).unwrap();
    code[1..].split_whitespace().next().unwrap().to_owned()
}

/// Signs up at this address, of a server in this process or of the executable.
pub fn sign_up(address: SocketAddr, name: &str) -> Person {
    let request = Request::new(address, "POST", "/api/signup").json(&credentials(name, PASSWORD));
    let response = request.send();
    assert_eq!(response.status, 201, "{}", response.text());
    Person::of(&response)
}

impl Site {
    pub fn try_sign_up(&self, name: &str, password: &str) -> Response {
        self.post("/api/signup").json(&credentials(name, password)).send()
    }

    pub fn try_log_in(&self, name: &str, password: &str) -> Response {
        self.post("/api/login").json(&credentials(name, password)).send()
    }

    pub fn sign_up(&self, name: &str) -> Person {
        sign_up(self.address, name)
    }

    /// Logs in from another browser.
    pub fn log_in(&self, name: &str) -> Person {
        let response = self.try_log_in(name, PASSWORD);
        assert_eq!(response.status, 200, "{}", response.text());
        Person::of(&response)
    }

    pub fn get_as(&self, person: &Person, path: &str) -> Response {
        self.get(path).cookie(&person.cookie).send()
    }

    /// Posts over HTTP.
    pub fn say(&self, person: &Person, client_id: &str, body: &str) -> Response {
        let draft = json!({"client_id": client_id, "body": body});
        let request = self.post("/api/rooms/1/messages").cookie(&person.cookie);
        request.json(&draft).send()
    }

    pub fn log_out(&self, person: &Person) -> Response {
        self.post("/api/logout").cookie(&person.cookie).send()
    }

    /// A socket after its `ready`.
    pub fn socket(&self, person: &Person) -> Socket {
        Socket::open(self.address, person)
    }

    /// The Lobby's last seq.
    pub fn head(&self, person: &Person) -> u64 {
        self.get_as(person, "/api/rooms").json()["rooms"][0]["head"]
            .as_u64()
            .unwrap()
    }

    /// The Lobby's history, oldest first.
    pub fn history(&self, person: &Person) -> Vec<Value> {
        history(self.address, person)
    }
}

/// The Lobby's history, oldest first, read page by page.
pub fn history(address: SocketAddr, person: &Person) -> Vec<Value> {
    let mut messages: Vec<Value> = Vec::new();
    loop {
        let after = messages.last().map_or(0, |last| last["id"].as_u64().unwrap());
        let path = format!("/api/rooms/1/messages?after={after}&limit=100");
        let response = Request::new(address, "GET", &path).cookie(&person.cookie).send();
        assert_eq!(response.status, 200, "{}", response.text());
        let page = response.json();
        messages.extend(page["messages"].as_array().unwrap().iter().cloned());
        if page["more_after"] == false {
            return messages;
        }
    }
}
