//! From a JPEG to the round face that is drawn.

use std::io::Cursor;

use image::imageops::{FilterType, crop_imm, resize};
use image::{ImageFormat, ImageReader, Limits};
use slint::{Rgba8Pixel, SharedPixelBuffer};

/// Largest side that is decoded: the server's photos have at most 512 pixels.
const SIDE_MAX: u32 = 1_024;
/// Most bytes that decoding may take.
const BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Points of a pixel that are looked at for its share of the disc, in each direction.
const POINTS: u32 = 4;

/// The picture cut to a disc of `pixels` across, premultiplied; `None` where it is none.
///
/// Square from the upper part of an upright picture, where a face is.
pub(super) fn round(jpeg: &[u8], pixels: u32) -> Option<SharedPixelBuffer<Rgba8Pixel>> {
    let mut reader = ImageReader::with_format(Cursor::new(jpeg), ImageFormat::Jpeg);
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height, limits.max_alloc) = (Some(SIDE_MAX), Some(SIDE_MAX), Some(BYTES_MAX));
    reader.limits(limits);
    let picture = reader.decode().ok()?.into_rgb8();
    let side = picture.width().min(picture.height());
    let (left, top) = ((picture.width() - side) / 2, (picture.height() - side) / 3);
    let square = crop_imm(&picture, left, top, side, side);
    let small = resize(&*square, pixels, pixels, FilterType::Triangle);
    let mut buffer = SharedPixelBuffer::<Rgba8Pixel>::new(pixels, pixels);
    for ((x, y, colour), drawn) in small.enumerate_pixels().zip(buffer.make_mut_slice()) {
        let share = share_of_disc(x, y, pixels);
        let [r, g, b] = colour.0.map(|part| u8::try_from(u32::from(part) * share / (POINTS * POINTS)).unwrap_or(u8::MAX));
        *drawn = Rgba8Pixel { r, g, b, a: u8::try_from(255 * share / (POINTS * POINTS)).unwrap_or(u8::MAX) };
    }
    Some(buffer)
}

/// How many of a pixel's points lie in the disc.
fn share_of_disc(x: u32, y: u32, pixels: u32) -> u32 {
    // In units of half a point, from the middle.
    let far = |at: u32, point: u32| i64::from(2 * (at * POINTS + point) + 1) - i64::from(pixels * POINTS);
    let radius = i64::from(pixels * POINTS);
    let inside = |(across, down): (u32, u32)| far(x, across).pow(2) + far(y, down).pow(2) <= radius.pow(2);
    let points = (0..POINTS).flat_map(|across| (0..POINTS).map(move |down| (across, down)));
    u32::try_from(points.filter(|point| inside(*point)).count()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        let picture =
            image::RgbImage::from_fn(width, height, |_, y| image::Rgb(if y < height / 2 { [250, 10, 10] } else { [10, 10, 250] }));
        let mut bytes = Vec::new();
        picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Jpeg).unwrap();
        bytes
    }

    #[test]
    fn a_picture_is_cut_to_a_disc_of_the_pixels_that_it_is_shown_in() {
        let face = round(&jpeg(300, 400), 64).unwrap();
        assert_eq!((face.width(), face.height()), (64, 64));
        let at = |x: usize, y: usize| face.as_slice()[y * 64 + x];
        assert_eq!((at(0, 0).a, at(63, 63).a, at(32, 32).a), (0, 0, 255));
        assert!(at(32, 8).r > 200 && at(32, 60).b > 200, "the right way up");
    }

    #[test]
    fn what_is_no_picture_or_too_large_a_one_is_none() {
        assert!(round(b"", 64).is_none() && round(&[0xd8; 4_000], 64).is_none());
        assert!(round(&jpeg(SIDE_MAX + 1, 8), 64).is_none());
        let cut = jpeg(200, 200);
        let _ = round(&cut[..cut.len() / 2], 64);
    }
}
