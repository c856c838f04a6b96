//! Turns an uploaded picture into one small JPEG, without anything else that was in the file.

use crate::error::{Error, Result};
use crate::limits::{PICTURE_SIDE, PICTURE_SIDE_MAX, PICTURE_SIDE_MIN};
use crate::model::Picture;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, Rgb, RgbImage};
use sha2::{Digest, Sha256};
use std::io::Cursor;

const JPEG_QUALITY: u8 = 85;
/// Maximum bytes of memory for decoding.
const DECODE_BYTES_MAX: u64 = 128 << 20;
/// Bytes of the hash in a version.
const VERSION_BYTES: usize = 8;

/// Decodes a PNG or JPEG, crops its centre to a square, and encodes that at [`PICTURE_SIDE`]. Blocks.
///
/// # Errors
/// `invalid` with the field `avatar`.
pub(super) fn encode(upload: &[u8]) -> Result<Picture> {
    let image = decode(upload)?;
    let (width, height) = (image.width(), image.height());
    if width.min(height) < PICTURE_SIDE_MIN || width.max(height) > PICTURE_SIDE_MAX {
        return Err(Error::invalid(
            "avatar",
            format!("A picture has {PICTURE_SIDE_MIN} to {PICTURE_SIDE_MAX} pixels a side."),
        ));
    }
    let side = width.min(height);
    let square = image.crop_imm((width - side) / 2, (height - side) / 2, side, side);
    let small = on_white(&square.resize_exact(PICTURE_SIDE, PICTURE_SIDE, FilterType::Triangle));
    let mut jpeg = Vec::new();
    small
        .write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY))
        .map_err(Error::internal)?;
    let digest = Sha256::digest(&jpeg);
    Ok(Picture {
        version: digest[..VERSION_BYTES].iter().map(|b| format!("{b:02x}")).collect(),
        jpeg: jpeg.into(),
    })
}

fn decode(upload: &[u8]) -> Result<DynamicImage> {
    let no_picture = |cause: image::ImageError| {
        Error::invalid(
            "avatar",
            "This file is not a picture that can be shown. Take a PNG or JPEG.",
        )
        .because(cause)
    };
    let reader = ImageReader::new(Cursor::new(upload)).with_guessed_format();
    let mut reader = reader.map_err(Error::internal)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(PICTURE_SIDE_MAX);
    limits.max_image_height = Some(PICTURE_SIDE_MAX);
    limits.max_alloc = Some(DECODE_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(no_picture)?;
    // The orientation of the camera (Exif 2.32 §4.6.4, tag 0x0112).
    let orientation = decoder.orientation().map_err(no_picture)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(no_picture)?;
    image.apply_orientation(orientation);
    Ok(image)
}

/// Puts a picture on white, since JPEG has no transparency.
pub(super) fn on_white(image: &DynamicImage) -> RgbImage {
    let image = image.to_rgba8();
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [red, green, blue, alpha] = image.get_pixel(x, y).0;
        let over = |value: u8| {
            let mixed = u16::from(value) * u16::from(alpha) + 255 * (255 - u16::from(alpha));
            (mixed / 255) as u8
        };
        Rgb([over(red), over(green), over(blue)])
    })
}
