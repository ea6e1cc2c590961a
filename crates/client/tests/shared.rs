//! The lab that the tests of a process share: in a process of its own, which is killed.

use std::process::Command;
use std::time::Duration;

use outlive_client::{Error, Lab};
use outlive_tests::{pause, program};

#[tokio::test]
#[ignore = "the other tests run it, in a process of its own"]
async fn print_the_shared_lab() {
    let lab = Lab::get().await.expect("there is a lab");
    assert!(std::ptr::eq(lab, Lab::get().await.expect("there is a lab")));
    let tenant = lab.new_tenant().bare().create().await.expect("it is created");
    let ca = lab.ca().map_or_else(|error| error.to_string(), |ca| ca.display().to_string());
    println!("\n{}\n{}\n{ca}", lab.url(), tenant.id());
    std::process::abort();
}

/// Runs the test above, and returns the address of its lab, its tenant, and the certificate.
fn run(variables: &[(&str, &str)]) -> (String, String, String) {
    let mut command = Command::new(std::env::current_exe().expect("a running program has a path"));
    command.args(["--ignored", "--exact", "print_the_shared_lab", "--nocapture"]);
    command.env_remove("OUTLIVE_BIN").env_remove("OUTLIVE_AGAINST").env_remove("OUTLIVE_CA");
    command.envs(variables.iter().copied());
    let output = command.output().expect("it can be run");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines = text.lines().skip_while(|line| !line.starts_with("http://")).map(str::to_owned);
    let mut line = || lines.next().unwrap_or_else(|| panic!("{output:?}"));
    (line(), line(), line())
}

#[tokio::test]
async fn the_system_ends_with_the_process_that_is_killed() {
    let (lab, ..) = run(&[("OUTLIVE_BIN", program().to_str().expect("its path is UTF-8"))]);
    for _ in 0..1_500 {
        match Lab::against(&lab).await {
            Err(Error::Unreachable { .. }) => return,
            _ => pause(Duration::from_millis(20)).await,
        }
    }
    panic!("{lab} is still running");
}

#[tokio::test]
async fn a_running_lab_is_used_if_its_address_is_set() -> Result<(), Error> {
    let running = Lab::builder().program(program()).start().await?;
    let against = ("OUTLIVE_AGAINST", running.url());
    let (lab, tenant, unknown) = run(&[against]);
    assert_eq!(lab, running.url());
    assert!(unknown.contains("OUTLIVE_CA is not set"), "{unknown}");
    let certificate = running.ca()?.to_str().expect("its path is UTF-8");
    assert_eq!(run(&[against, ("OUTLIVE_CA", certificate)]).2, certificate);
    let (.., missing) = run(&[against, ("OUTLIVE_CA", "/there/is/none")]);
    assert!(missing.contains("no file /there/is/none"), "{missing}");
    assert_eq!(running.existing_tenant(&tenant).await?.id(), tenant);
    running.stop().await
}
