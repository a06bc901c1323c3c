//! Every path of the protocol, and its own header, built in one place so that client and relay cannot disagree.

use crate::ShareId;

/// The header in which a client repeats the length of a `PUT`, for when something on the way sends the body on in chunks.
/// Named as in draft-ietf-httpbis-resumable-upload.
pub const UPLOAD_LENGTH: &str = "upload-length";

/// `GET`: version, limits, whether senders need a token.
pub const INFO: &str = "/v1";
/// `GET`: the process is alive.
pub const HEALTHZ: &str = "/healthz";
/// `GET`: the store answers.
pub const READYZ: &str = "/readyz";
/// `GET`, on the metrics listener only.
pub const METRICS: &str = "/metrics";

/// `GET`: the page a browser opens; also the path of a link.
pub fn page(id: &ShareId) -> String {
    format!("/s/{id}")
}

/// `GET`: a file of that page.
pub fn page_file(name: &str) -> String {
    format!("/page/{name}")
}

/// `PUT`: create. `GET`: status. `DELETE`: revoke.
pub fn share(id: &ShareId) -> String {
    format!("/v1/shares/{id}")
}

/// `PUT`: the preamble, age header and content's nonce.
pub fn header(id: &ShareId) -> String {
    format!("/v1/shares/{id}/header")
}

/// `PUT`: the manifest's age file.
pub fn manifest(id: &ShareId) -> String {
    format!("/v1/shares/{id}/manifest")
}

/// `GET`: which parts are held.
pub fn parts(id: &ShareId) -> String {
    format!("/v1/shares/{id}/parts")
}

/// `PUT`: one part, counted from 0.
pub fn part(id: &ShareId, number: u64) -> String {
    format!("/v1/shares/{id}/parts/{number}")
}

/// `POST`: all parts are there; make it ready.
pub fn seal(id: &ShareId) -> String {
    format!("/v1/shares/{id}/seal")
}

/// `POST`: prove, and get the manifest's age file.
pub fn open(id: &ShareId) -> String {
    format!("/v1/shares/{id}/open")
}

/// `POST`: prove, and take a ticket.
pub fn tickets(id: &ShareId) -> String {
    format!("/v1/shares/{id}/tickets")
}

/// `GET`: the content's age file.
pub fn content(id: &ShareId) -> String {
    format!("/v1/shares/{id}/content")
}

/// `POST`: received.
pub fn receipt(id: &ShareId) -> String {
    format!("/v1/shares/{id}/receipt")
}

/// `GET`: what happened, for the sender.
pub fn events(id: &ShareId) -> String {
    format!("/v1/shares/{id}/events")
}

/// `POST`: end a lock.
pub fn unlock(id: &ShareId) -> String {
    format!("/v1/shares/{id}/unlock")
}
