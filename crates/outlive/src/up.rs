//! `outlive up`, and the commands that start a single service.

use std::net::SocketAddr;
use std::path::PathBuf;

use axum::Router;
use outlive_chassis::{ChassisConfig, Origins, ServeLimits, StartError, serve_within};
use outlive_lab::tenants::Tenants;
use outlive_store::DatabaseUrl;
use outlive_tokens::Secret;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::cli::{OutputFormat, ServiceArgs, UpArgs};
use crate::console::{FirstTenant, LabStart, console as open_console, end_operations, serve_limits};
use crate::databases;
use crate::places::{Part, bind, loopback, loopback_origins, without_address};
use crate::progress::Progress;
use crate::ready::{self, FirstTenantName};
use crate::services;
use crate::shutdown::{StopSignal, shutdown};
use crate::system::{System, SystemConfig};
use crate::temporary_data::TemporaryData;
use crate::terminal::{self, print_line};
use crate::tls::{Hosts, Tls};

/// The values of `--seed`: a number for the randomness, a file for the first tenant, or both.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seeds {
    pub(crate) number: Option<u64>,
    pub(crate) file: Option<PathBuf>,
}

impl Seeds {
    /// Digits are a number, anything else a path.
    pub(crate) fn read(given: &[String]) -> Result<Self, StartError> {
        let mut seeds = Self::default();
        for text in given.iter().filter(|text| !text.is_empty()) {
            let twice = match text.parse::<u64>() {
                Ok(number) => seeds.number.replace(number).is_some(),
                Err(_) => seeds.file.replace(PathBuf::from(text)).is_some(),
            };
            if twice {
                return Err(StartError::new(
                    "cannot use --seed",
                    format!("'{text}' is the second of its kind"),
                    "give at most one number and one file",
                ));
            }
        }
        Ok(seeds)
    }
}

/// Starts all services, prints their addresses, and runs until a signal to stop.
pub(crate) async fn up(args: UpArgs) -> Result<(), StartError> {
    let mut stop = StopSignal::listen()?;
    if args.stop_at_eof {
        stop = stop.or_end_of_input()?;
    }
    let seeds = Seeds::read(&args.seed)?;
    let lab = LabStart::new(seeds.file.as_deref(), args.rules.as_deref(), true)?;
    let temporary = args.temporary.then(TemporaryData::new).transpose()?;
    let data_dir = match &temporary {
        Some(temporary) => temporary.path().to_owned(),
        None => args.data.directory()?,
    };
    let lab_key = args.lab_key.open(&data_dir)?;
    let tenant = FirstTenantName::of(&lab.seed.file);
    let config = SystemConfig {
        data_dir,
        database_url: args.database_url,
        lab_key,
        port_base: Some(args.port_base).filter(|base| *base != 0),
        tls: true,
        share: args.share,
        hosts: Hosts::of(&args.hosts, args.hosts_port),
        seed: seeds.number,
        hub: args.hub,
    };
    let start =
        System::start(
            &config,
            |chassis, urls, own| async move { open_console(chassis, &urls, own, lab).await },
        );
    let progress = Progress::stage("starting the services");
    let mut system = tokio::select! {
        () = stop.wait() => return Ok(()),
        started = start => started?,
    };
    progress.set_words(&format!("creating the tenant {}", tenant.domain()));
    let created = tokio::select! {
        () = stop.wait() => None,
        result = async {
            match args.format {
                OutputFormat::Text => system.first_tenant.wait_for_first_tenant().await,
                OutputFormat::Json => system.first_tenant.wait_for_creation().await,
            }
        } => Some(result),
    };
    drop(progress);
    if !matches!(created, Some(Ok(()))) {
        system.stop().await;
        return created.unwrap_or(Ok(()));
    }
    print_line(&match args.format {
        OutputFormat::Text => ready::text(&system, &tenant),
        OutputFormat::Json => ready::json(&system, &tenant).to_string(),
    });
    unless_lost(stop.wait()).await;
    system.stop().await;
    Ok(())
}

/// Waits, unless the addresses could not be printed, without which the system cannot be used.
async fn unless_lost(waiting: impl Future<Output = ()>) {
    if !terminal::is_lost() {
        waiting.await;
    }
}

/// Starts one service and runs until a signal to stop.
pub(crate) async fn alone(part: Part, args: ServiceArgs) -> Result<(), StartError> {
    let mut signal = StopSignal::listen()?;
    let Alone { listener, app, tls, mut console } = tokio::select! {
        () = signal.wait() => return Ok(()),
        started = Alone::start(part, &args) => started?,
    };
    let address = listener.local_addr().map_err(without_address)?;
    print_line(&format!("Outlive {} listens on http://{address}", part.name()));
    let (switch, stop) = shutdown();
    let mut serving = JoinSet::new();
    if let Some(tls) = tls {
        print_line(Tls::notice([&tls]).trim_matches('\n'));
        tls.serve(&mut serving, &app, &stop);
    }
    let limits = if part == Part::Console { serve_limits() } else { ServeLimits::default() };
    serving.spawn(serve_within(limits, listener, app, stop.wait()));
    let first_tenant_fails = async {
        match &mut console {
            Some((_, first_tenant)) => first_tenant.failure().await,
            None => std::future::pending().await,
        }
    };
    let failure = tokio::select! {
        () = unless_lost(signal.wait()) => None,
        error = first_tenant_fails => Some(error),
    };
    if let Some((tenants, _)) = &console {
        end_operations(tenants).await;
    }
    switch.stop();
    while serving.join_next().await.is_some() {}
    failure.map_or(Ok(()), Err)
}

/// A single service with its sockets.
struct Alone {
    listener: TcpListener,
    app: Router,
    tls: Option<Tls>,
    /// What the console has besides.
    console: Option<(Tenants, FirstTenant)>,
}

impl Alone {
    async fn start(part: Part, args: &ServiceArgs) -> Result<Self, StartError> {
        let seeds = Seeds::read(&args.seed)?;
        let address = args.listen.map_or_else(|| loopback(Some(8700), part), Ok)?;
        let listener = bind(address, part).await?;
        let urls = args.urls();
        let mut config = chassis_config(part, args, address, seeds.number)?;
        let tls = Tls::alone(part, args, &config.data_dir, &mut config.origins).await?;
        let mut console = None;
        let app = match part {
            Part::Idp => services::idp(config, &urls).await?,
            Part::Hub => services::hub(config, &urls, &args.hub).await?,
            Part::Resource => services::resource(config, &urls).await?,
            Part::Flow => services::flow(config, &urls, &args.replica, &args.hub).await?,
            Part::Console => {
                let lab = LabStart::new(seeds.file.as_deref(), None, true)?;
                let own = format!("http://127.0.0.1:{}", address.port());
                let opened = open_console(config, &urls, own, lab).await?;
                console = Some((opened.tenants, opened.first_tenant));
                opened.app
            }
        };
        Ok(Self { listener, app, tls, console })
    }
}

fn chassis_config(
    part: Part,
    args: &ServiceArgs,
    address: SocketAddr,
    seed: Option<u64>,
) -> Result<ChassisConfig, StartError> {
    let service = if part == Part::Console { "lab" } else { part.name() };
    let data_dir = args.data.directory()?;
    let database = match &args.database_url {
        Some(url) => DatabaseUrl::postgres(url)?,
        None => DatabaseUrl::Sqlite(databases::file(&data_dir, service)),
    };
    let own = loopback_origins(address.port());
    let origins = if args.origins.is_empty() {
        own
    } else {
        // The loopback address is for health checks inside a container.
        Origins::new(args.origins.iter().map(String::as_str).chain(own.all().iter().map(String::as_str)))
    };
    Ok(ChassisConfig {
        service,
        database,
        lab_key: args.lab_key.open(&data_dir)?,
        data_dir,
        sealing_key: args.sealing_key.clone().map(Secret::new),
        seed,
        origins,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_seed_the_randomness_and_anything_else_is_a_file() {
        let read = |given: &[&str]| Seeds::read(&given.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        assert_eq!(read(&["7"]).unwrap(), Seeds { number: Some(7), file: None });
        assert_eq!(read(&["a.yaml", "7"]).unwrap(), Seeds { number: Some(7), file: Some("a.yaml".into()) });
        assert!(read(&["1", "2"]).is_err());
    }
}
