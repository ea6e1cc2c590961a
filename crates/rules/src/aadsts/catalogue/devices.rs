//! Device codes and user codes.

use crate::aadsts::FixedBy::{Developer, User};
use crate::aadsts::OauthError::{AuthorizationPending, BadVerificationCode, ExpiredToken, InvalidGrant};
use crate::aadsts::catalogue::ERROR_CODES;
use crate::aadsts::observation::Member::{Error, Number, Status};

catalogue! {
    AUTHORIZATION_PENDING = 70016, AuthorizationPending, none, 400, uri, back, User;
        "The device's authorization is pending: its user code has not been entered and answered yet. Continue polling.";
        "Open the page that the device names, enter the code it shows, and answer.";
        (seen [Number, Error, Status] in "Azure/azure-powershell#24962", "AzureAD/azure-activedirectory-library-for-nodejs#137");
    USER_CODE_WRONG = 70018, BadVerificationCode, none, 400, uri, page, User;
        "Invalid verification code: no device is waiting with this user code.";
        "Enter the code exactly as the device shows it.";
        (unseen, read in ERROR_CODES);
    USER_CODE_EXPIRED = 70019, ExpiredToken, none, 400, uri, page, User;
        "The verification code is expired.";
        "Start again on the device, and enter the new code within fifteen minutes.";
        (unseen, read in ERROR_CODES);
    DEVICE_CODE_EXPIRED = 70020, ExpiredToken, none, 400, uri, back, User;
        "The provided device code is expired: it was not redeemed within its lifetime.";
        "Start again on the device.";
        (seen [Number] in "MicrosoftDocs/azure-docs#92366", "Azure/azure-cli#22251");
    DEVICE_CODE_UNKNOWN = 7000014, InvalidGrant, none, 400, uri, back, Developer;
        "The provided value for the input parameter 'device_code' is not valid. The device code was not recognised.";
        "Send the device_code exactly as it was received.";
        (seen [Number, Error] in "MicrosoftDocs/microsoft-graph-training#97");
}
