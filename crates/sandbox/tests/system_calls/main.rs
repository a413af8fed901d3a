//! What the filter does to real programs: they run as ever, and what they may not do is refused and named.

#![expect(unsafe_code, reason = "a filter is installed between fork and execve")]

#[cfg(test)]
mod calls;
#[cfg(test)]
mod filtered;
#[cfg(test)]
mod programs;
