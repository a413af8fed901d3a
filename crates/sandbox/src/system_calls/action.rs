//! The words of the policy: what happens to a call, and which arguments decide it.

/// What the kernel does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Carries it out.
    Allow,
    /// Refuses it with `EPERM` and lets the supervisor know, which names the call in the task's outcome.
    Deny,
    /// Answers with this `errno` and tells nobody, for what runtimes probe and do without. Zero pretends success.
    Answer(i32),
    /// Kills the process: the call came through an entry that the policy does not describe.
    Kill,
}

impl Action {
    /// The answer of a kernel that does not have the call.
    pub(super) const ABSENT: Self = Self::Answer(libc::ENOSYS);
    /// Success without doing anything.
    pub(super) const PRETEND: Self = Self::Answer(0);
}

/// A test of the low 32 bits of one argument.
///
/// All tested arguments are `int`s, or flags of which the kernel looks at the low half only, so that the upper half
/// means nothing. Pointers are never tested: what they point to can change after the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Condition {
    /// Which argument, from 0.
    pub(super) argument: u32,
    /// How it is tested.
    pub(super) test: Test,
}

/// How an argument is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    /// At least one of these bits is set.
    AnyBit(u32),
    /// The bits of `mask` have one of the `values`.
    OneOf {
        /// Bits that count.
        mask: u32,
        /// Values that match.
        values: &'static [u32],
    },
}

/// An action for the calls that meet all conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Check {
    /// All must hold.
    pub(super) conditions: &'static [Condition],
    /// What happens then.
    pub(super) action: Action,
}

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// The same whatever its arguments.
    Always(Action),
    /// The action of the first check that matches.
    Checked {
        /// Tried in order.
        checks: &'static [Check],
        /// What happens when none matches.
        otherwise: Action,
    },
}

/// The condition that one of `bits` is set in `argument`.
pub(super) const fn any_bit(argument: u32, bits: u32) -> Condition {
    Condition { argument, test: Test::AnyBit(bits) }
}

/// The condition that `argument` is one of `values`.
pub(super) const fn one_of(argument: u32, values: &'static [u32]) -> Condition {
    masked(argument, u32::MAX, values)
}

/// The condition that the bits of `mask` in `argument` have one of `values`.
pub(super) const fn masked(argument: u32, mask: u32, values: &'static [u32]) -> Condition {
    Condition { argument, test: Test::OneOf { mask, values } }
}
