//! JSON that clients send: an object is an object, and a word is a word.
//!
//! What serde derives for a struct also takes an array of its fields, in their order, and for an enum of words also an
//! object whose only key is the word: shapes that are documented nowhere, and that would change their meaning with the
//! next field. So all that clients send is read by [`from_json`], and a struct or an enum within it stands in an
//! [`Object`] or a [`Word`]. `tests/it/tidy.rs` finds one that does not.

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;

/// A struct that stands there as an object.
pub struct Object<T>(pub T);

/// An enum that stands there as one of its words.
pub struct Word<T>(pub T);

/// Reads a JSON object.
///
/// # Errors
/// For what is no JSON, no object, or has other fields.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(bytes).map(|Object(value)| value)
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<T>, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
            }
        }

        deserializer.deserialize_map(Fields(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Word<T>, D::Error> {
        struct Text<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Text<T> {
            type Value = Word<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Word<T>, E> {
                T::deserialize(word.into_deserializer()).map(Word)
            }
        }

        deserializer.deserialize_str(Text(PhantomData))
    }
}
