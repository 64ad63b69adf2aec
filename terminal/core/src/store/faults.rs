//! Named points of sealing, so that a test can cut the power exactly there.
//! So are the points at which a key moves into the machine's chip.

/// A point on the way from a touch to a green tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SealPoint {
    /// The entry has its id and its payload; nothing is signed.
    BeforeSign,
    /// The entry is signed, in memory only.
    AfterSign,
    /// SQLite is about to make the transaction durable.
    InsideCommit,
    /// The transaction is durable; the screen has not been painted.
    AfterCommit,
}

impl SealPoint {
    /// All points, in the order in which sealing passes them.
    pub const ALL: [Self; 4] = [Self::BeforeSign, Self::AfterSign, Self::InsideCommit, Self::AfterCommit];

    /// The name in files of actions and in tests.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeSign => "before_sign",
            Self::AfterSign => "after_sign",
            Self::InsideCommit => "inside_commit",
            Self::AfterCommit => "after_commit",
        }
    }

    /// The point of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|point| point.name() == name)
    }
}

/// What is told of each point that is passed.
pub trait FaultPoints: Send + Sync {
    /// Sealing is at this point. A fault may end the process here; nothing else.
    fn pass(&self, point: SealPoint);
    /// A key on its way into the chip is at this point.
    fn pass_key(&self, _point: KeyPoint) {}
}

/// A point on a key's way from its file into the machine's chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPoint {
    /// What the chip sealed is on disk, under no name that is read.
    Sealed,
    /// The sealed key stands in its place, and the file is still there.
    BesideItsFile,
    /// The file is gone.
    FileGone,
}

impl KeyPoint {
    /// All points, in the order in which a key passes them.
    pub const ALL: [Self; 3] = [Self::Sealed, Self::BesideItsFile, Self::FileGone];
}

/// Production: nothing happens.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFaults;

impl FaultPoints for NoFaults {
    fn pass(&self, _point: SealPoint) {}
}
