fn main() {
    let path = std::env::args().nth(1).unwrap();
    let project = tenon_driver::project::Project::read(path.as_ref()).unwrap();
    let t = std::time::Instant::now();
    let checked = tenon_driver::compile::Checked::new(&project);
    println!("check {:?}", t.elapsed());
    let t = std::time::Instant::now();
    let lowered = checked.lower(tenon_driver::report::Voice { json: false, short: true }).unwrap();
    println!("lower {:?} {} functions {} queries", t.elapsed(), lowered.core.functions.len(), lowered.core.queries.len());
    let t = std::time::Instant::now();
    let planned = tenon_plan::plan(&lowered.core, &tenon_plan::statistics::Assumed::new(&lowered.core));
    println!("plan {:?}", t.elapsed());
    let planned = match planned { Ok(p) => p, Err(e) => { println!("PLAN ERROR {e:?}"); return } };
    let t = std::time::Instant::now();
    match tenon_codegen::compile(&lowered.core, &planned.schema, &planned.queries, &[], &tenon_codegen::Options::default()) {
        Ok(c) => println!("codegen {:?}, {} bytes", t.elapsed(), c.image.text.len()),
        Err(e) => println!("CODEGEN ERROR {e:?}"),
    }
}
