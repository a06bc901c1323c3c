//! Records of shares as the store keeps them, and their names in the log.

use share_relay_api::ShareId;

use crate::{
    domain::Record,
    storage::{StoreError, Value, WriteId},
};

/// A record as it was read, with the write that stored it.
#[derive(Debug, Clone)]
pub struct Stored {
    pub record: Record,
    pub written: WriteId,
}

/// A record as it is stored.
pub(super) fn value_of(record: &Record) -> Result<Value, StoreError> {
    let bytes = serde_json::to_vec(record).map_err(StoreError::Damaged)?;
    Value::new(bytes, Some(record.due()))
}

/// As much of an id as a log may show: enough to find a share, too little to open it.
pub fn short(id: &ShareId) -> &str {
    &id.as_str()[..6]
}
