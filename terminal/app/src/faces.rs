//! Photos in the window: asked for by their hash as a face comes into sight, opened and decoded on a thread of their own, to the very
//! pixels that they are shown in.
//!
//! A touch never waits for a picture, and what isn't here (yet) is initials. What is kept is bounded by [`FACES_BYTES_MAX`]; nothing of it is
//! written anywhere, and all of it goes when the tablet locks. A photo that comes with a later exchange is found within [`LOOK_AGAIN`]
//! by whoever looks at the board: the exchange and the window don't know each other.

mod decode;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use data_encoding::HEXLOWER;
use slint::{ComponentHandle, Image, Rgba8Pixel, SharedPixelBuffer, Weak};
use terminal_core::view::PhotoHash;

use crate::ui::{AppWindow, FaceAdapter};

/// Most bytes of pixels that are kept: a board of 300 takes a third of it, at 64 pixels a face.
pub const FACES_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most photos that are looked for again; of more, the last ones.
const LACKING_MAX: usize = 1_024;
/// How often a photo that wasn't there is looked for again.
pub const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// Largest face that is drawn, in pixels: a head of a sheet on a display of three times the usual density.
const PIXELS_MAX: u32 = 320;

/// The JPEG of a photo, opened where it is kept; `None` where it isn't there.
pub type Album = Arc<dyn Fn(&PhotoHash) -> Option<Vec<u8>> + Send + Sync>;

/// A photo at a size, in pixels.
type Face = (PhotoHash, u32);
type Pixels = SharedPixelBuffer<Rgba8Pixel>;

/// What the window keeps of photos.
pub struct Faces {
    window: Weak<AppWindow>,
    wishes: Sender<Face>,
    found: Receiver<(Face, Option<Pixels>)>,
    kept: RefCell<Kept>,
}

#[derive(Default)]
struct Kept {
    faces: HashMap<Face, Known>,
    /// Faces by when they were last looked at.
    by_use: BTreeMap<u64, Face>,
    uses: u64,
    /// What they take, or will.
    bytes: usize,
}

struct Known {
    /// `None`: it was asked for.
    image: Option<Image>,
    used: u64,
}

impl Kept {
    /// The image of a face; `None` where it is still to be asked for, which this remembers.
    fn look(&mut self, face: Face) -> Option<Image> {
        self.uses += 1;
        let used = self.uses;
        if let Some(known) = self.faces.get_mut(&face) {
            self.by_use.remove(&std::mem::replace(&mut known.used, used));
            self.by_use.insert(used, face);
            return Some(known.image.clone().unwrap_or_default());
        }
        self.faces.insert(face, Known { image: None, used });
        self.by_use.insert(used, face);
        self.bytes += bytes_of(face);
        while self.bytes > FACES_BYTES_MAX
            && let Some((_, oldest)) = self.by_use.pop_first()
        {
            self.faces.remove(&oldest);
            self.bytes -= bytes_of(oldest);
        }
        None
    }
}

/// Four bytes a pixel.
fn bytes_of((_, pixels): Face) -> usize {
    usize::try_from(pixels * pixels * 4).unwrap_or(usize::MAX)
}

/// Joins the window to an album. `found` is called on the album's thread for each picture that is ready.
///
/// # Errors
/// A thread that can't start.
pub fn connect(window: &AppWindow, album: Album, found: impl Fn() + Send + 'static) -> std::io::Result<Rc<Faces>> {
    let ((wishes, asked), (ready, read)) = (channel(), channel());
    let tell = move |face: Face, pixels: Option<Pixels>| {
        let told = ready.send((face, pixels)).is_ok();
        found();
        told
    };
    std::thread::Builder::new().name("photos".into()).spawn(move || serve(&album, &asked, &tell))?;
    let faces = Rc::new(Faces { window: window.as_weak(), wishes, found: read, kept: RefCell::default() });
    let adapter = window.global::<FaceAdapter>();
    let of = faces.clone();
    adapter.on_picture(move |photo, pixels, _| of.picture(&photo, pixels));
    let of = faces.clone();
    adapter.on_settle(move || of.settle());
    let of = faces.clone();
    adapter.on_forget(move || of.forget());
    Ok(faces)
}

/// How a photo's hash crosses the border to the window; empty without one.
pub(crate) fn name(photo: Option<&PhotoHash>) -> slint::SharedString {
    photo.map(|hash| HEXLOWER.encode(hash)).unwrap_or_default().into()
}

impl Faces {
    fn picture(&self, photo: &str, pixels: i32) -> Image {
        let hash = HEXLOWER.decode(photo.as_bytes()).ok().and_then(|bytes| PhotoHash::try_from(bytes).ok());
        let pixels = u32::try_from(pixels).ok().filter(|pixels| (1..=PIXELS_MAX).contains(pixels));
        let Some(face) = hash.zip(pixels) else { return Image::default() };
        let known = self.kept.borrow_mut().look(face);
        known.unwrap_or_else(|| {
            if self.wishes.send(face).is_err() {
                tracing::error!("nobody opens photos any more");
            }
            Image::default()
        })
    }

    /// Takes up what the thread has found.
    pub fn settle(&self) {
        let found: Vec<_> = self.found.try_iter().collect();
        let moved = found.into_iter().filter(|(face, pixels)| self.take_up(face, pixels.as_ref())).count();
        if moved > 0 {
            self.look_again();
        }
    }

    /// What is no longer wished for, or was forgotten meanwhile, is let go.
    fn take_up(&self, face: &Face, pixels: Option<&Pixels>) -> bool {
        let mut kept = self.kept.borrow_mut();
        let Some((known, pixels)) = kept.faces.get_mut(face).zip(pixels) else { return false };
        known.image = Some(Image::from_rgba8_premultiplied(pixels.clone()));
        true
    }

    /// Waits for every face that was asked for, where all of them are in the album: for pictures of the window.
    pub fn settle_all(&self) {
        let lacks = || self.kept.borrow().faces.values().any(|known| known.image.is_none());
        while lacks()
            && let Ok((face, pixels)) = self.found.recv_timeout(LOOK_AGAIN)
        {
            self.take_up(&face, pixels.as_ref());
        }
        self.look_again();
    }

    /// Lets go of every picture.
    pub fn forget(&self) {
        if !self.kept.borrow().faces.is_empty() {
            *self.kept.borrow_mut() = Kept::default();
            self.look_again();
        }
    }

    /// Makes every face in sight ask anew.
    fn look_again(&self) {
        if let Some(window) = self.window.upgrade() {
            let adapter = window.global::<FaceAdapter>();
            adapter.set_round(adapter.get_round().wrapping_add(1));
        }
    }

    /// How many pictures are kept: for tests.
    #[must_use]
    pub fn count(&self) -> usize {
        self.kept.borrow().faces.values().filter(|known| known.image.is_some()).count()
    }
}

/// Answers wishes, newest first: who scrolls is looking at the last ones. A photo that isn't there is looked for again, and again.
fn serve(album: &Album, asked: &Receiver<Face>, tell: &dyn Fn(Face, Option<Pixels>) -> bool) {
    let (mut waiting, mut lacking): (Vec<Face>, Vec<Face>) = (Vec::new(), Vec::new());
    loop {
        waiting.extend(asked.try_iter());
        let Some(face) = waiting.pop() else {
            let next =
                if lacking.is_empty() { asked.recv().map_err(|_| RecvTimeoutError::Disconnected) } else { asked.recv_timeout(LOOK_AGAIN) };
            match next {
                Ok(face) => waiting.push(face),
                Err(RecvTimeoutError::Timeout) => waiting.append(&mut lacking),
                Err(RecvTimeoutError::Disconnected) => return,
            }
            continue;
        };
        match album(&face.0) {
            None => {
                lacking.push(face);
                let more = lacking.len().saturating_sub(LACKING_MAX);
                lacking.drain(..more);
            }
            Some(jpeg) => {
                let pixels = decode::round(&jpeg, face.1);
                if pixels.is_none() {
                    tracing::warn!("a photo isn't a picture that this version reads");
                }
                if !tell(face, pixels) {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(number: u16) -> Face {
        let mut hash = [0; 32];
        hash[..2].copy_from_slice(&number.to_be_bytes());
        (hash, 64)
    }

    #[test]
    fn no_more_faces_are_kept_than_fit_and_those_looked_at_last_stay() {
        let mut kept = Kept::default();
        let fit = FACES_BYTES_MAX / bytes_of(face(0));
        assert!(fit > 900, "a board of 300, its adults, and those of yesterday: {fit}");
        let most = u16::try_from(fit).unwrap();
        for number in 0..most {
            assert!(kept.look(face(number)).is_none(), "asked for once");
        }
        assert!(kept.look(face(0)).is_some(), "and once only");
        kept.look(face(most));
        assert_eq!((kept.faces.len(), kept.by_use.len()), (fit, fit));
        assert!(kept.faces.contains_key(&face(0)) && !kept.faces.contains_key(&face(1)));
    }

    #[test]
    fn a_photo_that_is_not_there_is_looked_for_again_and_the_last_wish_comes_first() {
        let here = std::sync::Mutex::new(Vec::new());
        let ((wishes, asked), (seen, told)) = (channel(), channel());
        let album: Album = Arc::new(move |hash| {
            let mut tries = here.lock().unwrap();
            tries.push(*hash);
            // The first look finds nothing.
            (tries.iter().filter(|tried| *tried == hash).count() > 1).then(|| b"no picture".to_vec())
        });
        wishes.send(face(1)).unwrap();
        wishes.send(face(2)).unwrap();
        let thread = std::thread::spawn(move || serve(&album, &asked, &|face, pixels| seen.send((face, pixels.is_none())).is_ok()));
        let answers: Vec<_> = (0..2).map(|_| told.recv_timeout(Duration::from_secs(20)).unwrap()).collect();
        assert_eq!(answers, [(face(1), true), (face(2), true)], "found at the second look, and none is a picture");
        drop(wishes);
        thread.join().unwrap();
    }
}
