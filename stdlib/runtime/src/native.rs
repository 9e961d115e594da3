//! Native programs: machine code that is mapped and called.
//!
//! An [`Image`] is what the code generator makes: machine code, constant data and the tables that describe
//! them. The code reaches the runtime through the table behind the call context and its constants through
//! the context, and itself by relative addresses, so an image can be mapped anywhere without a change; a
//! program that was just compiled and one that is appended to an executable are loaded by the same few lines.

use std::sync::Arc;

use memmap2::{Mmap, MmapMut, MmapOptions};
use serde::{Deserialize, Serialize};
use tenon_value::dispatch::Api;
use tenon_value::fault::FIRST_DECLARED;
use tenon_value::lanes::{from_value, to_value};
use tenon_value::pattern::Pattern;
use tenon_value::schema::{ColumnType, Schema};
use tenon_value::shape::{ShapeId, Shapes};
use tenon_value::{ErrorId, Failure, Fault, Value};

use crate::arena::ArenaMemory;
use crate::context::{CallContext, Limits, NO_SITE, Status};
use crate::processor::Processor;
use crate::value::lanes_at;

/// Where in an image its machine code begins is a multiple of this.
const PAGE: usize = 4096;

/// A program as machine code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Image {
    /// The hash of the interface that the code was made for; see [`crate::functions::abi_hash`].
    pub abi: u64,
    /// The processor that the code was made for.
    pub processor: Processor,
    /// The machine code.
    #[serde(skip)]
    pub text: Vec<u8>,
    /// Constant data.
    #[serde(skip)]
    pub constants: Vec<u8>,
    /// The functions that can be called from outside: number in the program, position in the code. Ascending.
    pub entries: Vec<Entry>,
    /// What the outside sees.
    pub interface: Interface,
    /// The shapes that the code names; they begin with those of the interface.
    pub shapes: Shapes,
    /// The regular expressions that the code names.
    pub patterns: Vec<String>,
    /// The library functions that the code names.
    pub library: Vec<String>,
    /// The stored shape that the code was made for.
    pub schema: Schema,
    /// The shape of each relation's key.
    pub key_shapes: Vec<ShapeId>,
    /// The shapes of each relation's fields.
    pub field_shapes: Vec<Vec<ShapeId>>,
    /// The shapes of the fields of each declared error.
    pub errors: Vec<Vec<ShapeId>>,
}

/// What the outside sees of a program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interface {
    /// Endpoints, shapes, errors.
    pub api: Api,
    /// The function of each endpoint.
    pub endpoints: Vec<u32>,
    /// Whether a call of each endpoint is expected to read many rows.
    pub heavy: Vec<bool>,
    /// Where each place of the program is, in words for logs.
    pub sites: Vec<String>,
    /// `main`, if there is one.
    pub main: Option<u32>,
    /// The limits that its project sets.
    pub limits: OwnLimits,
}

/// Limits that a project sets; what it leaves open is the standard of whoever runs the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnLimits {
    /// Steps of a call.
    pub fuel: Option<u64>,
    /// Bytes of memory of a call.
    pub memory: Option<u64>,
    /// Depth of calls within a call.
    pub depth: Option<u32>,
    /// Bytes of a request's body.
    pub body: Option<u64>,
    /// Milliseconds of a request.
    pub time: Option<u64>,
}

impl OwnLimits {
    /// The limits of a call.
    pub fn of_calls(&self) -> Limits {
        let standard = Limits::default();
        Limits {
            fuel: self.fuel.map_or(standard.fuel, |n| i64::try_from(n).unwrap_or(i64::MAX)),
            memory: self.memory.map_or(standard.memory, |n| usize::try_from(n).unwrap_or(usize::MAX)),
            depth: self.depth.unwrap_or(standard.depth),
        }
    }
}

/// A function that can be called from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number in the program.
    pub function: u32,
    /// Its position in the code.
    pub offset: u32,
    /// The shapes of its parameters.
    pub params: Vec<ShapeId>,
    /// The lanes of its parameters together.
    pub arguments: u32,
    /// The shape of its result.
    pub result: ShapeId,
    /// The lanes of its result.
    pub results: u32,
}

/// What the functions of the runtime know of the program whose code calls them.
#[derive(Debug)]
pub struct Tables {
    /// All shapes.
    pub shapes: Shapes,
    /// The compiled regular expressions.
    pub patterns: Vec<Pattern>,
    /// The stored shape.
    pub schema: Schema,
    /// The key of each relation.
    pub keys: Vec<RelationKey>,
    /// The library functions.
    pub library: Vec<crate::library::Function>,
    /// The shapes of the fields of each declared error.
    pub errors: Vec<Vec<ShapeId>>,
}

/// How to read the key of a row.
#[derive(Clone, Debug)]
pub struct RelationKey {
    /// The shape of the key.
    pub shape: ShapeId,
    /// Its columns.
    pub columns: Vec<(u32, ColumnType)>,
    /// The shape and the columns of each field.
    pub fields: Vec<(ShapeId, Vec<(u32, ColumnType)>)>,
}

/// Why an image cannot be loaded.
#[derive(Debug)]
pub enum LoadError {
    /// It was made for another version of the runtime.
    OtherInterface,
    /// It was made for a processor that has what this one lacks.
    OtherProcessor(Vec<String>),
    /// It is damaged, or not an image.
    Damaged(&'static str),
    /// The system refuses the memory.
    System(std::io::Error),
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LoadError::OtherInterface => {
                f.write_str("the program was compiled for another version of Tenon; compile it again")
            }
            LoadError::OtherProcessor(missing) => write!(
                f,
                "the program was compiled for another processor: this one lacks {}; build it with `--cpu baseline`",
                missing.join(", ")
            ),
            LoadError::Damaged(what) => write!(f, "the compiled program is damaged: {what}"),
            LoadError::System(error) => write!(f, "the system gives no memory for the program's code: {error}"),
        }
    }
}

impl std::error::Error for LoadError {}

impl From<std::io::Error> for LoadError {
    fn from(error: std::io::Error) -> LoadError {
        LoadError::System(error)
    }
}

/// A program that is mapped and can be called.
#[derive(Debug)]
pub struct Loaded {
    text: Mmap,
    constants: Vec<u64>,
    entries: Vec<Entry>,
    interface: Interface,
    tables: Tables,
}

/// The stack that a thread should have that calls programs, in bytes.
pub const THREAD_STACK: usize = 8 << 20;

/// The part of it that the code of the program may use: beyond it functions that call themselves are too deep. The rest is
/// for the functions of the runtime, which walk through values level by level, up to [`tenon_value::shape::MAX_NESTING`].
pub(crate) const STACK: usize = THREAD_STACK / 8;

/// The door into a function: `(context, arguments, results) -> 0, or 1 if the context reports a problem`.
type Door = unsafe extern "C" fn(*mut CallContext, *const u64, *mut u64) -> u64;

/// Maps an image.
pub fn load(image: Image) -> Result<Arc<Loaded>, LoadError> {
    if image.abi != crate::functions::abi_hash() {
        return Err(LoadError::OtherInterface);
    }
    let mut text = MmapMut::map_anon(image.text.len().max(1))?;
    text[..image.text.len()].copy_from_slice(&image.text);
    let text = text.make_exec()?;
    finish(image, text)
}

/// Maps an image that stands in a file at a position that is a multiple of a page, as [`Image::to_bytes`] wrote
/// it: the code is mapped from the file, so its pages are shared.
///
/// # Errors
/// The file cannot be read, was made for another runtime, or is not what was written.
pub fn load_file(file: &std::fs::File, at: u64) -> Result<Arc<Loaded>, LoadError> {
    use std::os::unix::fs::FileExt;
    let cut_off = || LoadError::Damaged("it is cut off");
    // Sizes are believed only as far as the file goes: what they say is read into memory.
    let length = file.metadata()?.len().checked_sub(at).ok_or_else(cut_off)?;
    if length < HEADER as u64 {
        return Err(cut_off());
    }
    let mut header = [0u8; HEADER];
    file.read_exact_at(&mut header, at)?;
    let (layout, written) = FileLayout::read(&header)?;
    if layout.end as u64 > length {
        return Err(cut_off());
    }
    let mut tables = vec![0; layout.tables];
    file.read_exact_at(&mut tables, at + HEADER as u64)?;
    let mut constants = vec![0; layout.constants];
    file.read_exact_at(&mut constants, at + layout.constants_at as u64)?;
    let mut options = MmapOptions::new();
    options.offset(at + layout.text_at as u64).len(layout.text.max(1));
    // SAFETY: the mapping is private; an executable that is running cannot be written to.
    let text = unsafe { options.map_exec(file)? };
    if checksum(&[&tables, &constants, &text[..layout.text]]) != written {
        return Err(LoadError::Damaged("its bytes are not those that were written"));
    }
    let image: Image = postcard::from_bytes(&tables).map_err(|_| LoadError::Damaged("its tables do not parse"))?;
    if image.abi != crate::functions::abi_hash() {
        return Err(LoadError::OtherInterface);
    }
    finish(Image { constants, ..image }, text)
}

/// The size of what stands before the tables of an image in a file.
const HEADER: usize = 40;
const MAGIC: u64 = u64::from_le_bytes(*b"tenonimg");

/// How an image lies in a file: header, tables, constants, and the code at the start of a page.
struct FileLayout {
    tables: usize,
    constants: usize,
    text: usize,
    constants_at: usize,
    text_at: usize,
    end: usize,
}

impl FileLayout {
    /// The layout for parts of these sizes; `None` where they are too large for any file.
    fn of(tables: usize, constants: usize, text: usize) -> Option<FileLayout> {
        let constants_at = HEADER.checked_add(tables)?.checked_next_multiple_of(16)?;
        let text_at = constants_at.checked_add(constants)?.checked_next_multiple_of(PAGE)?;
        // An empty code is mapped as one byte.
        let end = text_at.checked_add(text.max(1))?;
        Some(FileLayout { tables, constants, text, constants_at, text_at, end })
    }

    /// The layout that a header tells, and the checksum of the parts.
    fn read(header: &[u8; HEADER]) -> Result<(FileLayout, u64), LoadError> {
        let word = |i: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&header[i * 8..i * 8 + 8]);
            u64::from_le_bytes(bytes)
        };
        if word(0) != MAGIC {
            return Err(LoadError::Damaged("it does not begin as an image does"));
        }
        let too_large = || LoadError::Damaged("a part is too large");
        let size = |i| usize::try_from(word(i)).map_err(|_| too_large());
        Ok((FileLayout::of(size(1)?, size(2)?, size(3)?).ok_or_else(too_large)?, word(4)))
    }
}

/// A number that differs, in all likelihood, when a byte of a part does. It guards against damage, not against malice.
fn checksum(parts: &[&[u8]]) -> u64 {
    let mut sum = 0xcbf2_9ce4_8422_2325u64;
    let mut take = |word: u64| sum = (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    for part in parts {
        let (words, rest) = part.as_chunks::<8>();
        words.iter().for_each(|word| take(u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        take(u64::from_le_bytes(last));
        take(part.len() as u64);
    }
    sum
}

impl Image {
    /// The image as bytes of a file; they are to stand at a position that is a multiple of a page.
    pub fn to_bytes(&self) -> Vec<u8> {
        let tables = postcard::to_stdvec(self).expect("plain data serialises");
        let layout = FileLayout::of(tables.len(), self.constants.len(), self.text.len());
        let layout = layout.expect("what lies in memory together fits a file");
        let mut out = Vec::with_capacity(layout.end);
        let sum = checksum(&[&tables, &self.constants, &self.text]);
        for word in [MAGIC, layout.tables as u64, layout.constants as u64, layout.text as u64, sum] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(&tables);
        out.resize(layout.constants_at, 0);
        out.extend_from_slice(&self.constants);
        out.resize(layout.text_at, 0);
        out.extend_from_slice(&self.text);
        out.resize(layout.end, 0);
        out
    }
}

fn finish(image: Image, text: Mmap) -> Result<Arc<Loaded>, LoadError> {
    let missing = image.processor.missing();
    if !missing.is_empty() {
        return Err(LoadError::OtherProcessor(missing));
    }
    if image.entries.iter().any(|e| e.offset as usize >= image.text.len().max(text.len())) {
        return Err(LoadError::Damaged("a function lies outside the code"));
    }
    let mut shapes = image.shapes;
    shapes.finish().map_err(|_| LoadError::Damaged("a shape is not complete"))?;
    let patterns = image.patterns.iter().map(|text| Pattern::new(text));
    let patterns: Result<Vec<Pattern>, _> = patterns.collect();
    let patterns = patterns.map_err(|_| LoadError::Damaged("a regular expression does not compile"))?;
    let library: Option<Vec<_>> = image.library.iter().map(|name| crate::library::find(name)).collect();
    let library = library.ok_or(LoadError::Damaged("a library function is not known"))?;
    let relations = &image.schema.relations;
    let described = image.key_shapes.len() == relations.len()
        && image.field_shapes.len() == relations.len()
        && relations.iter().zip(&image.field_shapes).all(|(r, shapes)| r.fields.len() == shapes.len());
    if !described {
        return Err(LoadError::Damaged("the keys do not belong to the relations"));
    }
    let mut keys = Vec::with_capacity(relations.len());
    for (relation, (shape, field_shapes)) in relations.iter().zip(image.key_shapes.iter().zip(&image.field_shapes)) {
        let starts = relation.column_starts();
        let columns_of = |index: usize| -> Vec<(u32, ColumnType)> {
            let own = relation.fields[index].columns().into_iter().enumerate();
            own.map(|(i, ty)| ((starts[index] + i) as u32, ty)).collect()
        };
        let columns = relation.key.iter().flat_map(|id| columns_of(id.index())).collect();
        let fields = field_shapes.iter().enumerate().map(|(i, shape)| (*shape, columns_of(i))).collect();
        keys.push(RelationKey { shape: *shape, columns, fields });
    }
    // Whole words, so that constant lanes are aligned.
    let mut constants = vec![0u64; image.constants.len().div_ceil(8) + 1];
    for (word, bytes) in constants.iter_mut().zip(image.constants.chunks(8)) {
        let mut raw = [0; 8];
        raw[..bytes.len()].copy_from_slice(bytes);
        *word = u64::from_le_bytes(raw);
    }
    let mut interface = image.interface;
    interface.api.shapes.finish().map_err(|_| LoadError::Damaged("a shape is not complete"))?;
    Ok(Arc::new(Loaded {
        text,
        constants,
        entries: image.entries,
        interface,
        tables: Tables { shapes, patterns, schema: image.schema, keys, library, errors: image.errors },
    }))
}

impl Loaded {
    /// What the program's code names.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// What the outside sees.
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// How a function of the program is called from outside, if it can be.
    pub fn entry(&self, function: u32) -> Option<&Entry> {
        self.entries.binary_search_by_key(&function, |e| e.function).ok().map(|i| &self.entries[i])
    }

    /// Makes a context ready for calls of this program. The program must outlive the calls.
    pub fn prepare(&self, ctx: &mut CallContext) {
        ctx.constants = self.constants.as_ptr().cast();
        ctx.tables = &raw const self.tables;
    }

    /// Calls a function. The context is prepared, and its relations and snapshot are set if the function
    /// reads the store. The result is written to `results`, or the context says what went wrong.
    ///
    /// # Panics
    /// If the arguments or results do not have the lanes of the function: the caller would corrupt memory.
    pub fn call(&self, entry: &Entry, ctx: &mut CallContext, arguments: &[u64], results: &mut [u64]) -> Status {
        assert_eq!(arguments.len(), entry.arguments as usize, "arguments have the lanes of the function");
        assert_eq!(results.len(), entry.results as usize, "results have the lanes of the function");
        let here = 0u8;
        ctx.stack_limit = ((&raw const here) as usize).saturating_sub(STACK);
        // SAFETY: the offset is that of a door in code that the code generator made for this very interface (the
        // hash was compared when it was loaded); the pointers have the lanes that it reads and writes.
        let status = unsafe {
            let door: Door = std::mem::transmute::<*const u8, Door>(self.text.as_ptr().add(entry.offset as usize));
            door(ctx, arguments.as_ptr(), results.as_mut_ptr())
        };
        if status == 0 && ctx.status == Status::Ok as u32 {
            return Status::Ok;
        }
        match ctx.status {
            s if s == Status::Failure as u32 => Status::Failure,
            s if s == Status::Violation as u32 => Status::Violation,
            s if s == Status::Fault as u32 => Status::Fault,
            _ => {
                ctx.set_fault(tenon_value::Fault::Internal);
                Status::Fault
            }
        }
    }
}

/// How a call ended that gave no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With a fault, at a place of the program if it is known.
    Fault(Fault, Option<u32>),
    /// With a declared failure.
    Failure(Failure),
    /// With the built-in failure `Invalid` and these problems: a place and a message each.
    Invalid(Vec<(String, String)>),
}

impl Ended {
    /// What people are told of it; `place` says where a place of the program is.
    pub fn told(&self, place: impl FnOnce(u32) -> Option<String>) -> String {
        match self {
            Ended::Fault(fault, site) => match site.and_then(place) {
                Some(place) => format!("{place}: {}", fault.message()),
                None => fault.message().to_owned(),
            },
            Ended::Failure(failure) => failure.message.to_string(),
            Ended::Invalid(problems) => {
                problems.iter().map(|(place, what)| format!("{place}: {what}")).collect::<Vec<_>>().join("; ")
            }
        }
    }
}

impl Loaded {
    /// Calls a function with values: for scenarios, `main` and tests. The context is as for [`Loaded::call`].
    pub fn call_values(&self, function: u32, ctx: &mut CallContext, args: &[Value]) -> Result<Value, Ended> {
        let faulted = |fault| Ended::Fault(fault, None);
        let Some(entry) = self.entry(function) else { return Err(Ended::Fault(Fault::Internal, None)) };
        let shapes = &self.tables.shapes;
        let mut lanes = Vec::with_capacity(entry.arguments as usize);
        if entry.params.len() != args.len() {
            return Err(Ended::Fault(Fault::Internal, None));
        }
        for (shape, value) in entry.params.iter().zip(args) {
            let start = lanes.len();
            lanes.resize(start + shapes.lanes(*shape) as usize, 0);
            // SAFETY: the lanes that are made here are those of this call.
            let mut memory = unsafe { ArenaMemory::new(ctx) };
            from_value(shapes, *shape, value, &mut lanes[start..], &mut memory).map_err(faulted)?;
        }
        let mut results = vec![0; entry.results as usize];
        match self.call(entry, ctx, &lanes, &mut results) {
            Status::Ok => {
                // SAFETY: the result of this call.
                let memory = unsafe { ArenaMemory::new(ctx) };
                to_value(shapes, entry.result, &results, &memory).map_err(faulted)
            }
            _ => Err(self.ended(ctx)),
        }
    }

    /// What a context says that reports a problem.
    pub fn ended(&self, ctx: &mut CallContext) -> Ended {
        if ctx.status == Status::Failure as u32 {
            if !ctx.problems.is_empty() {
                return Ended::Invalid(std::mem::take(&mut ctx.problems));
            }
            return match self.failure(ctx) {
                Ok(failure) => Ended::Failure(failure),
                Err(fault) => Ended::Fault(fault, None),
            };
        }
        let fault = u16::try_from(ctx.fault.code).ok().and_then(Fault::from_code).unwrap_or(Fault::Internal);
        let site = (ctx.fault.site != NO_SITE && ctx.status == Status::Fault as u32).then_some(ctx.fault.site);
        Ended::Fault(fault, site)
    }

    fn failure(&self, ctx: &mut CallContext) -> Result<Failure, Fault> {
        let record = ctx.failure;
        let error = ErrorId(record.error);
        let fields = error.0.checked_sub(FIRST_DECLARED).and_then(|i| self.tables.errors.get(i as usize));
        let fields = fields.map_or(&[][..], Vec::as_slice);
        // SAFETY: generated code stored the message and so many lanes of fields; they lie in the arena of the call.
        let (message, mut lanes) =
            unsafe { (record.message.bytes().to_vec(), lanes_at(record.payload, record.lanes as usize)) };
        let message = String::from_utf8(message).map_err(|_| Fault::Internal)?;
        // SAFETY: as above.
        let memory = unsafe { ArenaMemory::new(ctx) };
        let shapes = &self.tables.shapes;
        let mut values = Vec::with_capacity(fields.len());
        for shape in fields {
            let (own, rest) = lanes.split_at_checked(shapes.lanes(*shape) as usize).ok_or(Fault::Internal)?;
            values.push(to_value(shapes, *shape, own, &memory)?);
            lanes = rest;
        }
        Ok(Failure { error, fields: values, message: message.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn image() -> Image {
        Image {
            abi: crate::functions::abi_hash(),
            processor: Processor::with([]),
            text: vec![0xc3; 100],
            constants: vec![1; 50],
            entries: vec![Entry {
                function: 0,
                offset: 0,
                params: vec![],
                arguments: 0,
                result: ShapeId(0),
                results: 0,
            }],
            interface: Interface {
                api: Api::new("test"),
                endpoints: vec![],
                heavy: vec![],
                sites: vec!["a.tn:1".into()],
                main: None,
                limits: OwnLimits { depth: Some(7), ..OwnLimits::default() },
            },
            shapes: Shapes::default(),
            patterns: vec!["a+".into()],
            library: vec![],
            schema: Schema::default(),
            key_shapes: vec![],
            field_shapes: vec![],
            errors: vec![],
        }
    }

    fn load_bytes(path: &Path, bytes: &[u8]) -> Result<Arc<Loaded>, LoadError> {
        std::fs::write(path, bytes).expect("a file for the test");
        load_file(&std::fs::File::open(path).expect("just written"), 0)
    }

    #[test]
    fn a_file_that_is_not_what_was_written_is_damaged() {
        let path = std::env::temp_dir().join(format!("tenon-damaged-{}", std::process::id()));
        let whole = image().to_bytes();
        load_bytes(&path, &whole).expect("it is whole");
        let text_at = whole.len() - 100;
        let parts = HEADER + postcard::to_stdvec(&image()).expect("plain data").len();
        // Every byte of what is written at all, and every end.
        for at in (0..parts).chain(text_at..whole.len()) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            let found = load_bytes(&path, &bytes);
            assert!(matches!(found, Err(LoadError::Damaged(_))), "byte {at}: {found:?}");
        }
        for end in 0..whole.len() {
            assert!(matches!(load_bytes(&path, &whole[..end]), Err(LoadError::Damaged(_))), "{end} bytes");
        }
        // Sizes that no file has.
        for size in 1..4 {
            for value in [u64::MAX, u64::MAX / 2, 1 << 40] {
                let mut bytes = whole.clone();
                bytes[size * 8..size * 8 + 8].copy_from_slice(&value.to_le_bytes());
                assert!(matches!(load_bytes(&path, &bytes), Err(LoadError::Damaged(_))), "size {size} is {value}");
            }
        }
        let other = Image { abi: 7, ..image() }.to_bytes();
        assert!(matches!(load_bytes(&path, &other), Err(LoadError::OtherInterface)));
        let older = Processor { features: vec!["avx1024".into()], ..Processor::with([]) };
        let newer = Image { processor: older, ..image() }.to_bytes();
        let refused = load_bytes(&path, &newer).expect_err("no processor has it");
        assert!(matches!(refused, LoadError::OtherProcessor(_)) && refused.to_string().contains("lacks avx1024"));
        let beyond = load_file(&std::fs::File::open(&path).expect("written"), 1 << 40);
        assert!(matches!(beyond, Err(LoadError::Damaged(_))));
        std::fs::remove_file(&path).expect("ours");
    }
}
