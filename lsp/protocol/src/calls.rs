//! The call hierarchy, in which relations and fields stand too: who reads and writes them.

use crate::error::ResponseError;
use crate::symbols::kind;
use crate::view::View;
use ls_types::{
    CallHierarchyIncomingCall, CallHierarchyIncomingCallsParams, CallHierarchyItem, CallHierarchyOutgoingCall,
    CallHierarchyOutgoingCallsParams, CallHierarchyPrepareParams,
};
use tenon_ide::hierarchy::{EdgeKind, HierarchyEdge, HierarchyNode, NodeKey};

/// `textDocument/prepareCallHierarchy`.
pub fn prepare(
    view: &View,
    params: CallHierarchyPrepareParams,
) -> Result<Option<Vec<CallHierarchyItem>>, ResponseError> {
    let position = view.position(params.text_document_position_params.position);
    let found = view.program.analysis.prepare_hierarchy(&position);
    Ok(Some(found.iter().filter_map(|node| item(view, node, &[])).collect()))
}

/// `callHierarchy/incomingCalls`.
pub fn incoming(
    view: &View,
    params: CallHierarchyIncomingCallsParams,
) -> Result<Option<Vec<CallHierarchyIncomingCall>>, ResponseError> {
    let convert = |edge: &HierarchyEdge| {
        let mut places = view.places();
        let ranges = edge.ranges.iter().map(|range| places.range(&edge.node.file, *range)).collect();
        Some(CallHierarchyIncomingCall { from: item(view, &edge.node, &edge.kinds)?, from_ranges: ranges })
    };
    Ok(Some(view.program.analysis.incoming(&key(&params.item)?).iter().filter_map(convert).collect()))
}

/// `callHierarchy/outgoingCalls`.
pub fn outgoing(
    view: &View,
    params: CallHierarchyOutgoingCallsParams,
) -> Result<Option<Vec<CallHierarchyOutgoingCall>>, ResponseError> {
    let convert = |edge: &HierarchyEdge| {
        // The places stand in the file of the caller, which is the one that is asked about.
        let ranges = edge.ranges.iter().map(|range| view.range(*range)).collect();
        Some(CallHierarchyOutgoingCall { to: item(view, &edge.node, &edge.kinds)?, from_ranges: ranges })
    };
    Ok(Some(view.program.analysis.outgoing(&key(&params.item)?).iter().filter_map(convert).collect()))
}

fn key(item: &CallHierarchyItem) -> Result<NodeKey, ResponseError> {
    let data = item.data.clone().unwrap_or_default();
    serde_json::from_value(data).map_err(|error| ResponseError::invalid_params(error.to_string()))
}

/// A node; beside its name, what the edge to it stands for.
fn item(view: &View, node: &HierarchyNode, edges: &[EdgeKind]) -> Option<CallHierarchyItem> {
    let mut places = view.places();
    let words: Vec<&str> = edges
        .iter()
        .map(|edge| match edge {
            EdgeKind::Calls => "calls",
            EdgeKind::Reads => "reads",
            EdgeKind::Writes => "writes",
        })
        .collect();
    Some(CallHierarchyItem {
        name: node.name.clone(),
        kind: kind(node.kind),
        tags: None,
        detail: (!words.is_empty()).then(|| words.join(", ")),
        uri: places.uri(&node.file)?,
        range: places.range(&node.file, node.full),
        selection_range: places.range(&node.file, node.focus),
        data: serde_json::to_value(&node.key).ok(),
    })
}
