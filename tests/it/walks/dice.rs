//! What a walk draws.
//!
//! Invariant: everything drawn follows from the seed and from what was drawn before.

use millhand::clock::{Entropy as _, SeededEntropy};

/// Tells the dice of a walk from the randomness that the town itself draws from the same seed.
const APART: u64 = 0x5eed_0fa3_a1c0;

pub(super) struct Dice(SeededEntropy);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed ^ APART))
    }

    /// A number below `end`.
    pub(super) fn below(&self, end: usize) -> usize {
        usize::try_from(self.0.number() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    /// A number from `from` to `to`.
    pub(super) fn between(&self, from: usize, to: usize) -> usize {
        from + self.below(to - from + 1)
    }

    pub(super) fn one_in(&self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of them, if there are any.
    pub(super) fn maybe<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }

    /// One of them; there is one.
    pub(super) fn of<'a, T>(&self, of: &'a [T]) -> &'a T {
        self.maybe(of).unwrap()
    }

    /// One of them, each as often as its weight says.
    pub(super) fn weighed<T: Copy>(&self, of: &[(usize, T)]) -> T {
        let mut at = self.below(of.iter().map(|(weight, _)| weight).sum());
        for (weight, one) in of {
            if at < *weight {
                return *one;
            }
            at -= weight;
        }
        unreachable!("the weights were summed up")
    }
}
