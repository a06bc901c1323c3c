//! JSON (RFC 8259) in its one form, because what two readers may understand differently does not get in. Left to itself
//! serde takes a list for an object, `null` for a field that is left out and `{"words":null}` for `"words"`; and parsers
//! hardly look at what no field asks for.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{
        self, Error as _, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
        value::{self, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

/// A text of which all has been read: no object has a name twice.
#[derive(Debug)]
pub struct Json(Value);

#[derive(Debug)]
enum Value {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    /// The value it stands for: of a struct only from an object, of an enum only from a text, and of a field that may be
    /// left out never from `null`.
    pub fn read<'de, T: Deserialize<'de>>(&'de self) -> Result<T, value::Error> {
        T::deserialize(self)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor).map(Self)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Signed(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = BTreeMap::new();
        while let Some((name, value)) = fields.next_entry()? {
            if object.insert(name, value).is_some() {
                // The name is a stranger's.
                return Err(A::Error::custom("a name is there twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

impl Json {
    fn is_not<T>(&self, expected: &dyn de::Expected) -> Result<T, value::Error> {
        let found = match &self.0 {
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Unsigned(value) => Unexpected::Unsigned(*value),
            Value::Signed(value) => Unexpected::Signed(*value),
            Value::Float(value) => Unexpected::Float(*value),
            Value::Text(text) => Unexpected::Str(text),
            Value::List(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        Err(value::Error::invalid_type(found, expected))
    }
}

impl<'de> Deserializer<'de> for &'de Json {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        match &self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Unsigned(value) => visitor.visit_u64(*value),
            Value::Signed(value) => visitor.visit_i64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::List(items) => visitor.visit_seq(SeqDeserializer::new(items.iter())),
            Value::Object(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        let Value::Object(fields) = &self.0 else { return self.is_not(&visitor) };
        visitor.visit_map(MapDeserializer::new(fields.iter().map(|(name, value)| (name.as_str(), value))))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, value::Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, value::Error> {
        let Value::Text(text) = &self.0 else { return self.is_not(&visitor) };
        visitor.visit_enum(text.as_str().into_deserializer())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        match self.0 {
            Value::Null => self.is_not(&"a value, or no field"),
            _ => visitor.visit_some(self),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de> for &'de Json {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bytes32, Event, EventKind, OpenShare, PartsHeld, RelayInfo, ShareStatus, State};

    fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
        let json: Json = serde_json::from_str(text).map_err(|error| error.to_string())?;
        json.read().map_err(|error| error.to_string())
    }

    fn is_refused<T: for<'de> Deserialize<'de>>(texts: &[&str]) {
        for text in texts {
            assert!(read::<T>(text).is_err(), "{text}");
        }
    }

    const STATUS: &str = r#"{"state":"ready","kind":"keys","now":1,"created_at":1,"expires_at":9,"header_bytes":1,
        "payload_bytes":5,"part_bytes":65552,"stored_bytes":5,"tries_left":10,"later":[null,-1.5,{"x":true}]}"#;

    #[test]
    fn every_kind_of_value_is_read_from_its_one_form() {
        assert_eq!(read::<ShareStatus>(STATUS).unwrap().payload_bytes, Some(5));
        assert_eq!(read::<PartsHeld>(r#"{"held":[[0,2],[5,6]]}"#).unwrap().held, [(0, 2), (5, 6)]);
        assert_eq!(read::<OpenShare>("{}").unwrap().proof, None);
        let hash = "01".repeat(32);
        let event = read::<Event>(&format!(r#"{{"at":5,"event":"ticket_returned","ticket_hash":"{hash}"}}"#)).unwrap();
        assert_eq!(event.kind, EventKind::TicketReturned { ticket_hash: Bytes32([1; 32]) });
        let limits = r#"{"content_bytes":1,"part_bytes":2,"expiry_seconds":3}"#;
        let info = format!(
            r#"{{"version":1,"software":"x","now":1,"token_required":false,"limits":{limits},"page":{{"a":"{hash}"}}}}"#
        );
        assert_eq!(read::<RelayInfo>(&info).unwrap().page["a"], Bytes32([1; 32]));
        assert_eq!(read::<RelayInfo>(&info).unwrap().limits.room_bytes, None);
        let with_room = info.replace("\"expiry_seconds\":3", "\"expiry_seconds\":3,\"room_bytes\":4");
        assert_eq!(read::<RelayInfo>(&with_room).unwrap().limits.room_bytes, Some(4));
        is_refused::<RelayInfo>(&[
            &info.replace(limits, "[1,2,3]"),
            &info.replace(r#"{"a""#, &format!(r#"{{"a":"{hash}","a""#)),
        ]);
    }

    #[test]
    fn another_form_is_refused_wherever_it_stands() {
        let with = |honest: &str, other: &str| STATUS.replacen(honest, other, 1);
        is_refused::<ShareStatus>(&[
            r#"["ready","keys",1,1,9,1,5,65552,5,10,null,null]"#,
            &with("\"keys\"", r#"{"keys":null}"#),
            &with("\"payload_bytes\":5", "\"payload_bytes\":null"),
            &with("\"now\":1", "\"now\":1,\"now\":1"),
            &with("\"now\":1", "\"now\":1,\"n\\u006fw\":1"),
            &with("\"x\":true", "\"x\":true,\"x\":true"),
            &with("\"now\":1", "\"now\":1.0"),
            &with("\"now\":1", "\"now\":1e0"),
            &with("\"now\":1", "\"now\":-0"),
            &with("\"now\":1", "\"now\":18446744073709551616"),
            &with("true", "\"\\ud800\""),
            &with("true", "1e999"),
            &with("{", "\u{feff}{"),
            &format!("{STATUS}{STATUS}"),
        ]);
        is_refused::<PartsHeld>(&[r#"{"held":{}}"#, r#"{"held":[{}]}"#, r#"{"held":null}"#, "[[[0,2]]]"]);
        is_refused::<State>(&["[\"ready\"]", "{\"ready\":null}", "null", "0"]);
        assert!(read::<State>("\"ready\"").is_ok());
    }
}
