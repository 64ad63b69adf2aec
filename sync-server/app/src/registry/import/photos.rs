//! `photos/enfants/CODE.jpg`, `photos/personnes/CODE.jpg`: small, upright, and stripped of what a camera adds.
//!
//! A picture is decoded and encoded again: the place where it was taken, the phone's name and a thumbnail of the uncut
//! original stay behind. A child's picture is kept only with the parents' dated consent, and goes when it is withdrawn.

use super::context::Import;
use super::report::Problem;
use super::stage::Fate;
use crate::store::entity::{child, photo, pickup_person};
use crate::store::{insert_all, update_all};
use crate::{Error, Result};
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::{DynamicImage, ImageDecoder, Limits};
use sea_orm::{ColumnTrait, QueryFilter};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::Path;

const FILE: &str = "photos";
/// Largest file taken.
pub const PHOTO_BYTES_MAX: u64 = 200 * 1024;
/// Longest side of what is kept, in pixels: a tile of a tablet, twice.
pub const SIDE_PIXELS_MAX: u32 = 512;
/// Longest side of what is decoded: a small file may claim to be a huge picture.
const SIDE_DECODED_MAX: u32 = 10_000;
/// Most memory that a decoded picture takes: 33 million pixels, more than any that fits [`PHOTO_BYTES_MAX`] and shows a face.
const DECODED_BYTES_MAX: u64 = 96 * 1024 * 1024;
const QUALITY: u8 = 82;
/// Hashes in one DELETE.
const HASHES_A_STATEMENT_MAX: usize = 500;

/// Pictures to store, by their hash.
type Kept = BTreeMap<Vec<u8>, Vec<u8>>;

/// Reads the pictures, keeps those that changed, lets go of those that nobody shows any more.
pub async fn photos(import: &mut Import<'_>) -> Result<()> {
    import.show(FILE);
    let mut kept = Kept::new();
    let mut line = 0;
    of_children(import, &mut line, &mut kept).await?;
    of_persons(import, &mut line, &mut kept).await?;
    if import.report.is_empty() { store(import, kept).await } else { Ok(()) }
}

async fn of_children(import: &mut Import<'_>, line: &mut u64, kept: &mut Kept) -> Result<()> {
    let on = import.territory.on();
    let rows = import.territory.find::<child::Entity>().all(&on).await?;
    let mut children: BTreeMap<String, child::Model> = rows.into_iter().map(|c| (c.code.clone(), c)).collect();
    let mut changed = Vec::new();
    for (code, path) in std::mem::take(&mut import.folder.child_photos) {
        *line += 1;
        let Some(jpeg) = read(import, "enfants", &path)? else { continue };
        let Some(child) = children.get_mut(&code) else {
            unknown(import, import.known.children.contains(&code), "enfants", &path);
            continue;
        };
        if child.photo_consent_on.is_none() {
            import.folder.notices.push(format!("{} : pas d'accord (photo_accord_le), laissée de côté", shown("enfants", &path)));
            continue;
        }
        let hash = Sha256::digest(&jpeg).to_vec();
        let fate = fate(child.photo_hash.as_ref(), &hash);
        import.tell(FILE, *line, fate);
        if fate != Fate::Same {
            child.photo_hash = Some(hash.clone());
            changed.push(child.clone());
            kept.insert(hash, jpeg);
        }
    }
    if import.report.is_empty() { update_all(&on, changed).await } else { Ok(()) }
}

async fn of_persons(import: &mut Import<'_>, line: &mut u64, kept: &mut Kept) -> Result<()> {
    let on = import.territory.on();
    let mut persons: BTreeMap<String, Vec<pickup_person::Model>> = BTreeMap::new();
    for person in import.territory.find::<pickup_person::Entity>().all(&on).await? {
        if let Some(code) = person.code.clone() {
            persons.entry(code).or_default().push(person);
        }
    }
    let mut changed = Vec::new();
    for (code, path) in std::mem::take(&mut import.folder.person_photos) {
        *line += 1;
        let Some(jpeg) = read(import, "personnes", &path)? else { continue };
        let Some(rows) = persons.get_mut(&code) else {
            // Rows of this very folder are not written while something else is wrong.
            let forgiven = !import.report.is_empty();
            unknown(import, forgiven, "personnes", &path);
            continue;
        };
        let hash = Sha256::digest(&jpeg).to_vec();
        for row in rows {
            let fate = fate(row.photo_hash.as_ref(), &hash);
            import.tell(FILE, *line, fate);
            if fate != Fate::Same {
                row.photo_hash = Some(hash.clone());
                changed.push(row.clone());
                kept.insert(hash.clone(), jpeg.clone());
            }
        }
    }
    if import.report.is_empty() { update_all(&on, changed).await } else { Ok(()) }
}

fn unknown(import: &mut Import<'_>, forgiven: bool, folder: &str, path: &Path) {
    if !forgiven {
        wrong(import, folder, path, "le nom du fichier n'est le code de personne : attendu CODE.jpg");
    }
}

/// Stores new pictures and deletes those that no row shows any more.
async fn store(import: &Import<'_>, kept: Kept) -> Result<()> {
    use sea_orm::QuerySelect;
    let territory = import.territory;
    let on = territory.on();
    let hashes = territory.find::<photo::Entity>().select_only().column(photo::Column::Hash);
    let there: BTreeSet<Vec<u8>> = hashes.into_tuple().all(&on).await?.into_iter().collect();
    let row = |(hash, jpeg)| photo::Model { territoire_id: territory.id().0, hash, jpeg };
    insert_all(&on, kept.into_iter().filter(|(hash, _)| !there.contains(hash)).map(row).collect()).await?;
    let of_children = territory.find::<child::Entity>().select_only().column(child::Column::PhotoHash);
    let mut shown: BTreeSet<Vec<u8>> = of_children.into_tuple().all(&on).await?.into_iter().flat_map(|h: Option<Vec<u8>>| h).collect();
    let of_persons = territory.find::<pickup_person::Entity>().select_only().column(pickup_person::Column::PhotoHash);
    shown.extend(of_persons.into_tuple().all(&on).await?.into_iter().flat_map(|h: Option<Vec<u8>>| h));
    let orphans: Vec<Vec<u8>> = there.into_iter().filter(|hash| !shown.contains(hash)).collect();
    for hashes in orphans.chunks(HASHES_A_STATEMENT_MAX) {
        territory.delete::<photo::Entity>().filter(photo::Column::Hash.is_in(hashes.iter().cloned())).exec(&on).await?;
    }
    Ok(())
}

fn fate(before: Option<&Vec<u8>>, hash: &[u8]) -> Fate {
    match before {
        None => Fate::New,
        Some(before) if before == hash => Fate::Same,
        Some(_) => Fate::Changed,
    }
}

fn shown(folder: &str, path: &Path) -> String {
    format!("photos/{folder}/{}", path.file_name().unwrap_or_default().to_string_lossy())
}

fn wrong(import: &mut Import<'_>, folder: &str, path: &Path, expected: impl Into<String>) {
    import.report.add(Problem { file: shown(folder, path), line: None, column: None, value: None, expected: expected.into() });
}

fn read(import: &mut Import<'_>, folder: &str, path: &Path) -> Result<Option<Vec<u8>>> {
    if std::fs::metadata(path).map_err(Error::io(path))?.len() > PHOTO_BYTES_MAX {
        wrong(import, folder, path, format!("photo trop lourde : {} Kio au plus", PHOTO_BYTES_MAX / 1024));
        return Ok(None);
    }
    let jpeg = stripped(&std::fs::read(path).map_err(Error::io(path))?);
    if jpeg.is_none() {
        wrong(import, folder, path, "ce fichier n'est pas une photo JPEG lisible");
    }
    Ok(jpeg)
}

/// A picture upright, small, and nothing else. The same bytes give the same bytes.
fn stripped(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = JpegDecoder::new(Cursor::new(bytes)).ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_DECODED_MAX);
    limits.max_image_height = Some(SIDE_DECODED_MAX);
    decoder.set_limits(limits).ok()?;
    // The library's own limit of memory isn't asked for JPEG.
    if decoder.total_bytes() > DECODED_BYTES_MAX {
        return None;
    }
    let orientation = decoder.orientation().ok()?;
    let mut picture = DynamicImage::from_decoder(decoder).ok()?;
    picture.apply_orientation(orientation);
    if picture.width() > SIDE_PIXELS_MAX || picture.height() > SIDE_PIXELS_MAX {
        picture = picture.thumbnail(SIDE_PIXELS_MAX, SIDE_PIXELS_MAX);
    }
    let mut jpeg = Vec::new();
    picture.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY)).ok()?;
    Some(jpeg)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_picture(width: u32, height: u32) -> Vec<u8> {
        let mut jpeg = Vec::new();
        let picture =
            image::RgbImage::from_fn(width, height, |x, _| if x < width / 2 { image::Rgb([250, 0, 0]) } else { image::Rgb([0, 0, 250]) });
        picture.write_with_encoder(JpegEncoder::new(&mut jpeg)).unwrap();
        jpeg
    }

    /// The same picture with an EXIF block that says: turn me a quarter, and carries a secret.
    fn with_exif(jpeg: &[u8]) -> Vec<u8> {
        let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        exif.extend_from_slice(b"GPS 49.09 N 1.48 E");
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
    }

    #[test]
    fn a_picture_loses_what_the_camera_added_and_stands_upright() {
        let source = with_exif(&a_picture(80, 40));
        assert!(source.windows(3).any(|w| w == b"GPS"));
        let jpeg = stripped(&source).unwrap();
        assert!(!jpeg.windows(3).any(|w| w == b"GPS") && !jpeg.windows(4).any(|w| w == b"Exif"));
        let picture = image::load_from_memory(&jpeg).unwrap();
        assert_eq!((picture.width(), picture.height()), (40, 80), "turned as the camera said");
        assert_eq!(stripped(&source), Some(jpeg));
    }

    /// The same picture, whose header says that it is of another size.
    fn claiming(jpeg: &[u8], width: u16, height: u16) -> Vec<u8> {
        let mut jpeg = jpeg.to_vec();
        let frame = jpeg.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
        jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
        jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
        jpeg
    }

    #[test]
    fn a_small_file_that_claims_a_huge_picture_takes_no_memory() {
        let honest = a_picture(80, 40);
        assert!(stripped(&claiming(&honest, 80, 40)).is_some());
        assert_eq!(stripped(&claiming(&honest, 50_000, 50_000)), None);
        // Each side is allowed; both together are 243 million bytes.
        let decoder = JpegDecoder::new(Cursor::new(claiming(&honest, 9_000, 9_000))).unwrap();
        assert!(decoder.total_bytes() > DECODED_BYTES_MAX);
        assert_eq!(stripped(&claiming(&honest, 9_000, 9_000)), None);
    }

    #[test]
    fn what_is_hidden_behind_a_picture_stays_behind_and_what_has_another_kind_is_none() {
        let hidden = b"<script>alert(1)</script>PK\x03\x04";
        let jpeg = stripped(&[&a_picture(80, 40), hidden.as_slice()].concat()).unwrap();
        assert!(!jpeg.windows(7).any(|w| w == b"<script") && !jpeg.windows(4).any(|w| w == b"PK\x03\x04"));
        let mut png = Vec::new();
        image::RgbImage::new(8, 8).write_with_encoder(image::codecs::png::PngEncoder::new(&mut png)).unwrap();
        for other in [png.as_slice(), b"GIF89a\x01\0\x01\0\0\0\0;", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", hidden, b""]
        {
            assert_eq!(stripped(other), None, "{}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn a_large_picture_is_made_small_and_what_is_none_is_refused() {
        let picture = image::load_from_memory(&stripped(&a_picture(1200, 300)).unwrap()).unwrap();
        assert_eq!((picture.width(), picture.height()), (SIDE_PIXELS_MAX, 128));
        assert_eq!(stripped(b"not a picture"), None);
        assert_eq!(stripped(&a_picture(80, 40)[..200]), None);
    }
}
