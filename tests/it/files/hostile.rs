//! Files that pretend to be something else: no uploaded file runs in a browser.

use super::*;

/// How a file is served: its type, its disposition and its policy.
#[track_caller]
fn served(site: &Site, person: &Person, name: &str, bytes: &[u8]) -> (String, String, &'static str) {
    let file = upload(site, person, name, bytes);
    let response = get(site, person, &file);
    assert_eq!(response.status, 200);
    assert_eq!(response.body, bytes, "{name}: not a byte is changed");
    assert_eq!(
        response.get("content-security-policy"),
        Some("sandbox; default-src 'none'")
    );
    assert_eq!(response.get("x-content-type-options"), Some("nosniff"));
    assert_eq!(response.get("cross-origin-resource-policy"), Some("same-origin"));
    let shown = match response.get("content-disposition").unwrap().split(';').next() {
        Some("inline") => "inline",
        Some("attachment") => "attachment",
        other => panic!("{other:?}"),
    };
    let said = response.get("content-type").unwrap().to_owned();
    (file["type"].as_str().unwrap().to_owned(), said, shown)
}

const UNKNOWN: &str = "application/octet-stream";

#[test]
fn what_may_be_a_program_is_only_kept_whatever_it_is_called() {
    let (site, ada, _, _) = three();
    let svg = br#"<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;
    let html = b"<!doctype html><script>alert(1)</script>";
    let cases: [(&str, Vec<u8>, &str); 13] = [
        ("a.svg", svg.to_vec(), "image/svg+xml"),
        ("a.png", svg.to_vec(), "image/svg+xml"),
        (
            "a.svg",
            [b"\xef\xbb\xbf \n<!-- a -->\n".as_slice(), svg].concat(),
            "image/svg+xml",
        ),
        ("a.svg", [b"<?xml version=\"1.0\"?>".as_slice(), svg].concat(), ""),
        ("a.html", html.to_vec(), "text/html"),
        ("a.txt", html.to_vec(), "text/html"),
        ("a.png", b"  <html><body onload=alert(1)>".to_vec(), "text/html"),
        (
            "a.xhtml",
            b"<html xmlns=\"http://www.w3.org/1999/xhtml\"/>".to_vec(),
            "text/html",
        ),
        (
            "a.pdf",
            b"%PDF-1.7\n<script>alert(1)</script>".to_vec(),
            "application/pdf",
        ),
        ("a.zip", b"PK\x03\x04 and so on".to_vec(), "application/zip"),
        ("a.jpg", b"MZ\x90\0\x03\0\0\0 this program cannot be run".to_vec(), ""),
        ("a.txt", b"text with a \0 in it".to_vec(), UNKNOWN),
        (
            "a.txt",
            "<script>".encode_utf16().flat_map(u16::to_le_bytes).collect(),
            UNKNOWN,
        ),
    ];
    for (name, bytes, kind) in cases {
        let (found, said, shown) = served(&site, &ada, name, &bytes);
        assert_eq!(
            (&*said, shown),
            (UNKNOWN, "attachment"),
            "{name} {}",
            bytes.escape_ascii()
        );
        assert!(kind.is_empty() || found == kind, "{name} is {found}");
    }
}

#[test]
fn what_is_shown_is_said_to_be_what_its_bytes_are() {
    let (site, ada, _, _) = three();
    let ftyp = |brand: &[u8]| [b"\0\0\0\x1cftyp", brand, b"\0\0\0\0", brand, b"mp41mp42"].concat();
    let webm = b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm\x42\x87\x81\x04";
    let cases: [(&str, Vec<u8>, &str); 11] = [
        ("a.html", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "image/png"),
        ("a.svg", b"\xff\xd8\xff\xe0\0\x10JFIF\0".to_vec(), "image/jpeg"),
        ("a.js", b"GIF89a=alert(1)//".to_vec(), "image/gif"),
        ("a.html", b"RIFF\x24\0\0\0WEBPVP8 <script>".to_vec(), "image/webp"),
        ("a", ftyp(b"avif"), "image/avif"),
        ("a", ftyp(b"isom"), "video/mp4"),
        ("a", [webm.as_slice(), &[0; 240]].concat(), "video/webm"),
        ("a", b"ID3\x03\0\0\0\0\0\0".to_vec(), "audio/mpeg"),
        ("a", b"OggS\0\x02".to_vec(), "audio/ogg"),
        ("a", b"RIFF\x24\0\0\0WAVEfmt ".to_vec(), "audio/wav"),
        (
            "a.html",
            "plain text, <b>not</b> markup, é, ملصق, 🌊\n\ttab".into(),
            "text/plain",
        ),
    ];
    for (name, bytes, kind) in cases {
        let (found, said, shown) = served(&site, &ada, name, &bytes);
        let expected = if kind == "text/plain" {
            "text/plain; charset=utf-8"
        } else {
            kind
        };
        assert_eq!((&*found, &*said, shown), (kind, expected, "inline"));
    }
}

#[test]
fn a_file_that_is_two_things_is_served_as_one_of_them() {
    let (site, ada, _, _) = three();
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";
    let polyglots: [(Vec<u8>, &str); 4] = [
        (
            [png.as_slice(), b"<html><script>alert(1)</script>"].concat(),
            "image/png",
        ),
        (b"GIF89a/*<svg onload=alert(1)>*/=1;".to_vec(), "image/gif"),
        (
            b"\xff\xd8\xff\xfe\x00\x20*/=alert(1)/*<script>alert(1)</script>".to_vec(),
            "image/jpeg",
        ),
        (b"ID3\x03<html><script>alert(1)</script>".to_vec(), "audio/mpeg"),
    ];
    for (bytes, kind) in polyglots {
        // With `nosniff` no browser takes it for a script or a page.
        assert_eq!(
            served(&site, &ada, "a.html", &bytes),
            (kind.to_owned(), kind.to_owned(), "inline")
        );
    }
    // Text whose last sniffed character is cut is still text.
    let mut text = vec![b'x'; chapp::limits::FILE_CHUNK_BYTES - 1];
    text.extend_from_slice("é and more".as_bytes());
    assert_eq!(served(&site, &ada, "a.txt", &text).0, "text/plain");
}

#[test]
fn another_site_can_neither_send_nor_get_a_file() {
    let (site, ada, _, _) = three();
    let file = upload(&site, &ada, "one.txt", b"one");
    let request = || site.post("/api/files?name=x").cookie(&ada.cookie).body(b"x".to_vec());
    for origin in ["null", "http://evil.example", "http://localhost:1"] {
        request().with("Origin", origin).send().refused(403, "forbidden");
    }
    request().without("Origin").send().refused(403, "forbidden");
    let across = |mode: &str, dest: &str| {
        let request = site
            .get(&path(&file))
            .cookie(&ada.cookie)
            .header("Sec-Fetch-Site", "cross-site");
        request
            .header("Sec-Fetch-Mode", mode)
            .header("Sec-Fetch-Dest", dest)
            .send()
    };
    for (mode, dest) in [
        ("no-cors", "image"),
        ("cors", "empty"),
        ("navigate", "document"),
        ("navigate", "iframe"),
    ] {
        across(mode, dest).refused(403, "forbidden");
    }
    site.post("/api/files?name=x")
        .body(b"x".to_vec())
        .send()
        .refused(401, "unauthenticated");
}
