# METADATA
# title: Calls of tools, a policy to begin with
# description: |
#   What an agent may call, by who it is and what the call does. Stands beside `builtin: mcp-defaults`, and is stricter where it speaks: agents of the role
#   `reader` change nothing, nobody writes outside the directories of the team, and what an unknown server offers is not shown. Name it in the gateway's
#   configuration: `policies: [ { builtin: mcp-defaults }, { rego: policies/mcp } ]`.
package cabincrew.mcp

changing := {"write", "append", "edit", "patch", "move", "delete", "create_directory", "other"}

# Where this team's agents may change files. A leading part of the path, with its slash.
directories := {"src/", "tests/", "docs/"}

known_servers := {"files", "git", "tracker"}

is_call if {
	input.kind == "request"
	input.method == "tools/call"
}

deny contains {"id": "readers-only-read", "msg": sprintf("%s may read, and not %s files", [input.caller.name, input.file.action])} if {
	is_call
	"reader" in input.caller.roles
	input.file.action in changing
}

require_approval contains {"id": "outside-the-teams-directories", "role": "maintainer", "msg": sprintf("a change outside %s: %s", [concat(", ", sort(directories)), target.given])} if {
	is_call
	input.file.action in changing
	some target in input.file.targets
	not in_directories(target.path)
}

# One call that changes much is looked at as a whole.
require_approval contains {"id": "much-at-once", "msg": sprintf("%d lines at once", [input.file.lines_added])} if {
	is_call
	input.file.lines_added > 500
}

# Not shown, and not to be called.
deny contains {"id": "unknown-server", "msg": sprintf("the server '%s' is none of ours", [input.server])} if {
	input.kind in {"request", "listing"}
	input.direction == "to_server"
	input.name != null
	not input.server in known_servers
}

warn contains {"id": "late-deploy", "msg": "deployments after five in the afternoon, UTC, are remarked on"} if {
	is_call
	startswith(input.name, "deploy")
	[hour, _, _] := time.clock(time.now_ns())
	hour >= 17
}

in_directories(path) if {
	is_string(path)
	some directory in directories
	startswith(path, directory)
}
