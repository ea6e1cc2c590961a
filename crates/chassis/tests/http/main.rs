//! A small service behind the chassis, met as the lab and any caller meet it: over HTTP.

mod carried_time;
mod clock;
mod copy;
mod counts;
mod due;
mod fault_limits;
mod faults;
mod health;
mod journal;
mod lab_access;
mod logs;
mod reminders;
mod replicas;
mod restart;
mod scene;
mod serving;
mod shell;
mod socket;
mod tenants;
mod until_commit;
