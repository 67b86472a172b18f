# METADATA
# title: Isolation and outside effects
# description: A plan that was made without the full sandbox, or whose take-off reaches outside the workspace, where nothing rolls back, needs a person.
# custom:
#   twins: [outside-effects, unsandboxed, reduced-isolation]
#   settings:
#     sandbox_required: A plan that was made without a sandbox is denied.
#     network_denied: Destinations (patterns such as *.example.org*) that no step may declare.
package cabincrew.policies.isolation

defaults := {"sandbox_required": false, "network_denied": []}

settings := object.union(defaults, data.cabincrew.settings.isolation) if data.cabincrew.settings.isolation

else := defaults

require_approval contains {"id": "outside-effects", "msg": "take-off reaches outside the workspace, and that cannot be rolled back", "evidence": {"network": input.network}} if input.outside_effects

require_approval contains {"id": "unsandboxed", "msg": "the engine runs without a sandbox"} if not input.isolation.sandboxed

require_approval contains {"id": "reduced-isolation", "msg": "the engine runs in the reduced isolation, without namespaces"} if input.isolation.tier == "reduced"

deny contains {"id": "sandbox-required", "msg": "the plan was made without a sandbox, which is denied here"} if {
	settings.sandbox_required
	not input.isolation.sandboxed
}

deny contains {"id": "network-denied", "msg": sprintf("the step declares a destination that is denied here: %s", [destination])} if {
	some destination in input.network
	some pattern in settings.network_denied
	glob.match(pattern, null, destination)
}
