//! What fixes change in one place, counted once each.

use plimsoll_model::{Fix, FixEdit, FixTarget, ObjectRef};
use rustc_hash::FxHashSet;

use super::causes::FURTHER_CHANGE;

/// Something that is done once in a place, however many findings want it.
#[derive(PartialEq, Eq, Hash)]
enum Change<'a> {
    Edit(&'a FixEdit),
    Add(&'a ObjectRef),
    ByHand(&'a str),
}

/// The changes that a fix consists of.
fn changes(fix: &Fix) -> impl Iterator<Item = Change<'_>> {
    let whole = match &fix.target {
        FixTarget::New { object, .. } => Some(Change::Add(object)),
        _ if fix.edits.is_empty() => Some(Change::ByHand(&fix.summary)),
        _ => None,
    };
    whole.into_iter().chain(fix.edits.iter().map(Change::Edit))
}

/// Counts distinct changes. Most places see a few, some see thousands: few are
/// compared, many are hashed.
#[derive(Default)]
pub(super) struct Distinct<'a> {
    few: Vec<Change<'a>>,
    many: FxHashSet<Change<'a>>,
}

impl<'a> Distinct<'a> {
    const FEW: usize = 12;

    /// Adds the changes of a fix.
    pub(super) fn add(&mut self, fix: &'a Fix) {
        for change in changes(fix) {
            if self.few.contains(&change) {
                continue;
            }
            if self.few.len() < Self::FEW {
                self.few.push(change);
            } else {
                self.many.insert(change);
            }
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.few.len() + self.many.len()
    }

    /// Forgets them all.
    pub(super) fn clear(&mut self) {
        self.few.clear();
        if !self.many.is_empty() {
            // Not cleared: that takes time in proportion to its room.
            self.many = FxHashSet::default();
        }
    }
}

/// The effort of so many distinct changes in one place.
pub(super) fn effort(hardest: u32, changes: usize) -> u32 {
    let further = u32::try_from(changes.saturating_sub(1)).unwrap_or(u32::MAX);
    hardest
        .saturating_add(further.saturating_mul(FURTHER_CHANGE))
        .max(1)
}
