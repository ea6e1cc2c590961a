//! `/join`: takes a seat of a class.

use askama::Template;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use http::HeaderMap;
use http::header::SET_COOKIE;
use serde::Deserialize;

use super::taken_seat::TakenSeat;
use crate::actions::verified_form;
use crate::error::{ErrorPage, show};
use crate::lab::LabError;
use crate::state::Console;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Prefilled {
    code: String,
    name: String,
}

#[derive(Deserialize)]
pub(crate) struct JoinForm {
    token: String,
    code: String,
    #[serde(default)]
    name: String,
}

#[derive(Template)]
#[template(path = "join.html")]
struct JoinPage {
    token: String,
    code: String,
    name: String,
    error: Option<String>,
}

/// `GET /join`
pub(crate) async fn show_join(
    State(console): State<Console>,
    query: Result<Query<Prefilled>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let Prefilled { code, name } = query.map(|Query(prefilled)| prefilled).unwrap_or_default();
    ask(&console, &headers, code, name, None)
}

fn ask(
    console: &Console,
    headers: &HeaderMap,
    code: String,
    name: String,
    error: Option<String>,
) -> Response {
    let visitor = console.form_key.visitor(headers);
    let page = JoinPage { token: console.form_key.token(&visitor), code, name, error };
    let cookies: Vec<_> = visitor.set_cookie().into_iter().map(|cookie| (SET_COOKIE, cookie)).collect();
    (AppendHeaders(cookies), show(&page)).into_response()
}

/// `POST /join`: leads to the lesson of the class, or to the story of the seat's tenant.
pub(crate) async fn join(
    State(console): State<Console>,
    headers: HeaderMap,
    form: Result<Form<JoinForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let Some(JoinForm { code, name, .. }) = verified_form(&console, &headers, form, |form| &form.token)
    else {
        let error = "The page was out of date. Please try again.".to_owned();
        return Ok(ask(&console, &headers, String::new(), String::new(), Some(error)));
    };
    if code.trim().is_empty() {
        let error = "Give the code of the class.".to_owned();
        return Ok(ask(&console, &headers, code, name, Some(error)));
    }
    match console.lab.join_class(&code, &name).await {
        Ok(seat) => {
            let class = console.lab.class(&code).await?;
            let to = match class.lesson {
                Some(lesson) => format!("/lessons/{lesson}"),
                None => format!("/?tenant={}", seat.tenant_id),
            };
            let taken = TakenSeat { code: class.code, number: seat.seat };
            Ok((AppendHeaders([(SET_COOKIE, taken.set_cookie())]), Redirect::to(&to)).into_response())
        }
        Err(LabError::Refused { message, .. }) => Ok(ask(&console, &headers, code, name, Some(message))),
        Err(error) => Err(error.into()),
    }
}
