//! PC/SC readers, through pcscd: it says by itself when a card comes or goes, and takes readers in and out.

use crate::tell::Voice;
use data_encoding::HEXUPPER;
use hardware::presence::{Presence, Seen};
use hardware::said::Fault;
use pcsc::{Context, Disposition, Error, PNP_NOTIFICATION, Protocols, ReaderState, Scope, ShareMode, State};
use std::ffi::CStr;
use std::process::ExitCode;
use std::time::Duration;

/// Longest wait for news: the voice beats in between.
const WAIT: Duration = Duration::from_secs(1);
/// Asks a contactless reader for the card's number (PC/SC part 3, 3.2.2.1.3).
const GET_UID: [u8; 5] = [0xFF, 0xCA, 0x00, 0x00, 0x00];
const DONE: [u8; 2] = [0x90, 0x00];

/// Listens until the process ends.
pub fn run(name: Option<String>) -> ExitCode {
    let mut voice = Voice::new();
    let mut presence = Presence::default();
    loop {
        // What ended it is asked of the service itself: on the way down it says this and that.
        let error = Context::establish(Scope::User).map(|context| {
            listen(&context, name.as_deref().unwrap_or_default(), &mut presence, &mut voice);
        });
        match error {
            Ok(()) => voice.pause(WAIT / 10),
            Err(error) => {
                voice.fault(Fault::Missing, error);
                voice.pause(WAIT);
            }
        }
    }
}

/// The readers that pcscd knows.
pub fn names() -> Vec<String> {
    let readers = Context::establish(Scope::User).and_then(|context| context.list_readers_owned()).unwrap_or_default();
    readers.iter().map(|name| name.to_string_lossy().into_owned()).collect()
}

/// Listens to the readers whose name begins so, until the service answers otherwise.
fn listen(context: &Context, name: &str, presence: &mut Presence, voice: &mut Voice) {
    loop {
        let all = match context.list_readers_owned() {
            Ok(all) => all,
            Err(Error::NoReadersAvailable) => Vec::new(),
            Err(_) => return,
        };
        let readers: Vec<_> = all.into_iter().filter(|reader| reader.to_string_lossy().starts_with(name)).collect();
        if readers.is_empty() {
            voice.fault(Fault::Unplugged, "pcscd ne connaît aucun lecteur de ce nom");
        } else {
            voice.ready(&readers.iter().map(|reader| reader.to_string_lossy()).collect::<Vec<_>>().join(", "));
        }
        let mut states: Vec<ReaderState> = readers.into_iter().map(|reader| ReaderState::new(reader, State::UNAWARE)).collect();
        states.push(ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE));
        if follow(context, &mut states, presence, voice).is_err() {
            return;
        }
    }
}

/// Follows these readers until one of them goes or another one comes.
fn follow(context: &Context, states: &mut [ReaderState], presence: &mut Presence, voice: &mut Voice) -> Result<(), Error> {
    loop {
        match context.get_status_change(WAIT, states) {
            Ok(()) => {}
            Err(Error::Timeout) => {
                voice.beat();
                continue;
            }
            Err(error) => return Err(error),
        }
        let changed = |state: &ReaderState| state.event_state().contains(State::CHANGED);
        let (readers, plugs): (Vec<&ReaderState>, Vec<&ReaderState>) = states.iter().partition(|state| state.name() != PNP_NOTIFICATION());
        let of_another_list = plugs.iter().any(|plug| changed(plug) && plug.current_state() != State::UNAWARE)
            || readers.iter().any(|reader| reader.event_state().intersects(State::UNKNOWN | State::UNAVAILABLE));
        let there: Vec<&&ReaderState> = readers.iter().filter(|reader| reader.event_state().contains(State::PRESENT)).collect();
        // A card that was taken away and another laid there between two looks: the count moved by two.
        let swapped = there.iter().any(|reader| {
            reader.current_state().contains(State::PRESENT) && changed(reader) && count_of(reader.current_state()) != reader.event_count()
        });
        if (there.is_empty() || swapped)
            && let Some(said) = presence.gone()
        {
            voice.say(&said);
        }
        let seen = match there.as_slice() {
            [] => Seen::Nothing,
            [reader] => uid(context, reader.name()).map_or(Seen::Unread, Seen::One),
            _ => Seen::Several,
        };
        if let Some(said) = presence.sees(seen) {
            voice.say(&said);
        }
        voice.beat();
        if of_another_list {
            return Ok(());
        }
        states.iter_mut().for_each(ReaderState::sync_current_state);
    }
}

/// pcscd counts a reader's events in the upper half of its state.
fn count_of(state: State) -> u32 {
    u32::try_from(state.bits() >> 16).unwrap_or_default()
}

/// The number of the card on a reader; `None` where it went, or has none that it tells.
fn uid(context: &Context, reader: &CStr) -> Option<String> {
    let card = context.connect(reader, ShareMode::Shared, Protocols::ANY).ok()?;
    let mut answer = [0; 64];
    let uid = card.transmit(&GET_UID, &mut answer).ok().and_then(|answer| answer.strip_suffix(&DONE)).map(|uid| HEXUPPER.encode(uid));
    // Others may be talking to the card.
    let _ = card.disconnect(Disposition::LeaveCard);
    uid.filter(|uid| !uid.is_empty())
}
