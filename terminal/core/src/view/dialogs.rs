//! The screens in front of the board, in plain values.

use super::{
    Corrects, EvacuationDialog, EvacuationHelp, EvacuationReport, OutingChoice, OutingDialog, PhotoHash, PinFor, TabletDialog, Tone,
};
use chrono::{NaiveDate, NaiveTime};
use shared::id::{CentreId, ChildId, EntryId, GroupId, PersonId, StaffId};

/// A screen in front of the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialog {
    /// Children of one household after a badge, ticked: who arrives?
    Arrival(Vec<Choice>),
    /// Who takes these children?
    Departure(DepartureDialog),
    /// What can be done with one child: absent, arrived earlier, left.
    Child(ChildDialog),
    /// Which is the right time?
    Time(TimeDialog),
    /// Who answers for the day sheet?
    Sign(SignDialog),
    /// A barred adult: fills the screen until acknowledged.
    Barred(BarredDialog),
    /// What to know of a child in danger, and whom to call.
    Care(CareDialog),
    /// What the kitchen cooks, and who ate.
    Meals(MealsDialog),
    /// Who of the adults is here?
    Team(TeamDialog),
    /// Who is it, by a code?
    Pin(PinDialog),
    /// A page about the tablet itself.
    Tablet(TabletDialog),
    /// Everybody on the site: who was seen, who is missing.
    Evacuation(EvacuationDialog),
    /// How the roll call is opened.
    EvacuationHelp(EvacuationHelp),
    /// What stays of one.
    EvacuationReport(EvacuationReport),
    /// Who leaves with an outing?
    OutingChoice(OutingChoice),
    /// An outing that is away: counted, or back.
    Outing(OutingDialog),
}

/// "Repas".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MealsDialog {
    /// "14 octobre · 34 repas, dont 1 avec des consignes de soin".
    pub subtitle: String,
    /// Figures by menu letter, in order.
    pub letters: Vec<MenuCount>,
    /// Who eats, by letter, then by first name.
    pub rows: Vec<MealRow>,
}

/// Meals of one menu letter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MenuCount {
    /// "A"; a dash where no letter was told.
    pub letter: String,
    /// Booked, or enrolled where no booking is needed; those who were called off since are among them.
    pub ordered: u32,
    /// To be cooked as things stand: absences taken off, children who came without a booking added.
    pub awaited: u32,
    /// Eaten.
    pub served: u32,
}

/// A child's meal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MealRow {
    /// Who.
    pub child: ChildId,
    /// "Léa M.": a meal list hangs on a wall.
    pub name: String,
    /// Colour behind the letter.
    pub hue: u8,
    /// The menu letter.
    pub letter: String,
    /// Whether there are care instructions.
    pub care: bool,
    /// Among the ordered ones.
    pub ordered: bool,
    /// Where the meal stands.
    pub eating: Eating,
}

/// Where a meal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eating {
    /// The child isn't there.
    Absent,
    /// To come.
    Awaited,
    /// The child was there, and nobody said that it didn't eat.
    Served,
    /// Somebody said that it didn't eat.
    NotServed,
}

/// A child to tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Who.
    pub child: ChildId,
    /// "Léa Martin".
    pub name: String,
    /// "LM".
    pub initials: String,
    /// Colour behind the initials.
    pub hue: u8,
    /// The photo, where there is one.
    pub photo: Option<PhotoHash>,
    /// Ticked.
    pub ticked: bool,
}

/// A group that a child may spend the day in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupChoice {
    /// Which.
    pub group: GroupId,
    /// "Petits".
    pub name: String,
    /// Where the child is today.
    pub chosen: bool,
}

/// "Départ de Léa Martin".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepartureDialog {
    /// The child that was touched.
    pub child: ChildId,
    /// "Léa Martin"; "12 enfants".
    pub name: String,
    /// "LM"; "12".
    pub initials: String,
    /// Colour behind the initials.
    pub hue: u8,
    /// The photo, where there is one.
    pub photo: Option<PhotoHash>,
    /// "Arrivée à 7:42 · il est 16:37 · qui vient la chercher ?" (without gender: "qui vient ?").
    pub subtitle: String,
    /// Those allowed today; never a barred one.
    pub adults: Vec<AdultCard>,
    /// Brothers and sisters here, who may leave too.
    pub siblings: Vec<Choice>,
    /// What the family wrote about today; nothing where a family answers by itself, or several leave.
    pub notes: Vec<NoteCard>,
    /// "Part sans adulte à partir de 17:00", where the parents said so.
    pub alone_hint: Option<String>,
    /// Whether leaving alone is allowed now.
    pub may_leave_alone: bool,
    /// How many leave, where they were chosen on the board; `None` for one child and its brothers and sisters.
    pub several: Option<u32>,
    /// A family answers by itself: adults of the list, and nothing else.
    pub by_family: bool,
    /// Whether the lieu sends children to school and to clubs: a crèche doesn't.
    pub to_school: bool,
    /// Lieux of other sites, to which a bus may take the child.
    pub other_centres: Vec<CentreChoice>,
    /// Where the child goes, once said, if no adult of the list takes it.
    pub elsewhere: Option<ElsewhereChoice>,
    /// Whether an identity card is to be seen: `Some(true)` once it was; `None` where none is asked.
    pub identity_seen: Option<bool>,
    /// "Léa et Tom partent", "Léa part avec Marc Petit".
    pub confirm: String,
    /// Whether somebody was chosen or named (and an hour, where one is asked), so that `confirm` means something.
    pub may_confirm: bool,
    /// Who may put their name to it: who hands the child to somebody who isn't on the list, or saw a departure in the past. Touching one
    /// records. Empty where no name is asked, somebody is named already, or the site has no list of staff.
    pub witnesses: Vec<StaffChoice>,
    /// Once the moment is over: when did they leave?
    pub late: Option<LateDeparture>,
}

/// A lieu of another site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CentreChoice {
    /// Which.
    pub centre: CentreId,
    /// "Les Coccinelles".
    pub name: String,
}

/// Where a child goes without an adult of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElsewhereChoice {
    /// With somebody whose name was typed.
    OtherAdult,
    /// Home, alone.
    Alone,
    /// To school, to a club, with the emergency services.
    Way,
}

/// A departure that nobody touched in time. The hour is somebody's word: none is proposed as chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateDeparture {
    /// Which hour.
    pub hours: HourPick,
}

/// Hours to choose from, large ones by quarters, and a chosen one to move by five minutes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HourPick {
    /// In order; "maintenant" last, where it makes sense.
    pub choices: Vec<HourChoice>,
    /// "18:15"; `None` until somebody chose.
    pub chosen: Option<String>,
    /// Whether five minutes earlier are possible.
    pub may_be_earlier: bool,
    /// Whether five minutes later are possible.
    pub may_be_later: bool,
}

/// One hour to touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourChoice {
    /// `None` is now.
    pub at: Option<NaiveTime>,
    /// "18:15", "maintenant".
    pub label: String,
    /// Chosen.
    pub chosen: bool,
}

/// A member of staff to name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffChoice {
    /// Who.
    pub staff: StaffId,
    /// "Nadia Roche".
    pub name: String,
    /// "NR".
    pub initials: String,
    /// Colour behind the initials.
    pub hue: u8,
}

/// A time that is put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeDialog {
    /// The child.
    pub child: ChildId,
    /// "Arrivée de Léa Martin".
    pub title: String,
    /// "LM".
    pub initials: String,
    /// Colour behind the initials.
    pub hue: u8,
    /// The photo, where there is one.
    pub photo: Option<PhotoHash>,
    /// "Heure enregistrée : 7:42 · quelle est la bonne ?".
    pub subtitle: String,
    /// Which hour.
    pub hours: HourPick,
    /// "Arrivée à 7:35".
    pub confirm: String,
    /// Whether another hour was chosen.
    pub may_confirm: bool,
}

/// "Signer la journée".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignDialog {
    /// "Les Coccinelles · 14 octobre · 18 enfants sur la feuille".
    pub subtitle: String,
    /// Who may sign.
    pub directors: Vec<StaffChoice>,
}

/// "Équipe".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamDialog {
    /// "École Vauban · 14 octobre".
    pub subtitle: String,
    /// What the law wants of the lieu on the board, where a rule holds.
    pub ratio: Option<RatioCard>,
    /// Everybody who works at the site; those of the lieu on the board first.
    pub members: Vec<TeamMember>,
    /// Whether anybody has a code.
    pub codes: bool,
    /// Visitors who are here.
    pub visitors: Vec<VisitorLine>,
}

/// A code is asked: first whose, then its digits. What is typed isn't here: how many stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinDialog {
    /// What for.
    pub purpose: PinFor,
    /// Those who have one; empty once somebody was chosen.
    pub people: Vec<StaffChoice>,
    /// Whose it is to be.
    pub chosen: Option<StaffChoice>,
    /// Of a family: the last digits of a telephone, as they are typed, four of them before the code.
    pub telephone: String,
    /// Digits that stand there.
    pub digits: u32,
    /// Whether there are enough.
    pub may_confirm: bool,
    /// "Code faux. Il reste 3 essais."; may be empty.
    pub said: String,
}

/// The staff ratio with its reckoning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatioCard {
    /// "Il faut 4 adultes, vous êtes 4".
    pub text: String,
    /// Amber at the limit, red where one is missing.
    pub tone: Tone,
    /// "11 enfants de moins de 6 ans : 2 adultes (1 pour 8)", and the article of the law at the end.
    pub lines: Vec<String>,
}

/// A member of staff, and where they stand today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamMember {
    /// Who.
    pub staff: StaffId,
    /// "Nadia Roche".
    pub name: String,
    /// "NR".
    pub initials: String,
    /// Colour behind the initials.
    pub hue: u8,
    /// Here now: a touch says that they go.
    pub here: bool,
    /// "depuis 7:12", "départ 12:30", "pas encore là".
    pub state: String,
    /// "direction · Les Coccinelles"; may be empty.
    pub detail: String,
}

/// A visitor who is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitorLine {
    /// The arrival.
    pub visit: EntryId,
    /// As it was typed.
    pub name: String,
    /// "depuis 9:04".
    pub state: String,
}

/// An adult who may take the child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdultCard {
    /// Who.
    pub person: PersonId,
    /// "Odette Morin".
    pub name: String,
    /// "OM".
    pub initials: String,
    /// Colour behind the initials.
    pub hue: u8,
    /// The photo, where there is one.
    pub photo: Option<PhotoHash>,
    /// "grand-mère".
    pub link: String,
    /// "mercredi · pièce d'identité", where there is a condition.
    pub condition: Option<String>,
    /// Chosen.
    pub chosen: bool,
}

/// What can be done with one child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildDialog {
    /// Who.
    pub child: ChildId,
    /// "Léa Martin".
    pub name: String,
    /// "LM".
    pub initials: String,
    /// Colour behind the initials.
    pub hue: u8,
    /// The photo, where there is one.
    pub photo: Option<PhotoHash>,
    /// "Attendue dès 8:30", "Absence annoncée".
    pub subtitle: String,
    /// What the family wrote about today.
    pub notes: Vec<NoteCard>,
    /// Whether an arrival makes sense.
    pub may_arrive: bool,
    /// Whether an absence can be noted.
    pub may_be_absent: bool,
    /// Groups of the lieu; empty where there is nothing to choose from.
    pub groups: Vec<GroupChoice>,
    /// Times of today that can be put right.
    pub corrections: Vec<Correction>,
}

/// What one of the family wrote to the team.
#[derive(Clone, PartialEq, Eq)]
pub struct NoteCard {
    /// "Claire Martin".
    pub author: String,
    /// As it was written.
    pub text: String,
}

/// A family's words are in no log.
impl std::fmt::Debug for NoteCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NoteCard")
    }
}

/// A time of today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Which.
    pub what: Corrects,
    /// "Corriger l'arrivée de 7:42".
    pub label: String,
}

/// The alert of security.md 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarredDialog {
    /// "L'enfant reste avec vous. Appelez la direction. En cas de danger : 17".
    pub text: String,
    /// The child that it is about.
    pub child_name: String,
}

/// The care card of security.md 2. In plain values but for the words around them, which the window says in its own language.
#[derive(Clone, PartialEq, Eq)]
pub struct CareDialog {
    /// Who.
    pub child: ChildId,
    /// "Léa Martin".
    pub name: String,
    /// "LM".
    pub initials: String,
    /// Colour behind the initials.
    pub hue: u8,
    /// The photo, where there is one.
    pub photo: Option<PhotoHash>,
    /// What the emergency services ask first.
    pub birth_date: NaiveDate,
    /// Whole years.
    pub age_years: u32,
    /// Empty: none is known.
    pub allergies: String,
    /// What to do, as the care plan says it; empty: there is none.
    pub plan: String,
    /// There are instructions, and this tablet hasn't been told them: "none" would be a lie.
    pub awaited: bool,
    /// Whom to call, in order.
    pub contacts: Vec<ContactCard>,
    /// Seconds until it closes by itself, once they are few.
    pub closes_in_s: Option<u32>,
}

/// Nothing of a child's health in a log.
impl std::fmt::Debug for CareDialog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CareDialog").field("child", &self.child).finish_non_exhaustive()
    }
}

/// Somebody to call.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactCard {
    /// "Claire Martin".
    pub name: String,
    /// "mère".
    pub link: String,
    /// "06 12 34 56 78"; empty where it isn't told to the tablet.
    pub telephone: String,
}

impl std::fmt::Debug for ContactCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ContactCard")
    }
}
