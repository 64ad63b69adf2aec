//! The tablet of a simulated day: real controllers, real store, one line in
//! and one line out. It may die at any named point of sealing.

use super::{Action, Do, Looked, Play, Played, Tell};
use crate::clock::{Clock, Now, SystemClock, elapsed_us};
use crate::commands::CommandError;
use crate::door::{Corrects, Destination, Door};
use crate::store::{FaultPoints, LineState, SealPoint, Store, Tpm};
use crate::sync::http::Http;
use crate::sync::shell::Shell;
use crate::sync::transport::{Answer, LineFailure, Request, Transport};
use crate::view::{Act, Dialog, ElsewhereChoice, FamilyWord, PinFor, PinKey, Screen, TileState};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use shared::calendar::instant;
use shared::id::{ChildId, EntryId, GroupId, PersonId};
use shared::journal::{LeftTo, StoredEntry, VerifyingKey, verify};
use shared::name::folded;
use shared::roster::OtherCentre;
use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Dies where it was told to.
#[derive(Debug, Default)]
struct KillAt(AtomicU8);

impl KillAt {
    fn arm(&self, point: SealPoint) {
        let position = SealPoint::ALL.iter().position(|p| *p == point).unwrap_or(0);
        self.0.store(u8::try_from(position + 1).unwrap_or(1), Ordering::SeqCst);
    }
}

impl FaultPoints for KillAt {
    fn pass(&self, point: SealPoint) {
        let armed = usize::from(self.0.load(Ordering::SeqCst));
        if armed > 0 && SealPoint::ALL.get(armed - 1) == Some(&point) {
            // SIGKILL: no destructor, no flush, no word of good-bye, as when the battery falls out.
            let died = kill(Pid::this(), Signal::SIGKILL);
            tracing::error!(?died, "the process was told to die and did not");
        }
    }
}

/// A line that can be cut, and that may have no server at all.
struct Cuttable {
    http: Option<Http>,
    offline: Arc<Mutex<bool>>,
}

impl Transport for Cuttable {
    fn send(&mut self, request: &Request) -> Result<Answer, LineFailure> {
        let offline = *self.offline.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut self.http {
            Some(http) if !offline => http.send(request),
            _ => Err(LineFailure::NoNetwork),
        }
    }
}

struct Tablet {
    door: Door,
    shell: Shell<Cuttable>,
    kill: Arc<KillAt>,
    offline: Arc<Mutex<bool>>,
    /// The line lives in the machine's own time: a server compares clocks, and the file's times must stay as they are written. They are
    /// sealed under another start of the machine, so that no observation of this one moves them.
    line_clock: SystemClock,
}

/// Plays what the parent tells, until its input ends.
///
/// # Errors
/// A store that can't be opened, or a parent that went away.
pub fn run(dir: &Path, tpm: &Tpm, input: &mut dyn BufRead, output: &mut dyn Write) -> Result<(), CommandError> {
    let gone = |e: std::io::Error| CommandError::Unavailable(format!("Le programme qui dirige la simulation ne répond plus ({e})."));
    let kill = Arc::new(KillAt::default());
    let mut store = Some(Store::open_on(tpm, dir, Arc::clone(&kill) as Arc<dyn FaultPoints>)?);
    let mut tablet: Option<Tablet> = None;
    for line in input.lines() {
        let tell: Tell = serde_json::from_str(&line.map_err(gone)?).map_err(|e| CommandError::Usage(e.to_string()))?;
        let answer = match tell {
            Tell::Look => match (&store, &tablet) {
                (Some(store), _) => serde_json::to_string(&look(store)?),
                (None, Some(tablet)) => serde_json::to_string(&look(tablet.door.store())?),
                (None, None) => return Err(CommandError::Unavailable("Le journal n'est pas ouvert.".into())),
            },
            Tell::Play(play) => {
                // The first action says what day it is.
                if let Some(store) = store.take() {
                    tablet = Some(Tablet::open(store, now_of(&play), Arc::clone(&kill))?);
                }
                let Some(tablet) = tablet.as_mut() else { return Err(CommandError::Unavailable("Le journal n'est pas ouvert.".into())) };
                serde_json::to_string(&tablet.play(&play))
            }
        };
        writeln!(output, "{}", answer.map_err(|e| CommandError::Usage(e.to_string()))?).and_then(|()| output.flush()).map_err(gone)?;
    }
    Ok(())
}

fn now_of(play: &Play) -> Now {
    Now { wall_ms: play.wall_ms, boottime_ms: play.boottime_ms, boot: play.boot }
}

fn look(store: &Store) -> Result<Looked, CommandError> {
    let identity = store.journal.identity()?;
    let all = store.journal.all()?;
    let own = || all.iter().filter(|(_, author)| author.is_none()).map(|(sealed, _)| sealed);
    let keys = identity.iter().filter_map(|i| Some((i.device, VerifyingKey::from_bytes(&i.public_key).ok()?))).collect();
    let stored = own().map(|s| StoredEntry { envelope: &s.envelope, signature: &s.signature, private: s.private.as_ref() });
    let broken = verify(stored, &keys).first_break.map(|b| format!("{:?}", b.kind));
    let entries = own().filter_map(|s| s.decode_envelope().ok()).map(|e| e.entry_id).collect();
    Ok(Looked { enrolled: identity.is_some(), entries, broken })
}

impl Tablet {
    fn open(store: Store, now: Now, kill: Arc<KillAt>) -> Result<Self, CommandError> {
        let second = store.second()?;
        let identity = store.journal.identity()?.ok_or(crate::store::StoreError::NotEnrolled)?;
        let offline = Arc::new(Mutex::new(false));
        let http = Http::of(&identity, second.roster.observed()?).ok();
        let shell = Shell::new(second, Cuttable { http, offline: Arc::clone(&offline) }, 0)?;
        Ok(Self { door: Door::open(store, now)?, shell, kill, offline, line_clock: SystemClock::new()? })
    }

    fn play(&mut self, play: &Play) -> Played {
        let now = now_of(play);
        *self.offline.lock().unwrap_or_else(PoisonError::into_inner) = play.offline;
        if let Some(point) = play.die_at() {
            self.kill.arm(point);
        }
        self.door.act(now, Act::Close);
        if let Some(code) = play.action.moment.as_deref().or(play.action.activity.as_deref()) {
            match self.door.roster().activity_by_code(code) {
                Some(activity) => drop(self.door.act(now, Act::Moment(activity))),
                None => return self.refused(now, format!("Activité inconnue sur ce site : {code}")),
            }
        }
        let started = Instant::now();
        let outcome = match play.action.act {
            Do::Pin => self.types_code(now, play),
            _ => self.gesture(now, &play.action),
        };
        let durable_us = elapsed_us(started);
        let entries = self.door.last_recorded().to_vec();
        // As the sync thread does: at once after a gesture, unless the line is down; or because somebody asks.
        let round = self.shell.round(&|| self.line_clock.now(), matches!(play.action.act, Do::Sync | Do::Online));
        if let Some(line) = round.line {
            tracing::debug!(?line, verdicts = round.verdicts, changes = round.changes, "round");
        }
        match outcome {
            Ok(screen) => self.played(now, &screen, entries, durable_us),
            Err(refused) => self.refused(now, refused),
        }
    }

    fn played(&mut self, now: Now, screen: &Screen, entries: Vec<EntryId>, durable_us: u64) -> Played {
        let after = self.door.tick_clock(now);
        let dialog = screen.dialog.as_ref().map(|dialog| match dialog {
            Dialog::Arrival(_) => "arrival",
            Dialog::Departure(_) => "departure",
            Dialog::Child(_) => "child",
            Dialog::Time(_) => "time",
            Dialog::Sign(_) => "sign",
            Dialog::Barred(_) => "barred",
            Dialog::Care(_) => "care",
            Dialog::Meals(_) => "meals",
            Dialog::Team(_) => "team",
            Dialog::Pin(_) => "pin",
            Dialog::Tablet(_) => "tablet",
            Dialog::Evacuation(_) => "evacuation",
            Dialog::EvacuationHelp(_) => "evacuation_help",
            Dialog::OutingChoice(_) => "outing_choice",
            Dialog::Outing(_) => "outing",
            Dialog::EvacuationReport(_) => "evacuation_report",
        });
        Played {
            ok: true,
            durable_us: (!entries.is_empty()).then_some(durable_us),
            entries,
            notice: screen.notice.as_ref().map(|n| n.text.clone()),
            undo: screen.undo.as_ref().map(|u| u.text.clone()),
            dialog: dialog.map(str::to_owned),
            unsent: after.sync.unsent,
            line: self.line(),
        }
    }

    fn refused(&mut self, now: Now, why: String) -> Played {
        let unsent = self.door.tick_clock(now).sync.unsent;
        Played { ok: false, entries: vec![], notice: Some(why), undo: None, dialog: None, durable_us: None, unsent, line: self.line() }
    }

    fn line(&self) -> LineState {
        self.door.store().roster.line().map_or(LineState::Unknown, |l| l.state)
    }

    fn gesture(&mut self, now: Now, action: &Action) -> Result<Screen, String> {
        match action.act {
            Do::Badge => self.badge(now, action),
            Do::Arrive => {
                let child = self.child(action.child.as_deref())?;
                Ok(self.door.act(now, Act::Arrive(child)))
            }
            Do::Leave => self.leave(now, action),
            Do::Undo => Ok(self.door.act(now, Act::Undo)),
            Do::Absent => {
                let child = self.child(action.child.as_deref())?;
                Ok(self.door.act(now, Act::Absent(child)))
            }
            Do::Correct => {
                let child = self.child(action.child.as_deref())?;
                let what = if action.of.as_deref() == Some("arrival") { Corrects::Arrival } else { Corrects::Departure };
                self.door.correct(now, child, what, self.that_day_at(action)?);
                Ok(self.door.screen(now))
            }
            Do::RollCall => self.roll_call(now, action),
            Do::SignDay => {
                self.door.sign_day(now);
                Ok(self.door.screen(now))
            }
            // The line and the time are the parent's; the death waits for the next sealing; a code was typed before this.
            Do::Offline | Do::Online | Do::Sync | Do::Advance | Do::Kill | Do::Pin => {
                self.door.act(now, Act::Close);
                Ok(self.door.screen(now))
            }
        }
    }

    /// A member of staff says by a code who they are.
    fn types_code(&mut self, now: Now, play: &Play) -> Result<Screen, String> {
        let code = play.action.staff.as_deref().unwrap_or_default();
        let known = self.door.roster().staff_by_code(code);
        let staff = known.ok_or_else(|| format!("Membre de l'équipe inconnu sur ce site : {code}"))?;
        let typed = play.typed.as_ref().map_or("", |typed| typed.0.as_str());
        let digits: Option<Vec<u8>> = typed.chars().map(|c| c.to_digit(10).and_then(|digit| u8::try_from(digit).ok())).collect();
        let digits = digits.ok_or("« pin » : un code n'a que des chiffres")?;
        let asked = self.door.act(now, Act::AskPin(PinFor::Team));
        if !matches!(asked.dialog, Some(Dialog::Pin(_))) {
            return Err(asked.notice.map(|notice| notice.text).unwrap_or_default());
        }
        self.door.act(now, Act::Staff(staff));
        for digit in digits {
            self.door.act(now, Act::PinKey(PinKey::Digit(digit)));
        }
        let screen = self.door.act(now, Act::Confirm);
        match &screen.dialog {
            Some(Dialog::Pin(pin)) if pin.chosen.is_none() => Err("Cette personne n'a pas de code.".into()),
            Some(Dialog::Pin(pin)) if pin.said.is_empty() => Err("« pin » : un code a 4 à 6 chiffres".into()),
            Some(Dialog::Pin(pin)) => Err(pin.said.clone()),
            _ => Ok(screen),
        }
    }

    fn child(&self, code: Option<&str>) -> Result<ChildId, String> {
        let code = code.unwrap_or_default();
        self.door.roster().child_by_code(code).ok_or_else(|| format!("Enfant inconnu sur ce site : {code}"))
    }

    fn children(&self, codes: &[String]) -> Result<Vec<ChildId>, String> {
        codes.iter().map(|code| self.child(Some(code))).collect()
    }

    fn that_day_at(&self, action: &Action) -> Result<i64, String> {
        let time = action.time().ok_or("il manque « time »")?;
        Ok(instant(self.door.day(), time).timestamp_millis())
    }

    /// A card; where the screen proposes children, the person takes them all; where somebody is named, the departure is confirmed.
    fn badge(&mut self, now: Now, action: &Action) -> Result<Screen, String> {
        let screen = self.door.act(now, Act::Badge(action.uid.clone().unwrap_or_default()));
        match (&screen.dialog, &action.to) {
            (Some(Dialog::Arrival(choices)), _) => {
                for choice in choices.iter().filter(|c| !c.ticked) {
                    self.door.act(now, Act::Tick(choice.child));
                }
                Ok(self.door.act(now, Act::Confirm))
            }
            (Some(Dialog::Departure(dialog)), Some(to)) => {
                let child = dialog.child;
                self.taken_by(now, child, to)
            }
            _ => Ok(screen),
        }
    }

    fn leave(&mut self, now: Now, action: &Action) -> Result<Screen, String> {
        let child = self.child(action.child.as_deref())?;
        let with = self.children(&action.with)?;
        let to = action.to.clone().unwrap_or(Value::Null);
        if action.time.is_some() {
            let destination = self.destination(child, &to)?;
            self.door.declare_departure(now, child, self.that_day_at(action)?, &destination);
            return Ok(self.door.screen(now));
        }
        let mut screen = self.door.act(now, Act::Touch(child));
        if !matches!(screen.dialog, Some(Dialog::Departure(_))) {
            let here = screen.tiles.iter().find(|t| t.child == child).is_some_and(|t| t.state == TileState::Present);
            let why = if here { "touché deux fois de suite" } else { "aucune présence ouverte à ce moment" };
            self.door.act(now, Act::Close);
            return Err(format!("{} : {why}", action.child.as_deref().unwrap_or_default()));
        }
        if let Some(Dialog::Departure(dialog)) = &screen.dialog {
            for sibling in dialog.siblings.clone().into_iter().filter(|s| s.ticked != with.contains(&s.child)) {
                screen = self.door.act(now, Act::Tick(sibling.child));
            }
        }
        if matches!(screen.dialog, Some(Dialog::Barred(_))) { Ok(screen) } else { self.taken_by(now, child, &to) }
    }

    /// Fills the departure screen in as a person does, and confirms it. Where it asks the hour, the child leaves now: `time` says
    /// otherwise.
    fn taken_by(&mut self, now: Now, child: ChildId, to: &Value) -> Result<Screen, String> {
        self.door.act(now, Act::Hour(None));
        if let Some(name) = to.get("other").and_then(Value::as_str) {
            let screen = self.door.act(now, Act::OtherAdult(name.to_owned(), FamilyWord::Called));
            return Ok(self.handed_over(now, screen));
        }
        match self.destination(child, to)? {
            Destination { to: LeftTo::Person, person: Some(person), .. } => {
                let screen = self.door.act(now, Act::Adult(person));
                Ok(self.handed_over(now, screen))
            }
            Destination { to: LeftTo::Alone, .. } => {
                let screen = self.door.act(now, Act::LeaveAlone);
                let asks = matches!(&screen.dialog, Some(Dialog::Departure(d)) if d.elsewhere == Some(ElsewhereChoice::Alone));
                Ok(if asks { self.door.act(now, Act::Confirm) } else { screen })
            }
            elsewhere => {
                self.door.leave(now, &[child], &elsewhere);
                Ok(self.door.screen(now))
            }
        }
    }

    /// Says what the departure screen still asks of an adult: the identity card, then who hands the child over (the first of the list).
    fn handed_over(&mut self, now: Now, mut screen: Screen) -> Screen {
        if matches!(&screen.dialog, Some(Dialog::Departure(d)) if d.identity_seen == Some(false)) {
            screen = self.door.act(now, Act::IdentitySeen);
        }
        match &screen.dialog {
            Some(Dialog::Departure(dialog)) => {
                let act = dialog.witnesses.first().map_or(Act::Confirm, |witness| Act::Staff(witness.staff));
                self.door.act(now, act)
            }
            _ => screen,
        }
    }

    /// `{"person": "Odette Morin"}` (a name or an id), `{"kind": "alone"}` or `school`, `transfer` (with `lieu`, the name of one of another site),
    /// `club`, `emergency`, `other`; nothing: the first of the list.
    fn destination(&self, child: ChildId, to: &Value) -> Result<Destination, String> {
        let kind = to.get("kind").or(Some(to)).and_then(Value::as_str);
        match kind {
            Some("alone") => return Ok(Destination::of(LeftTo::Alone)),
            Some("school") => return Ok(Destination::of(LeftTo::School)),
            Some("transfer") => {
                let name = to.get("lieu").and_then(Value::as_str);
                let named = |other: &&OtherCentre| name.is_some_and(|name| folded(&other.name) == folded(name));
                let bound_for = self.door.roster().other_centres.iter().find(named).map(|other| other.id);
                return match (name, bound_for) {
                    (Some(name), None) => Err(format!("« to » : aucun autre lieu de ce nom ici : {name:?}")),
                    _ => Ok(Destination { bound_for, ..Destination::of(LeftTo::Transfer) }),
                };
            }
            Some("club") => return Ok(Destination::of(LeftTo::Club)),
            Some("emergency") => return Ok(Destination::of(LeftTo::Emergency)),
            Some("other") => return Ok(Destination::of(LeftTo::Other)),
            Some("person") | None => {}
            Some(unknown) => return Err(format!("« to » : {unknown:?} est inconnu")),
        }
        let roster = self.door.roster();
        let allowed = roster.allowed(child, self.door.day());
        let named = to.get("person").and_then(Value::as_str);
        let is_it = |person: PersonId, name: String| named.is_none_or(|n| n == person.to_string() || folded(n) == folded(&name));
        let listed = allowed.iter().find(|a| is_it(a.person, format!("{} {}", a.first_name, a.last_name))).map(|a| a.person);
        // A barred person who is named is let through to the screen, whose alert is what a simulation wants to see.
        let barred = || {
            roster
                .barred(child, self.door.day())
                .find(|a| named.is_some() && is_it(a.person, format!("{} {}", a.first_name, a.last_name)))
                .map(|a| a.person)
        };
        let person =
            listed.or_else(barred).ok_or_else(|| format!("Personne n'est autorisé sous ce nom : {}", named.unwrap_or("(liste vide)")))?;
        Ok(Destination { person: Some(person), ..Destination::of(LeftTo::Person) })
    }

    fn roll_call(&mut self, now: Now, action: &Action) -> Result<Screen, String> {
        let group = match action.class.as_deref().or(action.group.as_deref()) {
            None => None,
            Some(name) => Some(self.group(name)?),
        };
        let (absent, extra) = (self.children(&action.absent)?, self.children(&action.extra)?);
        self.door.act(now, Act::Group(group));
        absent.into_iter().for_each(|child| self.door.set_tick(child, false));
        extra.into_iter().for_each(|child| self.door.set_tick(child, true));
        Ok(self.door.act(now, Act::ValidateRollCall))
    }

    /// A class or group of a name, without accents and case.
    fn group(&self, name: &str) -> Result<GroupId, String> {
        let roster = self.door.roster();
        let groups = roster.groups.values().map(|g| (g.id, &g.name));
        let classes = roster.classes.values().map(|c| (GroupId(c.id.0), &c.name));
        let found = groups.chain(classes).find(|(_, n)| folded(n) == folded(name)).map(|(id, _)| id);
        found.ok_or_else(|| format!("Classe ou groupe inconnu sur ce site : {name}"))
    }
}
