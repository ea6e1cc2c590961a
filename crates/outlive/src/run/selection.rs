//! Which scenarios of the files run.

use outlive_chassis::StartError;
use outlive_lab::scenario::ReadScenarios;
use outlive_wire::counted;

use crate::cli::SelectionArgs;

/// The scenarios of each file that run, by their indexes.
pub(super) fn select(files: &[ReadScenarios], args: &SelectionArgs) -> Result<Vec<Vec<usize>>, StartError> {
    let wanted: Vec<String> = args.name.iter().map(|name| name.to_lowercase()).collect();
    let mut matching = 0;
    let selected: Vec<Vec<usize>> = files
        .iter()
        .map(|file| {
            let scenarios = file.file.scenarios.value.iter().enumerate();
            let named = scenarios.filter(|(_, scenario)| {
                let name = scenario.name.value.to_lowercase();
                let mut tags = file.file.tags.iter().chain(&scenario.tags);
                let is_tagged = args.tag.is_empty() || tags.any(|tag| args.tag.contains(&tag.value));
                is_tagged && (wanted.is_empty() || wanted.iter().any(|wanted| name.contains(wanted)))
            });
            let mut indexes = Vec::new();
            for (index, _) in named {
                if args.shard.is_none_or(|shard| shard.includes(matching)) {
                    indexes.push(index);
                }
                matching += 1;
            }
            indexes
        })
        .collect();
    if matching == 0 {
        let scenarios: usize = files.iter().map(|file| file.file.scenarios.value.len()).sum();
        return Err(StartError::new(
            "there is nothing to run",
            format!("none of {} is selected", counted(scenarios, "scenario")),
            "change --name and --tag, or leave them out",
        ));
    }
    if selected.iter().all(Vec::is_empty) {
        return Err(StartError::new(
            "there is nothing to run",
            format!("this part has none of the {}", counted(matching, "selected scenario")),
            "give --shard fewer parts",
        ));
    }
    Ok(selected)
}
