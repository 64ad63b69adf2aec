//! Cuts the dashed frame of "not here yet" into a path: rectangles have no dashed border.
#![expect(clippy::float_arithmetic, reason = "pixels, not money")]

use std::f32::consts::FRAC_PI_2;
use std::fmt::Write as _;

/// Length of a dash and of a gap that look even around a tile, in logical pixels.
const DASH: f32 = 6.0;
const GAP: f32 = 5.0;
/// Half of the line: its middle is drawn, and its outer edge is the box's.
const INSET: f32 = 1.0;
/// A curve is drawn as chords of this length at most.
const CHORD: f32 = 1.5;
/// Frames larger than this are a mistake of layout; the path would only be long.
const SIDE_MAX: f32 = 4096.0;

/// SVG commands of a rounded frame of dashes for a box of `width` × `height`, the middle of its line at 0; empty where it wouldn't fit.
pub fn frame(width: f32, height: f32, radius: f32) -> String {
    let outline = Outline::new(width - 2.0 * INSET, height - 2.0 * INSET, (radius - INSET).max(0.0));
    let Some(outline) = outline else { return String::new() };
    let length = outline.length();
    // The gap gives way a little, so that the last dash meets the first.
    let dashes = (length / (DASH + GAP)).round().max(1.0);
    let pitch = length / dashes;
    let mut commands = String::new();
    let mut start = 0.0_f32;
    while start < length - pitch / 2.0 {
        outline.draw(&mut commands, start, start + DASH.min(pitch));
        start += pitch;
    }
    commands
}

/// The frame as one line, walked clockwise from the left end of the upper side.
struct Outline {
    across: f32,
    down: f32,
    radius: f32,
}

impl Outline {
    fn new(width: f32, height: f32, radius: f32) -> Option<Self> {
        let fits = width.is_finite() && height.is_finite() && width > 2.0 && height > 2.0 && width < SIDE_MAX && height < SIDE_MAX;
        let radius = radius.min(width / 2.0).min(height / 2.0);
        fits.then_some(Self { across: width - 2.0 * radius, down: height - 2.0 * radius, radius })
    }

    fn corner(&self) -> f32 {
        self.radius * FRAC_PI_2
    }

    fn length(&self) -> f32 {
        2.0 * (self.across + self.down) + 4.0 * self.corner()
    }

    /// Where one is after walking `way`.
    fn at(&self, way: f32) -> (f32, f32) {
        let (r, corner) = (self.radius, self.corner());
        let (right, bottom) = (2.0 * r + self.across, 2.0 * r + self.down);
        let mut left = way % self.length();
        for side in 0_u8..4 {
            let straight = if side % 2 == 0 { self.across } else { self.down };
            if left < straight {
                return match side {
                    0 => (r + left, 0.0),
                    1 => (right, r + left),
                    2 => (right - r - left, bottom),
                    _ => (0.0, bottom - r - left),
                };
            }
            left -= straight;
            if left < corner {
                let (sin, cos) = (left / r).sin_cos();
                return match side {
                    0 => (right - r + r * sin, r - r * cos),
                    1 => (right - r + r * cos, bottom - r + r * sin),
                    2 => (r - r * sin, bottom - r + r * cos),
                    _ => (r - r * cos, r - r * sin),
                };
            }
            left -= corner;
        }
        (r, 0.0)
    }

    fn draw(&self, commands: &mut String, from: f32, to: f32) {
        let mut way = from;
        let mut command = 'M';
        loop {
            let (x, y) = self.at(way);
            // Writing to a String can't fail.
            let _ = write!(commands, "{command}{x:.2} {y:.2}");
            if way >= to {
                return;
            }
            command = 'L';
            way = (way + CHORD).min(to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(commands: &str) -> Vec<(f32, f32)> {
        commands
            .split(['M', 'L'])
            .filter(|point| !point.is_empty())
            .map(|point| {
                let (x, y) = point.split_once(' ').unwrap();
                (x.parse().unwrap(), y.parse().unwrap())
            })
            .collect()
    }

    #[test]
    fn the_whole_line_stays_inside_the_tile() {
        for (width, height, radius) in [(195.0, 130.0, 16.0), (164.0, 108.0, 16.0), (40.0, 10.0, 30.0)] {
            for (x, y) in points(&frame(width, height, radius)) {
                assert!((-0.01..=width - 2.0 * INSET + 0.01).contains(&x) && (-0.01..=height - 2.0 * INSET + 0.01).contains(&y), "{x} {y}");
            }
        }
    }

    #[test]
    fn the_last_gap_is_as_wide_as_the_others() {
        let outline = Outline::new(193.0, 128.0, 15.0).unwrap();
        let commands = frame(195.0, 130.0, 16.0);
        let dashes = commands.matches('M').count();
        #[expect(clippy::cast_precision_loss, reason = "a few dozen dashes")]
        let pitch = outline.length() / dashes as f32;
        assert!((pitch - DASH - GAP).abs() < 0.5, "{pitch}");
    }

    #[test]
    fn a_tile_without_room_has_no_frame() {
        for (width, height) in [(0.0, 0.0), (-5.0, 130.0), (f32::NAN, 130.0), (f32::INFINITY, 1.0), (1e9, 1e9)] {
            assert_eq!(frame(width, height, 16.0), "");
        }
    }
}
