//! Serving files: whole, in ranges, not modified, and under which name.

use super::*;
use chapp::limits::FILE_CHUNK_BYTES;

/// Bytes in which every range is different.
fn numbers(length: usize) -> Vec<u8> {
    (0..length as u32)
        .flat_map(|n| (n.wrapping_mul(2_654_435_761)).to_le_bytes())
        .take(length)
        .collect()
}

fn ranged(site: &Site, person: &Person, file: &Value, range: &str) -> Response {
    site.get(&path(file))
        .cookie(&person.cookie)
        .header("Range", range)
        .send()
}

#[test]
fn a_file_comes_back_as_it_was_sent_whatever_its_size() {
    let (mut site, ada, _, _) = three();
    let sizes = [
        1,
        2,
        FILE_CHUNK_BYTES - 1,
        FILE_CHUNK_BYTES,
        FILE_CHUNK_BYTES + 1,
        3 * FILE_CHUNK_BYTES + 77,
    ];
    let files: Vec<Value> = sizes
        .iter()
        .map(|size| upload(&site, &ada, "n.bin", &numbers(*size)))
        .collect();
    for round in 0..2 {
        for (file, size) in files.iter().zip(sizes) {
            let response = get(&site, &ada, file);
            assert_eq!((file["size"].as_u64(), response.status), (Some(size as u64), 200));
            assert_eq!(response.body, numbers(size), "{size}");
            assert_eq!(response.get("content-length").unwrap(), size.to_string());
            assert_eq!(response.get("accept-ranges"), Some("bytes"));
        }
        if round == 0 {
            site.restart();
        }
    }
}

#[test]
fn a_part_of_a_file_is_asked_for_by_rfc_9110() {
    let (site, ada, _, _) = three();
    let size = 2 * FILE_CHUNK_BYTES + 10;
    let bytes = numbers(size);
    let file = upload(&site, &ada, "n.bin", &bytes);
    let end = size - 1;
    let edge = FILE_CHUNK_BYTES;
    let parts = [
        ("bytes=0-0".to_owned(), 0, 0),
        ("bytes=5-9".to_owned(), 5, 9),
        (format!("bytes={}-{}", edge - 1, edge), edge - 1, edge),
        (format!("bytes={}-{}", edge, 2 * edge - 1), edge, 2 * edge - 1),
        (format!("bytes=1-{}", end - 1), 1, end - 1),
        (format!("bytes={end}-"), end, end),
        (format!("bytes=0-{}", u64::MAX), 0, end),
        ("bytes=7-99999999999999999999999999".to_owned(), 7, end),
        ("bytes=-1".to_owned(), end, end),
        (format!("bytes=-{}", edge + 3), size - edge - 3, end),
        (format!("bytes=-{}", 10 * size), 0, end),
        ("Bytes=3-4".to_owned(), 3, 4),
    ];
    for (range, from, to) in parts {
        let response = ranged(&site, &ada, &file, &range);
        assert_eq!(response.status, 206, "{range}");
        assert_eq!(
            response.get("content-range").unwrap(),
            format!("bytes {from}-{to}/{size}")
        );
        assert_eq!(response.get("content-length").unwrap(), (to - from + 1).to_string());
        assert!(response.body == bytes[from..=to], "{range}");
    }
    for range in [
        format!("bytes={size}-"),
        format!("bytes={}-{}", size, size + 9),
        "bytes=-0".to_owned(),
    ] {
        let response = ranged(&site, &ada, &file, &range);
        assert_eq!((response.status, response.body.len()), (416, 0), "{range}");
        assert_eq!(response.get("content-range").unwrap(), format!("bytes */{size}"));
    }
    // Invalid and unsupported ranges are ignored.
    for range in [
        "bytes=",
        "bytes=-",
        "bytes=9-5",
        "bytes=a-b",
        "bytes=+1-2",
        "bytes=0-1,4-5",
        "lines=1-2",
        "0-5",
        "bytes=0--5",
    ] {
        let response = ranged(&site, &ada, &file, range);
        assert_eq!((response.status, response.body.len()), (200, size), "{range}");
    }
    // A range of another version (RFC 9110 §13.1.5).
    let etag = get(&site, &ada, &file).get("etag").unwrap().to_owned();
    let weak = format!("W/{etag}");
    for (of, status) in [
        (&*etag, 206),
        ("\"other\"", 200),
        (&*weak, 200),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 200),
    ] {
        let request = site.get(&path(&file)).cookie(&ada.cookie).header("Range", "bytes=0-4");
        assert_eq!(request.header("If-Range", of).send().status, status, "{of}");
    }
    let head = site.request("HEAD", &path(&file)).cookie(&ada.cookie);
    let head = head.header("Range", "bytes=0-4").send();
    assert_eq!(
        (head.status, head.get("content-length").unwrap()),
        (200, &*size.to_string())
    );
}

#[test]
fn what_a_browser_has_it_does_not_get_again() {
    let (site, ada, _, _) = three();
    let file = upload(&site, &ada, "one.txt", b"one");
    let first = get(&site, &ada, &file);
    let etag = first.get("etag").unwrap();
    assert_eq!(first.get("cache-control"), Some("private, no-cache"));
    let weak = format!("W/{etag}");
    let list = format!("\"a\", {etag}");
    for (known, status) in [
        (etag, 304),
        (&weak, 304),
        (&list, 304),
        ("*", 304),
        ("\"a\"", 200),
        ("a", 200),
    ] {
        let request = site
            .get(&path(&file))
            .cookie(&ada.cookie)
            .header("If-None-Match", known);
        let response = request.send();
        assert_eq!(response.status, status, "{known}");
        assert_eq!(response.get("etag"), Some(etag));
        assert_eq!(response.get("cache-control"), Some("private, no-cache"));
    }
}

#[test]
fn no_name_of_a_file_becomes_a_header_a_folder_or_a_trick() {
    let (site, ada, _, _) = three();
    let long = format!("{}.tar.gz", "x".repeat(500));
    let names = [
        ("report.txt", "report.txt", "report.txt"),
        ("../../etc/passwd", "passwd", "passwd"),
        ("C:\\Users\\ada\\a.txt", "a.txt", "a.txt"),
        ("a\u{ff0f}..\u{ff0f}b.txt", "b.txt", "b.txt"),
        ("a\r\nSet-Cookie: x=y", "aSet-Cookie: x=y", "aSet-Cookie: x=y"),
        ("nul\0l\u{7f}\u{85}.txt", "null.txt", "null.txt"),
        ("photo\u{202e}gpj.exe", "photogpj.exe", "photogpj.exe"),
        (
            "zero\u{200b}\u{2060}\u{feff}width.txt",
            "zerowidth.txt",
            "zerowidth.txt",
        ),
        ("a \"b\"; c\\d.txt", "d.txt", "d.txt"),
        (
            "say \"hi\"; filename=evil.exe",
            "say \"hi\"; filename=evil.exe",
            "say _hi_; filename=evil.exe",
        ),
        ("100%41.txt", "100%41.txt", "100_41.txt"),
        (
            "plakat für Leïla 🌊.png",
            "plakat für Leïla 🌊.png",
            "plakat f_r Le_la _.png",
        ),
        ("ملصق.png", "ملصق.png", "____.png"),
        ("cafe\u{301}.txt", "café.txt", "caf_.txt"),
        ("..", "file", "file"),
        (" ", "file", "file"),
        ("", "file", "file"),
        ("a/", "file", "file"),
    ];
    for (sent, name, plain) in names {
        let file = upload(&site, &ada, sent, b"x");
        assert_eq!(file["name"], name, "{sent:?}");
        let response = get(&site, &ada, &file);
        let disposition = response.get("content-disposition").unwrap();
        let (start, full) = disposition.split_once("; filename*=UTF-8''").unwrap();
        assert_eq!(start, format!("inline; filename=\"{plain}\""));
        assert!(
            full.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&+-.^_`|~%".contains(&b)),
            "{full}"
        );
        let decoded = percent_encoding::percent_decode_str(full).decode_utf8().unwrap();
        assert_eq!(decoded, name, "RFC 8187");
        assert_eq!(response.get("set-cookie"), None);
    }
    let cut = upload(&site, &ada, &long, b"x")["name"].as_str().unwrap().to_owned();
    assert_eq!(cut.chars().count(), chapp::limits::FILE_NAME_CHARS_MAX);
    assert!(cut.contains('…') && cut.ends_with("x.tar.gz"), "{cut}");
    let nameless = site.post("/api/files").cookie(&ada.cookie).body(b"x".to_vec()).send();
    assert_eq!(nameless.json()["file"]["name"], "file");
}

#[test]
fn an_address_that_names_no_file_is_not_there() {
    let (site, ada, _, _) = three();
    let file = upload(&site, &ada, "one.txt", b"one");
    let id = file["id"].as_str().unwrap();
    for path in [
        format!("/files/{id}"),
        format!("/files/{id}/"),
        format!("/files/{id}/a/b"),
        format!("/files/{}/a", id.to_uppercase()),
        format!("/files/{}/a", &id[1..]),
        format!("/files/{id}0/a"),
        "/files/00000000000000000000000000000000/a".to_owned(),
        "/files/../chapp.redb/a".to_owned(),
        format!("/files/{id}/preview"),
    ] {
        site.get_as(&ada, &path).refused(404, "not_found");
    }
    let posted = site.post(&format!("/files/{id}/a")).cookie(&ada.cookie).send();
    posted.refused(405, "method_not_allowed");
    let listed = site.get_as(&ada, "/api/files");
    assert_eq!(listed.refused(405, "method_not_allowed")["status"], 405);
    assert_eq!(listed.get("allow"), Some("POST"));
}
