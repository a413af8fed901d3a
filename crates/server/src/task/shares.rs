//! What is kept for callers: for a time, and within bounds that they share.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

/// Where something that is kept is found again; what came later has a greater one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(u64);

/// Things that are kept, each for the caller that owns it.
#[derive(Debug)]
pub(super) struct Shares<T> {
    by_owner: HashMap<Arc<str>, Share<T>>,
    next: u64,
    length: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Share<T> {
    /// The oldest first.
    things: BTreeMap<Place, Kept<T>>,
    bytes: usize,
}

/// One thing that is kept.
#[derive(Debug)]
pub(super) struct Kept<T> {
    pub(super) thing: T,
    pub(super) since: Instant,
    bytes: usize,
}

impl<T> Default for Shares<T> {
    fn default() -> Self {
        Self { by_owner: HashMap::new(), next: 0, length: 0, bytes: 0 }
    }
}

impl<T> Default for Share<T> {
    fn default() -> Self {
        Self { things: BTreeMap::new(), bytes: 0 }
    }
}

impl<T> Shares<T> {
    /// Keeps a thing that is `bytes` large. Those of one owner must come in the order of `since`.
    pub(super) fn keep(&mut self, owner: &Arc<str>, thing: T, since: Instant, bytes: usize) -> Place {
        let place = Place(self.next);
        self.next += 1;
        self.length += 1;
        self.bytes += bytes;
        let share = self.by_owner.entry(Arc::clone(owner)).or_default();
        share.bytes += bytes;
        share.things.insert(place, Kept { thing, since, bytes });
        place
    }

    /// Gives up what an owner has at a place.
    pub(super) fn remove(&mut self, owner: &str, place: Place) -> Option<Kept<T>> {
        let share = self.by_owner.get_mut(owner)?;
        let kept = share.things.remove(&place)?;
        share.bytes -= kept.bytes;
        if share.things.is_empty() {
            self.by_owner.remove(owner);
        }
        self.length -= 1;
        self.bytes -= kept.bytes;
        Some(kept)
    }

    /// Gives up one thing that has been kept for `time`, if there is one.
    pub(super) fn remove_old(&mut self, time: Duration) -> Option<Kept<T>> {
        let (owner, place) = self.by_owner.iter().find_map(|(owner, share)| {
            let (place, oldest) = share.things.first_key_value()?;
            (oldest.since.elapsed() >= time).then(|| (Arc::clone(owner), *place))
        })?;
        self.remove(&owner, place)
    }

    /// Gives up one thing if all are more than the bounds: the oldest of the caller that holds most, so that nobody
    /// loses anything to a caller that sends more.
    pub(super) fn remove_beyond(&mut self, length: usize, bytes: usize) -> Option<Kept<T>> {
        let is_too_large = self.bytes > bytes;
        if !is_too_large && self.length <= length {
            return None;
        }
        let held = |share: &Share<T>| if is_too_large { share.bytes } else { share.things.len() };
        let (owner, share) = self.by_owner.iter().max_by_key(|(_, share)| held(share))?;
        let (owner, place) = (Arc::clone(owner), *share.things.first_key_value()?.0);
        self.remove(&owner, place)
    }

    /// What has been kept for less than `age`.
    pub(super) fn younger(&self, age: Duration) -> impl Iterator<Item = &T> {
        self.by_owner.values().flat_map(move |share| {
            share.things.values().rev().take_while(move |kept| kept.since.elapsed() < age).map(|kept| &kept.thing)
        })
    }

    /// Bytes of all things.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many things there are.
    pub(super) fn length(&self) -> usize {
        self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_holds_most_loses_first() {
        let (ada, grace): (Arc<str>, Arc<str>) = ("ada".into(), "grace".into());
        let mut shares = Shares::default();
        shares.keep(&grace, "small", Instant::now(), 1);
        for thing in ["first", "second", "third"] {
            shares.keep(&ada, thing, Instant::now(), 10);
        }
        let mut lost = |length, bytes| shares.remove_beyond(length, bytes).map(|kept| kept.thing);
        assert_eq!([lost(10, 30), lost(10, 30)], [Some("first"), None]);
        assert_eq!([lost(2, 100), lost(2, 100)], [Some("second"), None]);
        assert_eq!((shares.length(), shares.bytes()), (2, 11));
    }

    #[test]
    fn what_is_given_up_gives_its_place_back() {
        let ada: Arc<str> = "ada".into();
        let mut shares = Shares::default();
        let place = shares.keep(&ada, "thing", Instant::now(), 10);
        assert!(shares.remove("grace", place).is_none());
        assert_eq!(shares.remove("ada", place).map(|kept| kept.thing), Some("thing"));
        assert!(shares.remove("ada", place).is_none() && shares.by_owner.is_empty());
        assert_eq!((shares.length(), shares.bytes()), (0, 0));
    }
}
