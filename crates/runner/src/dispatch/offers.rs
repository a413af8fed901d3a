//! Offers of one task type: what n8n may take up.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::identifier::new_identifier;

const VALIDITY: Duration = Duration::from_millis(5000);
/// Added by chance, so that the offers of many runners do not all end at once.
const LONGEST_ADDITION_MILLISECONDS: u64 = 500;
/// An offer counts this much longer here than for n8n: an acceptance may be on its way, from an n8n that is busy.
const LATENCY: Duration = Duration::from_secs(1);
/// This long before its end an offer is followed by the next, so that n8n always has one.
const RENEWAL: Duration = Duration::from_millis(500);

/// The open offers, oldest first.
#[derive(Debug, Default)]
pub(super) struct Offers {
    open: VecDeque<Offer>,
}

#[derive(Debug)]
struct Offer {
    id: String,
    /// From then on it is not counted as an offer that n8n has.
    renew_at: Instant,
    ends_at: Instant,
}

/// An offer to be sent.
#[derive(Debug)]
pub(super) struct NewOffer {
    pub(super) id: String,
    pub(super) valid_for_milliseconds: u64,
}

impl Offers {
    /// The offers to send so that n8n has one for each of `free` slots.
    pub(super) fn top_up(&mut self, free: usize, now: Instant) -> Vec<NewOffer> {
        self.open.retain(|offer| offer.ends_at > now);
        let fresh = self.open.iter().filter(|offer| offer.renew_at > now).count();
        (fresh..free).map(|_| self.add(now)).collect()
    }

    fn add(&mut self, now: Instant) -> NewOffer {
        let validity = VALIDITY + Duration::from_millis(fastrand::u64(..=LONGEST_ADDITION_MILLISECONDS));
        let id = new_identifier();
        self.open.push_back(Offer {
            id: id.clone(),
            renew_at: now + validity.saturating_sub(RENEWAL),
            ends_at: now + validity + LATENCY,
        });
        NewOffer { id, valid_for_milliseconds: u64::try_from(validity.as_millis()).unwrap_or(u64::MAX) }
    }

    /// Takes up an offer; false if it does not exist or no longer.
    pub(super) fn take(&mut self, id: &str, now: Instant) -> bool {
        let place = self.open.iter().position(|offer| offer.id == id && offer.ends_at > now);
        place.and_then(|place| self.open.remove(place)).is_some()
    }

    /// When the next offer has to be followed by another.
    pub(super) fn next_renewal(&self, now: Instant) -> Option<Instant> {
        self.open.iter().map(|offer| offer.renew_at).filter(|renew_at| *renew_at > now).min()
    }

    /// Forgets all offers: their connection is gone.
    pub(super) fn clear(&mut self) {
        self.open.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_offer_for_each_free_slot() {
        let now = Instant::now();
        let mut offers = Offers::default();
        assert_eq!(offers.top_up(3, now).len(), 3);
        assert_eq!(offers.top_up(3, now).len(), 0);
        assert_eq!(offers.top_up(2, now).len(), 0);
        assert_eq!(offers.top_up(5, now).len(), 2);
    }

    #[test]
    fn an_offer_is_followed_by_the_next_before_it_ends() {
        let now = Instant::now();
        let mut offers = Offers::default();
        let first = offers.top_up(1, now).remove(0);
        assert!((5000..=5500).contains(&first.valid_for_milliseconds));
        let renewal = offers.next_renewal(now).unwrap();
        assert!(renewal < now + Duration::from_millis(first.valid_for_milliseconds));
        assert_eq!(offers.top_up(1, renewal).len(), 1);
        assert!(offers.next_renewal(renewal).unwrap() > renewal);
        // n8n may still take up the first.
        assert!(offers.take(&first.id, renewal));
        assert!(!offers.take(&first.id, renewal));
    }

    #[test]
    fn an_offer_ends_a_little_later_than_it_says() {
        let now = Instant::now();
        let mut offers = Offers::default();
        let offer = offers.top_up(2, now).remove(0);
        let end = now + Duration::from_millis(offer.valid_for_milliseconds);
        assert!(offers.take(&offer.id, end + Duration::from_millis(999)));
        let second = offers.open[0].id.clone();
        assert!(!offers.take(&second, now + Duration::from_secs(7)));
        assert!(!offers.take("unknown", now));
    }
}
