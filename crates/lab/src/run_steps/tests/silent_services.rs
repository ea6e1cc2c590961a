//! A service that does not answer is missing: what it alone knows is not made up.

use outlive_wire::run_steps::Party;

use super::lines::{
    NEW, OLD, accepted, forwarded, forwarded_refused, issued, password_refused, refreshed, refused, revoked,
    without,
};
use crate::run_steps::steps::steps_of;
use crate::services::Service;

#[test]
fn the_part_of_a_silent_service_is_attributed_to_no_other() {
    let without_hub = [issued("refresh_token", NEW), issued("client_credentials", OLD), accepted(Some(NEW))];
    assert_eq!(
        without(&without_hub, &[Service::Hub]),
        [
            "hub>idp POST …/token refresh_token",
            "idp: nothing has ended it",
            "idp>hub new tokens access_token",
            "idp: new tokens",
            "resource: GET /orders",
        ]
    );
    assert_eq!(
        without(&[password_refused(), refused(None, "wrong_password")], &[Service::Hub]),
        [
            "resource>idp POST …/token password",
            "idp>resource 400 invalid_grant (refused)",
            "resource: GET /orders (refused)",
        ]
    );
    let [_, broken] = revoked();
    assert_eq!(
        without(&[refreshed(), accepted(Some(NEW)), forwarded(200, Some(NEW), None)], &[Service::Idp]),
        [
            "flow>hub GET /orders caller_token",
            "hub>idp POST …/token refresh_token",
            "idp>hub new tokens access_token",
            "hub>resource GET /orders access_token",
            "resource>hub 200",
            "hub>flow passed on",
        ]
    );
    assert_eq!(
        without(&[broken, forwarded_refused(401)], &[Service::Idp]),
        [
            "flow>hub GET /orders caller_token",
            "hub>idp POST …/token refresh_token",
            "idp>hub invalid grant (refused)",
            "hub>flow failed to refresh (refused)",
        ]
    );
    let lines = [password_refused(), forwarded(401, None, None)];
    assert_eq!(
        without(&lines, &[Service::Resource]),
        [
            "resource>idp POST …/token password",
            "idp>resource 400 invalid_grant (refused)",
            "flow>hub GET /orders caller_token",
            "hub>back_end GET /orders",
            "back_end>hub 401 (refused)",
            "hub>flow passed on (refused)",
        ]
    );
    let steps = steps_of(&lines, None, &[Service::Resource]);
    let asked = steps.iter().find(|step| step.to == Party::BackEnd).expect("a request");
    assert!(asked.detail.ends_with("the Orders API, which may have recorded it, does not answer now"));
}
