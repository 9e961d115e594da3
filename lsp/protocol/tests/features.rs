//! Each request once, from message to message; and that what is promised is there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod page;

use page::{Page, able, at, of, uri};
use serde_json::{Value, json};
use tenon_project::Memory;
use tenon_protocol::Session;
use tenon_protocol::commands::COMMANDS;
use tenon_protocol::methods::METHODS;

const SHOP: &str = include_str!("../../../tests/apps/shop/shop.tn");
const PATH: &str = "/w/shop.tn";

fn shop() -> Page {
    let mut page = Page::new(&[(PATH, SHOP)], able("utf-16", true));
    page.open(PATH, SHOP);
    page
}

/// Line and column of the first of some texts, and so far into it.
fn find(text: &str, what: &str, into: usize) -> (u32, u32) {
    let at = text.find(what).unwrap_or_else(|| panic!("no {what}")) + into;
    let before = &text[..at];
    let line = before.matches('\n').count();
    (line as u32, before[before.rfind('\n').map_or(0, |n| n + 1)..].encode_utf16().count() as u32)
}

/// Applies edits of the protocol to an ASCII text.
fn apply(text: &str, edits: &Value) -> String {
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let byte = |place: &Value| {
        let line = place["line"].as_u64().unwrap() as usize;
        starts.get(line).map_or(text.len(), |start| start + place["character"].as_u64().unwrap() as usize)
    };
    let mut list: Vec<(usize, usize, &str)> = edits
        .as_array()
        .unwrap()
        .iter()
        .map(|edit| (byte(&edit["range"]["start"]), byte(&edit["range"]["end"]), edit["newText"].as_str().unwrap()))
        .collect();
    list.sort();
    let mut text = text.to_owned();
    for (start, end, new) in list.into_iter().rev() {
        text.replace_range(start..end, new);
    }
    text
}

#[test]
fn every_provider_has_its_methods_and_every_method_its_provider() {
    let mut page = Page::new(&[], able("utf-16", true));
    let capabilities = page.capabilities.clone();
    let promised: Vec<&str> = capabilities.as_object().unwrap().keys().map(String::as_str).collect();
    for (provider, methods) in [
        ("hoverProvider", &["textDocument/hover"][..]),
        ("completionProvider", &["textDocument/completion", "completionItem/resolve"]),
        ("signatureHelpProvider", &["textDocument/signatureHelp"]),
        ("definitionProvider", &["textDocument/definition"]),
        ("declarationProvider", &["textDocument/declaration"]),
        ("typeDefinitionProvider", &["textDocument/typeDefinition"]),
        ("implementationProvider", &["textDocument/implementation"]),
        ("referencesProvider", &["textDocument/references"]),
        ("documentHighlightProvider", &["textDocument/documentHighlight"]),
        ("documentSymbolProvider", &["textDocument/documentSymbol"]),
        ("workspaceSymbolProvider", &["workspace/symbol"]),
        ("codeActionProvider", &["textDocument/codeAction", "codeAction/resolve"]),
        ("codeLensProvider", &["textDocument/codeLens"]),
        ("documentFormattingProvider", &["textDocument/formatting"]),
        ("documentRangeFormattingProvider", &["textDocument/rangeFormatting"]),
        ("documentOnTypeFormattingProvider", &["textDocument/onTypeFormatting"]),
        ("renameProvider", &["textDocument/rename", "textDocument/prepareRename"]),
        ("documentLinkProvider", &["textDocument/documentLink"]),
        ("foldingRangeProvider", &["textDocument/foldingRange"]),
        ("selectionRangeProvider", &["textDocument/selectionRange"]),
        (
            "callHierarchyProvider",
            &["textDocument/prepareCallHierarchy", "callHierarchy/incomingCalls", "callHierarchy/outgoingCalls"],
        ),
        (
            "semanticTokensProvider",
            &[
                "textDocument/semanticTokens/full",
                "textDocument/semanticTokens/full/delta",
                "textDocument/semanticTokens/range",
            ],
        ),
        ("inlayHintProvider", &["textDocument/inlayHint"]),
        ("diagnosticProvider", &["textDocument/diagnostic", "workspace/diagnostic"]),
        ("executeCommandProvider", &["workspace/executeCommand"]),
    ] {
        for method in methods {
            let there = METHODS.iter().any(|known| known.name == *method);
            assert_eq!(promised.contains(&provider), there, "{provider} and {method}");
        }
    }
    let moving = capabilities["workspace"]["fileOperations"].get("willRename").is_some();
    assert_eq!(moving, METHODS.iter().any(|known| known.name == "workspace/willRenameFiles"));
    let named: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
    assert_eq!(capabilities["executeCommandProvider"]["commands"], json!(named));
    assert!(page.ask("workspace/executeCommand", json!({ "command": "tenon.nothing" })).is_err());
}

#[test]
fn completion_offers_and_explains() {
    let mut page = shop();
    let (line, column) = find(SHOP, "p.stock <", 2);
    let list = page.ask("textDocument/completion", at(PATH, line, column)).unwrap();
    let items = list["items"].as_array().unwrap();
    let stock = items.iter().find(|item| item["label"] == "stock").expect("a field");
    assert!(items.iter().all(|item| item["textEdit"]["newText"].is_string() && item.get("documentation").is_none()));
    // In the order of how well they fit.
    let sorted: Vec<&str> = items.iter().map(|item| item["sortText"].as_str().unwrap()).collect();
    assert!(sorted.is_sorted());
    let resolved = page.ask("completionItem/resolve", stock.clone()).unwrap();
    assert_eq!(resolved["label"], "stock");
}

#[test]
fn code_actions_come_with_their_edit_when_they_are_chosen() {
    let broken = SHOP.replacen("p.stock <", "p.stok <", 1);
    let mut page = Page::new(&[], able("utf-16", true));
    page.open(PATH, &broken);
    let report = page.ask("textDocument/diagnostic", of(PATH)).unwrap();
    let (line, column) = find(&broken, "stok", 0);
    let mut params = of(PATH);
    let place = json!({ "line": line, "character": column });
    params["range"] = json!({ "start": place, "end": place });
    params["context"] = json!({ "diagnostics": report["items"], "only": ["quickfix"] });
    let list = page.ask("textDocument/codeAction", params).unwrap();
    let action = list[0].clone();
    assert_eq!(action["diagnostics"][0]["code"], report["items"][0]["code"], "{list}");
    assert_eq!(action.get("edit"), None);
    let chosen = page.ask("codeAction/resolve", action.clone()).unwrap();
    let change = &chosen["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"], json!({ "uri": uri(PATH), "version": 1 }));
    assert_eq!(apply(&broken, &change["edits"]), SHOP);
    page.replace(PATH, 2, SHOP);
    assert!(page.ask("codeAction/resolve", action).is_err(), "it is not offered any more");
}

#[test]
fn formatting_gives_the_one_style() {
    let ugly = SHOP.replacen("  stock: Qty", "      stock   :   Qty", 1);
    assert_ne!(ugly, SHOP);
    let mut page = Page::new(&[], able("utf-8", true));
    page.open(PATH, &ugly);
    let mut params = of(PATH);
    params["options"] = json!({ "tabSize": 8, "insertSpaces": false });
    let edits = page.ask("textDocument/formatting", params.clone()).unwrap();
    let formatted = apply(&ugly, &edits);
    let (line, _) = find(&ugly, "stock   :", 0);
    params["range"] = json!({ "start": { "line": line, "character": 0 }, "end": { "line": line, "character": 1 } });
    let edits = page.ask("textDocument/rangeFormatting", params).unwrap();
    assert_eq!(apply(&ugly, &edits), formatted, "nothing else was out of the style");
    page.replace(PATH, 2, &formatted);
    let mut params = of(PATH);
    params["options"] = json!({ "tabSize": 2, "insertSpaces": true });
    assert_eq!(page.ask("textDocument/formatting", params).unwrap(), json!([]));
}

#[test]
fn tokens_whole_in_part_and_as_a_difference() {
    let mut page = shop();
    let first = page.ask("textDocument/semanticTokens/full", of(PATH)).unwrap();
    let data = |answer: &Value| -> Vec<u64> {
        answer["data"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect()
    };
    let mut known = data(&first);
    assert!(known.len() > 500 && known.len() % 5 == 0);
    let mut id = first["resultId"].clone();
    let mut text = SHOP.to_owned();
    for (version, (from, to)) in
        [("p.stock < qty", "p.stock <= qty"), ("// ", "// 🍵 "), ("\n\n", "\n// more\n\n")].into_iter().enumerate()
    {
        text = text.replacen(from, to, 1);
        page.replace(PATH, version as i64 + 2, &text);
        let mut params = of(PATH);
        params["previousResultId"] = id.clone();
        let delta = page.ask("textDocument/semanticTokens/full/delta", params).unwrap();
        for edit in delta["edits"].as_array().unwrap() {
            let start = edit["start"].as_u64().unwrap() as usize;
            let end = start + edit["deleteCount"].as_u64().unwrap() as usize;
            known.splice(start..end, data(edit));
        }
        id = delta["resultId"].clone();
        let mut fresh = Page::new(&[], able("utf-16", true));
        fresh.open(PATH, &text);
        assert_eq!(known, data(&fresh.ask("textDocument/semanticTokens/full", of(PATH)).unwrap()), "{to:?}");
    }
    let mut params = of(PATH);
    params["previousResultId"] = json!("of another time");
    assert!(page.ask("textDocument/semanticTokens/full/delta", params).unwrap()["data"].is_array());
    let mut params = of(PATH);
    params["range"] = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 5, "character": 0 } });
    let part = data(&page.ask("textDocument/semanticTokens/range", params).unwrap());
    assert!(known.starts_with(&part) && part.len() < known.len());
}

#[test]
fn calls_come_in_and_go_out() {
    let mut page = shop();
    let (line, column) = find(SHOP, "relation Product", 10);
    let nodes = page.ask("textDocument/prepareCallHierarchy", at(PATH, line, column)).unwrap();
    assert_eq!(nodes[0]["name"], "Product");
    let incoming = page.ask("callHierarchy/incomingCalls", json!({ "item": nodes[0] })).unwrap();
    let writer =
        incoming.as_array().unwrap().iter().find(|call| call["from"]["name"] == "place_order").expect("who sells");
    assert!(writer["from"]["detail"].as_str().unwrap().contains("writes"), "{writer}");
    let outgoing = page.ask("callHierarchy/outgoingCalls", json!({ "item": writer["from"] })).unwrap();
    assert!(outgoing.as_array().unwrap().iter().any(|call| call["to"]["name"] == "Product"), "{outgoing}");
}

#[test]
fn lenses_name_commands_that_somebody_has() {
    let mut page = shop();
    let lenses = page.ask("textDocument/codeLens", of(PATH)).unwrap();
    let lenses = lenses.as_array().unwrap();
    assert!(!lenses.is_empty());
    for lens in lenses {
        let command = lens["command"]["command"].as_str().unwrap();
        assert!(COMMANDS.iter().any(|known| known.name == command), "{command}");
        let arguments = lens["command"]["arguments"].clone();
        page.ask("workspace/executeCommand", json!({ "command": command, "arguments": arguments })).unwrap();
    }
}

fn command(page: &mut Page, name: &str, more: Value) -> Result<Value, (i64, String)> {
    let mut argument = json!({ "uri": uri(PATH) });
    for (key, value) in more.as_object().unwrap() {
        argument[key] = value.clone();
    }
    page.ask("workspace/executeCommand", json!({ "command": name, "arguments": [argument], "workDoneToken": 7 }))
}

#[test]
fn scenarios_run_as_they_stand_in_the_editor() {
    let mut page = shop();
    let all = command(&mut page, "tenon.runScenario", json!({})).unwrap();
    let count = SHOP.matches("\nscenario ").count();
    assert_eq!((all["scenarios"].as_array().unwrap().len(), all["failed"].as_u64()), (count, Some(0)), "{all}");
    let progress: Vec<_> = page
        .heard
        .iter()
        .filter(|said| said["method"] == "$/progress")
        .map(|said| (said["params"]["token"].clone(), said["params"]["value"]["kind"].clone()))
        .collect();
    assert_eq!(progress, [(json!(7), json!("begin")), (json!(7), json!("end"))]);
    // What is typed and not saved counts.
    let wrong = SHOP.replacen("stock -= qty", "stock -= qty + 1", 1);
    page.replace(PATH, 2, &wrong);
    let all = command(&mut page, "tenon.runScenario", json!({ "seed": 5 })).unwrap();
    assert!(all["failed"].as_u64().unwrap() > 0);
    let broken = all["scenarios"].as_array().unwrap().iter().find(|one| one["passed"] == false).unwrap();
    assert_eq!((broken["seed"].as_u64(), &broken["broken"]["at"]["uri"]), (Some(5), &json!(uri(PATH))));
    let name = broken["name"].clone();
    let one = command(&mut page, "tenon.runScenario", json!({ "name": name })).unwrap();
    assert_eq!(one["scenarios"].as_array().unwrap().len(), 1);
    assert_eq!(command(&mut page, "tenon.runScenario", json!({ "name": "no such" })).unwrap_err().0, -32803);
    page.replace(PATH, 3, &SHOP.replacen("stock -= qty", "stok -= qty", 1));
    let error = command(&mut page, "tenon.runScenario", json!({})).unwrap_err();
    assert_eq!(error, (-32803, "the program has errors".to_owned()));
}

#[test]
fn plans_core_schema_endpoints_and_phases_are_shown() {
    let mut page = shop();
    let plans = command(&mut page, "tenon.explain", json!({ "name": "revenue" })).unwrap();
    assert!(plans["queries"][0]["text"].as_str().unwrap().contains("revenue"), "{plans}");
    assert!(command(&mut page, "tenon.explain", json!({ "name": "nothing" })).is_err());
    let core = command(&mut page, "tenon.showCore", json!({})).unwrap();
    assert!(core["text"].as_str().unwrap().contains("relation Product"));
    let schema = command(&mut page, "tenon.showSchema", json!({})).unwrap();
    let product = schema["entities"].as_array().unwrap().iter().find(|entity| entity["name"] == "Product").unwrap();
    let (line, column) = find(SHOP, "relation Product", 9);
    assert_eq!(product["place"]["focus"]["uri"], uri(PATH));
    assert_eq!(product["place"]["focus"]["range"]["start"], json!({ "line": line, "character": column }));
    let endpoints = command(&mut page, "tenon.showEndpoints", json!({})).unwrap();
    assert!(endpoints["endpoints"].as_array().unwrap().iter().any(|one| one["path"] == "/orders"));
    let phases =
        command(&mut page, "tenon.showPhases", json!({ "position": { "line": line, "character": column } })).unwrap();
    assert_eq!(phases["item"], "relation Product");
    let runnables = command(&mut page, "tenon.showRunnables", json!({})).unwrap();
    assert!(!runnables["runnables"].as_array().unwrap().is_empty());
}

#[test]
fn options_that_do_not_fit_are_left_out_and_the_others_count() {
    let mut session = Session::new(Box::new(Memory::default()));
    let options = json!({
        "errorPages": "https://x.example/",
        "inlayHints": { "maxLength": "long", "bindings": false, "later": 1 },
        "lenses": 7,
        "commands": ["tenon.client.run"],
    });
    let params = json!({ "processId": null, "capabilities": {}, "initializationOptions": options });
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params });
    let said: Vec<Value> =
        session.handle(&request.to_string()).iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let logged: Vec<&str> = said
        .iter()
        .filter(|one| one["method"] == "window/logMessage")
        .filter_map(|one| one["params"]["message"].as_str())
        .collect();
    assert_eq!(logged.len(), 2, "{said:?}");
    assert!(logged[0].starts_with("`initializationOptions.inlayHints.maxLength` is left out: "), "{logged:?}");
    assert!(logged[1].starts_with("`initializationOptions.lenses` is left out: "), "{logged:?}");
    assert!(said.iter().any(|one| one["id"] == 1 && one["result"]["capabilities"].is_object()), "{said:?}");
}

#[test]
fn words_are_plain_for_who_reads_no_markdown() {
    let mut able = able("utf-16", true);
    able["textDocument"]["hover"]["contentFormat"] = json!(["plaintext"]);
    let mut page = Page::new(&[(PATH, SHOP)], able);
    page.open(PATH, SHOP);
    let (line, column) = find(SHOP, "Product[sku]", 1);
    let hover = page.ask("textDocument/hover", at(PATH, line, column)).unwrap();
    let words = hover["contents"]["value"].as_str().unwrap();
    assert_eq!(hover["contents"]["kind"], "plaintext");
    assert!(words.starts_with("relation Product {") && !words.contains("```") && !words.contains("`"), "{words}");
}

#[test]
fn the_rest_answers() {
    let mut page = shop();
    let (line, column) = find(SHOP, "update p set", 8);
    let hover = page.ask("textDocument/hover", at(PATH, line, column)).unwrap();
    assert!(hover["contents"]["value"].as_str().unwrap().contains("Product"), "{hover}");
    let definition = page.ask("textDocument/definition", at(PATH, line, column - 1)).unwrap();
    assert_eq!(definition[0]["targetUri"], uri(PATH), "{definition}");
    let mut params = at(PATH, line, column - 1);
    params["context"] = json!({ "includeDeclaration": true });
    assert!(page.ask("textDocument/references", params).unwrap().as_array().unwrap().len() > 1);
    assert!(
        page.ask("textDocument/documentHighlight", at(PATH, line, column - 1)).unwrap().as_array().unwrap().len() > 1
    );
    let symbols = page.ask("workspace/symbol", json!({ "query": "Cents" })).unwrap();
    assert_eq!(symbols[0]["name"], "Cents");
    assert_eq!(symbols[0]["location"]["uri"], uri(PATH));
    assert!(!page.ask("textDocument/foldingRange", of(PATH)).unwrap().as_array().unwrap().is_empty());
    let mut params = of(PATH);
    params["positions"] = json!([{ "line": line, "character": column }]);
    let selection = page.ask("textDocument/selectionRange", params).unwrap();
    assert!(selection[0]["parent"]["range"].is_object());
    let mut params = at(PATH, line, column);
    params["ch"] = json!("}");
    params["options"] = json!({ "tabSize": 2, "insertSpaces": true });
    assert!(page.ask("textDocument/onTypeFormatting", params).unwrap().is_array());
}

#[test]
fn a_field_is_renamed_everywhere_or_it_is_said_why_not() {
    let mut page = shop();
    let (line, column) = find(SHOP, "  stock: Qty", 3);
    let prepared = page.ask("textDocument/prepareRename", at(PATH, line, column)).unwrap();
    assert_eq!(prepared["placeholder"], "stock");
    let rename = |page: &mut Page, name: &str| {
        let mut params = at(PATH, line, column);
        params["newName"] = json!(name);
        page.ask("textDocument/rename", params)
    };
    let edit = rename(&mut page, "left_over").unwrap();
    let renamed = apply(SHOP, &edit["documentChanges"][0]["edits"]);
    assert!(renamed.contains("p.left_over < qty") && !renamed.contains("p.stock"), "{renamed}");
    assert_eq!(rename(&mut page, "price").unwrap_err().0, -32803, "the name is taken");
}

#[test]
fn uses_are_put_in_order_for_who_asks_wherever_the_cursor_is() {
    let text = "use shop.b { Two }\nuse shop.a { One, Other }\n\nfn f(o: One, t: Two) -> Int { o.n + t.n }\n";
    let files = [
        ("/w/tenon.toml", "name = \"shop\"\n"),
        ("/w/a/a.tn", "relation One { key n: Int }\nrelation Other { key n: Int }\n"),
        ("/w/b/b.tn", "relation Two { key n: Int }\n"),
        ("/w/main.tn", text),
    ];
    let mut page = Page::new(&files, able("utf-16", true));
    page.open("/w/main.tn", text);
    let mut ask = |line: u32, only: Value| {
        let place = json!({ "line": line, "character": 0 });
        let mut context = json!({ "diagnostics": [] });
        if !only.is_null() {
            context["only"] = only;
        }
        let params = json!({ "textDocument": { "uri": uri("/w/main.tn") }, "range": { "start": place, "end": place }, "context": context });
        let found = page.ask("textDocument/codeAction", params).unwrap();
        let found = found.as_array().unwrap().iter();
        found.filter(|action| action["kind"] == "source.organizeImports").cloned().collect::<Vec<_>>()
    };
    assert_eq!(ask(3, Value::Null).len(), 0, "it is no action of the place");
    assert_eq!(ask(0, Value::Null).len(), 1);
    assert_eq!(ask(0, json!(["source.organizeImports"])).len(), 1);
    let action = ask(3, json!(["source"])).remove(0);
    let resolved = page.ask("codeAction/resolve", action).unwrap();
    let edits = &resolved["edit"]["documentChanges"][0]["edits"];
    assert!(apply(text, edits).starts_with("use shop.a { One }\nuse shop.b { Two }\n\nfn f"), "{edits}");
}

#[test]
fn files_and_folders_that_move_keep_their_names_in_sight() {
    let files = [
        ("/w/tenon.toml", "name = \"shop\"\n"),
        ("/w/billing/invoice.tn", "relation Invoice { key nr: Int }\n"),
        ("/w/billing/eu/vat.tn", "relation Vat { key nr: Int }\n"),
        (
            "/w/main.tn",
            "use shop.billing { Invoice }\nuse shop.billing.eu { Vat }\nfn f(i: Invoice, v: Vat) -> Int { i.nr + v.nr }\n",
        ),
        ("/w/alone/tenon.toml", "name = \"alone\"\n"),
        ("/w/alone/a.tn", "fn one() -> Int { 1 }\n"),
    ];
    let mut page = Page::new(&files, able("utf-16", true));
    let mut ask = |moves: &[(&str, &str)]| {
        let list: Vec<Value> =
            moves.iter().map(|(from, to)| json!({ "oldUri": uri(from), "newUri": uri(to) })).collect();
        let edit = page.ask("workspace/willRenameFiles", json!({ "files": list })).unwrap();
        let edits = edit["documentChanges"].as_array().cloned().unwrap_or_default();
        let text = |edit: &Value| edit["newText"].as_str().unwrap().to_owned();
        edits
            .iter()
            .flat_map(|of| {
                of["edits"].as_array().unwrap().iter().map(move |edit| (of["textDocument"]["uri"].clone(), edit))
            })
            .map(|(of, edit)| format!("{}: {}", of.as_str().unwrap(), text(edit)))
            .collect::<Vec<_>>()
    };
    let main = "file:///w/main.tn";
    assert_eq!(
        ask(&[("/w/billing", "/w/money")]),
        [format!("{main}: use shop.money {{ Invoice }}"), format!("{main}: use shop.money.eu {{ Vat }}")]
    );
    assert_eq!(ask(&[("/w/billing/eu/vat.tn", "/w/billing/vat.tn")]), [format!("{main}: use shop.billing {{ Vat }}")]);
    // Within a folder, out of the program, and what is no source: nothing.
    for (from, to) in [
        ("/w/billing/invoice.tn", "/w/billing/bill.tn"),
        ("/w/billing/invoice.tn", "/elsewhere/invoice.tn"),
        ("/w/billing/invoice.tn", "/w/money/invoice.txt"),
        ("/w/nothing.tn", "/w/money/nothing.tn"),
        ("/w/alone/a.tn", "/w/a.tn"),
    ] {
        assert_eq!(ask(&[(from, to)]), [""; 0], "{from} to {to}");
    }
    assert_eq!(page.ask("workspace/willRenameFiles", json!({ "files": [{}] })).unwrap_err().0, -32602);
}
