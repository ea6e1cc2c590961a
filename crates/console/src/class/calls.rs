//! The lab's calls about classes.

use outlive_chassis::RequestBuilder;
use outlive_wire::classes::{
    Class, ClassChange, ClassChanged, ClassList, ClassRequest, JoinRequest, ProgressAnswer, Seat,
    SeatProgress,
};
use reqwest::Method;
use serde_json::Value;

use super::taken_seat::TakenSeat;
use crate::error::ErrorPage;
use crate::lab::{ADVANCE_TIMEOUT, Lab, LabError, answer_or_refusal};

impl Lab {
    fn class_request(&self, method: Method, code: &str, rest: &str) -> (String, RequestBuilder) {
        let code: String = url::form_urlencoded::byte_serialize(code.as_bytes()).collect();
        self.request_at(method, &format!("/classes/{}{rest}", code.replace('+', "%20")))
    }

    pub(super) async fn classes(&self) -> Result<ClassList, LabError> {
        let (url, request) = self.request_at(Method::GET, "/classes");
        answer_or_refusal(url, request).await
    }

    /// Opens a class, and returns when every tenant is created.
    pub(super) async fn open_class(&self, class: &ClassRequest) -> Result<Class, LabError> {
        let (url, request) = self.request_at(Method::POST, "/classes");
        answer_or_refusal(url, request.timeout(ADVANCE_TIMEOUT).json(class)).await
    }

    pub(super) async fn class(&self, code: &str) -> Result<Class, LabError> {
        let (url, request) = self.class_request(Method::GET, code, "");
        answer_or_refusal(url, request).await
    }

    pub(super) async fn change_class(
        &self,
        code: &str,
        change: &ClassChange,
    ) -> Result<ClassChanged, LabError> {
        let (url, request) = self.class_request(Method::PATCH, code, "");
        answer_or_refusal(url, request.timeout(ADVANCE_TIMEOUT).json(change)).await
    }

    pub(super) async fn end_class(&self, code: &str) -> Result<(), LabError> {
        let (url, request) = self.class_request(Method::DELETE, code, "");
        answer_or_refusal::<Value>(url, request.timeout(ADVANCE_TIMEOUT)).await.map(drop)
    }

    /// Takes a seat; an empty name is none.
    pub(super) async fn join_class(&self, code: &str, name: &str) -> Result<Seat, LabError> {
        let (url, request) = self.class_request(Method::POST, code, "/join");
        let name = Some(name.to_owned()).filter(|name| !name.trim().is_empty());
        answer_or_refusal(url, request.json(&JoinRequest { name })).await
    }
}

impl Lab {
    /// Reports how far a seat is in a lesson.
    pub(super) async fn report_progress(
        &self,
        seat: &TakenSeat,
        progress: &SeatProgress,
    ) -> Result<ProgressAnswer, LabError> {
        let (url, request) = self.class_request(Method::PUT, &seat.code, &format!("/seats/{}", seat.number));
        answer_or_refusal(url, request.json(progress)).await
    }
}

/// The page for a class that the lab does not have.
pub(super) fn unknown_class(error: LabError) -> ErrorPage {
    match error {
        LabError::Refused { status: 404, message, .. } => ErrorPage {
            status: 404,
            what: "There is no such class".to_owned(),
            why: message,
            remedy: "It may have ended. The page Class lists all that are open.",
        },
        other => other.into(),
    }
}
