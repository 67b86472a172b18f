package cabincrew.mcp_test

import data.cabincrew.mcp

call := {
	"kind": "request", "method": "tools/call", "direction": "to_server", "server": "files", "name": "write_file",
	"caller": {"name": "coder", "kind": "automation", "roles": ["agent"], "authenticated_by": "token"},
	"file": {"action": "write", "targets": [{"given": "src/a.cs", "path": "src/a.cs", "fault": "none"}], "lines_added": 3},
}

with_file(file) := object.union(call, {"file": object.union(call.file, file)})

ids(findings) := {finding.id | some finding in findings}

test_a_change_in_the_teams_directories_passes if {
	count(mcp.deny) == 0 with input as call
	count(mcp.require_approval) == 0 with input as call
}

test_readers_only_read if {
	reader := object.union(call, {"caller": object.union(call.caller, {"roles": ["reader"]})})
	ids(mcp.deny) == {"readers-only-read"} with input as reader
	count(mcp.deny) == 0 with input as object.union(reader, {"file": object.union(call.file, {"action": "read"})})
}

test_a_change_elsewhere_needs_a_maintainer if {
	elsewhere := with_file({"targets": [{"given": "infra/x.tf", "path": "infra/x.tf", "fault": "none"}]})
	ids(mcp.require_approval) == {"outside-the-teams-directories"} with input as elsewhere
}

test_a_path_that_leads_nowhere_is_outside_too if {
	nowhere := with_file({"targets": [{"given": "../x", "path": null, "fault": "traversal"}]})
	ids(mcp.require_approval) == {"outside-the-teams-directories"} with input as nowhere
}

test_much_at_once_is_looked_at if {
	"much-at-once" in ids(mcp.require_approval) with input as with_file({"lines_added": 501})
}

test_unknown_servers_are_not_shown if {
	ids(mcp.deny) == {"unknown-server"} with input as object.union(call, {"kind": "listing", "server": "stranger", "file": null})
	count(mcp.deny) == 0 with input as object.union(call, {"kind": "listing", "file": null})
}

test_answers_are_left_alone if {
	answer := object.union(call, {"kind": "response", "direction": "to_caller", "server": "stranger", "file": null})
	count(mcp.deny) == 0 with input as answer
}

test_late_deployments_are_remarked_on if {
	deploy := object.union(call, {"name": "deploy_web", "file": null})
	ids(mcp.warn) == {"late-deploy"} with input as deploy with time.now_ns as time.parse_rfc3339_ns("2026-03-02T17:00:00Z")
	count(mcp.warn) == 0 with input as deploy with time.now_ns as time.parse_rfc3339_ns("2026-03-02T16:59:00Z")
}
