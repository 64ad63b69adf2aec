//! The thread behind the window: the door seals entries here, so that the
//! screen is painted while a slow disk commits.
//!
//! Acts are answered one by one, in order. A tile turns green because a
//! [`Screen`] came back, and it comes back after COMMIT. Nothing here panics
//! the tablet: a defect behind a touch is logged, said, and the door goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use terminal_core::view::{Act, Notice, Screen, Tone};
use terminal_core::words;

use crate::faces::Album;

/// The clock, the undo bar and the line are looked at this often.
const TICK: Duration = Duration::from_secs(1);

/// Who answers a touch: the controllers of `terminal_core`, or a preview.
pub trait Desk: Send {
    /// What a person asks; the answer is what they see next.
    fn act(&mut self, act: Act) -> Screen;
    /// Time has passed, or something came from the server.
    fn tick(&mut self) -> Screen;
    /// A defect kept it from answering a touch.
    fn failed(&mut self) {}
    /// Where photos are opened; none, unless a desk has some.
    fn album(&self) -> Album {
        Arc::new(|_| None)
    }
}

/// A screen, and whether nothing asked meanwhile is still to be answered: while a person types on, the field is theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What to paint.
    pub screen: Screen,
    /// Whether it answers all that was asked so far.
    pub is_last: bool,
}

/// The running thread. Dropping it lets the door finish what was asked, then ends it.
pub struct DoorThread {
    acts: Option<Sender<Act>>,
    asked: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

/// Asks the door; can be cloned freely.
#[derive(Clone)]
pub struct Asker {
    acts: Sender<Act>,
    asked: Arc<AtomicU64>,
}

impl Asker {
    /// Puts an act in the queue. Never waits.
    pub fn ask(&self, act: Act) {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.acts.send(act).is_err() {
            tracing::error!("the door no longer answers");
        }
    }
}

impl DoorThread {
    /// Starts the door. `paint` is called on its thread, for each new screen.
    pub fn start(desk: impl Desk + 'static, paint: impl Fn(Answer) + Send + 'static) -> std::io::Result<Self> {
        let (acts, queue) = channel();
        let asked = Arc::new(AtomicU64::new(0));
        let counted = asked.clone();
        let thread = std::thread::Builder::new().name("porte".into()).spawn(move || serve(desk, &queue, &counted, &paint))?;
        Ok(Self { acts: Some(acts), asked, thread: Some(thread) })
    }

    /// A way to ask.
    #[must_use]
    pub fn asker(&self) -> Option<Asker> {
        self.acts.as_ref().map(|acts| Asker { acts: acts.clone(), asked: self.asked.clone() })
    }
}

impl Drop for DoorThread {
    fn drop(&mut self) {
        self.acts = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the door's thread ended badly");
        }
    }
}

fn serve(mut desk: impl Desk, queue: &Receiver<Act>, asked: &AtomicU64, paint: &impl Fn(Answer)) {
    let mut shown: Option<Answer> = None;
    let mut answered = 0_u64;
    loop {
        let act = match queue.recv_timeout(TICK) {
            Ok(act) => Some(act),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        answered += u64::from(act.is_some());
        let asks = act.is_some();
        let last = shown.as_ref().map(|answer| &answer.screen);
        let screen = ask_safely(&mut desk, act, last);
        let answer = Answer { screen, is_last: answered == asked.load(Ordering::SeqCst) };
        // An act is always answered, so that a field is never left behind; a tick only if something changed.
        if asks || shown.as_ref() != Some(&answer) {
            paint(answer.clone());
            shown = Some(answer);
        }
    }
}

fn ask_safely(desk: &mut impl Desk, act: Option<Act>, last: Option<&Screen>) -> Screen {
    let was_asked = act.is_some();
    // A panic can't leave half an entry: sealing is one transaction, and an open one is rolled back.
    let answer = catch_unwind(AssertUnwindSafe(|| match act {
        Some(act) => desk.act(act),
        None => desk.tick(),
    }));
    answer.unwrap_or_else(|_| {
        tracing::error!("a defect behind the door; the last screen stays");
        let mut screen = last.cloned().unwrap_or_default();
        if was_asked {
            desk.failed();
            screen.notice = Some(Notice { text: words::not_done(), tone: Tone::Red });
        }
        screen
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    /// Counts what it is asked; fails where told.
    struct Counting {
        acts: usize,
    }

    impl Desk for Counting {
        fn act(&mut self, act: Act) -> Screen {
            assert_ne!(act, Act::Undo, "a defect on purpose");
            self.acts += 1;
            self.tick()
        }

        fn tick(&mut self) -> Screen {
            Screen { place: format!("{}", self.acts), ..Screen::default() }
        }
    }

    fn answers(acts: &[Act]) -> Vec<Answer> {
        let (painted, seen) = channel();
        let thread = DoorThread::start(Counting { acts: 0 }, move |answer| painted.send(answer).unwrap()).unwrap();
        let asker = thread.asker().unwrap();
        acts.iter().for_each(|act| asker.ask(act.clone()));
        let answers = acts.iter().map(|_| seen.recv_timeout(Duration::from_secs(10)).unwrap()).collect();
        drop(asker);
        drop(thread);
        answers
    }

    #[test]
    fn every_touch_is_answered_in_order() {
        let places: Vec<_> = answers(&[Act::Confirm, Act::Close, Act::Confirm]).into_iter().map(|answer| answer.screen.place).collect();
        assert_eq!(places, ["1", "2", "3"]);
    }

    #[test]
    fn the_last_answer_knows_that_it_is_the_last() {
        assert!(answers(&[Act::Confirm, Act::Close]).last().unwrap().is_last);
    }

    #[test]
    fn a_defect_behind_one_touch_does_not_close_the_door() {
        let answers = answers(&[Act::Confirm, Act::Undo, Act::Confirm]);
        assert_eq!(answers[1].screen.place, "1", "the last screen stays");
        assert_eq!(answers[1].screen.notice.as_ref().unwrap().tone, Tone::Red);
        assert_eq!(answers[2].screen.place, "2");
        assert_eq!(answers[2].screen.notice, None);
    }

    #[test]
    fn what_was_asked_before_closing_is_done() {
        struct Slow(Sender<Act>);
        impl Desk for Slow {
            fn act(&mut self, act: Act) -> Screen {
                self.0.send(act).unwrap();
                Screen::default()
            }
            fn tick(&mut self) -> Screen {
                Screen::default()
            }
        }
        let (done, seen) = channel();
        let thread = DoorThread::start(Slow(done), |_| ()).unwrap();
        let asker = thread.asker().unwrap();
        (0..50).for_each(|_| asker.ask(Act::Confirm));
        drop(asker);
        drop(thread);
        assert_eq!(seen.iter().count(), 50);
    }
}
