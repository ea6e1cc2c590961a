//! Types that exist but are not available here, and what can be used in their place. An action of
//! such a type can be saved, as in the original; it fails when it runs.

pub(super) const KNOWN: &str = "use OpenApiConnection, ApiConnection, Http, their webhook types, Compose, Expression, ParseJson, Select, Query, Join, \
     Table, Wait, Response, Terminate, an action for variables, Scope, If, Switch, Foreach or Until";

/// Returns what to do about an action type that exists but is not available.
pub(super) fn remedy(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "serviceprovider" => {
            "it is built into Logic Apps Standard; use the managed connector with ApiConnection, or give the action \
             a static result"
        }
        "javascriptcode" | "csharpscriptcode" | "powershellcode" => {
            "write the computation as expressions, move it into a connector, or give the action a static result"
        }
        "workflow" | "nestedworkflow" | "flow" | "sendtobatch" => {
            "move the actions of the other workflow into this one, or give the action a static result"
        }
        "agent" | "agentchat" | "nestedagent" | "agenthandoff" | "mcpclienttool" => {
            "call the model's API through a connector, or give the action a static result"
        }
        "xslt"
        | "xmlparse"
        | "xmlcompose"
        | "xmlvalidation"
        | "liquid"
        | "flatfileencoding"
        | "flatfiledecoding"
        | "integrationaccountartifactlookup"
        | "as2encode"
        | "as2decode"
        | "x12encode"
        | "x12batchencode"
        | "x12decode"
        | "edifactencode"
        | "edifactbatchencode"
        | "edifactdecode"
        | "rosettanetencode"
        | "rosettanetdecode"
        | "rosettanetwaitforresponse"
        | "hl7encode"
        | "hl7decode"
        | "swiftencode"
        | "swiftdecode"
        | "swiftmtencode"
        | "swiftmtdecode" => {
            "it needs an integration account; convert the message in a connector, or give the action a static result"
        }
        "function" | "invokefunction" | "apimanagement" | "apiapp" | "appservice" | "httpswagger" => {
            "call the service with Http or through a custom connector, or give the action a static result"
        }
        "datamapper"
        | "archivezip"
        | "parsedocument"
        | "parsedocumentwithmetadata"
        | "chunktext"
        | "chunktextwithmetadata"
        | "batch"
        | "openapiconnectionnotification" => {
            "compute the value with expressions in a Compose, or give the action a static result"
        }
        "changeset" => "make the calls of the changeset one by one, or give the action a static result",
        _ => return None,
    })
}

/// Returns what to do about a trigger type that is not supported.
pub(super) fn trigger_remedy(kind: &str) -> &'static str {
    match kind {
        "serviceprovider" => {
            "it is built into Logic Apps Standard; use the managed connector with ApiConnection, or a Request trigger"
        }
        "slidingwindow" => "use a Recurrence trigger and call the service in an action",
        "batch" | "agent" | "manual" => "use a Request trigger",
        _ => {
            "use Recurrence, Request, Http, or the trigger of a connector with OpenApiConnection, ApiConnection or \
             their webhook types"
        }
    }
}
