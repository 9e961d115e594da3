//! Shapes: how to compare, hash and copy values given as lanes.
//!
//! A shape is a flat string of codes, one per lane or pair of lanes, without pointers, so that generated
//! code can hold it as constant data. Comparing lane by lane in order is comparing the values: tags come
//! before payloads and the lanes of what is not there are zero.
//!
//! | code | lanes | meaning |
//! | --- | --- | --- |
//! | `W` | 1 | a signed word: numbers, times, booleans, tags of variants |
//! | `F` | 1 | a float |
//! | `O` | 1 | the tag of an option; a present value sorts before none |
//! | `S` | 2 | a text, bytes or JSON, by its bytes |
//! | `I` | 2 | an identity, unsigned |
//! | `R` + 4 bytes | 1 | a reference to the relation with this number (little endian), by the key of its target |
//! | `C` + 2 bytes + shape | 1 | a collection whose element has the shape of that many bytes (little endian) |

use crate::schema::DataType;

/// The code of a signed word.
pub const WORD: u8 = b'W';
/// The code of a float.
pub const FLOAT: u8 = b'F';
/// The code of the tag of an option.
pub const OPTION: u8 = b'O';
/// The code of a text.
pub const STR: u8 = b'S';
/// The code of an identity.
pub const ID: u8 = b'I';
/// The code of a reference.
pub const REF: u8 = b'R';
/// The code of a collection.
pub const COLLECTION: u8 = b'C';

/// The shape of a type.
pub fn shape_of(ty: &DataType) -> Vec<u8> {
    let mut out = Vec::new();
    push_shape(ty, &mut out);
    out
}

/// Appends the shape of a type.
pub fn push_shape(ty: &DataType, out: &mut Vec<u8>) {
    match ty {
        DataType::Bool
        | DataType::Int
        | DataType::Decimal(_)
        | DataType::Instant
        | DataType::DateTime
        | DataType::Date
        | DataType::Time
        | DataType::Duration => out.push(WORD),
        DataType::Float => out.push(FLOAT),
        DataType::Text | DataType::Bytes | DataType::Json => out.push(STR),
        DataType::Id | DataType::Uuid => out.push(ID),
        DataType::Ref(relation) => {
            out.push(REF);
            out.extend_from_slice(&relation.0.to_le_bytes());
        }
        DataType::Option(inner) => {
            out.push(OPTION);
            push_shape(inner, out);
        }
        DataType::Record(fields) => fields.iter().for_each(|f| push_shape(&f.ty, out)),
        DataType::Variant(cases) => {
            out.push(WORD);
            cases.iter().flat_map(|c| &c.fields).for_each(|f| push_shape(&f.ty, out));
        }
        DataType::List(element) | DataType::Bag(element) | DataType::Set(element) => {
            push_collection(out, |inner| push_shape(element, inner));
        }
        DataType::Map(key, value) => push_collection(out, |inner| {
            push_shape(key, inner);
            push_shape(value, inner);
        }),
    }
}

fn push_collection(out: &mut Vec<u8>, element: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    element(&mut inner);
    out.push(COLLECTION);
    let len = u16::try_from(inner.len()).expect("a type written by a person has a short shape");
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(&inner);
}

/// One step through a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A signed word: one lane.
    Word,
    /// A float: one lane.
    Float,
    /// The tag of an option: one lane.
    Option,
    /// A text: two lanes.
    Str,
    /// An identity: two lanes.
    Id,
    /// A reference to this relation: one lane.
    Ref(u32),
    /// A collection of elements of this shape: one lane.
    Collection(&'a [u8]),
}

impl Step<'_> {
    /// How many lanes the step covers.
    pub fn lanes(self) -> usize {
        match self {
            Step::Str | Step::Id => 2,
            _ => 1,
        }
    }
}

/// The steps of a shape that this module made.
pub fn steps(shape: &[u8]) -> Steps<'_> {
    Steps { rest: shape }
}

/// See [`steps`].
#[derive(Clone, Debug)]
pub struct Steps<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Steps<'a> {
    type Item = Step<'a>;

    #[inline]
    fn next(&mut self) -> Option<Step<'a>> {
        let (&code, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(match code {
            FLOAT => Step::Float,
            OPTION => Step::Option,
            STR => Step::Str,
            ID => Step::Id,
            REF => {
                let (bytes, rest) = self.rest.split_at(4);
                self.rest = rest;
                Step::Ref(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            }
            COLLECTION => {
                let (bytes, rest) = self.rest.split_at(2);
                let len = usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
                let (inner, rest) = rest.split_at(len);
                self.rest = rest;
                Step::Collection(inner)
            }
            _ => {
                debug_assert_eq!(code, WORD, "shapes are made by this module and by generated code");
                Step::Word
            }
        })
    }
}

/// How many lanes a value of the shape has.
pub fn lanes(shape: &[u8]) -> usize {
    steps(shape).map(Step::lanes).sum()
}
