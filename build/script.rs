//! Bundles modules into one script for release builds: in the order in which a browser would run them, in one scope,
//! minified. Modules loaded by `import()` go into a second, lazy script, which takes shared modules from the first,
//! so that each module exists once.
//!
//! The top-level names of a module get its number as a suffix, so that they cannot collide. It supports the forms of
//! import and export that `web/js` uses, and fails the build on any other. It never changes what a module does.

use super::{Files, join};
use oxc_allocator::Allocator;
use oxc_ast::ast::{
    Declaration, ExportNamedDeclaration, ImportDeclaration, ImportDeclarationSpecifier, ModuleDeclaration, Program,
    Statement, VariableDeclarationKind,
};
use oxc_codegen::{Codegen, CodegenOptions, CommentOptions};
use oxc_minifier::{MangleOptions, Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_semantic::{Scoping, SemanticBuilder};
use oxc_span::SourceType;
use std::collections::{BTreeMap, BTreeSet};

type Answer<T> = Result<T, String>;
/// Prefix of the name of an object that stands for a whole module, before its number.
const WHOLE: &str = "whole";
/// The new names, by the original ones.
type Names = BTreeMap<String, String>;

/// The modules read so far, each after its imports.
#[derive(Default)]
struct Script {
    text: String,
    /// The modules that are loaded by `import()`.
    lazy: BTreeSet<String>,
    /// In the lazy script: the end of the first script, and the names taken from it.
    first: Option<First>,
    exports: BTreeMap<String, Names>,
    /// Modules being read. Meeting one of them again means a circular import.
    open: BTreeSet<String>,
    /// Modules that are imported as a whole (`import * as`), with the names of their objects.
    wholes: Names,
}

struct First {
    modules: usize,
    wholes: usize,
    taken: BTreeSet<String>,
}

/// The script of this module and its imports, and the script of its lazy part, if it has one.
///
/// # Errors
/// What could not be read or is not supported, and its file.
pub fn bundle(files: &Files, entry: &str) -> Answer<Vec<(String, Vec<u8>)>> {
    let mut script = Script::default();
    script.add(files, entry)?;
    let lazy = std::mem::take(&mut script.lazy);
    if lazy.len() > 1 {
        return Err(format!("{entry}: more than one import()"));
    }
    let mut first = std::mem::take(&mut script.text);
    let mut scripts = Vec::new();
    if let Some(name) = lazy.first() {
        let (text, taken) = script.lazy_part(files, name)?;
        first.push_str(&format!(
            "export {{ {} }};\n",
            renamed(&taken, |local, short| format!("{local} as {short}"))
        ));
        let import = renamed(&taken, |local, short| format!("{short} as {local}"));
        let text = minify(&format!("import {{ {import} }} from \"../{entry}\";\n{text}"))?;
        scripts.push((name.clone(), text.into_bytes()));
    }
    scripts.push((entry.to_owned(), minify(&first)?.into_bytes()));
    Ok(scripts)
}

/// A list of names, with the short names by which the two scripts share them.
fn renamed(names: &BTreeSet<String>, line: impl Fn(&str, &str) -> String) -> String {
    let lines = names.iter().enumerate().map(|(at, name)| line(name, &format!("_{at}")));
    lines.collect::<Vec<_>>().join(", ")
}

impl Script {
    /// Builds the lazy script. Returns it with the names it takes from the first one.
    fn lazy_part(mut self, files: &Files, name: &str) -> Answer<(String, BTreeSet<String>)> {
        if self.exports.contains_key(name) {
            return Err(format!("{name}: is there already, and asked for by import()"));
        }
        self.first = Some(First {
            modules: self.exports.len(),
            wholes: self.wholes.len(),
            taken: BTreeSet::new(),
        });
        self.add(files, name)?;
        if !self.lazy.is_empty() {
            return Err(format!("{name}: the lazy part asks for more by import()"));
        }
        for known in self.exports[name].clone().values() {
            self.take(known);
        }
        let names = self.exports[name]
            .iter()
            .map(|(key, value)| format!("{value} as {key}"));
        let exports = format!("export {{ {} }};\n", names.collect::<Vec<_>>().join(", "));
        Ok((
            self.text + &exports,
            self.first.map(|first| first.taken).unwrap_or_default(),
        ))
    }

    /// Records a name that the lazy script needs from the first one.
    fn take(&mut self, known: &str) {
        let Some(first) = &mut self.first else { return };
        let (name, number) = known.rsplit_once('$').unwrap_or((known, ""));
        let ends = if name == WHOLE { first.wholes } else { first.modules };
        if number.parse::<usize>().is_ok_and(|number| number < ends) {
            first.taken.insert(known.to_owned());
        }
    }

    fn add(&mut self, files: &Files, name: &str) -> Answer<()> {
        if self.exports.contains_key(name) {
            return Ok(());
        }
        if !self.open.insert(name.to_owned()) {
            return Err(format!("{name}: imports itself, by way of others"));
        }
        let source = files.get(name).ok_or_else(|| format!("{name}: is not there"))?;
        let source = std::str::from_utf8(source).map_err(|_| format!("{name}: is not UTF-8"))?;
        let allocator = Allocator::default();
        let mut program = parse(&allocator, source, name)?;
        for needed in imported(&program, name) {
            self.add(files, &needed)?;
        }
        let number = self.exports.len();
        let mut scoping = SemanticBuilder::new().build(&program).semantic.into_scoping();
        if let Some(odd) = scoping.symbol_names().find(|known| known.contains('$')) {
            return Err(format!("{name}: {odd} could be a name of the one script"));
        }
        let finals = self.finals(&program, &scoping, name, number)?;
        let exports = self.exports_of(&program, &finals, name)?;
        self.exports.insert(name.to_owned(), exports);
        rename(&mut scoping, &finals);
        unwrap(&mut program);
        let options = CodegenOptions {
            comments: CommentOptions::disabled(),
            ..CodegenOptions::default()
        };
        let printed = Codegen::new()
            .with_options(options)
            .with_scoping(Some(scoping))
            .build(&program);
        let code = self.addresses(&printed.code, name)?;
        self.text.push_str(&code);
        Ok(())
    }

    /// The final name of each top-level name of a module.
    fn finals(&mut self, program: &Program, scoping: &Scoping, name: &str, number: usize) -> Answer<Names> {
        let bindings = scoping.get_bindings(scoping.root_scope_id());
        let mut finals: Names = bindings
            .keys()
            .map(|known| (known.to_string(), format!("{known}${number}")))
            .collect();
        for statement in &program.body {
            if let Statement::ImportDeclaration(import) = statement {
                self.import(import, name, &mut finals)?;
            }
        }
        Ok(finals)
    }

    fn import(&mut self, import: &ImportDeclaration, name: &str, finals: &mut Names) -> Answer<()> {
        let from = resolve(name, &import.source.value);
        for specifier in import.specifiers.iter().flatten() {
            let (local, known) = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(one) => {
                    (&one.local.name, self.exported(&from, &one.imported.name(), name)?)
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(whole) => (&whole.local.name, self.whole(&from)),
                ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => {
                    return Err(format!("{name}: imports a default"));
                }
            };
            self.take(&known);
            finals.insert(local.to_string(), known);
        }
        Ok(())
    }

    fn exported(&self, from: &str, what: &str, name: &str) -> Answer<String> {
        let known = self.exports.get(from).and_then(|exports| exports.get(what));
        known
            .cloned()
            .ok_or_else(|| format!("{name}: {from} exports no {what}"))
    }

    /// The object that stands for a whole module. It can be constant, since exports never change.
    fn whole(&mut self, from: &str) -> String {
        if let Some(known) = self.wholes.get(from) {
            return known.clone();
        }
        let object = format!("{WHOLE}${}", self.wholes.len());
        let members: Vec<String> = self.exports[from]
            .iter()
            .map(|(key, value)| format!("{key}: {value}"))
            .collect();
        for known in self.exports[from].clone().values() {
            self.take(known);
        }
        let line = format!("const {object} = {{ {} }};\n", members.join(", "));
        self.text.push_str(&line);
        self.wholes.insert(from.to_owned(), object.clone());
        object
    }

    fn exports_of(&self, program: &Program, finals: &Names, name: &str) -> Answer<Names> {
        let mut exports = Names::new();
        for statement in &program.body {
            match statement.as_module_declaration() {
                None | Some(ModuleDeclaration::ImportDeclaration(_)) => {}
                Some(ModuleDeclaration::ExportNamedDeclaration(export)) => {
                    self.export(export, finals, name, &mut exports)?;
                }
                Some(ModuleDeclaration::ExportAllDeclaration(all)) if all.exported.is_none() => {
                    let from = &self.exports[&resolve(name, &all.source.value)];
                    exports.extend(from.iter().map(|(key, value)| (key.clone(), value.clone())));
                }
                Some(_) => return Err(format!("{name}: exports in a way that is not understood")),
            }
        }
        Ok(exports)
    }

    fn export(&self, export: &ExportNamedDeclaration, finals: &Names, name: &str, exports: &mut Names) -> Answer<()> {
        for specifier in &export.specifiers {
            let local = specifier.local.name();
            let known = match &export.source {
                Some(source) => self.exported(&resolve(name, &source.value), &local, name)?,
                None => finals
                    .get(local.as_str())
                    .cloned()
                    .ok_or_else(|| format!("{name}: has no {local}"))?,
            };
            exports.insert(specifier.exported.name().to_string(), known);
        }
        for local in export
            .declaration
            .iter()
            .map(|found| declared(found, name))
            .collect::<Answer<Vec<_>>>()?
            .concat()
        {
            let known = finals[&local].clone();
            exports.insert(local, known);
        }
        Ok(())
    }

    /// Rewrites relative addresses in a module so that they resolve from the location of the script.
    fn addresses(&mut self, code: &str, name: &str) -> Answer<String> {
        const FORMS: [(&str, &str); 2] = [("new URL(\"", "\", import.meta.url)"), ("import(\"", "\")")];
        let mut out = code.to_owned();
        for (start, end) in FORMS {
            let mut parts = std::mem::take(&mut out);
            while let Some((before, rest)) = parts.split_once(start) {
                let (reference, after) = rest
                    .split_once(end)
                    .filter(|(reference, _)| !reference.contains('"'))
                    .ok_or_else(|| format!("{name}: an address that is not understood"))?;
                let known = resolve(name, reference);
                // Every script is one folder below the root.
                out.push_str(&format!("{before}{start}../{known}{end}"));
                if start == FORMS[1].0 {
                    self.lazy.insert(known);
                }
                parts = after.to_owned();
            }
            out.push_str(&parts);
        }
        let forms = |(start, end): (&str, &str)| code.matches(start).count().min(code.matches(end).count());
        match code.matches("import.meta").count() == forms(FORMS[0])
            && code.matches("import(").count() == forms(FORMS[1])
        {
            true => Ok(out),
            false => Err(format!(
                "{name}: import() or import.meta in a form that is not understood"
            )),
        }
    }
}

fn parse<'a>(allocator: &'a Allocator, source: &'a str, name: &str) -> Answer<Program<'a>> {
    let parsed = Parser::new(allocator, source, SourceType::mjs()).parse();
    match parsed.errors.first() {
        Some(error) => Err(format!("{name}: {error}")),
        None => Ok(parsed.program),
    }
}

/// The modules that a module imports, in order.
fn imported(program: &Program, name: &str) -> Vec<String> {
    let modules = program.body.iter().filter_map(Statement::as_module_declaration);
    let sources = modules.filter_map(|module| module.source());
    sources.map(|source| resolve(name, &source.value)).collect()
}

fn resolve(name: &str, reference: &str) -> String {
    join(name.rsplit_once('/').map_or("", |(folder, _)| folder), reference)
}

/// The names that an exported declaration defines. An export that can change is not supported.
fn declared(declaration: &Declaration, name: &str) -> Answer<Vec<String>> {
    let names: Option<Vec<String>> = match declaration {
        Declaration::FunctionDeclaration(function) => function.id.as_ref().map(|id| vec![id.name.to_string()]),
        Declaration::ClassDeclaration(class) => class.id.as_ref().map(|id| vec![id.name.to_string()]),
        Declaration::VariableDeclaration(variable) if variable.kind == VariableDeclarationKind::Const => {
            let ids = variable.declarations.iter().map(|one| one.id.get_identifier_name());
            ids.map(|id| id.map(|id| id.to_string())).collect()
        }
        _ => None,
    };
    names.ok_or_else(|| format!("{name}: exports what is neither function, class nor const"))
}

fn rename(scoping: &mut Scoping, finals: &Names) {
    let root = scoping.root_scope_id();
    for (name, known) in finals {
        if let Some(symbol) = scoping.get_binding(root, name) {
            scoping.set_symbol_name(symbol, known);
        }
    }
}

/// Removes `import` and `export`, and keeps the declarations.
fn unwrap(program: &mut Program) {
    program.body.retain_mut(|statement| {
        if let Statement::ExportNamedDeclaration(export) = statement
            && let Some(declaration) = export.declaration.take()
        {
            *statement = Statement::from(declaration);
        }
        statement.as_module_declaration().is_none()
    });
}

fn minify(text: &str) -> Answer<String> {
    let allocator = Allocator::default();
    let mut program = parse(&allocator, text, "the one script")?;
    let mangle = MangleOptions {
        top_level: true,
        ..MangleOptions::default()
    };
    let options = MinifierOptions {
        mangle: Some(mangle),
        ..MinifierOptions::default()
    };
    let minified = Minifier::new(options).minify(&allocator, &mut program);
    let options = CodegenOptions::minify();
    let printed = Codegen::new()
        .with_options(options)
        .with_scoping(minified.scoping)
        .with_private_member_mappings(minified.class_private_mappings)
        .build(&program);
    Ok(printed.code)
}
