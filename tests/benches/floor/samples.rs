//! What was measured, by name and round.

use std::collections::BTreeMap;

use crate::cost::{Each, median};

#[derive(Default)]
pub(crate) struct Samples(BTreeMap<&'static str, Vec<Each>>);

impl Samples {
    pub(crate) fn add(&mut self, name: &'static str, each: Each) {
        self.0.entry(name).or_default().push(each);
    }

    /// The samples of all rounds.
    ///
    /// # Panics
    /// When nothing has this name.
    pub(crate) fn of(&self, name: &str) -> &[Each] {
        self.0.get(name).unwrap_or_else(|| panic!("nothing was measured as '{name}'"))
    }

    pub(crate) fn median(&self, name: &str) -> Each {
        let samples = self.of(name);
        Each { wall: median(samples, |each| each.wall), cpu: median(samples, |each| each.cpu) }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &[Each])> {
        self.0.iter().map(|(name, samples)| (*name, samples.as_slice()))
    }
}
