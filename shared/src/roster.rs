//! The roster: what a tablet knows of its site, and no more than its site.
//!
//! It travels as [`Item`]s, each with a stable [`Key`]: a change replaces the
//! item of a key, or forgets it. Fields are only added; a tablet ignores what
//! it doesn't know.

use crate::calendar::{DayKind, SchoolHoliday, Weekdays};
use crate::id::{
    ActivityId, BadgeId, BookingId, CentreId, ChildId, ClassId, DeviceId, GroupId, HouseholdId, OrganisationId, PersonId, SiteId, StaffId,
};
use crate::ratio::StaffingRule;
use crate::wire::Bytes;
use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

mod en_route;
pub use en_route::{EnRoute, OtherCentre};

/// How an activity is recorded (`pointage` in files).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Recording {
    /// Arrival and departure: crèche, ALSH.
    Heures,
    /// Arrival; the end is the activity's: morning care.
    Arrivee,
    /// Departure; the start is the activity's: evening care.
    Depart,
    /// Present or not, no time: canteen, TAP.
    Appel,
}

impl Recording {
    /// Whether a forgotten check-out is to be asked for.
    #[must_use]
    pub fn needs_departure(self) -> bool {
        matches!(self, Self::Heures | Self::Depart)
    }
}

/// Which days an activity opens on (`periode` in files).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Days with school.
    Scolaire,
    /// Wednesdays of term.
    Mercredi,
    /// Weekdays of school holidays.
    Vacances,
    /// Any day that isn't a public holiday.
    #[default]
    Toujours,
}

impl Period {
    /// Whether a day of a kind is one of the period. A public holiday never is; a Saturday or a Sunday only where the period is
    /// [`Period::Toujours`] and the activity's weekdays say so.
    #[must_use]
    pub fn fits(self, kind: DayKind, public_holiday: bool) -> bool {
        match self {
            _ if public_holiday => false,
            Self::Scolaire => kind == DayKind::Scolaire,
            Self::Mercredi => kind == DayKind::Mercredi,
            Self::Vacances => kind == DayKind::Vacances,
            Self::Toujours => true,
        }
    }
}

/// Whether a booking is needed (`reservation` in files).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BookingRule {
    /// A presence without booking is a problem.
    Obligatoire,
    /// A booking may be made.
    Facultative,
    /// There are none.
    #[default]
    Aucune,
}

/// The building.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// "École Vauban".
    pub name: String,
    /// Days without school of its zone, for as long as the calendar knows.
    pub holidays: Vec<SchoolHoliday>,
}

/// A lieu of the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Centre {
    /// Its id.
    pub id: CentreId,
    /// `code` in files.
    pub code: String,
    /// The tenant.
    pub organisation: OrganisationId,
    /// "Les Coccinelles".
    pub name: String,
    /// `eaje`, `alsh`, `periscolaire`, `cantine`.
    pub kind: String,
    /// Opening time of the day.
    pub opens: Option<NaiveTime>,
    /// Closing time of the day.
    pub closes: Option<NaiveTime>,
    /// Days that it is closed on, first and last.
    pub closures: Vec<(NaiveDate, NaiveDate)>,
    /// How many adults the law wants there; none is known to a server of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staffing: Option<StaffingRule>,
    /// Places, for the rules that depend on them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<u32>,
}

/// A group of a lieu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// The lieu.
    pub centre: CentreId,
    /// "Petits".
    pub name: String,
}

/// A class of a school on the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Class {
    /// Its id.
    pub id: ClassId,
    /// "CE1 de Mme Roche".
    pub name: String,
    /// "CE1".
    pub level: String,
}

/// A moment that the board can show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Activity {
    /// Its id.
    pub id: ActivityId,
    /// `code` in files.
    pub code: String,
    /// The lieu.
    pub centre: CentreId,
    /// "Accueil du soir".
    pub name: String,
    /// How it is recorded.
    pub recording: Recording,
    /// Whether a booking is needed.
    pub booking: BookingRule,
    /// Days of the week.
    pub weekdays: Weekdays,
    /// Days of the year.
    pub period: Period,
    /// Start of its window.
    pub starts: Option<NaiveTime>,
    /// End of its window.
    pub ends: Option<NaiveTime>,
}

/// A child that may come to the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Child {
    /// Its id.
    pub id: ChildId,
    /// `code` in files.
    pub code: String,
    /// "Léa".
    pub first_name: String,
    /// "Martin".
    pub last_name: String,
    /// For staff ratios.
    pub birth_date: NaiveDate,
    /// Households, for brothers and sisters and for their badges.
    pub households: Vec<HouseholdId>,
    /// Groups, classes and activities, dated.
    pub groups: Vec<Dated<GroupId>>,
    /// Class, dated.
    pub classes: Vec<Dated<ClassId>>,
    /// Activities that the child may attend, dated.
    pub enrolments: Vec<Dated<ActivityId>>,
    /// Whether there are care instructions; what they are travels apart.
    pub care: bool,
    /// The letter of the menu that the child eats, never why; empty where none was told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub menu: String,
    /// "Part seul dès 17:00".
    pub alone_from: Option<NaiveTime>,
    /// On which days.
    pub alone_days: Weekdays,
    /// SHA-256 of the photo (32 bytes), asked for apart; only with the parents' dated consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<Bytes>,
    /// First steps: in a crèche, the staff ratio changes with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub walks_since: Option<NaiveDate>,
}

/// Something that holds from a day to a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Dated<T> {
    /// What.
    pub what: T,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
}

impl<T: Copy> Dated<T> {
    /// Whether it holds on a day.
    #[must_use]
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|d| d <= day) && self.to.is_none_or(|d| day <= d)
    }
}

/// An adult and one child: may take, must never take, or only under conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Adult {
    /// Who.
    pub person: PersonId,
    /// Which child.
    pub child: ChildId,
    /// "Odette".
    pub first_name: String,
    /// "Morin".
    pub last_name: String,
    /// "grand-mère".
    pub link: String,
    /// What holds.
    pub status: AdultStatus,
    /// Days on which it holds; empty stands for all.
    pub weekdays: Weekdays,
    /// Not before.
    pub not_before: Option<NaiveTime>,
    /// An identity card must be shown.
    pub identity_check: bool,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
    /// Order in which to call and to show, lowest first.
    pub rank: u32,
    /// To call in an emergency. Empty where it is confidential.
    pub telephone: String,
    /// SHA-256 of the photo (32 bytes), asked for apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<Bytes>,
}

/// What to know and whom to call when something happens to a child: the care card of "Urgence".
///
/// Apart from the [`Child`], which says no more than that there is something to know: this alone is about health, so that it is sealed
/// where it rests, and read where somebody asked for it by name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Care {
    /// Whose.
    pub child: ChildId,
    /// As the family wrote them. Empty: none was told.
    pub allergies: String,
    /// What to do, as the care plan (PAI) tells the staff. Empty: there is none.
    pub plan: String,
    /// Whom to call, in this order: those who answer for the child, then the others who may take it. Never a barred adult.
    pub contacts: Vec<Contact>,
}

/// Somebody to call about a child.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Contact {
    /// "Claire Martin".
    pub name: String,
    /// "mère".
    pub link: String,
    /// As it was given. Empty where it is confidential, or nobody gave one.
    pub telephone: String,
}

/// Nothing of a child's health, and no number, in a log.
impl std::fmt::Debug for Care {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Care").field("child", &self.child).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contact")
    }
}

/// Whether an adult may take a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AdultStatus {
    /// May.
    Authorised,
    /// May, under the conditions shown.
    Restricted,
    /// Must never. Never listed.
    Barred,
}

/// A card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Badge {
    /// Its id.
    pub id: BadgeId,
    /// Card number in upper-case hexadecimal, as readers give it.
    pub uid: String,
    /// Whose.
    pub holder: BadgeHolder,
}

/// Whose card it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum BadgeHolder {
    /// All children of a household.
    Household(HouseholdId),
    /// The children whom this adult may take.
    Person(PersonId),
    /// A member of staff.
    Staff(StaffId),
}

/// A planned presence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Booking {
    /// Its id.
    pub id: BookingId,
    /// Who.
    pub child: ChildId,
    /// For what.
    pub activity: ActivityId,
    /// When.
    pub day: NaiveDate,
    /// Reserved from.
    pub starts: Option<NaiveTime>,
    /// Reserved to.
    pub ends: Option<NaiveTime>,
    /// The child is awaited; `false`: announced absent.
    pub expected: bool,
}

/// A member of staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Staff {
    /// Their id.
    pub id: StaffId,
    /// `code` in files.
    #[serde(default)]
    pub code: String,
    /// The lieu.
    pub centre: CentreId,
    /// "Nadia".
    pub first_name: String,
    /// "Roche".
    pub last_name: String,
    /// May sign the day.
    pub director: bool,
    /// Counts in the ratio.
    pub counted: bool,
}

/// The code by which a member of staff says who they are at a tablet. Told apart from the [`Staff`], since it is sealed where it rests.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct StaffPin {
    /// Whose.
    pub staff: StaffId,
    /// Argon2id, as a PHC string. The code itself travels nowhere.
    pub hash: String,
}

/// Four digits are soon found from their hash: not in a log either.
impl std::fmt::Debug for StaffPin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StaffPin").field("staff", &self.staff).finish_non_exhaustive()
    }
}

/// The code by which an adult says who they are at a tablet of families. Sealed where it rests, like [`StaffPin`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DoorCode {
    /// Whose.
    pub person: PersonId,
    /// Last four digits of their telephone: they are typed first, since no name is shown there.
    pub telephone_end: String,
    /// Argon2id, as a PHC string. The code itself travels nowhere.
    pub hash: String,
}

/// As of [`StaffPin`].
impl std::fmt::Debug for DoorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DoorCode").field("person", &self.person).finish_non_exhaustive()
    }
}

/// What a family tells the team about one day: "Mamie vient à 17 h". Sealed where it rests, and gone with its day.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FamilyNote {
    /// About whom.
    pub child: ChildId,
    /// Of which day.
    pub day: NaiveDate,
    /// Who wrote it.
    pub person: PersonId,
    /// "Claire Martin".
    pub author: String,
    /// As it was written, in at most [`NOTE_LETTERS_MAX`] letters.
    pub text: String,
}

/// Most letters of a [`FamilyNote`]: what is read at a glance, with a child on the arm.
pub const NOTE_LETTERS_MAX: usize = 300;

/// A family's words are in no log.
impl std::fmt::Debug for FamilyNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FamilyNote").field("child", &self.child).field("day", &self.day).finish_non_exhaustive()
    }
}

/// A device of the site: by its key a tablet believes what another one brings of it, where the server can't be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Ed25519, 32 bytes.
    pub key: Bytes,
    /// The server's own: it alone observes clocks.
    pub server: bool,
    /// What the server hasn't told of it counts for nothing.
    pub revoked: bool,
}

/// One thing that a tablet knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "type", content = "item")]
pub enum Item {
    /// The building.
    Site(Site),
    /// A lieu.
    Centre(Centre),
    /// A group.
    Group(Group),
    /// A class.
    Class(Class),
    /// An activity.
    Activity(Activity),
    /// A child.
    Child(Child),
    /// An adult and a child.
    Adult(Adult),
    /// A card.
    Badge(Badge),
    /// A planned presence.
    Booking(Booking),
    /// A member of staff.
    Staff(Staff),
    /// A device of the site.
    Device(Device),
    /// What to know and whom to call when something happens to a child.
    Care(Care),
    /// The code of a member of staff.
    Pin(StaffPin),
    /// The code of an adult.
    DoorCode(DoorCode),
    /// A lieu of another site.
    OtherCentre(OtherCentre),
    /// A child on its way to this site.
    EnRoute(EnRoute),
    /// What a family tells the team.
    Note(FamilyNote),
}

/// The stable name of an item: its type and ids. What is replaced or forgotten.
pub type Key = String;

/// The key of a child's care card.
#[must_use]
pub fn care_key(child: ChildId) -> Key {
    format!("care:{child}")
}

/// The key of an adult's code.
#[must_use]
pub fn door_code_key(person: PersonId) -> Key {
    format!("code:{person}")
}

/// What the keys of a child's notes of a day begin with.
#[must_use]
pub fn note_keys(child: ChildId, day: NaiveDate) -> Key {
    format!("note:{day}:{child}:")
}

/// The key of a member of staff's code.
#[must_use]
pub fn pin_key(staff: StaffId) -> Key {
    format!("pin:{staff}")
}

impl Item {
    /// The key of the item, such as `child:0199…`.
    #[must_use]
    pub fn key(&self) -> Key {
        match self {
            Self::Site(i) => format!("site:{}", i.id),
            Self::Centre(i) => format!("centre:{}", i.id),
            Self::Group(i) => format!("group:{}", i.id),
            Self::Class(i) => format!("class:{}", i.id),
            Self::Activity(i) => format!("activity:{}", i.id),
            Self::Child(i) => format!("child:{}", i.id),
            Self::Adult(i) => format!("adult:{}:{}", i.child, i.person),
            Self::Badge(i) => format!("badge:{}", i.id),
            Self::Booking(i) => format!("booking:{}", i.id),
            Self::Staff(i) => format!("staff:{}", i.id),
            Self::Device(i) => format!("device:{}", i.id),
            Self::Care(i) => care_key(i.child),
            Self::Pin(i) => pin_key(i.staff),
            Self::DoorCode(i) => door_code_key(i.person),
            Self::OtherCentre(i) => format!("other_centre:{}", i.id),
            Self::EnRoute(i) => format!("en_route:{}", i.child),
            Self::Note(i) => format!("{}{}", note_keys(i.child, i.day), i.person),
        }
    }

    /// The order in which a first sync sends items: barred adults before anything else about a child, care cards, what a door needs to
    /// open, then the rest.
    #[must_use]
    pub fn urgency(&self) -> u8 {
        match self {
            Self::Adult(Adult { status: AdultStatus::Barred, .. }) | Self::Device(Device { revoked: true, .. }) => 0,
            Self::Care(_) => 1,
            Self::Device(_) | Self::Site(_) | Self::Centre(_) | Self::Group(_) | Self::Class(_) | Self::Activity(_) => 2,
            Self::Child(_) | Self::EnRoute(_) => 3,
            Self::Adult(_) | Self::Badge(_) | Self::Staff(_) | Self::Pin(_) | Self::DoorCode(_) => 4,
            Self::Booking(_) | Self::OtherCentre(_) | Self::Note(_) => 5,
        }
    }

    /// The hash of the photo that the item shows.
    #[must_use]
    pub fn photo(&self) -> Option<[u8; 32]> {
        match self {
            Self::Child(Child { photo: Some(hash), .. }) | Self::Adult(Adult { photo: Some(hash), .. }) => hash.array(),
            _ => None,
        }
    }
}
