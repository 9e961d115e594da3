//! Requests over bytes against a small shop: what is answered, and every way to be refused.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use tenon_value::dispatch::{
    Api, Call, Dispatched, Endpoint, EndpointKind, ErrorShape, Failed, Format, Method, Outcome, Param, Reply, Request,
    RouteError, Router, Service, Source, call_endpoint, dispatch, openapi, read_response, write_request,
};
use tenon_value::fault::{FIRST_DECLARED, Failure};
use tenon_value::shape::{Case, Field, Kind, PredicateId, Presence, Rule, Shape};
use tenon_value::{BuiltIn, ErrorId, Fault, Value};

const OUT_OF_STOCK: ErrorId = ErrorId(FIRST_DECLARED);

/// Answers each endpoint by its name.
struct Shop {
    api: Api,
}

impl Service for Shop {
    fn api(&self) -> &Api {
        &self.api
    }

    fn call(&self, call: &Call<'_>) -> Reply {
        let even = |_: PredicateId, value: &Value| match value {
            Value::Int(n) => Ok(n % 2 == 0),
            _ => Err(Fault::Internal),
        };
        let arguments = match call.decode_value(even) {
            Ok(arguments) => arguments,
            Err(outcome) => return outcome.into(),
        };
        let Value::Record(fields) = &arguments else {
            return Outcome::from(Fault::Internal).into();
        };
        let outcome = match call.description().name.as_str() {
            "place_order" => match &fields[1] {
                Value::Int(5) => Outcome::Failed(Failure {
                    error: OUT_OF_STOCK,
                    fields: vec![Value::Int(3), Value::None],
                    message: "only 3 left".into(),
                }),
                Value::Int(6) => Outcome::Failed(Failure::built_in(BuiltIn::NotFound, "no product tee")),
                Value::Int(7) => Outcome::Faulted { fault: Fault::AssertFailed, site: 9 },
                _ => call.answer(&Value::record([fields[0].clone(), fields[1].clone()])),
            },
            "remove" => call.answer(&Value::unit()),
            "get" if fields[0] == Value::Int(44) => call.no_such_rows([("id".to_owned(), "is no order".to_owned())]),
            "newest" => call.no_such_rows([("/a".to_owned(), "is no a".to_owned())]),
            _ => call.answer(if fields.len() == 1 { &fields[0] } else { &arguments }),
        };
        Reply { outcome, durable: Some(4) }
    }
}

fn param(name: &str, source: Source) -> Param {
    Param { name: name.into(), source }
}

fn shop() -> Shop {
    let mut api = Api::new("shop");
    let shapes = &mut api.shapes;
    let int = shapes.kind(Kind::Int);
    let text = shapes.kind(Kind::Text);
    let date = shapes.kind(Kind::Date);
    let money = shapes.kind(Kind::Decimal { scale: 2 });
    let sku = shapes.add(Shape::new(Kind::Text).named("Sku").check(Rule::Length { min: Some(1), max: Some(5) }, None));
    let qty =
        shapes.add(Shape::new(Kind::Int).named("Qty").check(Rule::IntRange { min: Some(1), max: Some(100) }, None));
    let even = shapes.add(
        Shape::new(Kind::Int)
            .check(Rule::Predicate { predicate: PredicateId(0), text: "it mod 2 == 0".into() }, Some("must be even")),
    );
    let state = shapes.kind(Kind::Variant {
        cases: vec![Case { name: "Open".into(), fields: vec![] }, Case { name: "Done".into(), fields: vec![] }],
        bare: true,
    });
    let texts = shapes.kind(Kind::List(text));
    let maybe = shapes.kind(Kind::Option(text));
    // Answers have the same types without their rules.
    let answered = shapes.add(Shape::new(Kind::Int).named("Qty"));
    let order = shapes.add(
        Shape::new(Kind::Record { fields: vec![Field::new("sku", sku), Field::new("qty", answered)] }).named("Order"),
    );
    let line = shapes.record([Field::new("sku", sku), Field::new("price", money), Field::new("note", maybe)]);
    let lines = shapes.kind(Kind::List(line));
    let node = shapes.reserve();
    let nodes = shapes.kind(Kind::List(node));
    shapes.define(node, Shape::new(Kind::Record { fields: vec![Field::new("nodes", nodes)] }));
    let left = shapes.record([Field::new("left", int), Field::new("until", date).presence(Presence::Absentable)]);

    api.errors.push(ErrorShape { name: "OutOfStock".into(), base: BuiltIn::Conflict, fields: left, doc: None });
    let endpoint = |name: &str, method, path: &str, params: Vec<Param>, arguments, answer| Endpoint {
        name: name.into(),
        doc: Some(format!("Calls {name}.").into()),
        kind: if method == Method::Get { EndpointKind::Query } else { EndpointKind::Handler },
        method,
        path: path.into(),
        params,
        arguments,
        answer,
        answer_format: Format::Json,
        status: 200,
        failures: vec![],
    };

    let arguments = api.shapes.record([Field::new("sku", sku), Field::new("qty", qty)]);
    let body = vec![param("sku", Source::Body), param("qty", Source::Body)];
    api.endpoints.push(Endpoint {
        status: 201,
        failures: vec![OUT_OF_STOCK, BuiltIn::NotFound.id()],
        ..endpoint("place_order", Method::Post, "/orders", body, arguments, Some(order))
    });

    let search = api.shapes.record([
        Field::new("q", text).presence(Presence::Absentable),
        Field::new("page", qty).presence(Presence::Default(Value::Int(1))),
        Field::new("tag", texts).presence(Presence::Default(Value::list([]))),
        Field::new("since", date),
        Field::new("state", state).presence(Presence::Absentable),
        Field::new("owner", maybe),
    ]);
    let params = ["q", "page", "tag", "since", "state", "owner"].map(|name| param(name, Source::Query)).to_vec();
    api.endpoints.push(endpoint("search", Method::Get, "/orders", params, search, Some(search)));

    let one = api.shapes.record([Field::new("id", even)]);
    let by_id = || vec![param("id", Source::Path)];
    api.endpoints.push(endpoint("get", Method::Get, "/orders/{id}", by_id(), one, Some(even)));
    api.endpoints
        .push(Endpoint { status: 204, ..endpoint("remove", Method::Delete, "/orders/{id}", by_id(), one, None) });
    let nothing = api.shapes.record([]);
    api.endpoints.push(endpoint("newest", Method::Get, "/orders/newest", vec![], nothing, Some(nothing)));

    let headers = api.shapes.record([Field::new("version", int), Field::new("theme", text), Field::new("more", maybe)]);
    let params =
        vec![param("If-Match", Source::Header), param("theme", Source::Cookie), param("X-More", Source::Header)];
    api.endpoints.push(endpoint("headers", Method::Get, "/headers", params, headers, Some(headers)));

    let whole = api.shapes.record([Field::new("body", text)]);
    let params = vec![param("body", Source::WholeBody(Format::Text))];
    api.endpoints.push(Endpoint {
        answer_format: Format::Text,
        ..endpoint("shout", Method::Post, "/shout", params, whole, Some(text))
    });
    let table = api.shapes.record([Field::new("lines", lines)]);
    let params = vec![param("lines", Source::WholeBody(Format::Csv))];
    api.endpoints.push(endpoint("import", Method::Post, "/import", params.clone(), table, Some(lines)));
    api.endpoints.push(Endpoint {
        answer_format: Format::Csv,
        ..endpoint("convert", Method::Post, "/convert", params, table, Some(lines))
    });
    let form = api.shapes.record([Field::new("form", order)]);
    let params = vec![param("form", Source::WholeBody(Format::Form))];
    api.endpoints.push(endpoint("form", Method::Post, "/form", params, form, Some(order)));
    let tree = api.shapes.record([Field::new("tree", node)]);
    api.endpoints.push(endpoint("tree", Method::Put, "/tree", vec![param("tree", Source::Body)], tree, Some(node)));
    // An internal endpoint.
    let secret = api.shapes.record([Field::new("n", int)]);
    api.endpoints.push(endpoint("secret", Method::Post, "", vec![param("n", Source::Body)], secret, Some(int)));
    api.shapes.finish().unwrap();
    Shop { api }
}

fn call(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Dispatched {
    let shop = shop();
    let router = Router::new(&shop.api).unwrap();
    let headers: Vec<(String, Vec<u8>)> =
        headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    dispatch(&router, &shop, &Request { method, target, headers: &headers, body, number: 0xbeef })
}

fn body(dispatched: &Dispatched) -> Json {
    serde_json::from_slice(&dispatched.response.body).expect("JSON")
}

/// Status, and for each problem its place, code and detail.
fn problems(dispatched: &Dispatched) -> (u16, Vec<String>) {
    let document = body(dispatched);
    let errors = document["errors"].as_array().cloned().unwrap_or_default();
    let text = |error: &Json, name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let lines = errors
        .iter()
        .map(|e| format!("{}{} {}: {}", text(e, "pointer"), text(e, "parameter"), text(e, "code"), text(e, "detail")))
        .collect();
    (dispatched.response.status, lines)
}

fn post(body: &str) -> Dispatched {
    call("POST", "/orders", &[("Content-Type", "application/json")], body.as_bytes())
}

#[test]
fn answers() {
    let done = post(r#"{"sku": "tee", "qty": 2}"#);
    assert_eq!((done.response.status, body(&done)), (201, json!({"sku": "tee", "qty": 2})));
    assert_eq!((done.durable, done.endpoint), (Some(4), Some(0)));
    assert_eq!(done.response.header("content-type"), Some("application/json"));
    let removed = call("DELETE", "/orders/4", &[], b"");
    assert_eq!((removed.response.status, removed.response.body.len()), (204, 0));
}

#[test]
fn all_problems_of_a_body_at_once() {
    let (status, list) = problems(&post(r#"{"sku": "", "quantity": 2, "qty": 1000, "sku": "x"}"#));
    assert_eq!(status, 422);
    assert_eq!(
        list,
        [
            "/sku length: must have 1 to 5 characters, and has 0",
            "/quantity unknown: is not known here",
            "/qty range: must lie between 1 and 100, and is 1000",
            "/sku duplicate: is given twice",
        ]
    );
    assert_eq!(problems(&post("{}")).1, ["/sku missing: is required", "/qty missing: is required"]);
    assert_eq!(problems(&post("")).1, ["/sku missing: is required", "/qty missing: is required"]);
    assert_eq!(
        problems(&post(r#"{"sku":"a","qtty":1}"#)).1[0],
        "/qtty unknown: is not known here; did you mean `qty`?"
    );
    let (_, list) = problems(&post(r#"{"sku": 1, "qty": "2"}"#));
    assert_eq!(
        list,
        ["/sku type: must be a string, found a number", "/qty type: must be a whole number, found a string"]
    );
    let (_, list) = problems(&post(r#"{"sku": "a", "qty": -1}"#));
    assert_eq!(list, ["/qty range: must lie between 1 and 100, and is -1"]);
    let (_, list) = problems(&post(r#"{"sku": "a\u0000", "qty": 1.5}"#));
    assert_eq!(list, ["/sku format: must not hold the character U+0000", "/qty type: must be a whole number"]);
    assert_eq!(problems(&post(r#"{"sku": "a", "qty": 99999999999999999999}"#)).0, 422);
    assert_eq!(problems(&post("[1]")).1, [" type: must be an object, found an array"]);
    assert_eq!(body(&post(r#"{"sku": "a", "qty": 2.0}"#))["qty"], 2);
}

#[test]
fn malformed_bodies() {
    for (text, detail) in [
        (
            r#"{"sku": "a", "qty": 1"#,
            " syntax: is not JSON at byte 21: the text ends where a comma or the end of an array or object is expected",
        ),
        (r#"{"sku": "a", "qty": 1}}"#, " syntax: is not JSON at byte 22: nothing is expected after the value"),
        (r#"{"sku": "\ud800"}"#, " syntax: is not JSON at byte 15: an escape is half of a surrogate pair"),
        ("{'sku': 1}", " syntax: is not JSON at byte 1: the name of a member in double quotes is expected"),
    ] {
        let (status, list) = problems(&post(text));
        assert_eq!((status, list[0].as_str()), (400, detail), "{text}");
    }
    let (status, list) = problems(&call("POST", "/orders", &[], b"{\"sku\": \"\xff\"}"));
    assert_eq!((status, list[0].as_str()), (400, " syntax: the body is not UTF-8 at byte 9"));
    let deep = format!("{{\"sku\":{}", "[".repeat(10_000));
    let (status, list) = problems(&post(&deep));
    assert_eq!((status, list.last().unwrap().contains("too_deep")), (400, true), "{list:?}");
    let deep = format!("{{\"tree\":{}{}}}", "{\"nodes\":[".repeat(10_000), "]}".repeat(10_000));
    let (status, list) = problems(&call("PUT", "/tree", &[], deep.as_bytes()));
    assert_eq!((status, list[0].as_str()), (400, " too_deep: nests more than 128 levels deep, at byte 647"));
    let wrong = call("POST", "/orders", &[("content-type", "text/plain")], b"{}");
    assert_eq!(wrong.response.status, 415);
}

#[test]
fn the_number_of_problems_is_bounded() {
    let many: Vec<String> = (0..10_000).map(|n| format!("\"x{n}\":1")).collect();
    let (status, list) = problems(&post(&format!("{{{}}}", many.join(","))));
    assert_eq!((status, list.len(), list[100].as_str()), (422, 101, " more: there are more problems than are listed"));
}

#[test]
fn query_strings() {
    let found = call("GET", "/orders?since=2026-11-20&tag=a&tag=b%20c&q=x+y&state=Done", &[], b"");
    assert_eq!(
        body(&found),
        json!({"q": "x y", "page": 1, "tag": ["a", "b c"], "since": "2026-11-20", "state": "Done", "owner": null})
    );
    let (status, list) = problems(&call("GET", "/orders?page=0&page=1&sinse=x&state=Gone&q=%zz", &[], b""));
    assert_eq!(status, 422);
    assert_eq!(
        list,
        [
            "q format: has a broken percent-escape",
            "page duplicate: is given twice",
            "since missing: is required",
            "state choice: must be \"Open\" or \"Done\"",
            "sinse unknown: is not known here; did you mean `since`?",
        ]
    );
}

#[test]
fn paths() {
    assert_eq!(body(&call("GET", "/orders/4", &[], b"")), json!(4));
    assert_eq!(body(&call("GET", "/orders/%34", &[], b"")), json!(4));
    assert_eq!(problems(&call("GET", "/orders/3", &[], b"")).1, ["id rule: must be even"]);
    assert_eq!(problems(&call("GET", "/orders/x", &[], b"")).1, ["id type: must be a whole number"]);
    assert_eq!(call("GET", "/orders/newest", &[], b"").endpoint, Some(4));
    assert_eq!(call("GET", "/orders/new%65st", &[], b"").endpoint, Some(4));
    // The literal has no DELETE, so the parameter answers.
    assert_eq!(call("DELETE", "/orders/newest", &[], b"").endpoint, Some(3));
    for nowhere in ["/", "", "/orders/", "/orders/1/2", "/Orders", "*"] {
        let missed = call("GET", nowhere, &[], b"");
        assert_eq!((missed.response.status, missed.endpoint), (404, None), "{nowhere}");
        assert_eq!(body(&missed)["type"], "urn:tenon:error:NotFound");
    }
}

#[test]
fn methods() {
    let refused = call("PATCH", "/orders", &[], b"");
    assert_eq!((refused.response.status, refused.response.header("allow")), (405, Some("GET, HEAD, POST, OPTIONS")));
    assert_eq!(call("BREW", "/orders", &[], b"").response.status, 405);
    let options = call("OPTIONS", "/orders/1", &[], b"");
    assert_eq!((options.response.status, options.response.header("allow")), (204, Some("GET, HEAD, DELETE, OPTIONS")));
    let head = call("HEAD", "/orders/4", &[], b"");
    assert_eq!((head.response.status, head.response.head, head.response.body.as_slice()), (200, true, &b"4"[..]));
}

#[test]
fn headers_and_cookies() {
    let seen = call("GET", "/headers", &[("if-match", "7"), ("Cookie", "a=b; theme=dark%20blue")], b"");
    assert_eq!(body(&seen), json!({"version": 7, "theme": "dark blue", "more": null}));
    let (_, list) = problems(&call("GET", "/headers", &[("if-match", "x")], b""));
    assert_eq!(list, ["If-Match type: must be a whole number", "theme missing: is required"]);
}

#[test]
fn other_formats() {
    let shout = call("POST", "/shout", &[("content-type", "text/plain")], "hei å".as_bytes());
    assert_eq!(
        (shout.response.header("content-type"), shout.response.body.as_slice()),
        (Some("text/plain; charset=utf-8"), "hei å".as_bytes())
    );
    let table = "note,sku,price\r\n\"a \"\"b\"\"\",tee,12.5\n,mug,3\n";
    let imported = call("POST", "/import", &[("content-type", "text/csv")], table.as_bytes());
    assert_eq!(
        body(&imported),
        json!([{"sku": "tee", "price": "12.50", "note": "a \"b\""}, {"sku": "mug", "price": "3.00", "note": null}])
    );
    let converted = call("POST", "/convert", &[], table.as_bytes());
    assert_eq!(
        String::from_utf8(converted.response.body).unwrap(),
        "sku,price,note\r\ntee,12.50,\"a \"\"b\"\"\"\r\nmug,3.00,\r\n"
    );
    let (_, list) = problems(&call("POST", "/import", &[], b"sku,price,colour\ntoolong,1.234,x\na\n"));
    assert_eq!(
        list,
        [
            "/0/colour unknown: is not a known column",
            "/0/sku length: must have 1 to 5 characters, and has 7",
            "/0/price format: must have at most 2 digits after the point",
            "/1 length: must have 3 cells, and has 1",
        ]
    );
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(body(&call("POST", "/form", &form, b"sku=a+b&qty=3")), json!({"sku": "a b", "qty": 3}));
    let (_, list) = problems(&call("POST", "/form", &form, b"sku=a&amount=3"));
    assert_eq!(list, ["/qty missing: is required", "/amount unknown: is not known here"]);
}

#[test]
fn failures_and_faults() {
    let failed = post(r#"{"sku": "tee", "qty": 5}"#);
    assert_eq!(failed.response.status, 409);
    assert_eq!(failed.response.header("content-type"), Some("application/problem+json"));
    assert_eq!(
        body(&failed),
        json!({"type": "urn:tenon:error:OutOfStock", "title": "Out of stock", "status": 409, "detail": "only 3 left", "left": 3})
    );
    assert_eq!(failed.durable, Some(4));
    let missing = post(r#"{"sku": "tee", "qty": 6}"#);
    assert_eq!((missing.response.status, body(&missing)["detail"].clone()), (404, json!("no product tee")));
    let fault = post(r#"{"sku": "tee", "qty": 7}"#);
    assert_eq!((fault.response.status, fault.fault), (500, Some((Fault::AssertFailed, 9))));
    assert_eq!(body(&fault)["incident"], "000000000000beef");
    assert!(!String::from_utf8(fault.response.body).unwrap().contains("ssert"));
}

#[test]
fn a_client_and_a_socket_give_equal_bytes() {
    let shop = shop();
    let router = Router::new(&shop.api).unwrap();
    let date = Value::Date(20_000);
    let open = Value::some(Value::variant(0, []));
    for (name, arguments) in [
        ("place_order", Value::record(["tee".into(), 2.into()])),
        ("place_order", Value::record(["much too long".into(), 0.into()])),
        (
            "search",
            Value::record([
                Value::some("å&b".into()),
                3.into(),
                Value::list(["x,y".into(), "".into()]),
                date,
                open,
                Value::None,
            ]),
        ),
        ("get", Value::record([4.into()])),
        ("headers", Value::record([7.into(), "a;b".into(), Value::some("m".into())])),
        ("shout", Value::record(["hei".into()])),
    ] {
        let endpoint = shop.api.endpoint_named(name).unwrap();
        let request = write_request(&shop.api, endpoint, &arguments).unwrap();
        let inside = call_endpoint(&shop, endpoint, &request, 1);
        let routed = dispatch(&router, &shop, &request.borrow(1));
        assert_eq!(inside.response, routed.response, "{name}");
        let read = read_response(&shop.api, endpoint, &inside.response);
        match arguments {
            Value::Record(fields) if fields.first() == Some(&"much too long".into()) => {
                let Failed { status, error, detail, .. } = read.unwrap_err();
                assert_eq!((status, error), (422, Some(BuiltIn::Invalid.id())));
                assert!(detail.contains("/qty must lie between 1 and 100"), "{detail}");
            }
            Value::Record(fields) if fields.len() == 1 => assert_eq!(read.as_ref(), Ok(&fields[0])),
            arguments => assert_eq!(read, Ok(arguments)),
        }
    }
    let request = write_request(&shop.api, 0, &Value::record(["tee".into(), 5.into()])).unwrap();
    let failed = read_response(&shop.api, 0, &call_endpoint(&shop, 0, &request, 1).response).unwrap_err();
    assert_eq!((failed.error, failed.fields), (Some(OUT_OF_STOCK), vec![Value::Int(3), Value::None]));
    // An internal endpoint is called by its number and by nothing else.
    let secret = shop.api.endpoint_named("secret").unwrap();
    let request = write_request(&shop.api, secret, &Value::record([8.into()])).unwrap();
    assert_eq!(
        read_response(&shop.api, secret, &call_endpoint(&shop, secret, &request, 1).response),
        Ok(Value::Int(8))
    );
    assert_eq!(dispatch(&router, &shop, &request.borrow(1)).response.status, 404);
}

#[test]
fn routers_refuse_ambiguity() {
    let mut shop = shop();
    let twice = Endpoint { name: "other".into(), ..shop.api.endpoints[0].clone() };
    shop.api.endpoints.push(twice);
    assert_eq!(Router::new(&shop.api).unwrap_err(), RouteError::Twice("place_order".into(), "other".into()));
    shop.api.endpoints.pop();
    shop.api.endpoints[2].path = "/orders/{nr}".into();
    assert_eq!(Router::new(&shop.api).unwrap_err(), RouteError::Parameters("get".into()));
    shop.api.endpoints[2].path = "/orders/v{id}".into();
    assert!(matches!(Router::new(&shop.api), Err(RouteError::BadPath(_))));
}

#[test]
fn the_openapi_document_is_whole() {
    let document = openapi(&shop().api);
    assert_eq!(document["openapi"], "3.1.0");
    let mut references = Vec::new();
    walk(&document, &mut |node| {
        if let Some(target) = node.get("$ref") {
            references.push(target.as_str().unwrap().to_owned());
        }
        if let (Some(Json::Object(properties)), Some(Json::Array(required))) =
            (node.get("properties"), node.get("required"))
        {
            for name in required {
                assert!(properties.contains_key(name.as_str().unwrap()), "{node:?}");
            }
        }
    });
    assert!(references.len() > 10);
    for target in references {
        assert!(document.pointer(target.strip_prefix('#').unwrap()).is_some(), "{target}");
    }
    let mut operations = std::collections::BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(operations.insert(operation["operationId"].as_str().unwrap().to_owned()), "{path} {method}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(
                responses.values().all(|response| { response.get("description").or(response.get("$ref")).is_some() })
            );
            let declared = operation["parameters"].as_array().cloned().unwrap_or_default();
            let in_path = declared.iter().filter(|p| p["in"] == "path").count();
            assert_eq!(in_path, path.matches('{').count(), "{path}");
            assert!(declared.iter().all(|p| p["schema"].is_object() && (p["in"] != "path" || p["required"] == true)));
        }
    }
    assert_eq!(operations.len(), shop().api.endpoints.len() - 1);
    let order = &document["paths"]["/orders"]["post"];
    assert_eq!(
        order["responses"]["201"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/Order"
    );
    assert_eq!(order["responses"]["409"]["description"], "Out of stock.");
    let qty = &document["components"]["schemas"]["Qty"];
    assert_eq!((&qty["type"], &qty["minimum"], &qty["maximum"]), (&json!("integer"), &json!(1), &json!(100)));
    assert!(document["components"]["schemas"].get("Qty2").is_none());
    let failure = &document["components"]["schemas"]["OutOfStockProblem"]["allOf"][1];
    assert_eq!(failure["properties"]["left"]["type"], "integer");
    let page = &document["paths"]["/orders"]["get"]["parameters"][1];
    assert_eq!((&page["required"], &page["schema"]["default"]), (&json!(false), &json!(1)));
}

fn walk(node: &Json, visit: &mut impl FnMut(&serde_json::Map<String, Json>)) {
    match node {
        Json::Object(members) => {
            visit(members);
            members.values().for_each(|value| walk(value, visit));
        }
        Json::Array(items) => items.iter().for_each(|value| walk(value, visit)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn noise_is_answered(
        method in "GET|POST|PUT|DELETE|HEAD|[A-Z]{1,5}",
        path in "/(orders|shout|import|form|headers|tree|convert)?(/[a-z0-9%{}]{0,4})?",
        query in "(\\?(q|page|tag|since|state|x)=[ -~]{0,6}(&[a-z]{0,3}=[%0-9a-f]{0,3})?)?",
        media in "application/json|text/plain|text/csv|application/x-www-form-urlencoded|[ -~]{0,8}",
        content in "(\\{|\\[|\")?[ -~\n]{0,30}|\\{\"(sku|qty|tree|more)\": ?[\\[\\]{}0-9a-z\",:]{0,12}\\}",
    ) {
        let target = format!("{path}{query}");
        let headers = [("content-type", media.as_str()), ("cookie", "theme=%zz; a"), ("if-match", "")];
        let done = call(&method, &target, &headers, content.as_bytes());
        prop_assert!((200..500).contains(&done.response.status), "{:?}", done);
        if done.response.status >= 400 {
            prop_assert_eq!(body(&done)["status"].as_u64(), Some(u64::from(done.response.status)));
        }
    }
}
