//! A [`Spec`] as JSON: the order of its keys is kept, and a key that is there twice is refused.

use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Spec;

impl Spec {
    /// Reads JSON.
    ///
    /// # Errors
    /// Where it is no JSON, or has a key twice. Names no value.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// As JSON on one line.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("text, numbers, lists and blocks always serialise")
    }
}

impl Serialize for Spec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_unit(),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => match (number.parse::<u64>(), number.parse::<i64>(), number.parse::<f64>()) {
                (Ok(number), ..) => serializer.serialize_u64(number),
                (_, Ok(number), _) => serializer.serialize_i64(number),
                (_, _, Ok(number)) => serializer.serialize_f64(number),
                _ => serializer.serialize_str(number),
            },
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Self::Block(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Spec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reads)
    }
}

struct Reads;

impl<'de> Visitor<'de> for Reads {
    type Value = Spec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Spec, E> {
        Ok(Spec::Nothing)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Spec, E> {
        Ok(Spec::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Spec, E> {
        Ok(Spec::Number(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Spec, E> {
        Ok(Spec::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Spec, E> {
        Ok(Spec::Number(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Spec, E> {
        Ok(Spec::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Spec, E> {
        Ok(Spec::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Spec, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Spec::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Spec, A::Error> {
        let mut entries: Vec<(String, Spec)> = Vec::new();
        let mut known = std::collections::HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if !known.insert(key.clone()) {
                let key: String = key.chars().take(60).collect();
                return Err(de::Error::custom(format_args!("`{key}` is there twice")));
            }
            entries.push((key, map.next_value()?));
        }
        Ok(Spec::Block(entries))
    }
}
