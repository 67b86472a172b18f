# METADATA
# title: Limits of agents
# description: |
#   What automation may ask for without a person: small plans, outside of the environments and paths that are kept from it. Each agent may have limits of its own.
#   A requester whom the identities file does not know is denied.
# custom:
#   settings:
#     files_max: More changed files need a person, where automation asks.
#     lines_max: More changed lines need a person.
#     environments_denied: Environments for which automation may not ask at all.
#     paths_denied: Paths (globs) that automation may not touch.
#     engines: Engines that automation may use; empty for all.
#     agents: By the identity's name, an object with any of the settings above, in their stead.
#     role: Who says yes.
#     unknown_denied: Whether a requester whom nobody knows is denied.
package cabincrew.policies.agents

import data.cabincrew.findings

defaults := {
	"files_max": 25, "lines_max": 1000, "environments_denied": [], "paths_denied": [], "engines": [],
	"agents": {}, "role": "maintainer", "unknown_denied": true,
}

settings := object.union(defaults, data.cabincrew.settings.agents) if data.cabincrew.settings.agents

else := defaults

limits := object.union(settings, object.get(settings.agents, input.requester.name, {}))

is_agent if input.requester.kind == "automation"

deny contains {"id": "requester-unknown", "msg": sprintf("nobody knows '%s', who asks for this", [input.requester.name])} if {
	settings.unknown_denied
	input.requester.kind == "unknown"
}

deny contains {"id": "agent-environment", "msg": sprintf("'%s' may not change '%s'", [input.requester.name, input.environment])} if {
	is_agent
	input.environment in limits.environments_denied
}

deny contains findings.about("agent-paths", sprintf("'%s' may not touch these files", [input.requester.name]), files) if {
	is_agent
	files := sort({change.path |
		some change in input.changes
		some pattern in limits.paths_denied
		glob.match(pattern, ["/"], change.path)
	})
}

deny contains {"id": "agent-engine", "msg": sprintf("'%s' may not use the engine '%s'", [input.requester.name, input.engine.id])} if {
	is_agent
	count(limits.engines) > 0
	not input.engine.id in limits.engines
}

require_approval contains {"id": "agent-size", "msg": sprintf("'%s' changes %d files and %d lines; up to %d and %d need no person", [input.requester.name, input.totals.files_changed, lines, limits.files_max, limits.lines_max]), "role": limits.role} if {
	is_agent
	lines > limits.lines_max
}

require_approval contains {"id": "agent-size", "msg": sprintf("'%s' changes %d files and %d lines; up to %d and %d need no person", [input.requester.name, input.totals.files_changed, lines, limits.files_max, limits.lines_max]), "role": limits.role} if {
	is_agent
	input.totals.files_changed > limits.files_max
}

lines := input.totals.lines_added + input.totals.lines_deleted

deny contains {"id": "agent-settings", "msg": sprintf("the limits of '%s' have no setting '%s'", [name, key])} if {
	some name, own in settings.agents
	some key in object.keys(own)
	not key in {"files_max", "lines_max", "environments_denied", "paths_denied", "engines", "role"}
}

deny contains {"id": "agent-settings", "msg": sprintf("the setting '%s' of '%s' is of another type than the one of all agents", [key, name])} if {
	some name, own in settings.agents
	some key, value in own
	type_name(value) != type_name(defaults[key])
}
