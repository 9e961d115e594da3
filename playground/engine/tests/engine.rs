//! The engine through its door: JSON in, JSON out.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use serde_json::{Value as Json, json};
use tenon_playground::Engine;

const SHOP: &str = include_str!("../../../tests/apps/shop/shop.tn");

/// An engine with a program in it.
struct Page {
    engine: Engine,
    now: f64,
}

impl Page {
    fn new(text: &str) -> (Page, Json) {
        let mut page = Page { engine: Engine::new(), now: 1_767_225_600_000.0 };
        let opened = page.open(text, true);
        (page, opened)
    }

    fn try_ask(&mut self, mut request: Json) -> Json {
        self.now += 1000.0;
        request["now"] = json!(self.now);
        request["seed"] = json!(7);
        serde_json::from_str(&self.engine.handle(&request.to_string())).unwrap()
    }

    fn ask(&mut self, request: Json) -> Json {
        let answer = self.try_ask(request.clone());
        assert!(answer.get("ok").is_some(), "{request} gives {answer}");
        answer["ok"].clone()
    }

    fn open(&mut self, text: &str, fresh: bool) -> Json {
        self.ask(json!({ "do": "open", "files": [{ "path": "main.tn", "text": text }], "fresh": fresh }))
    }

    fn rows(&mut self, relation: &str) -> Json {
        self.ask(json!({ "do": "rows", "relation": relation }))
    }

    fn fields(&mut self, relation: &str) -> Vec<Json> {
        self.rows(relation)["rows"].as_array().unwrap().iter().map(|row| read(&row["fields"])).collect()
    }

    /// The key of the first row of a relation.
    fn first_key(&mut self, relation: &str) -> Json {
        value(&self.rows(relation)["rows"][0]["key"])
    }

    fn insert(&mut self, relation: &str, row: Json) -> Json {
        self.ask(json!({ "do": "insert", "relation": relation, "row": row }))
    }

    fn edit(&mut self, relation: &str, key: Json, set: Json) -> Json {
        self.ask(json!({ "do": "edit", "relation": relation, "key": key, "set": set }))
    }

    fn send(&mut self, method: &str, target: &str, body: Json) -> Json {
        let headers = json!([["content-type", "application/json"]]);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask(json!({ "do": "send", "method": method, "target": target, "headers": headers, "body": body }))
    }
}

/// A value from the text of its JSON.
fn value(text: &Json) -> Json {
    serde_json::from_str(text.as_str().unwrap()).unwrap()
}

/// The fields of a row from their texts.
fn read(fields: &Json) -> Json {
    fields
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, text)| (name.clone(), value(text)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn tee(stock: i64) -> Json {
    json!({ "sku": "tee", "name": "Tee", "price": 25, "cost": 11, "stock": stock })
}

#[test]
fn the_shop_is_described() {
    let (_, opened) = Page::new(SHOP);
    assert_eq!(opened["sound"], true);
    let program = &opened["program"];
    let names = |list: &Json| list.as_array().unwrap().iter().map(|x| x["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&program["relations"]), ["Product", "Order"]);
    assert_eq!(names(&program["endpoints"]), ["place_order", "revenue", "product"]);
    assert_eq!(program["scenarios"].as_array().unwrap().len(), 2);
    let order = &program["relations"][1];
    assert_eq!(order["columns"][0]["generated"], true);
    assert_eq!(order["columns"][1]["ref"], "Product");
    let place = &program["endpoints"][0];
    assert_eq!((&place["method"], &place["path"]), (&json!("POST"), &json!("/orders")));
    assert_eq!(place["params"][1]["form"]["kind"], "int");
    assert_eq!(place["params"][1]["form"]["min"], "1");
    let at = &place["at"];
    let (from, to) = (at["from"].as_u64().unwrap() as usize, at["to"].as_u64().unwrap() as usize);
    assert!(SHOP[from..].starts_with("handler place_order"), "{}", &SHOP[from..to]);
}

#[test]
fn a_request_changes_the_tables() {
    let (mut page, _) = Page::new(SHOP);
    assert_eq!(page.insert("Product", tee(3))["status"], 200);
    let answer = page.send("POST", "/orders", json!({ "sku": "tee", "qty": 2 }));
    assert_eq!(answer["status"], 201, "{answer}");
    assert_eq!(answer["endpoint"], "place_order");
    assert_eq!(page.fields("Product")[0]["stock"], 1);
    let orders = page.rows("Order");
    assert_eq!(orders["total"], 1);
    assert_eq!(orders["rows"][0]["fields"]["product"], "\"tee\"");
    assert_eq!(orders["rows"][0]["texts"]["product"], "tee");
    let answer = page.send("POST", "/orders", json!({ "sku": "tee", "qty": 2 }));
    assert_eq!(answer["status"], 409);
    let problem: Json = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(problem["type"], "urn:tenon:error:OutOfStock");
    assert_eq!(problem["left"], 1);
    let answer = page.send("POST", "/orders", json!({ "sku": 1, "qty": 0, "more": true }));
    assert_eq!(answer["status"], 422);
    let problem: Json = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(problem["errors"].as_array().unwrap().len(), 3);
    assert_eq!(page.send("GET", "/nothing", Json::Null)["status"], 404);
    assert_eq!(page.send("GET", "/revenue", Json::Null)["body"], "[{\"sku\":\"tee\",\"orders\":1,\"total\":50}]");
}

#[test]
fn rows_are_edited_under_the_rules() {
    let (mut page, _) = Page::new(SHOP);
    page.insert("Product", tee(3));
    assert_eq!(page.insert("Product", tee(3))["status"], 409);
    assert_eq!(page.insert("Product", json!({ "sku": "x" }))["status"], 422);
    let edited = page.edit("Product", json!("tee"), json!({ "stock": 9, "name": "T-shirt" }));
    assert_eq!(edited["status"], 204, "{edited}");
    assert_eq!(page.fields("Product")[0]["stock"], 9);
    assert_eq!(page.edit("Product", json!("tee"), json!({ "stock": -1 }))["status"], 422);
    // A rule of the row is a fault of whoever writes; the page says which.
    let broken = page.edit("Product", json!("tee"), json!({ "price": 10 }));
    assert_eq!(broken["fault"]["name"], "CheckFailed", "{broken}");
    assert_eq!(page.edit("Product", json!("mug"), json!({ "stock": 1 }))["status"], 422);
    assert_eq!(page.edit("Product", json!("tee"), json!({ "sku": "cup" }))["status"], 422);
    assert_eq!(page.fields("Product")[0]["price"], 25);
    page.send("POST", "/orders", json!({ "sku": "tee", "qty": 1 }));
    let deleted = page.ask(json!({ "do": "delete", "relation": "Product", "key": "tee" }));
    assert_eq!(deleted["status"], 409, "{deleted}");
    let order = page.first_key("Order");
    assert_eq!(page.ask(json!({ "do": "delete", "relation": "Order", "key": order }))["status"], 204);
    assert_eq!(page.ask(json!({ "do": "delete", "relation": "Product", "key": "tee" }))["status"], 204);
    assert_eq!(page.rows("Product")["total"], 0);
}

const CHANGES: &str = r#"type Phase = New | Sent(on: Date) | Back
relation Parcel {
  key (town, number)
  town: Text
  number: Int
  phase: Phase = New
  note: Text?
  parent: Parcel? inverse children
  weight: Decimal(2) = 1.00
  secret code: Text = "x"
  transitions phase { New -> Sent; Sent -> Back }
}
event Seen {
  key id: Id
  of_parcel: Parcel
  at: Instant = now()
}
"#;

#[test]
fn every_kind_of_value_can_be_set() {
    let (mut page, opened) = Page::new(CHANGES);
    assert_eq!(opened["sound"], true, "{}", opened["problems"]);
    let key = json!({ "town": "Oslo", "number": 1 });
    assert_eq!(page.insert("Parcel", key.clone())["status"], 200);
    assert_eq!(page.insert("Parcel", json!({ "town": "Bergen", "number": 2, "parent": key }))["status"], 200);
    let set = |page: &mut Page, set: Json| page.edit("Parcel", json!({ "town": "Oslo", "number": 1 }), set);
    for change in [
        json!({ "note": "by hand" }),
        json!({ "phase": { "type": "Sent", "on": "2026-11-20" } }),
        json!({ "weight": "2.50" }),
        json!({ "parent": { "town": "Bergen", "number": 2 } }),
        json!({ "code": "y" }),
    ] {
        let answer = set(&mut page, change.clone());
        assert_eq!(answer["status"], 204, "{change}: {answer}");
    }
    let shown = page.rows("Parcel")["rows"][1].clone();
    assert_eq!(
        read(&shown["fields"]),
        json!({
            "town": "Oslo", "number": 1, "phase": { "type": "Sent", "on": "2026-11-20" }, "note": "by hand",
            "parent": { "town": "Bergen", "number": 2 }, "weight": "2.50",
        })
    );
    assert_eq!(shown["texts"]["code"], "secret");
    assert_eq!(set(&mut page, json!({ "note": null, "parent": null }))["status"], 204);
    assert!(page.fields("Parcel")[1].get("note").is_none());
    let refused = set(&mut page, json!({ "phase": { "type": "New" } }));
    assert_eq!(refused["fault"]["name"], "TransitionFailed", "{refused}");
    page.insert("Seen", json!({ "of_parcel": { "town": "Oslo", "number": 1 } }));
    let event = page.first_key("Seen");
    let refused = page.try_ask(json!({ "do": "delete", "relation": "Seen", "key": event }));
    assert!(refused["error"].as_str().unwrap().contains("event"), "{refused}");
}

#[test]
fn rows_stay_where_they_fit() {
    let (mut page, _) = Page::new(SHOP);
    page.insert("Product", tee(30));
    let mug = json!({ "sku": "mug", "name": "Coffee mug", "price": 9, "cost": 4, "stock": 2 });
    page.insert("Product", mug);
    page.send("POST", "/orders", json!({ "sku": "mug", "qty": 1 }));
    // What rows do not depend on.
    let opened = page.open(&SHOP.replace("order by total desc", "order by total"), false);
    assert_eq!((opened["leftOut"].clone(), page.rows("Order")["total"].clone()), (json!([]), json!(1)));
    // While the text is broken, the old program goes on.
    let opened = page.open(&SHOP.replace("name: Text", "name: Txt"), false);
    assert_eq!(opened["sound"], false);
    assert_eq!(page.send("GET", "/products/tee", Json::Null)["status"], 200);
    // A new field with a default, and one that is gone.
    let wider = SHOP.replace("  name: Text\n", "  name: Text\n  rank: Int = 5\n");
    let opened = page.open(&wider, false);
    assert_eq!(opened["leftOut"], json!([]), "{opened}");
    assert_eq!(page.fields("Product")[0]["rank"], 5);
    assert_eq!(page.rows("Order")["total"], 1);
    page.open(SHOP, false);
    assert!(page.fields("Product")[0].get("rank").is_none());
    // A tighter rule leaves out what breaks it, and what refers to that.
    let tighter = SHOP.replace("  name: Text\n", "  name: Text where it.length < 5\n");
    let opened = page.open(&tighter, false);
    let left_out: Vec<_> =
        opened["leftOut"].as_array().unwrap().iter().map(|l| (l["relation"].clone(), l["rows"].clone())).collect();
    assert_eq!(left_out, [(json!("Product"), json!(1)), (json!("Order"), json!(1))], "{opened}");
    assert_eq!(page.rows("Product")["total"], 1);
    // A relation that is gone.
    let opened = page.open("relation Other { key id: Id }\n", false);
    assert_eq!(opened["leftOut"][0]["why"], "the relation is gone");
    page.open(SHOP, true);
    assert_eq!(page.rows("Product")["total"], 0);
}

#[test]
fn scenarios_say_what_broke() {
    let (mut page, _) = Page::new(SHOP);
    assert_eq!(page.ask(json!({ "do": "scenario", "index": 0 }))["passed"], true);
    let text = SHOP.replace("failed OutOfStock == 5", "failed OutOfStock == 4");
    page.open(&text, false);
    let report = page.ask(json!({ "do": "scenario", "index": 0 }));
    assert_eq!(report["passed"], false);
    assert_eq!(report["broken"]["parts"][0], json!({ "text": "failed OutOfStock", "value": "5" }), "{report}");
    let from = report["broken"]["at"]["from"].as_u64().unwrap() as usize;
    assert!(text[from..].contains("failed OutOfStock == 4"));
    assert!(page.try_ask(json!({ "do": "scenario", "index": 9 }))["error"].is_string());
}

#[test]
fn problems_come_with_fixes() {
    let (mut page, opened) = Page::new("relation product { key sku: Text }\n");
    assert_eq!(opened["sound"], false);
    assert_eq!(opened["problems"][0]["fixes"][0]["edits"][0]["text"], "Product");
    assert!(page.try_ask(json!({ "do": "rows", "relation": "Product" }))["error"].is_string());
    // Offsets count UTF-16 units.
    let opened = page.open("/// 𝛑 and é\nrelation product { key sku: Text }\n", true);
    assert_eq!(opened["problems"][0]["primary"]["at"]["from"], 22);
}

#[test]
fn the_item_under_the_cursor_is_explained() {
    let (mut page, _) = Page::new(SHOP);
    let offset = SHOP.find("group by sku").unwrap();
    let explained = page.ask(json!({ "do": "explain", "file": "main.tn", "offset": offset }));
    assert_eq!(explained["item"], json!({ "kind": "query", "name": "revenue" }));
    assert_eq!(explained["plans"].as_array().unwrap().len(), 1);
    assert_eq!(explained["plans"][0]["here"], true);
    let phases = page.ask(json!({ "do": "phases", "file": "main.tn", "offset": offset }));
    assert!(phases["core"].as_str().unwrap().contains("group by"), "{phases}");
    assert_eq!(phases["item"], "query revenue");
    assert_eq!(phases["tokens"][0]["text"], "query");
    let relation = page.ask(json!({ "do": "explain", "file": "main.tn", "offset": SHOP.find("key sku").unwrap() }));
    assert_eq!(relation["item"]["name"], "Product");
    let nothing = page.ask(json!({ "do": "explain", "file": "other.tn", "offset": 0 }));
    assert!(nothing["item"].is_null());
}

#[test]
fn the_schema_follows_the_text() {
    let (mut page, _) = Page::new(SHOP);
    let schema = page.ask(json!({ "do": "schema" }));
    assert_eq!(schema["references"], json!([{ "from": "Order", "field": "product", "to": "Product" }]));
    let writes = |schema: &Json| {
        let all = schema["accesses"].as_array().unwrap().iter();
        all.filter(|a| a["writes"] == true && a["kind"] == "handler").map(|a| a["entity"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(writes(&schema), ["Order", "Product"], "{schema}");
    let from = schema["entities"][0]["at"]["from"].as_u64().unwrap() as usize;
    assert!(SHOP[from..].starts_with("relation Product"));
    page.open(&SHOP.replace("p.price * qty", "p.prise * qty"), false);
    assert_eq!(page.ask(json!({ "do": "schema" }))["entities"].as_array().unwrap().len(), 2);
}

#[test]
fn the_language_server_answers() {
    let (mut page, _) = Page::new(SHOP);
    let mut tell = |message: Json| -> Vec<Json> {
        let answers = page.ask(json!({ "do": "lsp", "message": message.to_string() }));
        answers.as_array().unwrap().iter().map(|text| serde_json::from_str(text.as_str().unwrap()).unwrap()).collect()
    };
    let root = "file:///program";
    let uri = "file:///program/main.tn";
    let initialize = json!({ "processId": null, "rootUri": root, "capabilities": {} });
    let answers = tell(json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": initialize.clone() }));
    assert!(answers[0]["result"]["capabilities"]["completionProvider"].is_object(), "{answers:?}");
    // A client that begins anew gets a server that does, however it spaces its messages.
    let spaced = |text: &str| text.replace(':', " : ").replace("file : ", "file:");
    let again = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": initialize });
    let answers = page.ask(json!({ "do": "lsp", "message": spaced(&again.to_string()) }));
    assert!(answers[0].as_str().unwrap().contains("completionProvider"), "{answers}");
    let mut tell = |message: Json| -> Vec<Json> {
        let answers = page.ask(json!({ "do": "lsp", "message": message.to_string() }));
        answers.as_array().unwrap().iter().map(|text| serde_json::from_str(text.as_str().unwrap()).unwrap()).collect()
    };
    tell(json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
    let document = json!({ "uri": uri, "languageId": "tenon", "version": 1, "text": SHOP });
    tell(json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": { "textDocument": document } }));
    let line = SHOP.lines().position(|line| line.contains("p.price * qty")).unwrap();
    let at = json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": 5 } });
    let answers = tell(json!({ "jsonrpc": "2.0", "id": 1, "method": "textDocument/hover", "params": at }));
    let hover = answers.iter().find(|answer| answer["id"] == 1).unwrap();
    assert!(hover["result"]["contents"].to_string().contains("price"), "{hover}");
}

#[test]
fn what_never_ends_is_ended() {
    let text = r#"relation A { key id: Id }
fn deep(n: Int) -> Int { deep(n + 1) }
handler loops() at POST "/loops" public {
  while true { insert A() }
}
query spins() -> Int at GET "/spins" public {
  var n = 0
  while true { n = (n + 1) mod 7 }
  n
}
query grows() -> Int at GET "/grows" public {
  var x = "a"
  while true { x = x + x }
  1
}
query recurs() -> Int at GET "/recurs" public { deep(0) }
"#;
    let (mut page, opened) = Page::new(text);
    assert_eq!(opened["sound"], true, "{}", opened["problems"]);
    assert_eq!(page.send("POST", "/loops", Json::Null)["fault"]["name"], "MemoryExceeded");
    assert_eq!(page.send("GET", "/spins", Json::Null)["fault"]["name"], "FuelExhausted");
    assert_eq!(page.rows("A")["total"], 0);
    assert_eq!(page.send("GET", "/grows", Json::Null)["fault"]["name"], "MemoryExceeded");
    assert_eq!(page.send("GET", "/recurs", Json::Null)["fault"]["name"], "RecursionTooDeep");
}

#[test]
fn bad_requests_are_answered() {
    let mut engine = Engine::new();
    for request in ["", "{", "[]", "{}", "{\"do\":\"fly\"}", "{\"do\":\"open\"}", "{\"do\":\"rows\",\"now\":\"x\"}"] {
        let answer: Json = serde_json::from_str(&engine.handle(request)).unwrap();
        assert!(answer["error"].is_string(), "{request}");
    }
}

/// Numbers of a browser have 53 bits: what has more crosses as text.
#[test]
fn numbers_keep_all_their_digits() {
    let big = "9007199254740993";
    let (mut page, opened) = Page::new(&format!(
        "relation A {{ key id: Int; n: Int = {big}; of: [Int] }}\nhandler h(n: Int = {big}) -> Int at POST \"/h\" public {{ n }}\n"
    ));
    assert_eq!(opened["program"]["endpoints"][0]["params"][0]["default"], big, "{opened}");
    let write = |page: &mut Page, request: String| -> Json {
        let answer: Json = serde_json::from_str(&page.engine.handle(&request)).unwrap();
        answer["ok"]["status"].clone()
    };
    let row = format!(r#"{{"id":{big},"of":[{big}]}}"#);
    assert_eq!(write(&mut page, format!(r#"{{"do":"insert","relation":"A","row":{row}}}"#)), 200);
    let shown = page.rows("A")["rows"][0].clone();
    assert_eq!((&shown["key"], &shown["fields"]["n"]), (&json!(big), &json!(big)));
    assert_eq!(shown["fields"]["of"], format!("[{big}]"));
    let edit = |key: &str| format!(r#"{{"do":"edit","relation":"A","key":{key},"set":{{"n":9007199254740995}}}}"#);
    assert_eq!(write(&mut page, edit("9007199254740992")), 422);
    assert_eq!(write(&mut page, edit(big)), 204);
    assert_eq!(page.rows("A")["rows"][0]["fields"]["n"], "9007199254740995");
}

#[test]
fn all_is_emptied_and_the_program_goes_on_also_while_the_text_has_errors() {
    let (mut page, _) = Page::new(SHOP);
    page.insert("Product", tee(3));
    page.open(&SHOP.replace("p.price * qty", "p.prise * qty"), false);
    page.ask(json!({ "do": "empty" }));
    assert_eq!(page.rows("Product")["total"], 0);
    assert_eq!(page.insert("Product", tee(3))["status"], 200);
    assert_eq!(page.send("POST", "/orders", json!({ "sku": "tee", "qty": 2 }))["status"], 201);
}

#[test]
fn rows_come_with_the_program_and_wait_for_it() {
    let program = |price: &str| {
        format!("relation Plant {{ key name: Text; price: {price} }}\nrelation Sale {{ key id: Int; plant: Plant }}\n")
    };
    let open = |page: &mut Page, price: &str, fresh: bool| {
        let files = json!([{ "path": "main.tn", "text": program(price) }]);
        // A sale is told before what it refers to.
        let rows = json!({ "Sale": [{ "id": 1, "plant": "fern" }, { "id": 2, "plant": "moss" }],
            "Plant": [{ "name": "fern", "price": 9 }] });
        let rows = if fresh { rows } else { json!({}) };
        page.ask(json!({ "do": "open", "files": files, "fresh": fresh, "rows": rows }))
    };
    let (mut page, _) = Page::new("");
    let opened = open(&mut page, "Number", true);
    assert_eq!((&opened["sound"], &opened["leftOut"]), (&json!(false), &json!([])));
    let opened = open(&mut page, "Int", false);
    let left = &opened["leftOut"];
    assert_eq!(
        (&left[0]["relation"], &left[0]["rows"], left.as_array().unwrap().len()),
        (&json!("Sale"), &json!(1), 1)
    );
    assert!(left[0]["why"].as_str().unwrap().contains("no such Plant"), "{left}");
    assert_eq!(opened["program"]["relations"][0]["count"], 1);
    assert_eq!(page.fields("Sale"), [json!({ "id": 1, "plant": "fern" })]);
    // They came once: what is deleted stays deleted.
    page.ask(json!({ "do": "delete", "relation": "Sale", "key": 1 }));
    open(&mut page, "Int", false);
    assert_eq!(page.rows("Sale")["total"], 0);
    let refused = page.try_ask(json!({ "do": "open", "files": [], "fresh": true, "rows": { "Plant": 1 } }));
    assert!(refused["error"].as_str().unwrap().contains("cannot be read"), "{refused}");
}
