//! The options that select scenarios.

use std::str::FromStr;

use clap::Args;

/// Which scenarios of the files run; by default, all.
#[derive(Debug, Default, Args)]
pub(crate) struct SelectionArgs {
    /// Run only scenarios whose name contains this text, in any case; can be given several times.
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Vec<String>,
    /// Run only scenarios with this tag; can be given several times.
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// Run only the Kth of N parts of the scenarios, for example 2/4. The same files and options
    /// give the same parts.
    #[arg(long, value_name = "K/N")]
    pub(crate) shard: Option<Shard>,
}

/// One of several parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    /// Counted from 1.
    number: usize,
    of: usize,
}

impl Shard {
    /// Whether the scenario at `index` of all selected ones belongs to this part.
    pub(crate) const fn includes(self, index: usize) -> bool {
        index % self.of == self.number - 1
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts =
            text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err("give the number of the part and of all parts, such as 2/4".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_belongs_to_one_part() {
        let shards: Vec<Shard> = ["1/3", "2/3", "3/3"].iter().map(|text| text.parse().expect(text)).collect();
        for index in 0..10 {
            assert_eq!(shards.iter().filter(|shard| shard.includes(index)).count(), 1, "{index}");
        }
        for wrong in ["", "1", "0/3", "4/3", "1/0", "a/b", "1/3/5", "-1/3"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
