//! One program on its way to machine code: its tables, the functions that are defined so far, and the
//! layout of all of them in one position-independent text.
//!
//! Functions call each other by relative addresses within the text; functions of the runtime are reached
//! through the table behind the call context, constants through `CallContext::constants`. So the text
//! needs no relocation when it is loaded, and the code that a test runs in this process is byte for byte
//! the code of a built executable.

use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{
    self, AbiParam, ExtFuncData, ExternalName, FuncRef, InstBuilder, Signature, UserExternalName, UserFuncName, types,
};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{Context, FinalizedRelocTarget};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use rustc_hash::FxHashMap;
use tenon_core::ir::{FunctionId, Program, QueryId};
use tenon_plan::physical::Plan;
use tenon_runtime::contract;
use tenon_value::schema::Schema;

use tenon_runtime::processor::{Feature, Processor, features};

use crate::constants::Constants;
use crate::emit::{BEYOND, Emit};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::shapes::ShapeTable;

/// How to compile.
#[derive(Clone, Debug)]
pub struct Options {
    /// Better code for more compile time: what built executables carry.
    pub optimize: bool,
    /// Run Cranelift's verifier over everything.
    pub verify: bool,
    /// Keep the text of the intermediate code of each function, for tests and for people who look.
    pub keep_clif: bool,
    /// Which processors the code is for.
    pub cpu: Cpu,
}

/// Which processors code is made for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cpu {
    /// The one that this runs on, and those that have all that it has.
    Native,
    /// All of this architecture that Tenon supports; see [`Feature::baseline`].
    Baseline,
}

impl Cpu {
    /// Whether code may use a feature.
    fn has(self, feature: &Feature) -> bool {
        match self {
            Cpu::Native => feature.here,
            Cpu::Baseline => feature.baseline,
        }
    }

    /// The processor that such code asks for.
    pub(crate) fn processor(self) -> Processor {
        Processor::with(features().into_iter().filter(|feature| self.has(feature)))
    }
}

impl Default for Options {
    fn default() -> Options {
        Options { optimize: true, verify: cfg!(debug_assertions), keep_clif: false, cpu: Cpu::Native }
    }
}

/// A function of machine code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Symbol(u32);

/// What a function of machine code is made of.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Origin {
    /// A function of Core, in the calling convention of Core functions.
    Function(FunctionId),
    /// A query of Core, likewise.
    Query(QueryId),
    /// The door from Rust into a function: `(ctx, arguments, results) -> status`.
    Entry(FunctionId),
    /// Part of another function: a pipeline, a comparator.
    Part(String),
}

/// The signature of a function of machine code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Convention {
    /// Lanes that are passed after the context, pointers included.
    pub(crate) words: usize,
    /// Words of the result.
    pub(crate) results: usize,
}

struct Defined {
    origin: Origin,
    convention: Convention,
    code: Option<Code>,
}

struct Code {
    bytes: Vec<u8>,
    alignment: u32,
    relocations: Vec<(u32, Reloc, i64, Symbol)>,
}

/// See the module.
pub(crate) struct Unit<'p> {
    pub(crate) program: &'p Program,
    pub(crate) schema: &'p Schema,
    pub(crate) plans: &'p [Plan],
    pub(crate) layout: Layout<'p>,
    pub(crate) shapes: ShapeTable<'p>,
    pub(crate) constants: Constants,
    /// Whether a function may call itself, by function number.
    pub(crate) recursive: Vec<bool>,
    pub(crate) clif: Vec<(String, String)>,
    /// The library functions that the code names.
    pub(crate) library: Library,
    options: Options,
    isa: OwnedTargetIsa,
    symbols: FxHashMap<Origin, Symbol>,
    defined: Vec<Defined>,
    pending: Vec<Symbol>,
    contexts: Vec<(Context, FunctionBuilderContext)>,
}

/// The library functions that a program uses, numbered in the order in which the code asks for them.
#[derive(Default)]
pub(crate) struct Library {
    pub(crate) names: Vec<String>,
}

impl Library {
    /// The number of a function.
    pub(crate) fn number(&mut self, name: &str) -> Result<i64> {
        if let Some(known) = self.names.iter().position(|n| n == name) {
            return Ok(known as i64);
        }
        if tenon_runtime::library::find(name).is_none() {
            return Err(Error::new(format!("the library function {name} has no machine code yet")));
        }
        self.names.push(name.to_owned());
        Ok(self.names.len() as i64 - 1)
    }
}

/// The text of a program: machine code and where each entry begins.
pub(crate) struct Text {
    pub(crate) bytes: Vec<u8>,
    pub(crate) entries: Vec<(FunctionId, u32)>,
}

impl<'p> Unit<'p> {
    /// Begins with a program.
    pub(crate) fn new(
        program: &'p Program,
        schema: &'p Schema,
        plans: &'p [Plan],
        options: &Options,
    ) -> Result<Unit<'p>> {
        Ok(Unit {
            program,
            schema,
            plans,
            layout: Layout::new(program)?,
            shapes: ShapeTable::new(program),
            constants: Constants::default(),
            recursive: tenon_core::calls::recursive(program),
            clif: Vec::new(),
            library: Library::default(),
            options: options.clone(),
            isa: isa(options)?,
            symbols: FxHashMap::default(),
            defined: Vec::new(),
            pending: Vec::new(),
            contexts: Vec::new(),
        })
    }

    /// The symbol of a function or query; asks for its definition.
    pub(crate) fn symbol(&mut self, origin: Origin, convention: Convention) -> Symbol {
        if let Some(symbol) = self.symbols.get(&origin) {
            return *symbol;
        }
        let symbol = self.new_symbol(origin.clone(), convention);
        self.symbols.insert(origin, symbol);
        self.pending.push(symbol);
        symbol
    }

    /// A symbol for a part that the caller defines at once.
    pub(crate) fn part(&mut self, name: String, convention: Convention) -> Symbol {
        self.new_symbol(Origin::Part(name), convention)
    }

    fn new_symbol(&mut self, origin: Origin, convention: Convention) -> Symbol {
        let symbol = Symbol(self.defined.len() as u32);
        self.defined.push(Defined { origin, convention, code: None });
        symbol
    }

    /// A function or query that was asked for and is not defined yet.
    pub(crate) fn next_pending(&mut self) -> Option<(Symbol, Origin)> {
        let symbol = self.pending.pop()?;
        Some((symbol, self.defined[symbol.0 as usize].origin.clone()))
    }

    fn signature(&self, convention: Convention) -> Signature {
        let mut signature = Signature::new(CallConv::SystemV);
        signature.params = vec![AbiParam::new(types::I64); convention.words + 1];
        signature.returns = vec![AbiParam::new(types::I64); convention.results];
        signature
    }

    /// Makes a symbol callable in a function that is being built.
    pub(crate) fn import(&self, b: &mut FunctionBuilder<'_>, symbol: Symbol) -> FuncRef {
        let signature = b.import_signature(self.signature(self.defined[symbol.0 as usize].convention));
        let name = b.func.declare_imported_user_function(UserExternalName { namespace: 0, index: symbol.0 });
        b.import_function(ExtFuncData { name: ExternalName::user(name), signature, colocated: true, patchable: false })
    }

    /// Defines a symbol by a closure that emits its body.
    pub(crate) fn define(
        &mut self,
        symbol: Symbol,
        body: impl FnOnce(&mut Emit<'_, 'p>, &[ir::Value]) -> Result<()>,
    ) -> Result<()> {
        let (mut context, mut builder_context) =
            self.contexts.pop().unwrap_or_else(|| (Context::new(), FunctionBuilderContext::new()));
        context.clear();
        let convention = self.defined[symbol.0 as usize].convention;
        context.func.signature = self.signature(convention);
        context.func.name = UserFuncName::user(0, symbol.0);
        let mut b = FunctionBuilder::new(&mut context.func, &mut builder_context);
        let entry = b.create_block();
        b.append_block_params_for_function_params(entry);
        b.switch_to_block(entry);
        let params = b.block_params(entry).to_vec();
        let (ctx, words) = params.split_first().expect("every function takes the context");
        let mut emit = Emit::new(self, b, *ctx, convention.results);
        // A half-built function is dropped with its contexts.
        body(&mut emit, words)?;
        let frontend = emit.unit.isa.frontend_config();
        let b = emit.finish();
        b.finalize(frontend);
        let name = self.describe(symbol);
        if self.options.keep_clif {
            self.clif.push((name.clone(), context.func.display().to_string()));
        }
        self.bounded(&name, &context.func)?;
        if let Err(e) = context.compile(&*self.isa, &mut ControlPlane::default()) {
            return Err(Error::new(format!("the code of {name} is refused by Cranelift: {}", pretty(&e))));
        }
        let compiled = context.compiled_code().expect("it was compiled just now");
        let frame = compiled.buffer.frame_layout().map_or(0, |layout| layout.frame_to_fp_offset as usize);
        if frame > MAX_FRAME {
            return Err(too_much_stack(&name, frame));
        }
        let mut relocations = Vec::new();
        for reloc in compiled.buffer.relocs() {
            let FinalizedRelocTarget::ExternalName(ExternalName::User(name)) = &reloc.target else {
                return Err(Error::new(format!(
                    "the code of {name} needs something outside itself: {:?}",
                    reloc.target
                )));
            };
            let target = e_user_name(&context.func, *name);
            relocations.push((reloc.offset, reloc.kind, reloc.addend, Symbol(target)));
        }
        let code =
            Code { bytes: compiled.code_buffer().to_vec(), alignment: compiled.buffer.alignment.max(16), relocations };
        self.defined[symbol.0 as usize].code = Some(code);
        self.contexts.push((context, builder_context));
        Ok(())
    }

    /// Refuses code that needs more stack than there is, and offsets that no instruction holds. Where they stand for what
    /// lies on the stack the first comes before the second.
    fn bounded(&self, name: &str, func: &ir::Function) -> Result<()> {
        let slots = func.sized_stack_slots.values().map(|slot| slot.size as usize).sum::<usize>();
        if slots > MAX_FRAME {
            return Err(too_much_stack(name, slots));
        }
        let mut insts = func.layout.blocks().flat_map(|block| func.layout.block_insts(block));
        if insts.any(|inst| func.dfg.insts[inst].load_store_offset() == Some(BEYOND)) {
            return Err(Error::new(format!("{name} has more values side by side than an instruction can tell apart")));
        }
        Ok(())
    }

    /// A name for people.
    pub(crate) fn describe(&self, symbol: Symbol) -> String {
        match &self.defined[symbol.0 as usize].origin {
            Origin::Function(id) => format!("function {} ({})", self.program.function(*id).name, id.0),
            Origin::Query(id) => format!("query {} ({})", self.program.query(*id).name, id.0),
            Origin::Entry(id) => format!("entry of {} ({})", self.program.function(*id).name, id.0),
            Origin::Part(name) => name.clone(),
        }
    }

    /// Lays all functions out one after the other and resolves their calls.
    pub(crate) fn link(&mut self) -> Result<Text> {
        let mut text = Text { bytes: Vec::new(), entries: Vec::new() };
        let mut offsets = Vec::with_capacity(self.defined.len());
        for defined in &self.defined {
            let Some(code) = &defined.code else {
                return Err(Error::new("a function was asked for and not defined"));
            };
            text.bytes.resize(text.bytes.len().next_multiple_of(code.alignment as usize), 0xcc);
            offsets.push(text.bytes.len());
            if let Origin::Entry(id) = &defined.origin {
                text.entries.push((*id, to_u32(text.bytes.len())?));
            }
            text.bytes.extend_from_slice(&code.bytes);
        }
        for (defined, start) in self.defined.iter().zip(&offsets) {
            for (at, kind, addend, target) in defined.code.iter().flat_map(|c| &c.relocations) {
                let place = start + *at as usize;
                let target = offsets[target.0 as usize];
                match kind {
                    Reloc::X86CallPCRel4 | Reloc::X86PCRel4 | Reloc::X86GOTPCRel4 => {
                        if *kind == Reloc::X86GOTPCRel4 {
                            // The address of a function, asked for through a table of addresses: the load of the
                            // address becomes its computation, as linkers do it.
                            let opcode = place.checked_sub(2).and_then(|at| text.bytes.get_mut(at));
                            match opcode {
                                Some(byte) if *byte == MOV => *byte = LEA,
                                _ => return Err(Error::new("the address of a function is taken in an unknown way")),
                            }
                        }
                        let distance = target as i64 + addend - place as i64;
                        let distance = i32::try_from(distance)
                            .map_err(|_| Error::new("the program's code is larger than 2 GiB"))?;
                        text.bytes[place..place + 4].copy_from_slice(&distance.to_le_bytes());
                    }
                    Reloc::Arm64Call => {
                        let distance = target as i64 + addend - place as i64;
                        let words = distance >> 2;
                        if !(-(1 << 25)..1 << 25).contains(&words) {
                            return Err(Error::new("the program's code is larger than 128 MiB"));
                        }
                        let mut word = [0; 4];
                        word.copy_from_slice(&text.bytes[place..place + 4]);
                        let instruction = u32::from_le_bytes(word) & 0xfc00_0000 | (words as u32 & 0x03ff_ffff);
                        text.bytes[place..place + 4].copy_from_slice(&instruction.to_le_bytes());
                    }
                    other => return Err(Error::new(format!("a relocation of kind {other:?} is not known"))),
                }
            }
        }
        Ok(text)
    }
}

/// The most stack that one function may take, in bytes: some of them nest in what there is for the code of a program.
const MAX_FRAME: usize = contract::STACK / 4;

fn too_much_stack(name: &str, bytes: usize) -> Error {
    Error::new(format!(
        "{name} needs {} KiB of stack, and {} are the most: divide it, or hold what it has in lists",
        bytes.div_ceil(1024),
        MAX_FRAME / 1024
    ))
}

/// The opcodes `mov register, [address]` and `lea register, [address]` of x86-64.
const MOV: u8 = 0x8b;
const LEA: u8 = 0x8d;

fn pretty(error: &cranelift_codegen::CompileError<'_>) -> String {
    match &error.inner {
        cranelift_codegen::CodegenError::Verifier(errors) => format!("{errors}\n{}", error.func.display()),
        other => format!("{other}"),
    }
}

fn e_user_name(func: &ir::Function, name: ir::UserExternalNameRef) -> u32 {
    func.params.user_named_funcs()[name].index
}

fn to_u32(offset: usize) -> Result<u32> {
    u32::try_from(offset).map_err(|_| Error::new("the program's code is larger than 4 GiB"))
}

/// The machine that code is made for: one of this architecture.
fn isa(options: &Options) -> Result<OwnedTargetIsa> {
    let mut flags = settings::builder();
    let mut set = |name: &str, value: &str| {
        flags.set(name, value).map_err(|e| Error::new(format!("Cranelift does not take {name} = {value}: {e}")))
    };
    set("opt_level", if options.optimize { "speed" } else { "none" })?;
    set("regalloc_algorithm", if options.optimize { "backtracking" } else { "single_pass" })?;
    set("enable_verifier", if options.verify { "true" } else { "false" })?;
    set("is_pic", "true")?;
    set("unwind_info", "false")?;
    // A large frame touches its pages in order, so that it meets the guard of the stack and nothing behind it.
    set("enable_probestack", "true")?;
    set("probestack_strategy", "inline")?;
    set("preserve_frame_pointers", "false")?;
    let mut builder = cranelift_native::builder_with_options(false)
        .map_err(|e| Error::new(format!("this machine is not supported: {e}")))?;
    for feature in features().iter().filter(|feature| options.cpu.has(feature)) {
        builder
            .enable(feature.flag)
            .map_err(|e| Error::new(format!("Cranelift does not take {}: {e}", feature.flag)))?;
    }
    builder.finish(settings::Flags::new(flags)).map_err(|e| Error::new(format!("Cranelift has no code for here: {e}")))
}

/// Calls a function that was imported.
pub(crate) fn call(b: &mut FunctionBuilder<'_>, function: FuncRef, args: &[ir::Value]) -> Vec<ir::Value> {
    let inst = b.ins().call(function, args);
    b.inst_results(inst).to_vec()
}
