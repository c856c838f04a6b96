//! `chapp reset` and `chapp owner`: a lost password, and a server without its owner.

use super::*;
use crate::harness::people::{PASSWORD, reset_code, sign_up};

/// Sets a new password with the link that a command printed.
fn set_password(exe: &Exe, said: &str, password: &str) -> u16 {
    let body = serde_json::json!({"code": reset_code(said), "password": password});
    Request::new(exe.address, "POST", "/api/reset")
        .json(&body)
        .send()
        .status
}

#[test]
fn a_lost_password_is_set_anew_by_a_link_that_works_once_while_chapp_runs() {
    let home = Home::new();
    let mut exe = home.serve(&["--rate-limits", "off", "--log", "warn"]);
    let (ada, _) = (sign_up(exe.address, "Ada"), sign_up(exe.address, "Ben"));
    // In any spelling that is the same name; the owner's, too.
    let said = succeeds(&home, &["reset", "ada"]);
    assert!(said.contains("Ada can set a new password"), "{said}");
    assert!(
        said.contains(&format!("http://chapp.localhost:{}/reset", exe.address.port())),
        "{said}"
    );
    // The previous link no longer works.
    let first = said;
    let said = succeeds(&home, &["reset", "Ada"]);
    assert_eq!(set_password(&exe, &first, "another password"), 404);
    assert_eq!(set_password(&exe, &said, "another password"), 200);
    assert_eq!(set_password(&exe, &said, "a third password"), 404, "once");
    assert_eq!(log_in(exe.address, "Ada", PASSWORD), 401);
    assert_eq!(log_in(exe.address, "Ada", "another password"), 200);
    let gone = Request::new(exe.address, "GET", "/api/me").cookie(&ada.cookie).send();
    assert_eq!(gone.status, 401, "whoever was logged in by the old one is not any more");
    exe.signal("TERM");
    let log = exe.wait().stderr;
    assert_eq!(
        log.matches("a password-reset link was created with a command user=1")
            .count(),
        2,
        "{log}"
    );
    assert!(!log.contains(&reset_code(&said)), "{log}");
}

#[test]
fn a_lost_password_is_set_anew_while_chapp_does_not_run() {
    let home = Home::new();
    let mut exe = home.serve(&[]);
    sign_up(exe.address, "Ada");
    exe.kill();
    let said = succeeds(&home, &["reset", "Ada"]);
    assert!(said.contains("Start Chapp first"), "{said}");
    let exe = home.serve(&["--rate-limits", "off"]);
    assert_eq!(set_password(&exe, &said, "another password"), 200);
    assert_eq!(log_in(exe.address, "Ada", "another password"), 200);
}

#[test]
fn the_server_is_handed_over_and_whoever_had_it_is_an_admin() {
    let home = Home::new();
    let mut exe = home.serve(&["--log", "warn"]);
    let (ada, ben) = (sign_up(exe.address, "Ada"), sign_up(exe.address, "Ben"));
    assert_eq!(succeeds(&home, &["owner", "BEN"]), "Ben is now the server owner.\n");
    assert_eq!(me(exe.address, &ben)["role"], "owner");
    assert_eq!(me(exe.address, &ada)["role"], "admin");
    assert_eq!(
        succeeds(&home, &["owner", "Ben"]),
        "Ben is now the server owner.\n",
        "already"
    );
    exe.signal("TERM");
    let log = exe.wait().stderr;
    assert!(
        log.contains("the server was handed over with a command user=2"),
        "{log}"
    );

    assert_eq!(succeeds(&home, &["owner", "Ada"]), "Ada is now the server owner.\n");
    is_sound(&home.data());
    let exe = home.serve(&[]);
    assert_eq!(me(exe.address, &ada)["role"], "owner");
    assert_eq!(me(exe.address, &ben)["role"], "admin");
}

#[test]
fn nobody_and_whoever_is_deactivated_gets_neither_a_link_nor_the_server() {
    let home = Home::new();
    let exe = home.serve(&[]);
    let (ada, ben) = (sign_up(exe.address, "Ada"), sign_up(exe.address, "Ben"));
    let path = format!("/api/people/{}", ben.id);
    let off = Request::new(exe.address, "PATCH", &path).cookie(&ada.cookie);
    assert_eq!(off.json(&serde_json::json!({"deactivated": true})).send().status, 200);
    for running in [Some(exe), None] {
        for command in ["reset", "owner"] {
            let said = fails(&home, &[command, "Cleo"], 1);
            assert_eq!(said, "No one here is called \"Cleo\".");
            assert!(fails(&home, &[command, "\u{1b}[31m"], 1).contains("\\u{1b}[31m"));
            assert!(fails(&home, &[command, "Ben"], 1).contains("deactivated"));
        }
        drop(running);
    }
}
