//! The command line as it is shown: each service with the options that it uses.

use clap::{Command, CommandFactory as _};

use super::Cli;
use crate::places::Part;

/// The options of every service.
const COMMON: &[&str] =
    &["listen", "data", "database_url", "origins", "sealing_key", "seed", "lab_key", "lab_key_file", "help"];
/// The options of a service that accepts TLS.
const OVER_TLS: &[&str] = &["tls_listen", "ca_copy"];
/// The options of a service that checks tokens.
const CHECKS_TOKENS: &[&str] = &["idp_url", "idp_public_url", "issuer_origins"];

/// The options that a service uses besides the common ones.
const fn used_by(service: Part) -> &'static [&'static [&'static str]] {
    match service {
        Part::Idp => &[OVER_TLS, &["hosts", "idp_url"]],
        Part::Hub => &[CHECKS_TOKENS, &["resource_url", "back_end", "unmapped_back_ends", "return_origin"]],
        Part::Resource => &[OVER_TLS, CHECKS_TOKENS],
        Part::Flow => {
            &[CHECKS_TOKENS, &["hub_url", "resource_url", "resource_tls_url", "back_end", "replica"]]
        }
        Part::Console => &[&[
            "idp_url",
            "idp_public_url",
            "idp_tls_url",
            "hub_url",
            "hub_public_url",
            "resource_url",
            "resource_public_url",
            "resource_tls_url",
            "resource_tls_public_url",
            "flow_url",
            "flow_public_url",
        ]],
    }
}

/// Returns the command line. Services accept the options of all services, so that one configuration
/// fits all, but their help has only those that they use.
pub(crate) fn command() -> Command {
    Part::ALL.into_iter().fold(Cli::command(), |command, service| {
        command.mut_subcommand(service.name(), |subcommand| {
            subcommand.mut_args(|argument| {
                let id = argument.get_id().as_str();
                let is_used = COMMON.contains(&id) || used_by(service).iter().any(|some| some.contains(&id));
                if is_used { argument } else { argument.hide(true) }
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_the_table_names_its_options() {
        let command = command();
        command.clone().debug_assert();
        let mut shown = BTreeSet::new();
        for service in Part::ALL {
            let subcommand = command.find_subcommand(service.name()).expect("it is a command");
            let has = |id: &str| subcommand.get_arguments().any(|argument| argument.get_id() == id);
            for id in used_by(service).iter().copied().flatten() {
                assert!(has(id), "{} has no {id}", service.name());
            }
            let visible = subcommand.get_arguments().filter(|argument| !argument.is_hide_set());
            shown.extend(visible.map(|argument| argument.get_id().to_string()));
        }
        let all = command.find_subcommand("hub").expect("it is a command").get_arguments();
        for argument in all {
            assert!(shown.contains(argument.get_id().as_str()), "no service shows {}", argument.get_id());
        }
    }
}
