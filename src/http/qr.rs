//! A text as a QR code (ISO/IEC 18004), as data that the page draws.

use crate::error::{Error, Result};
use crate::limits::QR_BYTES_MAX;
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write;

/// The number of modules on a side, without the quiet zone, and the dark modules as an SVG path in module units.
///
/// # Errors
/// `invalid` with the field `text` for an empty text, and for more than [`QR_BYTES_MAX`] bytes.
pub fn draw(text: &str) -> Result<(usize, String)> {
    if text.is_empty() || text.len() > QR_BYTES_MAX {
        return Err(Error::invalid(
            "text",
            format!("A QR code holds 1 to {QR_BYTES_MAX} bytes."),
        ));
    }
    // Level M: 15 % of the code may be covered or dirty.
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(Error::internal)?;
    let size = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(size).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, next| one == next) {
            if run[0] == Color::Dark {
                let length = run.len();
                // Writing to a String cannot fail.
                let _ = write!(path, "M{x} {y}h{length}v1h-{length}z");
            }
            x += run.len();
        }
    }
    Ok((size, path))
}
