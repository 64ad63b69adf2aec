//! An enrolment code as a picture, for a reader that types what it sees.
//!
//! `PREAU:` ‖ the code ‖ `:` ‖ the fingerprint of the sync authority. The code alone is enough to enrol: the server proves that it
//! knows it before the tablet believes its authority. Who reads the picture can besides refuse any other authority from the start.

use crate::sync::fingerprint;
use crate::{Error, Result};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

/// What the picture says. Capitals, digits and colons only: the alphabet in which a QR code is small.
#[must_use]
pub fn content(code: &str, authority: &[u8]) -> String {
    format!("PREAU:{}:{}", code.replace('-', ""), fingerprint::of(authority))
}

/// The picture in half blocks: dark on light whatever the terminal's colours.
///
/// # Errors
/// Where it can't be drawn.
pub fn drawn(code: &str, authority: &[u8]) -> Result<String> {
    let impossible = |error| Error::Unavailable(format!("Le code QR ne peut pas être dessiné : {error}"));
    let picture = QrCode::new(content(code, authority)).map_err(impossible)?;
    // Blocks are drawn in the terminal's writing colour, which is light on most: the light modules are the drawn ones.
    Ok(picture.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_says_the_code_and_whom_to_believe_and_fits_a_terminal() {
        let said = content("7KQM-3X02-AB11", b"certificate");
        let (head, print) = said.rsplit_once(':').unwrap();
        assert_eq!((head, print.len()), ("PREAU:7KQM3X02AB11", 64));
        assert_ne!(said, content("7KQM-3X02-AB11", b"another"));
        let picture = drawn("7KQM-3X02-AB11", b"certificate").unwrap();
        let widths: Vec<usize> = picture.lines().map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|w| *w == widths[0] && *w <= 80), "{widths:?}");
        assert!(widths.len() <= 30, "{}", widths.len());
    }
}
