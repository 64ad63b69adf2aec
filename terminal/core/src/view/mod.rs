//! What a screen shows and what a person asks, in plain values: the border
//! between the controllers and the window. No Slint type on this side; no
//! rule of attendance on the other.
//!
//! The window sends an [`Act`], the door answers with a whole new [`Screen`].
//! A screen is small (300 tiles are some 60 KiB), so nothing is patched.

mod dialogs;
mod evacuation;
mod outing;
mod people;
mod spoken;
mod tablet;

pub use dialogs::{
    AdultCard, BarredDialog, CareDialog, CentreChoice, ChildDialog, Choice, ContactCard, Correction, DepartureDialog, Dialog, Eating,
    ElsewhereChoice, GroupChoice, HourChoice, HourPick, LateDeparture, MealRow, MealsDialog, MenuCount, NoteCard, PinDialog, RatioCard,
    SignDialog, StaffChoice, TeamDialog, TeamMember, TimeDialog, VisitorLine,
};

pub use evacuation::{EvacuationDialog, EvacuationHelp, EvacuationReason, EvacuationReport, ReportLine};
pub use outing::{OutingBar, OutingChoice, OutingDialog};
pub use people::{PeopleTab, PersonRow, PersonState};
pub use tablet::{DiagnosisPage, Finding, Look, ReaderPage, Setting, SettingsPage, TabletAct, TabletDialog, TabletPage, TabletPlace};

use chrono::NaiveTime;
use hardware::ReaderEvent;
use shared::id::{ActivityId, CentreId, ChildId, EntryId, GroupId, PersonId, StaffId};
use shared::journal::Someone;
use uuid::Uuid;

/// SHA-256 of a photo's JPEG: what the screen knows of it. The window asks for the picture by it.
pub type PhotoHash = [u8; 32];

/// Everything that the window paints.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Screen {
    /// Name of the lieu (or of the site, where it serves several): "Les Coccinelles".
    pub place: String,
    /// The moment and the day: "Mercredi journée · 14 octobre".
    pub moment: String,
    /// What the moment can be changed to, in one touch; the current one is `chosen`.
    pub moments: Vec<MomentChoice>,
    /// Wall clock: "8:27".
    pub clock: String,
    /// The state of the line, in words.
    pub sync: SyncBar,
    /// Filter by group, "Tous" first.
    pub groups: Vec<GroupTab>,
    /// What is typed in the search field.
    pub search: String,
    /// Children of the chosen group and search, in a fixed order by first name.
    pub tiles: Vec<Tile>,
    /// Figures of the whole lieu and moment, whatever the filter.
    pub counters: Counters,
    /// What has just been recorded, and can be undone.
    pub undo: Option<UndoBar>,
    /// A sentence to read and to close: an unknown badge, a full disk.
    pub notice: Option<Notice>,
    /// Whether a touch can't close the notice: a pinned alert waits for a named adult, an enrolment for a code.
    pub notice_stays: bool,
    /// The screen in front of the board, if any.
    pub dialog: Option<Dialog>,
    /// Whether the moment is recorded by roll call, by exception (`appel`).
    pub by_roll_call: bool,
    /// A family stands in front of the tablet, and sees this instead of the board.
    pub families: Option<Families>,
    /// Several children are being chosen; `None` where a touch records at once.
    pub several: Option<Several>,
    /// Whether there are meals on this day.
    pub has_meals: bool,
    /// Adults wanted and here.
    pub team: TeamBar,
    /// Whether the day of the lieu can be signed: its last moment is over, and every departure is known.
    pub may_sign: bool,
    /// "Évacuation en cours · 32 vus sur 34", where the board is in front of it.
    pub evacuation: Option<String>,
    /// Outings that are away.
    pub outings: Vec<OutingBar>,
    /// The tablet holds nothing of children any more: what the window kept of them goes too.
    pub forgets: bool,
    /// How the window is to look.
    pub look: Look,
    /// Nobody has touched the tablet for a while: figures, and no name.
    pub rests: bool,
    /// Staff left the program: the window ends.
    pub ends: bool,
}

/// A moment that the board can show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MomentChoice {
    /// The activity that it names.
    pub activity: ActivityId,
    /// "Accueil du matin · 7:30 – 8:30".
    pub label: String,
    /// Whether the board shows it now.
    pub chosen: bool,
}

/// The state of the line: words first, a tone to colour them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyncBar {
    /// "Sans réseau depuis 8 h 10 · 14 pointages gardés"; empty when there is nothing to say.
    pub text: String,
    /// How it is painted.
    pub tone: Tone,
    /// Entries that the server has not acknowledged.
    pub unsent: u32,
}

/// How serious a sentence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// All is well.
    #[default]
    Calm,
    /// Look at this.
    Amber,
    /// Grave.
    Red,
}

/// One filter above the tiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupTab {
    /// `None` is "Tous".
    pub group: Option<GroupId>,
    /// "Petits".
    pub name: String,
    /// Present now.
    pub present: u32,
    /// Expected in all (present, to come, gone).
    pub expected: u32,
    /// Whether the board shows it now.
    pub chosen: bool,
}

/// One child on the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Who.
    pub child: ChildId,
    /// "Léa".
    pub first_name: String,
    /// "M." at the door; the full name only where two would look the same.
    pub last_initial: String,
    /// "LM".
    pub initials: String,
    /// A number from 0 to 7 that stays with the child: the colour behind the initials.
    pub hue: u8,
    /// The photo, where there is one.
    pub photo: Option<PhotoHash>,
    /// State, as colour, shape and words.
    pub state: TileState,
    /// "8:26", "dès 9:00", "retard · 8:00", "absence", "départ 8:20".
    pub state_text: String,
    /// One neutral sign for care instructions; what they are stands in the room view.
    pub care: bool,
    /// The family wrote to the team about today; the child's sheet says what.
    pub note: bool,
    /// Ticked in a roll call, or chosen for a gesture on several.
    pub ticked: bool,
}

/// Where a child is in the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TileState {
    /// Expected later.
    Expected,
    /// Expected, and the hour has passed.
    Late,
    /// Here.
    Present,
    /// Left.
    Gone,
    /// Announced or noted as absent.
    Absent,
    /// Enrolled, not expected today; on the board when searched.
    Unexpected,
}

/// Figures of the bar at the bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Here now.
    pub present: u32,
    /// Expected in all today (present, to come, late, gone).
    pub expected: u32,
    /// Not seen yet (late ones included).
    pub to_come: u32,
    /// Of them, late.
    pub late: u32,
    /// Left.
    pub gone: u32,
    /// Absent.
    pub absent: u32,
}

/// What a family sees at a tablet of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Families {
    /// "Léa et Tom, arrivée 8:26": what has just been recorded.
    pub done: Option<String>,
    /// Whether a telephone and a code may stand for a card.
    pub codes: bool,
}

/// Children that are being chosen for one gesture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Several {
    /// "6 arrivent", "6 partent", "Touchez les enfants".
    pub text: String,
    /// How many.
    pub count: u32,
}

/// The chip of the staff ratio, which leads to the screen of the team.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TeamBar {
    /// Whether the site has a team to show at all.
    pub known: bool,
    /// Whether a rule holds for the children who are here.
    pub ruled: bool,
    /// "Il faut 4 adultes, vous êtes 4"; empty without a rule.
    pub text: String,
    /// "4 / 4", those here before those wanted; without a rule how many are here.
    pub short: String,
    /// Amber at the limit, red where one is missing.
    pub tone: Tone,
}

/// What can be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoBar {
    /// "Léa et Tom, arrivée 8:26".
    pub text: String,
    /// Seconds left.
    pub seconds_left: u32,
}

/// A sentence that a person reads and closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What happened and what to do.
    pub text: String,
    /// How serious.
    pub tone: Tone,
}

/// Which time of a child's day is put right, or filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corrects {
    /// The time of the day's last arrival.
    Arrival,
    /// The time of the day's last departure.
    Departure,
    /// An arrival that stands on the paper list alone.
    PaperArrival,
    /// A departure that stands on the paper list alone.
    PaperDeparture,
}

/// How a family let the team know that somebody who isn't on the list comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FamilyWord {
    /// The family called.
    Called,
    /// The team called the family.
    WasCalled,
    /// The family wrote it.
    Wrote,
}

/// Where a child goes who isn't taken by an adult of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// To school, with the team.
    School,
    /// To a club, whose name was typed; may be empty.
    Club(String),
    /// By bus to a lieu of another site.
    OtherCentre(CentreId),
    /// With the emergency services.
    Emergency,
}

/// What somebody is asked to say who they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PinFor {
    /// To be noted as here, and named on gestures.
    Team,
    /// Another adult takes a child: a member of staff answers for it.
    OtherAdult,
    /// The menu of the staff.
    Menu,
    /// The view of the room.
    Room,
    /// A family without its card, at a tablet of its own.
    Family,
}

/// A key of the pad of a code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PinKey {
    /// 0 to 9.
    Digit(u8),
    /// Takes the last one back.
    Erase,
    /// Another person.
    Back,
}

/// Not a digit in a log.
impl std::fmt::Debug for PinKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PinKey")
    }
}

/// What a person asks of the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A tile was touched: an expected child arrives, a present one is about to leave, else its dialog opens.
    Touch(ChildId),
    /// A tile was held: its dialog opens.
    Hold(ChildId),
    /// The number of a card, typed by a keyboard wedge, as it came.
    Badge(String),
    /// What a reader with a program of its own says: cards, and how it is.
    Reader(ReaderEvent),
    /// Tick or untick in the open dialog or roll call.
    Tick(ChildId),
    /// An adult is chosen in the departure dialog.
    Adult(PersonId),
    /// "Plusieurs": the next touches choose children, instead of recording; once more gives the choice up.
    Several,
    /// The main act of the open dialog; of the children that were chosen, where none is open.
    Confirm,
    /// "Part sans adulte".
    LeaveAlone,
    /// "Quelqu'un d'autre": the typed name, which is compared with barred adults first, and how the family said so.
    OtherAdult(String, FamilyWord),
    /// "Pièce d'identité vue", said or taken back.
    IdentitySeen,
    /// The child goes elsewhere than home: to school, to a club, by bus to another site, with the emergency services.
    Way(Way),
    /// The child spends the day in this group.
    MoveGroup(ChildId, GroupId),
    /// Noted as absent.
    Absent(ChildId),
    /// Arrives although absent, or not expected.
    Arrive(ChildId),
    /// The hour of a departure that nobody touched in time, or the right one of a correction; `None` is now.
    Hour(Option<NaiveTime>),
    /// Five minutes earlier than the chosen hour.
    Earlier,
    /// Five minutes later.
    Later,
    /// A member of staff is named: who hands the child over, who saw it leave, or who signs. It records.
    Staff(StaffId),
    /// A time of today is wrong, or stands on paper alone: its dialog opens.
    Correct(ChildId, Corrects),
    /// "Urgence": what to know of a child, and whom to call.
    Care(ChildId),
    /// "Repas": meals of the day by menu letter.
    Meals,
    /// A meal of that list was touched: it was not served, or was after all.
    Meal(ChildId),
    /// A finger on the open care card: somebody is still reading.
    StillReading,
    /// Who somebody is, by a code.
    AskPin(PinFor),
    /// A key of the pad.
    PinKey(PinKey),
    /// "Équipe": who of the adults is here.
    Team,
    /// A member of staff was touched there: comes, or goes.
    TeamTouch(StaffId),
    /// "+ visiteur": the typed name.
    Visitor(String),
    /// The visitor of this arrival was touched: goes.
    VisitorLeft(EntryId),
    /// "Signer la journée".
    SignDay,
    /// Close the dialog or the notice.
    Close,
    /// Undo what the bar shows.
    Undo,
    /// Another moment.
    Moment(ActivityId),
    /// Another group; `None` is "Tous".
    Group(Option<GroupId>),
    /// The search field changed.
    Search(String),
    /// A short touch of "Évacuation": how the roll call is opened; or the one that goes on.
    EvacuationAsked,
    /// A finger that stayed on "Évacuation": the roll call of everybody on the site.
    Evacuate,
    /// Somebody is seen in it, or ticked by mistake.
    Seen(Someone),
    /// Another group of it; empty is "Tous".
    EvacuationGroup(String),
    /// "Terminer": asks why.
    EndEvacuation,
    /// It is over, and why.
    EvacuationOver(EvacuationReason),
    /// The report of the evacuation that a roll call is part of.
    EvacuationReport(Uuid),
    /// Back to the board, or from the question to the list.
    LeaveEvacuation,
    /// "Sortie": who leaves?
    OutingAsked,
    /// An outing that is away: its list.
    OutingOpened(Uuid),
    /// Somebody of the open list is ticked or unticked.
    OutingPerson(Someone),
    /// Another group of those who may leave; empty is "Tous".
    OutingGroup(String),
    /// All of the open list are ticked, or none where all are.
    OutingAll,
    /// Those who are ticked leave, to where somebody said.
    OutingLeaves(String),
    /// "Valider le comptage": those who are ticked are there, the others missing.
    OutingCounted,
    /// "De retour": those who are ticked, or all where nobody is.
    OutingBack,
    /// "Valider la classe": present for those ticked, absence for the booked others.
    ValidateRollCall,
    /// About the tablet itself, not a child.
    Tablet(TabletAct),
}
