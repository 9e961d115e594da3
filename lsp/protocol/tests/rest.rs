//! What a client hears when it has said nothing for a while: what lowering refuses.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod page;

use page::{Page, able, codes};
use serde_json::{Value, json};

const CHANCE: &str = "fn chance(n: Int) -> Int {\n  n + random_int(1, 6)\n}\n";
const CALM: &str = "fn chance(n: Int) -> Int {\n  n + 4\n}\n";
const LUCKY: &str = "query lucky() -> [Int] {\n  from n in [1, 2]\n  where n > chance(n)\n  select n\n}\n";
const REFRESH: &str = "workspace/diagnostic/refresh";

/// Two files: what is said of the first is because of the second. The second is open.
fn dice(capabilities: Value) -> Page {
    let files = [("/w/tenon.toml", "name = \"dice\"\n"), ("/w/chance.tn", CHANCE), ("/w/lucky.tn", LUCKY)];
    let mut page = Page::new(&files, capabilities);
    page.open("/w/lucky.tn", LUCKY);
    page
}

fn refreshing() -> Value {
    let mut able = able("utf-16", true);
    able["workspace"]["diagnostics"] = json!({ "refreshSupport": true });
    able
}

fn refreshed(page: &mut Page) -> usize {
    let count = page.heard.iter().filter(|said| said["method"] == REFRESH).count();
    page.heard.clear();
    count
}

#[test]
fn who_asks_is_told_to_ask_again_when_there_is_news() {
    let mut page = dice(refreshing());
    assert_eq!(page.codes("/w/chance.tn"), [""; 0], "nobody has rested yet");
    page.rest();
    assert_eq!((refreshed(&mut page), page.codes("/w/chance.tn")), (1, vec!["T0001".to_owned()]));
    // An edit after which the same is refused is no news, and nothing is lost in between.
    page.replace("/w/lucky.tn", 2, &format!("// dice\n{LUCKY}"));
    assert_eq!(page.codes("/w/chance.tn"), ["T0001"]);
    page.rest();
    assert_eq!((refreshed(&mut page), page.codes("/w/chance.tn")), (0, vec!["T0001".to_owned()]));
    // Without a change there is nothing to look for.
    assert!(!page.session.is_restless());
    page.rest();
    page.replace("/w/lucky.tn", 3, &LUCKY.replace("chance(n)", "1"));
    page.rest();
    assert_eq!((refreshed(&mut page), page.codes("/w/chance.tn")), (1, vec![]));
}

#[test]
fn a_program_with_errors_is_refused_nothing_more() {
    let mut page = dice(refreshing());
    page.rest();
    page.replace("/w/lucky.tn", 2, &LUCKY.replace("select n", "select m"));
    page.rest();
    assert_eq!((page.codes("/w/chance.tn"), page.codes("/w/lucky.tn")), (vec![], vec!["T0200".to_owned()]));
}

#[test]
fn who_does_not_ask_is_told() {
    let mut page = dice(able("utf-16", false));
    assert_eq!(page.published("/w/chance.tn"), None);
    page.rest();
    assert_eq!(page.published("/w/chance.tn").unwrap(), ["T0001"]);
    page.open("/w/chance.tn", CALM);
    page.rest();
    assert_eq!(page.published("/w/chance.tn").unwrap(), [""; 0]);
}

#[test]
fn who_waits_for_news_is_answered() {
    let mut page = dice(able("utf-16", true));
    let all = page.ask("workspace/diagnostic", json!({ "previousResultIds": [] })).unwrap();
    let known = all["items"].as_array().unwrap().iter();
    let known: Vec<Value> = known.map(|one| json!({ "uri": one["uri"], "value": one["resultId"] })).collect();
    let params = json!({ "previousResultIds": known, "partialResultToken": "t" });
    let ask = json!({ "jsonrpc": "2.0", "id": 900, "method": "workspace/diagnostic", "params": params });
    assert_eq!(page.send(&ask), None, "nothing is new");
    let answers = page.rest();
    let [answer] = answers.as_slice() else { panic!("one answer, not {answers:?}") };
    assert_eq!(answer["id"], 900);
    let of_chance =
        answer["result"]["items"].as_array().unwrap().iter().find(|one| one["uri"] == "file:///w/chance.tn");
    assert_eq!(codes(&of_chance.unwrap()["items"]), ["T0001"]);
}

#[test]
fn resting_checks_nothing_again() {
    let mut page = dice(refreshing());
    page.rest();
    page.queries();
    page.replace("/w/lucky.tn", 2, &LUCKY.replace("[1, 2]", "[1, 3]"));
    page.codes("/w/lucky.tn");
    page.codes("/w/chance.tn");
    page.queries();
    page.rest();
    let ran = page.queries();
    for query in ["parse", "declared", "main_code", "check_file", "program_effects"] {
        assert_eq!(ran.get(query), None, "{ran:?}");
    }
}
