//! Rows that come from files and go to files: what leaves a store comes back as it was, and what does not fit is told.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod command;

use command::{Folder, Said, TENON, tenon};
use std::path::Path;
use std::process::{Command, Stdio};

fn shop() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/apps/shop/shop.tn");
    path.to_str().unwrap().to_owned()
}

/// A program with a store.
struct Store {
    folder: Folder,
    program: String,
}

impl Store {
    fn new(name: &str, program: &str) -> Store {
        let folder = Folder::new(name);
        let program = folder.file("p.tn", program);
        Store { folder, program }
    }

    /// Imports a file of this name and text into a store.
    fn import_to(&self, data: &str, relation: &str, file: &str, text: &str, more: &[&str]) -> Said {
        let (file, data) = (self.folder.file(file, text), self.folder.path(data));
        let mut args = vec!["import", relation, &file, "--program", &self.program, "--data", &data];
        args.extend(more);
        tenon(&args)
    }

    fn import(&self, relation: &str, file: &str, text: &str) -> Said {
        self.import_to("data", relation, file, text, &[])
    }

    /// Imports what must fit.
    fn fill(&self, relation: &str, file: &str, text: &str) {
        let said = self.import(relation, file, text);
        assert_eq!(said.code, 0, "{relation} {text}: {}", said.err);
    }

    /// What an import that must not fit says.
    fn refused(&self, relation: &str, file: &str, text: &str) -> String {
        let said = self.import(relation, file, text);
        assert_eq!(said.code & !2 | 1, 1, "{relation} {text}: {}", said.err);
        assert_ne!(said.code, 0, "{relation} {text}: {}", said.out);
        said.err
    }

    /// The rows of a relation in a store, as JSON lines.
    fn rows_of(&self, data: &str, relation: &str) -> String {
        let said = tenon(&["export", relation, "--program", &self.program, "--data", &self.folder.path(data)]);
        assert_eq!(said.code, 0, "{relation}: {}", said.err);
        said.out
    }

    fn rows(&self, relation: &str) -> String {
        self.rows_of("data", relation)
    }

    /// Exports a relation in both forms, imports each into a store of its own, and holds the rows against each other.
    /// Yields the CSV.
    fn goes_round(&self, relation: &str) -> String {
        let before = self.rows(relation);
        let mut csv = String::new();
        for form in ["csv", "jsonl"] {
            let file = self.folder.path(&format!("{relation}.{form}"));
            let said =
                tenon(&["export", relation, &file, "--program", &self.program, "--data", &self.folder.path("data")]);
            assert_eq!(said.code, 0, "{}", said.err);
            let text = std::fs::read_to_string(&file).unwrap();
            let data = format!("round-{relation}-{form}");
            let said = self.import_to(&data, relation, &format!("{relation}.{form}"), &text, &[]);
            assert_eq!(said.code, 0, "{text}: {}", said.err);
            assert_eq!(self.rows_of(&data, relation), before, "{form}: {text}");
            if form == "csv" {
                csv = text;
            }
        }
        csv
    }
}

#[test]
fn rows_come_in_all_or_none_and_go_out() {
    let folder = Folder::new("import");
    let data = folder.path("data");
    let program = shop();
    let import = |file: &str, more: &[&str]| {
        let mut args = vec!["import", "Product", file, "--program", &program, "--data", &data];
        args.extend(more);
        tenon(&args)
    };
    let good = folder.file("good.csv", "SKU,Name,price,Cost,stock\ntee,Tee,25,11,10\nmug,\"Blue, big\",9,4,3\n");
    assert_eq!(import(&good, &[]).code, 0);
    let bad = folder.file(
        "bad.csv",
        "sku,name,price,cost,stock\nhat,Hat,30,12,1\npen,Pen,x,1,-2\n,Nothing,1,1,1\nlow,Low,1,2,3\ntee,Twice,2,1,1\n",
    );
    let said = import(&bad, &[]);
    assert_eq!(said.code, 1);
    for part in ["bad.csv:3:", "price", "stock", "bad.csv:4:", "bad.csv:5:", "bad.csv:6:", "nothing was imported"] {
        assert!(said.err.contains(part), "{part} in {}", said.err);
    }
    let said = import(&folder.file("odd.csv", "sku,titel\na,b\n"), &[]);
    assert!(said.err.contains("--map titel="), "{}", said.err);
    let mapped = folder.file("map.csv", "sku,titel,price,cost,stock,x\ncap,Cap,5,1,1,9\n");
    let said = import(&mapped, &["--map", "titel=name", "--map", "x="]);
    assert_eq!(said.code, 0, "{}", said.err);
    let lines = folder.file("l.jsonl", "{\"sku\":\"bag\",\"name\":\"Bag\",\"price\":7,\"cost\":2,\"stock\":1}\n\n");
    let said = import(&lines, &[]);
    assert_eq!((said.code, said.out.as_str()), (0, "1 row of `Product` stored\n"), "{}", said.err);
    let said = tenon(&[
        "query",
        &program,
        "from p in Product where p.stock < 5 select (p.sku, p.stock) order by sku",
        "--data",
        &data,
    ]);
    assert_eq!(said.out, "sku  stock\n---  -----\nbag      1\ncap      1\nmug      3\n3 rows\n", "{}", said.err);
    let out = folder.path("out.csv");
    let said = tenon(&["export", "Product", &out, "--program", &program, "--data", &data]);
    assert_eq!((said.code, said.out.trim_end()), (0, format!("4 rows in `{out}`").as_str()), "{}", said.err);
    let text = std::fs::read_to_string(out).unwrap();
    assert_eq!(text.lines().next(), Some("sku,name,price,cost,stock"));
    assert!(text.contains("mug,\"Blue, big\",9,4,3"), "{text}");
    let said = tenon(&["export", "Product", "--limit", "1", "--program", &program, "--data", &data]);
    assert_eq!(said.out, "{\"sku\":\"bag\",\"name\":\"Bag\",\"price\":7,\"cost\":2,\"stock\":1}\n", "{}", said.err);
    let said = tenon(&["query", &program, "from p in Product where p.prise < 5", "--data", &data]);
    assert_eq!((said.code, said.err.contains("prise")), (1, true), "{}", said.err);
}

#[test]
fn the_rows_of_a_module_are_exported_by_its_name() {
    let folder = Folder::new("modules");
    std::fs::create_dir(folder.0.join("billing")).unwrap();
    folder.file("tenon.toml", "name = \"shop\"\n");
    folder.file("billing/invoice.tn", "relation Invoice { key nr: Int }\n");
    let rows = folder.file("rows.jsonl", "{\"nr\":9007199254740993}\n{\"nr\":3}\n");
    folder.file("main.tn", "use shop.billing { Invoice }\nquery all() at GET \"/\" public { from i in Invoice }\n");
    let (program, data) = (folder.path(""), folder.path("data"));
    let said = tenon(&["import", "Invoice", &rows, "--program", &program, "--data", &data]);
    assert_eq!(said.code, 0, "{}", said.err);
    let said = tenon(&["export", "shop.billing.Invoice", "--program", &program, "--data", &data]);
    assert_eq!((said.code, said.out.as_str()), (0, "{\"nr\":3}\n{\"nr\":9007199254740993}\n"), "{}", said.err);
    let said = tenon(&["export", "shop.billing.Nothing", "--program", &program, "--data", &data]);
    assert_eq!((said.code, said.err.contains("Nothing")), (2, true), "{}", said.err);
}

const DEFAULTS: &str = r#"
relation N { key id: Int; n: Int? = 5; t: Text? = "dflt"; m: Text = "m"; o: Text? }
relation J { key id: Int; j: Json; k: Json? }
relation All {
  key id: Int = serial()
  l: [Int] = []
  s: Set[Text]
  r: (a: Int, b: Text?)
  v: Shape = Dot
  at: Instant?
  d: Decimal(2) = 0
  b: Bool = true
  w: Level = Low
}
type Shape = Dot | Circle(radius: Int)
type Level = Low | High
"#;

#[test]
fn what_leaves_a_store_comes_back_as_it_was() {
    let store = Store::new("round", DEFAULTS);
    store.fill(
        "N",
        "n.jsonl",
        concat!(
            r#"{"id":1,"n":null,"t":null,"m":""}"#,
            "\n",
            r#"{"id":2}"#,
            "\n",
            r#"{"id":3,"n":7,"t":"","m":"a,\"b\"\nc","o":""}"#,
            "\n",
            r#"{"id":4,"t":"null","m":"\ufeffx","o":" "}"#,
            "\n",
        ),
    );
    let rows = store.rows("N");
    assert_eq!(
        rows.lines().take(3).collect::<Vec<_>>(),
        [
            r#"{"id":1,"n":null,"t":null,"m":"","o":null}"#,
            r#"{"id":2,"n":5,"t":"dflt","m":"m","o":null}"#,
            r#"{"id":3,"n":7,"t":"","m":"a,\"b\"\nc","o":""}"#,
        ]
    );
    let csv = store.goes_round("N");
    assert!(csv.starts_with("id,n,t,m,o\r\n1,,,\"\",\r\n2,5,dflt,m,\r\n3,7,\"\","), "{csv}");

    let texts =
        [r#""1""#, r#""null""#, r#""[1]""#, r#""true""#, "1", "null", "[1]", "true", r#""""#, r#"{"a":[null]}"#];
    let lines: Vec<String> =
        texts.iter().enumerate().map(|(id, json)| format!("{{\"id\":{id},\"j\":{json}}}\n")).collect();
    store.fill("J", "j.jsonl", &lines.concat());
    let csv = store.goes_round("J");
    assert!(csv.contains("0,\"\"\"1\"\"\",\r\n"), "{csv}");
    // Only a cell tells a JSON null from none.
    store.fill("J", "more.csv", "id,j,k\n50,null,null\n51,1,\n");
    let said = tenon(&[
        "query",
        &store.program,
        "from j in J where j.id >= 50 select (j.id, none: j.k == none) order by id",
        "--data",
        &store.folder.path("data"),
        "--json",
    ]);
    assert_eq!(said.out.trim(), r#"[{"id":50,"none":false},{"id":51,"none":true}]"#, "{}", said.err);

    store.fill(
        "All",
        "all.jsonl",
        concat!(
            r#"{"id":3,"l":[1,2],"s":["a,b",""],"r":{"a":1,"b":null},"v":{"type":"Circle","radius":2},"at":"2024-02-29T12:00:00Z","d":"-1.50","b":false,"w":"High"}"#,
            "\n",
            r#"{"r":{"a":1,"b":"x"},"s":[]}"#,
            "\n",
        ),
    );
    let csv = store.goes_round("All");
    assert!(csv.contains(r#"3,"[1,2]","[""a,b"",""""]""#) || csv.contains(r#"3,"[1,2]","["""",""a,b""]""#), "{csv}");
    assert!(csv.contains(",2024-02-29T12:00:00Z,-1.50,false,High\r\n"), "{csv}");
}

#[test]
fn a_relation_without_rows_has_a_file_that_comes_back() {
    let store = Store::new("empty", DEFAULTS);
    store.fill("N", "n.jsonl", "");
    assert_eq!(store.goes_round("N"), "id,n,t,m,o\r\n");
}

#[test]
fn cells_mean_nothing_but_their_own_field() {
    let store = Store::new("cells", "relation JJ { key id: Int; j: Json; t: Text?; l: [Int] = [] }\n");
    for (row, column) in [
        (r#"1,"1,""t"":""injected""",,"#, "j"),
        (r#"1,1,,"[1],""t"":""x""""#, "l"),
        (r#"1,1,,"[1"#, ""),
        (r#"1,hello,,"#, "j"),
        (r#"1,1,,"[1,""x""]""#, "l/1"),
        (r#""1,""t"":2",1,,"#, "id"),
        (r#"1,,,"#, "j"),
    ] {
        let said = store.refused("JJ", "j.csv", &format!("id,j,t,l\n{row}\n"));
        let place = if column.is_empty() { "line 2 opens a quote".to_owned() } else { format!("j.csv:2: {column}: ") };
        assert!(said.contains(&place), "{row}: {said}");
    }
    assert_eq!(tenon(&["export", "JJ", "--program", &store.program, "--data", &store.folder.path("data")]).out, "");
}

#[test]
fn columns_find_their_fields() {
    let store = Store::new(
        "columns",
        r#"
relation N { key id: Int }
relation R { key id: Int; owner: N?; owner_id: Int = 0 }
relation P { key id: Int = serial(); p_id: Int }
relation U { key id: Int; ab: Int = 0; a_b: Int = 0 }
relation L { key id: Int; boss: N? }
"#,
    );
    store.fill("N", "n.csv", "id\n7\n");
    store.fill("R", "r.jsonl", "{\"id\":1,\"owner\":null,\"owner_id\":7}\n");
    store.fill("R", "r.csv", "Owner_Id,ID,Owner\n9,2,7\n");
    assert_eq!(store.rows("R"), "{\"id\":1,\"owner\":null,\"owner_id\":7}\n{\"id\":2,\"owner\":7,\"owner_id\":9}\n");
    store.fill("P", "p.csv", "id,p_id\n4,5\n");
    assert_eq!(store.rows("P"), "{\"id\":4,\"p_id\":5}\n");
    store.fill("U", "u.csv", "a_b,ab,id\n1,2,3\n");
    assert_eq!(store.rows("U"), "{\"id\":3,\"ab\":2,\"a_b\":1}\n");
    store.fill("L", "l.csv", "LId,BossId\n1,7\n");
    assert_eq!(store.rows("L"), "{\"id\":1,\"boss\":7}\n");
    for (relation, text, told) in [
        ("U", "id,A-B\n1,2\n", "column `A-B` may be `ab` or `a_b`: say which by `--map A-B=field`"),
        ("L", "id,boss,BossId\n1,7,7\n", "columns `boss` and `BossId` are the same field: say `--map BossId=field`"),
        ("L", "id,id\n1,1\n", "there are two columns `id`"),
        ("L", "id,\n1,1\n", "column 2 has no name"),
        ("L", "id;boss\n1;7\n", "separated by `;`"),
        ("L", "id\tboss\n1\t7\n", "separated by tabs"),
        ("L", "id,boss\n2,7\n3\n", "x.csv:3: has 1 cell, and the first line names 2 columns"),
        ("L", "boss\n7\n", "no column for: id"),
        ("L", "", "the file is empty"),
        ("L", "id,boss\n2,\"7\n3,7\n", "line 2 opens a quote that nothing closes"),
        ("L", "id,boss\n2,7\"\n", "line 2 has a quote within a cell"),
    ] {
        let said = store.refused(relation, "x.csv", text);
        assert!(said.contains(told), "{text}: {said}");
    }
    let said = store.import_to("data", "L", "m.csv", "id,boss,BossId\n9,7,3\n", &["--map", "BossId="]);
    assert_eq!(said.code, 0, "{}", said.err);
    for (text, told) in [
        ("{\"id\":5,\"id\":6}", "x.jsonl:1: id: is given twice"),
        ("{\"id\":5,\"Id\":6}", "x.jsonl:1: Id: is the same field as id"),
        ("{\"id\":5}\n[1]", "x.jsonl:2: must be an object with the fields of the row, not an array"),
        ("{\"id\":5,", "x.jsonl:1: is not JSON: "),
        ("{\"boss\":7}", "x.jsonl:1: id: is required"),
        ("{\"id\":null}", "x.jsonl:1: id: "),
        ("{\"id\":5,\"boss\":\"\\u001b[2J\"}", "x.jsonl:1: boss: "),
    ] {
        let said = store.refused("L", "x.jsonl", text);
        assert!(said.contains(told) && !said.contains('\u{1b}'), "{text}: {said}");
    }
    store.fill("L", "bom.jsonl", "\u{feff}{\"id\":100}\n");
    store.fill("L", "bom.csv", "\u{feff}id\n101\n");
    std::fs::write(store.folder.path("latin.csv"), b"id\n1\n\xe9\n").unwrap();
    let (latin, data) = (store.folder.path("latin.csv"), store.folder.path("data"));
    let said = tenon(&["import", "L", &latin, "--program", &store.program, "--data", &data]);
    assert!(said.err.contains("is not UTF-8 text: see line 3"), "{}", said.err);
}

#[test]
fn a_row_is_checked_as_it_is_meant() {
    let store = Store::new(
        "circles",
        r#"
relation P {
  key id: Int
  boss: P?
  top: Bool = false
  check boss != none or top else "only the top has no boss"
  check boss?.id != id else "nobody leads themselves"
}
relation Q { key id: Int; next: Q? = none; check next == none or id < 100 else "too far" }
relation E { key id: Text; after: E; also: E? }
"#,
    );
    // Each finds its boss, in whatever order they come.
    store.fill("P", "p.csv", "id,boss,top\n3,2,\n2,1,\n1,,true\n");
    assert!(store.rows("P").contains("{\"id\":3,\"boss\":2,\"top\":false}"));
    let said = store.refused("P", "p.csv", "id,boss,top\n6,6,true\n");
    assert!(said.contains("p.csv:2: ") && said.contains("a row breaks a check of its relation"), "{said}");
    // A circle is closed once all are there, under the same rules.
    store.fill("Q", "q.csv", "id,next\n1,2\n2,3\n3,1\n4,4\n");
    assert_eq!(store.rows("Q").lines().last(), Some("{\"id\":4,\"next\":4}"));
    assert_eq!(store.rows("Q").lines().next(), Some("{\"id\":1,\"next\":2}"));
    let said = store.refused("Q", "q.csv", "id,next\n101,102\n102,101\n");
    assert!(said.contains("a row breaks a check of its relation"), "{said}");
    let said = store.refused("Q", "q.csv", "id,next\n5,6\n6,77\n");
    assert!(said.contains("q.csv:3: next: there is no `Q` with the key 77") && !said.contains("q.csv:2"), "{said}");
    let said = store.refused("E", "e.csv", "id,after,also\na,b,\nb,\"a\"\"b\",a\n");
    assert!(said.contains(r#"e.csv:3: after: there is no `E` with the key "a\"b""#), "{said}");
}

#[test]
fn an_export_has_no_limit_of_calls() {
    let folder = Folder::new("large");
    folder.file("tenon.toml", "name = \"large\"\n[limits]\nfuel = 20000\nmemory = 1000000\n");
    folder.file("main.tn", "relation R { key id: Int; t: Text }\n");
    let text: String = (0..4000).rev().map(|id| format!("{id},{}\n", "x".repeat(500))).collect();
    let rows = folder.file("r.csv", &format!("id,t\n{text}"));
    let (program, data, out) = (folder.path(""), folder.path("data"), folder.path("out.jsonl"));
    let said = tenon(&["import", "R", &rows, "--program", &program, "--data", &data]);
    assert_eq!(said.code, 0, "{}", said.err);
    let said = tenon(&["export", "R", &out, "--program", &program, "--data", &data]);
    assert_eq!(said.code, 0, "{}", said.err);
    let text = std::fs::read_to_string(&out).unwrap();
    assert_eq!(text.lines().count(), 4000);
    assert!(text.lines().enumerate().all(|(id, line)| line.starts_with(&format!("{{\"id\":{id},"))));
    // Whoever reads the beginning only closes the pipe.
    let mut child = Command::new(TENON)
        .args(["export", "R", "--program", &program, "--data", &data])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(141), b"".as_slice()));
    let said = tenon(&["export", "Nope", "--program", &program, "--data", &data]);
    assert!(said.code != 0 && said.err.contains("there is no relation `Nope`; there are: R"), "{}", said.err);
}
