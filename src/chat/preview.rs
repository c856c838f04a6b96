//! Determines the media type of an uploaded file from its first bytes, and makes a smaller version of a large
//! picture.

use super::picture::on_white;
use crate::limits::{
    PREVIEW_DECODE_BYTES_MAX, PREVIEW_SIDE, PREVIEW_SOURCE_BYTES_MAX, PREVIEW_SOURCE_SIDE_MAX, PREVIEW_WORTH_BYTES,
};
use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use std::io::Cursor;

const JPEG_QUALITY: u8 = 80;

/// The media type of an unknown file.
const UNKNOWN: &str = "application/octet-stream";

/// What the first bytes of a file reveal.
pub(super) struct Sniffed {
    /// The media type (RFC 6838).
    pub media_type: &'static str,
    /// Width and height of a picture in pixels, as shown. `None` for any other file.
    pub pixels: Option<(u32, u32)>,
}

/// Inspects the first bytes of a file. The extension of its name is ignored.
pub(super) fn look(head: &[u8]) -> Sniffed {
    let media_type = match infer::get(head).map(|kind| kind.mime_type()) {
        Some("audio/x-wav") => "audio/wav",
        Some(known) => known,
        None => text_type(head).unwrap_or(UNKNOWN),
    };
    let pixels = media_type.starts_with("image/").then(|| pixels(head)).flatten();
    Sniffed { media_type, pixels }
}

/// The media type of a text. `None` if it is not text.
fn text_type(head: &[u8]) -> Option<&'static str> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The last character is cut off at the end of the inspected bytes.
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\x0c' | '\x1b'))
    {
        return None;
    }
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if !start.starts_with('<') {
        return Some("text/plain");
    }
    // Markup may contain a program.
    let lower = start.to_ascii_lowercase();
    match lower.contains("<svg") && !lower.contains("<html") {
        true => Some("image/svg+xml"),
        false => Some("text/html"),
    }
}

fn pixels(head: &[u8]) -> Option<(u32, u32)> {
    let size = imagesize::blob_size(head).ok()?;
    let (width, height) = (u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?);
    match orientation(head) {
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH => {
            Some((height, width))
        }
        _ => Some((width, height)),
    }
    .filter(|(width, height)| *width > 0 && *height > 0)
}

/// The orientation of the camera (Exif 2.32 §4.6.4, tag 0x0112), which browsers apply.
fn orientation(head: &[u8]) -> Orientation {
    let reader = ImageReader::with_format(Cursor::new(head), ImageFormat::Jpeg);
    let orientation = reader.into_decoder().and_then(|mut decoder| decoder.orientation());
    orientation.unwrap_or(Orientation::NoTransforms)
}

/// Whether a picture of this many bytes is worth a preview.
pub(super) fn is_worth(sniffed: &Sniffed, bytes: u64) -> bool {
    let is_known = matches!(sniffed.media_type, "image/png" | "image/jpeg");
    let is_bounded = sniffed
        .pixels
        .is_some_and(|(width, height)| width.max(height) <= PREVIEW_SOURCE_SIDE_MAX);
    is_known && is_bounded && (PREVIEW_WORTH_BYTES + 1..=PREVIEW_SOURCE_BYTES_MAX).contains(&bytes)
}

/// A smaller version of a picture: its media type and bytes. It is encoded anew, so that nothing else from the file
/// is in it. `None` if the picture cannot be decoded within the limits, or would hardly get smaller. Blocks.
pub(super) fn make(bytes: &[u8]) -> Option<(String, Bytes)> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(PREVIEW_SOURCE_SIDE_MAX);
    limits.max_image_height = Some(PREVIEW_SOURCE_SIDE_MAX);
    limits.max_alloc = Some(PREVIEW_DECODE_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let orientation = decoder.orientation().ok()?;
    // The decoder's own limits cover the memory that it needs besides the pixels.
    if decoder.total_bytes() > PREVIEW_DECODE_BYTES_MAX {
        return None;
    }
    let image = DynamicImage::from_decoder(decoder).ok()?;
    let mut small = match image.width().max(image.height()) > PREVIEW_SIDE {
        true => image.thumbnail(PREVIEW_SIDE, PREVIEW_SIDE),
        false => image,
    };
    small.apply_orientation(orientation);
    let (media_type, encoded) = encode(&small)?;
    (encoded.len() < bytes.len() / 2).then(|| (media_type.to_owned(), encoded.into()))
}

fn encode(image: &DynamicImage) -> Option<(&'static str, Vec<u8>)> {
    let mut encoded = Vec::new();
    let has_holes = image.color().has_alpha() && image.to_rgba8().pixels().any(|pixel| pixel.0[3] < u8::MAX);
    if has_holes {
        let written = DynamicImage::from(image.to_rgba8()).write_to(&mut Cursor::new(&mut encoded), ImageFormat::Png);
        return written.ok().map(|()| ("image/png", encoded));
    }
    let jpeg = JpegEncoder::new_with_quality(&mut encoded, JPEG_QUALITY);
    on_white(image).write_with_encoder(jpeg).ok()?;
    Some(("image/jpeg", encoded))
}
