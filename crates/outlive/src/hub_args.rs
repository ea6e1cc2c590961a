//! The options of the hub and of `Http` actions.

use clap::{Args, ValueEnum};
use outlive_chassis::{HostMapping, StartError};
use outlive_hub::{HubConfig, Unmapped, return_origin};

/// Which addresses the hub calls, and where it sends browsers.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct HubArgs {
    /// Call the host HOST of a connector or an Http action at URL, for example
    /// api.example.com=http://127.0.0.1:5000.
    /// HOST may have a port; *.example.com stands for all names below, * for every host. Can be
    /// given several times; in the environment, separated by commas.
    #[arg(long, value_name = "HOST=URL", env = "OUTLIVE_BACK_ENDS", value_delimiter = ',')]
    back_end: Vec<String>,
    /// How to call hosts that --back-end does not name.
    #[arg(long, value_enum, default_value_t, value_name = "WHICH", env = "OUTLIVE_UNMAPPED_BACK_ENDS")]
    unmapped_back_ends: UnmappedBackEnds,
    /// An origin to which a consent may return besides loopback addresses. Can be given several
    /// times; in the environment, separated by commas.
    #[arg(long, value_name = "https://HOST[:PORT]", env = "OUTLIVE_RETURN_ORIGINS", value_delimiter = ',')]
    return_origin: Vec<String>,
}

/// How the hub calls hosts that are not mapped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum UnmappedBackEnds {
    /// Not at all.
    #[default]
    Refuse,
    /// At the address in the connector's file, if it is public.
    Public,
    /// At the address in the connector's file, also in private networks and on this machine.
    Any,
}

/// The error of a mapping that is not valid.
pub(crate) fn refused_back_end(text: &str, why: String) -> StartError {
    let remedy = "write --back-end HOST=URL, for example api.example.com=http://127.0.0.1:5000";
    StartError::new(format!("cannot use --back-end '{text}'"), why, remedy)
}

/// Returns the texts of a list. Empty variables count as absent.
fn given(list: &[String]) -> Vec<String> {
    list.iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
}

impl HubArgs {
    /// The mappings of back ends, `HOST=URL`.
    pub(crate) fn back_ends(&self) -> Vec<String> {
        given(&self.back_end)
    }

    /// Also lets consents return to this origin.
    #[must_use]
    pub(crate) fn returning_to(mut self, origin: Option<String>) -> Self {
        self.return_origin.extend(origin);
        self
    }

    /// Adds the options to the hub's configuration.
    pub(crate) fn configure(&self, config: &mut HubConfig) -> Result<(), StartError> {
        let mut mappings: Vec<HostMapping> = Vec::new();
        for text in self.back_ends() {
            let refused = |why: String| refused_back_end(&text, why);
            let mapping: HostMapping = text.parse().map_err(refused)?;
            if mappings.iter().any(|other| other.has_host_of(&mapping)) {
                return Err(refused("the host is given twice".into()));
            }
            mappings.push(mapping);
        }
        for text in given(&self.return_origin) {
            let origin = return_origin(&text).map_err(|why| {
                let remedy = "write --return-origin ORIGIN, for example https://portal.example.com";
                StartError::new(format!("cannot use --return-origin '{text}'"), why, remedy)
            })?;
            config.return_origins.push(origin);
        }
        let unmapped = match self.unmapped_back_ends {
            UnmappedBackEnds::Refuse => Unmapped::Refuse,
            UnmappedBackEnds::Public => Unmapped::Public,
            UnmappedBackEnds::Any => Unmapped::Any,
        };
        config.back_ends = config.back_ends.clone().with_mappings(mappings).with_unmapped(unmapped);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configured(back_ends: &[&str], return_origins: &[&str]) -> Result<HubConfig, StartError> {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let args = HubArgs {
            back_end: owned(back_ends),
            unmapped_back_ends: UnmappedBackEnds::default(),
            return_origin: owned(return_origins),
        };
        let url = |text: &str| text.parse().expect("a URL");
        let mut config = HubConfig::new(url("http://i:1"), url("http://i:1"), vec![], url("http://r:1"));
        args.configure(&mut config).map(|()| config)
    }

    #[test]
    fn origins_are_normalized_and_empty_variables_are_absent() {
        let config = configured(&["", "a.example=http://b:1"], &["https://Portal.example:443/", " "]);
        assert_eq!(config.expect("usable").return_origins, ["https://portal.example"]);
    }

    #[test]
    fn a_mistake_names_the_option_and_the_value() {
        for (back_ends, return_origins, part) in [
            (&["a.example"][..], &[][..], "--back-end 'a.example': it is not HOST=URL"),
            (&["a.example=http://b:1", "A.example=http://c:1"], &[], "the host is given twice"),
            (&[], &["https://portal.example/path"], "--return-origin 'https://portal.example/path'"),
        ] {
            let error = configured(back_ends, return_origins).expect_err("a mistake").to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
