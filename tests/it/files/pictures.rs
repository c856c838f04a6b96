//! Pictures: their size before they are loaded, their previews, and decompression bombs.

use super::*;
use chapp::limits::PREVIEW_SIDE;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, GenericImageView, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use std::io::{Cursor, Write};

/// A picture that does not compress.
fn noise(width: u32, height: u32) -> RgbImage {
    let mut rng = crate::harness::Rng::new(u64::from(width * height));
    RgbImage::from_fn(width, height, |_, _| {
        let n = rng.below(1 << 24);
        Rgb([n as u8, (n >> 8) as u8, (n >> 16) as u8])
    })
}

fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
    let mut bytes = Vec::new();
    image
        .into()
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .unwrap();
    bytes
}

fn jpeg(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    image
        .write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 95))
        .unwrap();
    bytes
}

fn preview(site: &Site, person: &Person, file: &Value) -> Response {
    site.get_as(person, &format!("/files/{}/preview", file["id"].as_str().unwrap()))
}

#[test]
fn a_large_picture_has_a_smaller_one_of_the_same_shape() {
    let (site, ada, ben, _) = three();
    for (name, bytes) in [("a.png", png(noise(1600, 800))), ("a.jpg", jpeg(&noise(1600, 800)))] {
        let file = upload(&site, &ada, name, &bytes);
        assert_eq!(
            (&file["width"], &file["height"], &file["preview"]),
            (&json!(1600), &json!(800), &json!(true))
        );
        preview(&site, &ben, &file).refused(404, "not_found");
        show(&mut site.socket(&ada), 1, name, &[&file]);
        let response = preview(&site, &ben, &file);
        assert_eq!(
            (response.status, response.get("content-type")),
            (200, Some("image/jpeg"))
        );
        assert_eq!(
            response.get("content-security-policy"),
            Some("sandbox; default-src 'none'")
        );
        assert_eq!(response.get("cache-control"), Some("private, no-cache"));
        assert!(response.body.len() < bytes.len() / 2);
        let small = image::load_from_memory(&response.body).unwrap();
        assert_eq!(small.dimensions(), (PREVIEW_SIDE, PREVIEW_SIDE / 2));
        let etag = response.get("etag").unwrap().to_owned();
        let id = file["id"].as_str().unwrap();
        let again = site
            .get(&format!("/files/{id}/preview"))
            .cookie(&ben.cookie)
            .header("If-None-Match", &etag);
        assert_eq!(again.send().status, 304);
        assert_ne!(
            get(&site, &ben, &file).get("etag"),
            Some(&*etag),
            "the whole of it is another thing"
        );
    }
}

#[test]
fn what_one_can_see_through_stays_so() {
    let (site, ada, _, _) = three();
    let solid = noise(1200, 1200);
    let image = RgbaImage::from_fn(1200, 1200, |x, y| {
        let [r, g, b] = solid.get_pixel(x, y).0;
        Rgba([r, g, b, if x < 600 { 0 } else { 255 }])
    });
    let file = upload(&site, &ada, "a.png", &png(image));
    let response = preview(&site, &ada, &file);
    assert_eq!(response.get("content-type"), Some("image/png"));
    let small = image::load_from_memory(&response.body).unwrap();
    assert_eq!(small.get_pixel(10, 10).0[3], 0);
    assert_eq!(small.get_pixel(PREVIEW_SIDE - 10, 10).0[3], 255);
}

#[test]
fn a_small_picture_needs_no_smaller_one() {
    let (site, ada, _, _) = three();
    let file = upload(&site, &ada, "a.png", &png(noise(40, 30)));
    assert_eq!(
        (&file["type"], &file["width"], &file["height"]),
        (&json!("image/png"), &json!(40), &json!(30))
    );
    assert_eq!(file.get("preview"), None);
    preview(&site, &ada, &file).refused(404, "not_found");
}

#[test]
fn a_picture_that_was_taken_sideways_is_measured_as_it_is_shown() {
    let (site, ada, _, _) = three();
    let straight = jpeg(&noise(1200, 600));
    // Exif with one entry: orientation 6, a quarter turn to the right.
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let mut bytes = straight[..2].to_vec();
    bytes.extend_from_slice(&[0xff, 0xe1, 0, (exif.len() + 2) as u8]);
    bytes.extend_from_slice(exif);
    bytes.extend_from_slice(&straight[2..]);
    let file = upload(&site, &ada, "a.jpg", &bytes);
    assert_eq!((&file["width"], &file["height"]), (&json!(600), &json!(1200)));
    let response = preview(&site, &ada, &file);
    let small = image::load_from_memory(&response.body).unwrap();
    assert_eq!(small.dimensions(), (PREVIEW_SIDE / 2, PREVIEW_SIDE));
    assert!(
        !response.body.windows(4).any(|window| window == b"Exif"),
        "where it was taken is not told"
    );
}

#[test]
fn a_picture_that_would_burst_is_kept_and_never_decoded() {
    let (site, ada, _, _) = three();
    // About 200 kB of one colour, 192 MB decoded. One exceeds the side limit, the other does not.
    let bomb = plain_png(20_000, 3_200);
    let file = upload(&site, &ada, "bomb.png", &bomb);
    assert_eq!((&file["width"], &file["height"]), (&json!(20_000), &json!(3_200)));
    assert_eq!(file.get("preview"), None);
    assert_eq!(get(&site, &ada, &file).body, bomb);
    let file = upload(&site, &ada, "bomb.png", &plain_png(8_000, 8_000));
    assert_eq!(file.get("preview"), None);
    // Broken pictures are stored like any other file.
    let whole = png(noise(800, 600));
    for cut in [9, 30, 60, whole.len() / 2, whole.len() - 20] {
        let file = upload(&site, &ada, "cut.png", &whole[..cut]);
        assert_eq!(file["type"], "image/png");
        assert_eq!(get(&site, &ada, &file).body, &whole[..cut]);
    }
    let mut lying = whole.clone();
    lying[16..24].copy_from_slice(&[0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff]);
    let file = upload(&site, &ada, "lying.png", &lying);
    assert_eq!(file.get("preview"), None);
}

/// A PNG of one colour, written row by row, so that the test does not hold all its pixels.
fn plain_png(width: u32, height: u32) -> Vec<u8> {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let row = vec![0; 1 + width as usize * 3];
    for _ in 0..height {
        packed.write_all(&row).unwrap();
    }
    let packed = packed.finish().unwrap();
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", &head), (b"IDAT", &packed), (b"IEND", &Vec::new())] {
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        crc.update(data);
        bytes.extend_from_slice(&(data.len() as u32).to_be_bytes());
        bytes.extend_from_slice(kind);
        bytes.extend_from_slice(data);
        bytes.extend_from_slice(&crc.sum().to_be_bytes());
    }
    bytes
}
